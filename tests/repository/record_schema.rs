//! A run through the collector into a record directory: what is on disk is whole, and `run.json`
//! is what its schema says.

use shopblast::plan::WaitTime;
use shopblast::record::{HostFacts, Record, RecordDirectory, RunFacts, RunRecord, TargetRecord};
use shopblast::stats::{
    Collector, CoreInterval, ErrorKey, Outcome, Reason, RunContext, SetShape, StatName, UserShare,
};
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

const SECOND_US: u64 = 1_000_000;
const SCHEMA: &str = "schema/run.schema.json";

fn names() -> Vec<StatName> {
    vec![
        StatName {
            method: "POST",
            name: "POST /customers",
        },
        StatName {
            method: "PUT",
            name: "PUT /customers/{id}/profile",
        },
    ]
}

fn facts() -> RunFacts {
    RunFacts {
        profile: "spike".to_owned(),
        run_id: "0123456789abcdef".to_owned(),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107),
        command: "shopblast --profile spike".to_owned(),
        plan: serde_json::Map::from_iter([("profile".to_owned(), "spike".into())]),
        plan_hash: "00000000deadbeef".to_owned(),
        asked_users: None,
        seed: u64::MAX,
        host: HostFacts::default(),
        races: shopblast::plan::RaceRules::default(),
        target: Some(TargetRecord::default()),
        shard: None,
        processes: None,
    }
}

const SHAPE: SetShape = SetShape {
    names: 2,
    journeys: 1,
    races: 0,
    rules: 0,
};

/// A set of one worker; the last one is partial and holds an error without a status.
fn set(core: usize, second: u64, seconds: u64) -> CoreInterval {
    let mut set = CoreInterval::new(core, SHAPE);
    set.start_us = second * SECOND_US;
    set.last = second + 1 == seconds;
    set.end_us = set.start_us + if set.last { SECOND_US / 2 } else { SECOND_US };
    set.users = 4;
    for request in 0..100 {
        let name = &mut set.names[request % 2];
        name.response.record_us(1_000 + request as u64);
        name.service.record_us(900);
        name.lag.record_us(100);
        name.outcomes[Outcome::Success] += 1;
    }
    if set.last {
        set.names[0].outcomes[Outcome::Unknown] += 1;
        let reason = Reason::new("connection reset");
        let key = ErrorKey {
            name: 0,
            outcome: Outcome::Unknown,
            status: 0,
            reason,
        };
        set.record_error(key, set.start_us + 5);
    }
    set
}

/// Records a run of two workers and as many seconds; returns its finished record.
fn recorded(directory: &RecordDirectory, seconds: u64) -> RunRecord {
    let context = RunContext {
        names: names(),
        raises: vec![Vec::new(), Vec::new()],
        tags: Vec::new(),
        journeys: vec!["SomeJourney"],
        races: Vec::new(),
        rules: &[],
        cpus: vec![0, 1],
        spawned_us: SECOND_US,
        run_time_us: seconds * SECOND_US,
        excursion: None,
        failures: shopblast::plan::FailureRule::Default,
        paced: false,
        user_shares: vec![UserShare {
            weight: 1.0,
            wait: WaitTime::None,
        }],
        thresholds: Vec::new(),
        observed: shopblast::stats::ObservedTable::default(),
        live: shopblast::stats::LiveContext::default(),
    };
    let sinks = directory
        .sinks(&facts(), &context, None, true)
        .expect("started");
    let (handovers, inbox) = Collector::channels(2, SHAPE);
    // Workers keep in step, as their clocks make them do in a run.
    let step = Barrier::new(2);
    let merged = std::thread::scope(|scope| {
        for (core, mut handover) in handovers.into_iter().enumerate() {
            let step = &step;
            scope.spawn(move || {
                handover.bring_spares();
                for second in 0..seconds {
                    step.wait();
                    handover
                        .full
                        .send(Box::new(set(core, second, seconds)))
                        .expect("sent");
                    handover.empty.recv().expect("given back");
                }
            });
        }
        inbox.run(context, sinks)
    });
    assert!(
        merged.sink_failures.is_empty(),
        "{:?}",
        merged.sink_failures
    );
    facts().record(&merged.totals)
}

fn directory(results: &Path) -> RecordDirectory {
    RecordDirectory::create(results, "spike", "0123456789abcdef", facts().started).expect("made")
}

fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("there");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, RunRecord::schema_text()).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == RunRecord::schema_text(),
        "{SCHEMA} is out of date; refresh it with `BLESS_GOLDEN=1 cargo test --test repository`"
    );
}

#[test]
fn records_of_running_and_finished_runs_fit_the_schema() {
    let results = tempfile::tempdir().expect("a directory");
    let directory = directory(results.path());
    let mut record = recorded(&directory, 3);
    let schema = read_json(&Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA));
    let validator = jsonschema::validator_for(&schema).expect("a schema");

    let running = read_json(&directory.run_json());
    assert!(validator.is_valid(&running), "{running:#}");
    assert_eq!(running["finished"], false);
    assert_eq!(running["exit_code"], serde_json::Value::Null);

    (record.finished, record.verdict, record.exit_code) = (true, "Fine.".to_owned(), Some(1));
    record.write(&directory.run_json()).expect("written");
    let finished = read_json(&directory.run_json());
    let complaints: Vec<String> = validator
        .iter_errors(&finished)
        .map(|error| error.to_string())
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(finished["seed"], u64::MAX);
    assert_eq!(finished["totals"]["requests"], 602);
    assert_eq!(finished["errors"][0]["status"], serde_json::Value::Null);

    let mut broken = finished;
    broken["totals"]["requests"] = "many".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let results = tempfile::tempdir().expect("a directory");
    let record = recorded(&directory(results.path()), 2);
    let read: RunRecord = serde_json::from_str(&record.json_text()).expect("a record");
    assert_eq!(read, record);
}

#[test]
fn figures_are_exact_where_they_can_be() {
    let results = tempfile::tempdir().expect("a directory");
    let record = recorded(&directory(results.path()), 3);
    let totals = &record.totals;
    assert_eq!(
        (totals.success, totals.unknown, totals.failures),
        (600, 2, 2)
    );
    assert_eq!(totals.response_us.max, 1_099);
    assert!((totals.response_us.mean - 1_049.5).abs() < 1e-9);
    assert!(totals.response_us.p999 <= totals.response_us.max);
    assert!((totals.requests_per_s - 602.0 / 2.5).abs() < 1e-9);
    let phases: Vec<_> = record
        .phases
        .iter()
        .map(|phase| (phase.name.as_str(), phase.figures.requests))
        .collect();
    assert_eq!(phases, [("spawning", 200), ("steady", 402)]);
    assert_eq!(record.errors.len(), 1);
    assert_eq!(
        (record.errors[0].count, record.errors[0].reason.as_str()),
        (2, "connection reset")
    );
}

#[test]
fn a_directory_holds_every_file_of_the_record() {
    let results = tempfile::tempdir().expect("a directory");
    let directory = directory(results.path());
    let _ = recorded(&directory, 2);
    let mut files: Vec<String> = std::fs::read_dir(directory.path())
        .expect("there")
        .map(|entry| {
            entry
                .expect("there")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "bands.csv",
            "distribution.csv",
            "events.csv",
            "lag.hlog",
            "ledger.jsonl",
            "outcomes.csv",
            "response.hlog",
            "run.json",
            "series.csv",
            "service.hlog",
            "stats_exceptions.csv",
            "stats_failures.csv",
            "stats_stats.csv",
            "stats_stats_history.csv",
        ]
    );
}
