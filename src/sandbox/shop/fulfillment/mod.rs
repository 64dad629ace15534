//! Fulfillment: what is picked, packed, handed over to a carrier and delivered.

mod bodies;
mod commands;
mod packages;
mod status;
mod views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{
    CANCELLATION, CARRIER, EXCEPTION, HANDOFF, LABEL, NEW_FULFILLMENT, PACKING, PICK, PICKER,
    TRACKING,
};

pub use commands::give_up;
pub use status::{Fulfillment, item_id};

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("GET", &["fulfillments", ID, "tracking"], None, views::read),
    endpoint(
        "POST",
        &["fulfillments"],
        Some(&NEW_FULFILLMENT),
        commands::create,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "assign-picker"],
        Some(&PICKER),
        commands::assign_picker,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "items", ID, "pick"],
        Some(&PICK),
        commands::pick,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "pick-list", "complete"],
        None,
        commands::complete_picking,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "pack"],
        Some(&PACKING),
        commands::pack,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "label"],
        Some(&LABEL),
        commands::label,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "handoff"],
        Some(&HANDOFF),
        commands::hand_off,
    ),
    endpoint(
        "POST",
        &["fulfillments", "tracking", "webhook"],
        Some(&TRACKING),
        commands::track,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "deliver"],
        None,
        commands::deliver,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "exception"],
        Some(&EXCEPTION),
        commands::record_exception,
    ),
    endpoint(
        "PUT",
        &["fulfillments", ID, "cancel"],
        Some(&CANCELLATION),
        commands::cancel,
    ),
    endpoint(
        "POST",
        &["fulfillments", "carrier", "configure"],
        Some(&CARRIER),
        commands::configure_carrier,
    ),
];
