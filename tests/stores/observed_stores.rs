//! Runs that observe a real PostgreSQL and a real Redis, filled as ShopStream fills them: exact
//! counts, and every way in which a store can fail is named while the run goes on.

use crate::invocation::{Ended, Invocation, run};
use crate::servers::{PASSWORD, Postgres, Redis, free_port};
use serde_json::Value;
use std::net::TcpListener;
use std::time::Duration;

/// ShopStream's outbox table, as far as it matters.
const OUTBOX: &str = "CREATE TABLE outbox (
    id serial PRIMARY KEY, status varchar(20) NOT NULL, stream_name varchar(255), type varchar(255),
    message_id varchar NOT NULL DEFAULT gen_random_uuid()::text,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC'), published_at timestamp,
    retry_count integer DEFAULT 0, priority integer DEFAULT 0);";
/// 734 rows wait, the oldest since an hour; more were published than a page of the Observatory holds.
const IDENTITY: &str = "INSERT INTO outbox (status) SELECT 'pending' FROM generate_series(1, 733);
    INSERT INTO outbox (status, created_at)
        VALUES ('pending', (now() AT TIME ZONE 'UTC') - interval '1 hour');
    INSERT INTO outbox (status) SELECT 'processing' FROM generate_series(1, 3);
    INSERT INTO outbox (status) SELECT 'published' FROM generate_series(1, 694);
    INSERT INTO outbox (status) SELECT 'failed' FROM generate_series(1, 2);
    INSERT INTO outbox (status) VALUES ('abandoned');";
/// message-db's table: two events and three commands of customers, an event of an order.
const MESSAGES: &str = "CREATE SCHEMA message_store;
    CREATE TABLE message_store.messages (global_position bigserial PRIMARY KEY,
        stream_name text NOT NULL, type text NOT NULL, metadata jsonb);
    INSERT INTO message_store.messages (stream_name, type) VALUES
        ('identity::customer-1a-2', 'Identity.CustomerRegistered.v1'),
        ('identity::customer-1b-2', 'Identity.CustomerRegistered.v1'),
        ('identity::customer:command-1a-2', 'Identity.RegisterCustomer.v1'),
        ('identity::customer:command-1b-2', 'Identity.RegisterCustomer.v1'),
        ('identity::customer:command-1c-2', 'Identity.RegisterCustomer.v1'),
        ('ordering::order-7', 'Ordering.OrderCreated.v1'),
        ('position-x', 'Recorded');";
/// Of ten messages, one group has fetched four and done one; another has fetched none; one of
/// another domain begins after the third. Of two in the lane of low priority, one group has fetched
/// one; the other domain's has never looked there.
const STREAMS: &str = "
    XGROUP CREATE identity::customer CustomerCardProjector 0 MKSTREAM
    XGROUP CREATE identity::customer AddressBookProjector 0
    XADD identity::customer 1-1 data a
    XADD identity::customer 1-2 data a
    XADD identity::customer 1-3 data a
    XADD identity::customer 1-4 data a
    XADD identity::customer 1-5 data a
    XADD identity::customer 1-6 data a
    XADD identity::customer 1-7 data a
    XADD identity::customer 1-8 data a
    XADD identity::customer 1-9 data a
    XADD identity::customer 1-10 data a
    XREADGROUP GROUP CustomerCardProjector c1 COUNT 4 STREAMS identity::customer >
    XACK identity::customer CustomerCardProjector 1-1
    XGROUP CREATE identity::customer ordering.order.identity_events.IdentityOrderEventHandler 1-3 ENTRIESREAD 3
    XADD identity::customer:dlq 1-1 data a
    XGROUP CREATE identity::customer:backfill ordering.order.identity_events.IdentityOrderEventHandler 0 MKSTREAM
    XGROUP CREATE identity::customer:backfill AddressBookProjector 0
    XADD identity::customer:backfill 1-1 data a
    XADD identity::customer:backfill 1-2 data a
    XREADGROUP GROUP AddressBookProjector c1 COUNT 1 STREAMS identity::customer:backfill >
    XADD identity::customer:dlq 1-2 data a
    XADD ordering::shopping_cart 1-1 data a
    XADD protean:traces 1-1 data a
    SET session::x not-a-stream";

