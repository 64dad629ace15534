//! The Locust suite's races of one user against itself. Here the requests leave together; with
//! `--sequential-races` one after the other, as in the suite, so that nothing is won by chance.

use crate::engine::{Journey, Link, Racer, Session};
use crate::shop::Supplies;
use crate::shop::ledger::{
    CANCELLED_IS_REFUNDED, CONFIRMED_IS_CLOSED, Stored, cancelled_is_refunded, confirmed_is_closed,
};
use crate::shop::races::{CANCEL_DURING_PAYMENT, MODIFY_DURING_CONFIRM};
use crate::shop::steps::{
    ASK_QUANTITY, CANCEL_CONFIRM_ORDER, CANCEL_CREATE_ORDER, CANCEL_INITIATE_PAYMENT,
    CANCEL_RACE_CANCEL, CANCEL_RACE_PAYMENT, CANCEL_RECORD_PAYMENT_PENDING, MODIFY_CREATE_ORDER,
    MODIFY_RACE_CONFIRM, MODIFY_RACE_ITEM, MODIFY_RACE_LATE_ITEM,
};

/// Cancel an order while its payment is being confirmed. Raises 6 events.
///
/// The two contend for nothing: order and payment are different things to the shop, so both
/// succeed in any order.
pub async fn cancel_during_payment<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let payments = &supplies.payloads.payments;
    user.begin_log();
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
    let ids = [payment];
    let cancel = Racer::of(CANCEL_RACE_CANCEL)
        .on(&order)
        .body(&bodies.customer_cancellation);
    let pay = Racer::of(CANCEL_RACE_PAYMENT)
        .body(&payments.successes)
        .with(&ids)
        .side(1);
    let racers = user.race(CANCEL_DURING_PAYMENT, &[cancel, pay]).await?;
    // The payment knows nothing of the order: when it was accepted, it was taken.
    let paid = (racers.start + 1, Stored::Certainly);
    let found = cancelled_is_refunded(user.log(), racers.start, paid, None);
    user.settle(CANCELLED_IS_REFUNDED, found);
    Ok(())
}

/// Add an item to an order, confirm it, add another. Raises 3 events one after the other: the
/// second item comes too late then. At once it may come in time, and any of them may lose.
pub async fn concurrent_order_modification<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.begin_log();
    let order = user
        .call(MODIFY_CREATE_ORDER)
        .body(&bodies.orders_of_three)
        .id()
        .await?;
    let add = |step| Racer::of(step).on(&order).body(&bodies.order_items);
    let confirm = Racer::of(MODIFY_RACE_CONFIRM).on(&order).side(1);
    let racers = [add(MODIFY_RACE_ITEM), confirm, add(MODIFY_RACE_LATE_ITEM)];
    let racers = user.race(MODIFY_DURING_CONFIRM, &racers).await?;
    let (first, confirms, second) = (racers.start, racers.start + 1, racers.start + 2);
    let asked = user
        .call(ASK_QUANTITY)
        .on(&order)
        .body(&bodies.single_quantity)
        .probe()
        .await;
    let late = asked.unwrap_or(None);
    let found = confirmed_is_closed(user.log(), confirms, &[first, second], late);
    user.settle(CONFIRMED_IS_CLOSED, found);
    asked.map(drop)
}
