//! `shopblast compare` on records of real runs against the embedded shop, and on Locust's files.

use crate::invocation::{Ended, run_inside as run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A run that ends soon.
const SHORT: &str = "SpikeUser -u 8 -r 100 -t 400ms --pacing max --sandbox --service-time 1ms";

/// Directories of records, made once by `shopblast run`.
struct Records {
    directory: TempDir,
}

impl Records {
    fn of(runs: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, more) in runs {
            let ended = run(&format!("{SHORT} --quiet {more}"));
            assert_eq!(ended.code, 0, "{}", ended.told());
            let to = directory.path().join(name);
            copy_record(&ended, &to);
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = PathBuf::from(self.path(name)).join("run.json");
        let text = std::fs::read_to_string(&path).expect("a record");
        let mut record = serde_json::from_str(&text).expect("JSON");
        change(&mut record);
        std::fs::write(path, record.to_string()).expect("written");
    }
}

fn copy_record(ended: &Ended, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for file in std::fs::read_dir(ended.record_directory()).expect("a record") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

fn compare(line: &str) -> Ended {
    run(&format!("compare {line}"))
}

#[test]
fn one_run_a_side_shows_differences_without_a_verdict() {
    let records = Records::of(&[("a", ""), ("b", "--seed 5"), ("other", "-u 4")]);
    let [a, b, other] = ["a", "b", "other"].map(|name| records.path(name));
    let out = records.path("out");
    let ended = compare(&format!("{a} {b} --details --output {out}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    for part in [
        "Same plan in all runs",
        "throughput",
        "service p99",
        "No verdict",
    ] {
        assert!(ended.out.contains(part), "{}", ended.told());
    }
    let text = std::fs::read_to_string(Path::new(&out).join("compare.json")).expect("written");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["comparisons"][0]["verdict"], "not_judged");
    let told = std::fs::read_to_string(Path::new(&out).join("compare.txt")).expect("written");
    assert!(ended.out.ends_with(&told), "{}", ended.told());
    let page = std::fs::read_to_string(Path::new(&out).join("compare.html")).expect("written");
    assert!(page.contains("No verdict"), "{page}");

    let ended = compare(&format!("{a} {other}"));
    assert_eq!(ended.code, 104, "{}", ended.told());
    assert!(
        ended.err.contains("do not have the same plan"),
        "{}",
        ended.told()
    );
    let ended = compare(&format!("{a} {other} --different-plans"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(ended.out.contains("The plans differ"), "{}", ended.told());
}

#[test]
fn spoiled_and_killed_runs_are_named() {
    let records = Records::of(&[("a/1", ""), ("a/2", ""), ("b/1", ""), ("b/2", "")]);
    records.change("a/2", |record| {
        record["generator"]["state"] = "at its limit".into()
    });
    records.change("b/2", |record| record["finished"] = false.into());
    let [a, b] = ["a", "b"].map(|name| records.path(name));
    // Directories of records.
    let ended = compare(&format!("{a} {b} --names=old,new"));
    assert_eq!(ended.code, 95, "{}", ended.told());
    for part in [
        "Left out of old",
        "a/2: the generator was at its limit",
        "b/2: it did not come to its end",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.told());
    }
    let ended = compare(&format!("{a} {b} --fail-on-saturation=false"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let ended = compare(&format!("{a}/2 -- {b}/1"));
    assert_eq!(ended.code, 95, "{}", ended.told());
    assert!(
        ended.err.contains("has no run that can be compared"),
        "{}",
        ended.told()
    );
}

#[test]
fn locusts_files_are_a_side() {
    let records = Records::of(&[("a", "--csv-full-history")]);
    let a = records.path("a");
    for file in ["stats_stats.csv", "stats_stats_history.csv", "stats"] {
        let ended = compare(&format!(
            "{a}/{file} {a} --different-plans --names=Locust,shopblast --details"
        ));
        assert_eq!(ended.code, 0, "{}", ended.told());
        for part in [
            "response p50",
            "Locust's percentiles are rounded",
            "not measured in every run: ",
            "service p50, service p95, service p99",
        ] {
            assert!(ended.out.contains(part), "{part}: {}", ended.told());
        }
    }
    let ended = compare(&format!("{a}/stats_stats.csv {a}"));
    assert_eq!(ended.code, 104, "{}", ended.told());
    assert!(
        ended.err.contains("Locust does not say its plan"),
        "{}",
        ended.told()
    );
    let ended = compare(&format!("{a}/stats_failures.csv {a}"));
    assert_eq!(ended.code, 104, "{}", ended.told());
}

#[test]
fn what_is_unclear_is_refused_with_what_to_do() {
    for (line, says) in [
        ("", "say what to compare"),
        ("a b c", "say what to compare"),
        ("--run a=x -- SpikeUser", "at least two configurations"),
        ("--run a= --run a= -- SpikeUser", "named twice"),
        (
            "--run a= --run b= --flags c=-u -- SpikeUser",
            "no --run makes",
        ),
        (
            "--run a= --run b= -- SpikeUserr",
            "did you mean `SpikeUser`?",
        ),
        ("--run a= --run b= -- list", "have to start a run"),
        (
            "--run a= --run b= --flags b=-u5 -- SpikeUser",
            "different loads",
        ),
        ("no-such-place neither", "holds no run"),
        ("--confidence 100 a b", "no confidence"),
        ("--repetitions 0 --run a= --run b=", "1..=1000"),
        ("--run a/b=x --run c=", "is no name"),
    ] {
        let ended = compare(line);
        assert_eq!(ended.code, 104, "{line}: {}", ended.told());
        assert!(ended.err.contains(says), "{says}: {}", ended.told());
        assert_eq!(ended.out, "", "{}", ended.told());
    }
}
