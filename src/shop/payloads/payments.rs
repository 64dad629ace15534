//! Ready-made bodies of the Payments domain.

use super::source::{BODIES, PayloadSource, each, fixed};
use crate::engine::Arena;
use crate::shop::generators::money::Cents;
use crate::shop::generators::payments::{self, FAILURE_REASONS, PAYMENT_CENTS, PayerIds};

/// Bodies of the Payments domain.
#[derive(Debug)]
pub struct PaymentsBodies {
    /// `POST /payments`. Index-matched with `refunds`.
    pub payments: Arena,
    /// `POST /payments/{id}/refund` over the whole payment. Index-matched with `payments`.
    pub refunds: Arena,
    /// `POST /payments`; id 0 = `order_id`.
    pub order_payments: Arena,
    /// `POST /payments`; id 0 = `idempotency_key`.
    pub keyed_payments: Arena,
    /// `POST /payments/webhook` after a success; id 0 = `payment_id`.
    pub successes: Arena,
    /// `POST /payments/webhook` after a failure; id 0 = `payment_id`. Body `i` of 4 has the
    /// `i`-th reason.
    pub failures: Arena,
    /// `POST /payments/refund/webhook`; id 0 = `payment_id`, id 1 = `refund_id`.
    pub refund_confirmations: Arena,
}

impl PaymentsBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        let amounts = amounts(source, "payment_amounts");
        Self {
            payments: source.drawn_for("payments", &amounts, |amount, rng, body| {
                payments::payment(*amount, PayerIds::MADE_UP, rng, run_id, body);
            }),
            refunds: each(&amounts, |amount, body| payments::refund(*amount, body)),
            order_payments: source.drawn("order_payments", |rng, body| {
                let amount = Cents::drawn(rng, PAYMENT_CENTS);
                payments::payment(amount, PayerIds::OF_ORDER, rng, run_id, body);
            }),
            keyed_payments: source.drawn("keyed_payments", |rng, body| {
                payments::keyed_payment(Cents::drawn(rng, PAYMENT_CENTS), rng, body);
            }),
            successes: fixed(|body| payments::success(run_id, body)),
            failures: each(&FAILURE_REASONS, |reason, body| {
                payments::failure(reason, run_id, body);
            }),
            refund_confirmations: fixed(|body| payments::refund_confirmation(run_id, body)),
        }
    }
}

/// The amounts of a kind's payments.
fn amounts(source: PayloadSource<'_>, kind: &str) -> Vec<Cents> {
    let mut rng = source.stream(kind);
    (0..source.count_of(BODIES))
        .map(|_| Cents::drawn(&mut rng, PAYMENT_CENTS))
        .collect()
}
