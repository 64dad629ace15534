//! Tests of what counts tell of a window: the rates at which they are wrong, by simulated stations with
//! fixed seeds.

use super::*;
use crate::stats::simulated::{Station, exponential_wait};
use fastrand::Rng;

/// Capacity of the stations, in requests a second.
const CAPACITIES: [f64; 3] = [3.0, 10.0, 30.0];
/// Requests in a window at the capacity.
const SIZES: [f64; 5] = [20.0, 60.0, 100.0, 200.0, 400.0];
const RUNS: u64 = 300;

/// Shares of (yes, no) in so many windows of about `size` requests, at `share` of the capacity.
fn answers(station: Station, capacity: f64, size: f64, share: f64, windows: usize) -> (f64, f64) {
    let seconds = (size / capacity).ceil() as usize;
    let (mut yes, mut no) = (0, 0);
    for run in 0..RUNS {
        let mut rng = Rng::with_seed(run * 7_919 + 13);
        let mut window = || {
            station
                .serve(&mut rng, capacity, capacity * share, seconds)
                .flow(seconds)
        };
        let flows: Vec<Flow> = (0..windows).map(|_| window()).collect();
        match Carrying::of(&flows).answer {
            WindowAnswer::Yes => yes += 1,
            WindowAnswer::No => no += 1,
            WindowAnswer::CannotTell => {}
        }
    }
    let of_runs = |count: u64| count as f64 / RUNS as f64;
    (of_runs(yes), of_runs(no))
}

#[test]
fn a_load_below_the_capacity_is_hardly_ever_called_too_much() {
    for station in Station::RANDOM {
        for capacity in CAPACITIES {
            for size in SIZES.into_iter().filter(|size| size / capacity >= 5.0) {
                for share in [0.5, 0.8, 0.9] {
                    let (_, no) = answers(station, capacity, size, share, 1);
                    assert!(no <= 0.05, "{station:?} {capacity} {size} {share}: {no}");
                }
            }
        }
    }
}

#[test]
fn more_than_the_capacity_is_hardly_ever_called_sustained() {
    for station in Station::RANDOM {
        for capacity in CAPACITIES {
            for size in SIZES.into_iter().filter(|size| size / capacity >= 5.0) {
                let (yes, _) = answers(station, capacity, size, 1.2, 1);
                assert!(yes <= 0.05, "{station:?} {capacity} {size}: {yes}");
            }
        }
    }
}

/// As a hunt looks: again and again until it is told, at most after 72 s. Shares of (yes, no).
fn answers_of_looks(station: Station, share: f64) -> (f64, f64) {
    let (mut yes, mut no) = (0, 0);
    for run in 0..RUNS {
        let mut rng = Rng::with_seed(run * 31 + 7);
        let served = station.serve(&mut rng, 10.0, 10.0 * share, 72);
        let answers = [10, 15, 20, 30, 40, 60, 72].map(|seconds| {
            let flow = served.flow(seconds);
            Carrying::of(&[flow]).answer
        });
        let told = answers
            .iter()
            .find(|answer| **answer != WindowAnswer::CannotTell);
        yes += u64::from(told == Some(&WindowAnswer::Yes));
        no += u64::from(told == Some(&WindowAnswer::No));
    }
    (yes as f64 / RUNS as f64, no as f64 / RUNS as f64)
}

#[test]
fn looking_again_and_again_makes_chance_no_larger_than_is_asked_for() {
    for station in Station::RANDOM {
        for share in [0.5, 0.8, 0.9] {
            let (_, no) = answers_of_looks(station, share);
            assert!(no <= 0.05, "{station:?} {share}: {no}");
        }
        let (yes, no) = answers_of_looks(station, 1.2);
        assert!(yes <= 0.05 && no >= 0.9, "{station:?}: {yes} {no}");
    }
}

#[test]
fn four_hundred_requests_tell_a_fifth_too_much_and_a_half_too_little() {
    for station in Station::RANDOM {
        for capacity in CAPACITIES {
            let (_, no) = answers(station, capacity, 400.0, 1.2, 1);
            assert!(no >= 0.7, "{station:?} {capacity}: {no}");
            let (yes, _) = answers(station, capacity, 400.0, 0.5, 1);
            assert!(yes >= 0.85, "{station:?} {capacity}: {yes}");
        }
    }
}

#[test]
fn windows_together_tell_what_one_cannot() {
    for station in Station::RANDOM {
        let (_, one) = answers(station, 3.0, 200.0, 1.2, 1);
        let (_, three) = answers(station, 3.0, 200.0, 1.2, 3);
        assert!(three > one && three >= 0.85, "{station:?}: {one} {three}");
        let (_, below) = answers(station, 3.0, 200.0, 0.9, 3);
        assert!(below <= 0.05, "{station:?}: {below}");
    }
}

#[test]
fn what_always_takes_the_same_is_told_at_once() {
    let station = Station::STEADY;
    for capacity in [3.0, 8.0, 10.0] {
        assert_eq!(
            answers(station, capacity, 60.0, 0.9, 1),
            (1.0, 0.0),
            "{capacity}"
        );
        assert_eq!(
            answers(station, capacity, 200.0, 1.04, 1),
            (0.0, 1.0),
            "{capacity}"
        );
    }
}

#[test]
fn thousands_of_requests_decide_as_they_did() {
    for (share, expected) in [(0.9, WindowAnswer::Yes), (1.05, WindowAnswer::No)] {
        for station in Station::RANDOM {
            let mut rng = Rng::with_seed(5);
            let flow = station
                .serve(&mut rng, 1_000.0, 1_000.0 * share, 10)
                .flow(10);
            let carrying = Carrying::of(&[flow]);
            assert_eq!(carrying.answer, expected, "{station:?} {share} {flow:?}");
        }
    }
}

#[test]
fn a_journey_at_an_edge_is_no_growth() {
    // 42 of 43 ended: one began before the end of the window.
    let mut in_flight = vec![0.0; 15];
    in_flight.push(1.0);
    let flow = Flow::of(43, &in_flight, &[0.1; 15]);
    let carrying = Carrying::of(&[flow]);
    assert_eq!(carrying.answer, WindowAnswer::Yes, "{carrying:?}");
    assert_eq!(carrying.carried, 42.0);
}

#[test]
fn journeys_that_take_many_steps_do_not_stay_behind() {
    // Each takes 20 s: as many are on their way at the end as were at the start.
    let mut rng = Rng::with_seed(3);
    let mut due_s = 0.0;
    let mut journeys = Vec::new();
    while due_s < 90.0 {
        due_s += exponential_wait(&mut rng, 1.0 / 3.0);
        journeys.push((due_s, due_s + 20.0 + rng.f64()));
    }
    let level = |at_s: f64| {
        let on_way = |(due_s, ended_s): &&(f64, f64)| *due_s < at_s && *ended_s >= at_s;
        journeys.iter().filter(on_way).count() as f64
    };
    let in_flight: Vec<f64> = (30..=90).map(|at_s| level(f64::from(at_s))).collect();
    let flow = Flow::of(180, &in_flight, &[0.1; 60]);
    assert_ne!(Carrying::of(&[flow]).answer, WindowAnswer::No);
}

#[test]
fn nothing_offered_tells_nothing() {
    assert_eq!(Carrying::of(&[]).answer, WindowAnswer::CannotTell);
    assert_eq!(
        Carrying::of(&[Flow::of(0, &[0.0; 9], &[])]).answer,
        WindowAnswer::CannotTell
    );
    assert_eq!(Flow::of(3, &[], &[]), Flow::default());
}
