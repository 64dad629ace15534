//! What journeys send: the bodies by operation, and the extremes of their fields.
//!
//! A shop that has become stricter matters only where what is sent no longer passes.

use super::operations::canonical_path;
use super::steps::STEPS;
use super::{ShopScript, Supplies};
use crate::engine::{Arena, Id, Operation, Script, Values};
use crate::plan::UniqueNumbers;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Different values of a field that are kept.
const VALUES_KEPT: usize = 64;
/// As long as the ids of the shop: a UUID.
const AN_ID: &[u8] = b"01234567-89ab-4cde-8f01-23456789abcd";
/// Most ids that a body takes.
const IDS: usize = 3;

/// What the bodies of one operation hold, by field: `items[].quantity`.
#[derive(Debug, Default)]
pub struct Sent {
    bodies: u64,
    fields: BTreeMap<String, SentField>,
}

/// What was seen of a field.
#[derive(Clone, Debug, Default)]
pub struct SentField {
    /// Times that it was there.
    count: u64,
    /// JSON types of its values; whole numbers are `integer`.
    pub types: BTreeSet<&'static str>,
    /// Shortest and longest text, in characters.
    pub characters: Option<(f64, f64)>,
    /// Smallest and largest number.
    pub numbers: Option<(f64, f64)>,
    /// Shortest and longest list.
    pub elements: Option<(f64, f64)>,
    /// Some of its values, as JSON text.
    pub values: BTreeSet<String>,
}

/// What one step of the journeys sends.
pub struct Sending<'a> {
    /// What it calls.
    pub operation: &'static Operation,
    /// Its path as descriptions of the shop write it.
    pub path: &'static str,
    /// Its bodies.
    bodies: Vec<&'a Arena>,
}

/// What journeys of `script` send that they cannot do without.
#[must_use]
pub fn sendings(script: &ShopScript) -> Vec<Sending<'_>> {
    let of_races = script
        .needed()
        .filter(|it| usize::from(it.index) < STEPS.len());
    let of_races = of_races.map(|step| {
        let (method, path) = (step.operation.method, step.operation.path);
        Sending {
            operation: step.operation,
            path: canonical_path(method, path),
            bodies: bodies_of(script.supplies(), method.word(), path),
        }
    });
    let of_files = script.files().sent();
    let of_files = of_files.map(|(operation, body)| Sending {
        operation,
        path: canonical_path(operation.method, operation.path),
        bodies: body.into_iter().collect(),
    });
    of_races.chain(of_files).collect()
}

impl Sending<'_> {
    /// Whether it goes to the operation with this method and path.
    #[must_use]
    pub fn is_to(&self, method: &str, path: &str) -> bool {
        self.operation.method.word() == method && self.path == path
    }
}

impl Sent {
    /// What journeys of `script` send to the operation with this method and path; `sendings` are theirs.
    #[must_use]
    pub fn to(script: &ShopScript, sendings: &[Sending<'_>], method: &str, path: &str) -> Self {
        let mut sent = Self::default();
        let an_id = Id::new(AN_ID).expect("a UUID is an id");
        let mut unique = UniqueNumbers::of_user(0);
        let mut values = Values::new(script.values());
        for position in 0..script.values() as u16 {
            values.set(position, AN_ID, false);
        }
        let mut body = Vec::new();
        let sendings = sendings.iter().filter(|it| it.is_to(method, path));
        for arena in sendings.flat_map(|sending| &sending.bodies) {
            for index in 0..arena.len() {
                body.clear();
                arena.append(index, (&[an_id; IDS], &values), &mut unique, &mut body);
                if let Ok(value) = serde_json::from_slice(&body) {
                    sent.bodies += 1;
                    sent.add_members("", &value);
                }
            }
        }
        sent
    }

    /// Whether there is a body at all.
    #[must_use]
    pub fn has_bodies(&self) -> bool {
        self.bodies > 0
    }

    /// What is sent in `field`, or `None` when it never is.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&SentField> {
        self.fields.get(field)
    }

    /// Whether every body, or every object around it, has `field`.
    #[must_use]
    pub fn always_has(&self, field: &str) -> bool {
        let Some(sent) = self.fields.get(field) else {
            return false;
        };
        let around = match field.rsplit_once('.') {
            Some((around, _)) => self.fields.get(around).map_or(0, |around| around.count),
            None => self.bodies,
        };
        sent.count >= around
    }

    fn add_members(&mut self, place: &str, value: &Value) {
        for (name, member) in value.as_object().into_iter().flatten() {
            let named = match place.is_empty() {
                true => name.clone(),
                false => format!("{place}.{name}"),
            };
            self.add(&named, member);
        }
    }

