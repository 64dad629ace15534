//! Hunts against embedded shops of known capacity, over real sockets: what they find, how they end,
//! and how they are resumed. The windows are short, so that the intervals are wide, and probes count
//! although other tests run beside them; `scripts/hunt-proof.sh` has the long ones.

#[path = "../invocation/mod.rs"]
mod invocation;

use invocation::{Ended, Invocation, run, run_long};
use serde_json::Value;
use shopblast::hunt::HuntRecord;
use shopblast::record::Record;
use std::path::{Path, PathBuf};

const SHORT: &str = "hunt SpikeUser --sandbox --window 2s --warm-up 1s --precision 5% --quiet --seed 1 --keep-spoiled";
/// Nothing of the pipeline is observed.
const HTTP_ONLY: &str = "--no-observatory --capacity 200 --from 110";

fn hunt_directory(ended: &Ended) -> PathBuf {
    let results = ended.directory().join("results");
    let entries = std::fs::read_dir(&results).expect("results");
    let mut directories: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("hunt.json").is_file())
        .collect();
    assert_eq!(directories.len(), 1, "{}", ended.told());
    directories.remove(0)
}

fn record_in(directory: &Path) -> Value {
    let text = std::fs::read_to_string(directory.join("hunt.json")).expect("hunt.json");
    serde_json::from_str(&text).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn is_near(value: &Value, expected: f64, share: f64) -> bool {
    (number(value) / expected - 1.0).abs() <= share
}

#[test]
fn the_capacity_of_a_shop_is_found_and_told() {
    let ended = run_long(&format!("{SHORT} {HTTP_ONLY}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let directory = hunt_directory(&ended);
    let record = record_in(&directory);
    let knee = &record["http_knee"];
    assert!(is_near(&knee["per_s"], 200.0, 0.06), "{knee}");
    assert!(number(&knee["low"]) < number(&knee["high"]), "{knee}");
    assert_eq!(knee["first_to_give_way"], "[SPIKE] POST /customers");
    assert!(ended.out.contains("HTTP knee: "), "{}", ended.told());
    let page = std::fs::read_to_string(directory.join("hunt.html")).expect("the page");
    assert!(page.contains("HTTP knee"));
    let schema = serde_json::from_str(&HuntRecord::schema_text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let probes = record["probes"].as_array().expect("probes");
    for probe in probes {
        let place = probe["directory"].as_str().expect("a directory");
        assert!(directory.join(place).join("run.json").is_file(), "{place}");
    }
}

#[test]
fn the_pipeline_has_a_knee_of_its_own() {
    let ended = run_long(&format!(
        "{SHORT} --capacity 400 --drain-rate 80 --observatory-names newer --from 70 --to 140 --precision 10%"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    let (http, pipeline) = (&record["http_knee"], &record["pipeline_knee"]);
    assert!(is_near(&pipeline["per_s"], 80.0, 0.08), "{pipeline}");
    assert_eq!(pipeline["limited_by"], "backlog");
    assert_eq!(pipeline["first_to_give_way"], "identity");
    assert_eq!(pipeline["unit"], "events");
    assert_eq!(http["limited_by"], "bound", "{http}");
    assert!(is_near(&http["low"], 140.0, 0.02), "{http}");
}

#[test]
fn users_are_found_as_whole_numbers() {
    // Four servers of 20 ms: eight users get half of what one alone gets.
    let ended = run_long(&format!(
        "{SHORT} --no-observatory --pacing max --service-time 20ms --servers 4 --in users --from 4 --to 16 --precision 50%"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    let knee = &record["http_knee"];
    assert_eq!(record["unit"], "users");
    assert_eq!(knee["limited_by"], "pace", "{knee}");
    assert!((6.0..=9.0).contains(&number(&knee["load_low"])), "{knee}");
    assert!(is_near(&knee["per_s"], 200.0, 0.1), "{knee}");
}

#[test]
fn what_no_load_can_keep_ends_with_99() {
    let ended = run_long(&format!(
        "{SHORT} --no-observatory --capacity 200 --from 20 --window 1s --longest-window 1s --slo response:p(50)<1us"
    ));
    assert_eq!(ended.code, 99, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    assert_eq!(record["http_knee"]["low"], Value::Null);
    assert_eq!(record["http_knee"]["limited_by"], "threshold");
}

#[test]
fn a_hunt_that_ran_out_of_probes_goes_on() {
    let ended = run_long(&format!("{SHORT} {HTTP_ONLY} --probes 2"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let directory = hunt_directory(&ended);
    assert_eq!(record_in(&directory)["state"], "cut_short");
    assert!(ended.out.contains("--resume"), "{}", ended.told());
    let resumed = run_long(&format!(
        "hunt --resume {} --probes 40",
        directory.display()
    ));
    assert_eq!(resumed.code, 0, "{}", resumed.told());
    let record = record_in(&directory);
    assert_eq!(record["state"], "finished");
    assert!(
        is_near(&record["http_knee"]["per_s"], 200.0, 0.06),
        "{record}"
    );
    let probes = record["probes"].as_array().expect("probes");
    let numbers: Vec<u64> = probes
        .iter()
        .map(|probe| probe["number"].as_u64().expect("a number"))
        .collect();
    let expected: Vec<u64> = (1..=probes.len() as u64).collect();
    assert_eq!(numbers, expected);
    let other = run(&format!(
        "hunt --resume {} --in users --from 2",
        directory.display()
    ));
    assert_eq!(other.code, 104, "{}", other.told());
    assert!(other.err.contains("differs in"), "{}", other.told());
}

#[test]
fn an_interrupted_hunt_is_saved() {
    let hunt = Invocation::begin(&format!("{SHORT} {HTTP_ONLY}"));
    let results = hunt.directory().join("results");
    let first_is_over = || {
        let entries = std::fs::read_dir(&results).ok()?;
        let mut records = entries.filter_map(|entry| {
            let text = std::fs::read_to_string(entry.ok()?.path().join("hunt.json")).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        });
        records
            .next()
            .filter(|record| !record["probes"][0].is_null())
    };
    while first_is_over().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    hunt.interrupt();
    let ended = hunt.end();
    assert_eq!(ended.code, 105, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    assert_eq!(record["state"], "interrupted");
    assert_eq!(record["exit_code"], 105);
    assert!(
        ended.out.contains("Go on with: shopblast hunt --resume"),
        "{}",
        ended.told()
    );
}

#[test]
fn flags_of_runs_are_refused_with_what_takes_their_place() {
    for (line, says) in [
        (
            "hunt SpikeUser --rate 5",
            "a hunt has no --rate; what you may want is --from and --to",
        ),
        ("hunt SpikeUser --threshold failed:count<1", "--slo"),
        ("hunt SpikeUser --in users --from 1.5", "whole numbers"),
        (
            "hunt SpikeUser --from 10 --to 5",
            "--from 10 is more than --to 5",
        ),
        ("hunt SpikeUser --precision 0%", "no precision"),
        (
            "hunt SpikeUser --window 1500ms",
            "no whole number of seconds",
        ),
        ("hunt --resume nowhere", "cannot resume"),
        ("hunt", "say what to run"),
    ] {
        let ended = run(line);
        assert_eq!(ended.code, 104, "{}", ended.told());
        assert!(ended.err.contains(says), "{}", ended.told());
    }
}

#[test]
fn a_target_that_is_not_there_is_told_at_once() {
    let ended = run("hunt SpikeUser --host http://127.0.0.1:9 --quiet");
    assert_eq!(ended.code, 107, "{}", ended.told());
}

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/hunt.schema.json");
    let text = HuntRecord::schema_text();
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("the schema can be written");
    }
    let known = std::fs::read_to_string(&path).expect("the schema is there");
    assert_eq!(known, text, "BLESS_GOLDEN=1 writes it anew");
}

#[test]
fn a_shop_that_dies_is_reported_with_its_load_and_its_recovery() {
    let ended = run_long(&format!(
        "{SHORT} --no-observatory --capacity 2000 --falls-over-at 160 --back-after 2s --from 100 --precision 20%"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    let knee = &record["http_knee"];
    assert_eq!(knee["limited_by"], "fell_over", "{record}");
    assert!(number(&knee["load_low"]) <= 170.0, "{knee}");
    assert!(number(&knee["load_high"]) >= 150.0, "{knee}");
    let falls = record["falls"].as_array().expect("falls");
    assert!(!falls.is_empty());
    for fall in falls {
        assert!(number(&fall["recovered_after_s"]) > 0.0, "{fall}");
    }
    assert!(
        ended.out.contains("The target fell over at "),
        "{}",
        ended.told()
    );
}

#[test]
fn a_shop_that_stays_dead_ends_the_hunt_with_what_is_known() {
    let ended = run_long(&format!(
        "{SHORT} --no-observatory --capacity 2000 --falls-over-at 160 --from 100 --recovery-limit 1s"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = record_in(&hunt_directory(&ended));
    assert_eq!(record["state"], "cut_short");
    assert_eq!(record["falls"][0]["recovered_after_s"], Value::Null);
    assert!(
        is_near(&record["http_knee"]["low"], 100.0, 0.05),
        "{record}"
    );
    assert!(ended.out.contains("did not come back"), "{}", ended.told());
}
