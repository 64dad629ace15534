//! Request bodies of reviews, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Schema, SchemaField};

/// Characters that a review has at least.
pub const LEAST_CHARS: usize = 20;

pub static NEW_REVIEW: Schema = Schema(&[
    SchemaField::unlimited_text("product_id"),
    SchemaField::unlimited_text("customer_id"),
    SchemaField::integer_between("rating", 1, 5),
    SchemaField::text("title", 200),
    SchemaField::unlimited_text("body").with_least_chars(LEAST_CHARS),
    SchemaField::unlimited_text("variant_id").optional(),
    SchemaField::texts("pros").optional(),
    SchemaField::texts("cons").optional(),
    SchemaField::objects("images", &IMAGE).optional(),
]);
pub static IMAGE: Schema = Schema(&[
    SchemaField::free_text("url", 500),
    SchemaField::optional_text_without_limit("alt_text"),
]);
pub static EDIT: Schema = Schema(&[
    SchemaField::unlimited_text("customer_id"),
    SchemaField::optional_text("title", 200),
    SchemaField::unlimited_text("body")
        .with_least_chars(LEAST_CHARS)
        .optional(),
    SchemaField::integer_between("rating", 1, 5).optional(),
    SchemaField::texts("pros").optional(),
    SchemaField::texts("cons").optional(),
]);
pub static MODERATION: Schema = Schema(&[
    SchemaField::unlimited_text("moderator_id"),
    SchemaField::free_text("action", 255),
    SchemaField::optional_text_without_limit("reason"),
]);
pub static VOTE: Schema = Schema(&[
    SchemaField::unlimited_text("customer_id"),
    SchemaField::free_text("vote_type", 255),
]);
pub static REPORT: Schema = Schema(&[
    SchemaField::unlimited_text("customer_id"),
    SchemaField::free_text("reason", 255),
    SchemaField::unlimited_text("detail")
        .optional()
        .with_command_limit(500),
]);
pub static REMOVAL: Schema = Schema(&[
    SchemaField::free_text("removed_by", 255),
    SchemaField::free_text("reason", 255),
]);
pub static REPLY: Schema = Schema(&[
    SchemaField::unlimited_text("seller_id"),
    SchemaField::unlimited_text("body"),
]);
