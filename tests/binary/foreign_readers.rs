//! What a run writes for other programs, read by those programs themselves: the schema that Jenkins holds
//! JUnit's files to, Locust's own names of columns, pandas, Prometheus' tools. What is not installed is
//! left out with a word.
//!
//! `tests/data/junit-10.xsd` is the schema of Jenkins' xUnit plugin as the source package of pytest
//! 9.2.0 has it, under the MIT licence that stands in it.

use crate::invocation::{Ended, Invocation, run_inside, shopblast};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/junit-10.xsd");
/// What a script of a reader ends with where its module is not installed.
const NOT_INSTALLED: i32 = 77;

/// A run with as much to tell as there may be.
const TELLING: &str = "RaceConditionUser --sandbox --bug oversell=0.5 --chaos reset=0.05 -u 20 -r 100 \
    --pacing max -t 3s --seed 1 --no-tui --only-summary --csv table --csv-full-history \
    --junit junit.xml --threshold failed:\u{1}count\u{1}<\u{1}1 --threshold response:\u{1}p(99)\u{1}<\u{1}3600s";
/// One that tells next to nothing.
const SILENT: &str = "SpikeUser --sandbox -u 1 -t 1s --seed 1 --no-tui --only-summary --csv table \
    --csv-full-history --junit junit.xml";

/// Says on standard error what is left out.
fn left_out(what: &str) {
    eprintln!("left out: {what} is not installed");
}

/// Runs a program to its end, with `input`; `None` when it is not installed.
fn read_by(program: &str, arguments: &[&str], input: &str, place: &Path) -> Option<Output> {
    let started = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        left_out(program);
        return None;
    };
    // Whoever reads no input does not have to.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    if output.status.code() == Some(NOT_INSTALLED) {
        left_out(&format!(
            "what {} asks for",
            arguments.last().unwrap_or(&program)
        ));
        return None;
    }
    Some(output)
}

fn told(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// Python's readers of the four tables, which end with [`NOT_INSTALLED`] where they are not, and with
/// another code when they do not like what they read.
const PYTHON_READERS: &[&str] = &[
    // Locust itself names its columns.
    "
try:
    from locust.env import Environment
    from locust.stats import PERCENTILES_TO_REPORT, StatsCSVFileWriter
except ImportError:
    raise SystemExit(77)
import csv
theirs = StatsCSVFileWriter(Environment(), PERCENTILES_TO_REPORT, 'theirs', full_history=True)
for name, columns in {
    'stats': theirs.requests_csv_columns,
    'failures': theirs.failures_columns,
    'exceptions': theirs.exceptions_columns,
    'stats_history': theirs.stats_history_csv_columns,
}.items():
    header = next(csv.reader(open(f'table_{name}.csv', newline='')))
    assert header == list(columns), (name, header, columns)
",
    // Every cell is of the kind that people calculate with.
    "
try:
    import pandas
except ImportError:
    raise SystemExit(77)
tables = {name: pandas.read_csv(f'table_{name}.csv') for name in
          ('stats', 'failures', 'exceptions', 'stats_history')}
stats, history = tables['stats'], tables['stats_history']
number = pandas.api.types.is_numeric_dtype
for name in ('Request Count', 'Failure Count', 'Average Response Time', 'Requests/s', '99%', '100%'):
    assert number(stats[name]), (name, stats[name])
for name in ('Timestamp', 'User Count', 'Requests/s', 'Total Request Count'):
    assert number(history[name]), (name, history[name])
rows = stats[stats['Name'] != 'Aggregated']
total = stats[stats['Name'] == 'Aggregated']
assert len(total) == 1 and rows['Request Count'].sum() == total['Request Count'].iloc[0]
failures = tables['failures']
if len(failures):
    assert number(failures['Occurrences']), failures
    assert failures['Occurrences'].sum() == total['Failure Count'].iloc[0], failures
",
];

fn check_tables(ended: &Ended) {
    for script in PYTHON_READERS {
        if let Some(read) = read_by("python3", &["-c", script], "", ended.directory()) {
            assert!(read.status.success(), "{}", told(&read));
        }
    }
}

fn check_junit(ended: &Ended) {
    let arguments = ["--noout", "--schema", SCHEMA, "junit.xml"];
    if let Some(read) = read_by("xmllint", &arguments, "", ended.directory()) {
        assert!(read.status.success(), "{}", told(&read));
    }
}

#[test]
fn files_for_others_are_read_by_them() {
    for line in [TELLING, SILENT] {
        let ended = run_inside(line);
        assert!(
            ended.directory().join("junit.xml").is_file(),
            "{}",
            ended.told()
        );
        check_junit(&ended);
        check_tables(&ended);
    }
}

#[test]
fn the_test_cases_of_a_run_that_was_killed_are_read_by_others() {
    let running = Invocation::begin("RaceConditionUser --sandbox --bug oversell=0.5 -u 9 -t 1h");
    let record = running.wait_for_record();
    let _kept = running.kill();
    let directory = record.parent().expect("a directory");
    let report = shopblast()
        .arg("report")
        .arg(directory)
        .args(["--format", "junit", "--out"])
        .arg(directory.join("junit.xml"))
        .output()
        .expect("it runs");
    assert!(report.status.success(), "{}", told(&report));
    let arguments = ["--noout", "--schema", SCHEMA, "junit.xml"];
    if let Some(read) = read_by("xmllint", &arguments, "", directory) {
        assert!(read.status.success(), "{}", told(&read));
    }
}

/// The schema does hold something.
#[test]
fn a_file_of_test_cases_that_is_none_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let text = "<testsuites skipped='1'><testsuite name='a' tests='0' failures='0' errors='0'/></testsuites>";
    let arguments = ["--noout", "--schema", SCHEMA, "-"];
    if let Some(read) = read_by("xmllint", &arguments, text, place.path()) {
        assert!(!read.status.success(), "{}", told(&read));
    }
}

