//! What flows between leader and members, and what becomes of it when something is lost.

use super::*;
use std::io::Cursor;

#[test]
fn leader_and_members_hear_each_other_in_order_and_nothing_twice() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 3);
    let shards: Vec<u32> = members.iter().map(MemberBus::shard).collect();
    assert_eq!(shards, [0, 1, 2]);
    assert!(
        members
            .iter()
            .all(|member| member.plan() == b"the plan" && member.shards() == 3)
    );
    leader.give(&Order::Start { round: 0, at_us: 9 }).unwrap();
    leader.give(&stop()).unwrap();
    for second in 0..5 {
        members[1].say(interval(second)).unwrap();
    }
    let (heard, told) = pass(&redis, secs(3), Some(&mut leader), &mut members);
    for told in &told {
        assert_eq!(
            ordered(told),
            [&Order::Start { round: 0, at_us: 9 }, &stop()]
        );
        assert_eq!(told.len(), 2, "{told:?}");
    }
    let expected: Vec<Report> = (0..5).map(interval).collect();
    assert_eq!(
        said(&heard),
        expected.iter().map(|it| (1, it)).collect::<Vec<_>>()
    );
    assert_eq!(heard.len(), 5, "{heard:?}");
    leader.leave().unwrap();
    drop(members);
    assert!(redis.keys().is_empty(), "{:?}", redis.keys());
}

#[test]
fn forged_moved_and_repeated_messages_are_dropped_and_named() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 2);
    leader.give(&stop()).unwrap();
    leader.turn(NOW);
    let keys = redis.keys();
    let key = |name: &str| keys.iter().find(|key| key.ends_with(name)).unwrap().clone();
    let orders = key(":orders");
    let real = redis.messages(&orders).pop().unwrap();
    let told = members[0].turn(NOW);
    assert_eq!(ordered(&told), [&stop()]);
    // Said again by somebody who saw it; changed; of somebody who has no secret.
    redis.forges(&orders, &redis.messages(&orders)[0]);
    let mut changed = real.clone();
    *changed.last_mut().unwrap() ^= 1;
    redis.forges(&orders, &changed);
    redis.forges(&orders, b"STOP");
    redis.forges(&orders, &real);
    let told = members[0].turn(NOW);
    let dropped: Vec<String> = told
        .iter()
        .map(|event| match event {
            MemberEvent::Dropped(dropped) => dropped.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(dropped.len(), 3, "{dropped:?}");
    assert!(
        dropped[0].contains("of the leader, was dropped: it was said before (number 1)"),
        "{dropped:?}"
    );
    assert!(
        dropped[1].contains("its signature is not that of this run's secret"),
        "{dropped:?}"
    );
    assert!(
        dropped[2].contains("of nobody known, was dropped: it is no message of shopblast"),
        "{dropped:?}"
    );
    // An order among the reports, and a report of a machine that has no such shard.
    redis.forges(&key(":reports"), &real);
    let other = Token::of([1; 16]);
    let forged = Seal {
        secret: &secret(),
        run: &RunName::parse("night").unwrap(),
        place: &key(":reports"),
    };
    let envelope = Envelope {
        author: other,
        sender: Sender::Shard(1),
        kind: Kind::Report,
        sequence: 100,
        payload: encode(&Report::Leaving { why: String::new() }).unwrap(),
    };
    redis.forges(&key(":reports"), &forged.close(&envelope));
    let told = leader.turn(NOW);
    let dropped = told
        .iter()
        .filter(|event| matches!(event, LeaderEvent::Dropped(_)))
        .count();
    assert_eq!((dropped, leader.dropped().all()), (2, 2), "{told:?}");
    assert!(leader.members().values().all(|member| !member.has_left));
}

#[test]
fn a_member_that_is_silent_for_five_seconds_is_lost_and_heard_again_if_it_comes_back() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 2);
    pass(&redis, secs(10), Some(&mut leader), &mut members);
    let (told, _) = pass(&redis, secs(4), Some(&mut leader), &mut members[..1]);
    assert_eq!(told, []);
    let (told, _) = pass(&redis, secs(20), Some(&mut leader), &mut members[..1]);
    let [
        LeaderEvent::Lost {
            shard: 1,
            silent_for,
        },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert!(
        (5.0..5.2).contains(&silent_for.as_secs_f64()),
        "{silent_for:?}"
    );
    assert!(leader.members()[&1].is_lost());
    let (told, _) = pass(&redis, secs(2), Some(&mut leader), &mut members);
    assert_eq!(told, [LeaderEvent::HeardAgain { shard: 1 }]);
    members[1]
        .say(Report::Leaving {
            why: "enough".to_owned(),
        })
        .unwrap();
    pass(&redis, secs(1), Some(&mut leader), &mut members);
    let (told, _) = pass(&redis, secs(20), Some(&mut leader), &mut members[..1]);
    assert_eq!(told, [], "one that has said that it goes is not lost");
}

