//! A small hand-made run that the tests of the exporters share.

use super::live::Live;
use super::live_sink::LiveSink;
use super::process_text::{ProcessKind, ProcessesRecord};
use super::recording::RunFacts;
use super::run_record::{HostFacts, RunRecord};
use super::target_record::TargetRecord;
use crate::plan::{CoreChoiceKind, Placement, Threshold, Topology, WaitTime};
use crate::stats::{
    Absorb, Amount, CoreHealth, Ending, ErrorCounts, ErrorKey, Event, EventNow, IntervalSink,
    JourneyCounts, MergedInterval, Outcome, PROCESSES_COUNTED, Part, Phase, Race, RaceSeen, Reason,
    Round, Rule, RuleFinding, RunContext, SetShape, StatName, StretchNow, Totals, UserShare,
    Violation, WitnessExchange, WorkerHealth,
};
use serde_json::Map;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

const SECOND_US: u64 = 1_000_000;

/// When the run started.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_340_107_250)
}

const REGISTERED: &[Event] = &[Event {
    domain: "Identity",
    name: "CustomerRegistered",
    outbox: true,
}];

/// A run of 3 s with 3 users; the first second is spawning, the last name is never requested.
pub(crate) fn context() -> RunContext {
    let name = |method, name| StatName { method, name };
    RunContext {
        names: vec![
            name("POST", "POST /customers"),
            name("PUT", "PUT /customers/{id}/profile, \"odd\""),
            name("GET", "GET /customers/{id}"),
        ],
        raises: vec![REGISTERED.to_vec(), Vec::new(), Vec::new()],
        tags: Vec::new(),
        journeys: vec!["NewCustomerJourney"],
        races: Vec::new(),
        rules: &[],
        cpus: vec![1],
        spawned_us: SECOND_US,
        run_time_us: 3 * SECOND_US,
        excursion: None,
        failures: crate::plan::FailureRule::Default,
        paced: true,
        user_shares: vec![UserShare {
            weight: 1.0,
            wait: WaitTime::ConstantPacing { interval_us: 5_000 },
        }],
        thresholds: Vec::new(),
        observed: crate::stats::ObservedTable::default(),
        live: crate::stats::LiveContext::default(),
    }
}

/// Seconds 0 to 2, and a last one of 0.25 s in which the last replies come.
pub(crate) fn seconds() -> Vec<MergedInterval> {
    (0..4).map(second).collect()
}

fn second(ordinal: u64) -> MergedInterval {
    let mut interval = MergedInterval::new(context().shape());
    interval.start_us = ordinal * SECOND_US;
    interval.end_us = interval.start_us
        + if ordinal == 3 {
            SECOND_US / 4
        } else {
            SECOND_US
        };
    interval.phase = if ordinal == 0 {
        Phase::Spawning
    } else {
        Phase::Steady
    };
    interval.users = [2, 3, 3, 0][ordinal as usize];
    interval.journeys[0] = JourneyCounts {
        started: interval.users.into(),
        completed: u64::from(ordinal > 0),
        aborted: 0,
    };
    let requests = [300, 600, 595, 5][ordinal as usize];
    for number in 0..requests {
        observe(&mut interval, ordinal, number);
    }
    interval.counters.connects = if ordinal == 0 { 3 } else { 0 };
    interval.counters.reconnects = u64::from(ordinal == 2);
    interval.counters.closed_between_requests = u64::from(ordinal == 2);
    if ordinal == 0 {
        [180, 220, 350]
            .into_iter()
            .for_each(|us| interval.timings.connect.record_us(us));
    }
    interval.cores.push(CoreHealth {
        core: 0,
        start_us: interval.start_us,
        end_us: interval.end_us,
        tardiness_p99_us: 90,
        health: WorkerHealth {
            cpu_user_ns: requests * 700,
            cpu_system_ns: requests * 1_300,
            run_queue_ns: 40_000,
            allocations: if ordinal == 0 { 12 } else { 0 },
            ring_entries: requests * 2,
        },
    });
    interval
}

/// One request: mostly success, a few of everything else.
fn observe(interval: &mut MergedInterval, ordinal: u64, number: u64) {
    let row = usize::from(number % 3 == 2);
    let (outcome, status, reason) = match (ordinal, number) {
        (3, 0) => (Outcome::Unknown, 0, "no reply within <n> s"),
        (2, 0..4) => (Outcome::Failed, 500, "internal error, \"boom\""),
        (1, 0..20) => (Outcome::Refused, 422, "e-mail is taken"),
        _ => (Outcome::Success, 201, ""),
    };
    let lag_us = 20 + number % 60;
    let service_us = if outcome == Outcome::Unknown {
        2_250_000
    } else {
        500 + 7 * (number % 100)
    };
    let bytes_in = if outcome == Outcome::Unknown { 0 } else { 180 };
    for counts in [&mut interval.names[row], &mut interval.all] {
        counts.response.record_us(lag_us + service_us);
        counts.service.record_us(service_us);
        counts.lag.record_us(lag_us);
        counts.outcomes[outcome] += 1;
        counts.bytes_out += 320;
        counts.bytes_in += bytes_in;
        counts.body_bytes_in += bytes_in / 4;
    }
    interval.timings.tardiness.record_us(lag_us);
    interval.timings.undelayed.record_us(service_us);
    interval.timings.attention.record_us(lag_us / 2);
    if outcome != Outcome::Success {
        let at_us = interval.start_us + number * 1_000;
        interval.errors.push(ErrorCounts {
            key: ErrorKey {
                name: row as u16,
                outcome,
                status,
                reason: Reason::new(reason),
            },
            count: 1,
            first_us: at_us,
            last_us: at_us,
        });
    }
}

