//! Bodies of the Catalogue domain.
//!
//! Limits of the shop: SKUs 3–50 letters, digits and hyphens, no hyphen at an end nor two in a row;
//! `title`, `description`, `alt_text` ≤ 255 characters; `brand`, category names ≤ 100; `visibility`
//! one of three; `meta_title` ≤ 70; `meta_description` ≤ 160; `slug` ≤ 200 lower-case letters,
//! digits and hyphens; `attributes` JSON text or an object, as the shop asks for; `base_price` ≥ 0.01;
//! `currency` ≤ 3; weights in kg, lb, g or oz; dimensions in cm or in; `url` ≤ 500.

use super::ids::unique_id_member;
use super::money::{CURRENCY, Cents};
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::shop::Form;
use crate::words;
use fastrand::Rng;
use std::ops::RangeInclusive;

const VISIBILITIES: [&str; 3] = ["Public", "Unlisted", "Tier_Restricted"];
/// Longest description that the shop takes.
const DESCRIPTION_CHARACTERS: usize = 255;
const SIZES: [&str; 4] = ["S", "M", "L", "XL"];
const SEASONS: [&str; 5] = ["spring", "summer", "fall", "winter", "all"];
const GENDERS: [&str; 4] = ["men", "women", "unisex", "kids"];

/// From 9.99 to 299.99.
const BASE_PRICE_CENTS: RangeInclusive<u32> = 999..=29_999;

/// A product whose SKU and slug no other has. Sellers have several.
pub fn product(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        unique_id_member("sku", "PROD-", run_id, body);
        body.member("seller_id", format!("seller-{:06x}", rng.u32(..1 << 24)));
        body.member("title", format!("{} Product", words::two_words(rng)));
        body.member("description", words::paragraph(rng, DESCRIPTION_CHARACTERS));
        body.member("brand", words::company(rng));
        body.member("visibility", words::choose(rng, &VISIBILITIES));
        body.member("meta_title", format!("{} Product", words::capitalised(rng)));
        body.member("meta_description", words::sentence(rng));
        let first_word = words::word(rng);
        unique_id_member("slug", &format!("{first_word}-"), run_id, body);
    });
}

/// A variant whose SKU no other has.
pub fn variant(form: Form, rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        unique_id_member("variant_sku", "VAR-", run_id, body);
        variant_members(form, rng, body);
    });
}

/// A variant whose SKU is id 0.
pub fn named_variant(form: Form, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("variant_sku", 0);
        variant_members(form, rng, body);
    });
}

/// An image that no other product shows.
pub fn image(is_primary: bool, rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        let directory = format!("https://cdn.example.com/images/{run_id}");
        body.unique_member("url", &directory, ".jpg");
        body.member("alt_text", words::sentence(rng));
        body.member("is_primary", is_primary);
    });
}

/// A category at the top.
pub fn category(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("name", words::two_words(rng)));
}

/// A category below id 0.
pub fn child_category(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("name", words::two_words(rng));
        body.id_member("parent_category_id", 0);
    });
}

/// A category below id 0 with attributes.
pub fn leaf_category(form: Form, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("name", words::two_words(rng));
        body.id_member("parent_category_id", 0);
        category_attributes(form, rng, body);
    });
}

/// A new name and new attributes of a category.
pub fn category_change(form: Form, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("name", words::two_words(rng));
        category_attributes(form, rng, body);
    });
}

/// A new place among the category's siblings, counted from 1.
pub fn category_order(place: u32, body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("new_display_order", place));
}

fn variant_members(form: Form, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    let size = words::choose(rng, &SIZES);
    attributes(form, &[("size", size)], body);
    body.member("base_price", Cents::drawn(rng, BASE_PRICE_CENTS));
    body.member("currency", CURRENCY);
    body.member("weight_value", f64::from(rng.u32(10..=500)) / 100.0);
    body.member("weight_unit", "kg");
    body.member("length", tenths(rng, 50..=500));
    body.member("width", tenths(rng, 50..=400));
    body.member("height", tenths(rng, 10..=300));
    body.member("dimension_unit", "cm");
}

/// A number from `range` tenths, with one decimal.
fn tenths(rng: &mut Rng, range: RangeInclusive<u32>) -> f64 {
    f64::from(rng.u32(range)) / 10.0
}

fn category_attributes(form: Form, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    let season = words::choose(rng, &SEASONS);
    let gender = words::choose(rng, &GENDERS);
    attributes(form, &[("season", season), ("gender", gender)], body);
}

/// Named values, in the form that the shop asks for. The values need no escapes.
fn attributes(form: Form, values: &[(&str, &str)], body: &mut BodyWriter<'_>) {
    match form {
        Form::Text => {
            let members = values.iter();
            let members = members.map(|(name, value)| format!(r#""{name}": "{value}""#));
            let members: Vec<String> = members.collect();
            body.member("attributes", format!("{{{}}}", members.join(", ")));
        }
        Form::Object => body.object_member("attributes", |body| {
            for (name, value) in values {
                body.member(name, value);
            }
        }),
    }
}
