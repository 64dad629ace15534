//! What clients can do with orders.

use super::Order;
use super::bodies::{ADDRESS, ORDER_ITEM};
use super::order::{OrderSettling, OrderStatus};
use super::order_details::{NewItem, OrderDetails};
use super::order_views::{self, OrderChange};
use crate::sandbox::bugs::Bug;
use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Ordering;
use crate::sandbox::python_text::float_repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::{Generation, events};
use crate::stats::Event;

/// Most items of an order that are kept by their ids.
const MOST_LINES: usize = 1_000;

/// Items and addresses are looked at one after the other: the first one with something wrong is
/// the one that is complained of.
pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
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
    let mut order = Order::NEW;
    let details = work.shows(Ordering).then(|| OrderDetails::of(fields));
    if let Some(details) = &details {
        order.keep(details.contents());
    }
    let id = work.create(order);
    work.raise(&events::ORDER_CREATED);
    if let Some(details) = details {
        order_views::create(work, id, details);
    }
    Ok(EndpointAnswer::Created("order_id", id))
}

/// The grand total, which is infinite, or no number, as soon as one of its parts is.
fn total(fields: &Fields<'_>) -> f64 {
    let items = fields.objects(1).iter();
    let subtotal: f64 = items
        .map(|item| item.required_number(5) * item.required_integer(4) as f64)
        .sum();
    subtotal + fields.required_number(4) + fields.required_number(5) - fields.required_number(6)
}

/// Loads the order, lets `rule` change it, and saves it. Tells its key, and what `rule` told.
fn change<T>(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Order) -> Result<T, Refusal>,
) -> Result<(ThingKey, T), Refusal> {
    let mut order = work.load::<Order>(call.id())?;
    let key = order.key();
    let told = rule(&mut order)?;
    work.save(order);
    work.raise(event);
    Ok((key, told))
}

/// Takes the order to `target`, and tells it so.
fn proceed(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    target: OrderStatus,
    told: &str,
) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, event, |order| order.proceed(target))?;
    order_views::step(work, key, || OrderChange::new(event, target.name(), told));
    Ok(EndpointAnswer::DONE)
}

/// Whether the order of the call has nothing more to do, in a shop that takes that for done.
fn is_settled(
    work: &Work<'_>,
    call: &EndpointCall<'_>,
    settling: OrderSettling,
) -> Result<bool, Refusal> {
    Ok(match work.generation() {
        Generation::Five => false,
        Generation::Today => work.load::<Order>(call.id())?.is_settled(settling),
    })
}

pub fn add_item(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    check_storable(&[call.fields.required_number(5)])?;
    let (generation, event) = (work.generation(), &events::ITEM_ADDED);
    let item = work.shows(Ordering).then(|| NewItem::of(call.fields));
    let (key, totals) = change(work, call, event, |order| {
        order.check_takes_items(generation)?;
        let contents = order
            .contents()
            .filter(|held| held.lines.len() < MOST_LINES);
        Ok(contents.zip(item.as_ref()).map(|(contents, item)| {
            contents.lines.push(item.line());
            contents.totals()
        }))
    })?;
    if let Some((item, totals)) = item.zip(totals) {
        order_views::add_item(work, key, event, item, totals);
    }
    Ok(EndpointAnswer::DONE)
}

pub fn remove_item(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let (id, event) = (call.parameters[1], &events::ITEM_REMOVED);
    let (key, totals) = change(work, call, event, |order| order.remove_item(id))?;
    order_views::remove_item(work, key, event, id, totals);
    Ok(EndpointAnswer::DONE)
}

pub fn update_quantity(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let (id, event) = (call.parameters[1], &events::ITEM_QUANTITY_UPDATED);
    let after = call.fields.required_integer(0);
    let (key, (before, totals)) =
        change(work, call, event, |order| order.update_quantity(id, after))?;
    order_views::update_quantity(work, key, event, id, [before, after], totals);
    Ok(EndpointAnswer::DONE)
}

pub fn apply_coupon(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::COUPON_APPLIED;
    let (key, ()) = change(work, call, event, |order| order.apply_coupon())?;
    order_views::apply_coupon(work, key, event, call.fields.required_text(0));
    Ok(EndpointAnswer::DONE)
}

pub fn confirm(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_CONFIRMED;
    proceed(
        work,
        call,
        event,
        OrderStatus::Confirmed,
        "Order was confirmed",
    )
}

