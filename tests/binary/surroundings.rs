//! What surrounds the program: readers that go or pause, signals that are ignored, a process that is
//! stopped or killed. Whatever it is, the record is finished and nothing is left running.

use crate::invocation::{Ended, Invocation, shopblast};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const SHORT_RUN: &str = "--profile smoke --sandbox -t 2s --no-tui";

/// What prints something, and nothing else.
const PRINTERS: &[&str] = &[
    "list",
    "list journeys",
    "--list",
    "--help",
    "hunt --help",
    "version",
    "man",
    "completions bash",
    "doctor --host http://127.0.0.1:1",
    "doctor --host http://8.8.8.8",
];

fn scripted(script: &str) -> Ended {
    Invocation::begin_script(script, "").end()
}

/// The number in a file.
fn number(ended: &Ended, name: &str) -> i32 {
    let text = std::fs::read_to_string(ended.directory().join(name)).expect("a file");
    text.trim().parse().expect("a number")
}

#[test]
fn a_reader_that_goes_is_a_normal_end() {
    for printer in PRINTERS {
        // `true` reads nothing at all.
        let ended = scripted(&format!(
            "$RUN {printer} >printed; echo $? >alone; {{ $RUN {printer}; echo $? >piped; }} | true"
        ));
        let (alone, piped) = (number(&ended, "alone"), number(&ended, "piped"));
        assert_eq!(alone, piped, "{printer}: {}", ended.told());
        assert_ne!(piped, 101, "{printer}: {}", ended.told());
    }
}

#[test]
fn what_finds_no_room_on_standard_output_is_told() {
    for printer in ["list", "version"] {
        let ended = scripted(&format!(
            "trap '' XFSZ; (ulimit -f 0; exec $RUN {printer} >printed) 2>&1 | cat; \
             (ulimit -f 0; $RUN {printer} >printed 2>/dev/null); echo $? >code"
        ));
        assert_eq!(number(&ended, "code"), 106, "{printer}: {}", ended.told());
        assert!(
            ended.out.contains("cannot write standard output"),
            "{}",
            ended.told()
        );
    }
}

#[test]
fn a_run_goes_on_without_its_readers() {
    let ended = scripted(&format!(
        "{{ $RUN {SHORT_RUN}; echo $? >code; }} 2>&1 | true"
    ));
    assert_eq!(number(&ended, "code"), 0, "{}", ended.told());
    assert_eq!(ended.record()["finished"], true);
}

/// A pipe that is full, and that nobody reads.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer
        .write_all(&[b' '; 1 << 16])
        .expect("it is as long as a pipe");
    (reader, writer)
}

/// The words of a run, what is done to it, and its exit code.
type Held = (&'static str, fn(&std::process::Child), i32);

const HELD: &[Held] = &[
    ("--profile smoke --sandbox -t 2s --no-tui", |_| {}, 0),
    (
        "--profile smoke --sandbox -t 1h --no-tui",
        |child| signal("INT", child.id()),
        105,
    ),
    (
        "--profile smoke --sandbox -t 1h --no-tui --quiet",
        |child| signal("TERM", child.id()),
        105,
    ),
];

fn signal(name: &str, id: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// Waits until `is_so`.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The one record below `results`, once its second line of the series is written.
fn record_that_grows(results: &Path) -> std::path::PathBuf {
    let mut found = None;
    wait_until("a record that grows", || {
        let records = std::fs::read_dir(results).into_iter().flatten().flatten();
        found = records.map(|entry| entry.path()).next();
        let series = found.as_ref().map(|record| record.join("series.csv"));
        let series = series.and_then(|path| std::fs::read_to_string(path).ok());
        series.is_some_and(|text| text.lines().count() > 1)
    });
    found.expect("a record")
}

#[test]
fn no_text_holds_up_record_signal_or_end() {
    for (line, act, code) in HELD {
        let place = tempfile::tempdir().expect("a directory");
        let (_reader, writer) = full_pipe();
        let mut child = shopblast()
            .args(line.split_whitespace())
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer)
            .spawn()
            .expect("it starts");
        let record = record_that_grows(&place.path().join("results"));
        act(&child);
        let mut status = None;
        wait_until(line, || {
            status = child.try_wait().expect("a status");
            status.is_some()
        });
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(*code),
            "{line}"
        );
        let text = std::fs::read_to_string(record.join("run.json")).expect("run.json");
        let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(record["finished"], true, "{line}");
    }
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    for name in ["HUP", "INT", "TERM"] {
        let ended = scripted(&format!(
            "trap '' {name}; $RUN {SHORT_RUN} & id=$!; \
             while [ ! -s results/*/series.csv ]; do sleep 0.05; done; \
             kill -{name} $id; wait $id"
        ));
        assert_eq!(ended.code, 0, "{name}: {}", ended.told());
        assert_eq!(ended.record()["interrupted"], false, "{name}");
    }
}

