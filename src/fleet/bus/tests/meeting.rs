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
