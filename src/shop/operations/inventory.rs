//! Operations of the Inventory domain.

use super::{contended, create, create_within};
use crate::engine::Operation;

const RESERVE_PATH: &str = "/inventory/{inventory_item_id}/reserve";

/// Raises `Inventory.WarehouseCreated`.
pub static CREATE_WAREHOUSE: Operation = create("/warehouses", "warehouse_id");
/// Raises `Inventory.StockInitialized`.
pub static INITIALIZE_STOCK: Operation = create("/inventory", "inventory_item_id");
/// Raises `Inventory.StockReserved`, and `Inventory.LowStockDetected` when little is left; in a race. The
/// reservation's id stays in the shop.
pub static RACING_RESERVATION: Operation = contended(create_within(RESERVE_PATH));
