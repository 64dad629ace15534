//! Whole comparisons of made-up runs: what is said, what is refused, what is left out.

use super::*;
use crate::pieces::SummaryStyle;
use crate::plan::ExitCode;
use crate::record::Record;
use crate::record::golden::{assert_golden, at_widths};
use std::path::{Path, PathBuf};

const PLAIN: SummaryStyle = SummaryStyle {
    width: None,
    colour: false,
};

/// A run: `pace` 1.05 is a shop that takes 5 % longer; noise is the number's own.
fn run(number: u64, pace: f64) -> RunEvidence {
    let mut rng = fastrand::Rng::with_seed(number);
    let mut noisy = |value: f64, spread: f64| value * (1.0 + spread * (rng.f64() - 0.5));
    let mut whole = MeasuredValues::new();
    whole.insert(
        ComparedQuantity::Throughput,
        MeasuredValue::exact(noisy(1_000.0 / pace, 0.02)),
    );
    for (percentile, us) in [
        (Percentile::P50, 4_000.0),
        (Percentile::P95, 9_000.0),
        (Percentile::P99, 12_000.0),
    ] {
        for time in [Time::Response, Time::Service] {
            let value = noisy(us * pace, 0.03).round();
            let value = MeasuredValue {
                value,
                half_step: 2.0,
            };
            whole.insert(ComparedQuantity::Latency(time, percentile), value);
        }
    }
    for outcome in ["failures", "failed", "unknown", "refused", "conflict"] {
        whole.insert(ComparedQuantity::Share(outcome), MeasuredValue::exact(0.0));
    }
    let share = noisy(0.01, 0.1);
    whole.insert(
        ComparedQuantity::Share("refused"),
        MeasuredValue::exact(share),
    );
    whole.insert(
        ComparedQuantity::DrainRate("identity".to_owned()),
        MeasuredValue::exact(noisy(24.0 / pace, 0.02)),
    );
    let names = ["POST /customers", "PUT /orders/{id}/confirm", "GET /rare"].map(|name| {
        let mut values = whole.clone();
        values.retain(|quantity, _| {
            name != "GET /rare"
                && matches!(
                    quantity,
                    ComparedQuantity::Latency(_, Percentile::P50 | Percentile::P99)
                )
        });
        (("POST".to_owned(), name.to_owned()), values)
    });
    RunEvidence {
        path: PathBuf::from(format!("results/run-{number}")),
        run_id: Some(format!("run{number}")),
        plan_hash: Some("00000000deadbeef".to_owned()),
        profile: "load".to_owned(),
        failure_rule: Some("default".to_owned()),
        made_with: "shopblast, somewhere".to_owned(),
        measured_s: Some(60.0),
        requests: 60_000,
        steady: Some(whole.clone()),
        whole,
        names: names.into(),
        ..RunEvidence::default()
    }
}

fn side(name: &str, numbers: std::ops::Range<u64>, pace: f64) -> Side {
    Side {
        name: name.to_owned(),
        runs: numbers.map(|number| run(number, pace)).collect(),
    }
}

fn question() -> ComparisonQuestion {
    ComparisonQuestion {
        command: "shopblast compare a -- b".to_owned(),
        confidence: 0.95,
        margin: 0.02,
        share_margin: 0.001,
        seed: 1,
        paired: false,
        different_plans: false,
        fail_on_worse: true,
        fail_on_saturation: true,
    }
}

fn compared(sides: &[Side]) -> (ComparisonRecord, ExitCode) {
    compare(sides, None, &question()).expect("comparable")
}

fn row<'a>(record: &'a ComparisonRecord, quantity: &str) -> &'a RowRecord {
    let mut rows = record.comparisons[0].overall.rows.iter();
    rows.find(|row| row.quantity == quantity).expect(quantity)
}

#[test]
fn five_percent_are_told_in_text_and_json() {
    let sides = [side("one engine", 0..6, 1.0), side("three", 10..16, 1.05)];
    let noise = side("noise", 20..24, 1.0);
    let (record, exit_code) = compare(&sides, Some(&noise), &question()).expect("comparable");
    assert_eq!(exit_code, ExitCode::ThresholdCrossed);
    assert_eq!(record.comparisons[0].verdict, Overall::Worse);
    assert_eq!(row(&record, "throughput").verdict, RowVerdict::Worse);
    assert_eq!(
        row(&record, "drain rate identity").verdict,
        RowVerdict::Worse
    );
    assert_golden(
        "compare.txt",
        detailed_comparison_text(&record, PLAIN).as_bytes(),
    );
    assert_golden("compare.json", record.json_text().as_bytes());
    let place = Path::new("results/20260102T030405Z-compare-one-three-abcdef");
    let short = |style| comparison_text(&record, Some(place), style);
    assert_golden("console-compare.txt", at_widths(false, short).as_bytes());
    assert_golden(
        "console-compare-colour.txt",
        at_widths(true, short).as_bytes(),
    );
    let long = |style| detailed_comparison_text(&record, style);
    assert_golden(
        "console-compare-details.txt",
        at_widths(false, long).as_bytes(),
    );
}

