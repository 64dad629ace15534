//! Locust's endpoints, as scripts for Locust use them.

use crate::web_server::{WebServer, read_json};
use serde_json::Value;

/// Keys of Locust 2.43.3 (`StatsEntry.to_dict`, `WebUI.request_stats`).
const REPORT_KEYS: [&str; 10] = [
    "stats",
    "errors",
    "current_rps",
    "current_fail_per_sec",
    "total_rps",
    "total_fail_per_sec",
    "fail_ratio",
    "current_response_time_percentiles",
    "state",
    "user_count",
];
const ROW_KEYS: [&str; 15] = [
    "method",
    "name",
    "num_requests",
    "num_failures",
    "min_response_time",
    "max_response_time",
    "current_rps",
    "current_fail_per_sec",
    "avg_response_time",
    "median_response_time",
    "total_rps",
    "total_fail_per_sec",
    "response_time_percentile_0.95",
    "response_time_percentile_0.99",
    "avg_content_length",
];
const CSV_HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";

fn has_keys(object: &Value, keys: &[&str]) {
    for key in keys {
        assert!(object.get(key).is_some(), "{key} is missing: {object}");
    }
}

/// Requests and failures of each row of a CSV as Locust writes it, *Aggregated* last.
fn csv_counts(text: &str) -> Vec<(String, u64, u64)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let number = |field: &str| field.parse().expect("a whole number");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        (row[1].to_owned(), number(&row[2]), number(&row[3]))
    });
    rows.collect()
}

fn json_counts(stats: &Value) -> Vec<(String, u64, u64)> {
    let rows = stats["stats"].as_array().expect("rows").iter();
    rows.map(|row| {
        let name = row["name"].as_str().expect("a name").to_owned();
        let number = |key: &str| row[key].as_u64().expect("a whole number");
        (name, number("num_requests"), number("num_failures"))
    })
    .collect()
}

fn record_counts(run: &Value) -> Vec<(String, u64, u64)> {
    let count = |figures: &Value| {
        let number = |key: &str| figures[key].as_u64().expect("a whole number");
        (number("requests"), number("failures"))
    };
    let names = run["names"].as_array().expect("names").iter();
    let mut rows: Vec<(String, u64, u64)> = names
        .map(|row| {
            let (requests, failures) = count(row);
            (
                row["name"].as_str().expect("a name").to_owned(),
                requests,
                failures,
            )
        })
        .collect();
    let (requests, failures) = count(&run["totals"]);
    rows.push(("Aggregated".to_owned(), requests, failures));
    rows
}

