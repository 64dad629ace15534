//! Journeys of the Ordering domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    ABANDON_CART, ADD_CART_ITEM, APPROVE_RETURN, CANCEL_ORDER, CHECK_OUT_CART, COMPLETE_ORDER,
    CONFIRM_ORDER, CREATE_CART, CREATE_ORDER, DELIVER_ORDER, PROCESS_ORDER, RECORD_PAYMENT_PENDING,
    RECORD_PAYMENT_SUCCESS, RECORD_RETURN, REFUND_ORDER, REQUEST_RETURN, SHIP_ORDER,
};
use crate::stats::Outcome;

/// Create a cart, put three items in, abandon it. Raises 4 events; creating a cart raises none.
pub async fn cart_lifecycle<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let cart = user.call(CREATE_CART).body(&bodies.carts).id().await?;
    user.call(ADD_CART_ITEM)
        .on(&cart)
        .body(&bodies.cart_items)
        .or_continue()
        .await?;
    user.call(ADD_CART_ITEM)
        .on(&cart)
        .body(&bodies.cart_items)
        .or_continue()
        .await?;
    user.call(ADD_CART_ITEM)
        .on(&cart)
        .body(&bodies.cart_items)
        .or_continue()
        .await?;
    user.call(ABANDON_CART).on(&cart).or_continue().await?;
    Ok(())
}

/// Create, confirm, pay, process, ship, deliver and complete an order. Raises 8 events.
pub async fn order_full_lifecycle<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let order = user.call(CREATE_ORDER).body(&bodies.orders).id().await?;
    user.call(CONFIRM_ORDER).on(&order).or_abort().await?;
    let payment = [user.local_id(&supplies.prefixes.payment)];
    user.call(RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&payment)
        .or_abort()
        .await?;
    user.call(RECORD_PAYMENT_SUCCESS)
        .on(&order)
        .body(&bodies.payment_successes)
        .with(&payment)
        .or_abort()
        .await?;
    user.call(PROCESS_ORDER).on(&order).or_continue().await?;
    user.call(SHIP_ORDER)
        .on(&order)
        .body(&bodies.shipments)
        .or_continue()
        .await?;
    user.call(DELIVER_ORDER).on(&order).or_continue().await?;
    user.call(COMPLETE_ORDER).on(&order).or_continue().await?;
    Ok(())
}

/// Create and confirm an order, cancel it while its payment is pending, refund it. Raises 5 events.
pub async fn order_cancellation<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let order = user.call(CREATE_ORDER).body(&bodies.orders).id().await?;
    user.call(CONFIRM_ORDER).on(&order).or_abort().await?;
    let payment = [user.local_id(&supplies.prefixes.payment)];
    user.call(RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&payment)
        .or_abort()
        .await?;
    user.call(CANCEL_ORDER)
        .on(&order)
        .body(&bodies.customer_cancellation)
        .or_continue()
        .await?;
    user.call(REFUND_ORDER)
        .on(&order)
        .body(&bodies.full_refund)
        .or_continue()
        .await?;
    Ok(())
}

/// Create a cart, put one to three items in, check it out. Raises 4 events on average.
///
/// An empty cart is not checked out: the shop would refuse, and keep an order that belongs to
/// nobody.
pub async fn cart_to_checkout<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let cart = user.call(CREATE_CART).body(&bodies.carts).id().await?;
    let wanted = user.rng().u32(1..=3);
    let mut added = 0;
    while added < wanted {
        let call = user.call(ADD_CART_ITEM).on(&cart).body(&bodies.cart_items);
        let call = if added == 0 { call } else { call.at_once() };
        if call.or_continue().await? != Outcome::Success {
            break;
        }
        added += 1;
    }
    if added > 0 {
        user.call(CHECK_OUT_CART)
            .on(&cart)
            .body(&bodies.checkouts)
            .or_continue()
            .await?;
    }
    Ok(())
}

/// Create, confirm, pay, ship and deliver an order, and take it back. Raises 9 events.
pub async fn order_return<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let order = user.call(CREATE_ORDER).body(&bodies.orders).id().await?;
    user.call(CONFIRM_ORDER).on(&order).or_abort().await?;
    let payment = [user.local_id(&supplies.prefixes.payment)];
    user.call(RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&payment)
        .or_abort()
        .await?;
    user.call(RECORD_PAYMENT_SUCCESS)
        .on(&order)
        .body(&bodies.lower_payment_successes)
        .with(&payment)
        .or_abort()
        .await?;
    user.call(SHIP_ORDER)
        .on(&order)
        .body(&bodies.shipments)
        .or_continue()
        .await?;
    user.call(DELIVER_ORDER).on(&order).or_continue().await?;
    user.call(REQUEST_RETURN)
        .on(&order)
        .body(&bodies.return_requests)
        .or_continue()
        .await?;
    user.call(APPROVE_RETURN).on(&order).or_continue().await?;
    user.call(RECORD_RETURN)
        .on(&order)
        .body(&bodies.return_records)
        .or_continue()
        .await?;
    Ok(())
}