#[test]
fn the_same_runs_give_the_same_words_whichever_side_is_first() {
    let [a, b] = [side("a", 0..6, 1.0), side("b", 10..16, 1.05)];
    let (forth, _) = compared(&[a.clone(), b.clone()]);
    let (back, exit_code) = compared(&[b, a]);
    assert_eq!(forth.comparisons[0].verdict, Overall::Worse);
    assert_eq!(back.comparisons[0].verdict, Overall::Better);
    assert_eq!(exit_code, ExitCode::Ok);
    let [forth, back] = [&forth, &back].map(|record| row(record, "throughput").clone());
    assert!((forth.difference.ln_1p() + back.difference.ln_1p()).abs() < 1e-8);
    assert_eq!(forth.p, back.p);
}

#[test]
fn equal_runs_show_no_difference_or_say_how_many_would() {
    let (record, _) = compared(&[side("a", 0..9, 1.0), side("b", 10..19, 1.0)]);
    assert_eq!(record.comparisons[0].verdict, Overall::NoDifference);
    assert!(
        record.sentence.contains("smaller than 2 %"),
        "{}",
        record.sentence
    );
    let strict = ComparisonQuestion {
        margin: 0.002,
        ..question()
    };
    let sides = [side("a", 0..9, 1.0), side("b", 10..19, 1.0)];
    let (record, _) = compare(&sides, None, &strict).expect("comparable");
    let pair = &record.comparisons[0];
    assert_eq!(pair.verdict, Overall::Inconclusive);
    assert!(pair.runs_needed.is_some_and(|runs| runs > 9), "{pair:?}");
}

#[test]
fn one_run_a_side_gets_no_verdict() {
    let (record, exit_code) = compared(&[side("a", 0..1, 1.0), side("b", 10..11, 1.5)]);
    assert_eq!(exit_code, ExitCode::Ok);
    assert_eq!(record.comparisons[0].verdict, Overall::NotJudged);
    let throughput = row(&record, "throughput");
    assert!(throughput.difference < -0.3);
    assert_eq!((throughput.interval, throughput.p), (None, None));
    let text = detailed_comparison_text(&record, PLAIN);
    assert!(
        text.contains("No verdict: one run says nothing about chance; make at least 4 runs"),
        "{text}"
    );
}

#[test]
fn three_runs_a_side_cannot_tell_at_95_percent() {
    let (record, _) = compared(&[side("a", 0..3, 1.0), side("b", 10..13, 1.5)]);
    let pair = &record.comparisons[0];
    assert_eq!(pair.verdict, Overall::Inconclusive);
    assert!(
        pair.sentence.contains("make at least 4 runs of a and of b"),
        "{}",
        pair.sentence
    );
    assert!(row(&record, "throughput").interval.is_some());
}

#[test]
fn runs_in_turns_are_compared_by_round() {
    // Every second round fell into a slow minute, which both sides saw.
    let slow = |name: &str, first: u64, pace: f64| Side {
        name: name.to_owned(),
        runs: (0..8)
            .map(|round| run(first + round, pace * if round % 2 == 0 { 1.0 } else { 1.4 }))
            .collect(),
    };
    let sides = [slow("a", 0, 1.0), slow("b", 10, 1.05)];
    let (apart, _) = compared(&sides);
    assert_eq!(apart.comparisons[0].verdict, Overall::Inconclusive);
    let paired = ComparisonQuestion {
        paired: true,
        ..question()
    };
    let (record, _) = compare(&sides, None, &paired).expect("comparable");
    assert_eq!(record.comparisons[0].verdict, Overall::Worse);
    let mut spoiled = sides.clone();
    spoiled[0].runs[3].unusable = Some(Unusable::Saturated);
    let (record, exit_code) = compare(&spoiled, None, &paired).expect("comparable");
    assert_eq!(exit_code, ExitCode::GeneratorSaturated);
    let left_out = record.sides.iter().map(|side| side.left_out.len());
    assert_eq!(left_out.collect::<Vec<_>>(), [1, 1]);
    let uneven = [sides[0].clone(), side("b", 20..21, 1.0)];
    assert!(matches!(
        compare(&uneven, None, &paired),
        Err(Incomparable::Unpaired(..))
    ));
}

