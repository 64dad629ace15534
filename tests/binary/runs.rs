//! Whole runs of the built binary over real sockets: drivers, pools, the open model, servers that
//! close connections, and what the record says of them.

use crate::invocation::shopblast;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-length: 54\r\n\r\n{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}";
const CRASHED: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n\r\nInternal Server Error";

struct Run {
    exit_code: i32,
    record: Value,
    directory: tempfile::TempDir,
}

/// Runs shopblast with `arguments` and reads its record.
fn run(arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let output = shopblast()
        .env_clear()
        .args(arguments)
        .arg("--results")
        .arg(directory.path())
        .output()
        .unwrap();
    let record = std::fs::read_dir(directory.path())
        .unwrap()
        .next()
        .unwrap_or_else(|| panic!("no record: {}", String::from_utf8_lossy(&output.stderr)))
        .unwrap()
        .path()
        .join("run.json");
    Run {
        exit_code: output.status.code().unwrap(),
        record: serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap(),
        directory,
    }
}

impl Run {
    fn total(&self, name: &str) -> u64 {
        self.record["totals"][name].as_u64().unwrap()
    }

    fn connections(&self, name: &str) -> u64 {
        self.record["connections"][name].as_u64().unwrap()
    }
}

/// A server that answers the n-th request of all with `reply(n)`, and closes after it when that
/// says so.
fn server(reply: impl Fn(u64) -> (&'static str, bool) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = Arc::new((reply, AtomicU64::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                while read_request(&mut stream) {
                    let (text, close) = (shared.0)(shared.1.fetch_add(1, Ordering::Relaxed));
                    if stream.write_all(text.as_bytes()).is_err() || close {
                        return;
                    }
                }
            });
        }
    });
    url
}

fn read_request(stream: &mut TcpStream) -> bool {
    let mut buffer = Vec::new();
    let mut byte = [0; 1_024];
    loop {
        match stream.read(&mut byte) {
            Ok(0) | Err(_) => return false,
            Ok(received) => buffer.extend_from_slice(&byte[..received]),
        }
        let text = String::from_utf8_lossy(&buffer);
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if buffer.len() >= head + 4 + length {
                return true;
            }
        }
    }
}

