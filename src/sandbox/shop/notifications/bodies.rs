//! Request bodies of notifications, with the limits that the schema and the commands set.

use crate::sandbox::schema::{Schema, SchemaField};

pub static CHANNELS: Schema = Schema(&[
    SchemaField::boolean("email_enabled").optional(),
    SchemaField::boolean("sms_enabled").optional(),
    SchemaField::boolean("push_enabled").optional(),
]);
pub static QUIET_HOURS: Schema = Schema(&[
    SchemaField::hour_and_minute("start"),
    SchemaField::hour_and_minute("end"),
]);
pub static TYPE: Schema = Schema(&[SchemaField::free_text("notification_type", 100)]);
pub static CANCELLATION: Schema = Schema(&[SchemaField::text("reason", 500).with_least_chars(1)]);
pub static DUE: Schema = Schema(&[SchemaField::optional_moment("as_of")]);
