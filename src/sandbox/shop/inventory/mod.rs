//! Inventory.

use super::Endpoint;

/// What later requests can notice of a thing of this kind.
#[derive(Clone, Debug)]
pub struct StockItem;

/// See there.
#[derive(Clone, Debug)]
pub struct Warehouse;

pub const ENDPOINTS: &[Endpoint] = &[];
