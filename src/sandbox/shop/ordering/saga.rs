//! The checkout saga of today's shop: what the engines do with an order by themselves, once it is
//! confirmed and its stock reserved. (Measured from without; the conditions are the source's.)

use super::order_commands::{settle_cancel, settle_pending, settle_success};
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::Projections;
use crate::sandbox::shop::shelf::Key;
use crate::sandbox::shop::{Answer, Call, Work, inventory, payments};
use crate::shop::events;
use crate::stats::Event;

/// Payments that fail so often are the end of the order.
const MOST_ATTEMPTS: u8 = 3;
/// What the saga says that it pays with.
const METHOD: &str = "credit_card";

/// Whether a saga still waits for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saga {
    UnderWay,
    Over,
}

/// Has a command for `order` carried out. That the order does not take it is no fault: somebody was
/// faster.
fn ask(
    views: &mut Projections,
    order: Key,
    command: impl FnOnce(&mut Work<'_>, &Call<'_>) -> Result<Answer, Refusal> + Send + 'static,
) {
    if !views.notices(Domain::Ordering) {
        return;
    }
    views.commands.push(Box::new(move |work| {
        let id = order.uuid().to_string();
        let call = Call {
            parameters: &[&id],
            fields: &Fields::NONE,
            query: None,
        };
        let _ = command(work, &call);
    }));
}

/// The saga of an order is over; tells whether it was under way.
fn end(views: &mut Projections, order: Key) -> bool {
    match views.sagas.row(order) {
        Some(saga @ Saga::UnderWay) => {
            *saga = Saga::Over;
            true
        }
        _ => false,
    }
}

/// An order has got further. A confirmed one begins its saga; stock and money of one that is given
/// up go back.
pub fn order_changed(views: &mut Projections, order: Key, event: &'static Event) {
    if event.name == events::ORDER_CONFIRMED.name {
        views.sagas.put(order, Saga::UnderWay);
    } else if event.name == events::ORDER_CANCELLED.name {
        inventory::order_cancelled(views, order);
    } else if event.name == events::ORDER_RETURNED.name {
        payments::order_returned(views, order);
    }
}

/// Stock was reserved for an order.
pub fn stock_reserved(views: &mut Projections, order: Key) {
    if views.sagas.row(order).is_none() {
        return;
    }
    ask(views, order, move |work, call| {
        let payment = format!("saga-pay-{}", call.id());
        settle_pending(work, call, &payment, METHOD)
    });
}

/// A payment for an order has succeeded.
pub fn payment_succeeded(views: &mut Projections, order: Key, payment: Key, amount: f64) {
    if !end(views, order) {
        return;
    }
    ask(views, order, move |work, call| {
        settle_success(work, call, &payment.uuid().to_string(), amount, METHOD)
    });
}

/// A payment for an order has failed at an attempt.
pub fn payment_failed(views: &mut Projections, order: Key, attempt: u8, reason: &str) {
    if attempt < MOST_ATTEMPTS || !end(views, order) {
        return;
    }
    let reason = format!("Payment failed: {reason}");
    ask(views, order, move |work, call| {
        settle_cancel(work, call, &reason, "System")
    });
}

/// What was reserved for an order has been released.
pub fn reservation_released(views: &mut Projections, order: Key, reason: &str) {
    if !end(views, order) {
        return;
    }
    let reason = format!("Inventory reservation released: {reason}");
    ask(views, order, move |work, call| {
        settle_cancel(work, call, &reason, "System")
    });
}