/// A short run beside the embedded shop, which has nothing to do with the stores.
const RUN: &str = "SpikeUser -u 1 --pacing class --sandbox --seed 1 --details";

/// The only figure of a whole domain.
#[track_caller]
fn figure<'a>(record: &'a Value, source: &str, domain: &str, metric: &str) -> &'a Value {
    part(record, source, domain, metric, "")
}

#[track_caller]
fn part<'a>(
    record: &'a Value,
    source: &str,
    domain: &str,
    metric: &str,
    detail: &str,
) -> &'a Value {
    let figures = record["observed"]["figures"].as_array().expect("figures");
    let mut found = figures.iter().filter(|figure| {
        figure["source"] == source
            && figure["domain"] == domain
            && figure["metric"] == metric
            && figure["detail"] == detail
    });
    let figure = found
        .next()
        .unwrap_or_else(|| panic!("no {source} {domain} {metric} {detail}"));
    assert!(found.next().is_none());
    figure
}

fn last(figure: &Value) -> f64 {
    figure["last"]["value"].as_f64().expect("a number")
}

fn source<'a>(record: &'a Value, name: &str) -> &'a Value {
    let sources = record["observed"]["sources"].as_array().expect("sources");
    let found = sources.iter().find(|source| source["name"] == name);
    found.unwrap_or_else(|| panic!("no source {name}: {sources:?}"))
}

#[track_caller]
fn keeps_the_secret(ended: &Ended) {
    assert!(!ended.out.contains(PASSWORD), "{}", ended.out);
    assert!(!ended.err.contains(PASSWORD), "{}", ended.err);
    for name in ended.record_files() {
        assert!(!ended.record_file(&name).contains(PASSWORD), "{name}");
    }
}

