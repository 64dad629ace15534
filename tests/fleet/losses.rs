//! What happens when somebody goes, or Redis does.

use crate::counting_server::CountingServer;
use crate::meeting::Meeting;
use crate::troupe::{all_end, join_all, lead, said, signal, wait_until_said};
use std::thread;
use std::time::Duration;

/// What a run ends with that lacks something of a shard.
const PARTIAL: i32 = 95;

/// Nothing comes any more.
fn stands_still(server: &CountingServer) {
    let before = server.requests();
    thread::sleep(Duration::from_millis(500));
    assert_eq!(server.requests(), before, "somebody goes on loading");
}

#[test]
fn a_killed_shard_is_named_and_makes_the_record_partial() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(4);
    let mut members = join_all(&meeting, "killed", 3);
    let line = format!("--url {} -u 6 -r 100 -t 12s", server.url());
    let leader = lead(&meeting, 3, "killed", &line);
    server.wait_for(20);
    members.pop().unwrap().kill();
    let ended = leader.end();
    let members = all_end(members);
    assert_eq!(ended.code, PARTIAL, "{}", ended.told());
    assert!(
        ended.err.contains("is lost from second"),
        "{}",
        ended.told()
    );
    assert!(members.iter().all(|member| member.code == 0));
    let record = ended.record();
    let why = record["shards"].to_string();
    assert!(
        why.contains("lost from second") && why.contains("silent for"),
        "{why}"
    );
    // What it sent in its last second it told nobody.
    let requests = record["totals"]["requests"].as_u64().unwrap();
    assert!(requests <= server.requests(), "{requests}");
    stands_still(&server);
}

#[test]
fn a_lost_shard_ends_the_run_where_that_was_asked() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let mut members = join_all(&meeting, "ends", 2);
    let line = format!("--url {} -u 4 -r 100 -t 120s --on-lost stop", server.url());
    let leader = lead(&meeting, 2, "ends", &line);
    server.wait_for(20);
    members.pop().unwrap().kill();
    let ended = leader.end();
    all_end(members);
    assert_eq!(ended.code, PARTIAL, "{}", ended.told());
    assert!(
        ended.err.contains("the run ends (--on-lost stop)"),
        "{}",
        ended.told()
    );
    stands_still(&server);
}

#[test]
fn nobody_goes_on_loading_for_a_leader_that_was_killed() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let members = join_all(&meeting, "orphans", 2);
    let line = format!("--url {} -u 4 -r 100 -t 600s --leaderless 4s", server.url());
    let leader = lead(&meeting, 2, "orphans", &line);
    server.wait_for(20);
    leader.kill();
    for member in &members {
        wait_until_said(member, "stopping: nobody leads for 4 s");
    }
    for member in &members {
        wait_until_said(member, "requests in");
    }
    stands_still(&server);
    for member in all_end(members) {
        assert!(member.err.contains("shopblast merge"), "{}", member.told());
        assert!(member.is_recorded());
    }
}

#[test]
fn without_its_leader_a_run_goes_to_the_end_of_its_plan() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "planned", 2);
    let line = format!("--url {} --rate 40 -t 8s", server.url());
    let leader = lead(&meeting, 2, "planned", &line);
    server.wait_for(20);
    leader.kill();
    let members = all_end(members);
    assert_eq!(server.requests(), 320);
    let told: u64 = members
        .iter()
        .map(|member| member.record()["totals"]["requests"].as_u64().unwrap())
        .sum();
    assert_eq!(told, 320, "each shard has recorded its part");
}

#[test]
fn a_redis_that_goes_and_comes_back_costs_nothing_of_the_record() {
    let Some(mut meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "redis", 2);
    let line = format!("--url {} --rate 50 -t 10s", server.url());
    let leader = lead(&meeting, 2, "redis", &line);
    server.wait_for(60);
    meeting.goes();
    wait_until_said(&leader, "Redis is away");
    server.wait_for(250);
    meeting.comes_back();
    let ended = leader.end();
    let members = all_end(members);
    assert_eq!(server.requests(), 500);
    assert!(
        ended.err.contains("Redis is back after"),
        "{}",
        ended.told()
    );
    let record = ended.record();
    assert_eq!(
        record["totals"]["requests"],
        500,
        "{}\n{}\n{}",
        ended.told(),
        members[0].told(),
        members[1].told()
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
}

#[test]
fn a_shard_that_is_stopped_on_its_machine_ends_gently_and_alone() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "gentle", 2);
    let line = format!("--url {} -u 4 -r 100 -t 6s", server.url());
    let leader = lead(&meeting, 2, "gentle", &line);
    server.wait_for(20);
    signal(&members[0], "TERM");
    let ended = leader.end();
    let members = all_end(members);
    assert_eq!(members[0].code, 105, "{}", members[0].told());
    assert_eq!(members[1].code, 0, "{}", members[1].told());
    assert_eq!(ended.code, PARTIAL, "{}", ended.told());
    let record = ended.record();
    assert_eq!(
        record["totals"]["requests"].as_u64(),
        Some(server.requests())
    );
    let why = record["shards"].to_string();
    assert!(why.contains("was stopped on its machine"), "{why}");
}

#[test]
fn orders_that_nobody_signed_are_dropped_and_named() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "forged", 2);
    let line = format!("--url {} --rate 50 -t 4s", server.url());
    let leader = lead(&meeting, 2, "forged", &line);
    server.wait_for(20);
    let orders = meeting
        .keys()
        .into_iter()
        .find(|key| key.ends_with(":orders"));
    let orders = orders.expect("the leader has given some");
    let mut connection = meeting.connect();
    for forged in [
        &b"stop"[..],
        b"SBFLEET\x01\x06anything at all, and long enough for one, or nearly",
    ] {
        let _: String = redis::cmd("XADD")
            .arg(&orders)
            .arg("*")
            .arg("m")
            .arg(forged)
            .query(&mut connection)
            .unwrap();
    }
    for member in &members {
        wait_until_said(member, "dropped");
    }
    let ended = leader.end();
    let told = said(&members[0]);
    all_end(members);
    assert_eq!(ended.code, 0, "{}\n{told}", ended.told());
    assert_eq!(ended.record()["totals"]["requests"], 200);
    assert_eq!(server.requests(), 200);
}
