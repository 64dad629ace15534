//! Reports made by the built binary: at the end of a run, again from its record, and from the record
//! of a run that was killed.

use crate::invocation::{Ended, Invocation, run, shopblast};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

const RUN: &str = "--profile smoke --pacing max --sandbox -u 4 -r 4 -t 2s";

fn report(arguments: &[&str], record: &Path) -> Output {
    shopblast()
        .arg("report")
        .arg(record)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

fn page_in(ended: &Ended) -> String {
    let path = ended.record_directory().join("report.html");
    std::fs::read_to_string(path).expect("a report")
}

#[test]
fn a_run_leaves_its_report_and_a_copy_where_it_is_wanted() {
    let copies = tempfile::tempdir().expect("a directory");
    let copy = copies.path().join("copy.html");
    let ended = run(&format!("{RUN} --html {}", copy.display()));
    let page = page_in(&ended);
    assert_eq!(std::fs::read_to_string(&copy).expect("a copy"), page);
    assert!(ended.out.contains("copy.html"), "{}", ended.told());
    let requests = ended.record()["totals"]["requests"].as_u64();
    let cell = format!("data-value=\"{}\"", requests.expect("a number"));
    let (_, footer) = page.split_once("<tfoot>").expect("a table");
    assert!(footer.contains(&cell), "{cell}");
    assert!(!page.contains("was cut off"));

    let directory = ended.record_directory();
    let again = report(&["--out", "-"], &directory);
    assert!(again.status.success(), "{again:?}");
    assert!(again.stderr.is_empty(), "{again:?}");
    assert_eq!(String::from_utf8_lossy(&again.stdout), page);
    let by_file = report(&[], &directory.join("run.json"));
    let told = String::from_utf8_lossy(&by_file.stderr).into_owned();
    assert!(told.trim_end().ends_with("report.html"), "{told}");
}

#[test]
fn a_killed_run_still_yields_a_report_that_says_so() {
    let invocation = Invocation::begin("--profile smoke --pacing max --sandbox -t 60s");
    let record = loop {
        match invocation.record_path() {
            Some(path) => break path,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let kept = invocation.kill();
    let directory = record.parent().expect("its directory");
    assert!(!directory.join("report.html").exists());
    let made = report(&[], directory);
    assert!(made.status.success(), "{made:?}");
    let page = std::fs::read_to_string(directory.join("report.html")).expect("a report");
    assert!(page.contains("This run was cut off"));
    drop(kept);
}

#[test]
fn without_a_record_there_is_a_clear_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = report(&[], directory.path());
    assert_eq!(output.status.code(), Some(104));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("run.json"), "{told}");
    assert!(told.contains("name the directory of a record"), "{told}");
}

/// Reads every report of the record in `directory` that shows rules.
fn reports_with_rules(directory: &Path) -> Vec<(&'static str, String)> {
    ["md", "junit", "html"]
        .map(|format| {
            let made = report(&["--format", format, "--out", "-"], directory);
            assert!(made.status.success(), "{format}: {made:?}");
            (format, String::from_utf8_lossy(&made.stdout).into_owned())
        })
        .into()
}

#[test]
fn a_killed_run_reports_every_violation_and_every_request_of_its_record() {
    let run = "--profile race-audit --sandbox --bug double-refund=0.1 --pacing max -t 60s --no-tui";
    let invocation = Invocation::begin(run);
    let run_json = invocation.wait_for_record();
    let directory = run_json.parent().expect("its directory").to_owned();
    let ledger = directory.join("ledger.jsonl");
    let give_up = std::time::Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&ledger).map_or(0, |found| found.len()) == 0 {
        assert!(std::time::Instant::now() < give_up, "no violation");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kept = invocation.kill();
    let text = std::fs::read_to_string(&ledger).expect("a ledger");
    let first: serde_json::Value =
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    let rule = first["rule"].as_str().expect("a rule");
    for (format, report) in reports_with_rules(&directory) {
        assert!(report.contains(rule), "{format}: {report}");
    }
    // What the interval logs hold is what the reports say.
    let series = std::fs::read_to_string(directory.join("series.csv")).expect("a series");
    let whole = &series[..series.rfind('\n').expect("lines")];
    let cells = whole.lines().skip(1).map(|line| line.split(',').nth(4));
    let requests: u64 = cells
        .map(|cell| {
            cell.and_then(|cell| cell.parse::<u64>().ok())
                .expect("a number")
        })
        .sum();
    let summary = report(&["--format", "summary", "--out", "-"], &directory);
    let summary: serde_json::Value = serde_json::from_slice(&summary.stdout).expect("JSON");
    assert_eq!(
        summary["metrics"]["http_reqs"]["count"], requests,
        "{summary}"
    );
    std::fs::remove_file(run_json).expect("removed");
    for (format, report) in reports_with_rules(&directory) {
        assert!(report.contains(rule), "{format} without run.json: {report}");
    }
    drop(kept);
}
