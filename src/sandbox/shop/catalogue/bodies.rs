//! Request bodies of products and categories, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Field, Schema};

pub static NEW_PRODUCT: Schema = Schema(&[
    Field::text("sku", 50),
    Field::unlimited_text("seller_id").optional(),
    Field::text("title", 255),
    Field::optional_text_without_limit("description"),
    Field::unlimited_text("category_id").optional(),
    Field::optional_text("brand", 100),
    Field::unlimited_text("attributes").optional(),
    Field::optional_text("visibility", 20),
    Field::optional_text("meta_title", 70),
    Field::optional_text("meta_description", 160),
    Field::optional_text("slug", 200),
]);
pub static PRODUCT_DETAILS: Schema = Schema(&[
    Field::optional_text("title", 255),
    Field::optional_text_without_limit("description"),
    Field::optional_text("brand", 100),
    Field::unlimited_text("attributes").optional(),
    Field::optional_text("meta_title", 70),
    Field::optional_text("meta_description", 160),
    Field::optional_text("slug", 200),
]);
pub static NEW_VARIANT: Schema = Schema(&[
    Field::text("variant_sku", 50),
    Field::unlimited_text("attributes").optional(),
    Field::number("base_price"),
    Field::text("currency", 3).or_text("USD"),
    Field::number("weight_value").optional(),
    Field::optional_text("weight_unit", 2),
    Field::number("length").optional(),
    Field::number("width").optional(),
    Field::number("height").optional(),
    Field::optional_text("dimension_unit", 2),
]);
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
pub static NEW_CATEGORY: Schema = Schema(&[
    Field::text("name", 100),
    Field::unlimited_text("parent_category_id").optional(),
    Field::unlimited_text("attributes").optional(),
]);
pub static CATEGORY_CHANGE: Schema = Schema(&[
    Field::optional_text("name", 100),
    Field::unlimited_text("attributes").optional(),
]);
pub static CATEGORY_ORDER: Schema = Schema(&[Field::integer("new_display_order")]);
