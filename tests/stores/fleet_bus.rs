//! Machines of one run meet at a real Redis: with a password and in TLS, as a user who may do no more than
//! that, in no other key, by a clock that is measured.

use crate::certificates::Authority;
use crate::meetings::{Meeting, key, keys, refused};
use crate::servers::{PASSWORD, Redis, Tls};
use shopblast::fleet::bus::{
    JoinStep, LeaderEvent, MOST_PIECE_BYTES, MemberEvent, Order, RecordAssembly, Report,
    SessionKeys, Token, refuse_the_shops,
};
use shopblast::observe::RedisAddress;
use shopblast::plan::{TlsRoots, TlsSettings};
use std::collections::BTreeSet;
use std::io::Cursor;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The commands that the bus needs, as docs/fleet.md names them for an ACL.
const COMMANDS: &[&str] = &[
    "set", "get", "del", "pexpire", "xadd", "xread", "xlen", "xtrim", "time",
];

fn start() -> Order {
    Order::Start {
        round: 0,
        at_us: 1_795_000_000_000_000,
    }
}

fn interval(second: u32) -> Report {
    Report::Interval {
        round: 0,
        second,
        body: vec![second as u8; 20_000],
    }
}

/// A run from its beginning to its end.
fn whole_run(meeting: &Meeting) -> Result<(), String> {
    let told = |error: shopblast::fleet::bus::MeetingError| error.to_string();
    let mut fleet = meeting.fleet(2).map_err(told)?;
    fleet.leader.clock().map_err(told)?;
    fleet.leader.give(&start()).unwrap();
    let record: Vec<u8> = (0..3 * MOST_PIECE_BYTES / 2)
        .map(|at| (at % 251) as u8)
        .collect();
    for member in &mut fleet.members {
        member.clock().map_err(told)?;
        member.say(interval(7)).unwrap();
        member.send_record(0, Box::new(Cursor::new(record.clone())));
    }
    let is_refused = |fleet: &crate::meetings::Fleet| {
        fleet.heard.iter().find_map(|event| match event {
            LeaderEvent::Place(news) => Some(format!("{news:?}")),
            _ => None,
        })
    };
    let is_end = |(_, report): &(u32, &Report)| matches!(report, Report::RecordEnd { .. });
    fleet.until("over", |fleet| {
        let are_told = (0..2).all(|member| {
            let sent = MemberEvent::RecordSent { round: 0 };
            fleet.orders(member).len() == 1 && fleet.told[member].contains(&sent)
        });
        let have_ended = fleet.said().into_iter().filter(is_end).count() == 2;
        is_refused(fleet).is_some() || are_told && have_ended
    });
    if let Some(why) = is_refused(&fleet) {
        return Err(why);
    }
    for (shard, told) in fleet.told.iter().enumerate() {
        assert_eq!(fleet.orders(shard), [&start()]);
        assert!(
            told.contains(&MemberEvent::RecordSent { round: 0 }),
            "{told:?}"
        );
        let mut assembly = RecordAssembly::new(Vec::new());
        for (of, report) in fleet.said() {
            match report {
                Report::Piece { number, body, .. } if of as usize == shard => {
                    assembly.add(*number, body).unwrap();
                }
                _ => {}
            }
        }
        assert_eq!(assembly.bytes(), record.len() as u64);
        assert!(fleet.said().contains(&(shard as u32, &interval(7))));
    }
    assert_eq!(fleet.leader.dropped().all(), 0);
    fleet.leader.leave().map_err(told)
}

#[test]
fn a_run_meets_with_a_password_in_tls_and_leaves_nothing_behind() {
    let redis = Redis::start();
    redis.does("SET of-others 1");
    whole_run(&Meeting::at(&redis.url())).unwrap();
    assert_eq!(keys(&redis), ["of-others"]);
    let wrong = Meeting::at(&redis.url_of("default", "not-the-password"));
    refused(wrong.leader(1), "it does not let us in");
    let (authority, others) = (Authority::new(), Authority::new());
    let redis = Redis::start_in_tls(&Tls {
        shown: &authority.issue(&["localhost"]),
        clients_of: &authority,
        clients_must: false,
    });
    let url = format!("rediss://{}", redis.place_at("localhost"));
    let trusting = |authority: &Authority| Meeting {
        tls: TlsSettings {
            roots: TlsRoots::Pem(authority.pem().as_bytes().to_vec()),
            ..TlsSettings::default()
        },
        ..Meeting::at(&url)
    };
    whole_run(&trusting(&authority)).unwrap();
    refused(trusting(&others).leader(1), "--observer-ca");
    refused(Meeting::at("redis://8.8.8.8").leader(1), "8.8.8.8");
}

