//! Request bodies of stock and warehouses, with the limits that the schema and the commands set.
//!
//! Limits that the contract did not measure are those of the shop's source, or the domain's 255.

use crate::sandbox::schema::{Schema, SchemaField};
use crate::sandbox::shop::ordering::ADDRESS;

pub static NEW_STOCK: Schema = Schema(&[
    SchemaField::unlimited_text("product_id"),
    SchemaField::unlimited_text("variant_id"),
    SchemaField::unlimited_text("warehouse_id"),
    SchemaField::free_text("sku", 50),
    SchemaField::integer_from("initial_quantity", 0).or_integer(0),
    SchemaField::integer_from("reorder_point", 0).or_integer(10),
    SchemaField::integer_from("reorder_quantity", 0).or_integer(50),
]);
pub static RECEIPT: Schema = Schema(&[
    SchemaField::integer_from("quantity", 1),
    SchemaField::optional_text_without_limit("reference"),
]);
pub static RESERVATION: Schema = Schema(&[
    SchemaField::unlimited_text("order_id"),
    SchemaField::integer_from("quantity", 1),
    SchemaField::integer_from("expires_in_minutes", 1).or_integer_or_null(15),
]);
pub static RELEASE: Schema = Schema(&[SchemaField::free_text("reason", 255)]);
pub static ADJUSTMENT: Schema = Schema(&[
    SchemaField::integer("quantity_change"),
    SchemaField::free_text("adjustment_type", 255),
    SchemaField::free_text("reason", 255),
    SchemaField::free_text("adjusted_by", 255),
]);
pub static DAMAGE: Schema = Schema(&[
    SchemaField::integer_from("quantity", 1),
    SchemaField::free_text("reason", 255),
]);
pub static WRITE_OFF: Schema = Schema(&[
    SchemaField::integer_from("quantity", 1),
    SchemaField::free_text("approved_by", 255),
]);
pub static RETURNED_STOCK: Schema = Schema(&[
    SchemaField::integer_from("quantity", 1),
    SchemaField::unlimited_text("order_id"),
]);
pub static STOCK_CHECK: Schema = Schema(&[
    SchemaField::integer_from("counted_quantity", 0),
    SchemaField::free_text("checked_by", 255),
]);
pub static NEW_WAREHOUSE: Schema = Schema(&[
    SchemaField::free_text("name", 255),
    SchemaField::object("address", &ADDRESS),
    SchemaField::integer_from("capacity", 0).or_integer(0),
]);
pub static WAREHOUSE_CHANGE: Schema = Schema(&[
    SchemaField::optional_text_without_limit("name"),
    SchemaField::integer("capacity").optional(),
]);
pub static NEW_ZONE: Schema = Schema(&[
    SchemaField::free_text("zone_name", 100),
    SchemaField::unlimited_text("zone_type")
        .or_text("Regular")
        .with_command_limit(50),
]);
/// For how long a reservation has to be over.
pub static EXPIRY: Schema = Schema(&[SchemaField::integer("older_than_minutes").or_integer(15)]);
