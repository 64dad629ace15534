//! Several API workers: commands race between load and commit, and the loser is told so.

use crate::sandbox_client::{Client, sandbox};
use shopblast::plan::Driver;
use shopblast::sandbox::{Conflicts, Sandbox, SandboxMode, ServiceTime, ShopConfig};
use std::io::Read;
use std::time::{Duration, Instant};

/// Long enough for a few requests to arrive while the first is being served, however busy the
/// machine is.
const LONG: ServiceTime = ServiceTime::Constant(300_000_000);

fn racing_shop(conflicts: Conflicts) -> Sandbox {
    let shop = ShopConfig {
        api_workers: 2,
        service: LONG,
        conflicts,
        ..ShopConfig::default()
    };
    sandbox(SandboxMode::Shop(shop), Driver::Uring)
}

fn register(shop: &Sandbox) -> String {
    let body = r#"{"external_id":"EXT-1","email":"a@b.co","first_name":"A","last_name":"B"}"#;
    let reply = Client::connect(shop.address()).call("POST", "/customers", body);
    assert_eq!(reply.status, 201);
    reply.body.split('"').nth(3).unwrap().to_owned()
}

/// So many connections: the first half in a burst, which belongs to one worker, and the others to
/// another one.
fn spread(shop: &Sandbox, count: usize) -> Vec<Client> {
    let open = |_| Client::connect(shop.address());
    let mut clients: Vec<Client> = (0..count / 2).map(open).collect();
    while clients.len() < count {
        let client = match clients.first_mut() {
            Some(first) if !shop.accepted_by_worker().is_empty() => open_elsewhere(shop, first),
            _ => open(0),
        };
        clients.push(client);
    }
    clients
}

