//! What reads show of products and categories.

use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Catalogue;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{
    EventMoment, Notice, ProjectionRow, Projections, has, member, object,
};
use crate::sandbox::shop::query::ListQuery;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use uuid::Uuid;

/// Most categories that the list shows.
const MOST_CATEGORIES: usize = 100;
/// Most products that are kept of a category; the count goes on.
const MOST_PRODUCTS: usize = 1_000;

pub fn list_products(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let query = ListQuery::of(call);
    let (category, status) = (query.text("category_id"), query.text("status"));
    let page = query.page()?;
    let is_wanted = |card: &&mut ProjectionRow| {
        (category.is_empty() || card.text("category_id") == category)
            && (status.is_empty() || card.text("status") == status)
    };
    let told = work.read(|views| page.of(views.product_card.rows().filter(is_wanted)));
    Ok(EndpointAnswer::Told(told.unwrap_or_default()))
}

pub fn read_product(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "ProductDetail", |views| {
        &mut views.product_detail
    })
}

pub fn list_categories(
    work: &mut Work<'_>,
    _call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let told = work.read(|views| {
        let mut body = String::from("[");
        for (index, row) in views.category_tree.rows().take(MOST_CATEGORIES).enumerate() {
            if index > 0 {
                body.push(',');
            }
            row.write(&mut body);
        }
        body.push(']');
        body
    });
    Ok(EndpointAnswer::Told(told.unwrap_or_default()))
}

pub fn read_category_products(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "CategoryProducts", |views| {
        &mut views.category_products
    })
}

/// Brand, description and attributes of a new product are not among what the projectors are told.
pub fn create_product(work: &mut Work<'_>, id: Uuid, fields: &Fields<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let [sku, title] = [0, 2].map(|index| fields.required_text(index).to_owned());
    let [seller, category] = [1, 4].map(|index| fields.filled_text(index).map(str::to_owned));
    work.show(ThingKey::of(id), move |views, moment| {
        create_rows(views, moment, id, [sku, title], seller, category);
    });
}

fn create_rows(
    views: &mut Projections,
    moment: &EventMoment<'_>,
    id: Uuid,
    [sku, title]: [String; 2],
    seller: Option<String>,
    category: Option<String>,
) {
    let node = category.as_deref().and_then(ThingKey::read);
    let key = ThingKey::of(id);
    if let Some(row) = node.and_then(|node| views.category_tree.row(node)) {
        row.set("product_count", row.integer("product_count") + 1);
    }
    if let Some(row) = node.and_then(|node| views.category_products.row(node)) {
        row.set("product_count", row.integer("product_count") + 1);
        row.set("updated_at", moment.raised());
        let products = row.list("products");
        if products.len() < MOST_PRODUCTS {
            products.push(object([
                ("product_id", id.into()),
                ("title", title.clone().into()),
                ("sku", sku.clone().into()),
                ("status", "Draft".into()),
            ]));
        }
    }
    let card = ProjectionRow(vec![
        ("product_id", id.into()),
        ("sku", sku.clone().into()),
        ("title", title.clone().into()),
        ("brand", Json::Null),
        ("category_id", category.clone().into()),
        ("primary_image_url", Json::Null),
        ("min_price", Json::Null),
        ("max_price", Json::Null),
        ("currency", Json::Null),
        ("status", "Draft".into()),
        ("variant_count", 0.into()),
        ("created_at", moment.raised()),
    ]);
    let detail = ProjectionRow(vec![
        ("product_id", id.into()),
        ("sku", sku.into()),
        ("seller_id", seller.into()),
        ("title", title.into()),
        ("description", Json::Null),
        ("category_id", category.into()),
        ("brand", Json::Null),
        ("attributes", object([])),
        ("variants", Json::List(Vec::new())),
        ("images", Json::List(Vec::new())),
        ("status", "Draft".into()),
        ("visibility", Json::Null),
        ("meta_title", Json::Null),
        ("meta_description", Json::Null),
        ("slug", Json::Null),
        ("created_at", moment.raised()),
        ("updated_at", moment.raised()),
    ]);
    views.product_card.put(key, card);
    views.product_detail.put(key, detail);
}

