//! The checkout saga, driven by the client: the shop's own saga never runs, because the events that
//! it waits for are not published.

use crate::engine::{Abort, Id, Journey, Judge, Link, Session};
use crate::shop::outcomes::{judge_contended, judge_ordinary};
use crate::shop::steps::{
    SAGA_CANCEL_ORDER, SAGA_CONFIRM_ORDER, SAGA_CONFIRM_PAYMENT, SAGA_CREATE_ORDER,
    SAGA_CREATE_WAREHOUSE, SAGA_INITIALIZE_STOCK, SAGA_INITIATE_PAYMENT,
    SAGA_RECORD_PAYMENT_FAILURE, SAGA_RECORD_PAYMENT_PENDING, SAGA_RECORD_PAYMENT_SUCCESS,
    SAGA_REFUSE_PAYMENT, SAGA_RESERVE_STOCK,
};
use crate::shop::{JourneyOption, Supplies};
use crate::stats::Outcome;

/// Payments that succeed, in tenths.
const SUCCESSES_OF_TEN: u32 = 7;

/// Order, reserve, confirm and pay; cancel the order when stock or payment are refused. Raises 9
/// events when the payment succeeds, 10 when it fails.
pub async fn order_checkout<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let payments = &supplies.payloads.payments;
    let succeeds = user.rng().u32(..10) < SUCCESSES_OF_TEN;
    let item = set_up_stock(user, supplies).await?;
    let customer = user.local_id(&supplies.prefixes.customer);
    let order = user
        .call(SAGA_CREATE_ORDER)
        .body(&bodies.known_customer_orders)
        .with(&[customer])
        .id()
        .await?;
    if let Some(item) = item {
        reserve_or_cancel(user, supplies, &item, &order).await?;
    }
    user.call(SAGA_CONFIRM_ORDER).on(&order).or_abort().await?;
    let payment = user
        .call(SAGA_INITIATE_PAYMENT)
        .body(&payments.customer_payments)
        .with(&[order, customer])
        .id()
        .await?;
    user.call(SAGA_RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&[payment])
        .judged_by(judge(supplies))
        .or_continue()
        .await?;
    if succeeds {
        payment_succeeds(user, supplies, &order, payment).await
    } else {
        payment_fails(user, supplies, &order, payment).await
    }
}

/// A warehouse and 50 pieces in it: one step.
async fn set_up_stock<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Result<Option<Id>, Abort> {
    let bodies = &supplies.payloads.inventory;
    let warehouse = user
        .call(SAGA_CREATE_WAREHOUSE)
        .body(&bodies.warehouses)
        .id_or_continue()
        .await?;
    let warehouse = warehouse.unwrap_or_else(|| user.local_id(&supplies.prefixes.warehouse));
    user.call(SAGA_INITIALIZE_STOCK)
        .body(&bodies.warehouse_stocks_of_50)
        .with(&[warehouse])
        .at_once()
        .id_or_continue()
        .await
}

/// Without its stock the order is cancelled, and the saga over.
async fn reserve_or_cancel<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    item: &Id,
    order: &Id,
) -> Journey {
    let bodies = &supplies.payloads;
    let reserved = user
        .call(SAGA_RESERVE_STOCK)
        .on(item)
        .body(&bodies.inventory.order_reservations_of_2)
        .with(&[*order])
        .outcome()
        .await?;
    if reserved == Outcome::Success {
        return Ok(());
    }
    user.call(SAGA_CANCEL_ORDER)
        .on(order)
        .body(&bodies.ordering.out_of_stock_cancellation)
        .at_once()
        .or_continue()
        .await?;
    Err(Abort)
}

/// The gateway confirms, and the order learns of it: one step.
async fn payment_succeeds<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    order: &Id,
    payment: Id,
) -> Journey {
    let bodies = &supplies.payloads;
    user.call(SAGA_CONFIRM_PAYMENT)
        .body(&bodies.payments.successes)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(SAGA_RECORD_PAYMENT_SUCCESS)
        .on(order)
        .body(&bodies.ordering.lower_payment_successes)
        .with(&[payment])
        .judged_by(judge(supplies))
        .at_once()
        .or_continue()
        .await?;
    Ok(())
}

/// The gateway refuses, the order learns of it and is cancelled: one step. The reserved stock stays
/// reserved, since the shop never tells the reservation's id.
async fn payment_fails<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    order: &Id,
    payment: Id,
) -> Journey {
    let bodies = &supplies.payloads;
    user.call(SAGA_REFUSE_PAYMENT)
        .body(&bodies.payments.failures)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(SAGA_RECORD_PAYMENT_FAILURE)
        .on(order)
        .body(&bodies.ordering.payment_failures)
        .with(&[payment])
        .at_once()
        .or_continue()
        .await?;
    user.call(SAGA_CANCEL_ORDER)
        .on(order)
        .body(&bodies.ordering.payment_failed_cancellation)
        .at_once()
        .or_continue()
        .await?;
    Ok(())
}

/// How the order's payment steps are judged: a shop that runs the saga itself may be faster.
fn judge(supplies: &Supplies) -> Judge {
    if supplies.settings.options.has(JourneyOption::TolerantSaga) {
        judge_contended
    } else {
        judge_ordinary
    }
}
