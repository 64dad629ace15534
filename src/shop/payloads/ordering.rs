//! Ready-made bodies of the Ordering domain.

use super::source::{PayloadSource, fixed};
use crate::engine::Arena;
use crate::shop::generators::fulfilment;
use crate::shop::generators::money::Cents;
use crate::shop::generators::ordering::{self, Bill};
use std::ops::RangeInclusive;

/// What races pay, whatever the order comes to: 29.99 to 199.99.
const LOWER_PAID_CENTS: RangeInclusive<u32> = 2_999..=19_999;

/// Bodies of the Ordering domain.
#[derive(Debug)]
pub struct OrderingBodies {
    /// `POST /carts`
    pub carts: Arena,
    /// `POST /carts/{id}/items`
    pub cart_items: Arena,
    /// `POST /carts/{id}/checkout`
    pub checkouts: Arena,
    /// `POST /orders` with 2 items.
    pub orders: Arena,
    /// `POST /orders` with 3 items.
    pub orders_of_three: Arena,
    /// `POST /orders/{id}/items`
    pub order_items: Arena,
    /// `PUT /orders/{id}/payment/pending`; id 0 = `payment_id`.
    pub payment_pendings: Arena,
    /// `PUT /orders/{id}/payment/success` over 29.99 to 199.99; id 0 = `payment_id`.
    pub lower_payment_successes: Arena,
    /// `PUT /orders/{id}/return/record`
    pub return_records: Arena,
    /// `PUT /orders/{id}/items/{id}/quantity`
    pub single_quantity: Arena,
    /// `PUT /orders/{id}/cancel` because the customer changed their mind.
    pub customer_cancellation: Arena,
}

impl OrderingBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        Self {
            carts: source.drawn("carts", ordering::cart),
            cart_items: source.drawn("cart_items", |rng, body| {
                ordering::cart_item(rng, run_id, body);
            }),
            checkouts: source.drawn("checkouts", ordering::checkout),
            orders: orders(source, "orders", 2),
            orders_of_three: orders(source, "orders_of_three", 3),
            order_items: source.drawn("order_items", |rng, body| {
                ordering::order_item(rng, run_id, body);
            }),
            payment_pendings: fixed(fulfilment::payment_pending),
            lower_payment_successes: paid(source, "lower_payment_successes", LOWER_PAID_CENTS),
            return_records: fixed(fulfilment::return_record),
            single_quantity: fixed(fulfilment::single_quantity),
            customer_cancellation: fixed(|body| {
                fulfilment::cancellation("Changed my mind", "customer", body);
            }),
        }
    }
}

/// Orders of made-up goods.
fn orders(source: PayloadSource<'_>, kind: &str, items: usize) -> Arena {
    source.drawn_large(kind, |rng, body| {
        let bill = Bill::drawn(rng, items);
        ordering::order(&bill, rng, source.run_id, body);
    })
}

/// Payments of random amounts.
fn paid(source: PayloadSource<'_>, kind: &str, cents: RangeInclusive<u32>) -> Arena {
    source.drawn(kind, |rng, body| {
        fulfilment::payment_success(Cents::drawn(rng, cents.clone()), body);
    })
}
