//! What reads show of orders: the details, a summary, the customer's list, and the course of events.

use super::order::OrderTotals;
use super::order_details::{NewItem, OrderDetails, new_id};
use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Ordering;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::projections::{
    EventMoment, Message, MessageKind, Notice, ProjectionRow, Projections, has, member, object,
};
use crate::sandbox::shop::query::ListQuery;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;
use crate::stats::Event;
use uuid::Uuid;

/// Most events of an order that its course tells.
const MOST_EVENTS: usize = 1_000;

pub fn list(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut query = ListQuery::of(call);
    let (customer, status) = (query.required_text("customer_id"), query.text("status"));
    let page = query.page()?;
    let is_wanted = |row: &&mut ProjectionRow| {
        row.text("customer_id") == customer && (status.is_empty() || row.text("status") == status)
    };
    let told = work.read(|views| page.of(views.customer_orders.rows().filter(is_wanted)));
    Ok(EndpointAnswer::Told(told.unwrap_or_default()))
}

pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "OrderDetail", |views| &mut views.order_detail)
}

pub fn read_summary(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "OrderSummary", |views| &mut views.order_summary)
}

/// In the order of the events' own times, which for some are those of the projector.
pub fn read_timeline(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let told = ThingKey::read(call.id()).and_then(|key| {
        work.read(|views| {
            let entries = views.order_timeline.row(key)?;
            entries.sort_by(|a, b| a.text("occurred_at").cmp(b.text("occurred_at")));
            let mut body = String::from("[");
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    body.push(',');
                }
                entry.write(&mut body);
            }
            body.push(']');
            Some(body)
        })?
    });
    Ok(EndpointAnswer::Told(told.unwrap_or_else(|| "[]".into())))
}

pub fn create(work: &mut Work<'_>, id: Uuid, details: OrderDetails) {
    let totals = details.contents().totals();
    let key = ThingKey::of(id);
    work.show(key, move |views, moment| {
        let customer = &details.customer;
        views.tell_somebody(|| Message {
            kind: MessageKind::OrderConfirmation,
            recipient: customer.clone(),
            subject: format!("Order #{id} Confirmed"),
        });
        create_rows(views, moment, key, details, totals);
        note(
            views,
            moment.raised(),
            key,
            "OrderCreated",
            "Order was created".into(),
        );
    });
}

fn create_rows(
    views: &mut Projections,
    moment: &EventMoment<'_>,
    key: ThingKey,
    details: OrderDetails,
    totals: OrderTotals,
) {
    let count = details.items.len() as i64;
    let [shipping, billing] = details.addresses;
    let items = details.items.into_iter().map(NewItem::told_first).collect();
    let id = || Json::from(key.uuid());
    let (customer, currency) = (Json::from(details.customer), Json::from(details.currency));
    let mut detail = ProjectionRow(vec![
        ("order_id", id()),
        ("customer_id", customer.clone()),
        ("status", "Created".into()),
        ("items", Json::List(items)),
        ("shipping_address", shipping),
        ("billing_address", billing),
        ("subtotal", totals.subtotal.into()),
        ("shipping_cost", details.shipping_cost.into()),
        ("tax_total", details.tax_total.into()),
        ("discount_total", details.discount_total.into()),
        ("grand_total", totals.grand_total.into()),
        ("currency", currency.clone()),
    ]);
    for column in [
        "payment_id",
        "payment_method",
        "payment_status",
        "shipment_id",
        "carrier",
        "tracking_number",
        "estimated_delivery",
        "cancellation_reason",
        "cancelled_by",
        "coupon_code",
    ] {
        detail.set(column, Json::Null);
    }
    detail.set("created_at", moment.raised());
    detail.set("updated_at", moment.raised());
    let summary = ProjectionRow(vec![
        ("order_id", id()),
        ("customer_id", customer.clone()),
        ("status", "Created".into()),
        ("item_count", count.into()),
        ("grand_total", totals.grand_total.into()),
        ("currency", currency.clone()),
        ("created_at", moment.raised()),
        ("updated_at", moment.raised()),
    ]);
    let listed = ProjectionRow(vec![
        ("order_id", id()),
        ("customer_id", customer),
        ("status", "Created".into()),
        ("grand_total", totals.grand_total.into()),
        ("currency", currency),
        ("item_count", count.into()),
        ("created_at", moment.raised()),
        ("updated_at", moment.raised()),
    ]);
    views.order_detail.put(key, detail);
    views.order_summary.put(key, summary);
    views.customer_orders.put(key, listed);
}

/// Puts an event into the order's course.
fn note(views: &mut Projections, occurred: Json, key: ThingKey, event: &str, told: String) {
    let entry = ProjectionRow(vec![
        ("entry_id", new_id().into()),
        ("order_id", key.uuid().into()),
        ("event_type", event.into()),
        ("description", told.into()),
        ("occurred_at", occurred),
        ("event_metadata", object([])),
    ]);
    match views.order_timeline.row(key) {
        Some(entries) if entries.len() < MOST_EVENTS => entries.push(entry),
        Some(_) => {}
        None => views.order_timeline.put(key, vec![entry]),
    }
}

