//! What happens to a placed order, in the Ordering domain: payment, return, cancellation.
//!
//! Limits of the shop: `payment_id`, `payment_method`, reasons any text; amounts and returned items may be null.

use super::money::Cents;
use crate::engine::BodyWriter;

/// How the journeys pay.
const PAYMENT_METHOD: &str = "credit_card";

/// The payment `id 0` of an order was begun.
pub fn payment_pending(body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("payment_id", 0);
        body.member("payment_method", PAYMENT_METHOD);
    });
}

/// The payment `id 0` of an order brought `amount`.
pub fn payment_success(amount: Cents, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("payment_id", 0);
        body.member("amount", amount);
        body.member("payment_method", PAYMENT_METHOD);
    });
}

/// All goods are back.
pub fn return_record(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("returned_item_ids", None::<&str>));
}

/// One piece of an item.
pub fn single_quantity(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("new_quantity", 1));
}

/// `cancelled_by` gives the order up.
pub fn cancellation(reason: &str, cancelled_by: &str, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("reason", reason);
        body.member("cancelled_by", cancelled_by);
    });
}
