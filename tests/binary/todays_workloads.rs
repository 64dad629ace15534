//! The workload files of today's three new contexts against the embedded shop: nothing fails on any way
//! through the states, a sound shop breaks no rule, and each planted fault breaks its own.

use crate::invocation::{Ended, run};
use crate::replay::replay;
use serde_json::Value;
use std::path::Path;

/// Messages need engines that keep up.
const ENGINES: &str = "--engines notifications=8 --drain-rate 500";
/// Runs until a fault has struck.
const ATTEMPTS: u64 = 20;

fn run_class(file: &str, class: &str, more: &str) -> Ended {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/shopstream");
    let path = folder.join(file);
    run(&format!(
        "--workload {} {class} --sandbox -u 12 -r 12 {more}",
        path.display()
    ))
}

/// Names of the rules with this verdict.
fn rules<'a>(record: &'a Value, verdict: &str) -> Vec<&'a str> {
    let rules = record["invariants"].as_array().expect("rules").iter();
    rules
        .filter(|rule| rule["verdict"] == verdict)
        .filter_map(|rule| rule["name"].as_str())
        .collect()
}

#[test]
fn nothing_fails_on_any_way_through_the_states() {
    for (file, class, more) in [
        (
            "fulfillment.toml",
            "FulfillmentUser",
            "-t 2s --pacing max".to_owned(),
        ),
        (
            "reviews.toml",
            "ReviewsUser",
            "-t 2s --pacing max".to_owned(),
        ),
        (
            "notifications.toml",
            "NotificationsUser",
            format!("-t 6s {ENGINES}"),
        ),
        (
            "notifications.toml",
            "NotificationsCancelUser",
            format!("-t 20s {ENGINES}"),
        ),
    ] {
        let ended = run_class(file, class, &format!("--seed 1 {more}"));
        assert_eq!(ended.code, 0, "{class}: {}", ended.told());
        let record = ended.record();
        let totals = &record["totals"];
        assert_eq!(totals["failed"], 0, "{class}: {}", ended.told());
        assert_eq!(totals["unknown"], 0, "{class}");
        let domains = record["domains"].as_array().expect("domains").iter();
        let events: u64 = domains.filter_map(|domain| domain["events"].as_u64()).sum();
        assert!(events > 0, "{class}: {record}");
    }
}

/// Messages need engines that keep up; of equal reviews those are taken that meet in different processes.
const RACERS: &str = "--pacing max --api-workers 4 --engines notifications=8 --drain-rate 500";

/// Race users of the three files, and of all together.
const RACE_USERS: [(&str, &str, usize); 4] = [
    ("fulfillment.toml", "FulfillmentRaceUser", 10),
    ("reviews.toml", "ReviewsRaceUser", 7),
    ("notifications.toml", "NotificationsRaceUser", 6),
    ("todays_races.toml", "TodaysRaceUser", 25),
];

#[test]
fn a_sound_shop_breaks_no_rule() {
    for (file, class, rules_of_file) in RACE_USERS {
        let ended = run_class(file, class, &format!("--seed 1 -t 8s {RACERS}"));
        assert_eq!(ended.code, 0, "{class}: {}", ended.told());
        let record = ended.record();
        let known = rules(&record, "known");
        assert!(
            known.iter().all(|rule| *rule == "reviewed_once"),
            "{known:?}"
        );
        assert_eq!(rules(&record, "violated"), Vec::<&str>::new(), "{class}");
        let held = rules(&record, "held").len();
        assert_eq!(
            held + known.len(),
            rules_of_file,
            "{class}: {}",
            ended.told()
        );
    }
}

/// Nobody promises it, so that only who is strict is told by the exit code.
#[test]
fn equal_reviews_that_meet_in_different_processes_are_known() {
    for (more, code, verdict) in [("", 0, "known"), ("--strict", 96, "violated")] {
        let more = format!("--seed 1 --pacing max --api-workers 4 -t 2s {more}");
        let ended = run_class("reviews.toml", "ReviewsRaceUser", &more);
        assert_eq!(ended.code, code, "{}", ended.told());
        assert_eq!(rules(&ended.record(), verdict), ["reviewed_once"]);
    }
}

/// Over sockets; every fault in virtual time is in `tests/inprocess/todays_races.rs`.
#[test]
fn each_fault_breaks_its_own_rule_and_is_fired_again() {
    let serial = RACERS.replace("--api-workers 4", "--api-workers 1 --strict");
    for (file, class, fault, rule, more) in [
        (
            "fulfillment.toml",
            "FulfillmentRaceUser",
            "double-handoff",
            "handed_over_once",
            RACERS,
        ),
        (
            "fulfillment.toml",
            "FulfillmentRaceUser",
            "picked-after-cancel",
            "cancelled_is_not_picked",
            RACERS,
        ),
        (
            "reviews.toml",
            "ReviewsRaceUser",
            "duplicate-review",
            "reviewed_once",
            &serial,
        ),
        (
            "notifications.toml",
            "NotificationsRaceUser",
            "lost-channels",
            "channels_kept",
            RACERS,
        ),
        (
            "todays_races.toml",
            "TodaysRaceUser",
            "over-write-off",
            "written_off_within_damage",
            RACERS,
        ),
    ] {
        let found = (1..=ATTEMPTS).find_map(|seed| {
            let more = format!("--seed {seed} -t 4s {more} --bug {fault}=0.5");
            let ended = run_class(file, class, &more);
            (ended.code == 96).then_some(ended)
        });
        let ended = found.unwrap_or_else(|| panic!("{fault} was never found"));
        let record = ended.record();
        assert_eq!(
            rules(&record, "violated"),
            [rule],
            "{fault}: {}",
            ended.told()
        );
        assert!(
            ended.out.contains(&format!("Witness of {rule}")),
            "{}",
            ended.told()
        );
        // What waits for an engine is fired again without the wait, and what strikes only who is late
        // seldom finds anybody: that it happens again is not certain.
        if rule == "channels_kept" {
            continue;
        }
        // At a shop like its own, which comes along.
        let (code, told) = replay(&ended.record_directory(), "--witness 1 --times 100");
        assert_eq!(code, Some(96), "{fault}: {told}");
    }
}
