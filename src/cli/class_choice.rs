//! The user classes of a run: those that were typed, or the profile's.

use super::{CliError, first_word, profile_source};
use crate::plan::{ClassShare, Suggestion};
use crate::shop::{Profile, USER_CLASSES, UserClass, user_class};

/// What stands first on a command line when it is meant: no class may be called so.
const SUBCOMMANDS: [&str; 11] = [
    "sandbox",
    "compare",
    "hunt",
    "doctor",
    "replay",
    "report",
    "list",
    "completions",
    "man",
    "version",
    "help",
];

/// At least one class, all of which exist, none twice.
pub(super) fn choose(
    typed: &[ClassShare],
    profile: Option<&Profile>,
) -> Result<Vec<ClassShare>, CliError> {
    match (typed, profile) {
        ([], None) => Err(CliError::NothingToRun {
            profiles: profile_source::names(),
        }),
        ([], Some(profile)) => of_profile(profile),
        (typed, _) => {
            check_typed(typed)?;
            Ok(typed.to_vec())
        }
    }
}

/// The class called `name`.
pub(super) fn find(name: &str) -> Result<&'static UserClass, CliError> {
    user_class(name).ok_or_else(|| unknown(name, String::new()))
}

fn of_profile(profile: &Profile) -> Result<Vec<ClassShare>, CliError> {
    for class in &profile.classes {
        let place = || format!("{}:{}: ", profile.origin, class.position);
        check_exists(&class.share.class, place)?;
    }
    let shares = profile.classes.iter().map(|class| class.share.clone());
    Ok(shares.collect())
}

fn check_typed(typed: &[ClassShare]) -> Result<(), CliError> {
    for (index, ClassShare { class, .. }) in typed.iter().enumerate() {
        if SUBCOMMANDS.contains(&class.as_str()) {
            let command = class.clone();
            return Err(CliError::MisplacedCommand { command });
        }
        check_exists(class, String::new)?;
        if typed[..index].iter().any(|earlier| earlier.class == *class) {
            let class = class.clone();
            return Err(CliError::ClassTwice { class });
        }
    }
    Ok(())
}

fn check_exists(name: &str, place: impl Fn() -> String) -> Result<(), CliError> {
    if user_class(name).is_some() {
        return Ok(());
    }
    if let Some(instead) = first_word::instead(name) {
        return Err(CliError::NoClassButMeant {
            place: place(),
            word: name.to_owned(),
            instead,
        });
    }
    Err(unknown(name, place()))
}

fn unknown(name: &str, place: String) -> CliError {
    let known: Vec<&str> = USER_CLASSES.iter().map(|class| class.name).collect();
    CliError::UnknownClass {
        place,
        class: name.to_owned(),
        suggestion: Suggestion::for_word(name, known.iter().copied()),
        known: known.join(", "),
    }
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
