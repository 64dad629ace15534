//! Golden summaries: a person's first lines and all of it, in a pipe and on terminals of several widths,
//! with and without colour, and in doubt.

use super::*;
use crate::plan::ClockOffset;
use crate::record::golden::{assert_golden, at_widths};
use crate::record::observing::made_up::observation;
use crate::record::{Circumstances, ErrorRecord, ShardRow, made_up, observed_record, verdict};
use crate::report::recovery_text::tests::made_up as made_up_recovery;
use crate::stats::{GeneratorState, LittlesLaw};

const PIPE: SummaryStyle = SummaryStyle::PLAIN;

fn judged(mut record: RunRecord) -> RunRecord {
    let circumstances = Circumstances {
        fail_on_saturation: true,
        exit_code_on_error: 1,
    };
    let verdict = verdict(&record, circumstances);
    (record.verdict, record.exit_code) =
        (verdict.sentence, Some(i32::from(verdict.exit_code.value())));
    record
}

fn files() -> Vec<String> {
    vec!["results/20261122T093507Z-spike-abcdef/run.json".to_owned()]
}

/// A run in which nothing is wrong.
fn clean_record() -> RunRecord {
    let mut record = made_up::record();
    let clean = |figures: &mut crate::record::Figures| {
        figures.success += figures.failed + figures.unknown;
        (figures.failed, figures.unknown, figures.failures) = (0, 0, 0);
    };
    clean(&mut record.totals);
    record
        .names
        .iter_mut()
        .for_each(|name| clean(&mut name.figures));
    record
        .phases
        .iter_mut()
        .for_each(|phase| clean(&mut phase.figures));
    record.errors.clear();
    record.generator.state = GeneratorState::Clean;
    record
}

#[test]
fn a_person_reads_ten_lines_of_a_clean_run() {
    let record = judged(clean_record());
    let files = ["results/20261122T093507Z-spike-abcdef/".to_owned()];
    let text = |style| summary_text(&record, &files, &style);
    assert_golden("console-clean.txt", at_widths(false, text).as_bytes());
    for width in [None, Some(80), Some(100), Some(200)] {
        let told = text(SummaryStyle { width, ..PIPE });
        assert!(told.lines().count() <= 10, "{width:?}:\n{told}");
        assert!(told.starts_with("✓ "), "{told}");
    }
}

#[test]
fn what_went_wrong_is_among_the_first_lines() {
    let mut record = made_up::contested_record();
    let watched = made_up::watched_record();
    record.thresholds = watched.thresholds;
    record.losses = vec!["cannot write series.csv: no space left on device".to_owned()];
    record.generator.state = GeneratorState::AtItsLimit;
    record.generator.reasons = vec!["core 1 was busy for 99 % of 3 s".to_owned()];
    record.recovery = Some(made_up_recovery());
    record.observed = Some(observed_record(&observation(), &record, &[]));
    let record = judged(record);
    let files = ["results/20261122T093507Z-spike-abcdef/", "mine/report.html"].map(str::to_owned);
    let text = |style| summary_text(&record, &files, &style);
    assert_golden("console-troubled.txt", at_widths(false, text).as_bytes());
    assert_golden(
        "console-troubled-colour.txt",
        at_widths(true, text).as_bytes(),
    );
    let told = text(PIPE);
    for truth in [
        "THE RECORD IS NOT WHOLE",
        "no space left on device",
        "GENERATOR AT ITS LIMIT",
        "core 1 was busy",
        "✗ not-oversold, 2 of 90: 5 pieces were granted of 3 that there were",
        "✗ failed: rate < 0.1%: 0.27 %; crossed from 3 s",
        "Witness of not-oversold",
        "curl -s -X POST http://127.0.0.1:8000/inventory/i/reserve",
        "3× failed 500 POST /customers",
        "observatory was not read 1 time",
        "Dead letters of identity: 3 more",
        "did not come back to what it was",
        "mine/report.html",
        "Exit code 96",
    ] {
        assert!(told.contains(truth), "{truth}:\n{told}");
    }
}

#[test]
fn all_of_it_in_a_pipe() {
    let text = detailed_text(&judged(made_up::record()), &files(), &PIPE);
    assert_golden("summary.txt", text.as_bytes());
}

#[test]
fn with_races() {
    let record = judged(made_up::contested_record());
    assert_eq!(record.exit_code, Some(96));
    let text = detailed_text(&record, &files(), &PIPE);
    assert_golden("summary-races.txt", text.as_bytes());
    let brief = brief_text(&record, &files(), &PIPE);
    assert!(
        brief.contains("not-oversold") && brief.contains("curl"),
        "{brief}"
    );
}

#[test]
fn with_thresholds() {
    let record = judged(made_up::watched_record());
    assert_eq!(record.exit_code, Some(99));
    let text = detailed_text(&record, &files(), &PIPE);
    assert_golden("summary-thresholds.txt", text.as_bytes());
    let brief = brief_text(&record, &files(), &PIPE);
    assert!(brief.contains("✗  failed: rate < 0.1%"), "{brief}");
    assert!(!brief.contains("✓"), "{brief}");
}

