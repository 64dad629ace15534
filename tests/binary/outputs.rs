//! Where a run of the built binary writes to: what may be there, what may not, and what becomes of the
//! record when its place goes away meanwhile.

use crate::invocation::{Ended, Invocation, run_inside};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const SHORT_RUN: &str = "--profile smoke --sandbox -t 1s --no-tui --only-summary";

/// The outputs of a run by their flags, and what they are called where `NAME` was asked for.
const OUTPUTS: &[(&str, &str)] = &[
    ("--html", ""),
    ("--junit", ""),
    ("--summary-export", ""),
    ("--json-file", ".json"),
];

/// Runs a shell's script in an empty directory, with `$RUN` for a short run of the program.
fn scripted(script: &str) -> Ended {
    Invocation::begin_script(script, SHORT_RUN).end()
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}

fn is_there(ended: &Ended, name: &str) -> bool {
    ended.directory().join(name).symlink_metadata().is_ok()
}

/// The ways in which an output may be no regular file: what makes each of `at-FLAG` in a shell, and the
/// end of the line that runs the program with all of them.
const ODD_OUTPUTS: &[(&str, &str)] = &[
    ("mkfifo $AT; cat $AT > $READ &", "; wait"),
    ("ln -s $READ $AT", ""),
    (
        "mkfifo pipe$AT; ln -s pipe$AT $AT; cat $AT > $READ &",
        "; wait",
    ),
];

#[test]
fn an_output_may_be_a_pipe_or_a_link() {
    for (make, end) in ODD_OUTPUTS {
        let mut script = String::new();
        let mut line = "$RUN".to_owned();
        for (flag, suffix) in OUTPUTS {
            let at = format!("at{flag}{suffix}");
            let made = make
                .replace("$AT", &at)
                .replace("$READ", &format!("read{flag}"));
            script += &format!("{made}\n");
            line += &format!(" {flag} at{flag}");
        }
        let ended = scripted(&format!("{script}{line}; code=$?{end}; exit $code"));
        assert_eq!(ended.code, 0, "{make}: {}", ended.told());
        for (flag, suffix) in OUTPUTS {
            let read = ended.directory().join(format!("read{flag}"));
            assert!(length(&read) > 100, "{make}, {flag}: {}", ended.told());
            let at = ended.directory().join(format!("at{flag}{suffix}"));
            let kind = at.symlink_metadata().expect("it is there").file_type();
            assert!(!kind.is_file(), "{make}, {flag}: replaced");
        }
    }
}

#[test]
fn an_output_may_be_a_descriptor() {
    let script = "{ $RUN --html /dev/fd/3 --junit /dev/stderr --summary-export /proc/self/fd/5 \
        3>&1 5>exported >&4 2>told | cat > read; } 4>&1";
    let ended = scripted(script);
    assert_eq!(ended.code, 0, "{}", ended.told());
    for name in ["read", "exported", "told"] {
        assert!(
            length(&ended.directory().join(name)) > 100,
            "{name}: {}",
            ended.told()
        );
    }
    let told = std::fs::read_to_string(ended.directory().join("told")).expect("read");
    assert!(told.contains("<testsuites"), "{told}");
}

#[test]
fn what_cannot_be_written_is_told_before_the_load() {
    for (flag, suffix) in OUTPUTS {
        for (make, name) in [
            (format!("mkdir at{suffix}"), "at"),
            ("touch file".to_owned(), "file/below"),
            (format!("ln -s missing/far at{suffix}"), "at"),
        ] {
            let ended = scripted(&format!("{make} && $RUN {flag} {name}"));
            assert_eq!(ended.code, 104, "{flag} {name}: {}", ended.told());
            assert!(
                ended.err.contains(&format!("{flag}: cannot write {name}")),
                "{}",
                ended.told()
            );
            assert!(!ended.is_recorded(), "{flag} {name}: {}", ended.told());
            assert!(
                !is_there(&ended, &format!("at{suffix}.tmp")),
                "{flag} {name}"
            );
        }
    }
    let missing = run_inside(&format!("{SHORT_RUN} --html missing/r.html"));
    assert_eq!(missing.code, 104, "{}", missing.told());
    let prefix = scripted("mkdir at_failures.csv && $RUN --csv at");
    assert_eq!(prefix.code, 104, "{}", prefix.told());
    assert!(!is_there(&prefix, "at_stats.csv"), "{}", prefix.told());
}

