//! Ready-made request bodies of one run, generated before the clock starts.

mod catalogue;
mod identity;
mod inventory;
mod ordering;
mod payments;

pub use catalogue::CatalogueBodies;
pub use identity::IdentityBodies;
pub use inventory::InventoryBodies;
pub use ordering::OrderingBodies;
pub use payments::PaymentsBodies;

use super::Dialect;
use super::generators::ordering::Bill;
use crate::engine::{Arena, ArenaBuilder, BodyWriter};
use crate::plan::{RunId, fnv1a};
use fastrand::Rng;

/// Bodies of each generated kind: enough to look like a crowd, few enough that the kinds of one
/// journey stay in a core's cache.
const BODIES: usize = 2_048;
/// Bodies of each kind whose bodies are longer than 512 bytes on average: so that it takes no more
/// of the cache than the others.
const LARGE_BODIES: usize = 512;

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
        let source = Source {
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
        let source = Source {
            seed,
            run_id,
            dialect,
        };
        inventory::warehouse_stocks(source, pieces)
    }
}

/// What bodies are made from.
#[derive(Clone, Copy)]
struct Source<'a> {
    seed: u64,
    run_id: &'a RunId,
    dialect: Dialect,
}

impl Source<'_> {
    /// A random stream of `kind`'s own, so that a new kind of body leaves the others as they were.
    fn stream(self, kind: &str) -> Rng {
        Rng::with_seed(self.seed ^ fnv1a(kind.as_bytes()))
    }

    /// [`BODIES`] bodies.
    fn drawn(self, kind: &str, write: impl FnMut(&mut Rng, &mut BodyWriter<'_>)) -> Arena {
        self.generated(kind, BODIES, write)
    }

    /// [`LARGE_BODIES`] bodies.
    fn drawn_large(self, kind: &str, write: impl FnMut(&mut Rng, &mut BodyWriter<'_>)) -> Arena {
        self.generated(kind, LARGE_BODIES, write)
    }

    /// One body of a kind that has nothing random but what is patched in.
    fn drawn_once(self, kind: &str, write: impl FnMut(&mut Rng, &mut BodyWriter<'_>)) -> Arena {
        self.generated(kind, 1, write)
    }

    fn generated(
        self,
        kind: &str,
        count: usize,
        mut write: impl FnMut(&mut Rng, &mut BodyWriter<'_>),
    ) -> Arena {
        let mut rng = self.stream(kind);
        ArenaBuilder::build(count, |body| write(&mut rng, body))
    }

    /// The bills of [`LARGE_BODIES`] orders of `items` items.
    fn bills(self, kind: &str, items: usize) -> Vec<Bill> {
        let mut rng = self.stream(kind);
        (0..LARGE_BODIES)
            .map(|_| Bill::drawn(&mut rng, items))
            .collect()
    }

    /// One body for each of `values`, in their order.
    fn drawn_for<T>(
        self,
        kind: &str,
        values: &[T],
        mut write: impl FnMut(&T, &mut Rng, &mut BodyWriter<'_>),
    ) -> Arena {
        let mut rng = self.stream(kind);
        each(values, |value, body| write(value, &mut rng, body))
    }
}

/// An arena of one body that is always the same, but for what is patched in.
fn fixed(write: impl FnMut(&mut BodyWriter<'_>)) -> Arena {
    ArenaBuilder::build(1, write)
}

/// One body for each of `values`, in their order.
fn each<T>(values: &[T], mut write: impl FnMut(&T, &mut BodyWriter<'_>)) -> Arena {
    let mut values = values.iter();
    ArenaBuilder::build(values.len(), |body| {
        let value = values.next().expect("there are as many bodies as values");
        write(value, body);
    })
}

#[cfg(test)]
mod tests;
