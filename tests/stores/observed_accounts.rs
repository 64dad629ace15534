//! Runs whose stores are counted as a whole: events told beside events stored, those of engines
//! apart, and outbox rows that say that they are the same event. The stores are real; what the shop
//! would write into them is planted while the run goes on.

use crate::invocation::{Ended, Invocation, run, shopblast};
use crate::servers::Postgres;
use serde_json::Value;
use std::time::Duration;

/// A short run beside the embedded shop, which has nothing to do with the stores. A seed of events
/// is in them before: these are no part of the run.
const RUN: &str = "SpikeUser -u 1 --pacing class --sandbox --seed 1 -t 4s --details";
const OUTBOX: &str = "CREATE TABLE outbox (
    id varchar PRIMARY KEY DEFAULT gen_random_uuid()::text, message_id varchar NOT NULL,
    stream_name varchar NOT NULL, type varchar NOT NULL, causation_id varchar,
    created_at timestamp DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    status varchar DEFAULT 'published');
    INSERT INTO outbox (message_id, stream_name, type, created_at) SELECT
        'identity::customer-old-0.1', 'identity::customer-old', 'Identity.CustomerRegistered.v1',
        (clock_timestamp() AT TIME ZONE 'UTC') - interval '1 second' FROM generate_series(1, 2);";
const MESSAGES: &str = "CREATE SCHEMA message_store;
    CREATE TABLE message_store.messages (global_position bigserial PRIMARY KEY,
        stream_name text NOT NULL, type text NOT NULL, metadata jsonb);
    INSERT INTO message_store.messages (stream_name, type) VALUES
        ('identity::customer-old', 'Identity.CustomerRegistered.v1');";

/// Has `plant` write once the run is under way, and waits for its end.
fn with_planted(line: &str, source: &str, plant: impl FnOnce()) -> Ended {
    let invocation = Invocation::begin(line);
    let has_begun = || {
        let csv = invocation.record_path()?.with_file_name("observed.csv");
        let text = std::fs::read_to_string(csv).ok()?;
        let of_second_1 = format!("1,{source},");
        text.lines()
            .find(|line| line.starts_with(&of_second_1))
            .map(|_| ())
    };
    while has_begun().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    plant();
    invocation.end()
}

fn rule(record: &Value) -> Option<&Value> {
    let rules = record["invariants"].as_array().expect("rules");
    rules
        .iter()
        .find(|rule| rule["name"] == "one-outbox-row-an-event")
}

fn event<'a>(record: &'a Value, domain: &str, name: &str) -> &'a Value {
    let events = record["observed"]["events"]["events"]
        .as_array()
        .expect("events");
    let mut found = events.iter();
    found
        .find(|event| event["domain"] == domain && event["name"] == name)
        .unwrap_or_else(|| panic!("no {domain} {name}: {events:?}"))
}

/// Two rows of one event, beside one of another.
const REPEATED: &str = "INSERT INTO outbox (message_id, stream_name, type) VALUES
    ('identity::customer-7-3.1', 'identity::customer-7', 'Identity.TierUpgraded.v1'),
    ('identity::customer-7-3.1', 'identity::customer-7', 'Identity.AccountSuspended.v1'),
    ('identity::customer-8-0.1', 'identity::customer-8', 'Identity.CustomerRegistered.v1');";
const SINGLE: &str = "INSERT INTO outbox (message_id, stream_name, type) VALUES
    ('identity::customer-7-3.1', 'identity::customer-7', 'Identity.TierUpgraded.v1'),
    ('identity::customer-8-0.1', 'identity::customer-8', 'Identity.CustomerRegistered.v1');";

