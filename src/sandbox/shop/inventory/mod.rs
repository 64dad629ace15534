//! Inventory: stock and its levels, and warehouses.

mod bodies;
mod reservations;
mod stock;
mod stock_commands;
mod warehouse;
mod warehouse_commands;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{
    ADJUSTMENT, DAMAGE, EXPIRY, NEW_STOCK, NEW_WAREHOUSE, NEW_ZONE, RECEIPT, RELEASE, RESERVATION,
    RETURNED_STOCK, STOCK_CHECK, WAREHOUSE_CHANGE, WRITE_OFF,
};

pub use reservations::{begin_stock, release, take_reserved};
pub use stock::StockItem;
pub use warehouse::Warehouse;

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "POST",
        &["inventory"],
        Some(&NEW_STOCK),
        stock_commands::initialize,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "receive"],
        Some(&RECEIPT),
        stock_commands::receive,
    ),
    endpoint(
        "POST",
        &["inventory", ID, "reserve"],
        Some(&RESERVATION),
        stock_commands::reserve,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "reservations", ID, "release"],
        Some(&RELEASE),
        stock_commands::find_reservation,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "reservations", ID, "confirm"],
        None,
        stock_commands::find_reservation,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "commit", ID],
        None,
        stock_commands::find_reservation,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "adjust"],
        Some(&ADJUSTMENT),
        stock_commands::adjust,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "damage"],
        Some(&DAMAGE),
        stock_commands::mark_damaged,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "damage", "write-off"],
        Some(&WRITE_OFF),
        stock_commands::write_off,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "return"],
        Some(&RETURNED_STOCK),
        stock_commands::take_back,
    ),
    endpoint(
        "PUT",
        &["inventory", ID, "stock-check"],
        Some(&STOCK_CHECK),
        stock_commands::check,
    ),
    endpoint(
        "POST",
        &["warehouses"],
        Some(&NEW_WAREHOUSE),
        warehouse_commands::create,
    ),
    endpoint(
        "PUT",
        &["warehouses", ID],
        Some(&WAREHOUSE_CHANGE),
        warehouse_commands::update,
    ),
    endpoint(
        "POST",
        &["warehouses", ID, "zones"],
        Some(&NEW_ZONE),
        warehouse_commands::add_zone,
    ),
    endpoint(
        "DELETE",
        &["warehouses", ID, "zones", ID],
        None,
        warehouse_commands::find_zone,
    ),
    endpoint(
        "PUT",
        &["warehouses", ID, "deactivate"],
        None,
        warehouse_commands::deactivate,
    ),
];

/// What today's shop has besides.
pub const MAINTENANCE: &[Endpoint] = &[Endpoint {
    body_is_optional: true,
    ..endpoint(
        "POST",
        &["inventory", "maintenance", "expire-reservations"],
        Some(&EXPIRY),
        reservations::expire,
    )
}];
