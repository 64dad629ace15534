//! The exchanges recorded on today's ShopStream, replayed against the sandbox in their order, as
//! far as they belong to the contexts that it serves: the same status, the same header fields, the
//! same body, byte for byte but for dates and identifiers.
//!
//! `data/recorded_exchanges_today.jsonl` has a line an exchange: first those of a shop without
//! engines, then (`engines`) those of one with all eight, as the shop at commit 9688fde answered
//! them with one API worker.

use crate::recorded_ids::{Ids, is_uuid_4};
use crate::sandbox_client::Reply;
use crate::wires::{Wire, WiredSandbox};
use serde::Deserialize;
use serde_json::Value;
use shopblast::sandbox::{DOMAINS, DrainRate, PipelineConfig, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::collections::BTreeMap;
use std::time::Duration;

const RECORDED: &str = include_str!("../data/recorded_exchanges_today.jsonl");

/// How often an answer is waited for that engines have to bring about, and how long each time.
const TRIES: usize = 3_000;
const PAUSE: Duration = Duration::from_millis(5);

/// Exchanges that are not sent, with the reason.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("CustomerReads", "get_at_once", SOON),
    ("OrderReads", "get_at_once", SOON),
    ("PaymentReads", "get_at_once", SOON),
    ("FulfillmentDrivesOrder", "order_shipped", FULFILLMENT),
    ("FulfillmentDrivesOrder", "order_delivered", FULFILLMENT),
    (
        "FulfillmentDrivesOrder",
        "deliver_order_directly",
        FULFILLMENT,
    ),
    ("OrderReturnRefunds", "return_request", FULFILLMENT),
    ("OrderReturnRefunds", "return_approve", FULFILLMENT),
    ("OrderReturnRefunds", "return_record", FULFILLMENT),
    ("OrderReturnRefunds", "payment_after_return", FULFILLMENT),
];
const SOON: &str = "whether a read comes before the projectors is a matter of time; see \
                    `reads_wait_for_the_engines` in sandbox_today.rs";
const FULFILLMENT: &str = "the order has got so far by operations of fulfillment";

/// Exchanges that are sent, but whose bodies are not compared as they stand, with the reason.
const COMPARED_OTHERWISE: &[(&str, &str, &str)] = &[
    (
        "OrderItemsOnlyCreated",
        "cancel_processing",
        "the states come in an order that differs between processes",
    ),
    (
        "OrderReads",
        "timeline",
        "some entries are dated by the projector, so that their order is a matter of time",
    ),
    (
        "ExpireReservations",
        "expire_minus_60",
        "it counts reservations of journeys of fulfillment, too",
    ),
];

#[derive(Deserialize)]
struct Exchange {
    journey: String,
    step: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    status: u16,
    response_headers: BTreeMap<String, String>,
    response: String,
    #[serde(default)]
    engines: bool,
}

impl Exchange {
    fn is_in(&self, list: &[(&str, &str, &str)]) -> bool {
        let mut list = list.iter();
        list.any(|(journey, step, _)| *journey == self.journey && *step == self.step)
    }

    /// The request, with identifiers of this sandbox in the place of the recorded ones.
    fn request(&self, ids: &Ids) -> Vec<u8> {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = self.body.as_deref().unwrap_or_default();
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        // All identifiers are of the same length, so that the content length stays right.
        ids.translate(&request).into_bytes()
    }

    /// What is different in a reply; identifiers that it gives out for the first time are learned.
    fn difference(&self, reply: &Reply, ids: &mut Ids) -> Result<(), String> {
        if reply.status != self.status {
            return Err(format!("{} instead of {}", reply.status, self.status));
        }
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        if let (Some(recorded), Some(ours)) = (read(&self.response), read(&reply.body)) {
            ids.learn(&recorded, &ours);
        }
        let [expected, ours] = [&ids.translate(&self.response), &reply.body].map(|body| {
            let mut pieces: Vec<&str> = without_times(body);
            if self.is_in(COMPARED_OTHERWISE) {
                // What is left is the same in another order, or a number.
                pieces = pieces
                    .into_iter()
                    .flat_map(|piece| piece.split([' ', ',', '"', '0', '1', '2', '3', '4']))
                    .collect();
                pieces.sort_unstable();
            }
            pieces.join("\"")
        });
        if expected != ours {
            return Err(format!("{ours}\ninstead of\n{expected}"));
        }
        Ok(())
    }

