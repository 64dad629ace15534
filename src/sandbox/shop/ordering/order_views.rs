//! What reads show of orders: the details, a summary, the customer's list, and the course of events.

use super::Cart;
use super::order::{Contents, Line, Totals};
use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Ordering;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{Moment, Notice, Projections, Row, has, member, object};
use crate::sandbox::shop::query::ListQuery;
use crate::sandbox::shop::shelf::Key;
use crate::sandbox::shop::{Answer, Call, Work};
use crate::shop::events;
use crate::stats::Event;
use uuid::Uuid;

/// Most events of an order that its course tells.
const MOST_EVENTS: usize = 1_000;

pub fn list(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut query = ListQuery::of(call);
    let (customer, status) = (query.required_text("customer_id"), query.text("status"));
    let page = query.page()?;
    let is_wanted = |row: &&mut Row| {
        row.text("customer_id") == customer && (status.is_empty() || row.text("status") == status)
    };
    let told = work.read(|views| page.of(views.customer_orders.rows().filter(is_wanted)));
    Ok(Answer::Told(told.unwrap_or_default()))
}

pub fn read(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    work.read_row(call.id(), "OrderDetail", |views| &mut views.order_detail)
}

pub fn read_summary(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    work.read_row(call.id(), "OrderSummary", |views| &mut views.order_summary)
}

