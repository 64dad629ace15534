//! Flags of wrk, k6 and Locust that this program has not, and what takes their place.

use super::definition;
use super::hunt_options::HUNT;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// A flag of another tool.
struct Foreign {
    /// The tools that have it, as they are named in a message.
    tool: &'static str,
    /// How it is written there: all of its names.
    names: &'static [&'static str],
    /// What takes its place; flags in it are ours.
    ours: &'static str,
}

const fn foreign(
    tool: &'static str,
    names: &'static [&'static str],
    ours: &'static str,
) -> Foreign {
    Foreign { tool, names, ours }
}

/// What people type who come from there.
const FOREIGN: &[Foreign] = &[
    foreign("k6", &["--vus"], "--users"),
    foreign("wrk and k6", &["--duration", "-d"], "--run-time"),
    foreign(
        "wrk",
        &["-c"],
        "--users: each user has a connection of its own (--connections shares fewer among them)",
    ),
    foreign("wrk", &["--threads"], "--cores"),
    foreign("wrk2", &["-R"], "--rate"),
    foreign(
        "wrk",
        &["--latency"],
        "nothing: the distribution of response times is always in the summary and the report",
    ),
    foreign(
        "wrk",
        &["--script"],
        "--profile: a load test is a profile in TOML, and journeys are written in Rust",
    ),
    foreign(
        "wrk",
        &["--header"],
        "nothing: the requests are those of ShopStream's journeys",
    ),
    foreign(
        "k6",
        &["--iterations", "-i"],
        "--run-time: a run is bounded by time (--rounds counts the rounds of a flash sale)",
    ),
    foreign(
        "k6",
        &["--stage", "--stages"],
        "--profile with a file: its key `stages` has the levels",
    ),
    foreign("k6", &["--rps"], "--rate: journeys a second, not requests"),
    foreign("k6", &["--max"], "--max-users"),
    foreign(
        "k6",
        &["--out", "-o"],
        "--results for the record, --csv, --prometheus or --otlp",
    ),
    foreign("k6", &["--summary-mode"], "--only-summary or --quiet"),
    foreign("k6", &["--no-summary"], "--quiet"),
    foreign("k6", &["--no-usage-report"], "nothing: none is sent"),
    foreign(
        "k6",
        &["--env", "-e"],
        "variables such as SHOPBLAST_USERS for --users: each long flag has one",
    ),
    foreign(
        "k6",
        &["--tag"],
        "--threshold with tags, like 'response{name=\"POST /customers\"}: p(99) < 300ms'",
    ),
    foreign("k6", &["--execution-segment"], "--cores"),
    foreign(
        "Locust",
        &["--locustfile", "-f"],
        "--profile, or user classes by name: `shopblast list` shows both",
    ),
    foreign(
        "Locust",
        &["--no-web"],
        "--headless: there is no page without --web",
    ),
    foreign("Locust", &["--hatch-rate"], "--spawn-rate"),
    foreign("Locust", &["--clients"], "--users"),
    foreign(
        "Locust",
        &["--processes", "--master", "--worker", "--expect-workers"],
        "--cores: one process drives all cores of this machine",
    ),
    foreign(
        "Locust",
        &["--tags", "-T", "--exclude-tags", "-E"],
        "user classes by name, with a weight: `shopblast list` shows them, and --profile names some",
    ),
    foreign("Locust", &["--json"], "--json-file"),
    foreign(
        "Locust",
        &["--print-stats", "--loglevel", "-L"],
        "--no-tui for lines, --only-summary or --quiet for less",
    ),
    foreign(
        "Locust",
        &["--logfile"],
        "--results: the record of a run is in a directory there",
    ),
    foreign(
        "Locust",
        &["--show-task-ratio"],
        "--list, or `shopblast list --class NAME`",
    ),
    foreign("Locust", &["--web-login"], "--web-token"),
    foreign(
        "Locust",
        &["--class-picker"],
        "--web: its form always offers the classes",
    ),
    foreign(
        "Locust",
        &["--autoquit"],
        "--headless instead of --autostart: the program ends with the run",
    ),
    foreign(
        "Locust",
        &["--config"],
        "--profile with the path of a TOML file",
    ),
    foreign(
        "Locust",
        &["--reset-stats"],
        "--threshold with {phase=\"steady\"}: figures are kept apart by phase",
    ),
];

/// What takes the place of the flag that `error` does not know, if another tool has it. `typed` are
/// the arguments: only runs and hunts take a load.
pub(super) fn hint(error: &clap::Error, typed: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument || !is_load(typed) {
        return None;
    }
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let known = FOREIGN
        .iter()
        .find(|foreign| foreign.names.contains(&name.as_str()))?;
    let Foreign { tool, ours, .. } = known;
    Some(format!("{tool} has {name}; here it is {ours}"))
}

fn is_load(typed: &[OsString]) -> bool {
    let first = typed.get(1).and_then(|word| word.to_str());
    let first = first.unwrap_or_default();
    first == HUNT || definition::command().find_subcommand(first).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn own_flags() -> BTreeSet<String> {
        let command = definition::command();
        let flags = command.get_arguments();
        flags
            .flat_map(|flag| {
                let long = flag.get_long().map(|long| format!("--{long}"));
                let short = flag.get_short().map(|short| format!("-{short}"));
                long.into_iter().chain(short)
            })
            .collect()
    }

    #[test]
    fn every_flag_of_ours_that_is_named_exists_and_no_foreign_one_does() {
        let own = own_flags();
        let mut seen = BTreeSet::new();
        for foreign in FOREIGN {
            let words = foreign
                .ours
                .split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
            let flags: Vec<&str> = words.filter(|word| word.starts_with("--")).collect();
            assert!(
                !flags.is_empty()
                    || foreign.ours.starts_with("nothing")
                    || foreign.ours.contains("list"),
                "{:?} names nothing",
                foreign.names
            );
            for flag in flags.iter().filter(|flag| **flag != "--class") {
                assert!(own.contains(*flag), "{flag} of {:?}", foreign.names);
            }
            for name in foreign.names {
                assert!(!own.contains(*name), "{name} is a flag here");
                assert!(seen.insert(*name), "{name} is there twice");
            }
        }
    }
}
