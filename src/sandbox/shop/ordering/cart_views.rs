//! What reads show of carts.

use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Ordering;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{
    EventMoment, ProjectionRow, Projections, has, member, object,
};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use uuid::Uuid;

pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "CartView", |views| &mut views.cart_view)
}

/// Has `change` applied to the cart's row, which is made when it is not there: creating a cart
/// raises no event.
fn change(
    work: &mut Work<'_>,
    key: ThingKey,
    change: impl FnOnce(&mut ProjectionRow, &EventMoment<'_>) + Send + 'static,
) {
    if !work.shows(Ordering) {
        return;
    }
    work.show(
        key,
        move |views: &mut Projections, moment: &EventMoment<'_>| {
            if views.cart_view.row(key).is_none() {
                views.cart_view.put(key, empty(key));
            }
            if let Some(row) = views.cart_view.row(key) {
                change(row, moment);
            }
        },
    );
}

/// The projectors are told neither whose cart it is, nor when it was made.
fn empty(key: ThingKey) -> ProjectionRow {
    ProjectionRow(vec![
        ("cart_id", key.uuid().into()),
        ("customer_id", Json::Null),
        ("session_id", Json::Null),
        ("items", Json::List(Vec::new())),
        ("applied_coupons", Json::List(Vec::new())),
        ("status", "Active".into()),
        ("item_count", 0.into()),
        ("created_at", Json::Null),
        ("updated_at", Json::Null),
    ])
}

fn count_items(row: &mut ProjectionRow) {
    let count = row.list("items").len() as i64;
    row.set("item_count", count);
}

/// The id is the item's, also when there is more of it now.
pub fn add_item(work: &mut Work<'_>, key: ThingKey, id: Uuid, fields: &Fields<'_>) {
    let [product, variant] = [0, 1].map(|index| fields.required_text(index).to_owned());
    let quantity = fields.required_integer(2);
    change(work, key, move |row, _| {
        let items = row.list("items");
        let spelled = id.to_string();
        match items.iter_mut().find(|item| has(item, "item_id", &spelled)) {
            Some(item) => {
                if let Some(Json::Int(held)) = member(item, "quantity") {
                    let before: i64 = held.parse().unwrap_or_default();
                    *held = before.saturating_add(quantity).to_string();
                }
            }
            None => items.push(object([
                ("item_id", spelled.into()),
                ("product_id", product.into()),
                ("variant_id", variant.into()),
                ("quantity", quantity.into()),
            ])),
        }
        count_items(row);
    });
}

pub fn update_quantity(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    let id = call.parameters[1].to_owned();
    let quantity = call.fields.required_integer(0);
    change(work, key, move |row, _| {
        let mut items = row.list("items").iter_mut();
        let item = items.find(|item| has(item, "item_id", &id));
        if let Some(held) = item.and_then(|item| member(item, "quantity")) {
            *held = quantity.into();
        }
    });
}

pub fn remove_item(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    let id = call.parameters[1].to_owned();
    change(work, key, move |row, _| {
        row.list("items").retain(|item| !has(item, "item_id", &id));
        count_items(row);
    });
}

pub fn apply_coupon(work: &mut Work<'_>, key: ThingKey, code: &str) {
    let code = code.to_owned();
    change(work, key, move |row, _| {
        row.list("applied_coupons").push(code.into());
    });
}

/// The other cart is always an empty one.
pub fn merge(work: &mut Work<'_>, key: ThingKey) {
    change(work, key, |_, _| {});
}

/// Only of an abandoned cart is it told since when.
pub fn end(work: &mut Work<'_>, key: ThingKey, status: &'static str) {
    change(work, key, move |row, moment| {
        row.set("status", status);
        if status == "Abandoned" {
            row.set("updated_at", moment.raised());
        }
    });
}
