//! The sandbox's pipeline and its Observatory over real sockets.

use crate::sandbox_client::{Client, Reply, sandbox, shop};
use serde_json::{Value, json};
use shopblast::plan::Driver;
use shopblast::sandbox::{
    DOMAINS, Domain, DrainRate, Names, ObservatoryConfig, PipelineConfig, Sandbox, SandboxConfig,
    SandboxError, SandboxMode, ShopConfig,
};
use shopblast::shop::Generation;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};

fn config(engines: u32, drain_rate: DrainRate, names: Names) -> ShopConfig {
    ShopConfig {
        generation: Generation::Five,
        retain: 10_000,
        pipeline: PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate,
        },
        observatory: Some(ObservatoryConfig {
            address: "127.0.0.1:0".parse().unwrap(),
            names,
        }),
        ..ShopConfig::default()
    }
}

/// A shop with its Observatory, and a client of each.
fn observed(engines: u32, drain_rate: DrainRate, names: Names) -> (Sandbox, Client, Client) {
    let config = config(engines, drain_rate, names);
    let sandbox = sandbox(SandboxMode::Shop(config), Driver::Uring);
    let shop = Client::connect(sandbox.address());
    let observatory = Client::connect(sandbox.observatory_address().unwrap());
    (sandbox, shop, observatory)
}

fn stopped(names: Names) -> (Sandbox, Client, Client) {
    observed(0, DrainRate::MEASURED, names)
}

/// Registers customers, each of which is one event of the outbox.
fn register(shop: &mut Client, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let body = format!(
            r#"{{"external_id":"EXT-{number}","email":"a@b.co","first_name":"A","last_name":"B"}}"#
        );
        assert_eq!(shop.call("POST", "/customers", &body).status, 201);
    }
}

