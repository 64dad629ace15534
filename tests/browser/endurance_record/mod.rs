//! A made-up record of half an hour with the 45 statistic names of a mixed run, for the page's size
//! and speed. Written by the record's own sinks; the interval logs, which no report reads, are left
//! out.

use shopblast::plan::{FailureRule, RaceRules, WaitTime};
use shopblast::record::{
    BandsCsv, DistributionCsv, EventsCsv, HostFacts, Record, RunFacts, RunRecord, SeriesCsv,
};
use shopblast::stats::{
    CoreHealth, ErrorCounts, ErrorKey, Event, IntervalSink, LiveContext, MergedInterval, Outcome,
    Phase, Reason, RunContext, StatName, Totals, UserShare, WorkerHealth,
};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const SECOND_US: u64 = 1_000_000;
/// Length of the run.
pub const SECONDS: u64 = 1_800;
/// Statistic names.
pub const NAMES: usize = 45;
const SPAWNING_S: u64 = 60;
const CORES: usize = 4;
const RAISED: &[Event] = &[Event {
    domain: "Ordering",
    name: "OrderCreated",
    outbox: false,
}];

/// Writes the record into `directory`, and gives its `run.json`.
pub fn write(directory: &Path) -> RunRecord {
    let context = context();
    let path = |name: &str| directory.join(name);
    let mut sinks: Vec<Box<dyn IntervalSink>> = vec![
        Box::new(SeriesCsv::create(&path("series.csv"), &context.cpus).expect("created")),
        Box::new(BandsCsv::create(&path("bands.csv"), &context.names).expect("created")),
        Box::new(
            EventsCsv::create(&path("events.csv"), &context.raises, SystemTime::UNIX_EPOCH)
                .expect("created"),
        ),
    ];
    let mut totals = Totals::new(Arc::new(context.clone()));
    let mut random = fastrand::Rng::with_seed(45);
    let mut interval = MergedInterval::new(context.shape());
    for second in 0..SECONDS {
        interval.clear();
        fill(&mut interval, second, &mut random);
        totals.absorb(&interval);
        for sink in &mut sinks {
            sink.second(&interval, &totals).expect("written");
        }
    }
    let mut distribution = DistributionCsv::new(&path("distribution.csv"));
    distribution.finish(&totals).expect("written");
    let record = RunRecord {
        finished: true,
        verdict: "Some of the requests failed.".to_owned(),
        exit_code: Some(1),
        ..facts().record(&totals)
    };
    record.write(&path("run.json")).expect("written");
    record
}

fn context() -> RunContext {
    let names = (0..NAMES).map(|place| StatName {
        method: ["POST", "PUT", "GET"][place % 3],
        name: format!(
            "{} /things-{place}/{{id}}/parts",
            ["POST", "PUT", "GET"][place % 3]
        )
        .leak(),
    });
    RunContext {
        names: names.collect(),
        raises: (0..NAMES)
            .map(|place| RAISED[..place % 2].to_vec())
            .collect(),
        tags: Vec::new(),
        journeys: vec!["OrderFullLifecycleJourney", "PaymentRefundJourney"],
        races: Vec::new(),
        rules: &[],
        thresholds: Vec::new(),
        observed: shopblast::stats::ObservedTable::default(),
        cpus: (0..CORES).collect(),
        spawned_us: SPAWNING_S * SECOND_US,
        run_time_us: SECONDS * SECOND_US,
        excursion: None,
        failures: FailureRule::Default,
        paced: true,
        user_shares: vec![UserShare {
            weight: 1.0,
            wait: WaitTime::None,
        }],
        live: LiveContext::default(),
    }
}

fn fill(interval: &mut MergedInterval, second: u64, random: &mut fastrand::Rng) {
    interval.start_us = second * SECOND_US;
    interval.end_us = interval.start_us + SECOND_US;
    let is_spawning = second < SPAWNING_S;
    interval.phase = if is_spawning {
        Phase::Spawning
    } else {
        Phase::Steady
    };
    interval.users = (second + 1).min(SPAWNING_S) as u32 * 5;
    interval.counters.reconnects = if second % 600 == 599 { 120 } else { second % 3 };
    for place in 0..NAMES {
        for _ in 0..random.usize(0..7) {
            request(interval, place, second, random);
        }
    }
    for core in 0..CORES {
        interval.cores.push(CoreHealth {
            core,
            start_us: interval.start_us,
            end_us: interval.end_us,
            tardiness_p99_us: 80,
            health: WorkerHealth {
                cpu_user_ns: random.u64(100_000_000..400_000_000),
                cpu_system_ns: random.u64(100_000_000..200_000_000),
                ..WorkerHealth::default()
            },
        });
    }
}

/// One request, slower for later names and in the middle of the run, with a long tail.
fn request(interval: &mut MergedInterval, place: usize, second: u64, random: &mut fastrand::Rng) {
    let lag_us = random.u64(10..200);
    let tail = if random.u8(..) < 4 { 20 } else { 1 };
    let base_us = 800 + 90 * place as u64 + if second.abs_diff(900) < 120 { 9_000 } else { 0 };
    let service_us = base_us * tail + random.u64(0..base_us * 3);
    let outcome = match random.u16(..) {
        0..40 => Outcome::Failed,
        40..900 => Outcome::Refused,
        _ => Outcome::Success,
    };
    for counts in [&mut interval.names[place], &mut interval.all] {
        counts.response.record_us(lag_us + service_us);
        counts.service.record_us(service_us);
        counts.lag.record_us(lag_us);
        counts.outcomes[outcome] += 1;
        counts.bytes_out += 420;
        counts.bytes_in += 260;
    }
    interval.timings.tardiness.record_us(lag_us);
    if outcome != Outcome::Success {
        interval.errors.push(ErrorCounts {
            key: ErrorKey {
                name: place as u16,
                outcome,
                status: if outcome == Outcome::Failed { 500 } else { 400 },
                reason: Reason::new("quantity: Insufficient stock: … available, … requested"),
            },
            count: 1,
            first_us: interval.start_us,
            last_us: interval.start_us,
        });
    }
}

fn facts() -> RunFacts {
    RunFacts {
        profile: "endurance".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107),
        command: "shopblast --profile endurance".to_owned(),
        plan: serde_json::Map::from_iter([("profile".to_owned(), "endurance".into())]),
        plan_hash: "00000000deadbeef".to_owned(),
        asked_users: None,
        seed: 45,
        host: HostFacts::default(),
        races: RaceRules::default(),
        shard: None,
        processes: None,
        target: None,
    }
}
