//! Operations of the Payments domain.

use super::{act, contended, create, signed};
use crate::engine::Operation;

const WEBHOOK_PATH: &str = "/payments/webhook";
const REFUND_PATH: &str = "/payments/{payment_id}/refund";
const REFUND_WEBHOOK_PATH: &str = "/payments/refund/webhook";

/// Raises `Payments.PaymentInitiated`.
pub static INITIATE_PAYMENT: Operation = create("/payments", "payment_id");
/// [`INITIATE_PAYMENT`] in a race.
pub static RACING_INITIATION: Operation = contended(create("/payments", "payment_id"));
/// Raises `Payments.PaymentSucceeded` or `Payments.PaymentFailed`, as the body says.
pub static CONFIRM_PAYMENT: Operation = signed(act(WEBHOOK_PATH));
/// [`CONFIRM_PAYMENT`] in a race.
pub static RACING_PAYMENT: Operation = contended(signed(act(WEBHOOK_PATH)));
/// Raises `Payments.RefundRequested`. Answers 200 and the refund's id.
pub static REQUEST_REFUND: Operation = Operation {
    id_field: Some("refund_id"),
    ..act(REFUND_PATH)
};
/// [`REQUEST_REFUND`] in a race.
pub static RACING_REFUND: Operation = Operation {
    id_field: Some("refund_id"),
    ..contended(act(REFUND_PATH))
};
/// Raises `Payments.RefundCompleted`.
pub static CONFIRM_REFUND: Operation = signed(act(REFUND_WEBHOOK_PATH));
/// [`CONFIRM_REFUND`] in a race.
pub static RACING_REFUND_WEBHOOK: Operation = contended(signed(act(REFUND_WEBHOOK_PATH)));
