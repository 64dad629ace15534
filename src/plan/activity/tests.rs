//! Ramps, by example and by property.

use super::*;
use crate::plan::Arrivals;
use proptest::prelude::*;

fn load(stages: &[(u32, f64, u64)]) -> Load {
    Load::Closed {
        stages: stages
            .iter()
            .map(|&(users, spawn_rate_per_s, duration_us)| Stage {
                users,
                spawn_rate_per_s,
                duration_us,
            })
            .collect(),
    }
}

fn spans(load: &Load, user: u32) -> Vec<(u64, u64)> {
    load.activity(user)
        .iter()
        .map(|span| (span.start_us, span.end_us))
        .collect()
}

const S: u64 = 1_000_000;

#[test]
fn the_kth_user_starts_k_over_rate_after_the_first() {
    let load = load(&[(5, 2.0, 60 * S)]);
    for user in 0..5 {
        let start_us = u64::from(user) * S / 2;
        assert_eq!(spans(&load, user), [(start_us, 60 * S)]);
    }
    assert_eq!(spans(&load, 5), []);
    assert_eq!(load.spawned_us(), 2 * S);
}

#[test]
fn stages_go_up_hold_and_come_down() {
    let load = load(&[
        (4, 1.0, 10 * S),
        (4, 1.0, 10 * S),
        (1, 0.5, 10 * S),
        (3, f64::INFINITY, 10 * S),
    ]);
    assert_eq!(spans(&load, 0), [(0, 40 * S)]);
    // Users 3, 2 and 1 leave at 20, 22 and 24 s; users 1 and 2 are back at 30 s.
    assert_eq!(spans(&load, 1), [(S, 24 * S), (30 * S, 40 * S)]);
    assert_eq!(spans(&load, 2), [(2 * S, 22 * S), (30 * S, 40 * S)]);
    assert_eq!(spans(&load, 3), [(3 * S, 20 * S)]);
    let counts: Vec<u32> = [0, 1, 3, 19, 20, 22, 24, 29, 30, 39, 40]
        .iter()
        .map(|at_s| load.users_at(at_s * S))
        .collect();
    assert_eq!(counts, [1, 2, 4, 4, 3, 2, 1, 1, 3, 3, 0]);
    assert_eq!(load.spawned_us(), 3 * S);
}

#[test]
fn a_ramp_cut_short_goes_on_where_it_was() {
    // One user every 4 s; the second stage begins in the middle of a gap.
    let load = load(&[(10, 0.25, 6 * S), (10, 0.25, 6 * S)]);
    let starts: Vec<u64> = (0..3).map(|user| load.activity(user)[0].start_us).collect();
    assert_eq!(starts, [0, 4 * S, 8 * S]);
    assert_eq!(spans(&load, 3), []);
    assert_eq!(load.spawned_us(), 6 * S);
}

#[test]
fn many_short_stages_do_not_outrun_the_spawn_rate() {
    let load = load(&[(100, 1.0, 1_000); 5_000]);
    assert_eq!(load.users_at(5 * S - 1), 5);
    assert_eq!(spans(&load, 4), [(4 * S, 5 * S)]);
}

#[test]
fn all_at_once_is_at_once() {
    let load = load(&[(1_000, f64::INFINITY, 5)]);
    assert_eq!(spans(&load, 999), [(0, 5)]);
    assert_eq!(load.users_at(0), 1_000);
    assert_eq!(load.spawned_us(), 0);
}

#[test]
fn start_up_is_over_with_the_first_ramp_that_has_users() {
    let load = load(&[(0, 1.0, 10 * S), (3, 1.0, 10 * S)]);
    assert_eq!(load.users_at(0), 0);
    assert_eq!(load.spawned_us(), 12 * S);
}

#[test]
fn open_model_users_are_there_all_the_time() {
    let load = Load::Open {
        rate_per_s: 5.0,
        arrivals: Arrivals::Constant,
        max_users: 2,
    };
    assert_eq!(spans(&load, 1), [(0, u64::MAX)]);
    assert_eq!(spans(&load, 2), []);
    assert_eq!(load.users_at(7), 2);
    assert_eq!(load.spawned_us(), 0);
}

fn any_rate() -> impl Strategy<Value = f64> {
    prop_oneof![
        0.01..50.0,
        50.0..5e6,
        Just(f64::INFINITY),
        (1_u32..20).prop_map(f64::from)
    ]
}

fn any_stages() -> impl Strategy<Value = Vec<(u32, f64, u64)>> {
    prop::collection::vec((0_u32..60, any_rate(), 1_u64..20 * S), 1..6)
}

/// Users at `at_us` by the definition: a line that moves at the spawn rate.
fn users_by_definition(stages: &[(u32, f64, u64)], at_us: u64) -> f64 {
    let (mut level, mut start_us) = (0.0_f64, 0);
    for &(users, rate, duration_us) in stages {
        let elapsed_us = (at_us - start_us).min(duration_us);
        let moved = if rate.is_finite() {
            rate * elapsed_us as f64 / 1e6
        } else {
            f64::MAX
        };
        let target = f64::from(users);
        level += (target - level).clamp(-moved, moved);
        start_us += duration_us;
        if at_us < start_us {
            break;
        }
    }
    level
}

proptest! {
    #[test]
    fn users_at_counts_the_active_users(stages in any_stages(), part in 0.0..1.0_f64) {
        let load = load(&stages);
        let total_us: u64 = stages.iter().map(|stage| stage.2).sum();
        let boundaries = stages.iter().scan(0, |end_us, stage| { *end_us += stage.2; Some(*end_us) });
        let moments: Vec<u64> = boundaries
            .flat_map(|end_us| [end_us - 1, end_us])
            .chain([0, (total_us as f64 * part) as u64])
            .collect();
        for at_us in moments {
            let active = (0..70)
                .filter(|&user| load.activity(user).iter().any(|span| (span.start_us..span.end_us).contains(&at_us)))
                .count();
            prop_assert_eq!(load.users_at(at_us) as usize, active, "at {}", at_us);
        }
    }

    #[test]
    fn users_follow_the_spawn_rate_to_within_one_user(stages in any_stages(), part in 0.0..1.0_f64) {
        let total_us: u64 = stages.iter().map(|stage| stage.2).sum();
        let at_us = ((total_us as f64 * part) as u64).min(total_us - 1);
        let wanted = users_by_definition(&stages, at_us);
        let users = f64::from(load(&stages).users_at(at_us));
        // Moments are whole microseconds, in which a fast ramp starts more than one user.
        let fastest = stages.iter().map(|stage| stage.1).filter(|rate| rate.is_finite()).fold(0.0, f64::max);
        let slack = 1.0 + fastest / 1e6 + 1e-6;
        prop_assert!((users - wanted).abs() <= slack, "{} users, wanted {}", users, wanted);
    }

    #[test]
    fn spans_are_ordered_apart_and_within_the_stages(stages in any_stages(), user in 0_u32..70) {
        let total_us: u64 = stages.iter().map(|stage| stage.2).sum();
        let spans = load(&stages).activity(user);
        for span in &spans {
            prop_assert!(span.start_us < span.end_us && span.end_us <= total_us);
        }
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end_us < pair[1].start_us);
        }
    }

    #[test]
    fn later_users_are_active_only_while_earlier_ones_are(stages in any_stages(), user in 0_u32..69) {
        let load = load(&stages);
        let earlier = load.activity(user);
        for span in load.activity(user + 1) {
            prop_assert!(
                earlier.iter().any(|outer| outer.start_us <= span.start_us && span.end_us <= outer.end_us),
                "{:?} is not within {:?}", span, earlier
            );
        }
    }
}