/// The totals after all seconds.
pub(crate) fn totals() -> Totals {
    let mut totals = Totals::new(Arc::new(context()));
    seconds().iter().for_each(|second| totals.absorb(second));
    totals
}

/// What is known before the run.
pub(crate) fn facts() -> RunFacts {
    RunFacts {
        profile: "spike".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: start(),
        command: "shopblast --profile spike".to_owned(),
        plan: Map::from_iter([("profile".to_owned(), "spike".into())]),
        plan_hash: "00000000deadbeef".to_owned(),
        asked_users: None,
        seed: 7,
        host: HostFacts {
            cpu: "A CPU".to_owned(),
            cores: 2,
            workers: vec![1],
            placement: Placement::of(&Topology::flat(&[0, 1]), &[1], CoreChoiceKind::ByName),
            kernel: "6.12.0".to_owned(),
            driver: "uring".to_owned(),
            ring_flags: vec!["COOP_TASKRUN".to_owned(), "SINGLE_ISSUER".to_owned()],
        },
        races: crate::plan::RaceRules::default(),
        target: Some(TargetRecord {
            url: "http://127.0.0.1:8000".to_owned(),
            generation: "today".to_owned(),
            recognised_by: "description".to_owned(),
            exact: true,
            schema_hash: Some("00000000c0ffee00".to_owned()),
            contexts: ["identity", "catalogue"].map(str::to_owned).to_vec(),
            operations: Some(124),
            says: "ShopStream \"today\" (8 contexts, 124 operations; schema 00000000c0ffee00)"
                .to_owned(),
            ..TargetRecord::default()
        }),
        shard: None,
        processes: Some(ProcessesRecord {
            by: ProcessKind::Connection,
            seen: 2,
            connections: 54,
            requests: 96,
            took_us: 183_000,
        }),
    }
}

/// The live values of the run of `context` with these seconds.
pub(crate) fn lives(context: RunContext, seconds: &[MergedInterval]) -> Vec<Live> {
    let lives = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lives);
    let mut sink = LiveSink::new(facts(), move |live: Arc<Live>| {
        let mut seen = seen.lock().expect("not poisoned");
        seen.push(Arc::unwrap_or_clone(live));
    });
    let mut totals = Totals::new(Arc::new(context));
    for second in seconds {
        totals.absorb(second);
        sink.second(second, &totals).expect("it never fails");
    }
    std::mem::take(&mut *lives.lock().expect("not poisoned"))
}

/// The live value after all seconds.
pub(crate) fn live() -> Live {
    lives(context(), &seconds()).pop().expect("seconds")
}

/// Orders, of which some wait, and registrations of which only rows are seen.
pub(crate) fn events() -> Arc<[EventNow]> {
    let amount = |value, at_least| Amount { value, at_least };
    let event = |domain: &str, name: &str, done| EventNow {
        domain: domain.to_owned(),
        name: name.to_owned(),
        followed: 120,
        published: Some(StretchNow {
            over: 118,
            waiting: 0,
            p50: amount(12_000.0, false),
            p99: amount(80_500.0, false),
        }),
        done,
        visible: None,
    };
    let done = StretchNow {
        over: 90,
        waiting: 10,
        p50: amount(250_000.0, false),
        p99: amount(2_100_000.0, true),
    };
    [
        event("Ordering", "OrderCreated", Some(done)),
        event("Identity", "CustomerRegistered", None),
    ]
    .into()
}

/// Its finished record, not yet judged.
pub(crate) fn record() -> RunRecord {
    RunRecord {
        finished: true,
        ..facts().record(&totals())
    }
}

/// The finished record of a run with thresholds of every kind.
pub(crate) fn watched_record() -> RunRecord {
    let texts = [
        "response: p(99) < 1ms over 1s abort",
        "failed: rate < 0.1%",
        "observed(backlog) < 1000",
        "requests: rate > 100/s",
        "lag: p(99) < 1ms",
        "refused{name=\"POST /customers\"}: count <= 14",
    ];
    let thresholds = texts.map(|text| Threshold::parse(text).expect("a threshold"));
    let mut totals = Totals::new(Arc::new(RunContext {
        thresholds: thresholds.into(),
        ..context()
    }));
    seconds().iter().for_each(|second| totals.absorb(second));
    RunRecord {
        finished: true,
        ..facts().record(&totals)
    }
}

static RACES: [Race; 2] = [
    Race {
        index: 0,
        name: "last-pieces",
        sides: &["reserve"],
    },
    Race {
        index: 1,
        name: "cancel-against-paid",
        sides: &["cancel", "record payment"],
    },
];

