//! Golden summaries: as it is in a pipe, on a narrow terminal in colour, and in doubt.

use super::*;
use crate::record::golden::assert_golden;
use crate::record::{Circumstances, made_up, verdict};
use crate::stats::{GeneratorState, LittlesLaw};

const PIPE: SummaryStyle = SummaryStyle {
    width: None,
    colour: false,
};

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

#[test]
fn in_a_pipe() {
    let text = summary_text(&judged(made_up::record()), &files(), &PIPE);
    assert_golden("summary.txt", text.as_bytes());
}

#[test]
fn with_races() {
    let record = judged(made_up::contested_record());
    assert_eq!(record.exit_code, Some(96));
    let text = summary_text(&record, &files(), &PIPE);
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
    let text = summary_text(&record, &files(), &PIPE);
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
fn on_a_terminal_of_100_columns() {
    let style = SummaryStyle {
        width: Some(100),
        colour: true,
    };
    let text = summary_text(&judged(made_up::record()), &files(), &style);
    assert_golden("summary-colour.txt", text.as_bytes());
}

#[test]
fn tables_fit_the_terminal() {
    for columns in [80, 96, 120, 140, 200] {
        let style = SummaryStyle {
            width: Some(columns),
            colour: false,
        };
        let record = judged(made_up::record());
        for table in [
            figures_table(&record, style).to_string(),
            errors_section(&record, style),
        ] {
            let widest = table.lines().map(|line| line.chars().count()).max();
            assert!(
                widest <= Some(columns.into()),
                "{columns} columns:\n{table}"
            );
        }
    }
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
    let text = summary_text(&record, &files(), &PIPE);
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
    let text = summary_text(&record, &files(), &PIPE);
    assert!(text.contains("Steady state: not reached"), "{text}");
    assert!(
        !text.contains("Errors") && !text.contains("Exit code"),
        "{text}"
    );
}