#[test]
fn what_is_in_the_stores_is_counted_exactly() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    postgres.database("identity_local", &format!("{OUTBOX}{IDENTITY}"));
    postgres.database("ordering_local", OUTBOX);
    postgres.database("catalogue_local", OUTBOX);
    postgres.database("message_store", MESSAGES);
    redis.does(STREAMS);
    let ended = run(&format!(
        "{RUN} -t 2s --outbox identity={} --outbox ordering={} --outbox catalogue={} --redis {} \
         --message-db {}",
        postgres.url("identity_local"),
        postgres.url("ordering_local"),
        postgres.url("catalogue_local"),
        redis.url(),
        postgres.url("message_store"),
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    keeps_the_secret(&ended);
    let record = ended.record();
    for (metric, count) in [
        ("outbox_pending", 734.0),
        ("outbox_processing", 3.0),
        ("outbox_published", 694.0),
        ("outbox_failed", 2.0),
        ("outbox_abandoned", 1.0),
    ] {
        let identity = figure(&record, "outbox:identity", "identity", metric);
        assert_eq!(last(identity), count, "{metric}");
        assert_eq!(identity["last"]["at_least"], false);
        let ordering = figure(&record, "outbox:ordering", "ordering", metric);
        assert_eq!(last(ordering), 0.0, "{metric}");
    }
    let age = figure(
        &record,
        "outbox:identity",
        "identity",
        "outbox_oldest_pending_s",
    );
    assert!((3_600.0..7_200.0).contains(&last(age)), "{age}");
    for (domain, metric, detail, count) in [
        ("identity", "stream_messages", "", 12.0),
        ("identity", "stream_messages", "identity::customer", 10.0),
        ("identity", "stream_pending", "", 4.0),
        ("identity", "stream_lag", "", 17.0),
        ("ordering", "stream_lag", "", 7.0),
        ("ordering", "stream_pending", "", 0.0),
        (
            "ordering",
            "stream_lag",
            "identity::customer / ordering.order.identity_events.IdentityOrderEventHandler",
            7.0,
        ),
        ("ordering", "backfill", "", 2.0),
        (
            "identity",
            "stream_lag",
            "identity::customer / AddressBookProjector",
            10.0,
        ),
        (
            "identity",
            "stream_lag",
            "identity::customer / CustomerCardProjector",
            6.0,
        ),
        (
            "identity",
            "stream_pending",
            "identity::customer / CustomerCardProjector",
            3.0,
        ),
        ("identity", "dead_letters", "", 2.0),
        ("ordering", "stream_messages", "", 1.0),
        ("ordering", "dead_letters", "", 0.0),
    ] {
        let figure = part(&record, "redis", domain, metric, detail);
        assert_eq!(last(figure), count, "{domain} {metric} {detail}");
    }
    assert!(last(figure(&record, "redis", "", "broker_memory_bytes")) > 0.0);
    for (domain, metric, detail, count) in [
        ("identity", "stored_events", "identity::customer", 2.0),
        (
            "identity",
            "stored_commands",
            "identity::customer:command",
            3.0,
        ),
        ("ordering", "stored_events", "", 1.0),
    ] {
        let figure = part(&record, "message-db", domain, metric, detail);
        assert_eq!(last(figure), count, "{domain} {metric}");
    }
    let backlogs = record["observed"]["backlogs"].as_array().expect("backlogs");
    let identity = backlogs
        .iter()
        .find(|backlog| backlog["domain"] == "identity");
    let identity = identity.expect("a backlog");
    assert_eq!(identity["source"], "outbox:identity + redis");
    assert_eq!(identity["last"]["value"], 737.0 + 21.0);
    assert_eq!(identity["last"]["at_least"], false);
    assert_eq!(identity["not_seen"], "");
    // What its consumer has not done of another domain's events is its own backlog; the lane of low
    // priority, where it never looks, is not.
    let ordering = backlogs
        .iter()
        .find(|backlog| backlog["domain"] == "ordering");
    let ordering = ordering.expect("a backlog");
    assert_eq!(ordering["last"]["value"], 7.0);
    assert_eq!(ordering["source"], "outbox:ordering + redis");
    // No consumer group of its own is there: what it lags behind is not zero but unknown.
    let catalogue = backlogs
        .iter()
        .find(|backlog| backlog["domain"] == "catalogue");
    assert_eq!(catalogue.expect("a backlog")["not_seen"], "streams");
    for source in record["observed"]["sources"].as_array().expect("sources") {
        assert_eq!(source["failed_readings"], 0, "{source}");
        assert!(source["readings"].as_u64() >= Some(2), "{source}");
    }
    let csv = ended.record_file("observed.csv");
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("second,source,domain,metric,value,at_least")
    );
    for row in [
        "0,outbox:identity,identity,outbox_pending,734,false",
        "0,redis,identity,stream_lag,17,false",
        "0,redis,ordering,stream_lag,7,false",
        "0,redis,ordering,backfill,2,false",
        "0,outbox:identity + redis,identity,backlog,758,false",
        "0,outbox:ordering + redis,ordering,backlog,7,false",
        "0,message-db,identity,stored_commands,3,false",
    ] {
        assert!(csv.lines().any(|line| line == row), "{row}: {csv}");
    }
    assert!(
        ended.out.contains("outbox:identity + redis"),
        "{}",
        ended.out
    );
}

#[test]
fn the_shops_own_variables_are_understood() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    postgres.database("identity_local", &format!("{OUTBOX}{IDENTITY}"));
    redis.does(STREAMS);
    let url = postgres.url("identity_local");
    let variables = [
        (
            "DATABASE_URL",
            url.replace("postgres://", "postgresql+psycopg2://"),
        ),
        ("REDIS_URL", redis.url()),
    ];
    let ended =
        Invocation::begin_with(&format!("{RUN} -t 1s --observe-from-env"), &variables).end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    keeps_the_secret(&ended);
    let record = ended.record();
    let pending = figure(&record, "outbox:identity", "identity", "outbox_pending");
    assert_eq!(last(pending), 734.0);
    assert_eq!(
        last(figure(&record, "redis", "identity", "stream_pending")),
        4.0
    );
}

