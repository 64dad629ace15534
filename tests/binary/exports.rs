//! What a run of the built binary writes for other programs: every format has the same totals, and
//! what the target says is text in all of them.

use crate::invocation::shopblast;
use serde_json::Value;
use shopblast::pieces::grouped;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// What a hostile target puts into the text of its errors.
const HOSTILE: &str =
    r#"<script>alert(1)</script> ]]> | `x` @team ::error::forged ##[error]forged"#;

/// A shop that refuses with hostile text whoever is not let in.
fn hostile_shop() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer_all(stream.unwrap()));
        }
    });
    url
}

fn answer_all(mut stream: TcpStream) {
    let created = r#"{"customer_id":"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f"}"#;
    let refused = serde_json::json!({"detail": HOSTILE}).to_string();
    let mut answered = 0_u64;
    while read_request(&mut stream).is_some() {
        let (status, body) = match answered % 4 {
            3 => ("418 I'm a teapot", refused.as_str()),
            _ => ("201 Created", created),
        };
        answered += 1;
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// The body of the next request; `None` when there is none.
fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(bytes.split_off(end + 4));
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(received) => bytes.extend_from_slice(&buffer[..received]),
        }
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = shopblast();
    command.env_clear().args(arguments);
    command
}

fn only_directory(results: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(results).unwrap();
    entries.next().expect("a record").unwrap().path()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The report of a record in a format, on standard output.
fn report(record: &Path, format: &str) -> String {
    let record = record.to_str().unwrap();
    let output = command(&["report", record, "--format", format, "--out", "-"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_format_has_the_same_totals_and_hostile_text_stays_text() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let step_summary = place("step.md");
    let output = command(&["SpikeUser", "-H", &hostile_shop(), "--no-preflight"])
        .args(["-u", "3", "-r", "100", "-t", "2s", "--pacing", "max"])
        .args(
            [
                "--threshold",
                "failed: rate < 1%",
                "--threshold",
                "lag: p99 < 1h",
            ]
            .iter()
            .map(|word| word.replace("1h", "60s")),
        )
        .arg("--json-file")
        .arg(place("locust"))
        .arg("--summary-export")
        .arg(place("deep/summary.json"))
        .arg("--junit")
        .arg(place("cases.xml"))
        .arg("--results")
        .arg(place("results"))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &step_summary)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(99),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let record = only_directory(&place("results"));
    let run = json(&record.join("run.json"));
    let (requests, failures) = (&run["totals"]["requests"], &run["totals"]["failures"]);
    let (requests, failures) = (requests.as_u64().unwrap(), failures.as_u64().unwrap());
    assert!(requests > 100 && failures > 20, "{requests} {failures}");

    check_csv(&record, requests, failures);
    check_locust_json(&place("locust.json"), requests, failures);
    assert_eq!(
        report(&record, "json"),
        std::fs::read_to_string(place("locust.json")).unwrap()
    );
    check_summary(&json(&place("deep/summary.json")), requests, failures);
    let junit = std::fs::read_to_string(place("cases.xml")).unwrap();
    assert_eq!(
        junit,
        std::fs::read_to_string(record.join("junit.xml")).unwrap()
    );
    assert_eq!(junit, report(&record, "junit"));
    check_junit(&junit, requests, failures);
    let markdown = report(&record, "md");
    assert_eq!(markdown, std::fs::read_to_string(&step_summary).unwrap());
    check_markdown(&markdown, requests, failures);
    let hgrm = report(&record, "hgrm");
    assert!(
        hgrm.contains(&format!("Total count    = {requests:12}]")),
        "{hgrm}"
    );
    check_github(&String::from_utf8(output.stdout).unwrap());
    // The page holds its data as JSON within a script: no tag of the target may stand in it.
    let page = std::fs::read_to_string(record.join("report.html")).unwrap();
    assert!(!page.contains("<script>alert(1)"));
}

fn check_csv(record: &Path, requests: u64, failures: u64) {
    let text = std::fs::read_to_string(record.join("stats_stats.csv")).unwrap();
    assert_eq!(report(record, "csv"), text, "made again, it is the same");
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with(&format!(",Aggregated,{requests},{failures},")),
        "{last}"
    );
    let outcomes = std::fs::read_to_string(record.join("outcomes.csv")).unwrap();
    let failed: u64 = outcomes
        .lines()
        .skip(1)
        .map(|line| {
            line.rsplit(',')
                .take(2)
                .map(|count| count.parse::<u64>().unwrap())
                .sum::<u64>()
        })
        .sum();
    assert_eq!(failed, failures);
}

fn check_locust_json(path: &Path, requests: u64, failures: u64) {
    let entries = json(path);
    let entries = entries.as_array().unwrap();
    let mut keys: Vec<&str> = entries[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let of_locust = [
        "last_request_timestamp",
        "max_response_time",
        "method",
        "min_response_time",
        "name",
        "num_fail_per_sec",
        "num_failures",
        "num_none_requests",
        "num_reqs_per_sec",
        "num_requests",
        "response_times",
        "start_time",
        "total_content_length",
        "total_response_time",
    ];
    assert_eq!(keys, of_locust);
    let sum = |key: &str| {
        entries
            .iter()
            .map(|entry| entry[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(
        (sum("num_requests"), sum("num_failures")),
        (requests, failures)
    );
    for (key, expected) in [
        ("response_times", requests),
        ("num_reqs_per_sec", requests),
        ("num_fail_per_sec", failures),
    ] {
        let counts = entries
            .iter()
            .flat_map(|entry| entry[key].as_object().unwrap().values());
        assert_eq!(
            counts.map(|count| count.as_u64().unwrap()).sum::<u64>(),
            expected,
            "{key}"
        );
    }
}

fn check_summary(summary: &Value, requests: u64, failures: u64) {
    let metrics = &summary["metrics"];
    assert_eq!(metrics["http_reqs"]["count"], requests);
    assert_eq!(metrics["http_req_failed"]["passes"], failures);
    assert_eq!(metrics["failed"]["thresholds"]["rate < 1%"], true);
    assert_eq!(metrics["lag"]["thresholds"]["p99 < 60s"], false);
}

fn check_junit(junit: &str, requests: u64, failures: u64) {
    assert!(
        junit.contains(&format!(
            "{} failures of {} requests",
            grouped(failures),
            grouped(requests)
        )),
        "{junit}"
    );
    assert!(junit.contains("failed: rate &lt; 1%"), "{junit}");
    assert!(!junit.contains("<script"), "{junit}");
    let tests = junit.matches("<testcase ").count();
    assert!(junit.contains(&format!("tests=\"{tests}\"")), "{junit}");
}

fn check_markdown(markdown: &str, requests: u64, failures: u64) {
    assert!(
        markdown.contains(&format!(
            "|Aggregated|{}|{}|",
            grouped(requests),
            grouped(failures)
        )),
        "{markdown}"
    );
    assert!(markdown.contains("alert"), "the error is told: {markdown}");
    for markup in ["<script", "@team", "`x`"] {
        assert!(!markdown.contains(markup), "{markup}: {markdown}");
    }
}

/// Whatever is between the two marks is no command to the runner.
fn check_github(out: &str) {
    let (begin, rest) = out.split_once('\n').unwrap();
    let token = begin
        .strip_prefix("::stop-commands::")
        .unwrap_or_else(|| panic!("{out}"));
    let (summary, commands) = rest.split_once(&format!("\n::{token}::\n")).unwrap();
    assert!(summary.contains("alert"), "{summary}");
    assert!(!summary.contains(token));
    assert!(
        commands.starts_with("::error title=Load test failed::Threshold `failed: rate < 1%25`"),
        "{commands}"
    );
    assert!(
        commands
            .lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::warning ")),
        "{commands}"
    );
    assert!(!commands.contains("forged"), "{commands}");
}

#[test]
fn prometheus_reads_the_figures_while_the_run_goes_on() {
    let results = tempfile::tempdir().unwrap();
    let mut child = command(&[
        "SpikeUser",
        "--sandbox",
        "-u",
        "2",
        "-r",
        "100",
        "-t",
        "10m",
    ])
    .args([
        "--prometheus",
        "0",
        "--threshold",
        "failed: count < 1",
        "--quiet",
    ])
    .arg("--results")
    .arg(results.path())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = told
        .find_map(|line| {
            line.unwrap()
                .strip_prefix("metrics: http://")
                .map(str::to_owned)
        })
        .unwrap();
    let (address, path) = url.split_once('/').unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    // The first figures come with the first second.
    let text = loop {
        let (head, text) = get(address, &format!("/{path}"));
        assert!(
            head.contains("content-type: application/openmetrics-text"),
            "{head}"
        );
        if text.contains("shopblast_requests_total{") {
            break text;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert!(
        text.contains("# TYPE shopblast_response_time_seconds histogram\n"),
        "{text}"
    );
    assert!(
        text.contains("# UNIT shopblast_response_time_seconds seconds\n"),
        "{text}"
    );
    assert!(
        text.contains("shopblast_threshold_crossed{threshold=\"failed: count < 1\"} 0.0"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"));
    let (head, text) = get_as(address, &format!("/{path}"), "text/plain;version=0.0.4");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert!(
        text.contains("# TYPE shopblast_requests_total counter\n"),
        "{text}"
    );
    assert!(
        !text.contains("# EOF") && !text.contains("# UNIT"),
        "{text}"
    );
    let open = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    let (head, text) = get_as(address, &format!("/{path}"), open);
    assert!(head.contains("openmetrics-text") && text.ends_with("# EOF\n"));
    let (head, _) = get(address, "/else");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    let id = child.id();
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -INT {id}"))
        .status()
        .unwrap();
    assert!(status.success());
    told.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(105));
}

/// Head in lower case, and body.
fn get(address: &str, path: &str) -> (String, String) {
    ask(address, path, "")
}

/// The same in a form that is named.
fn get_as(address: &str, path: &str, accept: &str) -> (String, String) {
    ask(address, path, &format!("accept: {accept}\r\n"))
}

fn ask(address: &str, path: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[test]
fn a_collector_of_opentelemetry_is_told_everything_in_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (bodies, pushed) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while let Some(body) = read_request(&mut stream) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
                let _ = bodies.send(body);
            }
        }
    });
    let results = tempfile::tempdir().unwrap();
    let output = command(&["SpikeUser", "--sandbox", "-u", "2", "-r", "100", "-t", "2s"])
        .arg("--otlp")
        .arg(format!("http://{address}"))
        .arg("--results")
        .arg(results.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let last = pushed.try_iter().last().expect("a push");
    let request: Value = serde_json::from_slice(&last).unwrap();
    let metrics = &request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    let requests = metrics
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["name"] == "shopblast_requests");
    let points = requests.unwrap()["sum"]["dataPoints"].as_array().unwrap();
    let sum: u64 = points
        .iter()
        .map(|point| point["asInt"].as_str().unwrap().parse::<u64>().unwrap())
        .sum();
    let run = json(&only_directory(results.path()).join("run.json"));
    assert_eq!(sum, run["totals"]["requests"].as_u64().unwrap());
}

#[test]
fn a_collector_that_is_away_costs_a_warning_only() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let results = tempfile::tempdir().unwrap();
    let output = command(&["SpikeUser", "--sandbox", "-u", "2", "-r", "100", "-t", "1s"])
        .arg("--otlp")
        .arg(format!("http://{address}"))
        .arg("--results")
        .arg(results.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(
        errors.matches("warning: cannot push figures").count(),
        1,
        "{errors}"
    );
}

/// How a collector answers that takes nothing, and what is told of it.
const REFUSING: [(&str, &str); 3] = [
    (
        "302 Found\r\nlocation: /elsewhere",
        "it answers 302 Found and points to /elsewhere, which is not followed",
    ),
    ("307 Temporary Redirect\r\nlocation: /x", "not followed"),
    ("404 Not Found", "it answers 404 Not Found"),
];

#[test]
fn a_collector_that_takes_nothing_is_told_once_and_asked_without_a_proxy() {
    // Whatever goes through it would never arrive.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", proxy.local_addr().unwrap());
    for (answer, told) in REFUSING {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, asked) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                while let Some(body) = read_request(&mut stream) {
                    let reply = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
                    let _ = stream.write_all(reply.as_bytes());
                    let _ = requests.send(body);
                }
            }
        });
        let results = tempfile::tempdir().unwrap();
        let output = command(&["SpikeUser", "--sandbox", "-u", "2", "-r", "100", "-t", "1s"])
            .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, &proxy)))
            .arg("--otlp")
            .arg(format!("http://{address}"))
            .arg("--results")
            .arg(results.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert_eq!(errors.matches(told).count(), 1, "{errors}");
        assert_eq!(errors.matches("cannot push figures").count(), 1, "{errors}");
        // No request lost its body on the way.
        let bodies: Vec<Vec<u8>> = asked.try_iter().collect();
        assert!(!bodies.is_empty());
        assert!(bodies.iter().all(|body| body.starts_with(b"{")));
    }
}
