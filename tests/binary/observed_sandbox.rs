//! Runs that observe the embedded shop's own Observatory, whose answers are known: with engines that
//! stand still every accepted event waits, and whatever engines do, no event is lost or made up.

use crate::invocation::{Ended, run};
use serde_json::Value;

const RUN: &str = "SpikeUser -u 4 -r 4 --pacing class --sandbox --observatory-port 0 --seed 1";

fn backlog(record: &Value, domain: &str) -> Value {
    let backlogs = record["observed"]["backlogs"].as_array().expect("backlogs");
    let found = backlogs.iter().find(|backlog| backlog["domain"] == domain);
    found.expect("a backlog").clone()
}

fn last(record: &Value, metric: &str) -> f64 {
    let figures = record["observed"]["figures"].as_array().expect("figures");
    let found = figures
        .iter()
        .find(|figure| figure["domain"] == "identity" && figure["metric"] == metric);
    found.unwrap_or_else(|| panic!("no {metric}"))["last"]["value"]
        .as_f64()
        .expect("a number")
}

/// Events that went to the outbox of identity, as the requests' replies tell.
fn accepted(record: &Value) -> f64 {
    let domains = record["domains"].as_array().expect("domains");
    let identity = domains.iter().find(|domain| domain["domain"] == "Identity");
    identity.expect("identity")["outbox_events"]
        .as_f64()
        .expect("a number")
}

fn observed(line: &str) -> (Ended, Value) {
    let ended = run(&format!("{RUN} {line}"));
    let code = ended.code;
    assert!(code == 0 || code == 95, "{}", ended.told());
    let record = ended.record();
    (ended, record)
}

#[test]
fn with_engines_that_stand_still_everything_accepted_waits() {
    let (ended, record) = observed("-t 3s --engines 0 --observatory-names newer --details");
    let identity = backlog(&record, "identity");
    assert!(accepted(&record) > 100.0);
    assert_eq!(identity["last"]["value"], accepted(&record));
    assert_eq!(identity["last"]["at_least"], false);
    assert_eq!(identity["before"]["value"], 0.0);
    assert_eq!(identity["source"], "observatory");
    assert_eq!(identity["drain_per_s"], 0.0);
    assert_eq!(identity["drained_after_s"], Value::Null);
    assert_eq!(identity["intake_source"], "observatory");
    // The other domains had nothing to do.
    assert_eq!(backlog(&record, "payments")["peak"]["value"], 0.0);
    assert!(
        ended.err.contains("  backlog "),
        "the live line: {}",
        ended.err
    );
    assert!(ended.out.contains("The shop's back end"), "{}", ended.out);
    let pending = format!(
        "protean_outbox_messages{{domain=\"identity\",status=\"pending\"}} {}",
        accepted(&record)
    );
    let lines = record["observed"]["last_lines"].as_array();
    let lines = lines.expect("the Observatory's own lines");
    assert!(lines.contains(&pending.as_str().into()), "{lines:?}");
    assert!(
        !ended.out.contains(&pending),
        "they are in the record alone"
    );
}

#[test]
fn the_older_observatory_is_not_believed_past_its_page() {
    let (ended, record) = observed("-t 3s --engines 0 --generation five --details");
    let identity = backlog(&record, "identity");
    assert!(accepted(&record) > 100.0);
    assert_eq!(identity["last"]["value"], 100.0);
    assert_eq!(identity["last"]["at_least"], true);
    assert_eq!(identity["not_seen"], "streams");
    assert_eq!(identity["slope_per_s"], Value::Null);
    assert_eq!(identity["drain_per_s"], Value::Null);
    assert_eq!(identity["intake_source"], "accepted requests");
    let figures = record["observed"]["figures"].as_array().expect("figures");
    let of_streams = |figure: &Value| {
        figure["metric"]
            .as_str()
            .is_some_and(|it| it.starts_with("stream"))
    };
    assert!(!figures.iter().any(of_streams), "absent is not zero");
    assert!(ended.out.contains("≥ 100"), "{}", ended.out);
    assert!(ended.out.contains("stops counting at 100"), "{}", ended.out);
    assert!(
        ended.out.contains("name Redis with --redis"),
        "{}",
        ended.out
    );
}

#[test]
fn what_engines_drain_and_what_waits_is_what_was_accepted() {
    let (_, record) =
        observed("-t 3s --engines identity=1 --drain-rate 20 --observatory-names newer");
    let identity = backlog(&record, "identity");
    let (pending, published) = (
        last(&record, "outbox_pending"),
        last(&record, "outbox_published"),
    );
    assert_eq!(pending + published, accepted(&record));
    assert!(published > 0.0 && pending > 0.0);
    assert!(identity["drain_per_s"].as_f64() > Some(0.0));
    assert!(identity["intake_per_s"].as_f64() > identity["drain_per_s"].as_f64());
    let growth = identity["at_load_end"]["value"].as_f64().expect("a number");
    // What is published and not yet processed is part of the backlog.
    assert!(growth >= pending && growth <= pending + 20.0, "{identity}");
    assert!(
        identity["drain_estimate_s"].as_f64() > Some(0.0),
        "{identity}"
    );
}

#[test]
fn the_backlog_is_watched_until_it_is_gone() {
    let (ended, record) = observed(
        "-t 2s --engines identity=1 --drain-rate 60 --observatory-names newer --drain-wait 50s",
    );
    let identity = backlog(&record, "identity");
    assert!(
        identity["at_load_end"]["value"].as_f64() > Some(0.0),
        "{identity}"
    );
    assert_eq!(identity["last"]["value"], 0.0);
    let after_s = identity["drained_after_s"].as_f64().expect("drained");
    let watched_s = record["observed"]["watched_after_s"]
        .as_f64()
        .expect("a number");
    assert!(after_s > 0.0 && after_s <= watched_s, "{identity}");
    assert_eq!(last(&record, "outbox_published"), accepted(&record));
    assert!(ended.err.contains("draining: backlog "), "{}", ended.err);
}

#[test]
fn a_run_without_an_observatory_has_nothing_observed() {
    let ended = run("SpikeUser -u 1 --pacing class --sandbox -t 1s --seed 1");
    assert_eq!(ended.record()["observed"], Value::Null);
    assert!(!ended.out.contains("back end"), "{}", ended.out);
    assert!(!ended.record_files().contains(&"observed.csv".to_owned()));
}

#[test]
fn an_observatory_that_was_named_and_is_not_there_is_told() {
    let ended = run(
        "SpikeUser -u 1 --pacing class --sandbox -t 1s --seed 1 --observatory http://127.0.0.1:1",
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(
        ended.out.contains("is the Observatory up?"),
        "{}",
        ended.out
    );
    assert!(
        ended.err.contains("warning: observatory was not read"),
        "{}",
        ended.err
    );
    let source = &ended.record()["observed"]["sources"][0];
    assert_eq!(source["readings"], 0);
    assert_eq!(source["address"], "http://127.0.0.1:1");
}