/// In the order of the events' own times, which for some are those of the projector.
pub fn read_timeline(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let told = Key::read(call.id()).and_then(|key| {
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
    Ok(Answer::Told(told.unwrap_or_else(|| "[]".into())))
}

/// What a new order is like.
pub struct OrderDetails {
    customer: String,
    currency: String,
    items: Vec<NewItem>,
    addresses: [Json; 2],
    shipping_cost: f64,
    tax_total: f64,
    discount_total: f64,
}

/// An item of an order.
pub struct NewItem {
    line: Line,
    product: String,
    variant: String,
    sku: String,
    title: String,
}

fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

impl NewItem {
    /// Of a request that adds one.
    pub fn of(fields: &Fields<'_>) -> Self {
        let [product, variant, sku, title] =
            [0, 1, 2, 3].map(|index| fields.required_text(index).to_owned());
        Self {
            line: Line {
                id: new_id(),
                quantity: fields.required_integer(4),
                unit_price: fields.required_number(5),
            },
            product,
            variant,
            sku,
            title,
        }
    }

    /// What the order keeps of it.
    pub fn line(&self) -> Line {
        self.line
    }

    fn product_members(self, quantity: Json, unit_price: Json) -> [(&'static str, Json); 6] {
        [
            ("product_id", self.product.into()),
            ("variant_id", self.variant.into()),
            ("sku", self.sku.into()),
            ("title", self.title.into()),
            ("quantity", quantity),
            ("unit_price", unit_price),
        ]
    }

    /// As an item of a new order is told.
    fn told_first(self) -> Json {
        let Line {
            id,
            quantity,
            unit_price,
        } = self.line;
        let members = self.product_members(quantity.into(), unit_price.into());
        let id = [("id", Json::from(id))];
        list_of(members.into_iter().chain(id))
    }

    /// As one that was added later is told: with other names, and numbers as texts.
    fn told_later(self) -> Json {
        let Line {
            id,
            quantity,
            unit_price,
        } = self.line;
        let price = crate::sandbox::python_text::float_repr(unit_price);
        let members = self.product_members(quantity.to_string().into(), price.into());
        let id = [("item_id", Json::from(id))];
        list_of(id.into_iter().chain(members))
    }
}

fn list_of(members: impl Iterator<Item = (&'static str, Json)>) -> Json {
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn address_of(fields: Option<&Fields<'_>>) -> Json {
    let Some(fields) = fields else {
        return Json::Null;
    };
    let text = |index| Json::from(fields.text(index));
    object([
        ("street", text(0)),
        ("city", text(1)),
        ("state", text(2)),
        ("postal_code", text(3)),
        ("country", text(4)),
    ])
}

impl OrderDetails {
    /// Of a request for an order.
    pub fn of(fields: &Fields<'_>) -> Self {
        Self {
            customer: fields.required_text(0).to_owned(),
            currency: fields.required_text(7).to_owned(),
            items: fields.objects(1).iter().map(NewItem::of).collect(),
            addresses: [2, 3].map(|index| address_of(fields.object(index))),
            shipping_cost: fields.required_number(4),
            tax_total: fields.required_number(5),
            discount_total: fields.required_number(6),
        }
    }

    /// Of a checkout: what the cart does not know is made up, prices among it.
    pub fn of_cart(cart: &Cart, fields: &Fields<'_>) -> Self {
        let item = |(name, quantity): (&super::cart::ItemName, i64)| NewItem {
            line: Line {
                id: new_id(),
                quantity,
                unit_price: 0.0,
            },
            product: name.product.to_string(),
            variant: name.variant.to_string(),
            sku: format!("SKU-{}", name.product),
            title: format!("Product {}", name.product),
        };
        Self {
            customer: cart.customer().unwrap_or_default().to_owned(),
            currency: "USD".into(),
            items: cart.named_items().map(item).collect(),
            addresses: [0, 1].map(|index| address_of(fields.object(index))),
            shipping_cost: 0.0,
            tax_total: 0.0,
            discount_total: 0.0,
        }
    }

    /// What the order keeps of it.
    pub fn contents(&self) -> Contents {
        Contents {
            lines: self.items.iter().map(NewItem::line).collect(),
            shipping_cost: self.shipping_cost,
            tax_total: self.tax_total,
            discount_total: self.discount_total,
        }
    }
}

pub fn create(work: &mut Work<'_>, id: Uuid, details: OrderDetails) {
    let totals = details.contents().totals();
    let key = Key::of(id);
    work.show(key, move |views, moment| {
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
    moment: &Moment<'_>,
    key: Key,
    details: OrderDetails,
    totals: Totals,
) {
    let count = details.items.len() as i64;
    let [shipping, billing] = details.addresses;
    let items = details.items.into_iter().map(NewItem::told_first).collect();
    let id = || Json::from(key.uuid());
    let (customer, currency) = (Json::from(details.customer), Json::from(details.currency));
    let mut detail = Row(vec![
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
    let summary = Row(vec![
        ("order_id", id()),
        ("customer_id", customer.clone()),
        ("status", "Created".into()),
        ("item_count", count.into()),
        ("grand_total", totals.grand_total.into()),
        ("currency", currency.clone()),
        ("created_at", moment.raised()),
        ("updated_at", moment.raised()),
    ]);
    let listed = Row(vec![
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
fn note(views: &mut Projections, occurred: Json, key: Key, event: &str, told: String) {
    let entry = Row(vec![
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
pub struct Step {
    /// What happened.
    pub event: &'static Event,
    /// How the course tells it.
    pub told: String,
    /// The state that it leads to, as reads spell it.
    pub status: Option<&'static str>,
    /// Columns of the details that it fills.
    pub columns: Vec<(&'static str, Json)>,
}

impl Step {
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
pub fn step(work: &mut Work<'_>, key: Key, make: impl FnOnce() -> Step) {
    change(work, key, make, |_, _, _| {});
}

/// The same with a change of one's own, of details and summary.
pub fn change(
    work: &mut Work<'_>,
    key: Key,
    make: impl FnOnce() -> Step,
    change: impl FnOnce(&mut Row, &mut Row, &Moment<'_>) + Send + 'static,
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
            event if event.name == events::ORDER_CANCELLED.name => Notice::OrderCancelled(key),
            event if event.name == events::ORDER_RETURNED.name => Notice::OrderReturned(key),
            _ => return,
        };
        views.tell(notice);
    });
}

fn set_totals(detail: &mut Row, summary: &mut Row, totals: Totals) {
    detail.set("subtotal", totals.subtotal);
    detail.set("grand_total", totals.grand_total);
    summary.set("grand_total", totals.grand_total);
}

/// A step that leads nowhere.
fn plain(event: &'static Event, told: String) -> Step {
    Step {
        event,
        told,
        status: None,
        columns: Vec::new(),
    }
}

pub fn add_item(
    work: &mut Work<'_>,
    key: Key,
    event: &'static Event,
    item: NewItem,
    totals: Totals,
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
pub fn remove_item(work: &mut Work<'_>, key: Key, event: &'static Event, id: &str, totals: Totals) {
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
    key: Key,
    event: &'static Event,
    id: &str,
    [before, after]: [i64; 2],
    totals: Totals,
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

pub fn apply_coupon(work: &mut Work<'_>, key: Key, event: &'static Event, code: &str) {
    step(work, key, || Step {
        columns: vec![("coupon_code", code.into())],
        ..plain(event, format!("Coupon '{code}' applied"))
    });
}
