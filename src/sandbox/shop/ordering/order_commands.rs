//! What clients can do with orders.

use super::Order;
use super::bodies::{ADDRESS, ORDER_ITEM};
use super::order::Status;
use crate::sandbox::bugs::Bug;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::{Answer, Call, Fault, Work};
use crate::shop::events;
use crate::stats::Event;

/// Items and addresses are looked at one after the other: the first one with something wrong is
/// the one that is complained of.
pub fn create(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    check_storable(&[total(fields)])?;
    for item in fields.objects(1) {
        ORDER_ITEM.check_command(item)?;
    }
    for address in [2, 3] {
        if let Some(address) = fields.object(address) {
            ADDRESS.check_command(address)?;
        }
    }
    work.raise(&events::ORDER_CREATED);
    Ok(Answer::Created("order_id", work.create(Order::NEW)))
}

/// The grand total, which is infinite, or no number, as soon as one of its parts is.
fn total(fields: &Fields<'_>) -> f64 {
    let items = fields.objects(1).iter();
    let subtotal: f64 = items
        .map(|item| item.required_number(5) * item.required_integer(4) as f64)
        .sum();
    subtotal + fields.required_number(4) + fields.required_number(5) - fields.required_number(6)
}

/// Loads the order, lets `rule` change it, and saves it.
fn change(
    work: &mut Work<'_>,
    call: &Call<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Order) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    let mut order = work.load::<Order>(call.id())?;
    rule(&mut order)?;
    work.save(order);
    work.raise(event);
    Ok(Answer::DONE)
}

/// Takes the order to `target`.
fn proceed(
    work: &mut Work<'_>,
    call: &Call<'_>,
    event: &'static Event,
    target: Status,
) -> Result<Answer, Refusal> {
    change(work, call, event, |order| order.proceed(target))
}

pub fn add_item(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    check_storable(&[call.fields.required_number(5)])?;
    change(work, call, &events::ITEM_ADDED, |order| order.add_item())
}

pub fn remove_item(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    Err(work.load::<Order>(call.id())?.remove_item())
}

pub fn update_quantity(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    Err(work.load::<Order>(call.id())?.update_quantity())
}

pub fn apply_coupon(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::COUPON_APPLIED, |order| {
        order.apply_coupon()
    })
}

pub fn confirm(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    proceed(work, call, &events::ORDER_CONFIRMED, Status::Confirmed)
}

pub fn record_payment_pending(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let event = &events::ORDER_PAYMENT_PENDING;
    proceed(work, call, event, Status::PaymentPending)
}

pub fn record_payment_success(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    check_storable(&[call.fields.required_number(1)])?;
    let mut order = work.load::<Order>(call.id())?;
    order.proceed(Status::Paid)?;
    let fault = Fault {
        bug: Bug::CancelledAndPaid,
        act: |stored: &mut Order, late| {
            let overwrites = stored.is_cancelled();
            if overwrites {
                *stored = *late;
            }
            overwrites
        },
    };
    work.save_with_fault(order, fault);
    work.raise(&events::ORDER_PAYMENT_SUCCEEDED);
    Ok(Answer::DONE)
}

pub fn record_payment_failure(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    proceed(work, call, &events::ORDER_PAYMENT_FAILED, Status::Confirmed)
}

pub fn process(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let resurrects = work.strikes(Bug::Resurrect);
    change(work, call, &events::ORDER_PROCESSING, |order| {
        if resurrects && order.is_cancelled() {
            order.jump(Status::Processing);
            return Ok(());
        }
        order.proceed(Status::Processing)
    })
}

pub fn ship(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::ORDER_SHIPPED, Order::ship)
}

pub fn ship_partly(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let event = &events::ORDER_PARTIALLY_SHIPPED;
    change(work, call, event, Order::ship_partly)
}

pub fn deliver(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    proceed(work, call, &events::ORDER_DELIVERED, Status::Delivered)
}

pub fn complete(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    proceed(work, call, &events::ORDER_COMPLETED, Status::Completed)
}

pub fn request_return(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let event = &events::RETURN_REQUESTED;
    proceed(work, call, event, Status::ReturnRequested)
}

pub fn approve_return(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let event = &events::RETURN_APPROVED;
    proceed(work, call, event, Status::ReturnApproved)
}

pub fn record_return(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    proceed(work, call, &events::ORDER_RETURNED, Status::Returned)
}

pub fn cancel(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::ORDER_CANCELLED, Order::cancel)
}

/// Without an amount it refunds the grand total, which nobody gets to see.
pub fn refund(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    check_storable(&[call.fields.number(0).unwrap_or_default()])?;
    change(work, call, &events::ORDER_REFUNDED, Order::refund)
}
