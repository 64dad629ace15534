//! What reads show of fulfillments: where a shipment is, by its order.

use super::Fulfillment;
use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::projections::{EventMoment, Notice, ProjectionRow, Projections, object};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};

/// Most events of a shipment that are shown.
const MOST_EVENTS: usize = 1_000;

/// Of several shipments for an order the first.
pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let order = TextDigest::of(call.id()).key();
    let told = work.read(|views| {
        let row = views.shipment_tracking.rows(order).next()?;
        let mut body = String::new();
        row.write(&mut body);
        Some(body)
    });
    told.flatten()
        .map(EndpointAnswer::Told)
        .ok_or(Refusal::Absent("Shipment tracking not found"))
}

/// The list that a shipment's row is in.
fn list_of(one: &Fulfillment) -> Option<ThingKey> {
    Some(TextDigest::of(one.order()?).key())
}

pub fn hand_off(work: &mut Work<'_>, key: ThingKey, now: &Fulfillment, number: &str) {
    let (Some(list), true) = (list_of(now), work.shows(Domain::Fulfillment)) else {
        return;
    };
    let order = now.order().cloned().unwrap_or_default();
    let carrier = now.carrier().cloned().unwrap_or_default();
    let number = number.to_owned();
    work.show(key, move |views, moment| {
        let row = ProjectionRow(vec![
            ("fulfillment_id", key.uuid().into()),
            ("order_id", Json::from(&*order)),
            ("carrier", Json::from(&*carrier)),
            ("tracking_number", number.as_str().into()),
            ("current_status", "Shipped".into()),
            ("current_location", Json::Null),
            ("events", Json::List(Vec::new())),
            ("shipped_at", moment.raised()),
            ("delivered_at", Json::Null),
        ]);
        views.shipment_tracking.put(list, key, row);
        if let Some(order) = ThingKey::read(&order) {
            views.tell(Notice::ShipmentHandedOff {
                order,
                fulfillment: key,
                carrier,
                tracking_number: number,
            });
        }
    });
}

/// Puts an event into the course of a shipment.
fn append(
    views: &mut Projections,
    moment: &EventMoment<'_>,
    [list, key]: [ThingKey; 2],
    status: &str,
    location: Option<&str>,
    description: &str,
) {
    let Some(row) = views.shipment_tracking.row(list, key) else {
        return;
    };
    row.set("current_status", status);
    if let Some(location) = location {
        row.set("current_location", location);
    }
    let events = row.list("events");
    if events.len() < MOST_EVENTS {
        events.push(object([
            ("status", status.into()),
            ("location", location.unwrap_or_default().into()),
            ("description", description.into()),
            ("occurred_at", moment.raised_iso()),
        ]));
    }
}

/// Has something that the carrier tells shown.
pub fn note(
    work: &mut Work<'_>,
    key: ThingKey,
    now: &Fulfillment,
    status: &str,
    location: Option<&str>,
    description: &str,
) {
    let (Some(list), true) = (list_of(now), work.shows(Domain::Fulfillment)) else {
        return;
    };
    let [status, description] = [status, description].map(str::to_owned);
    let location = location.map(str::to_owned);
    work.show(key, move |views, moment| {
        let location = location.as_deref();
        append(views, moment, [list, key], &status, location, &description);
    });
}

pub fn deliver(work: &mut Work<'_>, key: ThingKey, now: &Fulfillment) {
    let (Some(list), true) = (list_of(now), work.shows(Domain::Fulfillment)) else {
        return;
    };
    let order = now.order().and_then(|order| ThingKey::read(order));
    work.show(key, move |views, moment| {
        append(
            views,
            moment,
            [list, key],
            "Delivered",
            None,
            "Package delivered",
        );
        if let Some(row) = views.shipment_tracking.row(list, key) {
            row.set("delivered_at", moment.raised());
        }
        if let Some(order) = order {
            views.tell(Notice::DeliveryConfirmed(order));
        }
    });
}
