//! Request bodies of carts and orders, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source.

use crate::sandbox::schema::{Field, Schema};

pub static NEW_CART: Schema = Schema(&[
    Field::unlimited_text("customer_id").optional(),
    Field::optional_text_without_limit("session_id"),
]);
pub static NEW_CART_ITEM: Schema = Schema(&[
    Field::unlimited_text("product_id"),
    Field::unlimited_text("variant_id"),
    Field::integer_from("quantity", 1).or_integer(1),
]);
pub static NEW_QUANTITY: Schema = Schema(&[Field::integer_from("new_quantity", 1)]);
pub static COUPON: Schema = Schema(&[Field::free_text("coupon_code", 100)]);
/// The session to merge from is not even handed on.
pub static MERGER: Schema = Schema(&[Field::ignored_text("source_session_id")]);
/// A checkout. Its payment method goes nowhere.
pub static ADDRESS_CHOICE: Schema = Schema(&[
    Field::object("shipping", &ADDRESS),
    Field::object("billing", &ADDRESS),
    Field::unlimited_text("payment_method").optional(),
]);
pub static ADDRESS: Schema = Schema(&[
    Field::free_text("street", 255),
    Field::free_text("city", 100),
    Field::unlimited_text("state")
        .optional()
        .with_command_limit(100),
    Field::free_text("postal_code", 20),
    Field::free_text("country", 100),
]);
/// An item of a new order, or one that is added to it later.
pub static ORDER_ITEM: Schema = Schema(&[
    Field::unlimited_text("product_id"),
    Field::unlimited_text("variant_id"),
    Field::free_text("sku", MAX_SKU_CHARS),
    Field::free_text("title", MAX_TITLE_CHARS),
    Field::integer_from("quantity", 1),
    Field::number_from("unit_price", 0.0),
]);
pub const MAX_SKU_CHARS: usize = 50;
pub const MAX_TITLE_CHARS: usize = 255;
pub static NEW_ORDER: Schema = Schema(&[
    Field::unlimited_text("customer_id"),
    Field::objects("items", &ORDER_ITEM),
    Field::object("shipping_address", &ADDRESS),
    Field::object("billing_address", &ADDRESS),
    Field::number("shipping_cost").or_number(0.0),
    Field::number("tax_total").or_number(0.0),
    Field::number("discount_total").or_number(0.0),
    Field::free_text("currency", 3).or_text("USD"),
]);
pub static PENDING_PAYMENT: Schema = Schema(&[
    Field::free_text("payment_id", 255),
    Field::free_text("payment_method", 50),
]);
pub static SUCCEEDED_PAYMENT: Schema = Schema(&[
    Field::free_text("payment_id", 255),
    Field::number("amount"),
    Field::free_text("payment_method", 50),
]);
pub static FAILED_PAYMENT: Schema = Schema(&[
    Field::free_text("payment_id", 255),
    Field::free_text("reason", 500),
]);
pub static SHIPMENT: Schema = Schema(&[
    Field::free_text("shipment_id", 255),
    Field::free_text("carrier", 100),
    Field::free_text("tracking_number", 255),
    Field::texts("shipped_item_ids").optional(),
    Field::unlimited_text("estimated_delivery")
        .optional()
        .with_command_limit(10),
]);
pub static PARTIAL_SHIPMENT: Schema = Schema(&[
    Field::free_text("shipment_id", 255),
    Field::free_text("carrier", 100),
    Field::free_text("tracking_number", 255),
    Field::texts("shipped_item_ids"),
]);
pub static RETURN_REASON: Schema = Schema(&[Field::free_text("reason", 500)]);
pub static RETURNED_ITEMS: Schema = Schema(&[Field::texts("returned_item_ids").optional()]);
pub static CANCELLATION: Schema = Schema(&[
    Field::free_text("reason", 500),
    Field::free_text("cancelled_by", 50),
]);
pub static REFUND: Schema = Schema(&[Field::number("refund_amount").optional()]);
/// How long a cart has to be left alone.
pub static IDLE_THRESHOLD: Schema =
    Schema(&[Field::integer("idle_threshold_hours").or_integer(24)]);
