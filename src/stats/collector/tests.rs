//! Whole runs over threads: nothing lost, whatever the order; failing sinks; crashed workers.

use super::*;
use crate::stats::{LatencyCounts, Outcome, Phase, StatName, WorkerHealth};
use proptest::prelude::*;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

const SECOND_US: u64 = 1_000_000;
const SHAPE: SetShape = SetShape {
    names: 2,
    journeys: 1,
    races: 0,
    rules: 0,
};

fn context(workers: usize, seconds: u64) -> RunContext {
    let name = |name| StatName {
        method: "GET",
        name,
    };
    RunContext {
        names: vec![name("GET /a"), name("GET /b")],
        raises: vec![Vec::new(), Vec::new()],
        tags: Vec::new(),
        journeys: vec!["a"],
        races: Vec::new(),
        rules: &[],
        cpus: (0..workers).collect(),
        spawned_us: SECOND_US,
        run_time_us: seconds * SECOND_US,
        excursion: None,
        failures: crate::plan::FailureRule::Default,
        paced: true,
        user_shares: Vec::new(),
        thresholds: Vec::new(),
        observed: crate::stats::ObservedTable::default(),
        live: crate::stats::LiveContext::default(),
    }
}

/// Latencies by second of one worker, each for a name.
type Seen = Vec<Vec<(usize, u64)>>;

/// What a worker of the engine does with its handover.
fn work(core: usize, handover: &WorkerHandover, seen: &Seen) {
    let mut set = Box::new(CoreInterval::new(core, SHAPE));
    for (second, requests) in seen.iter().enumerate() {
        set.start_us = second as u64 * SECOND_US;
        set.end_us = set.start_us + SECOND_US;
        set.last = second + 1 == seen.len();
        set.users = 3;
        for &(name, latency_us) in requests {
            set.names[name].response.record_us(latency_us);
            set.names[name].outcomes[Outcome::Success] += 1;
        }
        set.health = WorkerHealth {
            allocations: 1,
            ..WorkerHealth::default()
        };
        handover.full.send(set).expect("the collector lives");
        if second + 1 == seen.len() {
            return;
        }
        set = handover.empty.recv().expect("the collector lives");
        assert!(
            set.names.iter().all(|name| name.response.is_empty()),
            "given back full"
        );
    }
}

/// What a sink is told of a second.
struct Shown {
    requests: u64,
    requests_per_s: f64,
    current_requests_per_s: f64,
    /// By name.
    longest_us: Vec<u64>,
}

/// Writes down what it is told.
struct Watcher(Arc<Mutex<Vec<Shown>>>);

impl IntervalSink for Watcher {
    fn path(&self) -> &Path {
        Path::new("what is shown")
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let requests = totals.all.requests();
        let names = totals.names.iter();
        self.0.lock().expect("not poisoned").push(Shown {
            requests,
            requests_per_s: totals.per_s(requests),
            current_requests_per_s: interval.all.requests() as f64 / interval.length_s(),
            longest_us: names.map(|name| name.response.max_us()).collect(),
        });
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}

fn collect(seen: &[Seen], mut sinks: Vec<Box<dyn IntervalSink>>) -> (Merged, Vec<Shown>) {
    let (handovers, inbox) = Collector::channels(seen.len(), SHAPE);
    let seconds = seen.iter().map(Vec::len).max().unwrap_or(0) as u64;
    let shown = Arc::new(Mutex::new(Vec::new()));
    sinks.push(Box::new(Watcher(Arc::clone(&shown))));
    let merged = std::thread::scope(|scope| {
        for (core, (mut handover, seen)) in handovers.into_iter().zip(seen).enumerate() {
            scope.spawn(move || {
                handover.bring_spares();
                work(core, &handover, seen);
            });
        }
        inbox.run(context(seen.len(), seconds), sinks)
    });
    let shown = std::mem::take(&mut *shown.lock().expect("not poisoned"));
    (merged, shown)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn totals_are_what_one_histogram_would_have_seen(
        seen in prop::collection::vec(
            prop::collection::vec(
                prop::collection::vec((0..2_usize, 0..700_000_000_u64), 0..20),
                1..6,
            ),
            1..4,
        ),
    ) {
        let (merged, shown) = collect(&seen, Vec::new());
        let mut expected = [LatencyCounts::default(), LatencyCounts::default()];
        for &(name, latency_us) in seen.iter().flatten().flatten() {
            expected[name].record_us(latency_us);
        }
        for (counts, total) in expected.iter().zip(&merged.totals.names) {
            let mut histogram = LatencyCounts::histogram();
            counts.add_to(&mut histogram);
            prop_assert_eq!(total.response.histogram(), &histogram);
            prop_assert_eq!(counts.max_us(), total.response.max_us());
            prop_assert_eq!(counts.min_us(), total.response.min_us());
            prop_assert_eq!(counts.len(), total.requests());
        }
        let requests: u64 = expected.iter().map(LatencyCounts::len).sum();
        let by_phase: u64 = merged.totals.phases.iter().map(|phase| phase.all.requests()).sum();
        prop_assert_eq!(merged.totals.all.requests(), requests);
        prop_assert_eq!(by_phase, requests);
        prop_assert_eq!(shown.last().map(|last| last.requests), Some(requests));
        let seconds = seen.iter().map(Vec::len).max().unwrap_or(0);
        prop_assert_eq!(shown.len(), seconds);
        let sets: usize = seen.iter().map(Vec::len).sum();
        prop_assert_eq!(merged.totals.health.allocations, sets as u64);
        prop_assert!(merged.lost_workers.is_empty());
    }
}

#[test]
fn phases_are_kept_apart() {
    let seen = vec![vec![
        vec![(0, 100)],
        vec![(0, 200), (1, 300)],
        vec![(1, 400)],
    ]];
    let (merged, shown) = collect(&seen, Vec::new());
    let spawning = merged.totals.phase(Phase::Spawning);
    let steady = merged.totals.phase(Phase::Steady);
    assert_eq!((spawning.start_us, spawning.end_us), (0, SECOND_US));
    assert_eq!((steady.start_us, steady.end_us), (SECOND_US, 3 * SECOND_US));
    assert_eq!((spawning.all.requests(), steady.all.requests()), (1, 3));
    assert_eq!(steady.all.response.max_us(), 400);
    assert!((steady.requests_per_s() - 1.5).abs() < 1e-9);
    assert!((shown[1].current_requests_per_s - 2.0).abs() < 1e-9);
    assert!((shown[1].requests_per_s - 1.5).abs() < 1e-9);
    assert_eq!(shown[1].longest_us, [200, 300]);
}

/// Finds no room in some of its seconds, and counts how often it was asked.
struct FullDisk {
    asked: u32,
    full: Range<u32>,
}

impl FullDisk {
    fn ask(&mut self) -> io::Result<()> {
        self.asked += 1;
        match self.full.contains(&self.asked) {
            true => Err(io::Error::other("no space left")),
            false => Ok(()),
        }
    }
}

impl IntervalSink for FullDisk {
    fn path(&self) -> &Path {
        Path::new("results/full.csv")
    }

