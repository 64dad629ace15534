//! `shopblast completions`: the script that has a shell complete commands, flags and their values.

use super::subcommand_names::HUNT;
use super::values;
use crate::shop::{Profile, USER_CLASSES};
use clap::Args;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct CompletionFlags {
    /// Shell that the script is for
    #[arg(
        value_name = "SHELL",
        value_parser = values::one_of(&[
            ("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish),
        ])
    )]
    shell: Shell,
}

/// The script for `command`.
pub(super) fn script(flags: &CompletionFlags, command: clap::Command) -> String {
    let mut script = Vec::new();
    let program = command.get_name().to_owned();
    let mut command = with_names(command);
    clap_complete::generate(flags.shell, &mut command, program, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Offers the names that there are. A command line may hold others, too: the path of a profile, or a
/// class with its weight.
fn with_names(command: clap::Command) -> clap::Command {
    // Kept for good: the parser holds what lives as long as the program, which ends after this.
    let profiles = Profile::built_in().map(|profile| &*profile.name.leak());
    let profiles = PossibleValuesParser::new(profiles);
    let classes = PossibleValuesParser::new(USER_CLASSES.iter().map(|class| class.name));
    let offer = |command: clap::Command| {
        command
            .mut_arg("profile", |flag| flag.value_parser(profiles.clone()))
            .mut_arg("classes", |flag| flag.value_parser(classes.clone()))
    };
    offer(command).mut_subcommand(HUNT, offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    #[test]
    fn every_flag_and_name_is_offered_in_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(&CompletionFlags { shell }, definition::command());
            for flag in definition::command().get_arguments() {
                if let Some(long) = flag.get_long() {
                    assert!(script.contains(long), "{shell}: --{long}");
                }
            }
            for command in definition::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {command}");
            }
            assert!(script.contains("race-conditions"), "{shell}");
            // For fish no values of plain arguments are written.
            let has_classes = script.contains("FlashSaleUser");
            assert_eq!(has_classes, shell != Shell::Fish, "{shell}");
        }
    }
}