#[test]
fn before_the_first_test_everything_is_empty_and_in_shape() {
    let server = WebServer::start("--sandbox");
    let stats = server.get("/stats/requests").json();
    has_keys(&stats, &REPORT_KEYS);
    has_keys(&stats["stats"][0], &ROW_KEYS);
    assert_eq!(
        (&stats["state"], &stats["user_count"]),
        (&"ready".into(), &0.into())
    );
    assert_eq!(stats["stats"][0]["name"], "Aggregated");
    assert_eq!(
        server.get("/tasks").text(),
        r#"{"per_class":{},"total":{}}"#
    );
    assert_eq!(server.get("/exceptions").text(), r#"{"exceptions":[]}"#);
    assert_eq!(server.get("/worker-count").text(), r#"{"worker_count":0}"#);
    assert_eq!(server.get("/stats/requests/csv").status, 404);
    assert_eq!(server.get("/stop").json()["success"], true);
    assert_eq!(
        server.get("/stats/reset").status,
        409,
        "there is nothing to reset"
    );
    assert_eq!(server.interrupt(), 0);
}

#[test]
fn a_test_is_swarmed_and_its_figures_agree_everywhere() {
    let mut server = WebServer::start("--sandbox --csv-full-history");
    let answer = server
        .post(
            "/swarm",
            "user_count=6&spawn_rate=100&host=&run_time=3s&user_classes=MixedWorkloadUser\
             &user_classes=SpikeUser%3D2&pacing=max",
        )
        .json();
    assert_eq!(answer["success"], true, "{answer}");
    assert_eq!(answer["message"], "Swarming started");
    assert_eq!(answer["run_time"], 3.0);
    assert_eq!(
        answer["user_classes"],
        serde_json::json!(["MixedWorkloadUser", "SpikeUser"])
    );
    let stats = server.when_stopped();
    has_keys(&stats, &REPORT_KEYS);
    let rows = stats["stats"].as_array().expect("rows");
    rows.iter().for_each(|row| has_keys(row, &ROW_KEYS));
    assert!(rows.len() > 10);
    assert_eq!(rows.last().expect("a row")["method"], Value::Null);
    let percentiles = &stats["current_response_time_percentiles"];
    has_keys(
        percentiles,
        &[
            "response_time_percentile_0.5",
            "response_time_percentile_0.95",
        ],
    );

    let counts = json_counts(&stats);
    assert!(counts.last().expect("a sum").1 > 100);
    let told = server.get("/stats/requests/csv").text();
    let written = std::fs::read_to_string(server.record().join("stats_stats.csv")).expect("a CSV");
    assert_eq!(told, written);
    assert_eq!(told.lines().next(), Some(CSV_HEADER));
    assert_eq!(csv_counts(&told), counts);
    assert_eq!(record_counts(&server.run_json()), counts);

    let tasks = server.get("/tasks").json();
    let total = &tasks["total"]["SpikeUser"];
    let ratio = total["ratio"].as_f64().expect("a ratio");
    assert!((ratio - 2.0 / 3.0).abs() < 1e-9, "{tasks}");
    assert!(
        total["tasks"]["SpikeUser.rapid_registration"]["ratio"].is_f64(),
        "{tasks}"
    );

    let history = server.get("/stats/requests_full_history/csv");
    assert!(
        history
            .text()
            .starts_with("Timestamp,User Count,Type,Name,")
    );
    assert!(history.header("content-disposition").contains("attachment"));
    let exceptions = server.get("/exceptions/csv").text();
    assert_eq!(exceptions, "Count,Message,Traceback,Nodes\r\n");
    let failures = server.get("/stats/failures/csv").text();
    assert!(
        failures.starts_with("Method,Name,Error,Occurrences,First Seen,Last Seen\r\n"),
        "{failures}"
    );
    let logs = server.get("/logs").json();
    let lines = logs["master"].as_array().expect("lines");
    assert!(
        lines
            .iter()
            .any(|line| line.as_str().expect("a line").contains("Starting custom"))
    );
    let report = server.get("/stats/report");
    assert!(
        report.text().starts_with("<!doctype html>")
            || report.text().starts_with("<!DOCTYPE html>")
    );
    let download = server.get("/stats/report?download=1");
    assert!(
        download
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert_eq!(server.interrupt(), 0);
}

#[test]
fn users_are_changed_figures_reset_and_the_test_stopped() {
    let mut server = WebServer::start("--sandbox SpikeUser");
    server.swarm("user_count=2&spawn_rate=100");
    server.stats_when("two users", |stats| stats["user_count"] == 2);
    let answer = server.post("/swarm", "user_count=9&spawn_rate=100").json();
    assert_eq!(
        (&answer["success"], &answer["message"]),
        (&true.into(), &"Swarming changed".into())
    );
    server.stats_when("nine users", |stats| stats["user_count"] == 9);
    server.post("/swarm", "user_count=3&spawn_rate=100");
    server.stats_when("three users", |stats| stats["user_count"] == 3);
    for (form, says) in [
        ("user_count=0", "Users `0`"),
        ("user_count=x", "Users `x`"),
        ("user_count=2.5", "whole number"),
        ("spawn_rate=3", "say how many users"),
        ("user_count=4&spawn_rate=-1", "Ramp up `-1`"),
        ("user_count=4000000", "too many"),
        (
            "user_count=4&host=http://127.0.0.1:9",
            "Host: a running test keeps its own",
        ),
        (
            "user_count=4&run_time=9m",
            "Run time: a running test keeps its own",
        ),
        (
            "user_count=4&user_classes=IdentityUser",
            "User classes: a running test keeps",
        ),
    ] {
        let answer = server.post("/swarm", form).json();
        assert_eq!(answer["success"], false, "{form}");
        assert!(
            answer["message"]
                .as_str()
                .expect("a message")
                .contains(says),
            "{answer}"
        );
    }
    assert_eq!(server.get("/stats/reset").text(), "ok");
    server.wait_for("the reset", |server| {
        let logs = server.get("/logs").text();
        logs.contains("Figures were reset").then_some(())
    });
    server.stats_when("requests after it", |stats| {
        json_counts(stats).last().is_some_and(|all| all.1 > 0)
    });
    let answer = server.get("/stop").json();
    assert_eq!(
        answer,
        serde_json::json!({"success": true, "message": "Test stopped"})
    );
    let stats = server.when_stopped();
    let shown = json_counts(&stats).last().expect("a sum").1;
    let run = server.run_json();
    let recorded = run["totals"]["requests"].as_u64().expect("a number");
    assert!(
        shown < recorded,
        "the page counts since the reset ({shown}), the record all ({recorded})"
    );
    assert_eq!(
        (&run["finished"], &run["interrupted"]),
        (&true.into(), &false.into())
    );
    assert_eq!(run["exit_code"], 0, "{}", run["verdict"]);
    assert_eq!(server.get("/stats/requests").json()["user_count"], 0);

    // Another one after it, in the same process.
    server.swarm("user_count=1&run_time=1s");
    server.when_stopped();
    assert_eq!(
        server
            .get("/history")
            .json()
            .as_array()
            .expect("runs")
            .len(),
        2
    );
}

#[test]
fn what_cannot_be_started_is_told_with_what_to_do() {
    let server = WebServer::start("");
    for (form, says) in [
        ("", "say what to run"),
        ("profile=nothing", "Profile `nothing`: there is no profile"),
        ("user_classes=Nobody", "there is no user class `Nobody`"),
        (
            "user_classes=SpikeUser&host=http://8.8.8.8:80",
            "--allow-host 8.8.8.8",
        ),
        (
            "user_classes=SpikeUser&host=ftp://x",
            "only http:// and https:// are supported",
        ),
        (
            "user_classes=SpikeUser&host=http://127.0.0.1:9",
            "is the shop up?",
        ),
        ("user_classes=SpikeUser&run_time=abc", "Run time `abc`"),
        ("host=http://a&host=http://b", "is there twice"),
    ] {
        let reply = server.post("/swarm", form);
        assert_eq!(reply.status, 200, "as Locust does");
        let answer = reply.json();
        assert_eq!(answer["success"], false, "{form}");
        assert!(
            answer["message"]
                .as_str()
                .expect("a message")
                .contains(says),
            "{form}: {answer}"
        );
    }
    assert_eq!(server.get("/stats/requests").json()["state"], "ready");
    assert!(!server.results().exists(), "nothing was recorded");
}

#[test]
fn autostart_runs_at_once_and_the_page_stays() {
    let mut server = WebServer::start("--autostart --sandbox SpikeUser -u 3 -r 100 -t 1s");
    server.when_stopped();
    assert_eq!(server.run_json()["finished"], true);
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.interrupt(), 0);
}

#[test]
fn ctrl_c_ends_the_test_that_is_on_its_way_and_keeps_its_record() {
    let mut server = WebServer::start("--sandbox SpikeUser");
    server.swarm("user_count=2&spawn_rate=100");
    server.stats_when("requests", |stats| {
        json_counts(stats).last().is_some_and(|all| all.1 > 0)
    });
    let record = server.record();
    let (code, run) = server.interrupt_and(|| read_json(&record.join("run.json")));
    assert_eq!(code, 105);
    assert_eq!(
        (&run["finished"], &run["interrupted"]),
        (&true.into(), &true.into())
    );
}

#[test]
fn forms_are_read_as_clients_send_them_and_nothing_else_is() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    let send = |server: &WebServer, kind: Option<&str>, body: &str| {
        let header = kind.map(|kind| ("content-type", kind));
        let headers: Vec<(&str, &str)> = header.into_iter().collect();
        server.ask("POST", "/swarm", &headers, body)
    };
    let encoded = Some("application/x-www-form-urlencoded");
    for (kind, body, says) in [
        (
            Some("application/json"),
            r#"{"user_count": 5}"#,
            "not as application/json",
        ),
        (Some("text/plain"), "user_count=5", "not as text/plain"),
        (None, "user_count=5", "without a Content-Type"),
        (
            Some("multipart/form-data"),
            "user_count=5",
            "without a boundary",
        ),
        (
            Some("multipart/form-data; boundary=b"),
            "user_count=5",
            "no multipart/form-data",
        ),
        (encoded, "users=5", "there is no field `users`"),
        (
            encoded,
            "user_count=5&shape_class=Wave",
            "shape_class `Wave`",
        ),
    ] {
        let reply = send(&server, kind, body);
        assert_eq!(reply.status, 400, "{kind:?} {body}");
        let answer = reply.json();
        assert_eq!(answer["success"], false, "{answer}");
        assert!(
            answer["message"].as_str().expect("words").contains(says),
            "{answer}"
        );
    }
    assert_eq!(server.get("/stats/requests").json()["state"], "ready");
    assert!(!server.results().exists(), "nothing was started");
    let named = server.post("/swarm", "user_count=none").json();
    assert_eq!(named["field"], "user_count");
    // As browsers' FormData and Python's requests send it, and as Locust's own page does.
    let parts = "--b0\r\nContent-Disposition: form-data; name=\"user_count\"\r\n\r\n4\r\n\
        --b0\r\nContent-Disposition: form-data; name=\"spawn_rate\"\r\n\r\n100\r\n--b0--\r\n";
    let answer = send(&server, Some("multipart/form-data; boundary=b0"), parts).json();
    assert_eq!(answer["success"], true, "{answer}");
    server.when_stopped();
    assert_eq!(server.run_json()["peak_users"], 4);
    let locusts =
        "user_count=2&spawn_rate=100&host=&run_time=1s&shape_class=Default&user_classes=SpikeUser";
    let answer = send(
        &server,
        Some("application/x-www-form-urlencoded;charset=UTF-8"),
        locusts,
    );
    assert_eq!(answer.json()["success"], true);
    server.when_stopped();
}

#[test]
fn a_test_that_never_starts_leaves_the_figures_of_the_last_one() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    server.swarm("user_count=2&spawn_rate=100");
    let before = server.when_stopped();
    let answer = server
        .post("/swarm", "user_count=2&host=http://127.0.0.1:9")
        .json();
    assert_eq!(answer["success"], false, "{answer}");
    let after = server.get("/stats/requests").json();
    assert_eq!(json_counts(&after), json_counts(&before));
    assert_eq!(after["state"], "stopped");
    assert_eq!(server.get("/stats/report").status, 200);
}