/// What an event does to an order that is known.
pub struct OrderChange {
    /// What happened.
    pub event: &'static Event,
    /// How the course tells it.
    pub told: String,
    /// The state that it leads to, as reads spell it.
    pub status: Option<&'static str>,
    /// Columns of the details that it fills.
    pub columns: Vec<(&'static str, Json)>,
}

impl OrderChange {
    /// A step that is told so and leads to `status`.
    pub fn new(event: &'static Event, status: &'static str, told: impl Into<String>) -> Self {
        Self {
            event,
            told: told.into(),
            status: Some(status),
            columns: Vec::new(),
        }
    }

    /// A step of payment. It is dated by the projector, and counts as no update of the order.
    fn is_dated(&self) -> bool {
        self.status.is_some() && !self.event.name.starts_with("Payment")
    }
}

/// Has the step of an order shown. `make` is only called when it is.
pub fn step(work: &mut Work<'_>, key: ThingKey, make: impl FnOnce() -> OrderChange) {
    change(work, key, make, |_, _, _| {});
}

/// The same with a change of one's own, of details and summary.
pub fn change(
    work: &mut Work<'_>,
    key: ThingKey,
    make: impl FnOnce() -> OrderChange,
    change: impl FnOnce(&mut ProjectionRow, &mut ProjectionRow, &EventMoment<'_>) + Send + 'static,
) {
    if !work.shows(Ordering) {
        return;
    }
    let step = make();
    work.show(key, move |views, moment| {
        let occurred = match step.is_dated() {
            true => moment.raised(),
            false => moment.processed(),
        };
        if let (Some(detail), Some(summary), Some(listed)) = (
            views.order_detail.row(key),
            views.order_summary.row(key),
            views.customer_orders.row(key),
        ) {
            for row in [&mut *detail, &mut *summary, listed] {
                if let Some(status) = step.status {
                    row.set("status", status);
                }
                if step.is_dated() {
                    row.set("updated_at", moment.raised());
                }
            }
            change(detail, summary, moment);
            for (column, value) in step.columns {
                detail.set(column, value);
            }
            note(views, occurred, key, step.event.name, step.told);
        }
        let notice = match step.event {
            event if event.name == events::ORDER_CONFIRMED.name => Notice::OrderConfirmed(key),
            event if event.name == events::ORDER_CANCELLED.name => {
                views.tell(Notice::FulfillmentObsolete(key));
                Notice::OrderCancelled(key)
            }
            event if event.name == events::ORDER_DELIVERED.name => {
                ask_for_reviews(views, key);
                return;
            }
            event if event.name == events::ORDER_RETURNED.name => Notice::OrderReturned(key),
            _ => return,
        };
        views.tell(notice);
    });
}

/// Whoever has what was ordered is asked what it is like, a week later.
fn ask_for_reviews(views: &mut Projections, key: ThingKey) {
    let customer = views
        .order_detail
        .row(key)
        .map(|row| row.text("customer_id").to_owned());
    if let Some(recipient) = customer {
        views.tell_somebody(|| Message {
            kind: MessageKind::ReviewPrompt,
            recipient,
            subject: "How was your purchase?".to_owned(),
        });
    }
}

fn set_totals(detail: &mut ProjectionRow, summary: &mut ProjectionRow, totals: OrderTotals) {
    detail.set("subtotal", totals.subtotal);
    detail.set("grand_total", totals.grand_total);
    summary.set("grand_total", totals.grand_total);
}

/// A step that leads nowhere.
fn plain(event: &'static Event, told: String) -> OrderChange {
    OrderChange {
        event,
        told,
        status: None,
        columns: Vec::new(),
    }
}

pub fn add_item(
    work: &mut Work<'_>,
    key: ThingKey,
    event: &'static Event,
    item: NewItem,
    totals: OrderTotals,
) {
    let told = format!("Item {} added (qty: {})", item.title, item.line.quantity);
    change(
        work,
        key,
        || plain(event, told),
        move |detail, summary, _| {
            detail.list("items").push(item.told_later());
            summary.set("item_count", summary.integer("item_count") + 1);
            set_totals(detail, summary, totals);
        },
    );
}

/// Items that the order began with have no id that the projector could find.
pub fn remove_item(
    work: &mut Work<'_>,
    key: ThingKey,
    event: &'static Event,
    id: &str,
    totals: OrderTotals,
) {
    let id = id.to_owned();
    let told = format!("Item {id} removed");
    change(
        work,
        key,
        || plain(event, told),
        move |detail, summary, _| {
            let items = detail.list("items");
            items.retain(|item| !has(item, "item_id", &id));
            summary.set("item_count", (summary.integer("item_count") - 1).max(0));
            set_totals(detail, summary, totals);
        },
    );
}

/// See [`remove_item`].
pub fn update_quantity(
    work: &mut Work<'_>,
    key: ThingKey,
    event: &'static Event,
    id: &str,
    [before, after]: [i64; 2],
    totals: OrderTotals,
) {
    let id = id.to_owned();
    let told = format!("Item quantity changed from {before} to {after}");
    change(
        work,
        key,
        || plain(event, told),
        move |detail, summary, _| {
            let mut items = detail.list("items").iter_mut();
            let item = items.find(|item| has(item, "item_id", &id));
            if let Some(held) = item.and_then(|item| member(item, "quantity")) {
                *held = after.to_string().into();
            }
            set_totals(detail, summary, totals);
        },
    );
}

pub fn apply_coupon(work: &mut Work<'_>, key: ThingKey, event: &'static Event, code: &str) {
    step(work, key, || OrderChange {
        columns: vec![("coupon_code", code.into())],
        ..plain(event, format!("Coupon '{code}' applied"))
    });
}
