//! Grouping, with sets that come late, twice or never.

use super::*;
use crate::stats::Outcome;

const MS: u64 = 1_000;
const SHAPE: SetShape = SetShape {
    names: 1,
    journeys: 1,
    races: 0,
    rules: 0,
};

/// A set of `core` over these milliseconds, with one request.
fn set(core: usize, start_ms: u64, end_ms: u64, last: bool) -> CoreInterval {
    let mut set = CoreInterval::new(core, SHAPE);
    set.start_us = start_ms * MS;
    set.end_us = end_ms * MS;
    set.last = last;
    set.users = 10;
    set.names[0].outcomes[Outcome::Success] = 1;
    set
}

/// Start and end in ms and requests of every second that is complete.
fn complete(seconds: &mut Seconds) -> Vec<(u64, u64, u64)> {
    std::iter::from_fn(|| seconds.next_complete())
        .map(|second| {
            (
                second.start_us / MS,
                second.end_us / MS,
                second.all.requests(),
            )
        })
        .collect()
}

#[test]
fn a_second_closes_when_all_workers_reported_it() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(0, 0, 1_001, false));
    assert_eq!(complete(&mut seconds), []);
    seconds.accept(&set(1, 0, 999, false));
    assert_eq!(complete(&mut seconds), [(0, 1_000, 2)]);
}

#[test]
fn jitter_around_the_full_second_does_not_move_a_set() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    for second in 0..5 {
        seconds.accept(&set(
            0,
            (second * 1_000_u64).saturating_sub(2),
            second * 1_000 + 998,
            false,
        ));
        seconds.accept(&set(1, second * 1_000 + 3, second * 1_000 + 1_003, false));
        assert_eq!(
            complete(&mut seconds),
            [(second * 1_000, second * 1_000 + 1_000, 2)]
        );
    }
}

#[test]
fn a_late_worker_holds_the_others_up_for_one_second_only_and_loses_nothing() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(0, 0, 1_000, false));
    assert_eq!(complete(&mut seconds), []);
    seconds.accept(&set(0, 1_000, 2_000, false));
    assert_eq!(complete(&mut seconds), [(0, 1_000, 1)]);
    seconds.accept(&set(1, 0, 2_300, false));
    assert_eq!(complete(&mut seconds), [(1_000, 2_000, 2)]);
    seconds.accept(&set(0, 2_000, 3_000, true));
    seconds.accept(&set(1, 2_300, 3_000, true));
    assert_eq!(complete(&mut seconds), [(2_000, 3_000, 2)]);
    assert!(seconds.all_done());
}

#[test]
fn what_all_report_of_several_seconds_is_one_long_second() {
    for workers in [1, 2, 3] {
        let mut seconds = Seconds::new(workers, SHAPE, 0);
        let mut report = |start_ms: u64, end_ms: u64, last: bool| {
            for core in 0..workers {
                seconds.accept(&set(core, start_ms, end_ms, last));
            }
            complete(&mut seconds)
        };
        let requests = workers as u64;
        assert_eq!(report(0, 1_000, false), [(0, 1_000, requests)]);
        assert_eq!(report(1_000, 6_400, false), [(1_000, 6_000, requests)]);
        // Late swaps follow one another at once until they have caught up.
        assert_eq!(report(6_400, 6_420, false), []);
        assert_eq!(report(6_420, 7_000, false), [(6_000, 7_000, 2 * requests)]);
        assert_eq!(report(7_000, 9_200, true), [(7_000, 9_200, requests)]);
    }
}

#[test]
fn one_worker_that_reports_several_seconds_makes_nobody_elses_second_longer() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(0, 0, 3_000, false));
    seconds.accept(&set(1, 0, 1_000, false));
    assert_eq!(complete(&mut seconds), [(0, 1_000, 2)]);
    seconds.accept(&set(1, 1_000, 2_000, false));
    assert_eq!(complete(&mut seconds), [(1_000, 2_000, 1)]);
}

#[test]
fn a_worker_that_is_done_is_not_waited_for() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(1, 0, 400, true));
    seconds.accept(&set(0, 0, 1_000, false));
    assert_eq!(complete(&mut seconds), [(0, 1_000, 2)]);
    assert_eq!(seconds.unfinished(), [0]);
}

#[test]
fn the_last_second_is_as_long_as_it_was() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(0, 0, 300, true));
    seconds.accept(&set(1, 0, 420, true));
    assert_eq!(complete(&mut seconds), [(0, 420, 2)]);
}

#[test]
fn a_last_set_of_no_length_belongs_to_the_second_before() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(0, 0, 1_000, false));
    seconds.accept(&set(0, 1_000, 1_002, true));
    seconds.accept(&set(1, 0, 1_000, true));
    assert_eq!(complete(&mut seconds), [(0, 1_000, 3)]);
}

#[test]
fn phases_and_users_are_set_on_closing() {
    let mut seconds = Seconds::new(1, SHAPE, 1_500_000);
    let mut phases = Vec::new();
    for second in 0..3 {
        seconds.accept(&set(0, second * 1_000, second * 1_000 + 1_000, false));
        let closed = seconds.next_complete().expect("complete");
        phases.push((closed.phase, closed.users));
        seconds.recycle(closed);
    }
    let (spawning, steady) = (Phase::Spawning, Phase::Steady);
    assert_eq!(phases, [(spawning, 10), (spawning, 10), (steady, 10)]);
}

#[test]
fn what_a_crashed_worker_left_is_still_there() {
    let mut seconds = Seconds::new(2, SHAPE, 0);
    seconds.accept(&set(1, 0, 1_000, false));
    seconds.accept(&set(0, 0, 200, true));
    seconds.accept(&set(1, 1_000, 2_000, false));
    assert_eq!(complete(&mut seconds).len(), 2);
    seconds.accept(&set(1, 2_000, 2_500, false));
    assert_eq!(complete(&mut seconds), []);
    assert_eq!(
        seconds.next_left().map(|second| second.all.requests()),
        Some(1)
    );
    assert_eq!(seconds.unfinished(), [1]);
}
