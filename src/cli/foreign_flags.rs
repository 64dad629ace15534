//! Flags of wrk, k6 and Locust that this program has not, and what takes their place.

/// A flag of another tool.
struct ForeignFlag {
    /// The tool.
    tool: &'static str,
    /// All of its names there.
    names: &'static [&'static str],
    /// Our flags in its place, any of them; none where nothing is needed.
    ours: &'static [&'static str],
    /// What one has to know beside.
    says: &'static str,
}

const fn foreign(
    tool: &'static str,
    names: &'static [&'static str],
    ours: &'static [&'static str],
    says: &'static str,
) -> ForeignFlag {
    ForeignFlag {
        tool,
        names,
        ours,
        says,
    }
}

const WRK: &str = "wrk";
const K6: &str = "k6";
const LOCUST: &str = "Locust";

/// What people type who come from there.
#[rustfmt::skip]
const FOREIGN: &[ForeignFlag] = &[
    foreign("wrk and k6", &["--duration", "-d"], &["--run-time"], ""),
    foreign(WRK, &["-c"], &["--users"], "each has a connection; --pacing max lets them not wait"),
    foreign(WRK, &["--threads"], &["--cores"], ""),
    foreign("wrk2", &["-R"], &["--rate"], "journeys a second, not requests"),
    foreign(WRK, &["--latency"], &[], "response times are distributed in every summary and report"),
    foreign(WRK, &["--script"], &["--profile"], "a load test is a profile in TOML"),
    foreign(WRK, &["-v"], &["--version"], ""),
    foreign("oha and hey", &["-z"], &["--run-time"], ""),
    foreign("oha and hey", &["-q"], &["--rate"], "journeys a second, not requests"),
    foreign("oha and hey", &["-n"], &["--run-time"], "runs end by time, flash sales by --rounds, too"),
    foreign(K6, &["--vus"], &["--users"], ""),
    foreign(K6, &["--max"], &["--max-users"], ""),
    foreign(K6, &["--iterations", "-i"], &["--run-time"], "runs end by time, flash sales by --rounds, too"),
    foreign(K6, &["--stage", "--stages"], &["--profile"], "the key `stages` of its file has the levels"),
    foreign(K6, &["--rps"], &["--rate"], "journeys a second, not requests"),
    foreign(K6, &["--out", "-o"], &["--results", "--csv", "--prometheus", "--otlp"], ""),
    foreign(K6, &["--no-summary"], &["--quiet"], ""),
    foreign(K6, &["--summary-mode"], &["--only-summary", "--quiet"], ""),
    foreign(K6, &["--no-usage-report"], &[], "nothing is reported to anybody"),
    foreign(K6, &["--env", "-e"], &[], "each long flag has a variable, like SHOPBLAST_USERS"),
    foreign(K6, &["--tag"], &["--threshold"], "with tags, like 'response{phase=\"steady\"}: p(99) < 300ms'"),
    foreign(K6, &["--insecure-skip-tls-verify"], &["--insecure"], "or --ca with the certificate of the authority"),
    foreign(K6, &["--execution-segment"], &["--cores"], "one process drives all of this machine's"),
    foreign(LOCUST, &["--locustfile", "-f"], &["--profile"], "or user classes by name; see `shopblast list`"),
    foreign(LOCUST, &["--processes", "--master", "--worker", "--expect-workers"], &["--cores"], "one process drives all of this machine's"),
    foreign(LOCUST, &["--hatch-rate"], &["--spawn-rate"], ""),
    foreign(LOCUST, &["--clients"], &["--users"], ""),
    foreign(LOCUST, &["--no-web"], &["--headless"], "there is no page without --web"),
    foreign(LOCUST, &["--tags", "-T", "--exclude-tags", "-E"], &["--profile"], "or user classes by name, with a weight"),
    foreign(LOCUST, &["--class-picker"], &["--web"], "its form always offers the user classes"),
    foreign(LOCUST, &["--autoquit"], &["--headless"], "without --autostart: the program ends with the run"),
    foreign(LOCUST, &["--web-login"], &["--web-token"], ""),
    foreign(LOCUST, &["--json"], &["--json-file"], ""),
    foreign(LOCUST, &["--print-stats", "--loglevel", "-L"], &["--no-tui", "--only-summary", "--quiet"], ""),
    foreign(LOCUST, &["--logfile"], &["--results"], "the record of a run is in a directory there"),
    foreign(LOCUST, &["--show-task-ratio"], &["--list"], "and `shopblast list --class NAME` at length"),
    foreign(LOCUST, &["--config"], &["--profile"], "with the path of a TOML file"),
    foreign(LOCUST, &["--reset-stats"], &["--threshold"], "figures are kept apart by phase: spawning and steady"),
];

/// What takes the place of the flag `name` of another tool, with its dashes.
pub(super) fn hint(name: &str) -> Option<String> {
    let known = FOREIGN
        .iter()
        .find(|foreign| foreign.names.contains(&name))?;
    let ForeignFlag {
        tool, ours, says, ..
    } = known;
    let instead = match ours {
        [] => "is not needed here".to_owned(),
        ours => format!("is {} here", ours.join(" or ")),
    };
    let says = match *says {
        "" => String::new(),
        says => format!(": {says}"),
    };
    Some(format!("{name} of {tool} {instead}{says}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;
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
            assert!(
                !foreign.ours.is_empty() || !foreign.says.is_empty(),
                "{:?} says nothing",
                foreign.names
            );
            let words = foreign.says.split_whitespace();
            let named = words.filter(|word| word.starts_with("--"));
            let named = named.map(|word| word.trim_end_matches([',', ':', ';']));
            for flag in foreign.ours.iter().copied().chain(named) {
                // Of `shopblast list`.
                let is_known = own.contains(flag) || flag == "--class";
                assert!(is_known, "{flag} of {:?}", foreign.names);
            }
            for name in foreign.names {
                assert!(!own.contains(*name), "{name} is a flag here");
                assert!(seen.insert(*name), "{name} is there twice");
            }
        }
    }
}
