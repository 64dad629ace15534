//! Ready-made bodies of the Inventory domain.

use super::source::{PayloadSource, each, fixed};
use crate::engine::Arena;
use crate::shop::generators::inventory;

/// Bodies of the Inventory domain.
#[derive(Debug)]
pub struct InventoryBodies {
    /// `POST /warehouses`
    pub warehouses: Arena,
    /// `POST /inventory` with 3 pieces, for a race; id 0 = `warehouse_id`.
    pub warehouse_stocks_of_3: Arena,
    /// `POST /inventory/{id}/reserve` in a flash sale; body `i` of 3 wants `i + 1` pieces.
    pub flash_reservations: Arena,
    /// `POST /inventory/{id}/reserve` of more pieces than any item has.
    pub absurd_reservation: Arena,
}

impl InventoryBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        Self {
            warehouses: source.drawn("warehouses", inventory::warehouse),
            warehouse_stocks_of_3: stocks(source, "warehouse_stocks_of_3", 3),
            flash_reservations: each(&[1, 2, 3], |quantity, body| {
                inventory::flash_reservation(*quantity, run_id, body);
            }),
            absurd_reservation: fixed(inventory::absurd_reservation),
        }
    }
}

/// First stocks of `pieces` pieces in a warehouse whose id is given.
pub(super) fn warehouse_stocks(source: PayloadSource<'_>, pieces: u32) -> Arena {
    let kind = format!("warehouse_stocks_of_{pieces}");
    stocks(source, &kind, pieces)
}

/// First stocks of `quantity` pieces.
fn stocks(source: PayloadSource<'_>, kind: &str, quantity: u32) -> Arena {
    source.drawn(kind, |rng, body| {
        inventory::stock(quantity, rng, source.run_id, body);
    })
}