#[test]
fn rows_of_one_message_id_are_found_and_told() {
    let postgres = Postgres::start();
    postgres.database("identity_local", OUTBOX);
    let planted = |sql: &str, flags: &str| {
        let url = postgres.url("identity_local");
        with_planted(
            &format!("{RUN} {flags} --outbox identity={url}"),
            "outbox:identity",
            || {
                let mut client = postgres.client("identity_local");
                client.batch_execute(sql).expect("planted");
            },
        )
    };
    let ended = planted(SINGLE, "");
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let clean = rule(&record).expect("the rule");
    assert_eq!(
        (&clean["verdict"], &clean["checked"]),
        (&"held".into(), &2.into())
    );

    let ended = planted(REPEATED, "");
    assert_eq!(ended.code, 0, "a known fault: {}", ended.told());
    let record = ended.record();
    let broken = rule(&record).expect("the rule");
    assert_eq!(broken["verdict"], "known");
    assert_eq!(
        (&broken["checked"], &broken["violated"]),
        (&2.into(), &1.into())
    );
    let why = broken["why"].as_str().expect("a reason");
    for part in [
        "1 event has 2 rows in outbox:identity",
        "identity::customer-7-3.1 has 2",
        "Identity.AccountSuspended.v1, Identity.TierUpgraded.v1",
    ] {
        assert!(why.contains(part), "{why}");
        assert!(ended.out.contains(part), "{}", ended.out);
    }
    let witness = &record["witnesses"][0];
    assert_eq!(witness["rule"], "one-outbox-row-an-event");
    assert_eq!(witness["exchanges"], Value::Array(Vec::new()));
    let report = ended.record_file("report.html");
    assert!(report.contains("identity::customer-7-3.1 has 2"));
    let again = shopblast()
        .arg("replay")
        .arg(ended.record_directory())
        .args(["--witness", "1"])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(104), "{told}");
    assert!(told.contains("no requests to fire"), "{told}");

    let ended = planted(REPEATED, "--strict");
    assert_eq!(ended.code, 96, "{}", ended.told());
    assert!(
        ended.out.contains("Witness of one-outbox-row-an-event"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("replay"), "{}", ended.out);
}

