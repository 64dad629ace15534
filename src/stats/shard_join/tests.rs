//! Joining, with shards that come late, end early or are lost.

use super::*;
use crate::stats::{CoreHealth, Outcome, WorkerHealth};

const MS: u64 = 1_000;
const SHAPE: SetShape = SetShape {
    names: 1,
    journeys: 1,
    races: 0,
    rules: 0,
};

/// A second of a shard over these milliseconds, with so many requests, and as many users.
fn second(start_ms: u64, end_ms: u64, requests: u64) -> MergedInterval {
    let mut second = MergedInterval::new(SHAPE);
    second.start_us = start_ms * MS;
    second.end_us = end_ms * MS;
    second.users = requests as u32;
    second.names[0].outcomes[Outcome::Success] = requests;
    second.cores.push(CoreHealth {
        core: 0,
        start_us: second.start_us,
        end_us: second.end_us,
        tardiness_p99_us: 0,
        health: WorkerHealth::default(),
    });
    second.sum_up();
    second
}

/// Start and end in ms, requests and users of every second that is complete.
fn complete(join: &mut ShardJoin) -> Vec<(u64, u64, u64, u32)> {
    std::iter::from_fn(|| join.next_complete())
        .map(told)
        .collect()
}

fn told(second: MergedInterval) -> (u64, u64, u64, u32) {
    let span = (second.start_us / MS, second.end_us / MS);
    (span.0, span.1, second.all.requests(), second.users)
}

#[test]
fn a_second_closes_when_every_shard_has_reported_it() {
    let mut join = ShardJoin::new(SHAPE, &[1, 2], u64::MAX);
    join.push(0, &second(0, 1_000, 5));
    join.push(0, &second(1_000, 2_000, 6));
    assert_eq!(complete(&mut join), []);
    join.push(1, &second(0, 1_000, 7));
    assert_eq!(complete(&mut join), [(0, 1_000, 12, 13)]);
    join.push(1, &second(1_000, 2_000, 1));
    assert_eq!(complete(&mut join), [(1_000, 2_000, 7, 7)]);
    join.push(0, &second(2_000, 2_300, 1));
    join.push(1, &second(2_000, 2_200, 1));
    join.done(0);
    assert!(!join.all_done());
    join.done(1);
    assert_eq!(complete(&mut join), [(2_000, 2_300, 2, 0)]);
    assert!(join.all_done());
}

#[test]
fn workers_are_numbered_over_all_shards() {
    let mut join = ShardJoin::new(SHAPE, &[3, 2, 1], u64::MAX);
    for shard in 0..3 {
        join.push(shard, &second(0, 1_000, 1));
    }
    let joined = join.next_complete().unwrap();
    let cores: Vec<usize> = joined.cores.iter().map(|core| core.core).collect();
    assert_eq!(cores, [0, 3, 5]);
    join.recycle(joined);
    join.push(7, &second(1_000, 2_000, 1));
    assert_eq!(complete(&mut join), [], "there is no such shard");
}

#[test]
fn a_lost_shard_is_not_waited_for_and_what_it_still_sends_counts() {
    let mut join = ShardJoin::new(SHAPE, &[1, 1], u64::MAX);
    join.push(0, &second(0, 1_000, 1));
    join.push(1, &second(0, 1_000, 1));
    assert_eq!(complete(&mut join), [(0, 1_000, 2, 2)]);
    for start_ms in [1_000, 2_000, 3_000] {
        join.push(0, &second(start_ms, start_ms + 1_000, 1));
    }
    assert_eq!(complete(&mut join), []);
    join.lose(1);
    assert_eq!(
        complete(&mut join),
        [
            (1_000, 2_000, 1, 1),
            (2_000, 3_000, 1, 1),
            (3_000, 4_000, 1, 1)
        ]
    );
    join.push(1, &second(1_000, 2_000, 9));
    join.push(0, &second(4_000, 5_000, 1));
    assert_eq!(complete(&mut join), [(4_000, 5_000, 10, 10)]);
    assert_eq!(join.shards()[1].requests, 10);
    assert!(join.shards()[1].lost);
}

#[test]
fn nobody_is_more_than_so_far_ahead() {
    let mut join = ShardJoin::new(SHAPE, &[1, 1], 2);
    join.push(1, &second(0, 1_000, 1));
    for start_ms in [0, 1_000, 2_000] {
        join.push(0, &second(start_ms, start_ms + 1_000, 1));
    }
    assert_eq!(complete(&mut join), [(0, 1_000, 2, 2)]);
    join.push(0, &second(3_000, 4_000, 1));
    assert_eq!(complete(&mut join), [(1_000, 2_000, 1, 2)]);
}

#[test]
fn several_seconds_of_one_shard_make_no_other_second_longer() {
    let mut join = ShardJoin::new(SHAPE, &[1, 1], u64::MAX);
    join.push(0, &second(0, 3_000, 30));
    join.push(1, &second(0, 1_000, 1));
    assert_eq!(complete(&mut join), [(0, 1_000, 31, 31)]);
    join.push(1, &second(1_000, 2_000, 1));
    assert_eq!(complete(&mut join), [(1_000, 2_000, 1, 31)]);
}

#[test]
fn spawning_on_one_is_spawning_on_all() {
    let mut join = ShardJoin::new(SHAPE, &[1, 1], u64::MAX);
    let mut spawning = second(0, 1_000, 1);
    spawning.phase = Phase::Spawning;
    join.push(0, &second(0, 1_000, 1));
    join.push(1, &spawning);
    let joined = join.next_left().unwrap();
    assert_eq!(joined.phase, Phase::Spawning);
}
