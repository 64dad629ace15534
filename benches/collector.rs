//! What the collector costs: 64 workers hand over 45 names a second, and all files of the record are
//! written. `cargo bench --bench collector` prints the CPU time a second of the run.

mod made_up_seconds;

use fastrand::Rng;
use made_up_seconds::{NAMES, NEW_SECONDS, REQUESTS, SHAPE, context, facts, fill};
use shopblast::engine::ThreadGauge;
use shopblast::record::{Live, LiveSink, RecordDirectory, RunFacts};
use shopblast::stats::{Collector, CollectorInbox, CoreInterval, IntervalSink, RunContext};
use std::path::Path;
use std::sync::Arc;

const WORKERS: usize = 64;
const SECONDS: u64 = 22;

fn main() {
    // `cargo test --benches` only wants to know that it works.
    let seconds = match std::env::args().any(|argument| argument == "--bench") {
        true => SECONDS,
        false => 3,
    };
    let directory = tempfile::tempdir().expect("a directory");
    let facts = facts("cargo bench --bench collector");
    let record =
        RecordDirectory::create(directory.path(), "bench", "0123456789abcdef", facts.started)
            .expect("a record");
    let context = context(seconds, WORKERS);
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