#[test]
fn members_notice_that_nobody_leads() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 1);
    pass(&redis, secs(60), Some(&mut leader), &mut members);
    let (_, told) = pass(&redis, secs(14), None, &mut members);
    assert_eq!(told[0], []);
    let (_, told) = pass(&redis, secs(10), None, &mut members);
    let [
        MemberEvent::Leaderless {
            silent_for,
            is_redis_away: false,
        },
    ] = &told[0][..]
    else {
        panic!("{told:?}");
    };
    assert!(
        (15.0..16.2).contains(&silent_for.as_secs_f64()),
        "{silent_for:?}"
    );
    let (_, told) = pass(&redis, secs(2), Some(&mut leader), &mut members);
    assert_eq!(told[0], [MemberEvent::LeaderBack]);
}

#[test]
fn redis_may_go_and_come_back_and_nothing_is_lost_or_heeded_twice() {
    for forgets in [false, true] {
        let redis = PlayedRedis::new();
        let (mut leader, mut members) = fleet(&redis, 2);
        leader.give(&Order::Start { round: 0, at_us: 1 }).unwrap();
        pass(&redis, secs(5), Some(&mut leader), &mut members);
        redis.goes();
        let (heard, told) = pass(&redis, secs(5), Some(&mut leader), &mut members);
        assert!(
            matches!(&heard[..], [LeaderEvent::Place(PlaceNews::Away { .. })]),
            "{heard:?}"
        );
        assert!(
            matches!(&told[0][..], [MemberEvent::Place(PlaceNews::Away { .. })]),
            "{told:?}"
        );
        members[0].say(interval(5)).unwrap();
        leader.give(&stop()).unwrap();
        let (heard, told) = pass(&redis, secs(25), Some(&mut leader), &mut members);
        assert_eq!(heard, [], "nobody is lost since Redis is away");
        assert!(
            matches!(
                &told[1][..],
                [MemberEvent::Leaderless {
                    is_redis_away: true,
                    ..
                }]
            ),
            "{told:?}"
        );
        match forgets {
            true => redis.comes_back_empty(),
            false => redis.comes_back(),
        }
        let (heard, told) = pass(&redis, secs(30), Some(&mut leader), &mut members);
        assert_eq!(said(&heard), [(0, &interval(5))]);
        assert_eq!(heard.len(), 2, "{heard:?}");
        for told in told {
            assert_eq!(ordered(&told), [&stop()], "the start is not heard again");
            assert!(told.contains(&MemberEvent::LeaderBack), "{told:?}");
            assert_eq!(told.len(), 3, "{told:?}");
        }
        // Nobody comes in by the back door.
        let late = join(&mut leader, joining(&redis, join_terms("late")))
            .err()
            .unwrap();
        assert!(matches!(late, MeetingError::Begun { .. }), "{late}");
        let second = LeaderBus::claim(Box::new(redis.place(3)), leader_terms(2)).err();
        assert!(matches!(second, Some(MeetingError::Led { .. })));
    }
}

#[test]
fn a_redis_without_room_is_told_and_survived() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 2);
    pass(&redis, secs(3), Some(&mut leader), &mut members);
    redis.set_full(true);
    members[1].say(interval(3)).unwrap();
    leader.give(&stop()).unwrap();
    let (heard, told) = pass(&redis, secs(30), Some(&mut leader), &mut members);
    assert!(
        matches!(&heard[..], [LeaderEvent::Place(PlaceNews::Full { .. })]),
        "{heard:?}"
    );
    assert!(
        matches!(&told[1][0], MemberEvent::Place(PlaceNews::Full { .. })),
        "{told:?}"
    );
    assert_eq!(leader.place_state(), PlaceState::Full);
    redis.set_full(false);
    let (heard, told) = pass(&redis, secs(5), Some(&mut leader), &mut members);
    assert_eq!(said(&heard), [(1, &interval(3))]);
    assert_eq!(ordered(&told[0]), [&stop()]);
    assert_eq!(heard.len(), 2, "nobody was lost: {heard:?}");
}

