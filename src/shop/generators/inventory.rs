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

/// A warehouse for 1,000 to 50,000 pieces.
pub fn warehouse(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        let city = words::city(rng);
        body.member("name", format!("{city} Warehouse {}", rng.u32(1..=99)));
        body.object_member("address", |body| place_members(rng, body));
        body.member("capacity", rng.u32(1_000..=50_000));
    });
}

/// A first stock of `quantity` pieces of a made-up product in the warehouse `id 0`.
pub fn stock(quantity: u32, rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        id_member(rng, "product_id", "prod-", IdSource::MadeUp, body);
        id_member(rng, "variant_id", "var-", IdSource::MadeUp, body);
        id_member(rng, "warehouse_id", "wh-", IdSource::Given(0), body);
        unique_id_member("sku", "INV-", run_id, body);
        body.member("initial_quantity", quantity);
        body.member("reorder_point", REORDER_POINT);
        body.member("reorder_quantity", 50);
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

fn reserved_members(quantity: u32, body: &mut BodyWriter<'_>) {
    body.member("quantity", quantity);
    body.member("expires_in_minutes", 15);
}
