//! Flags that runs have and hunts have not: what takes their place.

use super::hunt_options::HUNT;
use super::{CliError, definition};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Flags of a run that a hunt has not, and what takes their place.
const INSTEAD: [(&str, &str); 27] = [
    ("users", "--in users, --from and --to"),
    ("spawn-rate", "--warm-up: users start in half of it"),
    ("run-time", "--window and --warm-up"),
    ("rate", "--from and --to"),
    ("threshold", "--slo"),
    (
        "no-thresholds",
        "--slo: a profile's thresholds are those of its own load",
    ),
    ("csv", "the records of its probes"),
    ("csv-full-history", "the records of its probes"),
    ("html", "hunt.html"),
    ("json-file", "shopblast report of a probe's record"),
    ("summary-export", "shopblast report of a probe's record"),
    ("junit", "the records of its probes"),
    ("drain-wait", "--rest-limit"),
    ("exit-code-on-error", "--failure-limit"),
    ("only-summary", "--quiet"),
    ("no-tui", "--quiet"),
    ("no-preflight", "its own looks at /health"),
    ("run-id", "a new id for each probe"),
    ("list", "shopblast list"),
    ("web", "hunt.html"),
    ("web-host", "hunt.html"),
    ("web-port", "hunt.html"),
    ("web-token", "hunt.html"),
    ("autostart", "hunt.html"),
    ("headless", "hunt.html"),
    ("prometheus", "the records of its probes"),
    ("otlp", "the records of its probes"),
];

/// What is wrong with a hunt of these `typed` arguments, when `error` is about a flag that only runs
/// have.
pub(super) fn refused(error: &clap::Error, typed: &[OsString]) -> Option<CliError> {
    let is_hunt = typed.get(1).is_some_and(|word| word == HUNT);
    if !is_hunt || error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = definition::long_name(name)?;
    let (_, instead) = INSTEAD.iter().find(|(known, _)| *known == flag)?;
    Some(CliError::NotOfAHunt {
        flag: format!("--{flag}"),
        instead: (*instead).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// A flag of a run that is neither would be refused without a word.
    #[test]
    fn what_a_run_has_a_hunt_has_too_or_names_what_takes_its_place() {
        let command = Arguments::command();
        let longs = |command: &clap::Command| -> BTreeSet<String> {
            let flags = command.get_arguments();
            flags
                .filter_map(|flag| flag.get_long().map(str::to_owned))
                .collect()
        };
        let of_hunts = longs(command.find_subcommand(HUNT).unwrap());
        let instead: BTreeSet<&str> = INSTEAD.iter().map(|(flag, _)| *flag).collect();
        for flag in longs(&command) {
            let is_either = of_hunts.contains(&flag) != instead.contains(flag.as_str());
            assert!(is_either, "--{flag}");
        }
    }
}
