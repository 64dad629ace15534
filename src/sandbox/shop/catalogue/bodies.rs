//! Request bodies of products and categories, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Field, Schema};

pub static NEW_PRICE: Schema = Schema(&[
    Field::number("base_price"),
    Field::text("currency", 3).or_text("USD"),
]);
pub static TIER_PRICE: Schema = Schema(&[Field::text("tier", 50), Field::number("price")]);
pub static NEW_IMAGE: Schema = Schema(&[
    Field::text("url", 500),
    Field::optional_text("alt_text", 255),
    Field::boolean("is_primary").or_boolean(false),
]);
pub static CATEGORY_ORDER: Schema = Schema(&[Field::integer("new_display_order")]);

/// Attributes of products, variants and categories: once a text that has to be JSON, today an
/// object.
const TEXT_ATTRIBUTES: Field = Field::unlimited_text("attributes").optional();
const ATTRIBUTES: Field = Field::optional_dictionary("attributes");

macro_rules! new_product {
    ($attributes:expr) => {
        Schema(&[
            Field::text("sku", 50),
            Field::unlimited_text("seller_id").optional(),
            Field::text("title", 255),
            Field::optional_text_without_limit("description"),
            Field::unlimited_text("category_id").optional(),
            Field::optional_text("brand", 100),
            $attributes,
            Field::optional_text("visibility", 20),
            Field::optional_text("meta_title", 70),
            Field::optional_text("meta_description", 160),
            Field::optional_text("slug", 200),
        ])
    };
}
/// As the shop of five contexts takes it.
pub static NEW_PRODUCT: Schema = new_product!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_NEW_PRODUCT: Schema = new_product!(ATTRIBUTES);

macro_rules! product_details {
    ($attributes:expr) => {
        Schema(&[
            Field::optional_text("title", 255),
            Field::optional_text_without_limit("description"),
            Field::optional_text("brand", 100),
            $attributes,
            Field::optional_text("meta_title", 70),
            Field::optional_text("meta_description", 160),
            Field::optional_text("slug", 200),
        ])
    };
}
/// As the shop of five contexts takes it.
pub static PRODUCT_DETAILS: Schema = product_details!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_PRODUCT_DETAILS: Schema = product_details!(ATTRIBUTES);

macro_rules! new_variant {
    ($attributes:expr) => {
        Schema(&[
            Field::text("variant_sku", 50),
            $attributes,
            Field::number("base_price"),
            Field::text("currency", 3).or_text("USD"),
            Field::number("weight_value").optional(),
            Field::optional_text("weight_unit", 2),
            Field::number("length").optional(),
            Field::number("width").optional(),
            Field::number("height").optional(),
            Field::optional_text("dimension_unit", 2),
        ])
    };
}
/// As the shop of five contexts takes it.
pub static NEW_VARIANT: Schema = new_variant!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_NEW_VARIANT: Schema = new_variant!(ATTRIBUTES);

macro_rules! new_category {
    ($attributes:expr) => {
        Schema(&[
            Field::text("name", 100),
            Field::unlimited_text("parent_category_id").optional(),
            $attributes,
        ])
    };
}
/// As the shop of five contexts takes it.
pub static NEW_CATEGORY: Schema = new_category!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_NEW_CATEGORY: Schema = new_category!(ATTRIBUTES);

macro_rules! category_change {
    ($attributes:expr) => {
        Schema(&[Field::optional_text("name", 100), $attributes])
    };
}
/// As the shop of five contexts takes it.
pub static CATEGORY_CHANGE: Schema = category_change!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_CATEGORY_CHANGE: Schema = category_change!(ATTRIBUTES);
