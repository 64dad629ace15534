//! Operations of the Inventory domain.

use super::{change, contended, create, create_within};
use crate::engine::Operation;

const RESERVE_PATH: &str = "/inventory/{inventory_item_id}/reserve";

/// Raises `Inventory.WarehouseCreated`.
pub static CREATE_WAREHOUSE: Operation = create("/warehouses", "warehouse_id");
/// Raises `Inventory.StockInitialized`.
pub static INITIALIZE_STOCK: Operation = create("/inventory", "inventory_item_id");
/// Raises `Inventory.StockReceived`.
pub static RECEIVE_STOCK: Operation = change("/inventory/{inventory_item_id}/receive");
/// Raises `Inventory.StockReserved`. The reservation's id stays in the shop.
pub static RESERVE_STOCK: Operation = create_within(RESERVE_PATH);
/// [`RESERVE_STOCK`] in a race; raises `Inventory.LowStockDetected` too when little is left.
pub static RACING_RESERVATION: Operation = contended(create_within(RESERVE_PATH));
/// Raises `Inventory.StockAdjusted`.
pub static ADJUST_STOCK: Operation = change("/inventory/{inventory_item_id}/adjust");
/// Raises `Inventory.StockCheckRecorded`, and `Inventory.StockAdjusted` when the count differs from
/// what the shop has on record.
pub static CHECK_STOCK: Operation = change("/inventory/{inventory_item_id}/stock-check");
/// Raises `Inventory.StockMarkedDamaged`.
pub static MARK_DAMAGED: Operation = change("/inventory/{inventory_item_id}/damage");
/// Raises `Inventory.DamagedStockWrittenOff`.
pub static WRITE_OFF: Operation = change("/inventory/{inventory_item_id}/damage/write-off");

/// The release of a reservation that there is not: the shop never tells the ids of those there
/// are, so the path holds a made-up one. The shop has to refuse it with 400 `Reservation not
/// found`; on a known item it has no other 400 for a well-formed release.
pub static RELEASE_UNKNOWN_RESERVATION: Operation = Operation {
    success: 400,
    ..change(
        "/inventory/{inventory_item_id}/reservations/00000000-0000-4000-8000-000000000000/release",
    )
};
