//! What reports of a killed run hold, however old its `run.json` is.

use crate::record::{
    CsvColumns, DistributionCsv, InvariantRecord, LatencyKind, LiveSink, Record, RecordDirectory,
    Recorded, RunRecord, made_up,
};
use crate::stats::{IntervalSink, MergedInterval, RuleVerdict, RunContext, Totals};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The record of a run of `context` that was killed when its files had these seconds, and its
/// `run.json` those of `run_json_seconds`.
fn killed(
    results: &Path,
    context: RunContext,
    seconds: &[MergedInterval],
    run_json_seconds: usize,
) -> PathBuf {
    let facts = made_up::facts();
    let directory =
        RecordDirectory::create(results, "spike", "abcdef", facts.started).expect("made");
    let mut sinks = directory
        .sinks(&facts, &context, None, false)
        .expect("started");
    let mut live = LiveSink::new(facts, drop).writing(&directory.run_json());
    let mut totals = Totals::new(Arc::new(context));
    for (number, second) in seconds.iter().enumerate() {
        totals.absorb(second);
        for sink in &mut sinks {
            sink.second(second, &totals).expect("written");
        }
        if number < run_json_seconds {
            live.second(second, &totals).expect("written");
        }
    }
    directory.path().to_owned()
}

/// What people look at first.
fn figures(run: &RunRecord) -> Vec<(String, [u64; 10])> {
    let all = [("all".to_owned(), &run.totals)];
    let names = run
        .names
        .iter()
        .map(|name| (name.name.clone(), &name.figures));
    let rows = all.into_iter().chain(names);
    rows.map(|(name, figures)| {
        let response = &figures.response_us;
        let counts = [
            figures.requests,
            figures.success,
            figures.refused,
            figures.failed,
            figures.unknown,
            figures.failures,
            response.p50,
            response.p99,
            figures.service_us.p99,
            figures.lag_us.p99,
        ];
        (name, counts)
    })
    .collect()
}

#[test]
fn the_newest_second_wins_however_old_run_json_is() {
    let results = tempfile::tempdir().expect("a directory");
    let seconds = made_up::seconds();
    let all = made_up::record();
    for known in 0..=seconds.len() {
        let directory = killed(results.path(), made_up::context(), &seconds, known);
        let run = Recorded::read(&directory).expect("a record").run;
        assert!(!run.finished);
        assert_eq!(
            figures(&run),
            figures(&all),
            "{known} seconds are in run.json"
        );
        assert_eq!(run.totals.bytes_in, all.totals.bytes_in, "{known}");
        assert_eq!(run.peak_users, all.peak_users, "{known}");
        assert!(run.measured_s >= all.measured_s, "{known}");
    }
}

/// The rows of a `distribution.csv`: kind, method and name with what can be compared.
fn distribution(columns: &CsvColumns) -> BTreeMap<[String; 3], [String; 4]> {
    let texts = |name: &str| -> Vec<String> { columns.texts(name).map(str::to_owned).collect() };
    let keys = ["kind", "method", "name"].map(texts);
    let figures = ["count", "p50", "p99", "bands"].map(texts);
    let rows = 0..columns.len();
    rows.map(|row| {
        let key = keys.each_ref().map(|column| column[row].clone());
        (key, figures.each_ref().map(|column| column[row].clone()))
    })
    .collect()
}

#[test]
fn how_latencies_are_distributed_is_no_older_than_the_last_second() {
    let results = tempfile::tempdir().expect("a directory");
    let seconds = made_up::seconds();
    let path = results.path().join("whole.csv");
    let totals = made_up::totals();
    DistributionCsv::new(&path)
        .finish(&totals)
        .expect("written");
    let whole = distribution(&CsvColumns::read(&path));
    let directory = killed(results.path(), made_up::context(), &seconds, seconds.len());
    let written = CsvColumns::read(&directory.join("distribution.csv"));
    assert_ne!(distribution(&written), whole, "its names are older");
    let read = |directory: &Path| Recorded::read(directory).expect("a record").distribution;
    assert_eq!(distribution(&read(&directory)), whole);
    // Without the logs there is what there was.
    for kind in LatencyKind::ALL {
        std::fs::remove_file(directory.join(kind.file_name())).expect("removed");
    }
    assert_eq!(read(&directory), written);
}

#[test]
fn without_run_json_the_other_files_tell_what_they_can() {
    let results = tempfile::tempdir().expect("a directory");
    let directory = killed(results.path(), made_up::context(), &made_up::seconds(), 0);
    for gone in [None, Some("{\"finis")] {
        match gone {
            None => std::fs::remove_file(directory.join("run.json")).expect("removed"),
            Some(half) => std::fs::write(directory.join("run.json"), half).expect("written"),
        }
        let run = Recorded::read(&directory).expect("a record").run;
        assert_eq!(
            (run.profile.as_str(), run.run_id.as_str()),
            ("spike", "abcdef")
        );
        assert!(
            run.started.starts_with("2026-11-22T09:35:07"),
            "{}",
            run.started
        );
        assert_eq!(figures(&run), figures(&made_up::record()));
        assert!(run.json_text().contains("run.json is missing"));
    }
}

#[test]
fn no_violation_of_a_ledger_is_missing() {
    let results = tempfile::tempdir().expect("a directory");
    let context = made_up::contested_context();
    let mut broken = made_up::contested_second();
    broken.start_us = 0;
    broken.end_us = 1_000_000;
    for known in 0..=1 {
        let seconds = std::slice::from_ref(&broken);
        let directory = killed(results.path(), context.clone(), seconds, known);
        let run = Recorded::read(&directory).expect("a record").run;
        let named = |name: &str| {
            let mut rules = run.invariants.iter();
            let found: Option<&InvariantRecord> = rules.find(|rule| rule.name == name);
            found.unwrap_or_else(|| panic!("{name}, {known}")).clone()
        };
        for violation in &broken.contests.ledger.violations {
            let rule = named(&violation.rule);
            let verdict = match rule.enforced {
                true => RuleVerdict::Violated,
                false => RuleVerdict::Known,
            };
            assert_eq!(rule.verdict, verdict, "{}, {known}", rule.name);
            assert!(rule.violated > 0 && rule.why.is_some() && !rule.text.is_empty());
            let number = rule.witness.expect("a witness");
            let mut witnesses = run.witnesses.iter();
            let witness = witnesses.find(|witness| witness.number == number);
            assert_eq!(witness.expect("kept").violation.rule, rule.name);
        }
        let mut numbers: Vec<u64> = run.witnesses.iter().map(|it| it.number).collect();
        let all = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "{known}");
    }
}
