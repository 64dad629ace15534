//! The exchanges recorded on the real ShopStream of five contexts, replayed against the sandbox in their order: the
//! same status, the same header fields, the same body, byte for byte but for dates and identifiers.
//!
//! `data/recorded_exchanges.jsonl` has a line an exchange: every journey of the Locust suite, step by
//! step, as the shop at commit f89b2f5 answered it with one API worker.

use crate::recorded_ids::Ids;
use crate::sandbox_client::{Client, Reply, shop_of};
use crate::wires::{Wire, WiredSandbox};
use serde::Deserialize;
use serde_json::Value;
use shopblast::sandbox::{SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::collections::BTreeMap;

const RECORDED: &str = include_str!("../data/recorded_exchanges.jsonl");

#[derive(Deserialize)]
struct Exchange {
    journey: String,
    step: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    status: u16,
    /// In the order in which they came.
    response_headers: serde_json::Map<String, Value>,
    response: Value,
}

impl Exchange {
    /// The request, with identifiers of this sandbox in the place of the recorded ones.
    fn request(&self, ids: &Ids) -> Vec<u8> {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        // All identifiers are of the same length, so that the content length stays right.
        ids.translate(&request).into_bytes()
    }
}

fn recorded() -> Vec<Exchange> {
    RECORDED
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_recorded_exchange_comes_out_the_same() {
    for wire in Wire::ALL {
        replay(wire);
    }
}

fn replay(wire: Wire) {
    let config = ShopConfig {
        generation: Generation::Five,
        retain: 10_000,
        ..ShopConfig::default()
    };
    let sandbox = WiredSandbox::start(SandboxMode::Shop(config), wire);
    let mut client = sandbox.connect();
    let mut ids = Ids::default();
    let exchanges = recorded();
    assert_eq!(exchanges.len(), 142);
    for exchange in &exchanges {
        let place = format!("{wire:?}: {}, {}", exchange.journey, exchange.step);
        let reply = client.exchange(&exchange.request(&ids));
        assert_eq!(reply.status, exchange.status, "{place}: {}", reply.body);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        ids.learn(&exchange.response, &body);
        let expected = ids.translate(&exchange.response.to_string());
        assert_eq!(body.to_string(), expected, "{place}");
        check_fields(exchange, &reply, &place);
    }
}

/// Names in their order, and every value but the date's.
fn check_fields(exchange: &Exchange, reply: &Reply, place: &str) {
    let mut names: Vec<&String> = exchange.response_headers.keys().collect();
    let mut ours = reply.names();
    names.sort();
    ours.sort_unstable();
    assert_eq!(ours, names, "{place}");
    for (name, value) in &exchange.response_headers {
        if name != "date" {
            assert_eq!(reply.field(name), value.as_str(), "{place}: {name}");
        }
    }
}

/// Another order of journeys makes no difference: they do not know each other.
#[test]
fn journeys_come_out_the_same_on_their_own() {
    let exchanges = recorded();
    let mut journeys: Vec<&str> = exchanges
        .iter()
        .map(|exchange| exchange.journey.as_str())
        .collect();
    journeys.dedup();
    assert!(journeys.len() >= 26);
    for journey in journeys {
        let sandbox = shop_of(Generation::Five, 100);
        let mut client = Client::connect(sandbox.address());
        let mut ids = Ids::default();
        for exchange in exchanges
            .iter()
            .filter(|exchange| exchange.journey == journey)
        {
            client.write(&exchange.request(&ids));
            let reply = client.reply();
            assert_eq!(
                reply.status, exchange.status,
                "{journey}, {}",
                exchange.step
            );
            ids.learn(
                &exchange.response,
                &serde_json::from_str(&reply.body).unwrap(),
            );
        }
    }
}
