//! What clients, carriers and engines can do with fulfillments.

use super::bodies::{HANDOFF_COMMAND, ITEM};
use super::status::{Fulfillment, FulfillmentStatus};
use super::views;
use crate::sandbox::bugs::Bug;
use crate::sandbox::json_text::write_text;
use crate::sandbox::moments::read_moment;
use crate::sandbox::pipeline::Domain;
use crate::sandbox::python_text::repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;
use std::sync::Arc;

/// Items are looked at one after the other: the first one with something wrong is the one that is
/// complained of. Neither order nor products need exist.
pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let items = call.fields.objects(3);
    items.iter().try_for_each(check_item)?;
    let order = call.fields.required_text(0);
    let kept: Option<Arc<str>> = work.shows(Domain::Fulfillment).then(|| order.into());
    let id = work.create(Fulfillment::new(items.len(), kept));
    work.raise(&events::FULFILLMENT_CREATED);
    // What an order of this shop leads to, if it is cancelled.
    if work.shop().has_engines() && ThingKey::read(order).is_some() {
        let (order, key) = (TextDigest::of(order), ThingKey::of(id));
        work.at_commit(move |shop| {
            shop.shard_of(order).fulfillment_of.or_insert(order, key);
        });
    }
    Ok(EndpointAnswer::Created("fulfillment_id", id))
}

fn check_item(item: &Fields<'_>) -> Result<(), Refusal> {
    let mut broken = match ITEM.check_command(item) {
        Ok(()) => Vec::new(),
        Err(Refusal::Rules(rules)) => rules,
        Err(other) => return Err(other),
    };
    if item.required_integer(3) < 1 {
        let message = "Input should be greater than or equal to 1".to_owned();
        broken.push(("quantity", message));
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Refusal::Rules(broken)),
    }
}

/// Loads the fulfillment, lets `rule` change it, and saves it. Tells its key, and it as it is now.
fn change(
    work: &mut Work<'_>,
    id: &str,
    event: &'static Event,
    rule: impl FnOnce(&mut Fulfillment, ThingKey) -> Result<(), Refusal>,
) -> Result<(ThingKey, Fulfillment), Refusal> {
    change_overlooking(work, id, event, &[], rule)
}

/// The same by code with faults, each of which may overlook what the rule says where the fulfillment is
/// in that state: then it stays as it is.
fn change_overlooking(
    work: &mut Work<'_>,
    id: &str,
    event: &'static Event,
    faults: &[(Bug, FulfillmentStatus)],
    rule: impl FnOnce(&mut Fulfillment, ThingKey) -> Result<(), Refusal>,
) -> Result<(ThingKey, Fulfillment), Refusal> {
    let mut one = work.load::<Fulfillment>(id)?;
    let key = one.key();
    let status = one.status();
    let mut own = faults.iter().filter(|(_, state)| *state == status);
    work.unless_overlooked(rule(&mut one, key), own.next().map(|(bug, _)| *bug))?;
    let now = one.clone();
    work.save(one);
    work.raise(event);
    Ok((key, now))
}

