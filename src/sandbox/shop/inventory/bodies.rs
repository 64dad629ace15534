//! Request bodies of stock and warehouses, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source, or the domain's 255.

use crate::sandbox::schema::{Field, Schema};
use crate::sandbox::shop::ordering::ADDRESS;

pub static NEW_STOCK: Schema = Schema(&[
    Field::unlimited_text("product_id"),
    Field::unlimited_text("variant_id"),
    Field::unlimited_text("warehouse_id"),
    Field::free_text("sku", 50),
    Field::integer_from("initial_quantity", 0).or_integer(0),
    Field::integer_from("reorder_point", 0).or_integer(10),
    Field::integer_from("reorder_quantity", 0).or_integer(50),
]);
pub static RECEIPT: Schema = Schema(&[
    Field::integer_from("quantity", 1),
    Field::optional_text_without_limit("reference"),
]);
pub static RESERVATION: Schema = Schema(&[
    Field::unlimited_text("order_id"),
    Field::integer_from("quantity", 1),
    Field::integer_from("expires_in_minutes", 1).or_integer_or_null(15),
]);
pub static RELEASE: Schema = Schema(&[Field::free_text("reason", 255)]);
pub static ADJUSTMENT: Schema = Schema(&[
    Field::integer("quantity_change"),
    Field::free_text("adjustment_type", 255),
    Field::free_text("reason", 255),
    Field::free_text("adjusted_by", 255),
]);
pub static DAMAGE: Schema = Schema(&[
    Field::integer_from("quantity", 1),
    Field::free_text("reason", 255),
]);
pub static WRITE_OFF: Schema = Schema(&[
    Field::integer_from("quantity", 1),
    Field::free_text("approved_by", 255),
]);
pub static RETURNED_STOCK: Schema = Schema(&[
    Field::integer_from("quantity", 1),
    Field::unlimited_text("order_id"),
]);
pub static STOCK_CHECK: Schema = Schema(&[
    Field::integer_from("counted_quantity", 0),
    Field::free_text("checked_by", 255),
]);
pub static NEW_WAREHOUSE: Schema = Schema(&[
    Field::free_text("name", 255),
    Field::object("address", &ADDRESS),
    Field::integer_from("capacity", 0).or_integer(0),
]);
pub static WAREHOUSE_CHANGE: Schema = Schema(&[
    Field::optional_text_without_limit("name"),
    Field::integer("capacity").optional(),
]);
pub static NEW_ZONE: Schema = Schema(&[
    Field::free_text("zone_name", 100),
    Field::unlimited_text("zone_type")
        .or_text("Regular")
        .with_command_limit(50),
]);
/// For how long a reservation has to be over.
pub static EXPIRY: Schema = Schema(&[Field::integer("older_than_minutes").or_integer(15)]);
