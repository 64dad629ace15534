//! Tests of what counts tell of a percentile, by simulated stations with fixed seeds.

use super::*;
use crate::stats::simulated::Station;
use fastrand::Rng;

const RUNS: u64 = 200;
const CAPACITY: f64 = 10.0;
const ALLOWED: f64 = 0.05;

/// The p95 of a long run at `share` of the capacity.
fn p95_us(station: Station, share: f64) -> f64 {
    let mut rng = Rng::with_seed(99);
    let served = station.serve(&mut rng, CAPACITY, CAPACITY * share, 60_000);
    let mut times_us: Vec<f64> = served.times_us(100.0).collect();
    times_us.sort_unstable_by(f64::total_cmp);
    times_us[times_us.len() * 95 / 100]
}

/// Shares of (yes, no) in windows of so many seconds, at `share` of the capacity.
fn answers(station: Station, limit_us: f64, seconds: usize, share: f64) -> (f64, f64) {
    let (mut yes, mut no) = (0, 0);
    for run in 0..RUNS {
        let mut rng = Rng::with_seed(run * 31 + 7);
        let served = station.serve(&mut rng, CAPACITY, CAPACITY * share, seconds);
        let tail = served.tail(seconds, limit_us, 1.0 - ALLOWED);
        match TailJudgement::of(&[tail], ALLOWED).answer {
            WindowAnswer::Yes => yes += 1,
            WindowAnswer::No => no += 1,
            WindowAnswer::CannotTell => {}
        }
    }
    (yes as f64 / RUNS as f64, no as f64 / RUNS as f64)
}

#[test]
fn a_percentile_is_hardly_ever_judged_wrongly() {
    for station in Station::RANDOM {
        let limit_us = p95_us(station, 0.8);
        for seconds in [6, 20, 60, 120, 300] {
            let (_, no) = answers(station, limit_us, seconds, 0.7);
            assert!(no <= 0.05, "{station:?} {seconds}: {no}");
            let (yes, _) = answers(station, limit_us, seconds, 0.95);
            assert!(yes <= 0.05, "{station:?} {seconds}: {yes}");
        }
    }
}

#[test]
fn far_from_the_limit_a_window_of_two_minutes_tells() {
    for station in Station::RANDOM {
        let limit_us = p95_us(station, 0.8);
        let (yes, _) = answers(station, limit_us, 120, 0.4);
        assert!(yes >= 0.85, "{station:?}: {yes}");
        let (_, no) = answers(station, limit_us, 120, 1.1);
        assert!(no >= 0.9, "{station:?}: {no}");
    }
}

#[test]
fn sixty_of_which_three_are_beyond_tell_nothing_of_a_p95() {
    let second = |beyond| TailSecond {
        requests: 6,
        beyond,
        beyond_half: beyond,
    };
    let seconds = [0, 0, 1, 0, 0, 2, 0, 0, 0, 0].map(second);
    let tail = Tail::of(&seconds, 1e5, 1e6, 0.95);
    let judged = TailJudgement::of(&[tail], ALLOWED);
    assert_eq!(judged.answer, WindowAnswer::CannotTell);
    assert!(judged.low < ALLOWED && ALLOWED < judged.high, "{judged:?}");
}

#[test]
fn thousands_decide_by_their_count() {
    let seconds = |beyond| {
        [TailSecond {
            requests: 1_000,
            beyond,
            beyond_half: 500,
        }; 10]
    };
    let judged = |beyond| {
        let tail = Tail::of(&seconds(beyond), 1e3, 1e4, 0.99);
        TailJudgement::of(&[tail], 0.01).answer
    };
    assert_eq!(judged(9), WindowAnswer::Yes);
    assert_eq!(judged(11), WindowAnswer::No);
}

#[test]
fn the_score_interval_is_wilsons() {
    let (low, high) = score_interval(0.05, 60.0);
    assert!(
        (low - 0.020_2).abs() < 1e-4 && (high - 0.118_7).abs() < 5e-4,
        "{low} {high}"
    );
    assert_eq!(
        TailJudgement::of(&[], ALLOWED).answer,
        WindowAnswer::CannotTell
    );
}
