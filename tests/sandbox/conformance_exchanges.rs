//! The exchanges recorded on the real ShopStream of five contexts, replayed against the sandbox in their order: the
//! same status, the same header fields, the same body, byte for byte but for dates and identifiers.
//!
//! `data/recorded_exchanges.jsonl` has a line an exchange: every journey of the Locust suite, step by
//! step, as the shop at commit f89b2f5 answered it with one API worker. Today's shop answers all of them
//! the same, once `attributes` are objects, but for an identifier of every reply and the words of one
//! refusal (measured).

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
    fn request(&self, generation: Generation, ids: &Ids) -> Vec<u8> {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut body = self.body.clone();
        if generation == Generation::Today
            && let Some(attributes) = body.as_mut().and_then(|body| body.get_mut("attributes"))
            && let Some(text) = attributes.as_str()
        {
            *attributes = serde_json::from_str(text).unwrap();
        }
        let body = body.as_ref().map(Value::to_string).unwrap_or_default();
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        // All identifiers are of the same length, so that the content length stays right.
        ids.translate(&request).into_bytes()
    }
}

/// Method and path of every exchange.
pub fn operations() -> impl Iterator<Item = (String, String)> {
    recorded()
        .into_iter()
        .map(|exchange| (exchange.method, exchange.path))
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
        replay(wire, Generation::Five);
    }
}

#[test]
fn todays_shop_answers_all_of_them_the_same() {
    for wire in Wire::ALL {
        replay(wire, Generation::Today);
    }
}

/// The one step that today's shop refuses in other words.
const OTHER_WORDS: &str = "race_add_item_2";

fn replay(wire: Wire, generation: Generation) {
    let config = ShopConfig {
        generation,
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
        let reply = client.exchange(&exchange.request(generation, &ids));
        assert_eq!(reply.status, exchange.status, "{place}: {}", reply.body);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        if generation == Generation::Today && exchange.step == OTHER_WORDS {
            let told = "Items can only be added in Created state";
            assert_eq!(body["error"]["status"][0], told, "{place}");
            continue;
        }
        ids.learn(&exchange.response, &body);
        let expected = ids.translate(&exchange.response.to_string());
        assert_eq!(body.to_string(), expected, "{place}");
        check_fields(generation, exchange, &reply, &place);
    }
}

/// Names in their order, and every value but the date's.
fn check_fields(generation: Generation, exchange: &Exchange, reply: &Reply, place: &str) {
    let names = exchange.response_headers.keys().map(String::as_str);
    let id = (generation == Generation::Today).then_some("x-request-id");
    let mut names: Vec<&str> = names.chain(id).collect();
    let mut ours = reply.names();
    names.sort_unstable();
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
            client.write(&exchange.request(Generation::Five, &ids));
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
