//! Thresholds of whole runs of the built binary: what holds, what is crossed, what ends the run, and
//! what is refused before anything is sent.

use crate::invocation::shopblast;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const SPIKE: &[&str] = &["SpikeUser", "--sandbox", "-u", "4", "-r", "1000"];

/// Runs shopblast with `arguments`, a threshold each of `thresholds`, and a record in `results`.
fn output_of(arguments: &[&str], thresholds: &[&str], results: &Path) -> Output {
    let mut command = shopblast();
    command.env_clear().arg("--details").args(arguments);
    for threshold in thresholds {
        command.args(["--threshold", threshold]);
    }
    command.arg("--results").arg(results).output().unwrap()
}

struct Run {
    exit_code: i32,
    summary: String,
    record: Value,
}

fn run(arguments: &[&str], thresholds: &[&str]) -> Run {
    let results = tempfile::tempdir().unwrap();
    let output = output_of(arguments, thresholds, results.path());
    let errors = String::from_utf8_lossy(&output.stderr);
    let record = std::fs::read_dir(results.path())
        .unwrap()
        .next()
        .unwrap_or_else(|| panic!("no record: {errors}"))
        .unwrap()
        .path()
        .join("run.json");
    Run {
        exit_code: output.status.code().unwrap(),
        summary: String::from_utf8(output.stdout).unwrap(),
        record: serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap(),
    }
}

/// What is told of a run that must not begin.
fn refused(arguments: &[&str], thresholds: &[&str]) -> String {
    let results = tempfile::tempdir().unwrap();
    let output = output_of(arguments, thresholds, results.path());
    assert_eq!(output.status.code(), Some(104));
    assert_eq!(std::fs::read_dir(results.path()).unwrap().count(), 0);
    String::from_utf8(output.stderr).unwrap()
}

impl Run {
    fn threshold(&self, index: usize) -> &Value {
        &self.record["thresholds"][index]
    }

    fn verdict(&self) -> &str {
        self.record["verdict"].as_str().unwrap()
    }
}

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().chain(more).copied().collect()
}

#[test]
fn a_run_that_keeps_its_thresholds_is_fine() {
    let run = run(
        &with(SPIKE, &["-t", "3s", "--pacing", "max"]),
        &[
            "response: p(99) < 10s",
            "failures: rate < 1% over 1s",
            "requests{name=\"[SPIKE] POST /customers\"}: count > 0",
            "http_req_failed: rate<0.5",
        ],
    );
    assert_eq!(run.exit_code, 0, "{}", run.summary);
    for index in 0..4 {
        assert_eq!(run.threshold(index)["verdict"], "held", "{}", run.summary);
        assert_eq!(run.threshold(index)["ok"], true);
    }
    let counted = run.threshold(2)["observed"].as_f64().unwrap();
    assert_eq!(
        counted as u64,
        run.record["totals"]["requests"].as_u64().unwrap()
    );
    assert_eq!(run.threshold(1)["worst"], 0.0);
    assert!(
        run.summary.contains("✓  failures: rate < 1% over 1s"),
        "{}",
        run.summary
    );
    let observed = run.threshold(0)["observed"]
        .as_u64()
        .or(run.threshold(0)["observed"].as_f64().map(|us| us as u64));
    assert_eq!(
        observed,
        run.record["totals"]["response_us"]["p99"].as_u64()
    );
}

#[test]
fn a_crossed_threshold_fails_the_run_and_is_named() {
    let run = run(
        &with(SPIKE, &["-t", "2s", "--pacing", "max", "--quiet"]),
        &["requests: rate > 100000000", "response: min < 1us over 1s"],
    );
    assert_eq!(run.exit_code, 99, "{}", run.summary);
    assert_eq!(run.record["exit_code"], 99);
    assert!(
        run.verdict()
            .starts_with("Threshold `requests: rate > 100000000` was crossed ("),
        "{}",
        run.verdict()
    );
    assert!(
        run.summary.contains("✗  response: min < 1us over 1s"),
        "{}",
        run.summary
    );
    assert!(
        run.summary
            .contains("Exit code 99: a threshold was crossed")
    );
    assert_eq!(run.threshold(1)["crossed_at_s"], 1.0);
    assert_eq!(run.record["interrupted"], false);
}

#[test]
fn a_crossed_threshold_can_end_the_run_early() {
    let run = run(
        &with(SPIKE, &["-t", "10m", "--pacing", "max"]),
        &["requests: count < 10 abort", "failed: count == 0"],
    );
    assert_eq!(run.exit_code, 99, "{}", run.summary);
    assert_eq!(run.record["interrupted"], false);
    assert_eq!(run.threshold(0)["aborted"], true);
    assert_eq!(run.threshold(1)["verdict"], "held");
    let measured_s = run.record["measured_s"].as_f64().unwrap();
    assert!(measured_s < 600.0, "{measured_s}");
    assert!(
        run.verdict().contains("and ended the run"),
        "{}",
        run.verdict()
    );
}

#[test]
fn a_threshold_outranks_failed_requests_and_may_be_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("strict.toml");
    let text = r#"
        name = "strict"
        description = "a check"
        classes = ["SpikeUser"]
        users = 3
        spawn_rate = 1000
        run_time = "2s"
        pacing = "max"
        thresholds = [{ expr = "failures: count < 1", abort_on_fail = false }, "response{phase=\"spawning\"}: p99 < 1us"]
    "#;
    std::fs::write(&path, text).unwrap();
    let profile = ["--profile", path.to_str().unwrap(), "--sandbox"];
    let chaos = with(&profile, &["--chaos", "reset=1"]);
    let failing = run(&chaos, &[]);
    assert_eq!(failing.exit_code, 99, "{}", failing.summary);
    let own = run(
        &with(&chaos, &["--no-thresholds"]),
        &["requests: count > 0"],
    );
    assert_eq!(own.exit_code, 1, "{}", own.summary);
    assert_eq!(own.record["thresholds"].as_array().unwrap().len(), 1);
}

#[test]
fn what_nobody_can_tell_is_told_and_crosses_nothing() {
    let run = run(
        &["SpikeUser", "--sandbox", "-u", "50", "-r", "1", "-t", "2s"],
        &["response{phase=\"steady\"}: p99 < 1us"],
    );
    assert_eq!(run.exit_code, 0, "{}", run.summary);
    assert_eq!(run.threshold(0)["verdict"], "undecided");
    assert_eq!(
        run.threshold(0)["why"],
        "no data: the run had no such phase"
    );
    assert!(
        run.verdict().contains("could not be judged"),
        "{}",
        run.verdict()
    );
    assert!(
        run.summary.contains("?  response{phase=\"steady\"}"),
        "{}",
        run.summary
    );
}

#[test]
fn mistakes_are_shown_at_their_character_before_anything_is_sent() {
    let told = refused(SPIKE, &["response: p(99) <> 300ms"]);
    assert!(
        told.contains("\n  response: p(99) <> 300ms\n                   ^"),
        "{told}"
    );
    let told = refused(
        SPIKE,
        &["response{name=\"[SPIKE] POST /custmers\"}: p(99) < 300ms"],
    );
    assert!(
        told.contains("did you mean `[SPIKE] POST /customers`?"),
        "{told}"
    );
    assert!(told.contains("\n                ^"), "{told}");
    let told = refused(SPIKE, &["races: overlapped > 1%"]);
    assert!(told.contains("this plan makes no races"), "{told}");
    let told = refused(&with(SPIKE, &["--no-thresholds"]), &["shed: count == 0"]);
    assert!(told.contains("open model only"), "{told}");
}
