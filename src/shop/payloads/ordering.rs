//! Ready-made bodies of the Ordering domain.

use super::source::{PayloadSource, each, fixed};
use crate::engine::Arena;
use crate::shop::generators::fulfilment;
use crate::shop::generators::ids::IdSource;
use crate::shop::generators::money::Cents;
use crate::shop::generators::ordering::{self, Bill, Goods};
use std::ops::RangeInclusive;

/// What the suite's order journey pays, whatever the order comes to: 29.99 to 299.99.
const PAID_CENTS: RangeInclusive<u32> = 2_999..=29_999;
/// What its other journeys pay: 29.99 to 199.99.
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
    /// `POST /orders` with 2 items of one product; id 0 = `customer_id`, id 1 = `product_id`,
    /// id 2 = `sku` and `variant_id`. Index-matched with `customer_order_payments` and with
    /// `order_total_payments` of the Payments domain.
    pub customer_orders: Arena,
    /// `PUT /orders/{id}/payment/success` over the order's total; id 0 = `payment_id`.
    /// Index-matched with `customer_orders`.
    pub customer_order_payments: Arena,
    /// `POST /orders` with 2 items; id 0 = `customer_id`.
    pub known_customer_orders: Arena,
    /// `POST /orders/{id}/items`
    pub order_items: Arena,
    /// `PUT /orders/{id}/payment/pending`; id 0 = `payment_id`.
    pub payment_pendings: Arena,
    /// `PUT /orders/{id}/payment/success` over 29.99 to 299.99; id 0 = `payment_id`.
    pub payment_successes: Arena,
    /// `PUT /orders/{id}/payment/success` over 29.99 to 199.99; id 0 = `payment_id`.
    pub lower_payment_successes: Arena,
    /// `PUT /orders/{id}/payment/failure`; id 0 = `payment_id`.
    pub payment_failures: Arena,
    /// `PUT /orders/{id}/ship`
    pub shipments: Arena,
    /// `PUT /orders/{id}/return/request`
    pub return_requests: Arena,
    /// `PUT /orders/{id}/return/record`
    pub return_records: Arena,
    /// `PUT /orders/{id}/items/{id}/quantity`
    pub single_quantity: Arena,
    /// `PUT /orders/{id}/cancel` because the customer changed their mind.
    pub customer_cancellation: Arena,
    /// `PUT /orders/{id}/cancel` because nothing is left.
    pub out_of_stock_cancellation: Arena,
    /// `PUT /orders/{id}/cancel` because the payment failed.
    pub payment_failed_cancellation: Arena,
    /// `PUT /orders/{id}/refund` over everything.
    pub full_refund: Arena,
}

impl OrderingBodies {
    /// `bills` are those of `customer_orders`.
    pub(super) fn new(source: PayloadSource<'_>, bills: &[Bill]) -> Self {
        let run_id = source.run_id;
        let customer_goods = Goods::Given { product: 1, sku: 2 };
        Self {
            carts: source.drawn("carts", ordering::cart),
            cart_items: source.drawn("cart_items", |rng, body| {
                ordering::cart_item(rng, run_id, body);
            }),
            checkouts: source.drawn("checkouts", ordering::checkout),
            orders: orders(source, "orders", 2, IdSource::MadeUp),
            orders_of_three: orders(source, "orders_of_three", 3, IdSource::MadeUp),
            customer_orders: source.drawn_for("customer_orders", bills, |bill, rng, body| {
                ordering::order(bill, IdSource::Given(0), customer_goods, rng, run_id, body);
            }),
            customer_order_payments: each(bills, |bill, body| {
                fulfilment::payment_success(bill.total(), body);
            }),
            known_customer_orders: orders(source, "known_customer_orders", 2, IdSource::Given(0)),
            order_items: source.drawn("order_items", |rng, body| {
                ordering::order_item(rng, run_id, body);
            }),
            payment_pendings: fixed(fulfilment::payment_pending),
            payment_successes: paid(source, "payment_successes", PAID_CENTS),
            lower_payment_successes: paid(source, "lower_payment_successes", LOWER_PAID_CENTS),
            payment_failures: fixed(fulfilment::payment_failure),
            shipments: source.drawn("shipments", |rng, body| {
                fulfilment::shipment(rng, run_id, body);
            }),
            return_requests: fixed(fulfilment::return_request),
            return_records: fixed(fulfilment::return_record),
            single_quantity: fixed(fulfilment::single_quantity),
            customer_cancellation: fixed(|body| {
                fulfilment::cancellation("Changed my mind", "customer", body);
            }),
            out_of_stock_cancellation: fixed(|body| {
                fulfilment::cancellation("Out of stock", "system", body);
            }),
            payment_failed_cancellation: fixed(|body| {
                fulfilment::cancellation("Payment failed", "system", body);
            }),
            full_refund: fixed(fulfilment::full_refund),
        }
    }
}

/// Orders of made-up goods.
fn orders(source: PayloadSource<'_>, kind: &str, items: usize, customer: IdSource) -> Arena {
    source.drawn_large(kind, |rng, body| {
        let bill = Bill::drawn(rng, items);
        ordering::order(&bill, customer, Goods::MadeUp, rng, source.run_id, body);
    })
}

/// Payments of random amounts.
fn paid(source: PayloadSource<'_>, kind: &str, cents: RangeInclusive<u32>) -> Arena {
    source.drawn(kind, |rng, body| {
        fulfilment::payment_success(Cents::drawn(rng, cents.clone()), body);
    })
}
