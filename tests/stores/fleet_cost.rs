//! What the bus takes of a shard's CPU: `cargo test --test stores -- --ignored --nocapture bus_takes`.

use crate::meetings::Meeting;
use crate::servers::Redis;
use shopblast::fleet::bus::{LeaderEvent, MemberBus, Report};
use std::thread;
use std::time::{Duration, Instant};

const SHARDS: u32 = 8;
const SECONDS: u32 = 20;
/// An interval of 45 names in the codec of records has about so many bytes.
const INTERVAL_BYTES: usize = 20_000;
const WAIT: Duration = Duration::from_millis(200);

/// Time that this thread was on a CPU.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel tells");
    let ns = text.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ns.expect("a number"))
}

/// Says an interval each second, and what that took.
fn shard(mut member: MemberBus) -> Duration {
    let (began, before) = (Instant::now(), on_cpu());
    for second in 0..SECONDS {
        let body = vec![second as u8; INTERVAL_BYTES];
        let round = 0;
        member
            .say(Report::Interval {
                round,
                second,
                body,
            })
            .expect("it is small");
        while began.elapsed() < Duration::from_secs(u64::from(second) + 1) {
            member.turn(WAIT);
        }
    }
    on_cpu() - before
}

#[test]
#[ignore = "a measurement of twenty seconds"]
fn what_the_bus_takes_of_a_shards_cpu() {
    let redis = Redis::start();
    let fleet = Meeting::at(&redis.url()).fleet(SHARDS).expect("they meet");
    let mut leader = fleet.leader;
    let threads: Vec<_> = fleet
        .members
        .into_iter()
        .map(|member| thread::spawn(|| shard(member)))
        .collect();
    let (began, before) = (Instant::now(), on_cpu());
    let mut intervals = 0;
    while began.elapsed() < Duration::from_secs(u64::from(SECONDS) + 1) {
        let is_interval = |event: &LeaderEvent| {
            matches!(
                event,
                LeaderEvent::Said {
                    report: Report::Interval { .. },
                    ..
                }
            )
        };
        intervals += leader.turn(WAIT).into_iter().filter(is_interval).count();
    }
    let of_leader = on_cpu() - before;
    let of_shards: Vec<Duration> = threads
        .into_iter()
        .map(|it| it.join().expect("it ends"))
        .collect();
    assert_eq!(intervals, (SHARDS * SECONDS) as usize);
    let share = |time: Duration| time.as_secs_f64() / f64::from(SECONDS) * 100.0;
    let most = of_shards.iter().max().copied().unwrap_or_default();
    println!(
        "{SHARDS} shards, an interval of {INTERVAL_BYTES} bytes a second: {:.3} % of a core in the busiest shard, {:.3} % in the leader",
        share(most),
        share(of_leader)
    );
}
