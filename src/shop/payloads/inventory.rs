//! Ready-made bodies of the Inventory domain.

use super::source::{PayloadSource, each, fixed};
use crate::engine::Arena;
use crate::shop::generators::ids::IdSource;
use crate::shop::generators::inventory::{self, StockIds};

/// Bodies of the Inventory domain.
#[derive(Debug)]
pub struct InventoryBodies {
    /// `POST /warehouses`
    pub warehouses: Arena,
    /// `POST /inventory` with 10 to 500 pieces.
    pub stocks: Arena,
    /// `POST /inventory` with 100 pieces.
    pub stocks_of_100: Arena,
    /// `POST /inventory` with 50 pieces.
    pub stocks_of_50: Arena,
    /// `POST /inventory` with 100 pieces; id 0 = `warehouse_id`.
    pub warehouse_stocks_of_100: Arena,
    /// `POST /inventory` with 50 pieces; id 0 = `warehouse_id`.
    pub warehouse_stocks_of_50: Arena,
    /// `POST /inventory` with 3 pieces, for a race; id 0 = `warehouse_id`.
    pub warehouse_stocks_of_3: Arena,
    /// `POST /inventory` with 100 pieces; id 0 = `product_id`, id 1 = `variant_id`,
    /// id 2 = `warehouse_id`.
    pub product_stocks_of_100: Arena,
    /// `PUT /inventory/{id}/receive`; body `i` of 91 brings `10 + i` pieces.
    pub receipts: Arena,
    /// `PUT /inventory/{id}/receive` of 50 pieces.
    pub receipts_of_50: Arena,
    /// `PUT /inventory/{id}/adjust`; body `i` of 5 takes `i + 1` pieces.
    pub shrinkages: Arena,
    /// `PUT /inventory/{id}/stock-check`; body `i` of 106 counts `95 + i` pieces.
    pub stock_counts: Arena,
    /// `POST /inventory/{id}/reserve` of 1 to 5 pieces.
    pub reservations: Arena,
    /// `POST /inventory/{id}/reserve` of 3 pieces.
    pub reservations_of_3: Arena,
    /// `POST /inventory/{id}/reserve` of 2 pieces; id 0 = `order_id`.
    pub order_reservations_of_2: Arena,
    /// `POST /inventory/{id}/reserve` in a flash sale; body `i` of 3 wants `i + 1` pieces.
    pub flash_reservations: Arena,
    /// `POST /inventory/{id}/reserve` of more pieces than any item has.
    pub absurd_reservation: Arena,
    /// `PUT /inventory/{id}/damage` of 5 pieces.
    pub damage_of_5: Arena,
    /// `PUT /inventory/{id}/damage/write-off` of 5 pieces.
    pub write_off_of_5: Arena,
    /// `PUT /inventory/{id}/reservations/{id}/release`
    pub releases: Arena,
}

impl InventoryBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        let received: Vec<u32> = (10..=100).collect();
        let counted: Vec<u32> = (95..=200).collect();
        Self {
            warehouses: source.drawn("warehouses", inventory::warehouse),
            stocks: source.drawn("stocks", |rng, body| {
                let quantity = rng.u32(10..=500);
                inventory::stock(quantity, StockIds::MADE_UP, rng, run_id, body);
            }),
            stocks_of_100: stocks(source, "stocks_of_100", 100, StockIds::MADE_UP),
            stocks_of_50: stocks(source, "stocks_of_50", 50, StockIds::MADE_UP),
            warehouse_stocks_of_100: stocks(
                source,
                "warehouse_stocks_of_100",
                100,
                StockIds::IN_WAREHOUSE,
            ),
            warehouse_stocks_of_50: stocks(
                source,
                "warehouse_stocks_of_50",
                50,
                StockIds::IN_WAREHOUSE,
            ),
            warehouse_stocks_of_3: stocks(
                source,
                "warehouse_stocks_of_3",
                3,
                StockIds::IN_WAREHOUSE,
            ),
            product_stocks_of_100: source.drawn_once("product_stocks_of_100", |rng, body| {
                inventory::stock(100, StockIds::GIVEN, rng, run_id, body);
            }),
            receipts: each(&received, |quantity, body| {
                inventory::receipt(*quantity, run_id, body);
            }),
            receipts_of_50: fixed(|body| inventory::receipt(50, run_id, body)),
            shrinkages: each(&[1, 2, 3, 4, 5], |lost, body| {
                inventory::shrinkage(*lost, body);
            }),
            stock_counts: each(&counted, |pieces, body| {
                inventory::stock_count(*pieces, body);
            }),
            reservations: source.drawn("reservations", |rng, body| {
                let quantity = rng.u32(1..=5);
                inventory::reservation(quantity, IdSource::MadeUp, rng, body);
            }),
            reservations_of_3: source.drawn("reservations_of_3", |rng, body| {
                inventory::reservation(3, IdSource::MadeUp, rng, body);
            }),
            order_reservations_of_2: source.drawn_once("order_reservations_of_2", |rng, body| {
                inventory::reservation(2, IdSource::Given(0), rng, body);
            }),
            flash_reservations: each(&[1, 2, 3], |quantity, body| {
                inventory::flash_reservation(*quantity, run_id, body);
            }),
            absurd_reservation: fixed(inventory::absurd_reservation),
            damage_of_5: fixed(|body| inventory::damage(5, body)),
            write_off_of_5: fixed(|body| inventory::write_off(5, body)),
            releases: fixed(inventory::release),
        }
    }
}

/// First stocks of `pieces` pieces in a warehouse whose id is given.
pub(super) fn warehouse_stocks(source: PayloadSource<'_>, pieces: u32) -> Arena {
    let kind = format!("warehouse_stocks_of_{pieces}");
    stocks(source, &kind, pieces, StockIds::IN_WAREHOUSE)
}

/// First stocks of `quantity` pieces.
fn stocks(source: PayloadSource<'_>, kind: &str, quantity: u32, ids: StockIds) -> Arena {
    source.drawn(kind, |rng, body| {
        inventory::stock(quantity, ids, rng, source.run_id, body);
    })
}
