//! Bodies of the Inventory domain keep the contract.

use super::limits::{Field, Fields, Limit, PLACE};
use super::{Kind, PAYLOADS, bodies, kind, picked_share};
use crate::shop::payloads::InventoryBodies;
use std::collections::HashSet;

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
const WAREHOUSE_ID: Limit = Limit::Hex("wh-", 8);

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

const STOCK: Fields = &stock([PRODUCT, VARIANT, WAREHOUSE_ID], 10, 500);
const STOCK_OF_100: Fields = &stock([PRODUCT, VARIANT, WAREHOUSE_ID], 100, 100);
const STOCK_OF_50: Fields = &stock([PRODUCT, VARIANT, WAREHOUSE_ID], 50, 50);
const WAREHOUSE_STOCK_OF_100: Fields = &stock([PRODUCT, VARIANT, Limit::Given(0)], 100, 100);
const WAREHOUSE_STOCK_OF_50: Fields = &stock([PRODUCT, VARIANT, Limit::Given(0)], 50, 50);
const WAREHOUSE_STOCK_OF_3: Fields = &stock([PRODUCT, VARIANT, Limit::Given(0)], 3, 3);
const PRODUCT_STOCK_OF_100: Fields = &stock(
    [Limit::Given(0), Limit::Given(1), Limit::Given(2)],
    100,
    100,
);

const fn receipt(least: i64, most: i64) -> [Field; 2] {
    [
        ("quantity", Limit::Whole(least, most)),
        ("reference", Limit::Unique("PO-", "")),
    ]
}

const SHRINKAGE: Fields = &[
    ("quantity_change", Limit::Whole(-5, -1)),
    ("adjustment_type", Limit::Is("shrinkage")),
    ("reason", Limit::Is("Damaged during handling")),
    ("adjusted_by", Limit::Is("warehouse-mgr")),
];
const STOCK_COUNT: Fields = &[
    ("counted_quantity", Limit::Whole(95, 200)),
    ("checked_by", Limit::Is("auditor-01")),
];

const fn reservation(order: Limit, least: i64, most: i64) -> [Field; 3] {
    [
        ("order_id", order),
        ("quantity", Limit::Whole(least, most)),
        ("expires_in_minutes", Limit::Whole(15, 15)),
    ]
}

const RESERVATION: Fields = &reservation(Limit::Hex("ord-", 8), 1, 5);
const RESERVATION_OF_3: Fields = &reservation(Limit::Hex("ord-", 8), 3, 3);
const ORDER_RESERVATION_OF_2: Fields = &reservation(Limit::Given(0), 2, 2);
const FLASH_RESERVATION: Fields = &reservation(Limit::Unique("flash-ord-", ""), 1, 3);
const ABSURD_RESERVATION: Fields = &reservation(Limit::Is("probe"), 1_000_000_000, 1_000_000_000);

const FIVE: Field = ("quantity", Limit::Whole(5, 5));
const DAMAGE: Fields = &[FIVE, ("reason", Limit::Is("Water damage from leak"))];
const WRITE_OFF: Fields = &[FIVE, ("approved_by", Limit::Is("warehouse-mgr"))];

/// Every kind of body and its limits.
pub fn kinds(inventory: &InventoryBodies) -> Vec<Kind<'_>> {
    let InventoryBodies {
        warehouses,
        stocks,
        stocks_of_100,
        stocks_of_50,
        warehouse_stocks_of_100,
        warehouse_stocks_of_50,
        warehouse_stocks_of_3,
        product_stocks_of_100,
        receipts,
        receipts_of_50,
        shrinkages,
        stock_counts,
        reservations,
        reservations_of_3,
        order_reservations_of_2,
        flash_reservations,
        absurd_reservation,
        damage_of_5,
        write_off_of_5,
        releases,
    } = inventory;
    vec![
        kind("warehouses", warehouses, WAREHOUSE),
        kind("stocks", stocks, STOCK),
        kind("stocks_of_100", stocks_of_100, STOCK_OF_100),
        kind("stocks_of_50", stocks_of_50, STOCK_OF_50),
        kind(
            "warehouse_stocks_of_100",
            warehouse_stocks_of_100,
            WAREHOUSE_STOCK_OF_100,
        ),
        kind(
            "warehouse_stocks_of_50",
            warehouse_stocks_of_50,
            WAREHOUSE_STOCK_OF_50,
        ),
        kind(
            "warehouse_stocks_of_3",
            warehouse_stocks_of_3,
            WAREHOUSE_STOCK_OF_3,
        ),
        kind(
            "product_stocks_of_100",
            product_stocks_of_100,
            PRODUCT_STOCK_OF_100,
        ),
        kind("receipts", receipts, const { &receipt(10, 100) }),
        kind("receipts_of_50", receipts_of_50, const { &receipt(50, 50) }),
        kind("shrinkages", shrinkages, SHRINKAGE),
        kind("stock_counts", stock_counts, STOCK_COUNT),
        kind("reservations", reservations, RESERVATION),
        kind("reservations_of_3", reservations_of_3, RESERVATION_OF_3),
        kind(
            "order_reservations_of_2",
            order_reservations_of_2,
            ORDER_RESERVATION_OF_2,
        ),
        kind("flash_reservations", flash_reservations, FLASH_RESERVATION),
        kind("absurd_reservation", absurd_reservation, ABSURD_RESERVATION),
        kind("damage_of_5", damage_of_5, DAMAGE),
        kind("write_off_of_5", write_off_of_5, WRITE_OFF),
        kind("releases", releases, &[("reason", Limit::UpTo(255))]),
    ]
}

#[test]
fn the_index_tells_the_quantity() {
    let inventory = &PAYLOADS.inventory;
    let numbered = [
        (&inventory.receipts, "quantity", 91, 10, 1),
        (&inventory.shrinkages, "quantity_change", 5, -1, -1),
        (&inventory.stock_counts, "counted_quantity", 106, 95, 1),
        (&inventory.flash_reservations, "quantity", 3, 1, 1),
    ];
    for (arena, field, len, first, step) in numbered {
        assert_eq!(arena.len(), len, "{field}");
        for (index, body) in bodies(arena).enumerate() {
            assert_eq!(body[field], first + step * index as i64, "{field}");
        }
    }
}

#[test]
fn quantities_are_spread_evenly() {
    let inventory = &PAYLOADS.inventory;
    for quantity in 1..=3 {
        let share = picked_share(&inventory.flash_reservations, |body| {
            body["quantity"] == quantity
        });
        assert!((share - 1.0 / 3.0).abs() < 0.03, "{quantity}: {share}");
    }
    for quantity in 1..=5 {
        let share = picked_share(&inventory.reservations, |body| body["quantity"] == quantity);
        assert!((share - 0.2).abs() < 0.04, "{quantity}: {share}");
    }
    let quantities: HashSet<i64> = bodies(&inventory.stocks)
        .map(|body| body["initial_quantity"].as_i64().unwrap())
        .collect();
    assert!(quantities.len() > 450, "{}", quantities.len());
}
