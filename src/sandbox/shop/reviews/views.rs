//! What reads show of reviews: one, a product's, a customer's, and what a product comes to.

use crate::sandbox::json_text::{self, Json};
use crate::sandbox::pipeline::Domain::Reviews;
use crate::sandbox::python_text::float_repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{
    EventMoment, ListTable, Message, MessageKind, Notice, ProductRating, ProjectionRow, Projections,
};
use crate::sandbox::shop::query::ListQuery;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use uuid::Uuid;

pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "ReviewDetail", |views| &mut views.review_detail)
}

/// A page of the list of `text` in `table`.
fn page(
    work: &Work<'_>,
    query: ListQuery<'_>,
    text: &str,
    table: impl FnOnce(&mut Projections) -> &mut ListTable,
) -> Result<EndpointAnswer, Refusal> {
    let page = query.page()?;
    let list = TextDigest::of(text).key();
    let told = work.read(|views| page.of(table(views).rows(list)));
    Ok(EndpointAnswer::Told(told.unwrap_or_default()))
}

pub fn list_of_product(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let mut query = ListQuery::of(call);
    let product = query.required_text("product_id");
    page(work, query, &product, |views| &mut views.product_reviews)
}

pub fn list_of_customer(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    page(work, ListQuery::of(call), call.id(), |views| {
        &mut views.customer_reviews
    })
}

pub fn read_rating(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let product = TextDigest::of(call.id()).key();
    let told = work.read(|views| Some(told_rating(views.product_rating.row(product)?)));
    told.flatten()
        .map(EndpointAnswer::Told)
        .ok_or_else(|| Refusal::Unknown {
            aggregate: "ProductRating",
            id: call.id().into(),
        })
}

fn told_rating(rating: &ProductRating) -> String {
    let total: i64 = rating.counts.iter().sum();
    let stars: i64 = (1..)
        .zip(rating.counts)
        .map(|(star, count)| star * count)
        .sum();
    let average = match total {
        0 => 0.0,
        total => (stars as f64 / total as f64 * 100.0).round_ties_even() / 100.0,
    };
    let mut body = String::from("{\"product_id\":");
    json_text::write_text(&rating.product, &mut body);
    let [one, two, three, four, five] = rating.counts;
    body.push_str(&format!(
        r#","average_rating":{},"total_reviews":{total},"rating_distribution":{{"1":{one},"2":{two},"3":{three},"4":{four},"5":{five}}},"verified_review_count":0,"updated_at":"#,
        float_repr(average)
    ));
    // A time is a text, which JSON can always express.
    let _ = json_text::write(&rating.updated, &mut body);
    body.push('}');
    body
}

fn texts(list: Option<&[&str]>) -> Json {
    let texts = list.unwrap_or_default().iter();
    Json::List(texts.map(|&text| text.into()).collect())
}

pub fn submit(work: &mut Work<'_>, id: Uuid, fields: &Fields<'_>) {
    if !work.shows(Reviews) {
        return;
    }
    let [product, customer, title, body] =
        [0, 1, 3, 4].map(|index| fields.required_text(index).to_owned());
    // An empty one is none.
    let variant: Json = fields.filled_text(5).into();
    let rating = fields.required_integer(2);
    let [pros, cons] = [6, 7].map(|index| texts(fields.texts(index)));
    let key = ThingKey::of(id);
    work.show(key, move |views, moment| {
        let listed = ProjectionRow(vec![
            ("review_id", id.into()),
            ("customer_id", customer.as_str().into()),
            ("product_id", product.as_str().into()),
            ("rating", rating.into()),
            ("title", title.as_str().into()),
            ("status", "Pending".into()),
            ("created_at", moment.raised()),
            ("updated_at", moment.raised()),
        ]);
        let list = TextDigest::of(&customer).key();
        views.customer_reviews.put(list, key, listed);
        let detail = ProjectionRow(vec![
            ("review_id", id.into()),
            ("product_id", product.into()),
            ("variant_id", variant),
            ("customer_id", customer.into()),
            ("order_id", Json::Null),
            ("rating", rating.into()),
            ("title", title.into()),
            ("body", body.into()),
            ("pros", pros.clone()),
            ("cons", cons.clone()),
            ("images", Json::Null),
            ("verified_purchase", "False".into()),
            ("status", "Pending".into()),
            ("moderation_notes", Json::Null),
            ("helpful_count", 0.into()),
            ("unhelpful_count", 0.into()),
            ("report_count", 0.into()),
            ("has_seller_reply", "False".into()),
            ("seller_reply_body", Json::Null),
            ("seller_reply_at", Json::Null),
            ("is_edited", "False".into()),
            ("created_at", moment.raised()),
            ("updated_at", moment.raised()),
            ("_pros", pros),
            ("_cons", cons),
        ]);
        views.review_detail.put(key, detail);
    });
}

