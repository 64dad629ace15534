//! Ready-made request bodies of one run's races, generated before the clock starts. Those of ordinary journeys come
//! from the files of `workloads/shopstream`.

mod identity;
mod inventory;
mod ordering;
mod payments;
mod source;

pub use identity::IdentityBodies;
pub use inventory::InventoryBodies;
pub use ordering::OrderingBodies;
pub use payments::PaymentsBodies;

use super::Domain;
use crate::engine::Arena;
use crate::plan::RunId;
use source::PayloadSource;

/// The bodies that races send, by domain. A function of seed and run id: the same two give the same bytes. All of them together take less than 8 MiB of memory, shared by all cores.
///
/// "id 0" and so on are the ids that a call gives to the body. Two kinds of body are
/// "index-matched" when body `i` of the one belongs to body `i` of the other.
#[derive(Debug)]
pub struct Payloads {
    /// Bodies of the Identity domain.
    pub identity: IdentityBodies,
    /// Bodies of the Ordering domain.
    pub ordering: OrderingBodies,
    /// Bodies of the Inventory domain.
    pub inventory: InventoryBodies,
    /// Bodies of the Payments domain.
    pub payments: PaymentsBodies,
}

impl Payloads {
    /// Generates the bodies of `domains`. Of the others there is one a kind: nobody asks for them.
    #[must_use]
    pub fn new(seed: u64, run_id: &RunId, domains: &[Domain]) -> Self {
        let of = |domain| source(seed, run_id, domains.contains(&domain));
        Self {
            identity: IdentityBodies::new(of(Domain::Identity)),
            ordering: OrderingBodies::new(of(Domain::Ordering)),
            inventory: InventoryBodies::new(of(Domain::Inventory)),
            payments: PaymentsBodies::new(of(Domain::Payments)),
        }
    }

    /// `POST /inventory` with so many pieces; id 0 = `warehouse_id`. One body, unless `is_asked`.
    #[must_use]
    pub fn warehouse_stocks(seed: u64, run_id: &RunId, (pieces, is_asked): (u32, bool)) -> Arena {
        inventory::warehouse_stocks(source(seed, run_id, is_asked), pieces)
    }
}

fn source(seed: u64, run_id: &RunId, is_asked: bool) -> PayloadSource<'_> {
    PayloadSource {
        seed,
        run_id,
        is_idle: !is_asked,
    }
}

#[cfg(test)]
mod tests;