/// Has `change` applied to the product in the list of its category.
fn change_in_category(
    views: &mut Projections,
    product: ThingKey,
    change: impl FnOnce(&mut Json),
) -> Option<&mut ProjectionRow> {
    let detail = views.product_detail.row(product)?;
    let category = ThingKey::read(detail.text("category_id"))?;
    let row = views.category_products.row(category)?;
    let id = product.uuid().to_string();
    let mut products = row.list("products").iter_mut();
    change(products.find(|entry| has(entry, "product_id", &id))?);
    Some(row)
}

pub fn update_product(work: &mut Work<'_>, key: ThingKey, fields: &Fields<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let [title, description, brand] = [0, 1, 2].map(|index| fields.text(index).map(str::to_owned));
    work.show(key, move |views, _| {
        if let Some(title) = &title {
            change_in_category(views, key, |entry| {
                if let Some(held) = member(entry, "title") {
                    *held = title.as_str().into();
                }
            });
        }
        let detail = views.product_detail.row(key);
        let card = views.product_card.row(key);
        for row in [detail, card].into_iter().flatten() {
            let columns = [
                ("title", &title),
                ("description", &description),
                ("brand", &brand),
            ];
            for (column, text) in columns {
                let has_column = row.0.iter().any(|(name, _)| *name == column);
                if let Some(text) = text.as_deref().filter(|_| has_column) {
                    row.set(column, text);
                }
            }
        }
    });
}

pub fn add_variant(work: &mut Work<'_>, key: ThingKey, id: Uuid, fields: &Fields<'_>) {
    let [sku, currency] = [0, 3].map(|index| fields.required_text(index).to_owned());
    let price = fields.required_number(2);
    work.show(key, move |views, _| {
        if let Some(card) = views.product_card.row(key) {
            card.set("variant_count", card.integer("variant_count") + 1);
            card.set("currency", currency.as_str());
            widen_prices(card, price);
        }
        if let Some(detail) = views.product_detail.row(key) {
            detail.list("variants").push(object([
                ("variant_id", id.into()),
                ("variant_sku", sku.into()),
                ("price_amount", price.into()),
                ("price_currency", currency.into()),
            ]));
        }
        views.tell(Notice::VariantAdded);
    });
}

/// The span of prices only ever grows: the card does not know the variants.
fn widen_prices(card: &mut ProjectionRow, price: f64) {
    if *card.get("min_price") == Json::Null || price < card.number("min_price") {
        card.set("min_price", price);
    }
    if *card.get("max_price") == Json::Null || price > card.number("max_price") {
        card.set("max_price", price);
    }
}

/// Has `change` applied to the variant that the path names.
fn change_variant(
    views: &mut Projections,
    key: ThingKey,
    id: &str,
    change: impl FnOnce(&mut Json),
) {
    if let Some(detail) = views.product_detail.row(key) {
        let mut variants = detail.list("variants").iter_mut();
        if let Some(variant) = variants.find(|variant| has(variant, "variant_id", id)) {
            change(variant);
        }
    }
}

pub fn change_price(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let id = call.parameters[1].to_owned();
    let price = call.fields.required_number(0);
    let currency = call.fields.required_text(1).to_owned();
    work.show(key, move |views, _| {
        if let Some(card) = views.product_card.row(key) {
            widen_prices(card, price);
        }
        change_variant(views, key, &id, |variant| {
            if let Some(held) = member(variant, "price_amount") {
                *held = price.into();
            }
            if let Some(held) = member(variant, "price_currency") {
                *held = currency.into();
            }
        });
    });
}

pub fn set_tier_price(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let id = call.parameters[1].to_owned();
    let tier = call.fields.required_text(0).to_owned();
    let price = call.fields.required_number(1);
    work.show(key, move |views, _| {
        change_variant(views, key, &id, |variant| {
            if member(variant, "tier_prices").is_none()
                && let Json::Object(members) = variant
            {
                members.push(("tier_prices".into(), object([])));
            }
            if let Some(Json::Object(tiers)) = member(variant, "tier_prices") {
                tiers.retain(|(known, _)| *known != tier);
                tiers.push((tier, price.into()));
            }
        });
    });
}