#[test]
fn a_sandbox_run_is_complete_on_either_driver() {
    for driver in ["uring", "plain-uring", "epoll"] {
        let run = run(&[
            "IdentityUser",
            "SpikeUser=3",
            "--sandbox",
            "-u",
            "20",
            "-r",
            "20",
            "-t",
            "3s",
            "--pacing",
            "max",
            "--driver",
            driver,
        ]);
        assert_eq!(run.exit_code, 0, "{driver}: {}", run.record["verdict"]);
        assert_eq!(run.record["finished"], true);
        assert_eq!(run.record["host"]["driver"], driver);
        assert!(run.total("requests") > 100);
        // What is not shown yet is refused.
        let answered = run.total("success") + run.total("refused");
        assert_eq!(run.total("requests"), answered);
        assert_eq!(run.connections("opened"), 20);
        let names = run.record["names"].as_array().unwrap();
        let requests = |row: &Value| row["requests"].as_u64().unwrap();
        assert_eq!(
            names.iter().map(requests).sum::<u64>(),
            run.total("requests")
        );
        let files: Vec<_> = std::fs::read_dir(run.directory.path()).unwrap().collect();
        let record = files[0].as_ref().unwrap().path();
        for file in [
            "response.hlog",
            "service.hlog",
            "lag.hlog",
            "stats_stats.csv",
            "stats_stats_history.csv",
            "stats_failures.csv",
            "stats_exceptions.csv",
        ] {
            assert!(record.join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn shared_connections_are_as_many_as_asked_for() {
    let run = run(&[
        "SpikeUser",
        "--sandbox",
        "-u",
        "30",
        "-r",
        "1000",
        "-t",
        "2s",
        "--pacing",
        "max",
        "--connections",
        "4",
    ]);
    assert_eq!(run.exit_code, 0, "{}", run.record["verdict"]);
    assert_eq!(run.connections("opened"), 4);
    assert_eq!(run.total("requests"), run.total("success"));
}

#[test]
fn arrivals_come_at_the_rate_asked_for() {
    for arrivals in ["constant", "poisson"] {
        let run = run(&[
            "SpikeUser",
            "--sandbox",
            "--rate",
            "200",
            "--arrivals",
            arrivals,
            "-t",
            "5s",
        ]);
        assert_eq!(run.exit_code, 0, "{}", run.record["verdict"]);
        let requests = run.total("requests") + run.record["shed"].as_u64().unwrap();
        // A Poisson count of mean 1,000 has a standard deviation of 32.
        assert!((850..=1_150).contains(&requests), "{arrivals}: {requests}");
        if arrivals == "constant" {
            assert!((999..=1_001).contains(&requests), "{requests}");
        }
    }
}

#[test]
fn arrivals_that_no_user_can_take_are_late_or_shed_and_never_lost() {
    let slow = server(|_| {
        std::thread::sleep(Duration::from_millis(100));
        (CREATED, false)
    });
    let run = run(&[
        "SpikeUser",
        "-H",
        &slow,
        "--no-preflight",
        "--rate",
        "100",
        "--max-users",
        "2",
        "--timeout",
        "1s",
        "-t",
        "4s",
        "--cores",
        "1",
    ]);
    let answered = run.total("requests");
    let shed = run.record["shed"].as_u64().unwrap();
    assert_eq!(answered + shed, 400, "{answered} answered, {shed} shed");
    assert!(answered <= 100, "two users of 100 ms each: {answered}");
    let response_us = run.record["totals"]["response_us"]["max"].as_f64().unwrap();
    let service_us = run.record["totals"]["service_us"]["p50"].as_f64().unwrap();
    assert!(response_us > 3.0 * service_us, "{response_us} {service_us}");
}

#[test]
fn connections_that_the_server_closes_while_idle_are_replaced_unseen() {
    let closing = server(|_| (CREATED, true));
    // Paced slower than the server closes: every request finds its connection closed.
    let run = run(&[
        "IdentityUser",
        "-H",
        &closing,
        "--no-preflight",
        "-u",
        "4",
        "-r",
        "100",
        "-t",
        "4s",
    ]);
    assert_eq!(run.total("unknown"), 0, "{}", run.record["errors"]);
    assert_eq!(run.connections("opened"), 4);
    assert!(run.connections("reconnects") > 0);
}

#[test]
fn a_crash_of_the_shop_fails_one_request_and_costs_no_second() {
    let crashing = server(|n| {
        if n % 3 == 2 {
            (CRASHED, true)
        } else {
            (CREATED, false)
        }
    });
    let run = run(&[
        "SpikeUser",
        "-H",
        &crashing,
        "--no-preflight",
        "-u",
        "3",
        "-r",
        "100",
        "-t",
        "2s",
        "--pacing",
        "max",
    ]);
    let (requests, failed) = (run.total("requests"), run.total("failed"));
    assert!(failed > 0);
    assert_eq!(
        run.total("success") + failed,
        requests,
        "{}",
        run.record["errors"]
    );
    assert!(requests.abs_diff(failed * 3) <= 3, "{failed} of {requests}");
    assert_eq!(run.record["errors"][0]["status"], 500);
    assert_eq!(run.exit_code, 1);
}

#[test]
fn requests_without_an_answer_are_unknown_with_their_age() {
    let silent = server(|_| {
        std::thread::sleep(Duration::from_secs(30));
        (CREATED, false)
    });
    let run = run(&[
        "SpikeUser",
        "-H",
        &silent,
        "--no-preflight",
        "-u",
        "2",
        "-r",
        "100",
        "-t",
        "2s",
        "--pacing",
        "max",
        "--timeout",
        "500ms",
    ]);
    assert_eq!(run.exit_code, 1);
    assert_eq!(run.total("unknown"), run.total("requests"));
    let p50_us = run.record["totals"]["response_us"]["p50"].as_f64().unwrap();
    assert!(p50_us >= 500_000.0, "{p50_us}");
    assert_eq!(run.record["errors"][0]["reason"], "no reply within 0.5 s");
}
