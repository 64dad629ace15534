//! What happens to a placed order, in the Ordering domain: payment, shipment, return, cancellation.
//!
//! Limits of the shop: `shipment_id`, `tracking_number` ≤ 255 characters; `carrier` ≤ 100;
//! `estimated_delivery` ≤ 10; `payment_id`, `payment_method`, reasons any text; amounts and
//! returned items may be null.

use super::ids::unique_id_member;
use super::money::Cents;
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const CARRIERS: [&str; 4] = ["FedEx", "UPS", "USPS", "DHL"];
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

/// The payment `id 0` of an order was refused.
pub fn payment_failure(body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("payment_id", 0);
        body.member("reason", "Card declined");
    });
}

/// A parcel that arrives 1 to 13 days after the run's start.
pub fn shipment(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        unique_id_member("shipment_id", "ship-", run_id, body);
        body.member("carrier", words::choose(rng, &CARRIERS));
        unique_id_member("tracking_number", "TRK", run_id, body);
        body.member("estimated_delivery", day_after(run_id, rng.i8(1..=13)));
    });
}

/// The customer wants to send goods back.
pub fn return_request(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("reason", "Item damaged in transit"));
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

/// The customer gets everything back.
pub fn full_refund(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("refund_amount", None::<Cents>));
}

/// The date `days` after the run's start (UTC). From the run id and no clock, so that bodies stay a
/// function of seed and run id.
fn day_after(run_id: &RunId, days: i8) -> String {
    let started = Timestamp::from_millisecond(run_id.unix_ms() as i64)
        .expect("42 bits of milliseconds end in the year 2109");
    let date = started.to_zoned(TimeZone::UTC).date();
    date.saturating_add(days.days()).to_string()
}
