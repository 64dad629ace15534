//! Bodies of the Inventory domain keep the contract.

use super::limits::{Field, Fields, Limit, PLACE};
use super::{Kind, PAYLOADS, bodies, kind, picked_share};
use crate::shop::payloads::InventoryBodies;

const WAREHOUSE: Fields = &[
    ("name", Limit::That(is_warehouse_name)),
    ("address", Limit::Object(PLACE)),
    ("capacity", Limit::Whole(1_000, 50_000)),
];

fn is_warehouse_name(text: &str) -> bool {
    let (city, number) = text.split_once(" Warehouse ").expect("a warehouse");
    text.len() <= 255 && !city.is_empty() && (1..=99).contains(&number.parse::<u32>().unwrap())
}

const PRODUCT: Limit = Limit::Hex("prod-", 8);
const VARIANT: Limit = Limit::Hex("var-", 8);
const fn stock(ids: [Limit; 3], least: i64, most: i64) -> [Field; 7] {
    [
        ("product_id", ids[0]),
        ("variant_id", ids[1]),
        ("warehouse_id", ids[2]),
        ("sku", Limit::Sku("INV-")),
        ("initial_quantity", Limit::Whole(least, most)),
        ("reorder_point", Limit::Whole(10, 10)),
        ("reorder_quantity", Limit::Whole(50, 50)),
    ]
}

const WAREHOUSE_STOCK_OF_3: Fields = &stock([PRODUCT, VARIANT, Limit::Given(0)], 3, 3);
const fn reservation(order: Limit, least: i64, most: i64) -> [Field; 3] {
    [
        ("order_id", order),
        ("quantity", Limit::Whole(least, most)),
        ("expires_in_minutes", Limit::Whole(15, 15)),
    ]
}

const FLASH_RESERVATION: Fields = &reservation(Limit::Unique("flash-ord-", ""), 1, 3);
const ABSURD_RESERVATION: Fields = &reservation(Limit::Is("probe"), 1_000_000_000, 1_000_000_000);

/// Every kind of body and its limits.
pub fn kinds(inventory: &InventoryBodies) -> Vec<Kind<'_>> {
    let InventoryBodies {
        warehouses,
        warehouse_stocks_of_3,
        flash_reservations,
        absurd_reservation,
    } = inventory;
    vec![
        kind("warehouses", warehouses, WAREHOUSE),
        kind(
            "warehouse_stocks_of_3",
            warehouse_stocks_of_3,
            WAREHOUSE_STOCK_OF_3,
        ),
        kind("flash_reservations", flash_reservations, FLASH_RESERVATION),
        kind("absurd_reservation", absurd_reservation, ABSURD_RESERVATION),
    ]
}

#[test]
fn the_index_tells_the_quantity() {
    let arena = &PAYLOADS.inventory.flash_reservations;
    let quantities: Vec<_> = bodies(arena).map(|body| body["quantity"].clone()).collect();
    assert_eq!(quantities, [1, 2, 3]);
}

#[test]
fn quantities_are_spread_evenly() {
    for quantity in 1..=3 {
        let share = picked_share(&PAYLOADS.inventory.flash_reservations, |body| {
            body["quantity"] == quantity
        });
        assert!((share - 1.0 / 3.0).abs() < 0.03, "{quantity}: {share}");
    }
}