#[test]
fn every_store_that_fails_is_named_and_the_run_goes_on() {
    let postgres = Postgres::start();
    postgres.database("identity_local", OUTBOX);
    postgres.database("catalogue_local", "");
    let columns = "'pending'::text AS status, now()::timestamp AS created_at";
    postgres.database(
        "ordering_local",
        &format!("CREATE VIEW outbox AS SELECT {columns} FROM pg_sleep(60)"),
    );
    postgres.database(
        "inventory_local",
        &format!(
            "CREATE SEQUENCE written; CREATE VIEW outbox AS SELECT {columns}, nextval('written')
             FROM generate_series(1, 2)"
        ),
    );
    let stopped = format!(
        "postgres://shop:{PASSWORD}@127.0.0.1:{}/payments_local",
        free_port()
    );
    let ended = run(&format!(
        "{RUN} -t 2s --outbox identity={} --outbox catalogue={} --outbox ordering={} \
         --outbox inventory={} --outbox payments={stopped} --redis redis://:{PASSWORD}@127.0.0.1:{}",
        postgres.url_with("wrong", "identity_local"),
        postgres.url("catalogue_local"),
        postgres.url("ordering_local"),
        postgres.url("inventory_local"),
        free_port(),
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    keeps_the_secret(&ended);
    let record = ended.record();
    assert!(record["totals"]["requests"].as_u64() > Some(0));
    for (name, says) in [
        (
            "outbox:identity",
            "password authentication failed for user \"shop\"; check user",
        ),
        (
            "outbox:catalogue",
            "relation \"outbox\" does not exist; is this the database of the shop",
        ),
        (
            "outbox:ordering",
            "took longer than 2 s and was given up (statement timeout)",
        ),
        ("outbox:inventory", "read-only transaction"),
        ("outbox:payments", "Connection refused"),
        ("redis", "Connection refused"),
    ] {
        let source = source(&record, name);
        assert_eq!(source["readings"], 0, "{source}");
        let problem = source["problems"][0]["text"].as_str().expect("a problem");
        assert!(problem.contains(says), "{name}: {problem}");
        assert!(ended.out.contains(says), "{name}: {}", ended.out);
        assert!(
            ended.err.contains(&format!("warning: {name} was not read")),
            "{}",
            ended.err
        );
    }
    assert_eq!(record["observed"]["backlogs"], serde_json::json!([]));
}

/// A server that accepts connections and says nothing must hold nobody up: not the other sources,
/// and not the end of the run.
#[test]
fn a_silent_store_is_named_and_blocks_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let redis = Redis::start();
    redis.does(STREAMS);
    let ended = run(&format!(
        "{RUN} -t 2s --outbox identity=postgres://shop:x@127.0.0.1:{port}/d --redis {}",
        redis.url()
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert!(source(&record, "redis")["readings"].as_u64() >= Some(2));
    let silent = source(&record, "outbox:identity");
    assert_eq!(silent["readings"], 0);
    let problem = silent["problems"][0]["text"].as_str().expect("a problem");
    assert!(problem.contains("has not answered"), "{problem}");
    drop(listener);
}

#[test]
fn a_store_that_stops_during_the_run_is_named_from_then_on() {
    let redis = Redis::start();
    redis.does(STREAMS);
    let invocation = Invocation::begin(&format!("{RUN} -t 6s --redis {}", redis.url()));
    let was_read = || {
        let csv = invocation.record_path()?.with_file_name("observed.csv");
        let text = std::fs::read_to_string(csv).ok()?;
        text.lines()
            .find(|line| line.starts_with("1,redis,"))
            .map(|_| ())
    };
    while was_read().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    redis.stop();
    let ended = invocation.end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let source = source(&record, "redis");
    assert!(source["readings"].as_u64() >= Some(2), "{source}");
    assert!(source["failed_readings"].as_u64() >= Some(1), "{source}");
    assert!(
        source["problems"][0]["first_s"].as_f64() > Some(0.0),
        "{source}"
    );
    // What was seen before stays in the record.
    assert_eq!(
        last(figure(&record, "redis", "identity", "stream_lag")),
        17.0
    );
}
