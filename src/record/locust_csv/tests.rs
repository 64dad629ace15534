//! The four files of a small run, against golden ones.

use super::super::locust_figures::rounded_ms;
use super::*;
use crate::record::golden::assert_golden;
use crate::record::made_up;
use crate::stats::{Outcome, SetShape};
use std::sync::Arc;

fn files_of_run(full_history: bool) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let prefix = directory.path().join("new/run");
    let names = made_up::context().names;
    let mut csv =
        LocustCsv::create(&prefix, &names, full_history, made_up::start()).expect("created");
    let mut totals = Totals::new(Arc::new(made_up::context()));
    let nothing = csv.rewrite_totals(&totals);
    assert!(nothing.is_ok() && read(&prefix, "_stats.csv").ends_with(b",N/A,N/A\r\n"));
    for second in made_up::seconds() {
        totals.absorb(&second);
        csv.second(&second, &totals).expect("written");
    }
    csv.finish(&totals).expect("written");
    (directory, prefix)
}

fn read(prefix: &Path, suffix: &str) -> Vec<u8> {
    std::fs::read(with_suffix(prefix, suffix)).expect("there")
}

#[test]
fn the_files_of_a_run() {
    let (directory, prefix) = files_of_run(false);
    for suffix in [
        "_stats.csv",
        "_stats_history.csv",
        "_failures.csv",
        "_exceptions.csv",
    ] {
        assert_golden(&format!("locust{suffix}"), &read(&prefix, suffix));
    }
    let entries = std::fs::read_dir(directory.path().join("new")).expect("there");
    assert_eq!(entries.count(), 4, "temporary files are gone");
}

#[test]
fn what_a_live_run_offers_are_the_same_files() {
    let live = made_up::live();
    let stats = live.stats_text().expect("text");
    assert_golden("locust_stats.csv", &stats);
    assert_golden("locust_failures.csv", &live.failures_text().expect("text"));
    let idle = made_up::lives(
        made_up::context(),
        &[MergedInterval::new(SetShape::default())],
    );
    let nothing = stats_text(&Totals::new(Arc::new(made_up::context())));
    assert_eq!(
        idle[0].stats_text().expect("text"),
        nothing.expect("text"),
        "before the first request"
    );
}

#[test]
fn the_full_history_has_a_row_a_name() {
    let (_directory, prefix) = files_of_run(true);
    assert_golden(
        "locust_full_stats_history.csv",
        &read(&prefix, "_stats_history.csv"),
    );
}

#[test]
fn history_before_the_first_request_has_no_percentiles() {
    let directory = tempfile::tempdir().expect("a directory");
    let prefix = directory.path().join("idle");
    let mut csv = LocustCsv::create(&prefix, &[], false, made_up::start()).expect("created");
    let mut second = MergedInterval::new(SetShape {
        names: 0,
        journeys: 0,
        races: 0,
        rules: 0,
    });
    second.end_us = 1_000_000;
    let totals = Totals::new(Arc::new(made_up::context()));
    csv.second(&second, &totals).expect("written");
    let text = String::from_utf8(read(&prefix, "_stats_history.csv")).expect("text");
    let not_available = ["N/A"; 11].join(",");
    let row =
        format!("1795340108,0,,Aggregated,0.000000,0.000000,{not_available},0,0,0,0,0,0,0\r\n");
    assert!(text.ends_with(&row), "{text}");
}

#[test]
fn moving_figures_forget_after_ten_seconds() {
    let directory = tempfile::tempdir().expect("a directory");
    let prefix = directory.path().join("moving");
    let mut csv = LocustCsv::create(&prefix, &[], false, made_up::start()).expect("created");
    let mut totals = Totals::new(Arc::new(made_up::context()));
    for ordinal in 0..11_u64 {
        let mut second = MergedInterval::new(made_up::context().shape());
        (second.start_us, second.end_us) = (ordinal * 1_000_000, (ordinal + 1) * 1_000_000);
        let latency_us = if ordinal == 0 { 900_000 } else { 2_000 };
        second.all.response.record_us(latency_us);
        second.all.outcomes[Outcome::Success] = if ordinal == 0 { 31 } else { 1 };
        totals.absorb(&second);
        csv.second(&second, &totals).expect("written");
    }
    let text = String::from_utf8(read(&prefix, "_stats_history.csv")).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[10].contains("Aggregated,4.000000,0.000000,2,"),
        "{}",
        lines[10]
    );
    assert!(lines[10].contains(",900,40,0,"), "{}", lines[10]);
    assert!(
        lines[11].contains("Aggregated,1.000000,0.000000,2,2,2,2,2,2,2,2,2,2,2,41,"),
        "{}",
        lines[11]
    );
}

#[test]
fn milliseconds_are_rounded_and_not_cut() {
    assert_eq!(
        [0, 499, 500, 1_499, 1_500, 123_456].map(rounded_ms),
        [0, 0, 1, 1, 2, 123]
    );
}
