//! The workload files of today's three new contexts against the embedded shop: nothing fails on any way
//! through the states, a sound shop breaks no rule, and each planted fault breaks its own.

use crate::invocation::{Ended, run};
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

/// Of equal reviews those are taken that meet in different processes, here as there: one process.
const RACERS: [(&str, &str, &str, &[&str]); 3] = [
    (
        "fulfillment.toml",
        "FulfillmentRaceUser",
        "--pacing max --api-workers 4 -t 2s",
        &["picked_by_one", "handed_over_once", "shipped_or_cancelled"],
    ),
    (
        "reviews.toml",
        "ReviewsRaceUser",
        "--pacing max --api-workers 1 -t 2s",
        &["reviewed_once", "voted_once", "replied_once", "judged_once"],
    ),
    (
        "notifications.toml",
        "NotificationsRaceUser",
        "--api-workers 4 -t 12s --engines notifications=8 --drain-rate 500",
        &["unsubscribed_once", "cancelled_once"],
    ),
];

#[test]
fn a_sound_shop_breaks_no_rule() {
    for (file, class, more, names) in RACERS {
        let ended = run_class(file, class, &format!("--seed 1 {more}"));
        assert_eq!(ended.code, 0, "{class}: {}", ended.told());
        assert_eq!(rules(&ended.record(), "held"), *names, "{class}");
    }
}

#[test]
fn equal_reviews_that_meet_in_different_processes_are_found() {
    let more = "--seed 1 --pacing max --api-workers 4 -t 2s";
    let ended = run_class("reviews.toml", "ReviewsRaceUser", more);
    assert_eq!(ended.code, 96, "{}", ended.told());
    assert_eq!(rules(&ended.record(), "violated"), ["reviewed_once"]);
}

#[test]
fn each_fault_breaks_its_own_rule() {
    for (place, fault, rule) in [
        (0, "double-handoff", "handed_over_once"),
        (0, "cancelled-and-shipped", "shipped_or_cancelled"),
        (1, "duplicate-review", "reviewed_once"),
        (1, "double-vote", "voted_once"),
        (1, "double-reply", "replied_once"),
        (2, "double-unsubscribe", "unsubscribed_once"),
        (2, "double-cancel", "cancelled_once"),
    ] {
        let (file, class, more, _) = RACERS[place];
        let found = (1..=ATTEMPTS).find_map(|seed| {
            let more = format!("--seed {seed} {more} --bug {fault}=0.2");
            let ended = run_class(file, class, &more);
            (ended.code == 96).then_some(ended)
        });
        let ended = found.unwrap_or_else(|| panic!("{fault} was never found"));
        assert_eq!(
            rules(&ended.record(), "violated"),
            [rule],
            "{fault}: {}",
            ended.told()
        );
        assert!(
            ended.out.contains(&format!("Witness of {rule}")),
            "{}",
            ended.told()
        );
    }
}