    fn add(&mut self, place: &str, value: &Value) {
        let seen = self.fields.entry(place.to_owned()).or_default();
        seen.count += 1;
        let json_type = json_type(value);
        seen.types.insert(json_type);
        match value {
            Value::String(text) => widen(&mut seen.characters, text.chars().count() as f64),
            Value::Number(number) => widen(&mut seen.numbers, number.as_f64().unwrap_or_default()),
            Value::Array(elements) => widen(&mut seen.elements, elements.len() as f64),
            _ => {}
        }
        if !value.is_object() && !value.is_array() && seen.values.len() < VALUES_KEPT {
            seen.values.insert(value.to_string());
        }
        self.add_members(place, value);
        for element in value.as_array().into_iter().flatten() {
            self.add(&format!("{place}[]"), element);
        }
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn widen(range: &mut Option<(f64, f64)>, value: f64) {
    let (least, most) = range.unwrap_or((value, value));
    *range = Some((least.min(value), most.max(value)));
}

/// The bodies that races send to an operation. Those of probes that are meant to be refused are left out.
fn bodies_of<'a>(supplies: &'a Supplies, method: &str, path: &str) -> Vec<&'a Arena> {
    let payloads = &supplies.payloads;
    let (identity, ordering) = (&payloads.identity, &payloads.ordering);
    let (inventory, payments) = (&payloads.inventory, &payloads.payments);
    match (method, path) {
        ("POST", "/customers") => {
            vec![&identity.short_registrations, &identity.known_registrations]
        }
        ("POST", "/customers/{customer_id}/addresses") => vec![&identity.addresses],
        ("PUT", "/customers/{customer_id}/suspend") => vec![&identity.suspension],
        ("POST", "/carts") => vec![&ordering.carts],
        ("POST", "/carts/{cart_id}/items") => vec![&ordering.cart_items],
        ("POST", "/carts/{cart_id}/checkout") => vec![&ordering.checkouts],
        ("POST", "/orders") => vec![&ordering.orders, &ordering.orders_of_three],
        ("POST", "/orders/{order_id}/items") => vec![&ordering.order_items],
        ("PUT", "/orders/{order_id}/items/{item_id}/quantity") => vec![&ordering.single_quantity],
        ("PUT", "/orders/{order_id}/payment/pending") => vec![&ordering.payment_pendings],
        ("PUT", "/orders/{order_id}/payment/success") => vec![&ordering.lower_payment_successes],
        ("PUT", "/orders/{order_id}/return/record") => vec![&ordering.return_records],
        ("PUT", "/orders/{order_id}/cancel") => vec![&ordering.customer_cancellation],
        ("POST", "/warehouses") => vec![&inventory.warehouses],
        ("POST", "/inventory") => {
            vec![&supplies.flash_stocks, &inventory.warehouse_stocks_of_3]
        }
        ("POST", "/inventory/{inventory_item_id}/reserve") => vec![&inventory.flash_reservations],
        ("POST", "/payments") => vec![
            &payments.payments,
            &payments.order_payments,
            &payments.keyed_payments,
        ],
        ("POST", "/payments/{payment_id}/refund") => vec![&payments.refunds],
        ("POST", "/payments/webhook") => vec![&payments.successes, &payments.failures],
        ("POST", "/payments/refund/webhook") => vec![&payments.refund_confirmations],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::{Generation, Suite, used_operations};

    fn script(generation: Generation) -> ShopScript {
        ShopScript::of_all(generation).unwrap()
    }

    fn sent(generation: Generation, method: &str, path: &str) -> Sent {
        let script = script(generation);
        Sent::to(&script, &sendings(&script), method, path)
    }

    /// What is sent to each operation is what its generation asks for: so the table names the right
    /// bodies.
    #[test]
    fn bodies_are_those_of_their_operation() {
        for generation in Generation::ALL {
            let script = script(generation);
            let sendings = sendings(&script);
            let mut with_body = 0;
            for (method, path) in used_operations(Suite::of(generation)) {
                let contract = generation
                    .contract()
                    .operation(method.word(), path)
                    .unwrap();
                let sent = Sent::to(&script, &sendings, method.word(), path);
                let Some(body) = &contract.body else {
                    assert_eq!(sent.bodies, 0, "{path}");
                    continue;
                };
                assert!(sent.bodies > 0, "{path}");
                with_body += 1;
                for (name, field) in &body.fields {
                    let is_sent = sent.field(name).is_some();
                    assert!(
                        !field.is_required || sent.always_has(name),
                        "{path}: {name}"
                    );
                    let types = sent.field(name).map(|sent| sent.types.clone());
                    for json_type in types.into_iter().flatten() {
                        assert!(field.shape.takes(json_type), "{path}: {name} {json_type}");
                    }
                    assert!(is_sent || !field.is_required, "{path}: {name}");
                }
                let is_known = |field: &&String| {
                    let outer = field.split(['.', '[']).next().unwrap();
                    !body.fields.contains_key(outer)
                };
                let unknown: Vec<&String> = sent.fields.keys().filter(is_known).collect();
                assert!(unknown.is_empty(), "{path}: {unknown:?}");
            }
            assert!(with_body > 30, "{with_body}");
        }
    }

    #[test]
    fn extremes_are_those_of_all_bodies() {
        let sent = sent(Generation::Today, "PUT", "/customers/{customer_id}/tier");
        let tier = sent.field("new_tier").unwrap();
        assert_eq!(tier.characters, Some((4.0, 8.0)));
        assert!(tier.values.contains("\"Platinum\"") && tier.values.len() == 3);
        let orders = self::sent(Generation::Today, "POST", "/orders");
        assert_eq!(orders.field("items").unwrap().elements, Some((1.0, 3.0)));
        assert_eq!(
            orders.field("items[].quantity").unwrap().numbers,
            Some((1.0, 5.0))
        );
        assert!(orders.always_has("items[].quantity"));
    }
}
