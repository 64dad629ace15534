//! What clients can do with stock.

use super::stock::Supply;
use super::{StockItem, reservations};
use crate::sandbox::bugs::Bug;
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::projections::{Message, MessageKind};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;

/// Neither product nor warehouse need exist, and the same ones may have several items.
pub fn initialize(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(4);
    let reorder_point = call.fields.required_integer(5);
    let id = work.create(StockItem::new(quantity, reorder_point));
    work.raise(&events::STOCK_INITIALIZED);
    Ok(EndpointAnswer::Created("inventory_item_id", id))
}

/// Loads the item, lets `rule` change it, and saves it. Little stock is an event of its own.
fn change(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut StockItem) -> Result<Supply, Refusal>,
) -> Result<(), Refusal> {
    let mut item = work.load::<StockItem>(call.id())?;
    let supply = rule(&mut item)?;
    let key = item.key();
    work.save(item);
    work.raise(event);
    if supply == Supply::Low {
        warn(work, key);
    }
    Ok(())
}

/// There is little left: somebody in the shop is told.
fn warn(work: &mut Work<'_>, item: ThingKey) {
    work.raise(&events::LOW_STOCK_DETECTED);
    if work.shows(Domain::Inventory) {
        work.show(item, |views, _| {
            views.tell_somebody(|| Message {
                kind: MessageKind::LowStockAlert,
                recipient: "operations".to_owned(),
                subject: "[Low Stock]".to_owned(),
            });
        });
    }
}

/// The same for changes after which nobody looks whether there is little left.
fn change_quietly(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut StockItem) -> Result<(), Refusal>,
) -> Result<EndpointAnswer, Refusal> {
    change(work, call, event, |item| {
        rule(item)?;
        Ok(Supply::Enough)
    })?;
    Ok(EndpointAnswer::DONE)
}

pub fn receive(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    change_quietly(work, call, &events::STOCK_RECEIVED, |item| {
        item.receive(quantity);
        Ok(())
    })
}

/// The reservation's id is not told.
pub fn reserve(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(1);
    let mut item = work.load::<StockItem>(call.id())?;
    let supply = match item.reserve(quantity) {
        Err(_) if work.strikes(Bug::Oversell) => item.take(quantity),
        reserved => reserved?,
    };
    let fault = LostRaceFault {
        bug: Bug::Undersell,
        act: |stored: &mut StockItem, late| {
            stored.keep_pieces_of(late);
            false
        },
    };
    let key = item.key();
    work.save_with_fault(item, fault);
    work.raise(&events::STOCK_RESERVED);
    reservations::reserve(work, key, call.fields);
    if supply == Supply::Low {
        warn(work, key);
    }
    Ok(EndpointAnswer::ADDED)
}

/// Releasing, confirming or committing a reservation: no client can know its id, in neither
/// generation, so that every one is unknown.
pub fn find_reservation(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.load::<StockItem>(call.id())?;
    Err(Refusal::rule("reservation_id", "Reservation not found"))
}

pub fn adjust(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    change(work, call, &events::STOCK_ADJUSTED, |item| {
        item.adjust(quantity)
    })?;
    Ok(EndpointAnswer::DONE)
}

pub fn mark_damaged(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    change(work, call, &events::STOCK_MARKED_DAMAGED, |item| {
        item.mark_damaged(quantity)
    })?;
    Ok(EndpointAnswer::DONE)
}

pub fn write_off(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    let mut item = work.load::<StockItem>(call.id())?;
    work.unless_overlooked(item.write_off(quantity), Some(Bug::OverWriteOff))?;
    work.save(item);
    work.raise(&events::DAMAGED_STOCK_WRITTEN_OFF);
    Ok(EndpointAnswer::DONE)
}

pub fn take_back(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    change_quietly(work, call, &events::STOCK_RETURNED, |item| {
        item.receive(quantity);
        Ok(())
    })
}

/// A count that differs adjusts the level, which is a second event.
pub fn check(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let counted = call.fields.required_integer(0);
    let mut item = work.load::<StockItem>(call.id())?;
    let adjusted = item.check(counted);
    let key = item.key();
    work.save(item);
    work.raise(&events::STOCK_CHECK_RECORDED);
    if let Some(supply) = adjusted {
        work.raise(&events::STOCK_ADJUSTED);
        if supply == Supply::Low {
            warn(work, key);
        }
    }
    Ok(EndpointAnswer::DONE)
}
