//! What all users share is set up once for the whole fleet, and judged over all of it.

use crate::counting_server::CountingServer;
use crate::invocation::Ended;
use crate::meeting::Meeting;
use crate::other_shop::{Manners, OtherShop};
use crate::troupe::{all_end, join, join_all, lead, wait_until_said};
use serde_json::Value;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxConfig, SandboxMode, ShopConfig};
use std::time::Duration;

/// The shop, with a fault that strikes with this probability.
fn shop(bugs: Bugs) -> Sandbox {
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().expect("an address"),
        mode: SandboxMode::Shop(ShopConfig {
            bugs,
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Epoll,
        ..SandboxConfig::default()
    })
    .expect("a sandbox")
}

/// How often requests of a name were sent.
fn sent(record: &Value, name: &str) -> u64 {
    let names = record["names"].as_array().expect("names");
    let found = names.iter().find(|row| row["name"] == name);
    found.map_or(0, |row| row["requests"].as_u64().expect("a number"))
}

/// The record of a shard, as the leader has it.
fn of_shard(ended: &Ended, shard: u32) -> Value {
    let text = ended.record_file(&format!("shards/{shard}/run.json"));
    serde_json::from_str(&text).expect("a record")
}

const PUT_UP: &str = "[FLASH] POST /inventory (setup)";

#[test]
fn a_sale_is_put_up_once_and_found_oversold_over_all_machines() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = shop(Bugs::default().with(Bug::Oversell, 1.0));
    let members = join_all(&meeting, "sale", 2);
    let line = format!(
        "--profile flash-sale --rounds 1 -u 6 -r 6 -t 3s --host http://{}",
        shop.address()
    );
    let ended = lead(&meeting, 2, "sale", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 96, "{}\n{}", ended.told(), members[0].told());
    let record = ended.record();
    assert_eq!(sent(&record, PUT_UP), 1, "{}", ended.told());
    let (first, second) = (of_shard(&ended, 1), of_shard(&ended, 2));
    assert_eq!((sent(&first, PUT_UP), sent(&second, PUT_UP)), (1, 0));
    for part in [&first, &second] {
        assert_eq!(
            part["witnesses"],
            serde_json::json!([]),
            "it is judged as one"
        );
        assert!(part["totals"]["success"].as_u64().unwrap() > 0, "{part}");
    }
    let witness = &record["witnesses"][0];
    assert_eq!(witness["rule"], "not-oversold", "{}", ended.told());
    let shown = witness["exchanges"].as_array().unwrap();
    let items: Vec<&str> = shown
        .iter()
        .map(|exchange| exchange["path"].as_str().unwrap_or_default())
        .collect();
    assert!(items.len() >= 4, "{witness}");
    assert!(items.iter().all(|item| *item == items[0]), "{items:?}");
}

/// Rounds of both machines, which go for one item each.
const ROUNDS: &str = "--profile flash-sale --round-every 500ms -u 6 -r 6 -t 4s --seed 7";
const ROUNDS_IN_TIME: u64 = 7;

/// By the number of a shard, the rounds that it told of.
fn rounds_of(ended: &Ended, shard: &str) -> usize {
    let text = ended.record_file("rounds.csv");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let column = rows.headers().unwrap().iter().position(|it| it == "shard");
    let column = column.expect("it says whose part it is");
    let rows = rows.records().map(Result::unwrap);
    rows.filter(|row| &row[column] == shard).count()
}

