//! What others write at the Redis where the machines of a run meet: signed by the run's secret and still
//! odd, or not signed at all.

use shopblast::fleet::bus::{
    Envelope, FleetSecret, JoinStep, JoinTerms, Joining, Kind, LeaderBus, LeaderTerms, MemberBus,
    MemberEvent, Order, PlayedRedis, Report, RunName, Seal, Sender, Token, Who, decode, encode,
    leader_key,
};
use std::time::Duration;

const NOW: Duration = Duration::ZERO;

fn secret() -> FleetSecret {
    FleetSecret::parse(b"a secret of this run").expect("a secret")
}

fn run() -> RunName {
    RunName::parse("night").expect("a name")
}

/// Nothing that is not signed is opened, whatever is read is read again as the same, and neither leader
/// nor member does anything about what is forged.
pub fn bus(bytes: &[u8]) {
    let Some((choice, message)) = bytes.split_first() else {
        return;
    };
    let (secret, run) = (secret(), run());
    let seal = Seal {
        secret: &secret,
        run: &run,
        place: "shopblast:{night}:0:orders",
    };
    assert!(seal.open(message).is_err(), "nobody signed it");
    if let Ok(order) = decode::<Order>(message) {
        let again = encode(&order).expect("as large as it was");
        assert_eq!(decode::<Order>(&again), Ok(order));
    }
    if let Ok(report) = decode::<Report>(message) {
        let again = encode(&report).expect("as large as it was");
        assert_eq!(decode::<Report>(&again), Ok(report));
    }
    played(*choice, message);
}

/// A run to whose streams this is written: as it is, or signed as by one of its own.
fn played(choice: u8, message: &[u8]) {
    let redis = PlayedRedis::new();
    let (mut leader, mut member) = met(&redis);
    let keys = redis.keys();
    let ends = [":orders", ":reports", ":records"];
    let end = ends[usize::from(choice >> 1) % ends.len()];
    let Some(session) = keys.iter().find_map(|key| key.strip_suffix(":plan")) else {
        return;
    };
    let place = format!("{session}{end}");
    let is_signed = choice & 1 == 1;
    let forged = match is_signed {
        false => message.to_vec(),
        true => signed(&place, session, message),
    };
    redis.forges(&place, &forged);
    redis.forges(&leader_key(&run()), &forged);
    let mut told = Vec::new();
    for _ in 0..3 {
        told.extend(member.turn(NOW));
        leader.turn(NOW);
        redis.pass(Duration::from_secs(1));
    }
    let ordered = told
        .iter()
        .any(|event| matches!(event, MemberEvent::Ordered(_)));
    assert!(is_signed || !ordered, "nobody ordered it");
    assert!(leader.members().len() == 1);
}

/// What a thief of the secret could write.
fn signed(place: &str, session: &str, payload: &[u8]) -> Vec<u8> {
    let token = session.rsplit(':').next().unwrap_or_default();
    let author = Token::try_from(token.to_owned()).expect("the session");
    let (secret, run) = (secret(), run());
    let seal = Seal {
        secret: &secret,
        run: &run,
        place,
    };
    let is_order = place.ends_with(":orders");
    seal.close(&Envelope {
        author,
        sender: if is_order {
            Sender::Leader
        } else {
            Sender::Shard(0)
        },
        kind: if is_order { Kind::Order } else { Kind::Report },
        sequence: 50,
        payload: payload.to_vec(),
    })
}

fn met(redis: &PlayedRedis) -> (LeaderBus, MemberBus) {
    let who = || Who::new("host", 1, "0.1.0");
    let terms = LeaderTerms {
        run: run(),
        secret: secret(),
        who: who(),
        shards: 1,
    };
    let mut leader = LeaderBus::claim(Box::new(redis.place(0)), terms).expect("a leader");
    leader.publish_plan(b"plan").expect("a plan");
    let terms = JoinTerms {
        run: run(),
        secret: secret(),
        who: who(),
        wish: None,
        patience: Duration::from_secs(5),
        leaderless: Duration::from_secs(15),
        left: None,
        stays: false,
    };
    let mut joining = Joining::new(Box::new(redis.place(1)), terms).expect("random numbers");
    for _ in 0..5 {
        if let JoinStep::Joined(member) = joining.turn(NOW).expect("it can join") {
            return (leader, *member);
        }
        leader.turn(NOW);
    }
    panic!("it is never welcomed");
}
