//! Leader and members at a played Redis, in played time.

mod flowing;
mod meeting;

use super::*;
use std::time::Duration;

const NOW: Duration = Duration::ZERO;

fn secret() -> FleetSecret {
    FleetSecret::parse(b"a secret of this run").unwrap()
}

fn who(host: &str) -> Who {
    Who::new(host, 7, "0.1.0")
}

fn leader_terms(shards: u32) -> LeaderTerms {
    LeaderTerms {
        run: RunName::parse("night").unwrap(),
        secret: secret(),
        who: who("leader"),
        shards,
    }
}

fn join_terms(host: &str) -> JoinTerms {
    JoinTerms {
        run: RunName::parse("night").unwrap(),
        secret: secret(),
        who: who(host),
        wish: None,
        patience: Duration::from_secs(30),
        leaderless: Duration::from_secs(15),
        left: None,
        stays: false,
    }
}

fn joining(redis: &PlayedRedis, terms: JoinTerms) -> Joining {
    Joining::new(Box::new(redis.place(5)), terms).unwrap()
}

/// A leader whose plan is published.
fn leader(redis: &PlayedRedis, shards: u32) -> LeaderBus {
    let mut leader = LeaderBus::claim(Box::new(redis.place(0)), leader_terms(shards)).unwrap();
    leader.publish_plan(b"the plan").unwrap();
    leader
}

/// Lets a machine join, and the leader welcome it.
fn join(leader: &mut LeaderBus, mut joining: Joining) -> Result<MemberBus, MeetingError> {
    for _ in 0..10 {
        if let JoinStep::Joined(member) = joining.turn(NOW)? {
            return Ok(*member);
        }
        leader.turn(NOW);
    }
    panic!("it is never welcomed");
}

/// A leader and as many members as there are shards.
fn fleet(redis: &PlayedRedis, shards: u32) -> (LeaderBus, Vec<MemberBus>) {
    let mut leader = leader(redis, shards);
    let members = (0..shards).map(|index| {
        let joining = joining(redis, join_terms(&format!("host-{index}")));
        join(&mut leader, joining).unwrap()
    });
    let members = members.collect();
    leader.begin().unwrap();
    (leader, members)
}

/// Everybody takes turns for so long; what they were told.
fn pass(
    redis: &PlayedRedis,
    time: Duration,
    leader: Option<&mut LeaderBus>,
    members: &mut [MemberBus],
) -> (Vec<LeaderEvent>, Vec<Vec<MemberEvent>>) {
    let end = redis.passed() + time;
    let mut told = (Vec::new(), vec![Vec::new(); members.len()]);
    let mut leader = leader;
    while redis.passed() < end {
        for (member, told) in members.iter_mut().zip(&mut told.1) {
            told.extend(member.turn(NOW));
        }
        if let Some(leader) = &mut leader {
            told.0.extend(leader.turn(NOW));
        }
        redis.pass(Duration::from_millis(100));
    }
    told
}

fn ordered(events: &[MemberEvent]) -> Vec<&Order> {
    let orders = events.iter().filter_map(|event| match event {
        MemberEvent::Ordered(order) => Some(order),
        _ => None,
    });
    orders.collect()
}

fn said(events: &[LeaderEvent]) -> Vec<(u32, &Report)> {
    let reports = events.iter().filter_map(|event| match event {
        LeaderEvent::Said { shard, report } => Some((*shard, report)),
        _ => None,
    });
    reports.collect()
}

fn interval(second: u32) -> Report {
    Report::Interval {
        round: 0,
        second,
        body: vec![7; 100],
    }
}

fn stop() -> Order {
    Order::Stop {
        round: 0,
        why: "enough".to_owned(),
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