#[test]
fn without_an_outbox_the_rule_is_not_spoken_of() {
    let postgres = Postgres::start();
    postgres.database("message_store", MESSAGES);
    let url = postgres.url("message_store");
    let ended = run(&format!("{RUN} --message-db {url}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(rule(&ended.record()), None);
    assert!(!ended.out.contains("one-outbox-row"), "{}", ended.out);
}

/// A registration by a request; a welcome by an engine that met it; and what a saga did: a command of
/// its own, and the event of that. The metadata are those of `today`; the last row is one of `five`,
/// whose events name the stream that began it.
const RAISED: &str = r#"INSERT INTO message_store.messages (stream_name, type, metadata) VALUES
    ('identity::customer:command-c1', 'Identity.RegisterCustomer.v1',
        '{"headers": {"id": "c1"}, "domain": {"causation_id": null, "origin_stream": null}}'),
    ('identity::customer-1', 'Identity.CustomerRegistered.v1',
        '{"headers": {"id": "identity::customer-1-0.1"}, "domain": {"causation_id": "c1"}}'),
    ('notifications::notification-1', 'Notifications.NotificationCreated.v1',
        '{"headers": {"id": "n-1"}, "domain": {"causation_id": "identity::customer-1-0.1"}}'),
    ('ordering::order:command-c2', 'Ordering.RecordPayment.v1',
        '{"headers": {"id": "c2"}, "domain": {"causation_id": "identity::customer-1-0.1"}}'),
    ('ordering::order-9', 'Ordering.PaymentPending.v1',
        '{"headers": {"id": "o-1"}, "domain": {"causation_id": "c2"}}'),
    ('ordering::order:snapshot-9', 'SNAPSHOT', '{}'),
    ('ordering::order-9', 'Ordering.OrderPaid.v1',
        '{"headers": {"id": "o-2"}, "domain": {"origin_stream": "payments::payment-3"}}'),
    ('position-x', 'Recorded', '{}');"#;

#[test]
fn events_told_stand_beside_events_stored_and_those_of_engines_apart() {
    let postgres = Postgres::start();
    postgres.database("message_store", MESSAGES);
    let url = postgres.url("message_store");
    let ended = with_planted(&format!("{RUN} --message-db {url}"), "message-db", || {
        let mut client = postgres.client("message_store");
        client.batch_execute(RAISED).expect("planted");
    });
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let told = record["events"].as_array().expect("events");
    let told = told
        .iter()
        .find(|event| event["name"] == "CustomerRegistered");
    let told = told.expect("registered")["count"]
        .as_i64()
        .expect("a count");
    assert!(told > 1);
    let registered = event(&record, "Identity", "CustomerRegistered");
    assert_eq!(registered["told"], told);
    assert_eq!(registered["stored"], 1, "not the one from before the run");
    assert_eq!(registered["difference"], 1 - told);
    assert_eq!(registered["by_engines"], 0);
    for (domain, name) in [
        ("Notifications", "NotificationCreated"),
        ("Ordering", "PaymentPending"),
        ("Ordering", "OrderPaid"),
    ] {
        let added = event(&record, domain, name);
        assert_eq!(
            (&added["stored"], &added["by_engines"]),
            (&0.into(), &1.into()),
            "{name}"
        );
    }
    let stored = &record["observed"]["events"];
    assert_eq!(
        stored["events"].as_array().map(Vec::len),
        Some(4),
        "{stored}"
    );
    assert_eq!(
        (&stored["source"], &stored["engines_told"]),
        (&"message-db".into(), &true.into())
    );
    let differs = format!("CustomerRegistered: {told} told, 1 stored");
    assert!(ended.out.contains(&differs), "{}", ended.out);
    assert!(
        ended
            .record_file("report.html")
            .contains("id=\"stored-events\"")
    );
    let csv = ended.record_file("stored_events.csv");
    let row = format!(
        "Identity,CustomerRegistered,{told},{told},{told},1,{},0",
        1 - told
    );
    assert!(csv.lines().any(|line| line == row), "{csv}");
}

#[test]
fn an_outbox_tells_what_went_through_it() {
    let postgres = Postgres::start();
    postgres.database("identity_local", OUTBOX);
    let url = postgres.url("identity_local");
    let ended = with_planted(
        &format!("{RUN} --outbox identity={url}"),
        "outbox:identity",
        || {
            let mut client = postgres.client("identity_local");
            client
                .batch_execute(
                    "INSERT INTO outbox (message_id, stream_name, type, causation_id) VALUES
                    ('a', 's', 'Identity.CustomerRegistered.v1', 'c1'),
                    ('b', 's', 'Identity.TierUpgraded.v1', 'ordering::order-3-1');",
                )
                .expect("planted");
        },
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let registered = event(&record, "Identity", "CustomerRegistered");
    assert_eq!(
        (&registered["stored"], &registered["by_engines"]),
        (&1.into(), &0.into())
    );
    let upgraded = event(&record, "Identity", "TierUpgraded");
    assert_eq!(
        (&upgraded["stored"], &upgraded["by_engines"]),
        (&0.into(), &1.into())
    );
    let stored = &record["observed"]["events"];
    assert_eq!(stored["source"], "outbox:identity");
    assert_eq!(stored["engines_told"], false);
}

#[test]
fn a_store_of_another_shape_is_told_and_disturbs_nothing() {
    let postgres = Postgres::start();
    postgres.database(
        "identity_local",
        "CREATE TABLE outbox (status varchar, created_at timestamp);",
    );
    let url = postgres.url("identity_local");
    let ended = run(&format!("{RUN} --outbox identity={url}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(rule(&record), None);
    let remark = &record["observed"]["events"]["remarks"][0];
    let remark = remark.as_str().expect("a remark");
    assert!(
        remark.contains("outbox:identity kept no account of the run")
            && remark.contains("column \"message_id\" does not exist"),
        "{remark}"
    );
}