pub fn record_payment_pending(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let [payment, method] = [0, 1].map(|index| call.fields.required_text(index));
    settle_pending(work, call, payment, method)
}

/// A payment is under way, says a client or an engine.
pub fn settle_pending(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    payment: &str,
    method: &str,
) -> Result<EndpointAnswer, Refusal> {
    if is_settled(work, call, OrderSettling::PaymentPending)? {
        return Ok(EndpointAnswer::DONE);
    }
    let event = &events::ORDER_PAYMENT_PENDING;
    let (key, ()) = change(work, call, event, |order| {
        order.proceed(OrderStatus::PaymentPending)
    })?;
    order_views::step(work, key, || OrderChange {
        columns: vec![
            ("payment_id", payment.into()),
            ("payment_method", method.into()),
            ("payment_status", "pending".into()),
        ],
        ..OrderChange::new(
            event,
            OrderStatus::PaymentPending.name(),
            format!("Payment initiated via {method}"),
        )
    });
    Ok(EndpointAnswer::DONE)
}

pub fn record_payment_success(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let amount = call.fields.required_number(1);
    check_storable(&[amount])?;
    let [payment, method] = [0, 2].map(|index| call.fields.required_text(index));
    settle_success(work, call, payment, amount, method)
}

/// A payment has succeeded, says a client or an engine.
pub fn settle_success(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    payment: &str,
    amount: f64,
    method: &str,
) -> Result<EndpointAnswer, Refusal> {
    if is_settled(work, call, OrderSettling::PaymentSuccess)? {
        return Ok(EndpointAnswer::DONE);
    }
    let mut order = work.load::<Order>(call.id())?;
    let key = order.key();
    order.proceed(OrderStatus::Paid)?;
    let fault = LostRaceFault {
        bug: Bug::CancelledAndPaid,
        act: |stored: &mut Order, late| {
            let overwrites = stored.is_cancelled();
            if overwrites {
                *stored = late.clone();
            }
            overwrites
        },
    };
    work.save_with_fault(order, fault);
    let event = &events::ORDER_PAYMENT_SUCCEEDED;
    work.raise(event);
    order_views::step(work, key, || OrderChange {
        columns: vec![
            ("payment_id", payment.into()),
            ("payment_method", method.into()),
            ("payment_status", "succeeded".into()),
        ],
        ..OrderChange::new(
            event,
            OrderStatus::Paid.name(),
            format!("Payment of {} succeeded", float_repr(amount)),
        )
    });
    Ok(EndpointAnswer::DONE)
}

pub fn record_payment_failure(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    if is_settled(work, call, OrderSettling::PaymentFailure)? {
        return Ok(EndpointAnswer::DONE);
    }
    let event = &events::ORDER_PAYMENT_FAILED;
    let (key, ()) = change(work, call, event, |order| {
        order.proceed(OrderStatus::Confirmed)
    })?;
    let reason = call.fields.required_text(1);
    order_views::step(work, key, || OrderChange {
        columns: vec![("payment_status", "failed".into())],
        ..OrderChange::new(
            event,
            OrderStatus::Confirmed.name(),
            format!("Payment failed: {reason}"),
        )
    });
    Ok(EndpointAnswer::DONE)
}

pub fn process(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let resurrects = work.strikes(Bug::Resurrect);
    let event = &events::ORDER_PROCESSING;
    let (key, ()) = change(work, call, event, |order| {
        if resurrects && order.is_cancelled() {
            order.jump(OrderStatus::Processing);
            return Ok(());
        }
        order.proceed(OrderStatus::Processing)
    })?;
    order_views::step(work, key, || {
        OrderChange::new(
            event,
            OrderStatus::Processing.name(),
            "Order processing started",
        )
    });
    Ok(EndpointAnswer::DONE)
}

/// A carrier has it, says an engine.
pub fn settle_shipment(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    [shipment, carrier, number]: [&str; 3],
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_SHIPPED;
    let (key, ()) = change(work, call, event, Order::ship)?;
    order_views::step(work, key, || {
        let told = format!("Shipped via {carrier} (tracking: {number})");
        OrderChange {
            columns: vec![
                ("shipment_id", shipment.into()),
                ("carrier", carrier.into()),
                ("tracking_number", number.into()),
            ],
            ..OrderChange::new(event, OrderStatus::Shipped.name(), told)
        }
    });
    Ok(EndpointAnswer::DONE)
}

