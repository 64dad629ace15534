//! The page of a leader: the merged run, the machines that carry it, and orders to all of them.

use crate::counting_server::CountingServer;
use crate::invocation::Invocation;
use crate::meeting::Meeting;
use crate::troupe::{SECRET, all_end, join, join_all, wait_until_said};
use crate::web_server::WebServer;
use serde_json::Value;
use std::io::{BufRead, BufReader};

/// The page of a leader of two, with further flags.
fn page(meeting: &Meeting, name: &str, line: &str) -> WebServer {
    let line = format!(
        "--shards 2 --redis {} --run {name} --only-summary --join-wait 60s {line}",
        meeting.url()
    );
    let variables = [
        ("SHOPBLAST_FLEET_SECRET", SECRET),
        ("PATH", "/usr/bin:/bin"),
    ];
    WebServer::start_command(&["fleet", "run"], &line, &variables)
}

/// The first message of the live updates: all that a page needs.
fn tick(server: &WebServer, headers: &[(&str, &str)]) -> Value {
    let mut reader = BufReader::new(server.send("GET", "/live", headers, ""));
    let mut line = String::new();
    while reader.read_line(&mut line).expect("an answer") > 0 {
        if let Some(data) = line.strip_prefix("data: ") {
            return serde_json::from_str(data).expect("JSON");
        }
        line.clear();
    }
    panic!("no message came");
}

/// What the column of the shards' table holds.
fn column(tick: &Value, key: &str) -> Vec<Value> {
    let rows = tick["shards"].as_array().expect("a fleet has shards");
    rows.iter().map(|row| row[key].clone()).collect()
}

fn requests_of_shards(tick: &Value) -> u64 {
    let told = column(tick, "requests");
    told.iter()
        .map(|told| told.as_u64().expect("a number"))
        .sum()
}

/// The exit code that the page tells of the load test that is over.
fn exit_code(server: &WebServer) -> Value {
    tick(server, &[])["exit_code"].clone()
}

/// Members that ended as they should.
fn all_well(members: Vec<Invocation>) {
    for member in all_end(members) {
        assert_eq!(member.code, 0, "{}", member.told());
    }
}

#[test]
fn the_page_of_a_fleet_shows_steers_and_repeats_its_runs() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let target = CountingServer::start().looked_at_by(3);
    let line = format!("--url {} --pacing class", target.url());
    let mut server = page(&meeting, "paged", &line);
    let members = join_all(&meeting, "paged", 2);
    for member in &members {
        wait_until_said(member, "waiting for the plan of paged");
    }
    let before = tick(&server, &[]);
    assert_eq!(column(&before, "state"), ["awaited", "awaited"]);
    assert_eq!(server.get("/worker-count").text(), r#"{"worker_count":0}"#);
    server.swarm("user_count=4&spawn_rate=100&run_time=600s");
    server.stats_when("its users", |stats| stats["user_count"] == 4);
    let live = server.wait_for("figures of both", |server| {
        let tick = tick(server, &[]);
        let rates = column(&tick, "requests_per_s");
        rates
            .iter()
            .all(|rate| rate.as_f64() > Some(0.0))
            .then_some(tick)
    });
    assert_eq!(column(&live, "state"), ["running", "running"]);
    assert!(live["all"]["requests"].as_u64() <= Some(requests_of_shards(&live)));
    assert!(
        live["series"]
            .as_array()
            .is_some_and(|points| !points.is_empty())
    );
    assert_eq!(server.get("/worker-count").text(), r#"{"worker_count":2}"#);
    for users in [10, 2] {
        server.swarm(&format!("user_count={users}&spawn_rate=100"));
        server.stats_when("other users", |stats| stats["user_count"] == users);
    }
    assert_eq!(server.get("/stop").json()["success"], true);
    server.when_stopped();
    let over = tick(&server, &[]);
    assert_eq!(column(&over, "state"), ["over", "over"], "{over}");
    assert_eq!(requests_of_shards(&over), target.requests());
    assert_eq!(over["all"]["requests"], target.requests());
    let log = server.get("/logs").text();
    for says in ["Shard 1 of 2 on", "joined", "Users are changed to 10"] {
        assert!(log.contains(says), "{says}: {log}");
    }
    assert_eq!(server.run_json()["peak_users"], 10);
    // The machines are still there for another.
    server.swarm("user_count=2&spawn_rate=100&run_time=2s");
    server.when_stopped();
    assert_eq!(exit_code(&server), 0);
    assert_eq!(server.interrupt(), 0);
    all_well(members);
}

#[test]
fn a_page_says_which_machine_is_lost_and_leads_those_who_come_after_it() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let target = CountingServer::start();
    let line = format!("--url {} --autostart -u 4 -r 100 -t 600s", target.url());
    let stays = || join(&meeting, "again", "--stay --wait 60s");
    let mut members = vec![stays(), stays()];
    let mut server = page(&meeting, "again", &line);
    target.wait_for(20);
    members.pop().unwrap().kill();
    let lost = server.wait_for("the loss", |server| {
        let tick = tick(server, &[]);
        column(&tick, "state")
            .contains(&"lost".into())
            .then_some(tick)
    });
    let notes = column(&lost, "note");
    let says = "is lost from second";
    assert!(
        notes.iter().any(|note| note.to_string().contains(says)),
        "{lost}"
    );
    assert!(server.get("/logs").text().contains(says));
    assert!(
        lost["marks"].to_string().contains(r#""kind":"lost""#),
        "{lost}"
    );
    assert_eq!(server.get("/worker-count").text(), r#"{"worker_count":1}"#);
    assert_eq!(server.get("/stop").json()["success"], true);
    server.when_stopped();
    assert_eq!(exit_code(&server), 95, "it is a part of the run");
    members.push(stays());
    server.swarm("user_count=4&spawn_rate=100&run_time=2s");
    server.when_stopped();
    assert_eq!(exit_code(&server), 0, "{}", server.err());
    assert_eq!(server.interrupt(), 0);
    for member in &members {
        crate::troupe::signal(member, "TERM");
    }
    for member in all_end(members) {
        assert!([0, 105].contains(&member.code), "{}", member.told());
    }
}

#[test]
fn the_page_of_a_fleet_is_as_guarded_as_any() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let line = "--web-token a-token-of-tests --host http://127.0.0.1:9";
    let server = page(&meeting, "guarded-page", line);
    assert_eq!(server.get("/live").status, 401);
    let refused = server.post("/swarm", "user_count=1");
    assert_eq!(refused.status, 401);
    let shown = ("authorization", "Bearer a-token-of-tests");
    assert_eq!(column(&tick(&server, &[shown]), "number"), [1, 2]);
    let other = page_that_ends(&meeting, "guarded-page");
    assert!(other.contains("is led by"), "{other}");
    assert_eq!(server.interrupt(), 0);
    let sandbox = page_that_ends(&meeting, "sandboxed --sandbox");
    assert!(sandbox.contains("--sandbox"), "{sandbox}");
}

/// What a page says that is not served.
fn page_that_ends(meeting: &Meeting, name: &str) -> String {
    let line = format!(
        "fleet run --web --web-port 0 --shards 2 --redis {} --run {name}",
        meeting.url()
    );
    let ended = crate::troupe::begin(&line).end();
    assert_eq!(ended.code, 104, "{}", ended.told());
    ended.err
}
