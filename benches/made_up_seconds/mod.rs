//! Seconds of a shop of 45 names, as workers count them, and the run that they are of: what the benches of
//! collector and leader merge.

use fastrand::Rng;
use shopblast::plan::{FailureRule, WaitTime};
use shopblast::record::{HostFacts, RunFacts};
use shopblast::stats::{
    CoreInterval, LiveContext, ObservedTable, Outcome, RunContext, SetShape, StatName, UserShare,
};
use std::time::{Duration, SystemTime};

/// Statistic names.
pub const NAMES: usize = 45;
/// Requests of a worker a second: with 45 names, some 220 of each.
pub const REQUESTS: usize = 10_000;
/// Seconds that are not counted: their memory is new.
pub const NEW_SECONDS: u64 = 2;
/// A second.
pub const SECOND_US: u64 = 1_000_000;
/// What is counted.
pub const SHAPE: SetShape = SetShape {
    names: NAMES,
    journeys: 10,
    races: 0,
    rules: 0,
};

/// One second of one worker: latencies as of a shop, with a long tail.
pub fn fill(set: &mut CoreInterval, second: u64, last: bool, rng: &mut Rng) {
    (set.start_us, set.end_us) = (second * SECOND_US, (second + 1) * SECOND_US);
    set.last = last;
    set.users = 100;
    for request in 0..REQUESTS {
        let spread = rng.f64();
        let service_us = 800 + (600.0 / (1.001 - spread)) as u64;
        let lag_us = 20 + rng.u64(..60);
        let name = &mut set.names[request % NAMES];
        name.response.record_us(service_us + lag_us);
        name.service.record_us(service_us);
        name.lag.record_us(lag_us);
        name.outcomes[Outcome::Success] += 1;
        name.bytes_out += 300;
        name.bytes_in += 200;
        set.timings.undelayed.record_us(service_us);
        set.timings.tardiness.record_us(lag_us);
    }
    for attention in 0..60 {
        set.timings.attention.record_us(10 + attention);
    }
}

/// The run, which `command` measures.
pub fn facts(command: &str) -> RunFacts {
    RunFacts {
        shard: None,
        profile: "bench".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107),
        command: command.to_owned(),
        plan: serde_json::Map::new(),
        plan_hash: "0000000000000000".to_owned(),
        asked_users: None,
        seed: 1,
        host: HostFacts::default(),
        races: shopblast::plan::RaceRules::default(),
        target: None,
        processes: None,
    }
}

/// The same for those who count it: so many seconds of so many workers.
pub fn context(seconds: u64, workers: usize) -> RunContext {
    let names = (0..NAMES).map(|number| StatName {
        method: "POST",
        // As many different texts as there are names, for as long as the program runs.
        name: String::leak(format!("POST /things/{number}/{{id}}/change")),
    });
    RunContext {
        tags: Vec::new(),
        names: names.collect(),
        raises: vec![Vec::new(); NAMES],
        journeys: vec!["NewCustomerJourney"; SHAPE.journeys],
        races: Vec::new(),
        rules: &[],
        cpus: (0..workers).collect(),
        spawned_us: SECOND_US,
        run_time_us: seconds * SECOND_US,
        excursion: None,
        failures: FailureRule::Default,
        paced: true,
        user_shares: vec![UserShare {
            weight: 1.0,
            wait: WaitTime::None,
        }],
        thresholds: Vec::new(),
        observed: ObservedTable::default(),
        live: LiveContext::default(),
    }
}
