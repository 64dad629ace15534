//! The command line as it is parsed, shown, completed and described: one definition for all four.

use super::hunt_options;
use super::options::{EXAMPLES, NOTES};

/// The program's name.
pub(super) const PROGRAM: &str = "shopblast";

/// The command with all of its flags and subcommands.
pub(super) fn command() -> clap::Command {
    hunt_options::command().help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{EXAMPLES}\n\n{{all-args}}{{after-help}}"
    ))
}

/// What follows the flags on a manual page, where examples come last.
pub(super) fn with_examples() -> String {
    format!("{EXAMPLES}\n\n{NOTES}")
}
