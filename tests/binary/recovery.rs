//! Runs with a spike against the embedded shop, whose engines drain so slowly that a backlog is left:
//! it is back in the end, and where engines stand still it is not.

use crate::invocation::{Ended, run};
use serde_json::Value;

/// 40 registrations a second, 160 for three seconds, and 40 again.
const PROFILE: &str = r#"
name = "small-spike"
description = "a spike of three seconds"
classes = ["SpikeUser"]
pacing = "class"
stages = [
    { users = 2, spawn_rate = 10, duration = "6s" },
    { users = 8, spawn_rate = 100, duration = "3s" },
    { users = 2, spawn_rate = 100, duration = "6s" },
]
"#;

fn spiked(line: &str) -> (Ended, Value) {
    let directory = tempfile::tempdir().expect("a directory");
    let profile = directory.path().join("small-spike.toml");
    std::fs::write(&profile, PROFILE).expect("written");
    let sandbox = "--sandbox --observatory-port 0 --observatory-names newer --seed 1 --details";
    let ended = run(&format!("--profile {} {sandbox} {line}", profile.display()));
    let code = ended.code;
    assert!(code == 0 || code == 95, "{}", ended.told());
    let recovery = ended.record()["recovery"].clone();
    assert_eq!(recovery["users"], 2, "{}", ended.told());
    (ended, recovery)
}

fn figure(recovery: &Value, name: &str, domain: &str) -> Value {
    let figures = recovery["figures"].as_array().expect("figures");
    let is_asked = |figure: &&Value| figure["name"] == name && figure["domain"] == domain;
    figures.iter().find(is_asked).expect("the figure").clone()
}

#[test]
fn a_backlog_that_drains_is_back_in_the_end() {
    let (ended, recovery) = spiked("--drain-rate 50 --drain-wait 40s");
    assert_eq!(recovery["peak_users"], 8);
    assert_eq!(recovery["baseline_end_s"], 6.0);
    let backlog = figure(&recovery, "backlog", "identity");
    let value = |name: &str| {
        backlog[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{backlog}"))
    };
    // Three seconds of some 110 more than the engine drains.
    assert!(value("peak") > value("limit"), "{backlog}");
    assert!(value("back_after_s") > 0.0, "{backlog}");
    assert!(value("back_after_s") <= value("watched_s"), "{backlog}");
    let idle = figure(&recovery, "backlog", "payments");
    assert_eq!(
        (&idle["back_after_s"], &idle["limit"]),
        (&0.0.into(), &10.0.into())
    );
    let requests = figure(&recovery, "requests", "");
    let per_s = |name: &str| requests[name].as_f64().expect("a rate");
    assert!(per_s("peak") > per_s("baseline") * 2.0, "{requests}");
    assert!(figure(&recovery, "response p99", "")["limit"].as_f64() > Some(0.0));
    for text in [
        "Recovery\n",
        "backlog of identity",
        "where recovery is counted from",
    ] {
        assert!(ended.out.contains(text), "{text}: {}", ended.told());
    }
    let page = ended.record_file("report.html");
    assert!(page.contains("<section id=\"recovery\""));
    assert!(page.contains("backlog of identity"));
}

#[test]
fn a_backlog_that_nobody_works_off_is_not_back() {
    let (ended, recovery) = spiked("--engines 0");
    let backlog = figure(&recovery, "backlog", "identity");
    assert_eq!(backlog["back_after_s"], Value::Null);
    assert_eq!(backlog["out_at_end"], true);
    assert_eq!(recovery["back_after_s"], Value::Null);
    assert!(
        ended.out.contains("Not back within the "),
        "{}",
        ended.told()
    );
    assert!(
        ended.out.contains(" s that were watched: "),
        "{}",
        ended.told()
    );
}
