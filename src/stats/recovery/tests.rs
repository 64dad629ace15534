//! Made-up runs with a spike: back at a known second, never, with a relapse, cut short.

use super::*;
use crate::stats::{Outcome, SetShape};

const S: u64 = SECOND_US;

/// Baseline to second 10, the spike to second 20, then 40 s more.
const EXCURSION: Excursion = Excursion {
    users: 20,
    peak_users: 200,
    baseline_start_us: S / 2,
    baseline_end_us: 10 * S,
    peak_start_us: 10 * S + S / 2,
    peak_end_us: 20 * S,
    back_us: 20 * S + S / 2,
    end_us: 60 * S,
};

/// What one second has: latency of all its requests, their number, the failed ones among them.
#[derive(Clone, Copy)]
struct Made {
    latency_us: u64,
    requests: u64,
    failed: u64,
}

const USUAL: Made = Made {
    latency_us: 10_000,
    requests: 100,
    failed: 0,
};
const SPIKE: Made = Made {
    latency_us: 500_000,
    requests: 300,
    failed: 30,
};
const SLOW: Made = Made {
    latency_us: 400_000,
    requests: 100,
    failed: 0,
};

fn second(ordinal: u64, made: Made) -> MergedInterval {
    let mut interval = MergedInterval::new(SetShape::default());
    interval.start_us = ordinal * S;
    interval.end_us = interval.start_us + S;
    interval.users = 20;
    for _ in 0..made.requests {
        interval.all.response.record_us(made.latency_us);
    }
    interval.all.outcomes[Outcome::Success] = made.requests - made.failed;
    interval.all.outcomes[Outcome::Failed] = made.failed;
    interval
}

/// The run up to `seconds`, with `after` telling each second since the spike.
fn watched(seconds: u64, after: impl Fn(u64) -> Made) -> Recovery {
    let mut recovery = Recovery::new(EXCURSION);
    for ordinal in 0..seconds {
        let made = match ordinal {
            0..10 => USUAL,
            10..20 => SPIKE,
            _ => after(ordinal),
        };
        recovery.second(&second(ordinal, made), FailureRule::Default);
    }
    recovery
}

fn back_after_s(recovery: &Recovery) -> [Option<f64>; 4] {
    RecoveryMeasure::ALL.map(|measure| {
        let settling = recovery.standing(measure).settling;
        settling.back_after_s(20.5)
    })
}

#[test]
fn figures_are_back_in_the_second_in_which_they_are() {
    let recovery = watched(60, |ordinal| match ordinal {
        0..32 => SLOW,
        _ => USUAL,
    });
    let [p50, p99, requests, failures] = back_after_s(&recovery);
    assert_eq!(p99, Some(32.0 - 20.5));
    // Of the window from second 31 on two thirds are as before.
    assert_eq!(p50, Some(31.0 - 20.5));
    assert_eq!((requests, failures), (Some(0.0), Some(0.0)), "at once");
    assert_eq!(recovery.watched_s(), 39.5);
    let told = RecoveryMeasure::ALL.map(|measure| recovery.standing(measure).settling.out_again());
    assert_eq!(told, [0; 4]);
}

#[test]
fn stretches_have_merged_figures() {
    let recovery = watched(60, |_| USUAL);
    let (baseline, peak) = (recovery.baseline(), recovery.peak());
    assert_eq!((baseline.start_s, baseline.end_s), (1.0, 10.0));
    assert_eq!((peak.start_s, peak.end_s), (11.0, 20.0));
    assert_eq!((baseline.requests, peak.requests), (900, 2_700));
    assert_eq!(baseline.value(RecoveryMeasure::ResponseP50), Some(10_000.0));
    assert_eq!(peak.value(RecoveryMeasure::ResponseP99), Some(500_000.0));
    assert_eq!(peak.value(RecoveryMeasure::Requests), Some(300.0));
    assert_eq!(peak.value(RecoveryMeasure::Failures), Some(0.1));
    let limits = RecoveryMeasure::ALL.map(|measure| {
        let tolerance = recovery.standing(measure).tolerance;
        tolerance.expect("a limit").limit
    });
    assert_eq!(limits, [11_000.0, 11_000.0, 90.0, 0.001]);
    let last = recovery.last().expect("a last part");
    // As long as the baseline, 9.5 s, in whole seconds.
    assert_eq!((last.start_s, last.end_s), (51.0, 60.0));
    assert_eq!(last.value(RecoveryMeasure::ResponseP50), Some(10_000.0));
}