static RULES: [Rule; 4] = [
    rule(0, "not-oversold", true),
    rule(1, "refunds-asked-within-payment", false),
    rule(2, "one-order-a-cart", true),
    rule(3, "cancelled-or-paid", true),
];

const fn rule(index: u16, name: &'static str, enforced: bool) -> Rule {
    Rule {
        index,
        name,
        text: "it holds",
        enforced,
    }
}

/// A witness of three exchanges, two of them racers.
pub(crate) fn violation() -> Violation {
    let exchange = |part, path: &str, body: &str, sent_us: i64| WitnessExchange {
        part,
        shows: true,
        name: "[RACE-STOCK] POST".to_owned(),
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.to_owned(),
        due_us: sent_us - 150,
        sent_us: Some(sent_us),
        done_us: sent_us + 420,
        status: Some(201),
        outcome: Outcome::Success,
        reply: r#"{"status":"ok"}"#.to_owned(),
        gave: None,
        side: None,
        reads: Vec::new(),
        holds: Vec::new(),
    };
    Violation {
        rule: "not-oversold".to_owned(),
        race: Some("last-pieces".to_owned()),
        at_us: 1_500_900,
        why: "5 pieces were granted of 3 that there were".to_owned(),
        exchanges: vec![
            exchange(
                Part::Before,
                "/inventory",
                r#"{"initial_quantity":3}"#,
                1_499_000,
            ),
            exchange(
                Part::Racer,
                "/inventory/i/reserve",
                r#"{"quantity":2}"#,
                1_500_000,
            ),
            exchange(
                Part::Racer,
                "/inventory/i/reserve",
                r#"{"quantity":3}"#,
                1_500_000,
            ),
        ],
        check: None,
    }
}

/// Every tenth race was on one process, and one racer of every fifteenth on an unknown one.
fn on_processes(race: u64) -> [u16; PROCESSES_COUNTED] {
    let mut on = [0; PROCESSES_COUNTED];
    on[1] += 1;
    on[match (race % 10, race % 15) {
        (9, _) => 1,
        (_, 7) => 0,
        _ => 2,
    }] += 1;
    on
}

/// A second in which things were contended for.
pub(crate) fn contested_second() -> MergedInterval {
    let mut interval = MergedInterval::new(SetShape {
        races: RACES.len(),
        rules: RULES.len(),
        ..SetShape::default()
    });
    interval.start_us = SECOND_US;
    interval.end_us = 2 * SECOND_US;
    let contests = &mut interval.contests;
    for (race, outcome, count) in [
        (0, Outcome::Refused, 60),
        (0, Outcome::Conflict, 30),
        (1, Outcome::Conflict, 25),
    ] {
        let mut ending = Ending::default();
        ending.add(0, Outcome::Success);
        ending.add(race, outcome);
        for number in 0..count {
            contests.races[usize::from(race)].observe(&RaceSeen {
                ending,
                racers: 2,
                complete: true,
                spread_us: Some(8 + number % 5),
                together: true,
                overlapped: outcome == Outcome::Conflict,
                first_side: Some(0),
                offset_bin: None,
                on: on_processes(number),
            });
        }
    }
    let broken = || RuleFinding::broken(format_args!("broken"), []);
    for (rule, finding, times) in [
        (0, RuleFinding::Held, 88),
        (0, broken(), 2),
        (1, broken(), 7),
        (2, RuleFinding::Held, 90),
        (2, RuleFinding::Undecided("a reply was lost"), 1),
        (3, RuleFinding::Undecided("the shop did not answer"), 3),
    ] {
        for _ in 0..times {
            contests.ledger.count(&RULES[rule], &finding);
        }
    }
    let known = Violation {
        rule: "refunds-asked-within-payment".to_owned(),
        why: "90.00 asked back of a payment of 30.00".to_owned(),
        ..violation()
    };
    contests.ledger.violations = vec![violation(), known];
    let round = Round {
        round: 1,
        at_us: 1_200_000,
        stock: 10,
        crowd: 8,
        demand: 17,
        granted: 10,
        winners: 5,
        refused: 2,
        conflicts: 1,
        spread_us: 40,
        overlapped: true,
        left: Some(0),
        ..Round::default()
    };
    contests.rounds.end(&round);
    contests.probes.sent = 93;
    contests.probes.told = 92;
    contests.probes.unknown = 1;
    interval.rounds.push(round);
    interval
}

/// The same with races.
pub(crate) fn contested_context() -> RunContext {
    RunContext {
        races: RACES.iter().collect(),
        rules: &RULES,
        ..context()
    }
}

/// The finished record of a run with races.
pub(crate) fn contested_record() -> RunRecord {
    let mut totals = Totals::new(Arc::new(contested_context()));
    seconds().iter().for_each(|second| totals.absorb(second));
    totals.contests.absorb(&contested_second().contests);
    let mut facts = facts();
    let target = serde_json::json!({"authority": "127.0.0.1:8000", "base_path": ""});
    facts.plan.insert("target".to_owned(), target);
    RunRecord {
        finished: true,
        ..facts.record(&totals)
    }
}
