//! Races of one user against itself: requests that contend for one thing.
//!
//! They are sent one after the other, as the Locust suite does, so nothing is won or lost by chance.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    CANCEL_CONFIRM_ORDER, CANCEL_CREATE_ORDER, CANCEL_INITIATE_PAYMENT, CANCEL_RACE_CANCEL,
    CANCEL_RACE_PAYMENT, CANCEL_RECORD_PAYMENT_PENDING, MODIFY_CREATE_ORDER, MODIFY_RACE_CONFIRM,
    MODIFY_RACE_ITEM, MODIFY_RACE_LATE_ITEM,
};

/// Cancel an order while its payment is being confirmed. Raises 6 events.
///
/// The two contend for nothing: order and payment are different things to the shop, so both
/// succeed in any order.
pub async fn cancel_during_payment<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let payments = &supplies.payloads.payments;
    let order = user
        .call(CANCEL_CREATE_ORDER)
        .body(&bodies.orders)
        .id()
        .await?;
    user.call(CANCEL_CONFIRM_ORDER)
        .on(&order)
        .or_abort()
        .await?;
    let payment = user
        .call(CANCEL_INITIATE_PAYMENT)
        .body(&payments.order_payments)
        .with(&[order])
        .id()
        .await?;
    user.call(CANCEL_RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&[payment])
        .or_abort()
        .await?;
    user.call(CANCEL_RACE_CANCEL)
        .on(&order)
        .body(&bodies.customer_cancellation)
        .or_continue()
        .await?;
    user.call(CANCEL_RACE_PAYMENT)
        .body(&payments.successes)
        .with(&[payment])
        .at_once()
        .or_continue()
        .await?;
    Ok(())
}

/// Add an item to an order, confirm it, add another. Raises 3 events: the second item comes too
/// late, unless it overtakes the confirmation.
pub async fn concurrent_order_modification<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let order = user
        .call(MODIFY_CREATE_ORDER)
        .body(&bodies.orders_of_three)
        .id()
        .await?;
    user.call(MODIFY_RACE_ITEM)
        .on(&order)
        .body(&bodies.order_items)
        .or_continue()
        .await?;
    user.call(MODIFY_RACE_CONFIRM)
        .on(&order)
        .at_once()
        .or_continue()
        .await?;
    user.call(MODIFY_RACE_LATE_ITEM)
        .on(&order)
        .body(&bodies.order_items)
        .at_once()
        .or_continue()
        .await?;
    Ok(())
}
