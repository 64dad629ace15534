//! Ready-made request bodies of one run, generated before the clock starts.

mod catalogue;
mod identity;
mod inventory;
mod ordering;
mod payments;
mod source;

pub use catalogue::CatalogueBodies;
pub use identity::IdentityBodies;
pub use inventory::InventoryBodies;
pub use ordering::OrderingBodies;
pub use payments::PaymentsBodies;

use super::Dialect;
use crate::engine::Arena;
use crate::plan::RunId;
use source::PayloadSource;

/// The bodies that journeys send, by domain. A function of seed, run id and dialect: the same
/// three give the same bytes. All of them together take less than 16 MiB of memory, shared by all cores.
///
/// "id 0" and so on are the ids that a call gives to the body. Two kinds of body are
/// "index-matched" when body `i` of the one belongs to body `i` of the other.
#[derive(Debug)]
pub struct Payloads {
    /// Bodies of the Identity domain.
    pub identity: IdentityBodies,
    /// Bodies of the Catalogue domain.
    pub catalogue: CatalogueBodies,
    /// Bodies of the Ordering domain.
    pub ordering: OrderingBodies,
    /// Bodies of the Inventory domain.
    pub inventory: InventoryBodies,
    /// Bodies of the Payments domain.
    pub payments: PaymentsBodies,
}

impl Payloads {
    /// Generates all bodies, in the forms that a shop of this `dialect` takes.
    #[must_use]
    pub fn new(seed: u64, run_id: &RunId, dialect: impl Into<Dialect>) -> Self {
        let source = PayloadSource {
            seed,
            run_id,
            dialect: dialect.into(),
        };
        let bills = source.bills("customer_order_bills", 2);
        Self {
            identity: IdentityBodies::new(source),
            catalogue: CatalogueBodies::new(source),
            ordering: OrderingBodies::new(source, &bills),
            inventory: InventoryBodies::new(source),
            payments: PaymentsBodies::new(source, &bills),
        }
    }
}

impl Payloads {
    /// `POST /inventory` with so many pieces; id 0 = `warehouse_id`.
    #[must_use]
    pub fn warehouse_stocks(seed: u64, run_id: &RunId, dialect: Dialect, pieces: u32) -> Arena {
        let source = PayloadSource {
            seed,
            run_id,
            dialect,
        };
        inventory::warehouse_stocks(source, pieces)
    }
}

#[cfg(test)]
mod tests;