#[test]
fn a_user_who_may_do_this_and_no_more_is_enough() {
    let redis = Redis::start();
    let allowed = |commands: &mut dyn Iterator<Item = &&str>| {
        let commands: String = commands.map(|command| format!(" +{command}")).collect();
        format!("ACL SETUSER fleet reset on >{PASSWORD} ~shopblast:* -@all{commands}")
    };
    let meeting = Meeting::at(&redis.url_of("fleet", PASSWORD));
    redis.does(&allowed(&mut COMMANDS.iter()));
    whole_run(&meeting).unwrap();
    for missing in COMMANDS {
        redis.does(&allowed(&mut COMMANDS.iter().filter(|it| *it != missing)));
        let why = whole_run(&meeting).unwrap_err();
        let told = format!("no permissions to run the '{missing}' command");
        assert!(
            why.contains(&told) && why.contains("docs/fleet.md"),
            "{why}"
        );
        redis.does("FLUSHALL");
    }
    let documented = std::fs::read_to_string("docs/fleet.md").unwrap();
    let line =
        allowed(&mut COMMANDS.iter()).replace(&format!("reset on >{PASSWORD}"), "on >PASSWORD");
    assert!(
        documented.contains(&line),
        "docs/fleet.md has no line {line}"
    );
}

#[test]
fn keys_of_a_run_all_expire_and_are_the_runs_own() {
    let redis = Redis::start();
    let mut fleet = Meeting::at(&redis.url()).fleet(2).unwrap();
    fleet.leader.give(&start()).unwrap();
    fleet.members[0].send_record(0, Box::new(Cursor::new(vec![1; 10])));
    fleet.members[1].say(interval(1)).unwrap();
    fleet.until("heard", |fleet| {
        fleet.said().len() == 3 && fleet.orders(0).len() == 1
    });
    let there: BTreeSet<String> = keys(&redis).into_iter().collect();
    let token = there.iter().find_map(|key| {
        let session = key
            .strip_prefix("shopblast:{night}:")?
            .strip_suffix(":plan")?;
        Token::try_from(session.to_owned()).ok()
    });
    let run = Meeting::at(&redis.url()).run;
    let mut expected: BTreeSet<String> = SessionKeys::of(&run, &token.unwrap())
        .all(2)
        .into_iter()
        .collect();
    expected.insert("shopblast:{night}:leader".to_owned());
    assert_eq!(there, expected);
    for key in &there {
        let left_ms = redis.answers(&format!("PTTL {key}")).unwrap();
        let redis::Value::Int(left_ms) = left_ms else {
            panic!("{left_ms:?}");
        };
        let most = if key.ends_with(":leader") {
            15_000
        } else {
            600_000
        };
        assert!((1..=most).contains(&left_ms), "{key}: {left_ms}");
    }
}

#[test]
fn the_clock_of_a_real_redis_is_measured_within_the_bound() {
    let redis = Redis::start();
    let meeting = Meeting::at(&redis.url());
    let mut leader = meeting.leader(1).unwrap();
    let clock = leader.clock().unwrap();
    // This Redis has the wall clock of this machine: what it would say is known.
    let before_ns = leader.now_ns();
    let wall_ns = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as i64;
    let between_ns = (leader.now_ns() - before_ns) as i64;
    let true_offset_ns = wall_ns - (before_ns as i64 + between_ns / 2);
    let wrong_ns = clock.offset_ns.abs_diff(true_offset_ns);
    // The wall clock is slewed by at most half a millisecond a second.
    let slewed_ns = (leader.now_ns() - clock.measured_ns) / 2_000;
    let most_ns = clock.bound_ns + between_ns as u64 / 2 + 1 + slewed_ns;
    assert!(wrong_ns <= most_ns, "{wrong_ns} {most_ns} {clock:?}");
    println!(
        "the offset is {wrong_ns} ns wrong, and at most {} ns",
        clock.bound_ns
    );
    let later = leader.clock().unwrap();
    let drift = clock.drift_until(&later);
    assert!(
        drift.drift_ns.unsigned_abs() <= drift.bound_ns + drift.over_ns / 2_000,
        "{drift:?}"
    );
}