#[test]
fn a_leader_that_does_not_keep_up_is_waited_for() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 1);
    for second in 0..1_000 {
        members[0].say(interval(second)).unwrap();
    }
    let (_, told) = pass(&redis, secs(5), None, &mut members);
    assert!(
        matches!(told[0][..], [MemberEvent::Unheard { waiting: 850.. }]),
        "{told:?}"
    );
    let held = redis
        .keys()
        .iter()
        .map(|key| redis.messages(key).len())
        .max();
    assert_eq!(held, Some(144), "no more than that lies in Redis");
    let (heard, told) = pass(&redis, secs(60), Some(&mut leader), &mut members);
    let expected: Vec<Report> = (0..1_000).map(interval).collect();
    assert_eq!(
        said(&heard),
        expected.iter().map(|it| (0, it)).collect::<Vec<_>>()
    );
    assert!(told[0].contains(&MemberEvent::CaughtUp));
    // For hours: what is in the record anyway is left out.
    for second in 0..3_000 {
        members[0].say(interval(second)).unwrap();
        if second == 5 {
            members[0]
                .say(Report::Trouble {
                    says: "hot".to_owned(),
                })
                .unwrap();
        }
    }
    let told = members[0].turn(NOW);
    let [.., MemberEvent::LeftOut { intervals }] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(*intervals > 1_600, "{intervals}");
    let (heard, _) = pass(&redis, secs(60), Some(&mut leader), &mut members);
    let trouble = Report::Trouble {
        says: "hot".to_owned(),
    };
    assert!(
        said(&heard).contains(&(0, &trouble)),
        "only intervals are left out"
    );
}

#[test]
fn records_come_through_in_pieces_that_never_fill_redis() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 2);
    let record: Vec<u8> = (0..20 * MOST_PIECE_BYTES + 5)
        .map(|at| (at % 253) as u8)
        .collect();
    for member in &mut members {
        member.send_record(0, Box::new(Cursor::new(record.clone())));
    }
    let (_, told) = pass(&redis, secs(3), None, &mut members);
    assert_eq!(told, [[], []], "nobody hears, and it waits");
    let held: Vec<usize> = redis
        .keys()
        .iter()
        .map(|key| redis.messages(key).len())
        .collect();
    assert_eq!(held.iter().max(), Some(&32), "{held:?}");
    let mut assemblies = [0, 1].map(|_| Some(RecordAssembly::new(Vec::new())));
    let mut whole = 0;
    let (heard, told) = pass(&redis, secs(10), Some(&mut leader), &mut members);
    for (shard, report) in said(&heard) {
        let assembly = &mut assemblies[shard as usize];
        match report {
            Report::Piece { number, body, .. } => {
                assembly.as_mut().unwrap().add(*number, body).unwrap();
            }
            Report::RecordEnd {
                pieces,
                bytes,
                sha256,
                ..
            } => {
                let came = assembly
                    .take()
                    .unwrap()
                    .finish(*pieces, *bytes, sha256)
                    .unwrap();
                assert!(came == record);
                whole += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(whole, 2);
    let sent = MemberEvent::RecordSent { round: 0 };
    assert!(told.iter().all(|told| told.contains(&sent)), "{told:?}");
    assert!(members.iter().all(MemberBus::has_said_all));
}

#[test]
fn what_everybody_has_heard_does_not_stay() {
    let redis = PlayedRedis::new();
    let (mut leader, mut members) = fleet(&redis, 2);
    for _ in 0..50 {
        leader.give(&stop()).unwrap();
    }
    pass(&redis, secs(30), Some(&mut leader), &mut members);
    let held: Vec<usize> = redis
        .keys()
        .iter()
        .map(|key| redis.messages(key).len())
        .collect();
    assert!(held.iter().all(|held| *held <= 2), "{held:?}");
    // A run of a day keeps its keys.
    let (heard, told) = pass(&redis, secs(1_500), Some(&mut leader), &mut members);
    assert_eq!((heard, told), (vec![], vec![vec![], vec![]]));
    let late = join(&mut leader, joining(&redis, join_terms("late")))
        .err()
        .unwrap();
    assert!(matches!(late, MeetingError::Begun { .. }), "{late}");
}
