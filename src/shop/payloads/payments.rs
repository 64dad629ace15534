//! Ready-made bodies of the Payments domain.

use super::source::{BODIES, PayloadSource, each, fixed};
use crate::engine::Arena;
use crate::shop::generators::money::Cents;
use crate::shop::generators::ordering::Bill;
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
    /// `POST /payments`; id 0 = `order_id`, id 1 = `customer_id`.
    pub customer_payments: Arena,
    /// `POST /payments` over the order's total; id 0 = `order_id`, id 1 = `customer_id`.
    /// Index-matched with `customer_orders` of the Ordering domain.
    pub order_total_payments: Arena,
    /// `POST /payments`; id 0 = `idempotency_key`.
    pub keyed_payments: Arena,
    /// `POST /payments/webhook` after a success; id 0 = `payment_id`.
    pub successes: Arena,
    /// `POST /payments/webhook` after a failure; id 0 = `payment_id`. Body `i` of 4 has the
    /// `i`-th reason.
    pub failures: Arena,
    /// `POST /payments/refund/webhook`; id 0 = `payment_id`, id 1 = `refund_id`.
    pub refund_confirmations: Arena,
    /// `POST /invoices`
    pub invoices: Arena,
    /// `POST /invoices`; id 0 = `order_id`, id 1 = `customer_id`.
    pub order_invoices: Arena,
    /// `PUT /invoices/{id}/void`
    pub invoice_void: Arena,
}

impl PaymentsBodies {
    /// `bills` are those of `customer_orders` of the Ordering domain.
    pub(super) fn new(source: PayloadSource<'_>, bills: &[Bill]) -> Self {
        let run_id = source.run_id;
        let totals: Vec<Cents> = bills.iter().map(Bill::total).collect();
        let amounts = amounts(source, "payment_amounts");
        let pay = |kind, amounts: &[Cents], ids| {
            source.drawn_for(kind, amounts, |amount, rng, body| {
                payments::payment(*amount, ids, rng, run_id, body);
            })
        };
        let pay_anything = |kind, ids| {
            source.drawn(kind, |rng, body| {
                let amount = Cents::drawn(rng, PAYMENT_CENTS);
                payments::payment(amount, ids, rng, run_id, body);
            })
        };
        Self {
            payments: pay("payments", &amounts, PayerIds::MADE_UP),
            refunds: each(&amounts, |amount, body| payments::refund(*amount, body)),
            order_payments: pay_anything("order_payments", PayerIds::OF_ORDER),
            customer_payments: pay_anything("customer_payments", PayerIds::GIVEN),
            order_total_payments: pay("order_total_payments", &totals, PayerIds::GIVEN),
            keyed_payments: source.drawn("keyed_payments", |rng, body| {
                payments::keyed_payment(Cents::drawn(rng, PAYMENT_CENTS), rng, body);
            }),
            successes: fixed(|body| payments::success(run_id, body)),
            failures: each(&FAILURE_REASONS, |reason, body| {
                payments::failure(reason, run_id, body);
            }),
            refund_confirmations: fixed(|body| payments::refund_confirmation(run_id, body)),
            invoices: source.drawn("invoices", |rng, body| {
                payments::invoice(PayerIds::MADE_UP, rng, body);
            }),
            order_invoices: source.drawn("order_invoices", |rng, body| {
                payments::invoice(PayerIds::GIVEN, rng, body);
            }),
            invoice_void: fixed(payments::invoice_void),
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
