//! How leader and members come together, or do not.

use super::*;

#[test]
fn numbers_are_given_as_launchers_wish_and_never_twice() {
    let redis = PlayedRedis::new();
    let mut leader = leader(&redis, 4);
    let mut numbers = Vec::new();
    for wish in [Some(2), None, Some(2), Some(99)] {
        let terms = JoinTerms {
            wish,
            ..join_terms("host")
        };
        numbers.push(join(&mut leader, joining(&redis, terms)).unwrap().shard());
    }
    assert_eq!(numbers, [2, 0, 1, 3]);
    let late = join(&mut leader, joining(&redis, join_terms("one-more")))
        .err()
        .unwrap();
    assert_eq!(
        late.to_string(),
        "all 4 shards of the run night are given away (0 to host (process 7), 1 to host (process 7), 2 to host (process 7), …): a number is never given twice"
    );
    leader.begin().unwrap();
    redis.pass(secs(4));
    let restarted = JoinTerms {
        wish: Some(2),
        ..join_terms("host")
    };
    let late = join(&mut leader, joining(&redis, restarted)).err().unwrap();
    assert!(
        late.to_string()
            .starts_with("the run night has begun 4 s ago: nobody joins"),
        "{late}"
    );
    let variable = |name: &str| (name == "SLURM_PROCID").then(|| "3".to_owned());
    assert_eq!(wished_number(None, variable), Some(3));
    assert_eq!(wished_number(Some(1), variable), Some(1));
    assert_eq!(wished_number(None, |_| Some("node-x".to_owned())), None);
}

#[test]
fn who_stays_waits_for_the_next_leader_while_the_last_one_goes() {
    let redis = PlayedRedis::new();
    let mut first = leader(&redis, 1);
    let member = join(&mut first, joining(&redis, join_terms("host"))).unwrap();
    first.begin().unwrap();
    let terms = JoinTerms {
        left: Some(member.session()),
        ..join_terms("host")
    };
    drop(member);
    let mut again = joining(&redis, terms);
    // The one that was left has begun, and would refuse it.
    assert!(matches!(
        again.turn(NOW).unwrap(),
        JoinStep::Waiting(JoinWait::Leader)
    ));
    first.leave().unwrap();
    let mut second = leader(&redis, 1);
    assert_eq!(join(&mut second, again).unwrap().shard(), 0);
}

#[test]
fn the_second_leader_of_a_name_is_refused_until_the_first_is_gone() {
    let redis = PlayedRedis::new();
    let mut first = leader(&redis, 2);
    pass(&redis, secs(40), Some(&mut first), &mut []);
    let second = || LeaderBus::claim(Box::new(redis.place(3)), leader_terms(2));
    let refused = second().err().unwrap().to_string();
    assert!(
        refused.starts_with("the run night is led by leader (process 7) since 40 s; lead"),
        "{refused}"
    );
    // It is killed: nobody takes its keys away.
    drop(first);
    redis.pass(secs(13));
    second().err().unwrap();
    redis.pass(secs(2));
    second().unwrap();
}

/// Another leader of the name, once the first one's time is over.
type Second = std::sync::Arc<std::sync::Mutex<Option<LeaderBus>>>;

fn takes_over_after(redis: &PlayedRedis, command: u64) -> Second {
    let second = Second::default();
    let taker = std::sync::Arc::clone(&second);
    redis.between(command, move |redis| {
        redis.pass(secs(16));
        let place = Box::new(redis.place(3));
        let claimed = LeaderBus::claim(place, leader_terms(2)).unwrap();
        *taker.lock().unwrap() = Some(claimed);
    });
    second
}

fn is_outranked(events: &[LeaderEvent]) -> bool {
    let mut events = events.iter();
    events.any(|event| matches!(event, LeaderEvent::Outranked { .. }))
}