#[test]
fn who_comes_second_late_or_with_another_version_or_secret_is_refused() {
    let redis = Redis::start();
    let meeting = Meeting::at(&redis.url());
    let waits_in_vain = || {
        let mut hasty = meeting.joining("hasty", None);
        loop {
            if let JoinStep::Joined(member) = hasty.turn(Duration::from_millis(500))? {
                return Ok(member);
            }
        }
    };
    refused(waits_in_vain(), "nobody leads a run night");
    let mut leader = meeting.leader(2).unwrap();
    refused(
        meeting.leader(2),
        "the run night is led by leader (process ",
    );
    let newer = Meeting {
        version: "0.2.0".to_owned(),
        ..Meeting::at(&redis.url())
    };
    refused(
        newer.join(&mut leader, "newer", None),
        "shopblast 0.1.0, and this is shopblast 0.2.0",
    );
    let foreign = Meeting {
        secret: "a secret of somebody else".to_owned(),
        ..Meeting::at(&redis.url())
    };
    refused(
        foreign.join(&mut leader, "foreign", None),
        "is not to be trusted",
    );
    refused(foreign.leader(2), "is not to be trusted");
    let second = meeting.join(&mut leader, "second", Some(1)).unwrap();
    let first = meeting.join(&mut leader, "first", Some(1)).unwrap();
    assert_eq!((second.shard(), first.shard()), (1, 0));
    refused(
        meeting.join(&mut leader, "third", None),
        "0 to first (process ",
    );
    leader.begin().unwrap();
    refused(
        meeting.join(&mut leader, "second", Some(1)),
        "the run night has begun",
    );
    leader.leave().unwrap();
    meeting.leader(2).unwrap();
}

#[test]
fn orders_that_others_write_there_are_dropped_and_named() {
    let redis = Redis::start();
    let mut fleet = Meeting::at(&redis.url()).fleet(1).unwrap();
    fleet.leader.give(&start()).unwrap();
    fleet.until("heard", |fleet| fleet.orders(0).len() == 1);
    let orders = key(&redis, ":orders");
    let real: Vec<Vec<(String, Vec<Vec<u8>>)>> = vec![
        redis::from_redis_value(redis.answers(&format!("XRANGE {orders} - +")).unwrap()).unwrap(),
    ];
    let start_again = real[0].last().unwrap().1[1].clone();
    let welcome = real[0].first().unwrap().1[1].clone();
    redis.forges(&orders, "m", &start_again);
    redis.forges(&orders, "m", &welcome);
    redis.forges(&orders, "m", b"{\"order\":\"stop\"}");
    redis.forges(&orders, "stop", b"now");
    let mut changed = start_again.clone();
    changed[20] ^= 1;
    redis.forges(&orders, "m", &changed);
    redis.forges(&key(&redis, ":reports"), "m", &start_again);
    let is_dropped = |event: &MemberEvent| matches!(event, MemberEvent::Dropped(_));
    fleet.until("dropped", |fleet| {
        fleet.told[0]
            .iter()
            .filter(|event| is_dropped(event))
            .count()
            == 4
            && fleet.leader.dropped().all() == 1
    });
    assert_eq!(fleet.orders(0), [&start()]);
    let lines = fleet.members[0].dropped().lines().join("\n");
    assert!(
        lines.contains("of the leader: not signed by this run's secret"),
        "{lines}"
    );
    assert!(
        lines.contains("2 that say they are of nobody known: no message of shopblast"),
        "{lines}"
    );
    assert!(lines.contains("of the leader: said before"), "{lines}");
}

#[test]
fn a_redis_of_the_shop_is_told_by_its_keys_or_as_the_one_that_is_observed() {
    let redis = Redis::start();
    let marks = ["identity::customer", "ordering::order", "protean:traces"];
    let refused = |url: &str, observed: Option<&str>| {
        let [address, observed] =
            [Some(url), observed].map(|url| url.map(|url| RedisAddress::parse(url).unwrap()));
        let place = Meeting::at(url).place();
        refuse_the_shops(&address.unwrap(), &place, observed.as_ref(), &marks)
            .map_err(|error| error.to_string())
    };
    let url = redis.url();
    assert_eq!(refused(&url, None), Ok(()));
    assert_eq!(refused(&url, Some("redis://127.0.0.1:1")), Ok(()));
    let observed = url.replace("127.0.0.1", "localhost");
    let told = refused(&url, Some(&observed)).unwrap_err();
    assert!(told.contains("is the Redis that is observed"), "{told}");
    assert!(
        told.contains("--redis-shared") && !told.contains(PASSWORD),
        "{told}"
    );
    redis.does("XADD ordering::order * data a");
    let told = refused(&url, None).unwrap_err();
    assert!(
        told.contains("is the shop's Redis, since it has ordering::order"),
        "{told}"
    );
    // Who may not ask for the shop's keys cannot touch them.
    redis.does(&format!(
        "ACL SETUSER fleet on >{PASSWORD} ~shopblast:* -@all +get"
    ));
    assert_eq!(refused(&redis.url_of("fleet", PASSWORD), None), Ok(()));
}