#[test]
fn a_shop_that_stays_slow_is_never_back() {
    let recovery = watched(60, |_| SLOW);
    assert_eq!(back_after_s(&recovery), [None, None, Some(0.0), Some(0.0)]);
    let last = recovery.last().expect("a last part");
    assert_eq!(last.value(RecoveryMeasure::ResponseP99), Some(400_000.0));
}

#[test]
fn a_relapse_is_counted() {
    let recovery = watched(60, |ordinal| match ordinal {
        40..44 => SLOW,
        _ => USUAL,
    });
    let p99 = recovery.standing(RecoveryMeasure::ResponseP99).settling;
    assert_eq!(p99.back_after_s(20.5), Some(0.0));
    // Windows that hold one of the four seconds.
    assert_eq!((p99.out_again(), p99.is_out_at_end()), (6, false));
}

#[test]
fn what_the_baseline_itself_had_is_back() {
    let mut recovery = Recovery::new(EXCURSION);
    for ordinal in 0..60 {
        // Every fourth second is slow, before and after the spike.
        let made = match ordinal {
            10..20 => SPIKE,
            _ if ordinal % 4 == 3 => SLOW,
            _ => USUAL,
        };
        recovery.second(&second(ordinal, made), FailureRule::Default);
    }
    assert_eq!(back_after_s(&recovery), [Some(0.0); 4]);
}

#[test]
fn silence_is_not_recovery() {
    let silent = Made {
        requests: 0,
        ..USUAL
    };
    let recovery = watched(60, |_| silent);
    assert_eq!(back_after_s(&recovery), [None; 4]);
    let last = recovery.last().expect("a last part");
    assert_eq!(last.value(RecoveryMeasure::ResponseP50), None);
    assert_eq!(last.value(RecoveryMeasure::Requests), Some(0.0));
}

#[test]
fn failures_count_by_the_rule() {
    let failing = Made { failed: 2, ..USUAL };
    let recovery = watched(60, |_| failing);
    assert_eq!(back_after_s(&recovery)[3], None);
}

#[test]
fn a_run_that_ends_early_has_what_it_saw() {
    let early = watched(15, |_| USUAL);
    assert!(early.has_baseline());
    assert_eq!((early.watched_s(), early.last()), (0.0, None));
    assert_eq!(back_after_s(&early), [None; 4]);
    assert!(!watched(3, |_| USUAL).has_baseline(), "no window of 3 s");
    let short = watched(27, |_| USUAL);
    let p50 = short.standing(RecoveryMeasure::ResponseP50).settling;
    // Windows from 21, 22, 23 and 24 on.
    assert_eq!((p50.back_s(), p50.too_short_s()), (None, Some(3.0)));
}

#[test]
fn what_comes_after_a_stop_is_no_load() {
    let mut recovery = watched(40, |_| USUAL);
    for ordinal in 40..44 {
        let mut waiting = second(ordinal, SLOW);
        waiting.users = 0;
        recovery.second(&waiting, FailureRule::Default);
    }
    assert_eq!(recovery.watched_s(), 19.5);
    let p99 = recovery.standing(RecoveryMeasure::ResponseP99).settling;
    assert_eq!((p99.back_after_s(20.5), p99.out_again()), (Some(0.0), 0));
}

#[test]
fn seconds_that_do_not_follow_each_other_make_no_window() {
    let mut window = RecoveryWindow::default();
    let mut slide = |ordinal| window.slide(&second(ordinal, USUAL), FailureRule::Default);
    assert!(
        [0, 1, 3, 4]
            .into_iter()
            .all(|ordinal| slide(ordinal).is_none())
    );
    assert_eq!(slide(5).map(|(start_us, _)| start_us), Some(3 * S));
    assert_eq!(slide(6).map(|(start_us, _)| start_us), Some(4 * S));
}
