//! What the journeys of one run are carried out with: shared by all users, on all cores.

use super::sale::FlashSale;
use super::timed_sale::{RoundClock, TimedSale};
use super::{Dialect, Domain, Generation, Payloads, ShopSettings};
use crate::engine::{Arena, Id};
use crate::plan::{RaceRules, RunId};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What journeys are carried out with.
#[derive(Debug)]
pub struct Supplies {
    /// Ready-made request bodies.
    pub payloads: Payloads,
    /// What the target is.
    pub generation: Generation,
    /// How journeys differ from those of the Locust suite, and how the flash sale goes.
    pub settings: ShopSettings,
    /// How races are carried out.
    pub races: RaceRules,
    /// `POST /inventory` with the pieces of the flash sale; id 0 = `warehouse_id`.
    pub flash_stocks: Arena,
    /// The flash sale in rounds.
    pub sale: FlashSale,
    /// The same by the clock, where it goes by one.
    pub timed: Option<TimedSale>,
    /// What the ids that users make up begin with.
    pub prefixes: IdPrefixes,
    /// How often in a row nobody could be told by a read that the shop fills by and by.
    futile_reads: AtomicU32,
    /// The item that all users of the flash sale compete for.
    flash_item: OnceLock<Id>,
}

/// Reads that told nothing, in a row, after which no more are tried: the engines that fill them do
/// not run, or are far behind.
const MOST_FUTILE_READS: u32 = 3;

impl Supplies {
    /// Prepares what a run with this seed, id and options needs against a target that is spoken to
    /// in `dialect`, whatever it asks there.
    #[must_use]
    pub fn new(
        seed: u64,
        run_id: &RunId,
        settings: ShopSettings,
        races: RaceRules,
        dialect: impl Into<Dialect>,
    ) -> Self {
        Self::of_domains(&Domain::ALL, (seed, run_id), settings, races, dialect)
    }

    /// The same for a run that asks only operations of `domains`.
    #[must_use]
    pub fn of_domains(
        domains: &[Domain],
        (seed, run_id): (u64, &RunId),
        settings: ShopSettings,
        races: RaceRules,
        dialect: impl Into<Dialect>,
    ) -> Self {
        let dialect = dialect.into();
        let has_stocks = domains.contains(&Domain::Inventory);
        Self {
            generation: dialect.generation,
            races,
            flash_stocks: Payloads::warehouse_stocks(seed, run_id, (settings.stock, has_stocks)),
            sale: FlashSale::new(settings.rounds),
            timed: None,
            payloads: Payloads::new(seed, run_id, domains),
            settings,
            prefixes: IdPrefixes::new(run_id),
            futile_reads: AtomicU32::new(0),
            flash_item: OnceLock::new(),
        }
    }

    /// The same, whose flash sale goes by `clock` if there is one.
    #[must_use]
    pub fn by_the_clock(self, clock: Option<RoundClock>) -> Self {
        Self {
            timed: clock.map(TimedSale::new),
            ..self
        }
    }

    /// Whether the flash sale goes in rounds, with a common start each.
    #[must_use]
    pub fn has_rounds(&self) -> bool {
        self.settings.has_rounds(&self.races)
    }

    /// Whether the shop has reads, and they may tell something. Asked only after rare races.
    #[must_use]
    pub fn has_reads(&self) -> bool {
        self.generation != Generation::Five
            && self.futile_reads.load(Ordering::Relaxed) < MOST_FUTILE_READS
    }

    /// A read told what was asked, or it did not.
    pub fn note_read(&self, told: bool) {
        match told {
            true => self.futile_reads.store(0, Ordering::Relaxed),
            false => {
                self.futile_reads.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The flash sale's item; `None` before it is set up.
    #[must_use]
    pub fn flash_item(&self) -> Option<&Id> {
        self.flash_item.get()
    }

    /// Puts the flash sale's item up for all. A second one is left out: a run has one item.
    pub fn put_up_flash_item(&self, item: Id) {
        let _ = self.flash_item.set(item);
    }
}

/// What the ids that users make up begin with: the kind, as in the Locust suite, and the run id, so
/// that no two runs make up the same (see [`crate::engine::Session::local_id`]).
#[derive(Clone, Copy, Debug)]
pub struct IdPrefixes {
    /// Of a payment that no Payment aggregate stands behind: `pay-…`.
    pub payment: Id,
    /// Of a customer who is not registered: `cust-…`.
    pub customer: Id,
    /// Of a warehouse that could not be created: `wh-…`.
    pub warehouse: Id,
    /// Of a variant that could not be added: `var-…`.
    pub variant: Id,
    /// Of a variant's SKU: `VAR-…`.
    pub sku: Id,
    /// Of an idempotency key: `idem-…`.
    pub idempotency_key: Id,
    /// Of an external id that several registrations name: `EXT-RACE-…`.
    pub external_id: Id,
}

impl IdPrefixes {
    fn new(run_id: &RunId) -> Self {
        let prefix = |kind: &str| {
            Id::new(format!("{kind}-{run_id}").as_bytes())
                .expect("a word and a run id are short and plain")
        };
        Self {
            payment: prefix("pay"),
            customer: prefix("cust"),
            warehouse: prefix("wh"),
            variant: prefix("var"),
            sku: prefix("VAR"),
            idempotency_key: prefix("idem"),
            external_id: prefix("EXT-RACE"),
        }
    }
}