/// What a shipment tells of itself.
fn shipment(fields: &Fields<'_>) -> Vec<(&'static str, Json)> {
    vec![
        ("shipment_id", fields.text(0).into()),
        ("carrier", fields.text(1).into()),
        ("tracking_number", fields.text(2).into()),
    ]
}

pub fn ship(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_SHIPPED;
    let (key, ()) = change(work, call, event, Order::ship)?;
    let fields = call.fields;
    let [carrier, number] = [1, 2].map(|index| fields.required_text(index));
    order_views::step(work, key, || {
        let mut columns = shipment(fields);
        columns.push(("estimated_delivery", fields.text(4).into()));
        let told = format!("Shipped via {carrier} (tracking: {number})");
        OrderChange {
            columns,
            ..OrderChange::new(event, OrderStatus::Shipped.name(), told)
        }
    });
    Ok(EndpointAnswer::DONE)
}

pub fn ship_partly(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_PARTIALLY_SHIPPED;
    let (key, ()) = change(work, call, event, Order::ship_partly)?;
    let carrier = call.fields.required_text(1);
    order_views::step(work, key, || OrderChange {
        columns: shipment(call.fields),
        ..OrderChange::new(
            event,
            OrderStatus::PartiallyShipped.name(),
            format!("Partial shipment via {carrier}"),
        )
    });
    Ok(EndpointAnswer::DONE)
}

pub fn deliver(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_DELIVERED;
    proceed(
        work,
        call,
        event,
        OrderStatus::Delivered,
        "Order was delivered",
    )
}

pub fn complete(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_COMPLETED;
    proceed(work, call, event, OrderStatus::Completed, "Order completed")
}

pub fn request_return(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::RETURN_REQUESTED;
    let (key, ()) = change(work, call, event, |order| {
        order.proceed(OrderStatus::ReturnRequested)
    })?;
    let reason = call.fields.required_text(0);
    order_views::step(work, key, || {
        let told = format!("Return requested: {reason}");
        OrderChange::new(event, OrderStatus::ReturnRequested.name(), told)
    });
    Ok(EndpointAnswer::DONE)
}

pub fn approve_return(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::RETURN_APPROVED;
    proceed(
        work,
        call,
        event,
        OrderStatus::ReturnApproved,
        "Return approved",
    )
}

pub fn record_return(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let event = &events::ORDER_RETURNED;
    let told = "Items returned and received";
    proceed(work, call, event, OrderStatus::Returned, told)
}

pub fn cancel(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let [reason, by] = [0, 1].map(|index| call.fields.required_text(index));
    settle_cancel(work, call, reason, by)
}

/// The order is given up by a client or an engine.
pub fn settle_cancel(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    reason: &str,
    by: &str,
) -> Result<EndpointAnswer, Refusal> {
    if is_settled(work, call, OrderSettling::Cancel)? {
        return Ok(EndpointAnswer::DONE);
    }
    let event = &events::ORDER_CANCELLED;
    let (key, ()) = change(work, call, event, Order::cancel)?;
    order_views::step(work, key, || OrderChange {
        columns: vec![
            ("cancellation_reason", reason.into()),
            ("cancelled_by", by.into()),
        ],
        ..OrderChange::new(
            event,
            OrderStatus::Cancelled.name(),
            format!("Cancelled by {by}: {reason}"),
        )
    });
    Ok(EndpointAnswer::DONE)
}

/// Without an amount it refunds the grand total.
pub fn refund(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let amount = call.fields.number(0);
    check_storable(&[amount.unwrap_or_default()])?;
    if is_settled(work, call, OrderSettling::Refund)? {
        return Ok(EndpointAnswer::DONE);
    }
    let event = &events::ORDER_REFUNDED;
    let (key, total) = change(work, call, event, |order| {
        order.refund()?;
        let contents = order.contents();
        Ok(contents.map_or(0.0, |contents| contents.totals().grand_total))
    })?;
    order_views::step(work, key, || {
        let told = format!("Refunded {}", float_repr(amount.unwrap_or(total)));
        OrderChange::new(event, OrderStatus::Refunded.name(), told)
    });
    Ok(EndpointAnswer::DONE)
}
