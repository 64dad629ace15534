//! A small hand-made run that the tests of the exporters share.

use super::recording::RunFacts;
use super::run_record::{HostFacts, RunRecord};
use crate::plan::WaitTime;
use crate::stats::{
    CoreHealth, ErrorCounts, ErrorKey, Event, Interval, JourneyCounts, Outcome, Phase, Reason,
    RunContext, StatName, Totals, UserShare, WorkerHealth,
};
use serde_json::Map;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const SECOND_US: u64 = 1_000_000;

/// When the run started.
pub(super) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_340_107_250)
}

const REGISTERED: &[Event] = &[Event {
    domain: "Identity",
    name: "CustomerRegistered",
    outbox: true,
}];

/// A run of 3 s with 3 users; the first second is spawning, the last name is never requested.
pub(super) fn context() -> RunContext {
    let name = |method, name| StatName { method, name };
    RunContext {
        names: vec![
            name("POST", "POST /customers"),
            name("PUT", "PUT /customers/{id}/profile, \"odd\""),
            name("GET", "GET /customers/{id}"),
        ],
        raises: vec![REGISTERED, &[], &[]],
        journeys: vec!["NewCustomerJourney"],
        races: Vec::new(),
        rules: &[],
        cpus: vec![1],
        spawned_us: SECOND_US,
        run_time_us: 3 * SECOND_US,
        failures: crate::plan::FailureRule::Default,
        paced: true,
        user_shares: vec![UserShare {
            weight: 1.0,
            wait: WaitTime::ConstantPacing { interval_us: 5_000 },
        }],
    }
}

/// Seconds 0 to 2, and a last one of 0.25 s in which the last replies come.
pub(super) fn seconds() -> Vec<Interval> {
    (0..4).map(second).collect()
}

fn second(ordinal: u64) -> Interval {
    let mut interval = Interval::new(context().shape());
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
    interval.connects = if ordinal == 0 { 3 } else { 0 };
    interval.reconnects = u64::from(ordinal == 2);
    if ordinal == 0 {
        [180, 220, 350]
            .into_iter()
            .for_each(|us| interval.connect.record_us(us));
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
fn observe(interval: &mut Interval, ordinal: u64, number: u64) {
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
        counts.outcomes[outcome as usize] += 1;
        counts.bytes_out += 320;
        counts.bytes_in += bytes_in;
        counts.body_bytes_in += bytes_in / 4;
    }
    interval.tardiness.record_us(lag_us);
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
pub(super) fn totals() -> Totals {
    let mut totals = Totals::new(Arc::new(context()));
    seconds().iter().for_each(|second| totals.absorb(second));
    totals
}

/// What is known before the run.
pub(super) fn facts() -> RunFacts {
    RunFacts {
        profile: "spike".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: start(),
        command: "shopblast --profile spike".to_owned(),
        plan: Map::from_iter([("profile".to_owned(), "spike".into())]),
        plan_hash: "00000000deadbeef".to_owned(),
        seed: 7,
        host: HostFacts {
            cpu: "A CPU".to_owned(),
            cores: 2,
            workers: vec![1],
            kernel: "6.12.0".to_owned(),
            driver: "uring".to_owned(),
            ring_flags: vec!["COOP_TASKRUN".to_owned(), "SINGLE_ISSUER".to_owned()],
        },
    }
}

/// Its finished record, not yet judged.
pub(super) fn record() -> RunRecord {
    RunRecord {
        finished: true,
        ..facts().record(&totals())
    }
}
