//! Request bodies of products and categories, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Schema, SchemaField};

pub static NEW_PRICE: Schema = Schema(&[
    SchemaField::number("base_price"),
    SchemaField::text("currency", 3).or_text("USD"),
]);
pub static TIER_PRICE: Schema =
    Schema(&[SchemaField::text("tier", 50), SchemaField::number("price")]);
pub static NEW_IMAGE: Schema = Schema(&[
    SchemaField::text("url", 500),
    SchemaField::optional_text("alt_text", 255),
    SchemaField::boolean("is_primary").or_boolean(false),
]);
pub static CATEGORY_ORDER: Schema = Schema(&[SchemaField::integer("new_display_order")]);

/// Attributes of products, variants and categories: once a text that has to be JSON, today an
/// object.
const TEXT_ATTRIBUTES: SchemaField = SchemaField::unlimited_text("attributes").optional();
const ATTRIBUTES: SchemaField = SchemaField::optional_dictionary("attributes");

macro_rules! new_product {
    ($attributes:expr) => {
        Schema(&[
            SchemaField::text("sku", 50),
            SchemaField::unlimited_text("seller_id").optional(),
            SchemaField::text("title", 255),
            SchemaField::optional_text_without_limit("description"),
            SchemaField::unlimited_text("category_id").optional(),
            SchemaField::optional_text("brand", 100),
            $attributes,
            SchemaField::optional_text("visibility", 20),
            SchemaField::optional_text("meta_title", 70),
            SchemaField::optional_text("meta_description", 160),
            SchemaField::optional_text("slug", 200),
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
            SchemaField::optional_text("title", 255),
            SchemaField::optional_text_without_limit("description"),
            SchemaField::optional_text("brand", 100),
            $attributes,
            SchemaField::optional_text("meta_title", 70),
            SchemaField::optional_text("meta_description", 160),
            SchemaField::optional_text("slug", 200),
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
            SchemaField::text("variant_sku", 50),
            $attributes,
            SchemaField::number("base_price"),
            SchemaField::text("currency", 3).or_text("USD"),
            SchemaField::number("weight_value").optional(),
            SchemaField::optional_text("weight_unit", 2),
            SchemaField::number("length").optional(),
            SchemaField::number("width").optional(),
            SchemaField::number("height").optional(),
            SchemaField::optional_text("dimension_unit", 2),
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
            SchemaField::text("name", 100),
            SchemaField::unlimited_text("parent_category_id").optional(),
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
        Schema(&[SchemaField::optional_text("name", 100), $attributes])
    };
}
/// As the shop of five contexts takes it.
pub static CATEGORY_CHANGE: Schema = category_change!(TEXT_ATTRIBUTES);
/// As today's takes it.
pub static TODAYS_CATEGORY_CHANGE: Schema = category_change!(ATTRIBUTES);
