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

use super::{Dialect, Domain};
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
    /// Generates the bodies of `domains`, in the forms that a shop of this `dialect` takes. Of the
    /// others there is one a kind: nobody asks for them.
    #[must_use]
    pub fn new(seed: u64, run_id: &RunId, dialect: impl Into<Dialect>, domains: &[Domain]) -> Self {
        let dialect = dialect.into();
        let of = |domain| source(seed, run_id, dialect, domains.contains(&domain));
        let (ordering, payments) = (of(Domain::Ordering), of(Domain::Payments));
        let billed = source(
            seed,
            run_id,
            dialect,
            !(ordering.is_idle && payments.is_idle),
        );
        let bills = billed.bills("customer_order_bills", 2);
        Self {
            identity: IdentityBodies::new(of(Domain::Identity)),
            catalogue: CatalogueBodies::new(of(Domain::Catalogue)),
            ordering: OrderingBodies::new(ordering, &bills),
            inventory: InventoryBodies::new(of(Domain::Inventory)),
            payments: PaymentsBodies::new(payments, &bills),
        }
    }

    /// `POST /inventory` with so many pieces; id 0 = `warehouse_id`. One body, unless `is_asked`.
    #[must_use]
    pub fn warehouse_stocks(
        seed: u64,
        run_id: &RunId,
        dialect: Dialect,
        (pieces, is_asked): (u32, bool),
    ) -> Arena {
        inventory::warehouse_stocks(source(seed, run_id, dialect, is_asked), pieces)
    }
}

fn source(seed: u64, run_id: &RunId, dialect: Dialect, is_asked: bool) -> PayloadSource<'_> {
    PayloadSource {
        seed,
        run_id,
        dialect,
        is_idle: !is_asked,
    }
}

#[cfg(test)]
mod tests;
