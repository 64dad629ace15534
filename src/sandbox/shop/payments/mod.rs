//! Payments: payments with their refunds, and invoices.

mod bodies;
mod invoice;
mod invoice_commands;
mod payment;
mod payment_commands;
mod views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{GATEWAY, NEW_INVOICE, NEW_PAYMENT, NEW_REFUND, REFUND_WEBHOOK, VOID_REASON, WEBHOOK};

pub use invoice::Invoice;
pub use payment::Payment;
pub use payment_commands::refund;
pub use views::paid_for;

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "POST",
        &["payments"],
        Some(&NEW_PAYMENT),
        payment_commands::initiate,
    ),
    Endpoint {
        signed: true,
        ..endpoint(
            "POST",
            &["payments", "webhook"],
            Some(&WEBHOOK),
            payment_commands::process_webhook,
        )
    },
    endpoint(
        "POST",
        &["payments", ID, "retry"],
        None,
        payment_commands::retry,
    ),
    endpoint(
        "POST",
        &["payments", ID, "refund"],
        Some(&NEW_REFUND),
        payment_commands::request_refund,
    ),
    Endpoint {
        signed: true,
        ..endpoint(
            "POST",
            &["payments", "refund", "webhook"],
            Some(&REFUND_WEBHOOK),
            payment_commands::process_refund_webhook,
        )
    },
    endpoint(
        "POST",
        &["payments", "gateway", "configure"],
        Some(&GATEWAY),
        payment_commands::configure_gateway,
    ),
    endpoint(
        "POST",
        &["invoices"],
        Some(&NEW_INVOICE),
        invoice_commands::generate,
    ),
    endpoint(
        "PUT",
        &["invoices", ID, "void"],
        Some(&VOID_REASON),
        invoice_commands::void,
    ),
];

/// What today's shop has besides.
pub const READS: &[Endpoint] = &[endpoint("GET", &["payments", ID], None, views::read)];