fn get(observatory: &mut Client, target: &str) -> Reply {
    observatory.write(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    observatory.reply()
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

fn identity(observatory: &mut Client) -> Value {
    json_of(&get(observatory, "/api/outbox"))["identity"]["counts"].clone()
}

#[test]
fn an_event_waits_in_the_outbox_while_the_engines_stand_still() {
    let (sandbox, mut shop, mut observatory) = stopped(Names::Five);
    register(&mut shop, 0..1);
    let reply = get(&mut observatory, "/metrics");
    assert_eq!(
        reply.names(),
        ["date", "server", "content-length", "content-type"]
    );
    assert_eq!(
        reply.field("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let line = r#"protean_outbox_messages{domain="identity",status="pending"} 1"#;
    assert!(reply.body.lines().any(|known| known == line), "{reply:?}");
    let counts = identity(&mut observatory);
    assert_eq!(
        (&counts["pending"], &counts["published"]),
        (&json!(1), &json!(0))
    );
    // A refused command raises nothing.
    assert_eq!(shop.call("POST", "/customers", "{}").status, 422);
    assert_eq!(identity(&mut observatory)["pending"], 1);
    let backlog = sandbox.pipeline().unwrap().backlog(Domain::Identity);
    assert_eq!((backlog.pending, backlog.lag), (1, 0));
}

#[test]
fn todays_counts_stop_at_100() {
    let (sandbox, mut shop, mut observatory) = stopped(Names::Five);
    register(&mut shop, 0..130);
    assert_eq!(identity(&mut observatory)["pending"], 100);
    let depth = json_of(&get(&mut observatory, "/api/queue-depth"));
    assert_eq!(depth["totals"]["outbox_pending"], 100);
    let backlog = sandbox.pipeline().unwrap().backlog(Domain::Identity);
    assert_eq!(backlog.unfinished(), 130);
}

#[test]
fn newer_counts_are_exact() {
    let (_sandbox, mut shop, mut observatory) = stopped(Names::Newer);
    register(&mut shop, 0..130);
    let metrics = get(&mut observatory, "/metrics").body;
    let line = r#"protean_outbox_pending{domain="identity"} 130"#;
    assert!(metrics.lines().any(|known| known == line), "{metrics}");
}

#[test]
fn engines_without_a_limit_leave_nothing() {
    let (_sandbox, mut shop, mut observatory) = observed(1, DrainRate::Unlimited, Names::Newer);
    register(&mut shop, 0..50);
    let counts = identity(&mut observatory);
    assert_eq!(
        (&counts["pending"], &counts["published"]),
        (&json!(0), &json!(50))
    );
    let depth = json_of(&get(&mut observatory, "/api/queue-depth"));
    assert_eq!(depth["totals"]["consumer_pending"], 0);
}

#[test]
fn traces_are_told_and_deleted() {
    let (_sandbox, mut shop, mut observatory) = observed(1, DrainRate::Unlimited, Names::Five);
    register(&mut shop, 0..1);
    let traces = json_of(&get(&mut observatory, "/api/traces"));
    assert_eq!(traces["count"], 13);
    assert_eq!(traces["traces"][12]["event"], "outbox.published");
    let stats = json_of(&get(&mut observatory, "/api/traces/stats?window=5m"));
    assert_eq!(stats["total"], 13);
    assert_eq!(
        get(&mut observatory, "/api/traces/stats?window=1m").status,
        400
    );
    assert_eq!(get(&mut observatory, "/api/traces?count=many").status, 422);
    let deleted = observatory.call("DELETE", "/api/traces", "");
    assert_eq!(deleted.body, r#"{"status":"ok","deleted":true}"#);
    assert_eq!(json_of(&get(&mut observatory, "/api/traces"))["count"], 0);
}

#[test]
fn a_stream_tells_what_happens_from_now_on() {
    let (_sandbox, mut shop, mut observatory) = observed(1, DrainRate::Unlimited, Names::Five);
    register(&mut shop, 0..1);
    observatory.write(b"GET /stream?event=outbox.* HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = observatory.reply_to("HEAD");
    assert_eq!(
        head.names(),
        [
            "date",
            "server",
            "cache-control",
            "connection",
            "x-accel-buffering",
            "content-type",
            "transfer-encoding"
        ]
    );
    register(&mut shop, 1..2);
    let mut text = String::from_utf8(std::mem::take(&mut observatory.pending)).unwrap();
    let mut bytes = [0; 4 << 10];
    while !(text.contains("\n\n") && text.contains("keepalive")) {
        let received = observatory.stream.read(&mut bytes).unwrap();
        assert_ne!(received, 0, "ended after {text}");
        text.push_str(std::str::from_utf8(&bytes[..received]).unwrap());
    }
    let data: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(data.len(), 1, "{text}");
    assert!(text.contains("\r\nevent: trace\ndata: {\"event\": \"outbox.published\", "));
    let trace: Value = serde_json::from_str(data[0]).unwrap();
    assert_eq!(trace["message_type"], "Identity.CustomerRegistered.v1");
    assert!(text.contains(": keepalive\n\n"));
}

#[test]
fn every_recorded_endpoint_answers() {
    let (_sandbox, _shop, mut observatory) = stopped(Names::Five);
    for target in [
        "/",
        "/metrics",
        "/openapi.json",
        "/api/health",
        "/api/outbox",
        "/api/streams",
        "/api/queue-depth",
        "/api/stats",
        "/api/traces",
        "/api/traces/stats",
    ] {
        assert_eq!(get(&mut observatory, target).status, 200, "{target}");
    }
    let reply = get(&mut observatory, "/customers");
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (404, r#"{"detail":"Not Found"}"#)
    );
    let reply = observatory.call("POST", "/metrics", "{}");
    assert_eq!((reply.status, reply.field("allow")), (405, Some("GET")));
    observatory.write(b"nonsense\r\n\r\n");
    assert_eq!(observatory.reply().status, 400);
    assert!(matches!(observatory.stream.read(&mut [0; 1]), Ok(0)));
}

#[test]
fn it_is_gone_when_the_sandbox_stops() {
    let (sandbox, shop, mut observatory) = stopped(Names::Five);
    let address = sandbox.observatory_address().unwrap();
    observatory.write(b"GET /stream HTTP/1.1\r\n\r\n");
    observatory.reply_to("HEAD");
    sandbox.stop();
    let mut rest = Vec::new();
    // Ended in order or cut off, but not left open.
    let _ = observatory.stream.read_to_end(&mut rest);
    drop((shop, observatory));
    TcpListener::bind(address).unwrap();
}

#[test]
fn a_crowd_is_turned_away_and_the_first_are_still_served() {
    let (sandbox, _shop, mut observatory) = stopped(Names::Five);
    let address = sandbox.observatory_address().unwrap();
    assert_eq!(get(&mut observatory, "/api/health").status, 200);
    let mut crowd: Vec<Client> = (0..80).map(|_| Client::connect(address)).collect();
    let turned_away = crowd
        .iter_mut()
        .skip(63)
        .map(|guest| guest.stream.read(&mut [0; 1]))
        .filter(|read| matches!(read, Ok(0) | Err(_)))
        .count();
    assert_eq!(turned_away, 17);
    assert_eq!(get(&mut crowd[0], "/api/health").status, 200);
}

fn start_error(config: ShopConfig) -> Option<SandboxError> {
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        mode: SandboxMode::Shop(config),
        cores: Vec::new(),
        driver: Driver::Uring,
        ..SandboxConfig::default()
    })
    .err()
}

#[test]
fn a_taken_port_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = taken.local_addr().unwrap();
    let mut config = config(1, DrainRate::MEASURED, Names::Five);
    config.observatory.as_mut().unwrap().address = address;
    let message = start_error(config).unwrap().to_string();
    assert!(
        message.starts_with(&format!("the Observatory cannot listen on {address}: "))
            && message.contains("`--observatory-port`"),
        "{message}"
    );
}

#[test]
fn a_sandbox_that_is_no_shop_has_no_observatory() {
    let fixed = sandbox(SandboxMode::Fixed, Driver::Uring);
    assert!(fixed.observatory_address().is_none() && fixed.pipeline().is_none());
    let plain = shop(10);
    assert!(plain.observatory_address().is_none() && plain.pipeline().is_some());
}
