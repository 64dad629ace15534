//! Bodies of the Payments domain keep the contract.

use super::limits::{Field, Fields, Limit};
use super::{Kind, PAYLOADS, bodies, cents, kind, picked_share};
use crate::shop::payloads::PaymentsBodies;

const ORDER: Limit = Limit::Hex("ord-", 8);
const CUSTOMER: Limit = Limit::Hex("cust-", 8);
const KEY: Limit = Limit::Unique("idem-", "");
/// What payments of no order in particular come to.
const ANY_AMOUNT: Limit = Limit::Decimal(19.99, 499.99, 2);
const fn payment(order: Limit, customer: Limit, amount: Limit, key: Limit) -> [Field; 7] {
    [
        ("order_id", order),
        ("customer_id", customer),
        ("amount", amount),
        ("currency", Limit::Is("USD")),
        (
            "payment_method_type",
            Limit::OneOf(&["credit_card", "debit_card", "wallet"]),
        ),
        ("last4", Limit::That(is_last4)),
        ("idempotency_key", key),
    ]
}

fn is_last4(text: &str) -> bool {
    text.len() == 4 && (1_000..=9_999).contains(&text.parse::<u32>().unwrap())
}

const PAYMENT: Fields = &payment(ORDER, CUSTOMER, ANY_AMOUNT, KEY);
const ORDER_PAYMENT: Fields = &payment(Limit::Given(0), CUSTOMER, ANY_AMOUNT, KEY);
const KEYED_PAYMENT: Fields = &payment(ORDER, CUSTOMER, ANY_AMOUNT, Limit::Given(0));

const REFUND: Fields = &[
    ("amount", ANY_AMOUNT),
    ("reason", Limit::Is("Customer requested cancellation")),
];

const PAYMENT_ID: Field = ("payment_id", Limit::Given(0));
const TRANSACTION: Field = ("gateway_transaction_id", Limit::Unique("gtx-", ""));
const SUCCESS: Fields = &[
    PAYMENT_ID,
    TRANSACTION,
    ("gateway_status", Limit::Is("succeeded")),
];
const FAILURE: Fields = &[
    PAYMENT_ID,
    TRANSACTION,
    ("gateway_status", Limit::Is("failed")),
    (
        "failure_reason",
        Limit::OneOf(&[
            "Card declined",
            "Insufficient funds",
            "Card expired",
            "Processing error",
        ]),
    ),
];
const REFUND_CONFIRMATION: Fields = &[
    PAYMENT_ID,
    ("refund_id", Limit::Given(1)),
    ("gateway_refund_id", Limit::Unique("gref-", "")),
];

/// Every kind of body and its limits.
pub fn kinds(payments: &PaymentsBodies) -> Vec<Kind<'_>> {
    let PaymentsBodies {
        payments,
        refunds,
        order_payments,
        keyed_payments,
        successes,
        failures,
        refund_confirmations,
    } = payments;
    vec![
        kind("payments", payments, PAYMENT),
        kind("refunds", refunds, REFUND),
        kind("order_payments", order_payments, ORDER_PAYMENT),
        kind("keyed_payments", keyed_payments, KEYED_PAYMENT),
        kind("successes", successes, SUCCESS),
        kind("failures", failures, FAILURE),
        kind(
            "refund_confirmations",
            refund_confirmations,
            REFUND_CONFIRMATION,
        ),
    ]
}

#[test]
fn a_refund_gives_the_whole_payment_back() {
    let payments: Vec<_> = bodies(&PAYLOADS.payments.payments).collect();
    let refunds: Vec<_> = bodies(&PAYLOADS.payments.refunds).collect();
    assert_eq!(payments.len(), refunds.len());
    for (payment, refund) in payments.iter().zip(&refunds) {
        assert_eq!(cents(&payment["amount"]), cents(&refund["amount"]));
    }
}

#[test]
fn reasons_are_spread_evenly() {
    let reasons = [
        "Card declined",
        "Insufficient funds",
        "Card expired",
        "Processing error",
    ];
    for reason in reasons {
        let share = picked_share(&PAYLOADS.payments.failures, |body| {
            body["failure_reason"] == reason
        });
        assert!((share - 0.25).abs() < 0.03, "{reason}: {share}");
    }
}