pub fn add_image(
    work: &mut Work<'_>,
    key: ThingKey,
    id: Uuid,
    is_first: bool,
    fields: &Fields<'_>,
) {
    let url = fields.required_text(0).to_owned();
    let is_primary = is_first || fields.boolean(2);
    work.show(key, move |views, _| {
        if let Some(card) = views.product_card.row(key)
            && is_primary
        {
            card.set("primary_image_url", url.as_str());
        }
        if let Some(detail) = views.product_detail.row(key) {
            let truth = if is_primary { "True" } else { "False" };
            detail.list("images").push(object([
                ("image_id", id.into()),
                ("url", url.into()),
                ("is_primary", truth.into()),
            ]));
        }
    });
}

pub fn remove_image(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let id = call.parameters[1].to_owned();
    work.show(key, move |views, _| {
        if let Some(detail) = views.product_detail.row(key) {
            let images = detail.list("images");
            images.retain(|image| !has(image, "image_id", &id));
        }
    });
}

/// The category's list spells states in lower case.
pub fn set_status(work: &mut Work<'_>, key: ThingKey, status: &'static str) {
    if !work.shows(Catalogue) {
        return;
    }
    work.show(key, move |views, moment| {
        let listed = change_in_category(views, key, |entry| {
            if let Some(held) = member(entry, "status") {
                *held = status.to_ascii_lowercase().into();
            }
        });
        if let Some(row) = listed {
            row.set("updated_at", moment.raised());
        }
        let detail = views.product_detail.row(key);
        let card = views.product_card.row(key);
        for row in [detail, card].into_iter().flatten() {
            row.set("status", status);
        }
    });
}

/// The names from the root of the tree to a category.
fn breadcrumb(views: &mut Projections, name: &str, parent: &str) -> Json {
    let mut names: Vec<Json> = vec![name.into()];
    let mut parent = parent.to_owned();
    while let Some(row) = ThingKey::read(&parent).and_then(|key| views.category_tree.row(key)) {
        names.push(row.text("name").into());
        parent = row.text("parent_category_id").to_owned();
    }
    names.reverse();
    Json::List(names)
}

pub fn create_category(work: &mut Work<'_>, id: Uuid, level: u8, fields: &Fields<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let name = fields.required_text(0).to_owned();
    let parent = fields.filled_text(1).map(str::to_owned);
    let key = ThingKey::of(id);
    work.show(key, move |views, _| {
        let crumbs = breadcrumb(views, &name, parent.as_deref().unwrap_or_default());
        let node = ProjectionRow(vec![
            ("category_id", id.into()),
            ("name", name.as_str().into()),
            ("parent_category_id", parent.into()),
            ("level", i64::from(level).into()),
            ("is_active", true.into()),
            ("display_order", 0.into()),
            ("breadcrumb", crumbs),
            ("product_count", 0.into()),
        ]);
        let products = ProjectionRow(vec![
            ("category_id", id.into()),
            ("category_name", name.into()),
            ("product_count", 0.into()),
            ("products", Json::List(Vec::new())),
            ("updated_at", Json::Null),
        ]);
        views.category_tree.put(key, node);
        views.category_products.put(key, products);
    });
}

/// The category's list of products keeps the old name.
pub fn rename_category(work: &mut Work<'_>, key: ThingKey, fields: &Fields<'_>) {
    if !work.shows(Catalogue) {
        return;
    }
    let Some(name) = fields.text(0).map(str::to_owned) else {
        return;
    };
    work.show(key, move |views, _| {
        let parent = match views.category_tree.row(key) {
            Some(row) => row.text("parent_category_id").to_owned(),
            None => return,
        };
        let crumbs = breadcrumb(views, &name, &parent);
        if let Some(row) = views.category_tree.row(key) {
            row.set("name", name);
            row.set("breadcrumb", crumbs);
        }
    });
}

/// Has a column of the category's node hold `value`.
pub fn set_category(
    work: &mut Work<'_>,
    key: ThingKey,
    column: &'static str,
    value: impl Into<Json> + Send + 'static,
) {
    if !work.shows(Catalogue) {
        return;
    }
    work.show(key, move |views, _| {
        if let Some(row) = views.category_tree.row(key) {
            row.set(column, value);
        }
    });
}