/// The customer's list of a review.
fn listed(views: &mut Projections, key: ThingKey) -> Option<&mut ProjectionRow> {
    let detail = views.review_detail.row(key)?;
    let list = TextDigest::of(detail.text("customer_id")).key();
    views.customer_reviews.row(list, key)
}

/// Has the status of a review shown in both places.
fn set_status(views: &mut Projections, moment: &EventMoment<'_>, key: ThingKey, status: &str) {
    if let Some(listed) = listed(views, key) {
        listed.set("status", status);
        listed.set("updated_at", moment.raised());
    }
    if let Some(detail) = views.review_detail.row(key) {
        detail.set("status", status);
        detail.set("updated_at", moment.raised());
    }
}

/// What is in favour and against is shown as it was first, but for the product's list.
pub fn edit(work: &mut Work<'_>, key: ThingKey, fields: &Fields<'_>) {
    if !work.shows(Reviews) {
        return;
    }
    let [title, body] = [1, 2].map(|index| fields.filled_text(index).map(str::to_owned));
    let rating = fields.integer(3);
    let [pros, cons] = [4, 5].map(|index| {
        let list = fields.texts(index);
        list.map(|list| texts(Some(list)))
    });
    work.show(key, move |views, moment| {
        set_status(views, moment, key, "Pending");
        if let Some(listed) = listed(views, key) {
            change(listed, "title", title.clone());
            change(listed, "rating", rating);
        }
        if let Some(detail) = views.review_detail.row(key) {
            change(detail, "title", title);
            change(detail, "body", body);
            change(detail, "rating", rating);
            change(detail, "_pros", pros);
            change(detail, "_cons", cons);
            detail.set("is_edited", "True");
        }
    });
}

fn change(row: &mut ProjectionRow, column: &'static str, value: Option<impl Into<Json>>) {
    if let Some(value) = value {
        row.set(column, value);
    }
}

/// Somebody who wrote a review is told what has become of it.
fn tell(views: &mut Projections, key: ThingKey, kind: MessageKind, subject: &str) {
    if let Some(detail) = views.review_detail.row(key) {
        let recipient = detail.text("customer_id").to_owned();
        let subject = subject.to_owned();
        views.tell(Notice::Tell(Message {
            kind,
            recipient,
            subject,
        }));
    }
}

pub fn approve(work: &mut Work<'_>, key: ThingKey) {
    if !work.shows(Reviews) {
        return;
    }
    work.show(key, move |views, moment| {
        set_status(views, moment, key, "Published");
        let subject = "Your review has been published";
        tell(views, key, MessageKind::ReviewPublished, subject);
        let Some(detail) = views.review_detail.row(key) else {
            return;
        };
        let column = |name: &'static str| (name, detail.get(name).clone());
        let row = ProjectionRow(vec![
            column("review_id"),
            column("product_id"),
            column("variant_id"),
            column("customer_id"),
            column("rating"),
            column("title"),
            column("body"),
            ("pros", detail.get("_pros").clone()),
            ("cons", detail.get("_cons").clone()),
            ("images", Json::List(Vec::new())),
            column("verified_purchase"),
            column("helpful_count"),
            column("unhelpful_count"),
            column("has_seller_reply"),
            ("seller_reply_body", Json::Null),
            column("is_edited"),
            ("published_at", moment.raised()),
        ]);
        let (product, rating) = (
            detail.text("product_id").to_owned(),
            detail.integer("rating"),
        );
        let list = TextDigest::of(&product).key();
        views.product_reviews.put(list, key, row);
        count(views, moment, list, product, rating, 1);
    });
}

