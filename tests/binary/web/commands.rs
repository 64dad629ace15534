//! Commands in the records of a page's runs: each of them is a command that runs.

use crate::invocation::shopblast;
use crate::web_server::{WebServer, read_json};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What of a plan must be the same again; seed, id and port are each run's own.
fn asked_for(run: &Value) -> Value {
    let plan = &run["plan"];
    assert!(plan.is_object(), "{run}");
    let mut asked = serde_json::Map::new();
    for key in [
        "profile",
        "classes",
        "load",
        "run_time",
        "pacing",
        "options",
        "stop_timeout",
    ] {
        asked.insert(key.to_owned(), plan[key].clone());
    }
    assert!(asked["classes"].is_array(), "{plan}");
    Value::Object(asked)
}

fn records(results: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(results).expect("results");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort_unstable();
    paths
}

#[test]
fn every_recorded_command_of_the_page_runs() {
    let shop = WebServer::start("--sandbox --autostart SpikeUser -u 1 -t 600s");
    let mut shop = shop;
    shop.stats_when("a shop", |stats| stats["user_count"] == 1);
    // The embedded shop of another page is somebody's shop to this one.
    let told = shop.post("/swarm", "user_count=1").json();
    let host = told["host"].as_str().expect("a host").to_owned();
    let line =
        "--sandbox --api-workers 2 --no-observatory SpikeUser=2 IdentityUser -u 2 -r 50 -t 1s";
    let mut server = WebServer::start(line);
    let forms = [
        String::new(),
        "user_classes=SpikeUser%3D2&user_classes=IdentityUser%3D1".to_owned(),
        format!("user_classes=SpikeUser&user_count=3&host={host}"),
        "whole=1&profile=custom&user_classes=IdentityUser%3D5&run_time=1s".to_owned(),
    ];
    for (place, form) in forms.iter().enumerate() {
        server.swarm(form);
        server.stats_when("the end", |stats| stats["state"] == "stopped");
        let run = read_json(&records(&server.results())[place].join("run.json"));
        let command = run["command"].as_str().expect("a command");
        let words = shlex::split(command).expect("words of a shell");
        assert!(words[0].ends_with("shopblast"), "{command}");
        let directory = tempfile::tempdir().expect("a directory");
        let again = shopblast()
            .env_clear()
            .args(&words[1..])
            .arg("--results")
            .arg(directory.path())
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(again.status.code(), Some(0), "{command}: {told}");
        let repeated = read_json(&records(directory.path())[0].join("run.json"));
        assert_eq!(asked_for(&repeated), asked_for(&run), "{command}");
    }
}