#[test]
fn a_process_that_was_stopped_says_for_how_long() {
    let run = Invocation::begin("--profile smoke --sandbox -t 4s --no-tui --only-summary");
    record_that_grows(&run.directory().join("results"));
    signal("STOP", run.id());
    std::thread::sleep(Duration::from_millis(1_500));
    signal("CONT", run.id());
    let ended = run.end();
    let record = ended.record();
    let pauses = record["pauses"].as_array().expect("pauses");
    assert_eq!(pauses.len(), 1, "{}", ended.told());
    assert!(pauses[0]["length_s"].as_f64() >= Some(1.0), "{pauses:?}");
    assert!(
        ended.out.contains("his process stood still for"),
        "{}",
        ended.told()
    );
}

#[test]
fn the_most_users_are_told_and_those_that_never_came() {
    for (line, peak, said) in [
        (
            "SpikeUser --sandbox -u 5 -r 100 -t 0.5s",
            5,
            "up to 5 users",
        ),
        (
            "SpikeUser --sandbox -u 100 -r 1 -t 1s",
            1,
            "99 of 100 users never came",
        ),
    ] {
        let ended = crate::invocation::run(&format!("{line} --no-tui --only-summary"));
        let record = ended.record();
        assert!(
            record["peak_users"].as_u64() >= Some(peak),
            "{}",
            ended.told()
        );
        assert!(
            record["peak_users"].as_u64() <= Some(peak + 1),
            "{}",
            ended.told()
        );
        let said_otherwise = said.replace("99 of", "98 of");
        let is_said =
            ended.out.to_lowercase().contains(said) || ended.out.contains(&said_otherwise);
        assert!(is_said, "{said}: {}", ended.told());
    }
}

/// Whether the process is there, and more than what its parent has not asked after.
fn is_alive(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.starts_with('Z'));
    state == Some(false)
}

#[test]
fn what_a_comparison_started_ends_with_it() {
    let place = tempfile::tempdir().expect("a directory");
    // A shell whose own child is what takes long.
    let hook = "one=sleep 600 & echo $! >child; echo $$ >shell; wait; :";
    let mut comparison = shopblast()
        .args([
            "compare",
            "--run",
            hook,
            "--run",
            "two=:",
            "--repetitions",
            "1",
        ])
        .args(["--", "--profile", "smoke", "-t", "1s"])
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut ids = Vec::new();
    wait_until("both write their numbers", || {
        let names = ["child", "shell"].map(|name| place.path().join(name));
        let texts = names.map(|path| std::fs::read_to_string(path).unwrap_or_default());
        ids = texts
            .iter()
            .filter_map(|text| text.trim().parse::<u32>().ok())
            .collect();
        ids.len() == 2
    });
    assert!(ids.iter().all(|id| is_alive(*id)), "{ids:?}");
    comparison.kill().expect("it runs");
    comparison.wait().expect("it ends");
    wait_until("they end, too", || !ids.iter().any(|id| is_alive(*id)));
}