/// Counts a review among those of its product, or no more.
fn count(
    views: &mut Projections,
    moment: &EventMoment<'_>,
    list: ThingKey,
    product: String,
    stars: i64,
    by: i64,
) {
    if views.product_rating.row(list).is_none() {
        let rating = ProductRating {
            product,
            counts: [0; 5],
            updated: Json::Null,
        };
        views.product_rating.put(list, rating);
    }
    if let Some(rating) = views.product_rating.row(list) {
        let place = usize::try_from(stars - 1).unwrap_or_default();
        if let Some(held) = rating.counts.get_mut(place) {
            *held = (*held + by).max(0);
        }
        rating.updated = moment.raised();
    }
}

pub fn reject(work: &mut Work<'_>, key: ThingKey, reason: &str) {
    if !work.shows(Reviews) {
        return;
    }
    let reason = reason.to_owned();
    work.show(key, move |views, moment| {
        set_status(views, moment, key, "Rejected");
        if let Some(detail) = views.review_detail.row(key) {
            detail.set("moderation_notes", reason);
        }
        tell(
            views,
            key,
            MessageKind::ReviewRejected,
            "Update on your review",
        );
    });
}

/// The review's row in its product's list.
fn in_product(views: &mut Projections, key: ThingKey) -> Option<&mut ProjectionRow> {
    let detail = views.review_detail.row(key)?;
    let list = TextDigest::of(detail.text("product_id")).key();
    views.product_reviews.row(list, key)
}

pub fn vote(work: &mut Work<'_>, key: ThingKey, [helpful, unhelpful]: [i64; 2]) {
    if !work.shows(Reviews) {
        return;
    }
    work.show(key, move |views, _| {
        let set = |row: &mut ProjectionRow| {
            row.set("helpful_count", helpful);
            row.set("unhelpful_count", unhelpful);
        };
        views.review_detail.row(key).map(set);
        in_product(views, key).map(set);
    });
}

pub fn report(work: &mut Work<'_>, key: ThingKey, count: i64) {
    if !work.shows(Reviews) {
        return;
    }
    work.show(key, move |views, _| {
        if let Some(detail) = views.review_detail.row(key) {
            detail.set("report_count", count);
        }
    });
}

/// The product's list goes on showing what was removed (measured).
pub fn remove(work: &mut Work<'_>, key: ThingKey, reason: &str) {
    if !work.shows(Reviews) {
        return;
    }
    let reason = reason.to_owned();
    work.show(key, move |views, moment| {
        set_status(views, moment, key, "Removed");
        let Some(detail) = views.review_detail.row(key) else {
            return;
        };
        detail.set("moderation_notes", reason);
        let (product, rating) = (
            detail.text("product_id").to_owned(),
            detail.integer("rating"),
        );
        let list = TextDigest::of(&product).key();
        count(views, moment, list, product, rating, -1);
    });
}

pub fn reply(work: &mut Work<'_>, key: ThingKey, body: &str) {
    if !work.shows(Reviews) {
        return;
    }
    let body = body.to_owned();
    work.show(key, move |views, moment| {
        let set = |row: &mut ProjectionRow| {
            row.set("has_seller_reply", "True");
            row.set("seller_reply_body", body.as_str());
        };
        if let Some(detail) = views.review_detail.row(key) {
            set(detail);
            detail.set("seller_reply_at", moment.raised());
        }
        in_product(views, key).map(set);
    });
}