#[test]
fn rounds_of_all_machines_are_one_crowd_at_one_moment_and_oversold_only_together() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = shop(Bugs::default().with(Bug::Oversell, 1.0));
    let members = join_all(&meeting, "rounds", 2);
    let line = format!("{ROUNDS} --details --host http://{}", shop.address());
    let ended = lead(&meeting, 2, "rounds", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 96, "{}\n{}", ended.told(), members[1].told());
    let record = ended.record();
    assert_eq!(sent(&record, PUT_UP), ROUNDS_IN_TIME, "an item a round");
    for part in [of_shard(&ended, 1), of_shard(&ended, 2)] {
        assert_eq!(part["witnesses"], serde_json::json!([]), "{part}");
        // Three users take nine of the ten pieces at most.
        let sold = part["rounds"]["sums"]["granted"].as_u64().unwrap();
        assert!(sold > 0 && sold <= 9 * ROUNDS_IN_TIME, "{part}");
    }
    let witness = &record["witnesses"][0];
    assert_eq!(witness["rule"], "not-oversold", "{}", ended.told());
    let rounds = &record["rounds"];
    assert_eq!(rounds["rounds"], ROUNDS_IN_TIME, "{rounds}");
    assert_eq!(rounds["sums"]["stock"], 10 * ROUNDS_IN_TIME, "{rounds}");
    let across = &rounds["across"];
    assert_eq!(across["machines"], 2, "{rounds}");
    assert!(across["bound_us"].as_u64().unwrap() > 0, "{rounds}");
    let rounds = across["rounds"].as_u64().unwrap() as usize;
    assert!(rounds > 0 && rounds <= ROUNDS_IN_TIME as usize, "{across}");
    assert!(rounds_of(&ended, "1") >= rounds && rounds_of(&ended, "2") >= rounds);
    let told = "Crowds over 2 machines: in ";
    assert!(ended.told().contains(told), "{}", ended.told());
    assert!(ended.record_file("report.html").contains(told));
}

#[test]
fn sound_rounds_over_two_machines_hold_and_sell_out() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = shop(Bugs::default());
    let members = join_all(&meeting, "sound-rounds", 2);
    let line = format!("{ROUNDS} --host http://{}", shop.address());
    let ended = lead(&meeting, 2, "sound-rounds", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}\n{}", ended.told(), members[1].told());
    let record = ended.record();
    let rules = record["invariants"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["name"] == "not-oversold");
    let rule = rule.expect("it is judged");
    assert_eq!(rule["verdict"], "held", "{rule}");
    let sums = &record["rounds"]["sums"];
    assert!(sums["granted"].as_u64() <= sums["stock"].as_u64(), "{sums}");
    assert!(record["rounds"]["contested"].as_u64() > Some(0), "{sums}");
}

#[test]
fn a_sound_sale_over_two_machines_sells_what_there_is() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = shop(Bugs::default());
    // Who joins last is told as well what the first one set up.
    let mut members = vec![join(&meeting, "sound", "--shard-index 0")];
    let line = format!(
        "--profile flash-sale --rounds 1 -u 6 -r 6 -t 3s --host http://{}",
        shop.address()
    );
    let leader = lead(&meeting, 2, "sound", &line);
    wait_until_said(&leader, "shard 1 of 2 joined");
    wait_until_said(&members[0], "preparing");
    members.push(join(&meeting, "sound", "--shard-index 1"));
    let ended = leader.end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}\n{}", ended.told(), members[1].told());
    let record = ended.record();
    assert_eq!(sent(&record, PUT_UP), 1);
    let rules = record["invariants"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["name"] == "not-oversold");
    let rule = rule.expect("it is judged");
    assert_eq!(rule["verdict"], "held", "{rule}");
    assert_eq!(rule["checked"], 1, "the sale of both");
}

const ONCE: &str = r#"
name = "once"
health = "/health"

[operations.open]
request = "POST /campaigns"
json = { name = "{$unique}" }
expect = 201
read = { campaign = "/id", code = "/code" }

[operations.offer]
request = "GET /campaigns/{campaign}/offer?code={code}"

[setup]
steps = ["open"]

[journeys.browse]
steps = ["offer"]
"#;