    /// Names of header fields, and every value but the date's and the request's identifier.
    fn check_fields(&self, reply: &Reply, place: &str) {
        let names: Vec<&str> = self.response_headers.keys().map(String::as_str).collect();
        let mut ours = reply.names();
        ours.sort_unstable();
        assert_eq!(ours, names, "{place}");
        for (name, value) in &self.response_headers {
            let field = reply.field(name);
            match name.as_str() {
                "date" => {}
                "x-request-id" => assert!(field.is_some_and(is_uuid_4), "{place}: {field:?}"),
                // The times of projections have six digits behind the point, but for one in a
                // million.
                "content-length" if self.engines => {}
                _ => assert_eq!(field, Some(value.as_str()), "{place}: {name}"),
            }
        }
    }
}

/// The pieces between quotes, with times made the same.
fn without_times(body: &str) -> Vec<&str> {
    let is_time = |piece: &str| {
        let mut digits = piece.bytes().filter(u8::is_ascii_digit);
        let form: String = piece
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect();
        matches!(form.as_str(), "-- ::" | "-- ::.") && digits.by_ref().count() >= 14
    };
    let pieces = body.split('"');
    pieces
        .map(|piece| if is_time(piece) { "time" } else { piece })
        .collect()
}

fn recorded(engines: bool) -> Vec<Exchange> {
    let exchanges = RECORDED
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    exchanges
        .filter(|exchange: &Exchange| exchange.engines == engines)
        .collect()
}

fn shop(engines: u32, per_s: f64, wire: Wire) -> WiredSandbox {
    let config = ShopConfig {
        generation: Generation::Today,
        retain: 10_000,
        pipeline: PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate: DrainRate::per_s(per_s).unwrap(),
        },
        ..ShopConfig::default()
    };
    WiredSandbox::start(SandboxMode::Shop(config), wire)
}

/// Replays the exchanges; how many were sent, and how many left out. What depends on engines is
/// asked for until it comes.
fn replay(sandbox: &WiredSandbox, exchanges: &[Exchange]) -> (usize, usize) {
    let mut client = sandbox.connect();
    let mut ids = Ids::default();
    let (mut sent, mut left_out) = (0, 0);
    for exchange in exchanges {
        let place = format!("{}, {}", exchange.journey, exchange.step);
        if exchange.is_in(LEFT_OUT) {
            left_out += 1;
            continue;
        }
        let tries = if exchange.engines { TRIES } else { 1 };
        let mut outcome = Err(String::new());
        for attempt in 0..tries {
            if attempt > 0 {
                std::thread::sleep(PAUSE);
            }
            let reply = client.exchange(&exchange.request(&ids));
            if reply.status == 500 && sandbox.ends_by_a_crash() {
                client = sandbox.connect();
            }
            // A try that failed has taught nothing.
            let known = ids.count();
            outcome = exchange.difference(&reply, &mut ids);
            if outcome.is_ok() {
                exchange.check_fields(&reply, &place);
                break;
            }
            ids.forget_after(known);
            if exchange.method != "GET" && reply.status < 300 {
                break;
            }
        }
        if let Err(difference) = outcome {
            panic!("{place}: {difference}");
        }
        sent += 1;
    }
    (sent, left_out)
}

#[test]
fn without_engines_every_recorded_exchange_comes_out_the_same() {
    for wire in Wire::ALL {
        let sandbox = shop(0, 8.0, wire);
        assert_eq!(replay(&sandbox, &recorded(false)), (96, 0), "{wire:?}");
    }
}

#[test]
fn with_engines_recorded_exchanges_come_out_the_same() {
    for wire in Wire::ALL {
        let sandbox = shop(1, 200.0, wire);
        let replayed = replay(&sandbox, &recorded(true));
        assert_eq!(replayed, (150, LEFT_OUT.len()), "{wire:?}");
    }
}

/// Every exception is there for an exchange.
#[test]
fn no_exception_is_for_nothing() {
    let exchanges: Vec<Exchange> = recorded(false).into_iter().chain(recorded(true)).collect();
    for one in LEFT_OUT.iter().chain(COMPARED_OTHERWISE) {
        let mut exchanges = exchanges.iter();
        assert!(exchanges.any(|exchange| exchange.is_in(&[*one])), "{one:?}");
    }
}
