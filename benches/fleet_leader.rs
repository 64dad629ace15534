//! What the leader of a fleet costs: 100 shards tell of 45 names each second, which it reads, joins, counts and
//! writes into all files of the record. `cargo bench --bench fleet_leader` prints CPU time, memory and bytes a
//! second; and what the telling costs a shard, beside what measuring the second did.

use fastrand::Rng;
use shopblast::engine::ThreadGauge;
use shopblast::plan::{FailureRule, WaitTime};
use shopblast::record::{HostFacts, Live, LiveSink, RecordDirectory, RunFacts};
use shopblast::stats::{
    CoreInterval, IntervalSink, LiveContext, MergedInterval, Merging, ObservedTable, Outcome,
    RunContext, SetShape, ShardJoin, StatName, UserShare,
};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const SHARDS: usize = 100;
const NAMES: usize = 45;
const SECONDS: u64 = 12;
/// Seconds that are not counted: their memory is new.
const NEW_SECONDS: u64 = 2;
/// Requests of a shard a second: with 45 names, some 220 of each.
const REQUESTS: usize = 10_000;
/// Different shards; the others tell the same as one of them, since to make them costs more than to join them.
const KINDS: u64 = 8;
const SECOND_US: u64 = 1_000_000;
const SHAPE: SetShape = SetShape {
    names: NAMES,
    journeys: 10,
    races: 0,
    rules: 0,
};

fn main() {
    // `cargo test --benches` only wants to know that it works.
    let seconds = match std::env::args().any(|argument| argument == "--bench") {
        true => SECONDS,
        false => 3,
    };
    let directory = tempfile::tempdir().expect("a directory");
    let facts = facts();
    let record =
        RecordDirectory::create(directory.path(), "bench", "0123456789abcdef", facts.started)
            .expect("a record");
    let context = context(seconds);
    let mut sinks = record.sinks(&facts, &context, None, true).expect("files");
    let live = LiveSink::new(facts, |_: Arc<Live>| {});
    sinks.push(Box::new(live.writing(&record.run_json())));
    let mut kinds: Vec<Kind> = (0..KINDS).map(Kind::new).collect();
    let mut leader = Leader::new(context, sinks);
    let (mut joined_ns, mut told_ns, mut told_bytes) = (0, 0, 0);
    let mut gauge = ThreadGauge::start();
    for second in 0..seconds {
        gauge.lap();
        let mut messages: Vec<Vec<u8>> = Vec::new();
        for kind in &mut kinds {
            messages.push(kind.tell(second));
        }
        let told = gauge.lap().cpu_ns();
        for shard in 0..SHARDS {
            leader.hear(
                shard,
                &messages[shard % messages.len()],
                second + 1 == seconds,
            );
        }
        leader.count();
        if second >= NEW_SECONDS {
            joined_ns += gauge.lap().cpu_ns();
            told_ns += told;
            told_bytes += messages.iter().map(Vec::len).sum::<usize>() as u64;
        }
    }
    let requests = leader.finish();
    assert_eq!(requests, (SHARDS * REQUESTS) as u64 * seconds);
    let counted = (seconds - NEW_SECONDS) as f64;
    let a_message = told_bytes as f64 / counted / KINDS as f64;
    println!(
        "leader: {SHARDS} shards x {NAMES} names, {} requests/s, all files of the record: {:.1} ms of CPU time a \
         second, {:.1} % of a core; {:.1} MB of memory at most; {:.0} kB a second from Redis",
        SHARDS * REQUESTS,
        joined_ns as f64 / counted / 1e6,
        joined_ns as f64 / counted / 1e7,
        peak_mb(),
        a_message * SHARDS as f64 / 1e3
    );
    println!(
        "shard: {:.2} ms of CPU time to make its message of {:.1} kB a second, {:.3} % of a core",
        told_ns as f64 / counted / KINDS as f64 / 1e6,
        a_message / 1e3,
        told_ns as f64 / counted / KINDS as f64 / 1e7
    );
}

/// A shard: the second that it measured.
struct Kind {
    second: MergedInterval,
}

impl Kind {
    fn new(seed: u64) -> Self {
        let mut set = CoreInterval::new(0, SHAPE);
        let mut rng = Rng::with_seed(seed);
        fill(&mut set, &mut rng);
        let mut second = MergedInterval::new(SHAPE);
        second.absorb(&set);
        Self { second }
    }

    fn tell(&mut self, second: u64) -> Vec<u8> {
        (self.second.start_us, self.second.end_us) = (second * SECOND_US, (second + 1) * SECOND_US);
        let mut message = Vec::new();
        self.second.encode(&mut message);
        message
    }
}

/// What the leader does each second, as in a run.
struct Leader {
    join: ShardJoin,
    heard: MergedInterval,
    merging: Merging,
}

impl Leader {
    fn new(context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Self {
        Self {
            join: ShardJoin::new(SHAPE, &[1; SHARDS], u64::MAX),
            heard: MergedInterval::new(SHAPE),
            merging: Merging::new(context, sinks),
        }
    }

    fn hear(&mut self, shard: usize, message: &[u8], is_last: bool) {
        self.heard.decode(message).expect("a second");
        self.join.push(shard, &self.heard);
        if is_last {
            self.join.done(shard);
        }
    }

    fn count(&mut self) {
        while let Some(mut second) = self.join.next_complete() {
            self.merging.second(&mut second);
            self.join.recycle(second);
        }
    }

    fn finish(self) -> u64 {
        let merged = self.merging.finish(Vec::new());
        assert!(merged.sink_failures.is_empty(), "all files are whole");
        merged.totals.all.requests()
    }
}

/// A second of one shard: latencies as of a shop, with a long tail.
fn fill(set: &mut CoreInterval, rng: &mut Rng) {
    (set.start_us, set.end_us) = (0, SECOND_US);
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

/// Most memory that this process had.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .expect("a figure");
    kib.parse::<f64>().expect("a number") * 1024.0 / 1e6
}

fn facts() -> RunFacts {
    RunFacts {
        shard: None,
        profile: "bench".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107),
        command: "cargo bench --bench fleet_leader".to_owned(),
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

fn context(seconds: u64) -> RunContext {
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
        cpus: (0..SHARDS).collect(),
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
