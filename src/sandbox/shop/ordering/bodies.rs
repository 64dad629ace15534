//! Request bodies of carts and orders, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source.

use crate::sandbox::schema::{Schema, SchemaField};

pub static NEW_CART: Schema = Schema(&[
    SchemaField::unlimited_text("customer_id").optional(),
    SchemaField::optional_text_without_limit("session_id"),
]);
pub static NEW_CART_ITEM: Schema = Schema(&[
    SchemaField::unlimited_text("product_id"),
    SchemaField::unlimited_text("variant_id"),
    SchemaField::integer_from("quantity", 1).or_integer(1),
]);
pub static NEW_QUANTITY: Schema = Schema(&[SchemaField::integer_from("new_quantity", 1)]);
pub static COUPON: Schema = Schema(&[SchemaField::free_text("coupon_code", 100)]);
/// The session to merge from is not even handed on.
pub static MERGER: Schema = Schema(&[SchemaField::ignored_text("source_session_id")]);
/// A checkout. Its payment method goes nowhere.
pub static ADDRESS_CHOICE: Schema = Schema(&[
    SchemaField::object("shipping", &ADDRESS),
    SchemaField::object("billing", &ADDRESS),
    SchemaField::unlimited_text("payment_method").optional(),
]);
pub static ADDRESS: Schema = Schema(&[
    SchemaField::free_text("street", 255),
    SchemaField::free_text("city", 100),
    SchemaField::unlimited_text("state")
        .optional()
        .with_command_limit(100),
    SchemaField::free_text("postal_code", 20),
    SchemaField::free_text("country", 100),
]);
/// An item of a new order, or one that is added to it later.
pub static ORDER_ITEM: Schema = Schema(&[
    SchemaField::unlimited_text("product_id"),
    SchemaField::unlimited_text("variant_id"),
    SchemaField::free_text("sku", MAX_SKU_CHARS),
    SchemaField::free_text("title", MAX_TITLE_CHARS),
    SchemaField::integer_from("quantity", 1),
    SchemaField::number_from("unit_price", 0.0),
]);
pub const MAX_SKU_CHARS: usize = 50;
pub const MAX_TITLE_CHARS: usize = 255;
pub static NEW_ORDER: Schema = Schema(&[
    SchemaField::unlimited_text("customer_id"),
    SchemaField::objects("items", &ORDER_ITEM),
    SchemaField::object("shipping_address", &ADDRESS),
    SchemaField::object("billing_address", &ADDRESS),
    SchemaField::number("shipping_cost").or_number(0.0),
    SchemaField::number("tax_total").or_number(0.0),
    SchemaField::number("discount_total").or_number(0.0),
    SchemaField::free_text("currency", 3).or_text("USD"),
]);
pub static PENDING_PAYMENT: Schema = Schema(&[
    SchemaField::free_text("payment_id", 255),
    SchemaField::free_text("payment_method", 50),
]);
pub static SUCCEEDED_PAYMENT: Schema = Schema(&[
    SchemaField::free_text("payment_id", 255),
    SchemaField::number("amount"),
    SchemaField::free_text("payment_method", 50),
]);
pub static FAILED_PAYMENT: Schema = Schema(&[
    SchemaField::free_text("payment_id", 255),
    SchemaField::free_text("reason", 500),
]);
pub static SHIPMENT: Schema = Schema(&[
    SchemaField::free_text("shipment_id", 255),
    SchemaField::free_text("carrier", 100),
    SchemaField::free_text("tracking_number", 255),
    SchemaField::texts("shipped_item_ids").optional(),
    SchemaField::unlimited_text("estimated_delivery")
        .optional()
        .with_command_limit(10),
]);
pub static PARTIAL_SHIPMENT: Schema = Schema(&[
    SchemaField::free_text("shipment_id", 255),
    SchemaField::free_text("carrier", 100),
    SchemaField::free_text("tracking_number", 255),
    SchemaField::texts("shipped_item_ids"),
]);
pub static RETURN_REASON: Schema = Schema(&[SchemaField::free_text("reason", 500)]);
pub static RETURNED_ITEMS: Schema = Schema(&[SchemaField::texts("returned_item_ids").optional()]);
pub static CANCELLATION: Schema = Schema(&[
    SchemaField::free_text("reason", 500),
    SchemaField::free_text("cancelled_by", 50),
]);
pub static REFUND: Schema = Schema(&[SchemaField::number("refund_amount").optional()]);
/// How long a cart has to be left alone.
pub static IDLE_THRESHOLD: Schema =
    Schema(&[SchemaField::integer("idle_threshold_hours").or_integer(24)]);