#[test]
fn what_a_files_set_up_reads_all_users_of_all_machines_have() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = OtherShop::start(Manners::default());
    let place = tempfile::tempdir().unwrap();
    let workload = place.path().join("once.toml");
    std::fs::write(&workload, ONCE).unwrap();
    let members = join_all(&meeting, "once", 3);
    let line = format!(
        "--workload {} -H {} -u 6 -r 6 -t 2s",
        workload.display(),
        shop.url()
    );
    let ended = lead(&meeting, 3, "once", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}\n{}", ended.told(), members[2].told());
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(shop.look(|books| books.opened), 1);
    let record = ended.record();
    assert_eq!(record["totals"]["failed"], 0, "{}", ended.told());
    for shard in 1..=3 {
        let part = of_shard(&ended, shard);
        assert!(part["totals"]["success"].as_u64().unwrap() > 1, "{part}");
    }
}

#[test]
fn nobody_waits_for_a_set_up_that_there_is_not() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let second = join(&meeting, "no-set-up", "--shard-index 1");
    let line = format!("--url {} -u 16 -r 100 -t 1s", server.url());
    let leader = lead(&meeting, 2, "no-set-up", &line);
    // The leader's look, its own, and those of its eight users: the first shard is not there yet.
    server.wait_for_connections(10);
    let first = join(&meeting, "no-set-up", "--shard-index 0");
    let ended = leader.end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    all_end(vec![first, second]);
}

const CLEARED: &str = r#"
name = "cleared"
health = "/health"

[operations.open]
request = "POST /campaigns"
json = { name = "{$unique}" }
expect = 201
read = { campaign = "/id", code = "/code" }

[operations.offer]
request = "GET /campaigns/{campaign}/offer?code={code}"

[operations.close]
request = "DELETE /campaigns/{campaign}"
expect = 204

[setup]
steps = ["open"]

[teardown]
steps = ["close"]

[journeys.browse]
steps = ["offer"]
"#;

#[test]
fn nothing_is_cleared_away_before_the_last_shard_has_its_replies() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    // Whoever asks last waits for its reply far beyond the end of the load.
    let shop = OtherShop::start(Manners {
        offers_take: Duration::from_millis(700),
        ..Manners::default()
    });
    let place = tempfile::tempdir().unwrap();
    let workload = place.path().join("cleared.toml");
    std::fs::write(&workload, CLEARED).unwrap();
    let members = join_all(&meeting, "cleared", 2);
    let line = format!(
        "--workload {} -H {} -u 6 -r 6 -t 2s --pacing max",
        workload.display(),
        shop.url()
    );
    let ended = lead(&meeting, 2, "cleared", &line).end();
    let members = all_end(members);
    assert_eq!(ended.code, 0, "{}\n{}", ended.told(), members[0].told());
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(sent(&ended.record(), "DELETE /campaigns/{campaign}"), 1);
    assert_eq!(shop.look(|books| books.opened), 1);
    assert!(
        !ended.told().contains("cleared away though"),
        "{}",
        ended.told()
    );
}

#[test]
fn what_cannot_be_set_up_ends_the_run_for_all_and_says_why() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let shop = OtherShop::start(Manners::default());
    let place = tempfile::tempdir().unwrap();
    let workload = place.path().join("never.toml");
    let text = ONCE.replace(
        "request = \"POST /campaigns\"",
        "request = \"POST /nowhere\"",
    );
    std::fs::write(&workload, text).unwrap();
    let members = join_all(&meeting, "never", 2);
    let line = format!(
        "--workload {} -H {} -u 6 -r 6 -t 60s",
        workload.display(),
        shop.url()
    );
    let ended = lead(&meeting, 2, "never", &line).end();
    let members = all_end(members);
    assert_ne!(ended.code, 0, "{}", ended.told());
    assert!(ended.err.contains("shard 1 of 2"), "{}", ended.told());
    assert!(members.iter().all(|member| member.code != 0));
    assert_eq!(shop.look(|books| books.opened), 0);
    assert_eq!(shop.asked("GET /campaigns/{id}/offer"), 0);
}
