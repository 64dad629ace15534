//! A real Redis that stands still, falls and rises without anything that it knew, or is full: nothing is
//! lost that can be kept, nothing is heeded twice, and everything is told.

use crate::meetings::{Fleet, Meeting};
use crate::servers::Redis;
use shopblast::fleet::bus::{
    LeaderEvent, MeetingError, MemberEvent, Order, PlaceNews, PlaceState, Report,
};
use std::time::Duration;

fn start() -> Order {
    Order::Start { round: 0, at_us: 1 }
}

fn stop() -> Order {
    Order::Stop {
        round: 0,
        why: "enough".to_owned(),
    }
}

fn interval(second: u32) -> Report {
    Report::Interval {
        round: 0,
        second,
        body: vec![1; 5_000],
    }
}

/// A run of two that has started.
fn started(redis: &Redis) -> Fleet {
    let mut fleet = Meeting::at(&redis.url()).fleet(2).unwrap();
    fleet.leader.give(&start()).unwrap();
    fleet.until("started", |fleet| {
        (0..2).all(|member| fleet.orders(member) == [&start()])
    });
    fleet
}

fn knows(fleet: &Fleet, is_it: impl Fn(&PlaceNews) -> bool) -> bool {
    let leader = fleet
        .heard
        .iter()
        .any(|event| matches!(event, LeaderEvent::Place(news) if is_it(news)));
    let members = fleet.told.iter().all(|told| {
        told.iter()
            .any(|event| matches!(event, MemberEvent::Place(news) if is_it(news)))
    });
    leader && members
}

fn away(news: &PlaceNews) -> bool {
    matches!(news, PlaceNews::Away { .. })
}

fn back(news: &PlaceNews) -> bool {
    matches!(news, PlaceNews::Back { .. })
}

/// What was said and ordered meanwhile arrives, once.
fn goes_on(fleet: &mut Fleet) {
    fleet.until("back", |fleet| knows(fleet, back));
    fleet.until("stopped", |fleet| {
        (0..2).all(|member| fleet.orders(member) == [&start(), &stop()])
            && fleet.said() == [(0, &interval(9))]
    });
    fleet.for_some_time(Duration::from_secs(3));
    assert_eq!(fleet.orders(0), [&start(), &stop()], "no second start");
    assert_eq!(fleet.said(), [(0, &interval(9))], "nothing twice");
    assert!(!fleet.has_lost(), "{:?}", fleet.heard);
    assert_eq!(fleet.leader.place_state(), PlaceState::Reachable);
    assert_eq!(fleet.leader.dropped().all(), 0);
}

#[test]
fn a_redis_that_stands_still_and_goes_on_loses_nothing() {
    let redis = Redis::start();
    let mut fleet = started(&redis);
    redis.stands_still();
    fleet.members[0].say(interval(9)).unwrap();
    fleet.leader.give(&stop()).unwrap();
    fleet.until("away", |fleet| knows(fleet, away));
    redis.goes_on();
    goes_on(&mut fleet);
}

#[test]
fn a_redis_that_falls_and_rises_empty_is_given_everything_again() {
    let mut redis = Redis::start();
    let mut fleet = started(&redis);
    redis.falls();
    fleet.members[0].say(interval(9)).unwrap();
    fleet.leader.give(&stop()).unwrap();
    fleet.until("away", |fleet| knows(fleet, away));
    fleet.for_some_time(Duration::from_secs(6));
    assert!(!fleet.has_lost(), "{:?}", fleet.heard);
    redis.rises();
    goes_on(&mut fleet);
    let meeting = Meeting::at(&redis.url());
    let late = meeting.join(&mut fleet.leader, "late", None);
    assert!(matches!(late, Err(MeetingError::Begun { .. })));
    assert!(matches!(meeting.leader(2), Err(MeetingError::Led { .. })));
}

#[test]
fn a_redis_without_room_is_told_and_taken_up_again() {
    let redis = Redis::start();
    redis.does("CONFIG SET maxmemory-policy noeviction");
    let mut fleet = started(&redis);
    redis.does("CONFIG SET maxmemory 1");
    fleet.members[0].say(interval(9)).unwrap();
    fleet.members[1]
        .say(Report::Trouble {
            says: "hot".to_owned(),
        })
        .unwrap();
    fleet.leader.give(&stop()).unwrap();
    let full =
        |news: &PlaceNews| matches!(news, PlaceNews::Full { why } if why.contains("maxmemory"));
    fleet.until("full", |fleet| knows(fleet, full));
    fleet.for_some_time(Duration::from_secs(6));
    assert_eq!(fleet.leader.place_state(), PlaceState::Full);
    assert!(!fleet.has_lost(), "{:?}", fleet.heard);
    redis.does("CONFIG SET maxmemory 0");
    fleet.until("heard", |fleet| {
        fleet.said().len() == 2 && fleet.orders(1).len() == 2
    });
    assert!(knows(&fleet, |news| matches!(news, PlaceNews::Room { .. })));
}

#[test]
fn a_member_that_is_gone_is_lost_after_five_seconds_and_the_others_are_not() {
    let redis = Redis::start();
    let mut fleet = started(&redis);
    drop(fleet.members.pop());
    fleet.until("lost", Fleet::has_lost);
    let lost: Vec<u32> = fleet
        .heard
        .iter()
        .filter_map(|event| match event {
            LeaderEvent::Lost { shard, silent_for } => {
                assert!(*silent_for >= Duration::from_secs(5), "{silent_for:?}");
                Some(*shard)
            }
            _ => None,
        })
        .collect();
    assert_eq!(lost, [1]);
}

#[test]
fn a_leader_that_is_killed_is_missed_and_its_name_is_free_again() {
    let redis = Redis::start();
    let Fleet {
        leader,
        mut members,
        ..
    } = started(&redis);
    // Killed: it takes nothing away.
    drop(leader);
    let meeting = Meeting::at(&redis.url());
    let mut told = Vec::new();
    let is_leaderless = |event: &MemberEvent| matches!(event, MemberEvent::Leaderless { .. });
    while !told.iter().any(is_leaderless) {
        for member in &mut members {
            told.extend(member.turn(Duration::from_millis(100)));
        }
    }
    let Some(MemberEvent::Leaderless {
        silent_for,
        is_redis_away,
    }) = told.into_iter().find(is_leaderless)
    else {
        panic!("as above");
    };
    assert!(
        silent_for >= Duration::from_secs(15) && !is_redis_away,
        "{silent_for:?}"
    );
    let mut next = meeting.leader(2);
    for _ in 0..20 {
        if next.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        next = meeting.leader(2);
    }
    let next = next.unwrap();
    // Orders of the next one are no orders to those of the first.
    let events: Vec<MemberEvent> = members
        .iter_mut()
        .flat_map(|member| member.turn(Duration::ZERO))
        .collect();
    assert!(events.iter().all(is_leaderless), "{events:?}");
    next.leave().unwrap();
}
