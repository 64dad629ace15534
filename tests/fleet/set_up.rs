//! What all users share is set up once for the whole fleet, and judged over all of it.

use crate::invocation::Ended;
use crate::meeting::Meeting;
use crate::other_shop::{Manners, OtherShop};
use crate::troupe::{all_end, join, join_all, lead, wait_until_said};
use serde_json::Value;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxConfig, SandboxMode, ShopConfig};

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
