//! Request bodies of payments and invoices, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source.

use crate::sandbox::schema::{Schema, SchemaField};

pub static NEW_PAYMENT: Schema = Schema(&[
    SchemaField::unlimited_text("order_id"),
    SchemaField::unlimited_text("customer_id"),
    SchemaField::number_above("amount", 0.0),
    SchemaField::free_text("currency", 3).or_text("USD"),
    SchemaField::free_text("payment_method_type", 50),
    SchemaField::unlimited_text("last4")
        .optional()
        .with_command_limit(4),
    SchemaField::free_text("idempotency_key", 255),
]);
pub static WEBHOOK: Schema = Schema(&[
    SchemaField::unlimited_text("payment_id"),
    SchemaField::optional_text_without_limit("gateway_transaction_id"),
    SchemaField::free_text("gateway_status", 50),
    SchemaField::unlimited_text("failure_reason")
        .optional()
        .with_command_limit(500),
]);
pub static NEW_REFUND: Schema = Schema(&[
    SchemaField::number_above("amount", 0.0),
    SchemaField::free_text("reason", 500),
]);
pub static REFUND_WEBHOOK: Schema = Schema(&[
    SchemaField::unlimited_text("payment_id"),
    SchemaField::unlimited_text("refund_id"),
    SchemaField::free_text("gateway_refund_id", 255),
]);
/// What the fake gateway is to do. It is no command's business.
pub static GATEWAY: Schema = Schema(&[
    SchemaField::boolean("should_succeed").or_boolean(true),
    SchemaField::unlimited_text("failure_reason").or_text("Card declined"),
]);
pub static NEW_INVOICE: Schema = Schema(&[
    SchemaField::unlimited_text("order_id"),
    SchemaField::unlimited_text("customer_id"),
    SchemaField::objects("line_items", &LINE_ITEM),
    SchemaField::number("tax").or_number(0.0),
]);
pub static LINE_ITEM: Schema = Schema(&[
    SchemaField::free_text("description", 500),
    SchemaField::number_from("quantity", 0.0),
    SchemaField::number_from("unit_price", 0.0),
]);
pub static VOID_REASON: Schema = Schema(&[SchemaField::free_text("reason", 500)]);
