//! Bodies of the Inventory domain.
//!
//! Limits of the shop: warehouse names ≤ 255 characters; ids any text; `sku` ≤ 50; stocks,
//! capacities and reorder figures ≥ 0; quantities that move ≥ 1; `expires_in_minutes` ≥ 1; reasons,
//! references and names of people any text.

use super::ids::{IdSource, id_member, unique_id_member};
use super::place::place_members;
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;

/// Pieces available at which the shop tells that stock is low, every time that some are taken.
pub const REORDER_POINT: u32 = 10;

/// Whose stock it is and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockIds {
    pub product: IdSource,
    pub variant: IdSource,
    pub warehouse: IdSource,
}

impl StockIds {
    /// Product, variant and warehouse are made up.
    pub const MADE_UP: Self = Self {
        product: IdSource::MadeUp,
        variant: IdSource::MadeUp,
        warehouse: IdSource::MadeUp,
    };
    /// A made-up product in the warehouse `id 0`.
    pub const IN_WAREHOUSE: Self = Self {
        warehouse: IdSource::Given(0),
        ..Self::MADE_UP
    };
    /// The product `id 0`, variant `id 1`, in the warehouse `id 2`.
    pub const GIVEN: Self = Self {
        product: IdSource::Given(0),
        variant: IdSource::Given(1),
        warehouse: IdSource::Given(2),
    };
}

/// A warehouse for 1,000 to 50,000 pieces.
pub fn warehouse(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        let city = words::city(rng);
        body.member("name", format!("{city} Warehouse {}", rng.u32(1..=99)));
        body.object_member("address", |body| place_members(rng, body));
        body.member("capacity", rng.u32(1_000..=50_000));
    });
}

/// A first stock of `quantity` pieces.
pub fn stock(
    quantity: u32,
    ids: StockIds,
    rng: &mut Rng,
    run_id: &RunId,
    body: &mut BodyWriter<'_>,
) {
    body.object(|body| {
        id_member(rng, "product_id", "prod-", ids.product, body);
        id_member(rng, "variant_id", "var-", ids.variant, body);
        id_member(rng, "warehouse_id", "wh-", ids.warehouse, body);
        unique_id_member("sku", "INV-", run_id, body);
        body.member("initial_quantity", quantity);
        body.member("reorder_point", REORDER_POINT);
        body.member("reorder_quantity", 50);
    });
}

/// Goods came in, for a purchase order of their own.
pub fn receipt(quantity: u32, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("quantity", quantity);
        unique_id_member("reference", "PO-", run_id, body);
    });
}

/// `lost` pieces are gone.
pub fn shrinkage(lost: i32, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("quantity_change", -lost);
        body.member("adjustment_type", "shrinkage");
        body.member("reason", "Damaged during handling");
        body.member("adjusted_by", "warehouse-mgr");
    });
}

/// Somebody counted.
pub fn stock_count(counted: u32, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("counted_quantity", counted);
        body.member("checked_by", "auditor-01");
    });
}

/// `quantity` pieces are kept for an order for 15 minutes.
pub fn reservation(quantity: u32, order: IdSource, rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        id_member(rng, "order_id", "ord-", order, body);
        reserved_members(quantity, body);
    });
}

/// `quantity` pieces are kept for an order of a flash sale that no other request names.
pub fn flash_reservation(quantity: u32, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        unique_id_member("order_id", "flash-ord-", run_id, body);
        reserved_members(quantity, body);
    });
}

/// More pieces than any item has, for nobody: what the shop refuses tells what there is.
pub fn absurd_reservation(body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("order_id", "probe");
        reserved_members(1_000_000_000, body);
    });
}

/// `quantity` pieces got wet.
pub fn damage(quantity: u32, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("quantity", quantity);
        body.member("reason", "Water damage from leak");
    });
}

/// `quantity` damaged pieces leave the books.
pub fn write_off(quantity: u32, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("quantity", quantity);
        body.member("approved_by", "warehouse-mgr");
    });
}

/// A reservation is given up.
pub fn release(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("reason", "Order cancelled by customer"));
}

fn reserved_members(quantity: u32, body: &mut BodyWriter<'_>) {
    body.member("quantity", quantity);
    body.member("expires_in_minutes", 15);
}
