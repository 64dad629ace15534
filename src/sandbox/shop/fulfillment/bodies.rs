//! Request bodies of fulfillments, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Schema, SchemaField};

pub static NEW_FULFILLMENT: Schema = Schema(&[
    SchemaField::unlimited_text("order_id"),
    SchemaField::unlimited_text("customer_id"),
    SchemaField::unlimited_text("warehouse_id").optional(),
    SchemaField::objects("items", &ITEM),
]);
pub static ITEM: Schema = Schema(&[
    SchemaField::unlimited_text("order_item_id"),
    SchemaField::unlimited_text("product_id"),
    SchemaField::free_text("sku", 100),
    SchemaField::integer("quantity"),
]);
pub static PICKER: Schema = Schema(&[SchemaField::free_text("picker_name", 100)]);
pub static PICK: Schema = Schema(&[SchemaField::free_text("pick_location", 100)]);
pub static PACKING: Schema = Schema(&[
    SchemaField::free_text("packed_by", 100),
    SchemaField::dictionaries("packages"),
]);
pub static LABEL: Schema = Schema(&[
    SchemaField::free_text("label_url", 500),
    SchemaField::free_text("carrier", 100),
    SchemaField::free_text("service_level", 50),
]);
/// The date is looked at before the command, hence before its limits.
pub static HANDOFF: Schema = Schema(&[
    SchemaField::ignored_text("tracking_number"),
    SchemaField::unlimited_text("estimated_delivery").optional(),
]);
/// The command's part of it.
pub static HANDOFF_COMMAND: Schema = Schema(&[SchemaField::free_text("tracking_number", 255)]);
pub static TRACKING: Schema = Schema(&[
    SchemaField::unlimited_text("fulfillment_id"),
    SchemaField::free_text("status", 100),
    SchemaField::unlimited_text("location")
        .optional()
        .with_command_limit(200),
    SchemaField::unlimited_text("description")
        .optional()
        .with_command_limit(500),
]);
pub static EXCEPTION: Schema = Schema(&[
    SchemaField::free_text("reason", 500),
    SchemaField::unlimited_text("location")
        .optional()
        .with_command_limit(200),
]);
pub static CANCELLATION: Schema = Schema(&[SchemaField::free_text("reason", 500)]);
/// What the fake carrier is to do. It is no command's business.
pub static CARRIER: Schema = Schema(&[
    SchemaField::boolean("should_succeed").or_boolean(true),
    SchemaField::unlimited_text("failure_reason").or_text("Carrier unavailable"),
]);
