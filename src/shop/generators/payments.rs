//! Bodies of the Payments domain.
//!
//! Limits of the shop: `order_id`, `customer_id` any text; amounts > 0; `currency` ≤ 3 characters;
//! `payment_method_type`, `gateway_status` ≤ 50; `last4` ≤ 4; `idempotency_key`,
//! `gateway_transaction_id` ≤ 255; `failure_reason` ≤ 500.

use super::ids::{IdSource, id_member, unique_id_member};
use super::money::{CURRENCY, Cents};
use super::ordering::PAYMENT_METHODS;
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;
use std::ops::RangeInclusive;

/// Why gateways refuse.
pub const FAILURE_REASONS: [&str; 4] = [
    "Card declined",
    "Insufficient funds",
    "Card expired",
    "Processing error",
];

/// From 19.99 to 499.99.
pub const PAYMENT_CENTS: RangeInclusive<u32> = 1_999..=49_999;
/// Who pays for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayerIds {
    pub order: IdSource,
    pub customer: IdSource,
}

impl PayerIds {
    /// Order and customer are made up.
    pub const MADE_UP: Self = Self {
        order: IdSource::MadeUp,
        customer: IdSource::MadeUp,
    };
    /// A made-up customer pays the order `id 0`.
    pub const OF_ORDER: Self = Self {
        order: IdSource::Given(0),
        customer: IdSource::MadeUp,
    };
}

/// A payment of `amount` under a key that no other has.
pub fn payment(
    amount: Cents,
    ids: PayerIds,
    rng: &mut Rng,
    run_id: &RunId,
    body: &mut BodyWriter<'_>,
) {
    body.object(|body| {
        payment_members(amount, ids, rng, body);
        unique_id_member("idempotency_key", "idem-", run_id, body);
    });
}

/// A payment of `amount` under the key `id 0`.
pub fn keyed_payment(amount: Cents, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        payment_members(amount, PayerIds::MADE_UP, rng, body);
        body.id_member("idempotency_key", 0);
    });
}

/// The gateway took the payment `id 0`.
pub fn success(run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| webhook_members("succeeded", run_id, body));
}

/// The gateway refused the payment `id 0`.
pub fn failure(reason: &str, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        webhook_members("failed", run_id, body);
        body.member("failure_reason", reason);
    });
}

/// The customer wants `amount` back.
pub fn refund(amount: Cents, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("amount", amount);
        body.member("reason", "Customer requested cancellation");
    });
}

/// The gateway paid the refund `id 1` of the payment `id 0`.
pub fn refund_confirmation(run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("payment_id", 0);
        body.id_member("refund_id", 1);
        unique_id_member("gateway_refund_id", "gref-", run_id, body);
    });
}

fn payment_members(amount: Cents, ids: PayerIds, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    payer_members(ids, rng, body);
    body.member("amount", amount);
    body.member("currency", CURRENCY);
    body.member("payment_method_type", words::choose(rng, &PAYMENT_METHODS));
    body.member("last4", rng.u32(1_000..=9_999).to_string());
}

fn payer_members(ids: PayerIds, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    id_member(rng, "order_id", "ord-", ids.order, body);
    id_member(rng, "customer_id", "cust-", ids.customer, body);
}

fn webhook_members(status: &str, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.id_member("payment_id", 0);
    unique_id_member("gateway_transaction_id", "gtx-", run_id, body);
    body.member("gateway_status", status);
}
