//! Request bodies of payments and invoices, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source.

use crate::sandbox::schema::{Field, Schema};

pub static NEW_PAYMENT: Schema = Schema(&[
    Field::unlimited_text("order_id"),
    Field::unlimited_text("customer_id"),
    Field::number_above("amount", 0.0),
    Field::free_text("currency", 3).or_text("USD"),
    Field::free_text("payment_method_type", 50),
    Field::unlimited_text("last4")
        .optional()
        .with_command_limit(4),
    Field::free_text("idempotency_key", 255),
]);
pub static WEBHOOK: Schema = Schema(&[
    Field::unlimited_text("payment_id"),
    Field::optional_text_without_limit("gateway_transaction_id"),
    Field::free_text("gateway_status", 50),
    Field::unlimited_text("failure_reason")
        .optional()
        .with_command_limit(500),
]);
pub static NEW_REFUND: Schema = Schema(&[
    Field::number_above("amount", 0.0),
    Field::free_text("reason", 500),
]);
pub static REFUND_WEBHOOK: Schema = Schema(&[
    Field::unlimited_text("payment_id"),
    Field::unlimited_text("refund_id"),
    Field::free_text("gateway_refund_id", 255),
]);
/// What the fake gateway is to do. It is no command's business.
pub static GATEWAY: Schema = Schema(&[
    Field::boolean("should_succeed").or_boolean(true),
    Field::unlimited_text("failure_reason").or_text("Card declined"),
]);
pub static NEW_INVOICE: Schema = Schema(&[
    Field::unlimited_text("order_id"),
    Field::unlimited_text("customer_id"),
    Field::objects("line_items", &LINE_ITEM),
    Field::number("tax").or_number(0.0),
]);
pub static LINE_ITEM: Schema = Schema(&[
    Field::free_text("description", 500),
    Field::number_from("quantity", 0.0),
    Field::number_from("unit_price", 0.0),
]);
pub static VOID_REASON: Schema = Schema(&[Field::free_text("reason", 500)]);