#[test]
fn an_output_that_is_lost_in_the_end_is_said_first_and_not_listed() {
    // The directory goes away after it was tried.
    let run = Invocation::begin_script(
        "mkdir gone && { while [ ! -e results/*/series.csv ]; do sleep 0.01; done; rmdir gone; } & \
         while [ ! -d gone ]; do sleep 0.01; done; exec $RUN --html gone/r.html",
        SHORT_RUN,
    );
    let ended = run.end();
    assert_eq!(ended.code, 106, "{}", ended.told());
    assert!(
        ended.out.starts_with("THE RECORD IS NOT WHOLE"),
        "{}",
        ended.told()
    );
    let listed = ended
        .out
        .lines()
        .filter(|line| line.trim() == "gone/r.html");
    assert_eq!(listed.count(), 0, "{}", ended.told());
    assert!(ended.out.contains("Exit code 106"), "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["exit_code"], 106);
    assert_eq!(record["losses"].as_array().map(Vec::len), Some(1));
}

/// Waits until `path` has more than one line.
fn wait_for_lines(path: &Path) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while std::fs::read_to_string(path).map_or(0, |text| text.lines().count()) < 2 {
        assert!(Instant::now() < give_up, "{} does not grow", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_record_that_is_taken_away_is_put_back_whole() {
    let run = Invocation::begin("--profile smoke --sandbox -t 4s --no-tui --only-summary");
    let run_json = run.wait_for_record();
    let directory = run_json.parent().expect("a directory");
    wait_for_lines(&directory.join("series.csv"));
    // Something may be written into it just then.
    while std::fs::remove_dir_all(directory).is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let ended = run.end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["finished"], true);
    let series = ended.record_file("series.csv");
    let requests = series.lines().skip(1).map(|line| {
        let mut cells = line.split(',');
        cells
            .nth(4)
            .and_then(|cell| cell.parse::<u64>().ok())
            .expect("a number")
    });
    assert_eq!(Some(requests.sum()), record["totals"]["requests"].as_u64());
    assert!(
        ended
            .record_files()
            .iter()
            .any(|name| name == "report.html")
    );
}

#[test]
fn a_record_that_finds_no_room_is_said_first() {
    // As on a full disk: no file grows beyond 64 blocks of 512 bytes, and what that many users do does not fit.
    let ended = scripted(
        "trap '' XFSZ; ulimit -f 64; $RUN --pacing max -u 20 -r 20 -t 3s --results results > out.txt; code=$?; head -c 4000 out.txt; exit $code",
    );
    assert_eq!(ended.code, 106, "{}", ended.told());
    assert!(
        ended.out.starts_with("THE RECORD IS NOT WHOLE"),
        "{}",
        ended.told()
    );
    assert!(
        ended.err.contains("tried again each second"),
        "{}",
        ended.told()
    );
    assert!(ended.err.contains("run.json"), "{}", ended.told());
    let results = ended.directory().join("results");
    let records = std::fs::read_dir(results).expect("a directory").flatten();
    for record in records {
        let left = std::fs::read_dir(record.path())
            .expect("a record")
            .flatten();
        let mut names = left.map(|file| file.file_name().to_string_lossy().into_owned());
        assert!(!names.any(|name| name.ends_with(".tmp")));
    }
}

#[test]
fn a_name_that_is_no_text_is_as_good_as_any() {
    let flags = ["--results", "--html", "--csv", "--junit"];
    let names = flags.map(|flag| format!("{flag} \"$(printf 'n\\377{flag}')\""));
    let ended = scripted(&format!("$RUN {}", names.join(" ")));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let names = std::fs::read_dir(ended.directory())
        .expect("a directory")
        .flatten();
    let names: Vec<Vec<u8>> = names
        .map(|entry| entry.file_name().into_encoded_bytes())
        .collect();
    for flag in flags {
        let start = [b"n\xff", flag.as_bytes()].concat();
        assert!(
            names.iter().any(|name| name.starts_with(&start)),
            "{flag}: {names:?}"
        );
    }
}

#[test]
fn manual_pages_are_written_through_a_link() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("shopblast.1");
    std::os::unix::fs::symlink("far", &page).expect("a link");
    let written = Command::new(crate::invocation::PROGRAM)
        .args(["man", "--dir"])
        .arg(directory.path())
        .status()
        .expect("it runs");
    assert!(written.success());
    assert!(length(&directory.path().join("far")) > 100);
    assert!(page.symlink_metadata().expect("a link").is_symlink());
}

/// What writes something, `{}` being a place that cannot be written, and the flag that would name another.
const WRITERS: &[(&str, &str)] = &[
    ("--profile smoke --sandbox -t 1s --results {}", "--results"),
    (
        "hunt --profile stress --sandbox --capacity 200 --results {}",
        "--results",
    ),
    (
        "compare --run a=: --run b=: --repetitions 1 --output {} -- --profile smoke --sandbox -t 1s",
        "--output",
    ),
    ("man --dir {}", "--dir"),
    ("sandbox --port 0 --arrival-log {}", "--arrival-log"),
    ("report recorded --out {}", "--out"),
];

#[test]
fn a_place_that_cannot_be_written_is_told_in_one_form_with_one_remedy() {
    for (line, flag) in WRITERS {
        let line = line.replace("{}", "file/below");
        let script = format!(
            "touch file; $RUN --results all >/dev/null 2>&1; ln -s all/* recorded; exec {} {line}",
            crate::invocation::PROGRAM
        );
        let ended = scripted(&script);
        assert_eq!(ended.code, 104, "{}", ended.told());
        let told = ended.err.lines().last().unwrap_or_default();
        let says = format!("error: {flag}: cannot write file/below");
        assert!(told.starts_with(&says), "{}", ended.told());
        assert!(told.ends_with("; choose another place"), "{}", ended.told());
    }
}
