//! Runs that come to their end with everybody.

use crate::counting_server::CountingServer;
use crate::meeting::Meeting;
use crate::troupe::{all_end, begin, join, join_all, lead, wait_until_said};
use serde_json::Value;

/// A run of 9 users on so many shards; everything that was counted is in the record.
fn whole_run(meeting: &Meeting, shards: u32) {
    let server = CountingServer::start().looked_at_by(shards + 1);
    let name = format!("whole-{shards}");
    let members = join_all(meeting, &name, shards);
    let line = format!("--url {} -u 9 -r 100 -t 3s --seed 7", server.url());
    let ended = lead(meeting, shards, &name, &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}", ended.told());
    for member in &members {
        assert_eq!(member.code, 0, "{}", member.told());
    }
    let record = ended.record();
    let requests = record["totals"]["requests"].as_u64().unwrap();
    assert_eq!(requests, server.requests(), "{}", ended.told());
    assert_eq!(record["totals"]["success"].as_u64(), Some(requests));
    assert_eq!(record["peak_users"], 9);
    let mut of_shards = 0;
    for shard in 1..=shards {
        let own = ended
            .record_directory()
            .join(format!("shards/{shard}/run.json"));
        let own: Value = serde_json::from_str(&std::fs::read_to_string(own).unwrap()).unwrap();
        assert_eq!(own["run_id"], record["run_id"]);
        assert_eq!(own["seed"], record["seed"]);
        of_shards += own["totals"]["requests"].as_u64().unwrap();
    }
    assert_eq!(of_shards, requests);
}

#[test]
fn one_two_and_four_shards_make_one_record_to_the_last_request() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    for shards in [1, 2, 4] {
        whole_run(&meeting, shards);
    }
    assert!(meeting.keys().is_empty(), "{:?}", meeting.keys());
}

#[test]
fn arrivals_are_dealt_and_none_is_sent_twice() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(4);
    let members = join_all(&meeting, "arrivals", 3);
    let line = format!("--url {} --rate 150 -t 2s", server.url());
    let ended = lead(&meeting, 3, "arrivals", &line).end();
    all_end(members);
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(server.requests(), 300);
    assert_eq!(record["totals"]["requests"], 300);
    for shard in 1..=3 {
        let own = ended.record_file(&format!("shards/{shard}/run.json"));
        let own: Value = serde_json::from_str(&own).unwrap();
        assert_eq!(own["totals"]["requests"], 100);
    }
}

#[test]
fn a_workload_goes_over_with_its_files_and_its_values_are_unique_over_shards() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let place = tempfile::tempdir().unwrap();
    let text = r#"
name = "unique"
files = ["more.toml"]

[operations.post]
request = "POST /page"
json = { once = "{$unique}", word = "{words.word}" }

[data.words]
file = "rows/words.csv"
order = "random"
"#;
    let more = r#"
[journeys.posting]
steps = ["post"]

[classes.Poster]
journeys = ["posting"]
"#;
    std::fs::create_dir(place.path().join("rows")).unwrap();
    std::fs::write(place.path().join("unique.toml"), text).unwrap();
    std::fs::write(place.path().join("more.toml"), more).unwrap();
    std::fs::write(place.path().join("rows/words.csv"), "word\none\ntwo\n").unwrap();
    let members = join_all(&meeting, "unique", 2);
    let workload = place.path().join("unique.toml");
    let line = format!(
        "--workload {} --host {} -u 6 -r 100 -t 2s --pacing max",
        workload.display(),
        server.origin()
    );
    let ended = lead(&meeting, 2, "unique", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}\n{}", ended.told(), members[0].told());
    let requests = ended.record()["totals"]["requests"].as_u64().unwrap();
    assert!(requests > 100, "{}", ended.told());
    assert_eq!(requests, server.requests());
    assert_eq!(server.twice(), [] as [String; 0]);
}

#[test]
fn joins_wait_for_their_leader_and_records_stay_where_they_are_if_asked() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let members = join_all(&meeting, "kept", 2);
    wait_until_said(&members[0], "waiting for the leader of kept");
    let line = format!("--url {} -u 4 -r 100 -t 1s --keep-records", server.url());
    let ended = lead(&meeting, 2, "kept", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(ended.err.contains("shopblast merge"), "{}", ended.told());
    assert!(!ended.record_directory().join("shards").exists());
    assert!(members.iter().all(|member| member.is_recorded()));
}

#[test]
fn the_users_of_a_run_are_steered_by_its_leader() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "stopped", 2);
    let line = format!("--url {} -u 4 -r 100 -t 60s", server.url());
    let leader = lead(&meeting, 2, "stopped", &line);
    server.wait_for(20);
    leader.interrupt();
    let ended = leader.end();
    let members = all_end(members);
    assert_eq!(ended.code, 105, "{}", ended.told());
    let record = ended.record();
    assert_eq!(
        record["totals"]["requests"].as_u64(),
        Some(server.requests())
    );
    assert_eq!(record["interrupted"], true);
    for member in &members {
        assert!(
            member.err.contains("stopping: the leader was interrupted"),
            "{}",
            member.told()
        );
    }
}

#[test]
fn what_nobody_joins_is_given_up_and_nothing_was_sent() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(2);
    let member = join(&meeting, "alone", "");
    let line = format!("--url {} -u 4 -t 1s --join-wait 2s", server.url());
    let ended = lead(&meeting, 2, "alone", &line).end();
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert!(
        ended.err.contains("1 of 2 shards joined within 2 s"),
        "{}",
        ended.told()
    );
    let member = member.end();
    assert_ne!(member.code, 0, "{}", member.told());
    assert_eq!(server.requests(), 0);
    let none = begin(&format!(
        "fleet join --redis {} --run none --wait 1s",
        meeting.url()
    ))
    .end();
    assert_eq!(none.code, 104, "{}", none.told());
    assert!(
        none.err.contains("nobody leads a run none"),
        "{}",
        none.told()
    );
}