#[test]
fn runs_of_different_plans_are_refused_unless_told() {
    let mut sides = [side("a", 0..2, 1.0), side("b", 10..12, 1.0)];
    sides[1].runs[1].plan_hash = Some("0000000000000bad".to_owned());
    let error = compare(&sides, None, &question()).expect_err("different");
    assert_eq!(error.exit_code(), ExitCode::BadPlan);
    let text = error.to_string();
    for part in [
        "a: 2 × plan 00000000deadbeef",
        "b: 1 × plan 0000000000000bad",
        "--different-plans",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let told = ComparisonQuestion {
        different_plans: true,
        ..question()
    };
    let (record, _) = compare(&sides, None, &told).expect("told");
    assert_eq!(record.plan_hash, None);
    assert!(detailed_comparison_text(&record, PLAIN).contains("The plans differ"));
}

#[test]
fn spoiled_runs_are_named_and_never_compared() {
    let mut sides = [side("a", 0..5, 1.0), side("b", 10..15, 1.0)];
    sides[0].runs[2].unusable = Some(Unusable::Saturated);
    sides[1].runs[0].unusable = Some(Unusable::Incomplete("it was interrupted"));
    let (record, exit_code) = compared(&sides);
    assert_eq!(exit_code, ExitCode::GeneratorSaturated);
    assert_eq!(record.sides[0].runs.len(), 4);
    let text = detailed_comparison_text(&record, PLAIN);
    assert!(
        text.starts_with("Left out of a: results/run-2: the generator was at its limit"),
        "{text}"
    );
    assert!(
        text.contains("Left out of b: results/run-10: it was interrupted"),
        "{text}"
    );
    let lenient = ComparisonQuestion {
        fail_on_saturation: false,
        ..question()
    };
    let (_, exit_code) = compare(&sides, None, &lenient).expect("comparable");
    assert_eq!(exit_code, ExitCode::Ok);
    for run in &mut sides[0].runs {
        run.unusable = Some(Unusable::Saturated);
    }
    let error = compare(&sides, None, &question()).expect_err("nothing left");
    assert_eq!(error.exit_code(), ExitCode::GeneratorSaturated);
    assert!(error.to_string().contains("results/run-4"), "{error}");
}

#[test]
fn a_run_counts_once() {
    let sides = [side("a", 0..3, 1.0), side("b", 2..5, 1.0)];
    let error = compare(&sides, None, &question()).expect_err("twice");
    assert!(
        error.to_string().contains("results/run-2 is named twice"),
        "{error}"
    );
}

#[test]
fn differences_within_the_noise_are_not_claimed() {
    let sides = [side("a", 0..6, 1.0), side("b", 10..16, 1.05)];
    let noise = Side {
        name: "noise".to_owned(),
        runs: (20..26)
            .map(|number| run(number, 1.0 + 0.1 * (number % 3) as f64))
            .collect(),
    };
    let (record, _) = compare(&sides, Some(&noise), &question()).expect("comparable");
    assert_eq!(record.comparisons[0].verdict, Overall::Inconclusive);
    assert!(
        row(&record, "throughput")
            .noise_floor
            .is_some_and(|floor| floor > 0.05)
    );
}

#[test]
fn what_one_side_does_not_measure_is_left_out_and_not_zero() {
    let stats = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
        Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,\
        80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
        ,Aggregated,60000,30,4,4.1,1,90,180,800.5,0.4,4,5,5,6,8,9,11,12,40,80,90\r\n";
    let mut locust = locust::read(stats.as_bytes(), locust::LocustFile::Stats).expect("read");
    locust.path = PathBuf::from("locust_stats.csv");
    let sides = [
        Side {
            name: "Locust".to_owned(),
            runs: vec![locust],
        },
        side("shopblast", 0..1, 1.0),
    ];
    let told = ComparisonQuestion {
        different_plans: true,
        ..question()
    };
    assert!(compare(&sides, None, &question()).is_err());
    let (record, _) = compare(&sides, None, &told).expect("told");
    let pair = &record.comparisons[0];
    let quantities: Vec<&str> = pair
        .overall
        .rows
        .iter()
        .map(|row| row.quantity.as_str())
        .collect();
    assert_eq!(
        quantities,
        [
            "throughput",
            "response p50",
            "response p95",
            "response p99",
            "failures"
        ]
    );
    assert!(
        pair.overall
            .left_out
            .iter()
            .any(|text| text.starts_with("not measured in every run: service p50"))
    );
    assert_golden(
        "compare-locust.txt",
        detailed_comparison_text(&record, PLAIN).as_bytes(),
    );
}
