//! The user classes of a run: those that were typed, or the profile's.

use super::tested::Tested;
use super::{CliError, first_word};
use crate::plan::ClassShare;
use crate::shop::{Profile, UserClass, user_class};

/// What stands first on a command line when it is meant: no class may be called so.
const SUBCOMMANDS: [&str; 15] = [
    "check",
    "sandbox",
    "compare",
    "hunt",
    "doctor",
    "fleet",
    "replay",
    "merge",
    "report",
    "list",
    "completions",
    "man",
    "version",
    "workload",
    "help",
];

/// At least one class, all of which exist, none twice.
pub(super) fn choose(
    typed: &[ClassShare],
    profile: Option<&Profile>,
    tested: &Tested,
) -> Result<Vec<ClassShare>, CliError> {
    match (typed, profile) {
        ([], None) => tested.usual_classes(),
        ([], Some(profile)) => of_profile(profile, tested),
        (typed, _) => {
            check_typed(typed, tested)?;
            Ok(typed.to_vec())
        }
    }
}

/// The class called `name`.
pub(super) fn find(name: &str) -> Result<&'static UserClass, CliError> {
    user_class(name).ok_or_else(|| Tested::default().unknown_class(name, String::new()))
}

fn of_profile(profile: &Profile, tested: &Tested) -> Result<Vec<ClassShare>, CliError> {
    for class in &profile.classes {
        let place = || format!("{}:{}: ", profile.origin, class.position);
        check_exists(&class.share.class, tested, place)?;
    }
    let shares = profile.classes.iter().map(|class| class.share.clone());
    Ok(shares.collect())
}

fn check_typed(typed: &[ClassShare], tested: &Tested) -> Result<(), CliError> {
    for (index, ClassShare { class, .. }) in typed.iter().enumerate() {
        if SUBCOMMANDS.contains(&class.as_str()) {
            let command = class.clone();
            return Err(CliError::MisplacedCommand { command });
        }
        check_exists(class, tested, String::new)?;
        if typed[..index].iter().any(|earlier| earlier.class == *class) {
            let class = class.clone();
            return Err(CliError::ClassTwice { class });
        }
    }
    Ok(())
}

fn check_exists(name: &str, tested: &Tested, place: impl Fn() -> String) -> Result<(), CliError> {
    if tested.has_class(name) {
        return Ok(());
    }
    if let Some(instead) = first_word::instead(name) {
        return Err(CliError::NoClassButMeant {
            place: place(),
            word: name.to_owned(),
            instead,
        });
    }
    Err(tested.unknown_class(name, place()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;
    use std::collections::BTreeSet;

    #[test]
    fn every_subcommand_is_known_as_one() {
        let mut command = definition::command();
        command.build();
        let names: BTreeSet<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(names, BTreeSet::from(SUBCOMMANDS));
    }
}
