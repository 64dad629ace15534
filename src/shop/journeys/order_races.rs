//! Races over orders and carts that the Locust suite has not.

use super::raced::CHECKOUTS;
use crate::engine::{Journey, Link, Racer, Session};
use crate::shop::Supplies;
use crate::shop::ledger::{
    CANCELLED_IS_REFUNDED, CANCELLED_OR_PAID, END_IS_THE_END, ONE_ORDER_A_CART, at_most_one,
    cancelled_is_refunded, cancelled_or_paid, is_cancelled, was_refused,
};
use crate::shop::races::{CANCEL_AGAINST_PAID, CONCURRENT_CHECKOUT};
use crate::shop::steps::{
    ASK_DELIVER, ASK_PROCESS, CHECKOUT_ADD_ITEM, CHECKOUT_CREATE_CART, CHECKOUT_RACE,
    PAID_CONFIRM_ORDER, PAID_CREATE_ORDER, PAID_RACE_CANCEL, PAID_RACE_SUCCESS,
    PAID_RECORD_PENDING,
};

/// Cancel an order while the order itself learns that it is paid: two changes of one thing, of
/// which the later one must see the earlier.
pub async fn cancel_against_paid<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.begin_trail();
    let order = user
        .call(PAID_CREATE_ORDER)
        .body(&bodies.orders)
        .id()
        .await?;
    user.call(PAID_CONFIRM_ORDER).on(&order).or_abort().await?;
    let ids = [user.local_id(&supplies.prefixes.payment)];
    user.call(PAID_RECORD_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&ids)
        .or_abort()
        .await?;
    let cancel = Racer::of(PAID_RACE_CANCEL)
        .on(&order)
        .body(&bodies.customer_cancellation);
    let pay = Racer::of(PAID_RACE_SUCCESS)
        .on(&order)
        .body(&bodies.lower_payment_successes)
        .with(&ids)
        .side(1);
    let racers = user.race(CANCEL_AGAINST_PAID, &[cancel, pay]).await?;
    let (cancels, pays) = (racers.start, racers.start + 1);

    let told = user.call(ASK_DELIVER).on(&order).probe().await;
    let state = told.unwrap_or(None);
    let found = cancelled_or_paid(user.trail(), cancels, pays, state);
    user.settle(CANCELLED_OR_PAID, found);
    let found = cancelled_is_refunded(user.trail(), cancels, pays);
    user.settle(CANCELLED_IS_REFUNDED, found);
    told?;

    if let Some(state) = state.filter(|&state| is_cancelled(user.trail(), state)) {
        let processed = user.call(ASK_PROCESS).on(&order).probe().await;
        let asked = processed.unwrap_or(None);
        let found = was_refused(user.trail(), state, asked, "processing a cancelled order");
        user.settle(END_IS_THE_END, found);
        processed?;
    }
    Ok(())
}

/// 3 checkouts of one cart at once.
pub async fn concurrent_checkout<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.begin_trail();
    let cart = user
        .call(CHECKOUT_CREATE_CART)
        .body(&bodies.carts)
        .id()
        .await?;
    user.call(CHECKOUT_ADD_ITEM)
        .on(&cart)
        .body(&bodies.cart_items)
        .or_abort()
        .await?;
    let check_out = Racer::of(CHECKOUT_RACE)
        .on(&cart)
        .body(&bodies.checkouts)
        .times(CHECKOUTS);
    let racers = user.race(CONCURRENT_CHECKOUT, &[check_out]).await?;
    let found = at_most_one(user.trail(), &racers, "checking out one cart");
    user.settle(ONE_ORDER_A_CART, found);
    Ok(())
}
