//! Bad input and bad servers, end to end: a clear message, the right exit code, and nothing sent
//! that should not have been.

use crate::invocation::{Ended, Invocation, run};
use crate::odd_server::{Habit, OddServer};
use serde_json::Value;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// A load that ends soon, whatever the server does.
const SHORT: &str = "SpikeUser -u 4 -r 40 -t 1s --timeout 300ms --stop-timeout 1s --seed 7";

/// Checks that the run ended before it began: with a code and a message in one place, without a
/// record or figures.
fn refused(ended: &Ended, code: i32, expected: &[&str]) {
    assert_eq!(ended.code, code, "{}", ended.told());
    assert!(ended.err.starts_with("error: "), "{}", ended.told());
    for part in expected {
        assert!(ended.err.contains(part), "`{part}`\n{}", ended.told());
    }
    assert_eq!(ended.out, "", "{}", ended.told());
    assert!(!ended.is_recorded(), "{}", ended.told());
}

#[test]
fn wrong_commands_send_nothing() {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let many_cores = format!("SpikeUser --cores {}", (cpus + 1).max(99));
    let there_are = format!("may use only {cpus}");
    let cases: [(&str, &[&str]); 18] = [
        (
            "--profile spik",
            &["no profile `spik`", "did you mean `spike`?"],
        ),
        (
            "Spikeuser",
            &["no user class `Spikeuser`", "did you mean `SpikeUser`?"],
        ),
        (
            "SpikeUser --frobnicate",
            &["unexpected argument '--frobnicate'"],
        ),
        ("SpikeUser --user 5", &["'--users'"]),
        ("SpikeUser --pacing fast", &["'fast'", "class, max"]),
        ("SpikeUser --driver kqueue", &["'kqueue'", "uring, epoll"]),
        ("SpikeUser --generation six", &["'six'", "five, today"]),
        (
            "SpikeUser --outbox notification=postgres://h/d",
            &["did you mean `notifications`?"],
        ),
        (
            "SpikeUser -t abc",
            &["`abc` is not a length of time", "20s"],
        ),
        ("SpikeUser -t 0", &["longer than 0"]),
        ("SpikeUser -u -5", &["'-5'", "'--users <N>'", "from 1"]),
        ("SpikeUser -u 0", &["'0'", "from 1"]),
        ("SpikeUser -r 0", &["'0'", "above 0"]),
        ("SpikeUser --rate -1", &["'-1'", "above 0"]),
        ("SpikeUser --seed x", &["'x'", "--seed"]),
        ("SpikeUser --exit-code-on-error 300", &["'300'"]),
        (
            "SpikeUser --connections 9 -u 3",
            &["9 connections", "3 users"],
        ),
        (&many_cores, &["cores were asked for", &there_are]),
    ];
    let server = OddServer::start(Habit::Creates);
    for (line, expected) in cases {
        let ended = run(&format!("{line} --host {}", server.url()));
        refused(&ended, 104, expected);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_wrong_profile_is_told_with_its_line() {
    let mut file = tempfile::Builder::new()
        .suffix(".toml")
        .tempfile()
        .expect("a file");
    file.write_all(b"name = \"mine\"\ndescription = \"d\"\nclasses = [\"SpikeUser\"]\nuser = 3\n")
        .expect("written");
    let path = file.path().display();
    let server = OddServer::start(Habit::Creates);
    let ended = run(&format!("--profile {path} --host {}", server.url()));
    let place = format!("{path}:4:1: unknown key `user`");
    refused(&ended, 104, &[&place, "did you mean `users`?"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn wrong_targets_are_told_before_anything_is_sent() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "http://127.0.0.1:99999",
            &["the port `99999`", "1 to 65535"],
        ),
        ("http://[::1]:99999", &["the port `99999`", "1 to 65535"]),
        ("http://127.0.0.1:0", &["the port `0`", "1 to 65535"]),
        ("http://127.0.0.1:", &["the port is missing"]),
        ("ftp://localhost:8000", &["only http:// and https://"]),
        ("localhost:8000", &["http://localhost:8000"]),
        (
            "http://192.0.2.1:8000",
            &["public address", "--allow-host 192.0.2.1"],
        ),
        (
            "http://[2001:db8::1]:8000",
            &["public address", "--allow-host"],
        ),
    ];
    for (host, expected) in cases {
        refused(&run(&format!("{SHORT} --host {host}")), 104, expected);
    }
}

#[test]
fn targets_that_cannot_be_reached_end_with_107() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = free.local_addr().expect("an address");
    drop(free);
    for preflight in ["", "--no-preflight"] {
        let ended = run(&format!("{SHORT} --host http://{closed} {preflight}"));
        refused(
            &ended,
            107,
            &["cannot reach", &closed.to_string(), "is the shop up?"],
        );
        let ended = run(&format!(
            "{SHORT} --host http://shop.invalid:8000 {preflight}"
        ));
        refused(&ended, 107, &["cannot find `shop.invalid`", "--host"]);
    }
}

#[test]
fn servers_that_do_not_speak_http_get_one_question() {
    for (habit, expected) in [
        (Habit::Mail, "does not start with a status line"),
        (Habit::Silent, "no complete answer within"),
        (Habit::ClosesMidReply, "closed within the reply"),
        (Habit::Garbage, "does not start with a status line"),
    ] {
        let server = OddServer::start(habit);
        let ended = run(&format!("{SHORT} --host {}", server.url()));
        refused(&ended, 107, &[&server.url(), expected, "--no-preflight"]);
        assert_eq!(server.requests(), ["GET /health HTTP/1.1"], "{habit:?}");
        // One that says nothing, or what looks like an alert of TLS, may wait for a handshake of it.
        let may_be_of_tls = matches!(habit, Habit::Silent | Habit::Garbage);
        let looks = if may_be_of_tls { 2 } else { 1 };
        assert_eq!(server.connections(), looks, "{habit:?}");
    }
}

/// `totals.field` of a record.
fn total(record: &Value, field: &str) -> u64 {
    record["totals"][field].as_u64().expect("a count")
}

/// Checks that every request that went wrong has a row with a reason.
fn every_failure_has_a_reason(record: &Value) {
    let rows = record["errors"].as_array().expect("rows");
    let counted: u64 = rows.iter().map(|row| row["count"].as_u64().unwrap()).sum();
    let went_wrong = total(record, "requests") - total(record, "success");
    assert_eq!(counted, went_wrong, "{rows:?}");
    assert_eq!(record["errors_cut"], 0);
    for row in rows {
        assert!(!row["reason"].as_str().unwrap().is_empty(), "{row}");
    }
}

/// Checks a record against its schema, and that all of its files are there.
fn is_complete(ended: &Ended) -> Value {
    let record = ended.record();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/run.schema.json");
    let schema = std::fs::read_to_string(schema).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    if let Err(error) = jsonschema::validate(&schema, &record) {
        panic!("{error}\n{}", ended.told());
    }
    assert_eq!(record["finished"], true, "{}", ended.told());
    assert_eq!(record["exit_code"], ended.code, "{}", ended.told());
    let files = ended.record_files();
    for file in [
        "response.hlog",
        "service.hlog",
        "lag.hlog",
        "stats_stats.csv",
    ] {
        assert!(files.iter().any(|name| name == file), "{files:?}");
    }
    record
}

#[test]
fn a_run_against_them_ends_and_knows_what_it_does_not_know() {
    for habit in Habit::MISBEHAVING {
        let server = OddServer::start(habit);
        let ended = run(&format!("{SHORT} --no-preflight --host {}", server.url()));
        let record = is_complete(&ended);
        let told = ended.told();
        assert_eq!(ended.code, 1, "{habit:?}: {told}");
        assert_eq!(total(&record, "success"), 0, "{told}");
        assert!(total(&record, "unknown") > 0, "{habit:?}: {told}");
        let expected = total(&record, "unknown") + total(&record, "failed");
        assert_eq!(total(&record, "requests"), expected, "{told}");
        assert!(
            server.requests().len() as u64 >= total(&record, "unknown"),
            "{told}"
        );
        every_failure_has_a_reason(&record);
    }
}

#[test]
fn a_shop_that_is_unavailable_is_a_failure_unless_told_otherwise() {
    let server = OddServer::start(Habit::Unavailable);
    for (flag, code) in [
        ("", 1),
        ("--exit-code-on-error 7", 7),
        ("--exit-code-on-error 0", 0),
    ] {
        let line = format!("{SHORT} {flag} --no-preflight --host {}", server.url());
        let ended = run(&line);
        let record = is_complete(&ended);
        assert_eq!(ended.code, code, "{}", ended.told());
        assert!(total(&record, "requests") > 0, "{}", ended.told());
        assert_eq!(total(&record, "failed"), total(&record, "requests"));
        assert_eq!(record["errors"][0]["status"], 503);
        every_failure_has_a_reason(&record);
    }
}

#[test]
fn an_interrupted_run_is_recorded() {
    let server = OddServer::start(Habit::Creates);
    let line = format!(
        "SpikeUser -u 4 -r 40 -t 10m --no-preflight --host {}",
        server.url()
    );
    let running = Invocation::begin(&line);
    let give_up = Instant::now() + Duration::from_secs(60);
    while server.requests().len() < 5 || running.record_path().is_none() {
        assert!(
            Instant::now() < give_up,
            "the run does not begin: {}",
            running.end().told()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    running.interrupt();
    let ended = running.end();
    let record = is_complete(&ended);
    assert_eq!(ended.code, 105, "{}", ended.told());
    assert_eq!(record["interrupted"], true, "{}", ended.told());
    assert!(total(&record, "success") > 0, "{}", ended.told());
    assert_eq!(total(&record, "requests"), server.requests().len() as u64);
}
