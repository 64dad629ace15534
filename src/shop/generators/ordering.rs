//! Carts and orders of the Ordering domain, up to the moment an order is placed.
//!
//! Limits of the shop: ids any text; `quantity` ≥ 1; `unit_price` ≥ 0; `sku` ≤ 50 characters;
//! `title` ≤ 255; `currency` ≤ 3; addresses as everywhere.

use super::ids::{IdSource, id_member, unique_id_member};
use super::money::{CURRENCY, Cents};
use super::place::place_members;
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;
use std::ops::RangeInclusive;

/// How customers pay.
pub const PAYMENT_METHODS: [&str; 3] = ["credit_card", "debit_card", "wallet"];

/// From 9.99 to 199.99.
const UNIT_PRICE_CENTS: RangeInclusive<u32> = 999..=19_999;
/// Up to 15.99.
const SHIPPING_CENTS: RangeInclusive<u32> = 0..=1_599;
/// Up to 25.00.
const TAX_CENTS: RangeInclusive<u32> = 0..=2_500;
/// No order has a discount.
const DISCOUNT: Cents = Cents(0);

/// What an order comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    lines: Vec<OrderedPieces>,
    shipping_cost: Cents,
    tax_total: Cents,
}

/// Some pieces of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OrderedPieces {
    quantity: u32,
    unit_price: Cents,
}

impl Bill {
    /// A bill over `items` items.
    pub fn drawn(rng: &mut Rng, items: usize) -> Self {
        Self {
            lines: (0..items).map(|_| OrderedPieces::drawn(rng)).collect(),
            shipping_cost: Cents::drawn(rng, SHIPPING_CENTS),
            tax_total: Cents::drawn(rng, TAX_CENTS),
        }
    }
}

impl OrderedPieces {
    fn drawn(rng: &mut Rng) -> Self {
        Self {
            quantity: rng.u32(1..=5),
            unit_price: Cents::drawn(rng, UNIT_PRICE_CENTS),
        }
    }
}

/// A cart of a made-up customer.
pub fn cart(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| id_member(rng, "customer_id", "cust-", IdSource::MadeUp, body));
}

/// Some pieces of a product that no other cart has: the shop would add the pieces of two equal
/// items up instead of adding a second one.
pub fn cart_item(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        unique_id_member("product_id", "prod-", run_id, body);
        id_member(rng, "variant_id", "var-", IdSource::MadeUp, body);
        body.member("quantity", rng.u32(1..=3));
    });
}

/// Where the goods and the invoice go, and how they are paid.
pub fn checkout(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.object_member("shipping", |body| place_members(rng, body));
        body.object_member("billing", |body| place_members(rng, body));
        body.member("payment_method", words::choose(rng, &PAYMENT_METHODS));
    });
}

/// An order of a made-up customer for what `bill` says.
pub fn order(bill: &Bill, rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        id_member(rng, "customer_id", "cust-", IdSource::MadeUp, body);
        body.array_member("items", |body| {
            for line in &bill.lines {
                body.element(|body| item_members(*line, rng, run_id, body));
            }
        });
        body.object_member("shipping_address", |body| place_members(rng, body));
        body.object_member("billing_address", |body| place_members(rng, body));
        body.member("shipping_cost", bill.shipping_cost);
        body.member("tax_total", bill.tax_total);
        body.member("discount_total", DISCOUNT);
        body.member("currency", CURRENCY);
    });
}

/// One more item of an order.
pub fn order_item(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    let line = OrderedPieces::drawn(rng);
    body.object(|body| item_members(line, rng, run_id, body));
}

/// A made-up product under a SKU that no other item has.
fn item_members(line: OrderedPieces, rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    id_member(rng, "product_id", "prod-", IdSource::MadeUp, body);
    id_member(rng, "variant_id", "var-", IdSource::MadeUp, body);
    unique_id_member("sku", "ORD-", run_id, body);
    body.member("title", words::two_words(rng));
    body.member("quantity", line.quantity);
    body.member("unit_price", line.unit_price);
}