    fn second(&mut self, _interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        self.ask()
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.ask()
    }
}

#[test]
fn a_sink_that_fails_is_asked_again_and_reported_when_it_fails_in_the_end() {
    // Four seconds, and the end.
    let lost = |second: u32| {
        format!(
            "cannot write results/full.csv: no space left; it holds the run up to second {second} only"
        )
    };
    for (full, expected) in [
        (2..2, vec![]),
        (2..4, vec![]),
        (1..5, vec![]),
        (2..6, vec![lost(1)]),
        (5..6, vec![lost(4)]),
    ] {
        let seen = vec![vec![vec![(0, 1)]; 4]];
        let sink = FullDisk {
            asked: 0,
            full: full.clone(),
        };
        let (merged, _) = collect(&seen, vec![Box::new(sink)]);
        assert_eq!(merged.totals.all.requests(), 4);
        let failures = merged.sink_failures.iter();
        let messages: Vec<String> = failures.map(ToString::to_string).collect();
        assert_eq!(messages, expected, "{full:?}");
    }
}

#[test]
fn a_crashed_worker_is_named_and_does_not_hang_the_run() {
    let (mut handovers, inbox) = Collector::channels(2, SHAPE);
    let crashed = handovers.pop().expect("two workers");
    let mut healthy = handovers.pop().expect("two workers");
    healthy.bring_spares();
    let mut set = Box::new(CoreInterval::new(1, SHAPE));
    set.end_us = SECOND_US;
    set.names[0].outcomes[Outcome::Success] = 7;
    crashed.full.send(set).expect("there is room");
    drop(crashed);
    let merged = std::thread::scope(|scope| {
        scope.spawn(move || work(0, &healthy, &vec![vec![(0, 5)]; 3]));
        inbox.run(context(2, 3), Vec::new())
    });
    assert_eq!(merged.lost_workers, [1]);
    assert_eq!(merged.totals.all.requests(), 10);
}

/// Lines of memory that fetch each other: pairs of 64 bytes.
const LINE_BYTES: usize = 128;

#[test]
fn no_two_workers_count_on_one_cache_line() {
    let (handovers, _inbox) = Collector::channels(64, SHAPE);
    let sets: Vec<Box<CoreInterval>> = std::thread::scope(|scope| {
        let workers = handovers.into_iter().map(|mut handover| {
            scope.spawn(move || {
                assert!(handover.empty.is_empty(), "made by another thread");
                handover.bring_spares();
                handover.bring_spares();
                assert_eq!(handover.empty.len(), SPARE_SETS, "brought once");
                handover.empty.iter().take(SPARE_SETS).collect::<Vec<_>>()
            })
        });
        let workers: Vec<_> = workers.collect();
        let sets = workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("made"));
        sets.collect()
    });
    let lines = |start: usize, bytes: usize, core: usize| {
        assert_eq!(start % LINE_BYTES, 0, "begins within a line");
        (start / LINE_BYTES..(start + bytes).div_ceil(LINE_BYTES)).map(move |line| (line, core))
    };
    let mut owners = std::collections::HashMap::new();
    for set in &sets {
        let own = lines(
            std::ptr::from_ref(&**set) as usize,
            size_of_val(&**set),
            set.core,
        );
        let names = lines(
            set.names.as_ptr() as usize,
            size_of_val(&*set.names),
            set.core,
        );
        for (line, core) in own.chain(names) {
            assert_eq!(*owners.entry(line).or_insert(core), core);
        }
    }
    let cores: std::collections::BTreeSet<usize> = owners.into_values().collect();
    assert_eq!(cores.len(), 64);
}
