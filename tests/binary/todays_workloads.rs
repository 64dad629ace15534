//! Both suites against the embedded shop of their generation: nothing fails that can succeed, and what
//! cannot fails as it is written; of today's three new contexts a sound shop breaks no rule, and each planted
//! fault breaks its own.

use crate::invocation::{Ended, run};
use crate::replay::replay;
use serde_json::Value;

/// Messages and sagas need engines that keep up.
const ENGINES: &str = "--engines 8 --drain-rate 500";
/// Runs until a fault has struck.
const ATTEMPTS: u64 = 20;

fn run_class(class: &str, more: &str) -> Ended {
    run(&format!("{class} --sandbox -u 12 -r 12 {more}"))
}

/// Names of the rules with this verdict.
fn rules<'a>(record: &'a Value, verdict: &str) -> Vec<&'a str> {
    let rules = record["invariants"].as_array().expect("rules").iter();
    rules
        .filter(|rule| rule["verdict"] == verdict)
        .filter_map(|rule| rule["name"].as_str())
        .collect()
}

/// Requests and failures of the names in statistics that begin so, and in all.
fn counts(record: &Value, start: &str) -> Vec<(String, u64, u64)> {
    let names = record["names"].as_array().expect("names").iter();
    let count = |row: &Value, of: &str| row[of].as_u64().expect("a count");
    names
        .map(|row| (row["name"].as_str().expect("a name").to_owned(), row))
        .filter(|(name, row)| name.starts_with(start) && count(row, "requests") > 0)
        .map(|(name, row)| (name, count(row, "requests"), count(row, "failed")))
        .collect()
}

/// Runs `class`, in which nothing fails.
fn goes_well(class: &str, more: &str) -> Value {
    let ended = run_class(class, &format!("--seed 1 {ENGINES} {more}"));
    assert_eq!(ended.code, 0, "{class} {more}: {}", ended.told());
    let record = ended.record();
    let totals = &record["totals"];
    assert_eq!(totals["failed"], 0, "{class} {more}: {}", ended.told());
    assert_eq!(totals["unknown"], 0, "{class} {more}");
    assert!(
        totals["success"].as_u64().expect("a count") > 0,
        "{class} {more}"
    );
    let domains = record["domains"].as_array().expect("domains").iter();
    let events: u64 = domains.filter_map(|domain| domain["events"].as_u64()).sum();
    assert!(events > 0, "{class} {more}: {record}");
    record
}

/// Classes of the suite of five: 12, and the four of its priority lanes.
const FIVE: [&str; 16] = [
    "IdentityUser",
    "CatalogueUser",
    "OrderingUser",
    "InventoryUser",
    "PaymentsUser",
    "MixedWorkloadUser",
    "CrossDomainUser",
    "RaceConditionUser",
    "FlashSaleUser",
    "EventFloodUser",
    "SpikeUser",
    "CrossDomainFloodUser",
    "MigrationWithProductionTrafficUser",
    "BackfillDrainRateUser",
    "PriorityStarvationTestUser",
    "PriorityLanesDisabledBaseline",
];
/// Those that came with today's suite, and this program's own.
const SINCE: [&str; 7] = [
    "OrderingSagaUser",
    "InventoryMaintenanceUser",
    "SubscriberUser",
    "FulfillmentUser",
    "FulfillmentTrackingUser",
    "ReviewsUser",
    "FullShopUser",
];

#[test]
fn every_class_of_the_suite_of_five_goes_well_at_both_shops() {
    for class in FIVE {
        for generation in ["five", "today"] {
            goes_well(
                class,
                &format!("-t 1s --pacing max --suite five --generation {generation}"),
            );
        }
    }
}

#[test]
fn every_class_of_todays_suite_goes_well_at_todays_shop() {
    for class in FIVE.into_iter().chain(SINCE) {
        let length = match class {
            // They sleep.
            "MixedWorkloadUser" | "CrossDomainUser" | "FullShopUser" => "-t 10s",
            _ => "-t 2s",
        };
        let record = goes_well(class, &format!("{length} --pacing max"));
        assert_eq!(record["target"]["generation"], "today");
    }
    for (class, length) in [
        ("NotificationsUser", "-t 8s"),
        ("NotificationsCancelUser", "-t 8s"),
        ("NewContextsUser", "-t 15s"),
    ] {
        goes_well(class, &format!("{length} --pacing max"));
    }
}

#[test]
fn sagas_that_the_shop_drives_come_to_their_end() {
    let record = goes_well("CrossDomainUser", "-t 12s --pacing max");
    let polls = counts(&record, "[SAGA-PM] POLL /orders/{id}");
    assert_eq!(polls.len(), 1, "nothing timed out: {polls:?}");
    let journeys = record["journeys"].as_array().expect("journeys").iter();
    let completed = journeys.filter(|row| {
        let name = row["name"].as_str().expect("a name");
        name.starts_with("SagaDriven") && row["completed"].as_u64() > Some(0)
    });
    assert_eq!(completed.count(), 2);
}