/// A connection of another worker than that of `first`, which is at work meanwhile.
fn open_elsewhere(shop: &Sandbox, first: &mut Client) -> Client {
    let worker_of = |client: &Client| {
        let address = client.stream.local_addr().unwrap();
        loop {
            if let Some(worker) = shop.worker_of(address) {
                return worker;
            }
            std::thread::yield_now();
        }
    };
    for _ in 0..100 {
        first.write(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n");
        std::thread::sleep(Duration::from_millis(1));
        let client = Client::connect(shop.address());
        let is_elsewhere = worker_of(&client) != worker_of(first);
        assert_eq!(first.reply().status, 200);
        if is_elsewhere {
            return client;
        }
    }
    panic!("one worker accepts everything");
}

/// Sends the same request on so many connections before reading any reply; replies in the order
/// in which the requests were sent.
fn at_once(
    shop: &Sandbox,
    count: usize,
    path: &str,
    method: &str,
    body: &str,
) -> Vec<(u16, String, Client)> {
    let mut clients = spread(shop, count);
    let length = body.len();
    for client in &mut clients {
        client.write(
            format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
    }
    clients
        .into_iter()
        .map(|mut client| {
            let reply = client.reply();
            (reply.status, reply.body, client)
        })
        .collect()
}

fn statuses(replies: &[(u16, String, Client)]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|(status, ..)| *status).collect();
    statuses.sort_unstable();
    statuses
}

#[test]
fn of_two_overlapping_commands_the_second_crashes_and_the_rest_is_refused() {
    let shop = racing_shop(Conflicts::Crash);
    let path = format!("/customers/{}/suspend", register(&shop));
    let replies = at_once(&shop, 6, &path, "PUT", r#"{"reason":"x"}"#);
    assert_eq!(statuses(&replies), [200, 400, 400, 400, 400, 500]);
    for (status, body, mut client) in replies {
        if status == 500 {
            assert_eq!(body, "Internal Server Error");
            let rest = client.stream.read(&mut [0; 1]);
            assert!(matches!(rest, Ok(0)), "the connection is closed");
        }
    }
}

/// As measured: whether there is one is asked before, and nothing guards it.
#[test]
fn of_equal_reviews_those_are_taken_that_meet() {
    let shop = racing_shop(Conflicts::Crash);
    let review = r#"{"product_id":"p","customer_id":"c","rating":5,"title":"Fine","body":"It does what the page says."}"#;
    let replies = at_once(&shop, 6, "/reviews", "POST", review);
    assert_eq!(statuses(&replies), [201, 201, 400, 400, 400, 400]);
}

#[test]
fn of_pickers_for_one_fulfillment_one_is_taken() {
    let shop = racing_shop(Conflicts::Crash);
    let body = r#"{"order_id":"o","customer_id":"c","items":[]}"#;
    let reply = Client::connect(shop.address()).call("POST", "/fulfillments", body);
    let id = reply.body.split('"').nth(3).unwrap().to_owned();
    let path = format!("/fulfillments/{id}/assign-picker");
    let replies = at_once(&shop, 6, &path, "PUT", r#"{"picker_name":"Ann"}"#);
    assert_eq!(statuses(&replies), [200, 400, 400, 400, 400, 500]);
}

#[test]
fn a_shop_as_documented_answers_409() {
    let shop = racing_shop(Conflicts::Conflict);
    let path = format!("/customers/{}/suspend", register(&shop));
    let replies = at_once(&shop, 3, &path, "PUT", r#"{"reason":"x"}"#);
    assert_eq!(statuses(&replies), [200, 400, 409]);
    let late = replies.iter().find(|(status, ..)| *status == 409).unwrap();
    assert_eq!(
        late.1,
        r#"{"error":"Wrong expected version: 0 (Stream Version: 1)"}"#
    );
}

/// As measured of today's shop: tables are written before the event that loses is appended.
#[test]
fn what_a_loser_wrote_stays_where_it_is_asked_for() {
    for (conflicts, is_kept) in [(Conflicts::Crash, false), (Conflicts::CrashWritten, true)] {
        let shop = racing_shop(conflicts);
        let path = format!("/customers/{}", register(&shop));
        let suspend = r#"{"reason":"x"}"#;
        let both = [
            ("suspend", suspend),
            ("profile", r#"{"first_name":"C","last_name":"D"}"#),
        ];
        let mut clients = spread(&shop, 2);
        for (client, (what, body)) in clients.iter_mut().zip(both) {
            let length = body.len();
            client.write(
                format!(
                    "PUT {path}/{what} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .as_bytes(),
            );
        }
        let told: Vec<u16> = clients.iter_mut().map(|one| one.reply().status).collect();
        let mut sorted = told.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [200, 500]);
        // Who is suspended cannot be suspended again. The profile's row has the customer active.
        let has_won = told[0] == 200;
        let is_suspended = has_won != is_kept;
        let again =
            Client::connect(shop.address()).call("PUT", &format!("{path}/suspend"), suspend);
        let expected = if is_suspended { 400 } else { 200 };
        assert_eq!(again.status, expected, "{conflicts:?}: {told:?}");
    }
}

/// An order is made of its events: who loses there has changed nothing.
#[test]
fn what_is_made_of_its_events_is_the_winners_whatever_losers_write() {
    let shop = racing_shop(Conflicts::CrashWritten);
    let mut client = Client::connect(shop.address());
    let item = r#"{"product_id":"p","variant_id":"v","sku":"S","title":"T","quantity":1,"unit_price":2.5}"#;
    let place = r#"{"street":"1 A","city":"B","postal_code":"1","country":"US"}"#;
    let order = format!(
        r#"{{"customer_id":"c","items":[{item}],"shipping_address":{place},"billing_address":{place}}}"#
    );
    let reply = client.call("POST", "/orders", &order);
    assert_eq!(reply.status, 201, "{}", reply.body);
    let id = reply.body.split('"').nth(3).unwrap().to_owned();
    let mut clients = spread(&shop, 2);
    let cancel = r#"{"reason":"x","cancelled_by":"Customer"}"#;
    let bodies = [("confirm", ""), ("cancel", cancel)];
    for (client, (what, body)) in clients.iter_mut().zip(bodies) {
        let length = body.len();
        client.write(
            format!(
                "PUT /orders/{id}/{what} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
    }
    let told: Vec<u16> = clients.iter_mut().map(|one| one.reply().status).collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 500]);
    // A cancelled order cannot be cancelled again, a confirmed one can.
    let again = client.call("PUT", &format!("/orders/{id}/cancel"), cancel);
    let is_cancelled = told[1] == 200;
    assert_eq!(
        again.status,
        if is_cancelled { 400 } else { 200 },
        "{}",
        again.body
    );
}

/// Measured with two workers: the customer is frozen for good.
#[test]
fn racing_first_addresses_leave_two_default_ones() {
    let shop = racing_shop(Conflicts::Crash);
    let id = register(&shop);
    let address = r#"{"street":"1 A","city":"B","postal_code":"1","country":"US"}"#;
    let path = format!("/customers/{id}/addresses");
    let replies = at_once(&shop, 2, &path, "POST", address);
    assert_eq!(statuses(&replies), [201, 500]);
    let mut client = Client::connect(shop.address());
    for (method, path, body) in [
        ("POST", path.clone(), address),
        ("PUT", format!("/customers/{id}/profile"), "{}"),
        (
            "PUT",
            format!("/customers/{id}/suspend"),
            r#"{"reason":"x"}"#,
        ),
    ] {
        let reply = client.call(method, &path, body);
        assert_eq!(reply.status, 400, "{path}");
        assert!(
            reply
                .body
                .contains("Exactly one address must be marked as default"),
            "{}",
            reply.body
        );
    }
}

#[test]
fn one_worker_is_strictly_serial_however_many_come_at_once() {
    let shop = sandbox(SandboxMode::Shop(ShopConfig::default()), Driver::Uring);
    let path = format!("/customers/{}/suspend", register(&shop));
    let replies = at_once(&shop, 10, &path, "PUT", r#"{"reason":"x"}"#);
    let mut expected = vec![400; 10];
    expected[0] = 200;
    assert_eq!(statuses(&replies), expected);
}

/// Without a set service time, commands race when they arrive together.
#[test]
fn workers_race_at_full_speed_too() {
    let shop = sandbox(
        SandboxMode::Shop(ShopConfig {
            api_workers: 4,
            ..ShopConfig::default()
        }),
        Driver::Uring,
    );
    let path = format!("/customers/{}/profile", register(&shop));
    let mut lost = 0;
    for _ in 0..200 {
        let replies = at_once(&shop, 8, &path, "PUT", "{}");
        let statuses = statuses(&replies);
        assert!(statuses.contains(&200), "somebody wins: {statuses:?}");
        assert!(statuses.iter().all(|status| [200, 500].contains(status)));
        lost += statuses.iter().filter(|status| **status == 500).count();
        if lost > 0 {
            return;
        }
    }
    panic!("nobody ever lost a race");
}

/// The bound from below holds on any machine: the shop cannot be faster than its capacity.
#[test]
fn a_shop_has_the_capacity_that_it_was_given() {
    let shop = sandbox(
        SandboxMode::Shop(ShopConfig {
            service: ServiceTime::Constant(5_000_000),
            ..ShopConfig::default()
        }),
        Driver::Uring,
    );
    let start = Instant::now();
    let replies = at_once(&shop, 20, "/health", "GET", "");
    assert_eq!(statuses(&replies), [200; 20]);
    assert!(start.elapsed() >= Duration::from_millis(100));
}