/// What `/metrics` answers to this `Accept`.
fn metrics(address: &str, accept: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    let asked = format!("GET /metrics HTTP/1.0\r\nhost: {address}\r\naccept: {accept}\r\n\r\n");
    stream.write_all(asked.as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (_, body) = text.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

/// Samples of OpenMetrics with a time each, as Prometheus' import wants them.
fn with_times(text: &str) -> String {
    let line = |line: &str| match line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("{line} 1700000000\n"),
    };
    text.lines().map(line).collect()
}

/// The forms of `/metrics`: what is asked for, and how Prometheus' tool reads it.
type Form = (&'static str, &'static [&'static str], fn(&str) -> String);

const FORMS: &[Form] = &[
    (
        "text/plain;version=0.0.4",
        &["check", "metrics"],
        str::to_owned,
    ),
    (
        "application/openmetrics-text;version=1.0.0",
        &[
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "figures",
            "blocks",
        ],
        with_times,
    ),
];

#[test]
fn prometheus_has_nothing_to_say_against_the_figures() {
    let place = tempfile::tempdir().expect("a directory");
    let mut child = shopblast()
        .args([
            "RaceConditionUser",
            "--sandbox",
            "-u",
            "9",
            "-r",
            "99",
            "-t",
            "1h",
            "--quiet",
        ])
        .args(["--prometheus", "0", "--threshold", "failed: count < 1"])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let address = said.find_map(|line| {
        let line = line.expect("text");
        let rest = line.strip_prefix("metrics: http://")?;
        Some(rest.split('/').next().unwrap_or_default().to_owned())
    });
    let address = address.expect("an address");
    while !metrics(&address, "text/plain").contains("shopblast_requests_total{") {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for (accept, arguments, prepared) in FORMS {
        let text = metrics(&address, accept);
        let text = prepared(&text);
        std::fs::write(place.path().join("figures"), &text).expect("written");
        let read = read_by("promtool", arguments, &text, place.path());
        let Some(read) = read else { continue };
        assert!(read.status.success(), "{accept}: {}", told(&read));
        let complaints = String::from_utf8_lossy(&read.stderr);
        assert!(complaints.is_empty(), "{accept}: {complaints}");
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}