/// Six of eleven requests, and three of nine: what comes after a payment that was never pending.
#[test]
fn as_written_two_journeys_fail_where_they_have_to() {
    let more = format!("--seed 1 -t 4s --pacing max {ENGINES} --with as-written");
    let record = run_class("SubscriberUser", &more).record();
    for (start, requests, failing) in [("[Sub:Refund]", 11, 6), ("[Sub:VP]", 9, 3)] {
        let counts = counts(&record, start);
        assert_eq!(counts.len(), requests, "{counts:?}");
        let (failed, well): (Vec<_>, Vec<_>) = counts.iter().partition(|it| it.2 > 0);
        assert_eq!(failed.len(), failing, "{failed:?}");
        assert!(failed.iter().all(|it| it.1 == it.2), "always: {failed:?}");
        assert_eq!(well.len(), requests - failing);
    }
    let failed: u64 = counts(&record, "[Sub:Stock]").iter().map(|it| it.2).sum();
    assert_eq!(failed, 0);
}

/// Without engines nobody has seen a review, and nobody has made preferences.
#[test]
fn what_the_engine_has_not_shown_is_refused_and_as_written_a_failure() {
    let more = "--seed 1 -t 2s --pacing max --engines 0";
    let record = run_class("ReviewsUser", more).record();
    let totals = &record["totals"];
    assert_eq!(totals["failed"], 0);
    assert!(totals["refused"].as_u64() > Some(0));
    let record = run_class("ReviewsUser", &format!("{more} --with as-written")).record();
    let failed = counts(&record, "").into_iter().filter(|it| it.2 > 0);
    let failed: Vec<String> = failed.map(|it| it.0).collect();
    assert_eq!(failed, ["GET /reviews/{id}"]);
    let record = run_class("NotificationsUser", &format!("{more} --with as-written")).record();
    let failed = counts(&record, "").into_iter().filter(|it| it.2 > 0);
    let failed: Vec<String> = failed.map(|it| it.0).collect();
    assert_eq!(failed, ["PUT /notifications/preferences/{id}"]);
}

#[test]
fn a_shop_of_five_contexts_is_not_sent_what_it_does_not_have() {
    for words in [
        "FulfillmentUser --generation five",
        "IdentityUser --suite today --generation five",
    ] {
        let ended = run_class(words, "-t 1s");
        assert_eq!(ended.code, 104, "{words}: {}", ended.told());
        assert!(
            ended.told().contains(" is gone"),
            "{words}: {}",
            ended.told()
        );
    }
    let ended = run_class("FulfillmentUser", "-t 1s --generation five");
    assert!(
        ended.told().contains("POST /fulfillments is gone"),
        "{}",
        ended.told()
    );
}

/// Messages need engines that keep up; of equal reviews those are taken that meet in different processes.
const RACERS: &str = "--pacing max --api-workers 4 --engines notifications=8 --drain-rate 500";

/// Race users of the three contexts, and of all together.
const RACE_USERS: [(&str, usize); 4] = [
    ("FulfillmentRaceUser", 10),
    ("ReviewsRaceUser", 7),
    ("NotificationsRaceUser", 6),
    ("TodaysRaceUser", 25),
];

#[test]
fn a_sound_shop_breaks_no_rule() {
    for (class, rules_of_class) in RACE_USERS {
        let ended = run_class(class, &format!("--seed 1 -t 8s {RACERS}"));
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
            rules_of_class,
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
        let ended = run_class("ReviewsRaceUser", &more);
        assert_eq!(ended.code, code, "{}", ended.told());
        assert_eq!(rules(&ended.record(), verdict), ["reviewed_once"]);
    }
}

/// Over sockets; every fault in virtual time is in `tests/inprocess/todays_races.rs`.
#[test]
fn each_fault_breaks_its_own_rule_and_is_fired_again() {
    let serial = RACERS.replace("--api-workers 4", "--api-workers 1 --strict");
    for (class, fault, rule, more) in [
        (
            "FulfillmentRaceUser",
            "double-handoff",
            "handed_over_once",
            RACERS,
        ),
        (
            "FulfillmentRaceUser",
            "picked-after-cancel",
            "cancelled_is_not_picked",
            RACERS,
        ),
        (
            "ReviewsRaceUser",
            "duplicate-review",
            "reviewed_once",
            &serial,
        ),
        (
            "NotificationsRaceUser",
            "lost-channels",
            "channels_kept",
            RACERS,
        ),
        (
            "TodaysRaceUser",
            "over-write-off",
            "written_off_within_damage",
            RACERS,
        ),
    ] {
        let found = (1..=ATTEMPTS).find_map(|seed| {
            let more = format!("--seed {seed} -t 4s {more} --bug {fault}=0.5");
            let ended = run_class(class, &more);
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
