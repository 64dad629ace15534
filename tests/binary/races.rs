//! Races from the user's side: the built binary against the embedded shop with several API workers,
//! with and without planted faults, and what it says of them.

use crate::invocation::{Ended, run};
use serde_json::Value;

/// Fault and the one rule that it breaks.
const FAULTS: [(&str, &str); 8] = [
    ("oversell", "not-oversold"),
    ("undersell", "not-undersold"),
    ("lost-update", "suspended-once"),
    ("double-refund", "refunded-once"),
    ("double-checkout", "one-order-a-cart"),
    ("duplicate-customer", "one-customer-an-external-id"),
    ("cancelled-and-paid", "cancelled-or-paid"),
    ("resurrect", "end-is-the-end"),
];
/// Runs until a fault has struck; each of them has some thousand races or, on a machine that is busy
/// with something else, at least some.
const ATTEMPTS: u64 = 20;

const AUDIT: &str =
    "--profile race-audit --sandbox --api-workers 4 -u 24 -t 1s --exit-code-on-error 0";

fn rows<'a>(record: &'a Value, list: &str) -> &'a Vec<Value> {
    record[list].as_array().expect("a list")
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().expect("a text")
}

fn number(row: &Value, field: &str) -> u64 {
    row[field].as_u64().expect("a number")
}

/// Rules with this verdict.
fn rules<'a>(record: &'a Value, verdict: &str) -> Vec<&'a str> {
    rows(record, "invariants")
        .iter()
        .filter(|rule| text(rule, "verdict") == verdict)
        .map(|rule| text(rule, "name"))
        .collect()
}

/// Runs of the audit with these arguments until one ends with 96.
fn until_violated(arguments: &str) -> Ended {
    for seed in 1..=ATTEMPTS {
        let ended = run(&format!("{AUDIT} --seed {seed} {arguments}"));
        if ended.code == 96 {
            return ended;
        }
        assert_eq!(ended.code, 0, "{}", ended.told());
        assert_eq!(rules(&ended.record(), "violated"), [""; 0]);
    }
    panic!("{arguments} was never found");
}