#[test]
fn a_target_that_never_does_two_things_at_once_is_told_of() {
    let mut record = judged(made_up::contested_record());
    let told = |record: &RunRecord| summary_text(record, &files(), &PIPE).contains("one at a time");
    assert!(!told(&record));
    for race in &mut record.races {
        race.overlapped = 0;
    }
    assert!(told(&record));
    for race in &mut record.races {
        race.count = 3;
    }
    assert!(!told(&record), "too few to tell");
}

#[test]
fn on_terminals_all_of_it_fits_and_says_what_found_no_room() {
    let mut record = made_up::contested_record();
    record.thresholds = made_up::watched_record().thresholds;
    record.recovery = Some(made_up_recovery());
    record.observed = Some(observed_record(&observation(), &record, &[]));
    let record = judged(record);
    let text = |style| detailed_text(&record, &files(), &style);
    let told = at_widths(false, text);
    assert!(told.contains("(80 columns have no room for: "), "{told}");
    assert_golden("console-details.txt", told.as_bytes());
    let text = |style| detailed_text(&judged(made_up::record()), &files(), &style);
    assert_golden("summary-colour.txt", at_widths(true, text).as_bytes());
}

#[test]
fn saturation_comes_first() {
    let mut record = made_up::record();
    record.generator.state = GeneratorState::AtItsLimit;
    record.generator.reasons = vec!["core 1 was busy".to_owned()];
    let text = summary_text(&judged(record), &files(), &PIPE);
    assert!(text.starts_with("GENERATOR AT ITS LIMIT: "), "{text}");
    assert!(text.contains("\n  - core 1 was busy\n"), "{text}");
    assert!(
        text.ends_with("Exit code 95: the generator was at its limit: figures invalid\n"),
        "{text}"
    );
}

#[test]
fn figures_that_do_not_add_up_come_first() {
    let mut record = made_up::record();
    record.generator.littles_law = Some(LittlesLaw {
        users: 4.0,
        expected_users: 2.0,
        ratio: 0.5,
        adds_up: false,
    });
    record.generator.reasons = vec!["the figures do not add up: half".to_owned()];
    let text = summary_text(&judged(record), &files(), &PIPE);
    assert!(
        text.starts_with("THE FIGURES DO NOT ADD UP\n  - the figures"),
        "{text}"
    );
}

#[test]
fn only_ten_kinds_of_errors_are_shown() {
    let mut record = made_up::record();
    let row = record.errors[0].clone();
    record.errors = (0..13)
        .map(|kind| ErrorRecord {
            reason: format!("kind {kind}"),
            ..row.clone()
        })
        .collect();
    record.errors_cut = 4;
    let text = detailed_text(&record, &files(), &PIPE);
    assert!(
        text.contains("kind 9") && !text.contains("kind 10"),
        "{text}"
    );
    assert!(
        text.contains("3 more kinds in run.json, 4 requests of kinds not kept"),
        "{text}"
    );
}

#[test]
fn a_run_without_steady_state_or_errors_says_so() {
    let mut record = made_up::record();
    record.phases.retain(|phase| phase.name == "spawning");
    record.errors.clear();
    record.exit_code = Some(0);
    let text = detailed_text(&record, &files(), &PIPE);
    assert!(text.contains("Steady state: not reached"), "{text}");
    assert!(
        !text.contains("Errors") && !text.contains("Exit code"),
        "{text}"
    );
}

fn shard(number: u32, host: &str, state: GeneratorState, worst_own_share: f64) -> ShardRow {
    ShardRow {
        number,
        host: host.to_owned(),
        cores: 8,
        requests: 1_234_567 / u64::from(number),
        state: Some(state),
        worst_own_share,
        last_s: 3.25,
        ..ShardRow::default()
    }
}

/// Four shards: a sound one, one at its limit, one that was cut off and one that is missing.
fn merged_record() -> RunRecord {
    let clock = |offset_us, bound_us| {
        Some(ClockOffset {
            offset_us,
            bound_us,
        })
    };
    let mut record = made_up::record();
    record.shards = vec![
        ShardRow {
            clock: clock(-1_200, 300),
            ..shard(1, "berlin", GeneratorState::Clean, 0.004)
        },
        ShardRow {
            clock: clock(15, 80),
            started_after_s: 0.012_5,
            ..shard(2, "hamburg", GeneratorState::AtItsLimit, 0.31)
        },
        ShardRow {
            missing: Some("was cut off after 1.0 s".to_owned()),
            last_s: 1.0,
            ..shard(3, "odd\u{1b}[2Jname", GeneratorState::Disturbed, 0.02)
        },
        ShardRow::absent(4, "is missing".to_owned()),
    ];
    record
}

#[test]
fn the_shards_are_in_the_details_of_a_merged_record_alone() {
    let text = |style| detailed_text(&judged(merged_record()), &files(), &style);
    let all = text(PIPE);
    let whole = detailed_text(&made_up::record(), &files(), &PIPE);
    assert!(!whole.contains("Shards\n"), "{whole}");
    assert!(all.starts_with("THIS IS A PART OF THE RUN"), "{all}");
    assert!(!all.contains('\u{1b}'), "{all}");
    // Those of the shards, and not of the leader, which sends nothing.
    assert!(all.contains("24 workers of 4 shards, seed"), "{all}");
    at_widths(false, text);
    let section = |style| shards_section(&merged_record(), style) + "\n";
    assert!(all.contains(&section(PIPE)), "{all}");
    assert_golden("console-shards.txt", at_widths(false, section).as_bytes());
}
