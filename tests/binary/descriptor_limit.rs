//! As many descriptors as a run needs: where there are fewer it is refused with a figure, and with that
//! figure everybody is served.

use crate::invocation::{Ended, Invocation, run_inside};

/// Fewer than any run needs.
const TOO_FEW: u64 = 40;

/// Runs that need many, for one reason or another.
const NEEDY: &[&str] = &[
    "SpikeUser -u 300 -r 1000 --pacing max",
    "SpikeUser -u 5 -r 100 --prometheus 0",
    "SpikeUser -u 5 -r 100 --cores 1 --driver epoll",
    "SpikeUser -u 5 -r 100 --redis redis://127.0.0.1:9 --message-db postgres://x@127.0.0.1:9/x",
    "SpikeUser -u 100 -r 1000 --connections 20 --pacing max",
    "RaceConditionUser -u 40 -r 1000 --pacing max",
    "FlashSaleUser -u 60 -r 1000 --pacing max",
    "RaceAuditUser -u 20 -r 1000 --pacing max --api-workers 2",
];

fn limited(line: &str, limit: u64) -> Ended {
    let line = format!("{line} --sandbox -t 2s --seed 1 --no-tui --only-summary");
    Invocation::begin_script(&format!("ulimit -n {limit}; exec $RUN"), &line).end()
}

#[test]
fn the_figure_that_a_run_asks_for_is_enough() {
    for line in NEEDY {
        let refused = limited(line, TOO_FEW);
        assert_eq!(refused.code, 104, "{line}: {}", refused.told());
        assert!(!refused.is_recorded(), "{line}: {}", refused.told());
        let figure = refused.err.split_once("`ulimit -n ").map(|(_, rest)| rest);
        let figure = figure.and_then(|rest| rest.split('`').next()?.parse().ok());
        let figure: u64 = figure.unwrap_or_else(|| panic!("{line}: {}", refused.told()));
        let ended = limited(line, figure);
        let told = ended.told();
        assert!([0, 96].contains(&ended.code), "{line}, {figure}: {told}");
        assert!(!told.contains("open files"), "{line}, {figure}: {told}");
        let record = ended.record();
        for outcome in ["failed", "unknown"] {
            assert_eq!(record["totals"][outcome], 0, "{line}, {figure}: {told}");
        }
        assert!(
            record["losses"].as_array().is_none_or(Vec::is_empty),
            "{line}: {told}"
        );
        let users = line
            .split("-u ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let users = users.and_then(|users| users.parse::<u64>().ok());
        assert_eq!(
            record["peak_users"].as_u64(),
            users,
            "{line}, {figure}: {told}"
        );
    }
}

/// What `doctor` is asked, and the run that it is about.
const ASKED: &[(&str, &str)] = &[
    ("-u 100", "-u 100 -r 1000"),
    ("--profile race-audit", "--profile race-audit"),
    ("--profile flash-sale", "--profile flash-sale"),
    ("-u 40 --driver epoll", "-u 40 -r 1000 --driver epoll"),
];

#[test]
fn the_figure_that_the_doctor_tells_is_that_of_the_run() {
    for (asked, line) in ASKED {
        let looked = run_inside(&format!("doctor --sandbox {asked}")).out;
        let figure = looked
            .split_once("descriptors: up to ")
            .map(|(_, rest)| rest);
        let figure = figure.and_then(|rest| rest.lines().next()?.rsplit(' ').next()?.parse().ok());
        let figure: u64 = figure.unwrap_or_else(|| panic!("{asked}: {looked}"));
        let ended = limited(line, figure);
        assert_eq!(ended.code, 0, "{asked}, {figure}: {}", ended.told());
        // Its own shop stands while it looks.
        let refused = limited(line, figure - 16);
        assert_eq!(refused.code, 104, "{asked}, {figure}: {}", refused.told());
    }
}

#[test]
fn a_sandbox_that_may_serve_few_says_so() {
    let served =
        Invocation::begin_script("ulimit -n 100; timeout 5 $RUN sandbox --port 0; exit 0", "")
            .end();
    let told = served.told();
    assert!(told.contains("at most 68 connections at a time"), "{told}");
}
