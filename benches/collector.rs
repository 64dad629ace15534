//! What the collector costs: 64 workers hand over 45 names a second, and all files of the record are
//! written. `cargo bench --bench collector` prints the CPU time a second of the run.

use fastrand::Rng;
use shopblast::engine::ThreadGauge;
use shopblast::plan::{FailureRule, WaitTime};
use shopblast::record::{HostFacts, Live, LiveSink, RecordDirectory, RunFacts};
use shopblast::stats::{
    Collector, CollectorInbox, CoreInterval, IntervalSink, LiveContext, ObservedTable, Outcome,
    RunContext, SetShape, StatName, UserShare,
};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const WORKERS: usize = 64;
const NAMES: usize = 45;
const SECONDS: u64 = 22;
/// Seconds that are not counted: their memory is new.
const NEW_SECONDS: u64 = 2;
/// Requests of a worker a second: with 45 names, some 220 of each.
const REQUESTS: usize = 10_000;
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
    let sinks = record.sinks(&facts, &context, None, true).expect("files");
    let run_json = record.run_json();
    let (handovers, inbox) = Collector::channels(WORKERS, SHAPE);
    let (cpu_ns, merged) = std::thread::scope(|scope| {
        let collector = scope.spawn(|| collect(inbox, context, sinks, facts.clone(), &run_json));
        let mut rng = Rng::with_seed(1);
        // Each worker has one set that goes back and forth: 0.7 GB in all.
        for second in 0..seconds {
            for (core, handover) in handovers.iter().enumerate() {
                let mut set = match second {
                    0 => Box::new(CoreInterval::new(core, SHAPE)),
                    _ => handover.empty.recv().expect("the collector lives"),
                };
                fill(&mut set, second, second + 1 == seconds, &mut rng);
                handover.full.send(set).expect("the collector lives");
            }
        }
        collector.join().expect("no panic")
    });
    assert_eq!(merged, (WORKERS * REQUESTS) as u64 * seconds);
    let a_second_us = cpu_ns as f64 / 1e3 / (seconds - NEW_SECONDS) as f64;
    println!(
        "collector: {WORKERS} workers x {NAMES} names, {} requests/s, all files of the record: \
         {:.1} ms of CPU time a second, {:.2} % of a core",
        WORKERS * REQUESTS,
        a_second_us / 1e3,
        a_second_us / 1e4
    );
}

/// CPU time of the collector, without its first seconds and its last words, and how many requests it saw.
fn collect(
    inbox: CollectorInbox,
    context: RunContext,
    mut sinks: Vec<Box<dyn IntervalSink>>,
    facts: RunFacts,
    run_json: &Path,
) -> (u64, u64) {
    let (told, laps) = std::sync::mpsc::channel();
    let mut gauge = ThreadGauge::start();
    // The last sink, as in a run: after it a second is done.
    let live = LiveSink::new(facts, move |live: Arc<Live>| {
        let lap_ns = gauge.lap().cpu_ns();
        // Whoever hears it shows it for a second.
        let _ = told.send((live, lap_ns));
    });
    sinks.push(Box::new(live.writing(run_json)));
    let heard = std::thread::spawn(move || {
        let counted = laps.into_iter().skip(NEW_SECONDS as usize);
        counted.map(|(_, lap_ns)| lap_ns).sum()
    });
    let merged = inbox.run(context, sinks);
    let cpu_ns = heard.join().expect("no panic");
    (cpu_ns, merged.totals.all.requests())
}

/// A second of one worker: latencies as of a shop, with a long tail.
fn fill(set: &mut CoreInterval, second: u64, last: bool, rng: &mut Rng) {
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

fn facts() -> RunFacts {
    RunFacts {
        profile: "bench".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107),
        command: "cargo bench --bench collector".to_owned(),
        plan: serde_json::Map::new(),
        plan_hash: "0000000000000000".to_owned(),
        asked_users: None,
        seed: 1,
        host: HostFacts::default(),
        races: shopblast::plan::RaceRules::default(),
        target: None,
        shard: None,
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
        names: names.collect(),
        raises: vec![Vec::new(); NAMES],
        tags: Vec::new(),
        journeys: vec!["NewCustomerJourney"; SHAPE.journeys],
        races: Vec::new(),
        rules: &[],
        cpus: (0..WORKERS).collect(),
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