#[test]
fn a_shop_without_faults_breaks_no_rule_and_its_races_are_real() {
    let ended = run(&format!("{AUDIT} -t 3s"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(rules(&record, "violated"), [""; 0], "{}", ended.told());
    assert_eq!(rows(&record, "races").len(), 14, "{}", ended.told());
    for race in rows(&record, "races") {
        assert!(number(race, "count") > 0, "{race}");
        assert_eq!(number(race, "incomplete"), 0, "{race}");
        let outcomes: u64 = rows(race, "totals").iter().filter_map(Value::as_u64).sum();
        assert_eq!(outcomes, number(race, "racers"), "{race}");
        let endings = rows(race, "outcomes").iter();
        let ended: u64 = endings.map(|ending| number(ending, "count")).sum();
        assert_eq!(ended + number(race, "outcomes_cut"), number(race, "count"));
    }
    let overlapped: u64 = rows(&record, "races")
        .iter()
        .map(|race| number(race, "overlapped"))
        .sum();
    assert!(overlapped > 0);
    assert!(!ended.out.contains("one at a time"), "{}", ended.told());
    let told = &record["probes"];
    assert_eq!(
        number(told, "sent"),
        number(told, "told") + number(told, "unknown")
    );
}

#[test]
fn every_fault_breaks_its_rule_and_no_other_and_the_witness_shows_it() {
    for (fault, rule) in FAULTS {
        let ended = until_violated(&format!("--bug {fault}=0.1"));
        let record = ended.record();
        assert_eq!(
            rules(&record, "violated"),
            [rule],
            "{fault}: {}",
            ended.told()
        );
        let found = rows(&record, "invariants")
            .iter()
            .find(|found| text(found, "name") == rule)
            .expect("the rule");
        let witness = rows(&record, "witnesses")
            .iter()
            .find(|witness| witness["number"] == found["witness"])
            .expect("its witness");
        assert_eq!(text(witness, "rule"), rule);
        assert_eq!(witness["why"], found["why"]);
        let exchanges = rows(witness, "exchanges");
        let shown = exchanges
            .iter()
            .filter(|exchange| exchange["shows"] == true);
        assert!(shown.count() >= 2, "{witness}");
        assert!(exchanges.iter().any(|exchange| exchange["part"] == "racer"));
        let sentence = format!("Rule {rule} was violated");
        assert!(text(&record, "verdict").contains(&sentence));
        assert!(ended.out.contains("curl -s -X"), "{}", ended.told());
        assert!(ended.out.contains(text(witness, "why")), "{}", ended.told());
    }
}

#[test]
fn lost_replies_accuse_nobody() {
    let ended = run(&format!(
        "{AUDIT} -t 3s --chaos reset=0.02 --chaos stall=0.01 --timeout 200ms"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(rules(&record, "violated"), [""; 0], "{}", ended.told());
    assert!(number(&record["totals"], "unknown") > 0);
    assert_eq!(number(&record["totals"], "failed"), 0, "{}", ended.told());
}

#[test]
fn a_shop_that_does_one_thing_at_a_time_is_told_to_get_more_workers() {
    let ended = run("RaceAuditUser --pacing max --sandbox --api-workers 1 -u 8 -r 100 -t 2s");
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    for race in rows(&record, "races") {
        assert_eq!(number(race, "overlapped"), 0, "{race}");
        assert_eq!(race["totals"][2], 0, "{race}");
    }
    assert!(
        ended.out.contains("one at a time") && ended.out.contains("at least two workers"),
        "{}",
        ended.told()
    );
}

#[test]
fn a_sale_to_a_crowd_sells_exactly_what_there_is_in_every_round() {
    let ended = run(
        "FlashSaleUser --pacing max --sandbox --api-workers 1 -u 60 -r 100000 -t 3s --rounds 40 --stock 10",
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let rounds = &record["rounds"];
    assert!((1..=40).contains(&number(rounds, "rounds")), "{rounds}");
    let csv = ended.record_file("rounds.csv");
    let mut crowded = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [crowd, demand, granted] = [3, 4, 5].map(|cell| cells[cell].parse::<u64>().unwrap());
        // Of so many at least one wants a single piece and comes late enough. Nobody asks what is
        // left when the run ends meanwhile.
        if crowd == 60 {
            crowded += 1;
            assert_eq!(granted, 10, "{line}");
            assert!(matches!(cells[13], "0" | ""), "{line}");
        }
        assert!(demand >= crowd && granted <= 10, "{line}");
    }
    assert_eq!(csv.lines().count() as u64 - 1, number(rounds, "rounds"));
    assert!(crowded > 0, "{csv}");
    assert_eq!(rules(&record, "violated"), [""; 0]);
}

#[test]
fn figures_of_crowds_add_up() {
    let ended = run("--profile flash-sale --sandbox --api-workers 2 -u 30 -r 100000 -t 3s");
    let law = &ended.record()["generator"]["littles_law"];
    let ratio = law["ratio"].as_f64().expect("a ratio");
    assert!((0.8..1.2).contains(&ratio), "{law}: {}", ended.told());
}

#[test]
fn a_sweep_tells_what_came_of_every_offset() {
    let ended = run(
        "RaceConditionUser --pacing max --sandbox --api-workers 2 -u 8 -t 3s --race-offset -2ms..2ms",
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let race = rows(&record, "races")
        .iter()
        .find(|race| text(race, "name") == "modify-during-confirm")
        .expect("the race");
    let offsets = rows(race, "offsets");
    assert!(offsets.len() > 10, "{race}");
    let mut counted = 0;
    for bin in offsets {
        let sides = ["first_won", "second_won", "both_won", "neither_won"];
        let ended: u64 = sides.iter().map(|side| number(bin, side)).sum();
        assert_eq!(ended, number(bin, "count"), "{bin}");
        counted += ended;
    }
    assert_eq!(counted, number(race, "count"));
}

#[test]
fn whole_requests_can_be_let_go_together_and_one_after_the_other() {
    let whole = run(&format!("{AUDIT} --race-release whole"));
    assert_eq!(whole.code, 0, "{}", whole.told());
    let together: u64 = rows(&whole.record(), "races")
        .iter()
        .map(|race| number(race, "together"))
        .sum();
    assert!(together > 0, "{}", whole.told());
    let sequential = run(
        "RaceConditionUser --pacing max --sandbox --api-workers 2 -u 8 -t 1s --sequential-races",
    );
    assert_eq!(sequential.code, 0, "{}", sequential.told());
    assert_eq!(rows(&sequential.record(), "races").len(), 0);
}

#[test]
fn strict_runs_fail_on_rules_that_the_shop_is_known_to_break() {
    let ended = run(&format!("{AUDIT} --strict"));
    assert_eq!(ended.code, 96, "{}", ended.told());
    assert!(rules(&ended.record(), "violated").contains(&"one-payment-a-key"));
    let lenient = run(AUDIT);
    assert_eq!(lenient.code, 0, "{}", lenient.told());
    assert!(rules(&lenient.record(), "known").contains(&"one-payment-a-key"));
}
