//! What is different in the sandbox of today's shop, over real sockets; what was recorded of the
//! real one is replayed in `conformance_today`.

use crate::sandbox_client::{Client, Reply, sandbox, shop_of};
use serde_json::Value;
use shopblast::plan::Driver;
use shopblast::sandbox::{
    DOMAINS, Domain, DrainRate, PipelineConfig, Sandbox, SandboxMode, ShopConfig,
};
use shopblast::shop::Generation;
use std::time::Duration;

fn shop(engines: u32, per_s: f64) -> (Sandbox, Client) {
    let config = ShopConfig {
        generation: Generation::Today,
        retain: 1_000,
        pipeline: PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate: DrainRate::per_s(per_s).unwrap(),
        },
        ..ShopConfig::default()
    };
    let sandbox = sandbox(SandboxMode::Shop(config), Driver::Uring);
    let client = Client::connect(sandbox.address());
    (sandbox, client)
}

fn get(client: &mut Client, path: &str) -> Reply {
    client.write(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    client.reply()
}

fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// Asks until `is_wanted`; engines need their time.
fn wait_for(client: &mut Client, path: &str, is_wanted: impl Fn(&Reply) -> bool) -> Reply {
    for _ in 0..3_000 {
        let reply = get(client, path);
        if is_wanted(&reply) {
            return reply;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{path} never came");
}

fn id_in(reply: &Reply) -> String {
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.body.split('"').nth(3).unwrap().to_owned()
}

const CUSTOMER: &str =
    r#"{"external_id":"EXT-1","email":"a@b.co","first_name":"A","last_name":"B"}"#;
const ADDRESS: &str = r#"{"street":"1 Main","city":"C","postal_code":"1","country":"US"}"#;

fn order(client: &mut Client, customer: &str) -> String {
    let body = format!(
        r#"{{"customer_id":"{customer}","items":[{{"product_id":"p","variant_id":"v","sku":"SKU","title":"T","quantity":2,"unit_price":10.5}}],"shipping_address":{ADDRESS},"billing_address":{ADDRESS}}}"#
    );
    id_in(&client.call("POST", "/orders", &body))
}

/// Events that each of the first five domains has raised so far.
fn raised(sandbox: &Sandbox) -> [u64; 5] {
    let pipeline = sandbox.pipeline().unwrap();
    let of = |domain| {
        assert_eq!(
            pipeline.stored(domain),
            0,
            "all events go through the outbox"
        );
        let backlog = pipeline.backlog(domain);
        backlog.pending + backlog.published
    };
    [0, 1, 2, 3, 4].map(|index| of(Domain::ALL[index]))
}

#[test]
fn every_reply_has_a_request_id_but_a_crash() {
    let (sandbox, mut client) = shop(1, 8.0);
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, status) in [
        ("GET", "/health", 200),
        ("POST", "/customers/", 307),
        ("GET", "/nowhere", 404),
        ("PUT", "/products", 405),
        ("POST", "/customers", 422),
        ("GET", "/reviews?product_id=p", 200),
    ] {
        let reply = client.call(method, path, "{}");
        assert_eq!(reply.status, status, "{path}");
        let id = reply.field("x-request-id").unwrap().to_owned();
        let id = uuid::Uuid::try_parse(&id).unwrap();
        assert_eq!(id.get_version_num(), 4);
        assert!(ids.insert(id), "each has its own");
    }
    client.write(b"GET /health HTTP/1.1\r\nX-Request-ID: my own 7\r\n\r\n");
    assert_eq!(client.reply().field("x-request-id"), Some("my own 7"));
    client.write(b"GET /health HTTP/1.1\r\nx-request-id:\r\n\r\n");
    assert_eq!(client.reply().field("x-request-id").unwrap().len(), 36);
    client.write(b"OPTIONS /customers HTTP/1.1\r\nOrigin: http://x\r\nAccess-Control-Request-Method: POST\r\nX-Request-Id: q\r\n\r\n");
    let preflight = client.reply();
    assert_eq!(preflight.field("x-request-id"), Some("q"));
    assert_eq!(preflight.body, "OK");
    let crash = get(&mut client, "/products?page=0");
    assert_eq!((crash.status, crash.field("x-request-id")), (500, None));
    drop(sandbox);
    let five = shop_of(Generation::Five, 10);
    let mut client = Client::connect(five.address());
    client.write(b"GET /health HTTP/1.1\r\nX-Request-ID: mine\r\n\r\n");
    assert_eq!(client.reply().field("x-request-id"), None);
}

#[test]
fn contexts_of_today_are_there_and_unknown_to_the_shop_of_five() {
    let (_sandbox, mut client) = shop(0, 8.0);
    for (method, path, status) in [
        ("POST", "/fulfillments", 422),
        ("GET", "/fulfillments", 405),
        ("GET", "/fulfillments/x", 404),
        ("PUT", "/reviews/r/moderate", 422),
        ("GET", "/notifications/preferences/c", 200),
        ("GET", "/notifications", 404),
    ] {
        assert_eq!(client.call(method, path, "{}").status, status, "{path}");
    }
    let five = shop_of(Generation::Five, 10);
    let mut client = Client::connect(five.address());
    for (method, path) in [
        ("POST", "/fulfillments"),
        ("POST", "/reviews"),
        ("GET", "/notifications/preferences/c"),
    ] {
        assert_eq!(client.call(method, path, "{}").status, 404, "{path}");
    }
}

#[test]
fn each_generation_describes_itself() {
    for generation in Generation::ALL {
        let sandbox = shop_of(generation, 10);
        let mut client = Client::connect(sandbox.address());
        assert_eq!(get(&mut client, "/openapi.json").body, generation.openapi());
        let health = json(&get(&mut client, "/health"));
        let domains: Vec<&String> = health["domains"].as_object().unwrap().keys().collect();
        assert_eq!(domains.len(), generation.contexts().len());
    }
}

/// One event takes an engine a thousand seconds here, so that a read comes before it for certain.
#[test]
fn reads_wait_for_the_engines() {
    for engines in [0, 1] {
        let (_sandbox, mut client) = shop(engines, 0.001);
        let customer = id_in(&client.call("POST", "/customers", CUSTOMER));
        let order = order(&mut client, &customer);
        for (path, status) in [
            (format!("/customers/{customer}"), 404),
            (format!("/customers/{customer}/addresses"), 404),
            (format!("/orders/{order}"), 404),
            (format!("/orders/{order}/summary"), 404),
            (format!("/orders/{order}/timeline"), 200),
            (format!("/orders?customer_id={customer}"), 200),
        ] {
            assert_eq!(get(&mut client, &path).status, status, "{path}");
        }
        let list = get(&mut client, &format!("/orders?customer_id={customer}"));
        assert_eq!(json(&list)["total"], 0);
    }
}

#[test]
fn engines_that_need_no_time_show_things_at_once() {
    let config = ShopConfig {
        generation: Generation::Today,
        pipeline: PipelineConfig {
            drain_rate: DrainRate::Unlimited,
            ..PipelineConfig::default()
        },
        retain: 50,
        ..ShopConfig::default()
    };
    let sandbox = sandbox(SandboxMode::Shop(config), Driver::Uring);
    let mut client = Client::connect(sandbox.address());
    let mut last = String::new();
    // More than may wait, and more than are kept.
    for number in 0..3_000 {
        let body = CUSTOMER.replace("EXT-1", &format!("EXT-{number}"));
        last = id_in(&client.call("POST", "/customers", &body));
    }
    let card = json(&get(&mut client, &format!("/customers/{last}")));
    assert_eq!(card["external_id"], "EXT-2999");
    let path = format!("/customers/{last}");
    assert_eq!(
        client
            .call("PUT", &format!("{path}/tier"), r#"{"new_tier":"Gold"}"#)
            .status,
        200
    );
    assert_eq!(json(&get(&mut client, &path))["tier"], "Gold");
}

/// In the pipeline, as in the message store of the real shop.
#[test]
fn what_is_settled_raises_nothing() {
    let (sandbox, mut client) = shop(0, 8.0);
    let id = order(&mut client, "c");
    let pending = (
        r#"{"payment_id":"p","payment_method":"card"}"#,
        "payment/pending",
    );
    let success = (
        r#"{"payment_id":"p","amount":1,"payment_method":"card"}"#,
        "payment/success",
    );
    let failure = (r#"{"payment_id":"p","reason":"r"}"#, "payment/failure");
    let cancel = (r#"{"reason":"r","cancelled_by":"c"}"#, "cancel");
    let refund = ("{}", "refund");
    let confirm = ("", "confirm");
    let steps = [
        (confirm, 1),
        (pending, 1),
        (pending, 0),
        (success, 1),
        (success, 0),
        (cancel, 1),
        (cancel, 0),
        (pending, 0),
        (success, 0),
        (failure, 0),
        (refund, 1),
        (refund, 0),
        (pending, 0),
        (success, 0),
        (failure, 0),
    ];
    for (number, ((body, step), events)) in steps.into_iter().enumerate() {
        let before = raised(&sandbox)[2];
        let reply = client.call("PUT", &format!("/orders/{id}/{step}"), body);
        assert_eq!(reply.status, 200, "{number}: {step}: {}", reply.body);
        assert_eq!(raised(&sandbox)[2] - before, events, "{number}: {step}");
    }
    let cancel = client.call("PUT", &format!("/orders/{id}/cancel"), cancel.0);
    assert_eq!(cancel.status, 400, "a refunded order is not cancelled");
}

#[test]
fn event_sourced_aggregates_go_through_the_outbox_too() {
    let (sandbox, mut client) = shop(0, 8.0);
    let stock =
        r#"{"product_id":"p","variant_id":"v","warehouse_id":"w","sku":"S","initial_quantity":50}"#;
    id_in(&client.call("POST", "/inventory", stock));
    let payment = r#"{"order_id":"o","customer_id":"c","amount":5,"payment_method_type":"card","idempotency_key":"k"}"#;
    id_in(&client.call("POST", "/payments", payment));
    order(&mut client, "c");
    assert_eq!(raised(&sandbox), [0, 0, 1, 1, 1]);
}

#[test]
fn a_new_variant_begins_stock_by_itself() {
    let (sandbox, mut client) = shop(1, 200.0);
    let product = r#"{"sku":"SKU-1","title":"T"}"#;
    let product = id_in(&client.call("POST", "/products", product));
    let variant = r#"{"variant_sku":"VAR-1","base_price":5,"attributes":{"a":[1]}}"#;
    let path = format!("/products/{product}");
    let added = client.call("POST", &format!("{path}/variants"), variant);
    assert_eq!(added.status, 201);
    let detail = wait_for(&mut client, &path, |reply| reply.body.contains("VAR-1"));
    assert_eq!(json(&detail)["variants"][0]["price_amount"], 5.0);
    wait_until(|| raised(&sandbox)[3] == 1);
    assert_eq!(raised(&sandbox), [0, 2, 0, 1, 0]);
}

fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it never came");
}

#[test]
fn a_return_asks_the_money_back_by_itself() {
    let (sandbox, mut client) = shop(1, 200.0);
    let id = order(&mut client, "c");
    let payment = format!(
        r#"{{"order_id":"{id}","customer_id":"c","amount":5,"payment_method_type":"card","idempotency_key":"k"}}"#
    );
    let payment = id_in(&client.call("POST", "/payments", &payment));
    let body = format!(
        r#"{{"payment_id":"{payment}","gateway_status":"succeeded","gateway_transaction_id":"t"}}"#
    );
    let request = format!(
        "POST /payments/webhook HTTP/1.1\r\nX-Gateway-Signature: test-signature\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write(request.as_bytes());
    assert_eq!(client.reply().status, 200);
    let path = format!("/payments/{payment}");
    wait_for(&mut client, &path, |reply| reply.body.contains("Succeeded"));
    for (step, body) in [
        ("confirm", ""),
        (
            "payment/pending",
            r#"{"payment_id":"p","payment_method":"m"}"#,
        ),
        (
            "payment/success",
            r#"{"payment_id":"p","amount":5,"payment_method":"m"}"#,
        ),
        (
            "ship",
            r#"{"shipment_id":"s","carrier":"c","tracking_number":"t"}"#,
        ),
        ("deliver", ""),
        ("return/request", r#"{"reason":"r"}"#),
        ("return/approve", ""),
        ("return/record", "{}"),
    ] {
        let reply = client.call("PUT", &format!("/orders/{id}/{step}"), body);
        assert_eq!(reply.status, 200, "{step}: {}", reply.body);
    }
    // Initiated, succeeded, refund requested: the last by an engine, which nobody can complete.
    wait_until(|| raised(&sandbox)[4] == 3);
    let shown = json(&get(&mut client, &path));
    assert_eq!(
        (&shown["status"], &shown["total_refunded"]),
        (&"Succeeded".into(), &0.0.into())
    );
}

#[test]
fn reservations_that_are_over_are_released_on_demand() {
    let (sandbox, mut client) = shop(1, 200.0);
    let stock =
        r#"{"product_id":"p","variant_id":"v","warehouse_id":"w","sku":"S","initial_quantity":10}"#;
    let stock = id_in(&client.call("POST", "/inventory", stock));
    let reserve = format!("/inventory/{stock}/reserve");
    let body = r#"{"order_id":"o","quantity":10,"expires_in_minutes":1}"#;
    assert_eq!(client.call("POST", &reserve, body).status, 201);
    assert_eq!(
        client.call("POST", &reserve, body).status,
        400,
        "all is reserved"
    );
    let seen = |sandbox: &Sandbox| {
        let backlog = sandbox.pipeline().unwrap().backlog(Domain::Inventory);
        backlog.unfinished() == 0
    };
    wait_until(|| seen(&sandbox));
    let before = raised(&sandbox)[3];
    let mut expire = |body: &str| {
        let path = "/inventory/maintenance/expire-reservations";
        client.call("POST", path, body).body
    };
    assert_eq!(expire(""), r#"{"expired_count":0}"#);
    assert_eq!(
        expire(r#"{"older_than_minutes":0}"#),
        r#"{"expired_count":0}"#
    );
    assert_eq!(
        expire(r#"{"older_than_minutes":-60}"#),
        r#"{"expired_count":1}"#
    );
    assert_eq!(
        expire(r#"{"older_than_minutes":-60}"#),
        r#"{"expired_count":0}"#
    );
    assert_eq!(raised(&sandbox)[3] - before, 1);
    assert_eq!(
        client.call("POST", &reserve, body).status,
        201,
        "all is there again"
    );
}