pub fn assign_picker(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let faults = [
        (Bug::DoublePicker, FulfillmentStatus::Picking),
        (Bug::PickedAfterCancel, FulfillmentStatus::Cancelled),
    ];
    let event = &events::PICKER_ASSIGNED;
    change_overlooking(work, call.id(), event, &faults, |one, _| {
        one.proceed(FulfillmentStatus::Picking)
    })?;
    Ok(EndpointAnswer::Ok(r#"{"status":"picker_assigned"}"#))
}

pub fn pick(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let item = call.parameters[1];
    change(work, call.id(), &events::ITEM_PICKED, |one, key| {
        one.pick(key.uuid(), item)
    })?;
    Ok(EndpointAnswer::Ok(r#"{"status":"item_picked"}"#))
}

pub fn complete_picking(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let faults = [(Bug::DoublePicking, FulfillmentStatus::Packing)];
    let event = &events::PICKING_COMPLETED;
    change_overlooking(work, call.id(), event, &faults, |one, _| {
        one.complete_picking()
    })?;
    Ok(EndpointAnswer::Ok(r#"{"status":"picking_completed"}"#))
}

pub fn pack(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let packages = call.fields.dictionaries(1);
    change(work, call.id(), &events::PACKING_COMPLETED, |one, _| {
        one.pack(packages)
    })?;
    Ok(EndpointAnswer::Ok(r#"{"status":"packing_completed"}"#))
}

pub fn label(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let [carrier, level] = [1, 2].map(|index| call.fields.required_text(index));
    let faults = [(Bug::DoubleLabel, FulfillmentStatus::ReadyToShip)];
    let event = &events::SHIPPING_LABEL_GENERATED;
    change_overlooking(work, call.id(), event, &faults, |one, _| {
        one.label(carrier, level)
    })?;
    Ok(EndpointAnswer::Ok(r#"{"status":"label_generated"}"#))
}

/// The date is read before the command is made, and that before the fulfillment is looked for.
pub fn hand_off(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    if let Some(date) = call.fields.filled_text(1)
        && read_moment(date).is_none()
    {
        let told = format!("Invalid isoformat string: {}", repr(date));
        return Err(Refusal::Value(told));
    }
    HANDOFF_COMMAND.check_command(call.fields)?;
    let mut one = work.load::<Fulfillment>(call.id())?;
    let key = one.key();
    let slips = one.is_handed_off() && work.strikes(Bug::DoubleHandoff)
        || one.is_cancelled() && work.strikes(Bug::CancelledAndShipped);
    if slips {
        one.hand_off_unchecked();
    } else {
        one.proceed(FulfillmentStatus::Shipped)?;
    }
    let now = one.clone();
    let fault = LostRaceFault {
        bug: Bug::CancelledAndShipped,
        act: |stored: &mut Fulfillment, late| {
            let overwrites = stored.is_cancelled();
            if overwrites {
                *stored = late.clone();
            }
            overwrites
        },
    };
    work.save_with_fault(one, fault);
    work.raise(&events::SHIPMENT_HANDED_OFF);
    views::hand_off(work, key, &now, call.fields.required_text(0));
    Ok(EndpointAnswer::Ok(r#"{"status":"shipment_handed_off"}"#))
}

/// The signature is not looked at.
pub fn track(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let event = &events::TRACKING_EVENT_RECEIVED;
    let faults = [(Bug::TrackedAfterDelivery, FulfillmentStatus::Delivered)];
    let id = fields.required_text(0);
    let (key, now) = change_overlooking(work, id, event, &faults, |one, _| one.track())?;
    let [location, description] = [2, 3].map(|index| fields.text(index).unwrap_or_default());
    let status = fields.required_text(1);
    views::note(work, key, &now, status, Some(location), description);
    Ok(EndpointAnswer::Ok(r#"{"status":"tracking_updated"}"#))
}

pub fn deliver(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let faults = [(Bug::DoubleDelivery, FulfillmentStatus::Delivered)];
    let event = &events::DELIVERY_CONFIRMED;
    let (key, now) = change_overlooking(work, call.id(), event, &faults, |one, _| {
        one.proceed(FulfillmentStatus::Delivered)
    })?;
    views::deliver(work, key, &now);
    Ok(EndpointAnswer::Ok(r#"{"status":"delivery_confirmed"}"#))
}

pub fn record_exception(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let faults = [(Bug::DoubleException, FulfillmentStatus::Exception)];
    let event = &events::DELIVERY_EXCEPTION;
    let (key, now) = change_overlooking(work, call.id(), event, &faults, |one, _| {
        one.proceed(FulfillmentStatus::Exception)
    })?;
    let (reason, location) = (call.fields.required_text(0), call.fields.text(1));
    let location = location.unwrap_or_default();
    views::note(work, key, &now, "Exception", Some(location), reason);
    Ok(EndpointAnswer::Ok(r#"{"status":"exception_recorded"}"#))
}

pub fn cancel(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut one = work.load::<Fulfillment>(call.id())?;
    let slips = one.is_handed_off() && work.strikes(Bug::CancelledAndShipped)
        || one.is_cancelled() && work.strikes(Bug::CancelledTwice);
    if slips {
        one.cancel_unchecked();
    } else {
        one.cancel()?;
    }
    let fault = LostRaceFault {
        bug: Bug::CancelledAndShipped,
        act: |stored: &mut Fulfillment, late| {
            let overwrites = stored.is_handed_off();
            if overwrites {
                *stored = late.clone();
            }
            overwrites
        },
    };
    work.save_with_fault(one, fault);
    work.raise(&events::FULFILLMENT_CANCELLED);
    Ok(EndpointAnswer::Ok(r#"{"status":"cancelled"}"#))
}

/// The order is given up, says an engine: its first fulfillment is cancelled, unless it has gone too far.
pub fn give_up(work: &mut Work<'_>, order: ThingKey) {
    let order = TextDigest::of(&order.uuid().to_string());
    let found = work
        .shop()
        .shard_of(order)
        .fulfillment_of
        .get(order)
        .copied();
    if let Some(key) = found {
        let id = key.uuid().to_string();
        // One that has gone too far stays as it is.
        let _ = change(work, &id, &events::FULFILLMENT_CANCELLED, |one, _| {
            one.cancel()
        });
    }
}

/// Tells what the carrier is set to, which nobody ever notices: it is never called.
pub fn configure_carrier(
    _work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let should_succeed = call.fields.boolean(0);
    let mut body =
        format!(r#"{{"carrier":"FakeCarrier","should_succeed":{should_succeed},"failure_reason":"#);
    write_text(call.fields.required_text(1), &mut body);
    body.push('}');
    Ok(EndpointAnswer::Told(body))
}
