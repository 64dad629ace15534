//! What is said of arguments that the parser refuses.

use super::subcommand_names::HUNT;
use super::{CliError, definition, first_word, foreign_flags, hunt_options};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Where all flags are.
const SEE_HELP: &str = "For more information, try '--help'.";

/// Why the `typed` arguments are refused: a flag that a hunt has not, one of another tool, or what the
/// parser found.
pub(super) fn refused(error: &clap::Error, typed: &[OsString]) -> CliError {
    let first = typed.get(1).and_then(|word| word.to_str());
    let first = first.unwrap_or_default();
    unknown_flag(error)
        .and_then(|flag| told(error, &flag, first))
        .unwrap_or_else(|| CliError::arguments(error))
}

/// The flag that there is not, with its dashes.
fn unknown_flag(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) if error.kind() == ErrorKind::UnknownArgument => {
            Some(name.clone())
        }
        _ => None,
    }
}

/// What is known of the `flag`, behind the word `first`.
fn told(error: &clap::Error, flag: &str, first: &str) -> Option<CliError> {
    if first == HUNT {
        let of_runs = definition::long_name(flag);
        let refused = of_runs.and_then(|flag| hunt_options::refused(&flag));
        if refused.is_some() {
            return refused;
        }
    } else if let Some(command) = definition::command().find_subcommand(first) {
        // Only runs and hunts take a load; an address is taken by more.
        let has_host = command
            .get_arguments()
            .any(|one| one.get_long() == Some("host"));
        let address = has_host.then(|| first_word::address(flag)).flatten()?;
        return Some(instead(
            error,
            &format!("the shop's address has a flag: -H {address}"),
        ));
    }
    let hint = foreign_flags::hint(flag)?;
    Some(instead(error, &hint))
}

/// What the parser found, and a `hint` instead of what is merely spelt alike.
fn instead(error: &clap::Error, hint: &str) -> CliError {
    let text = CliError::arguments(error).to_string();
    let what = text.lines().next().unwrap_or_default();
    CliError::Arguments(format!("{what}\n\n  {hint}\n\n{SEE_HELP}"))
}