#[test]
fn a_name_that_is_lost_between_two_commands_is_noticed_and_left_alone() {
    for command in 1..20 {
        let redis = PlayedRedis::new();
        let mut first = leader(&redis, 2);
        redis.pass(secs(1));
        let second = takes_over_after(&redis, command);
        let mut told = first.turn(NOW);
        let has_happened = !redis.is_to_happen();
        redis.pass(secs(1));
        told.extend(first.turn(NOW));
        if !has_happened {
            assert!(command > 4, "a beat has at least four commands");
            return;
        }
        assert!(is_outranked(&told), "after command {command}");
        let mut second = second.lock().unwrap().take().unwrap();
        // The second one leads, and nobody tells it that it does not.
        assert!(!is_outranked(&second.turn(NOW)), "after command {command}");
        first.leave().unwrap();
        redis.pass(secs(1));
        assert!(!is_outranked(&second.turn(NOW)), "after command {command}");
        let third = LeaderBus::claim(Box::new(redis.place(9)), leader_terms(2));
        assert!(third.is_err(), "the name is the second one's");
    }
    panic!("a turn has fewer commands");
}

#[test]
fn who_goes_takes_nobody_elses_name_away() {
    for command in 1..20 {
        let redis = PlayedRedis::new();
        let mut first = leader(&redis, 2);
        first.turn(NOW);
        let second = takes_over_after(&redis, command);
        first.leave().unwrap();
        let is_there = redis
            .keys()
            .iter()
            .any(|key| key == "shopblast:{night}:leader");
        if redis.is_to_happen() {
            assert!(command > 3, "it keeps, looks, and takes away twice");
            assert!(!is_there);
            return;
        }
        assert!(second.lock().unwrap().is_some());
        assert!(is_there, "after command {command} the name was taken away");
    }
    panic!("a farewell has fewer commands");
}

#[test]
fn another_version_is_refused_with_both_named() {
    let redis = PlayedRedis::new();
    let mut leader = leader(&redis, 2);
    let terms = JoinTerms {
        who: Who::new("host", 7, "0.2.0"),
        ..join_terms("host")
    };
    let refused = join(&mut leader, joining(&redis, terms))
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("is shopblast 0.1.0, and this is shopblast 0.2.0"),
        "{refused}"
    );
    assert!(leader.members().is_empty());
}

#[test]
fn another_secret_opens_nothing() {
    let redis = PlayedRedis::new();
    let mut leader = leader(&redis, 2);
    let terms = JoinTerms {
        secret: FleetSecret::parse(b"a secret of others!!").unwrap(),
        ..join_terms("host")
    };
    let refused = join(&mut leader, joining(&redis, terms))
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("its signature is not that of this run's secret"),
        "{refused}"
    );
    assert!(refused.contains("shopblast:{night}:leader"), "{refused}");
}

#[test]
fn a_machine_waits_for_its_leader_and_not_for_ever() {
    let redis = PlayedRedis::new();
    let mut early = joining(&redis, join_terms("early"));
    for _ in 0..10 {
        let step = early.turn(secs(1)).ok();
        assert!(matches!(step, Some(JoinStep::Waiting(JoinWait::Leader))));
    }
    let mut leader = leader(&redis, 1);
    assert_eq!(join(&mut leader, early).unwrap().shard(), 0);
    let mut hopeless = joining(
        &redis,
        JoinTerms {
            run: RunName::parse("day").unwrap(),
            ..join_terms("hopeless")
        },
    );
    let error = loop {
        match hopeless.turn(secs(1)) {
            Ok(step) => assert!(matches!(step, JoinStep::Waiting(_))),
            Err(error) => break error.to_string(),
        }
    };
    assert!(
        error.starts_with("nobody leads a run day at redis://played"),
        "{error}"
    );
}

#[test]
fn a_leaders_card_without_a_leader_lets_nobody_wait_for_ever() {
    let redis = PlayedRedis::new();
    let leader = leader(&redis, 1);
    let mut joining = joining(
        &redis,
        JoinTerms {
            patience: secs(5),
            ..join_terms("host")
        },
    );
    let mut error = None;
    while error.is_none() {
        error = joining.turn(secs(1)).err();
    }
    let error = error.unwrap().to_string();
    assert!(
        error.starts_with("leader (process 7) leads the run night, but has not answered"),
        "{error}"
    );
    drop(leader);
}
