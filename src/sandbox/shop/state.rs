//! Everything that the shop remembers.

use super::customers::{ExternalId, Taken};
use super::projections::{EngineSide, Projections};
use super::shard::Shard;
use super::text_digest::TextDigest;
use crate::sandbox::bugs::{Bug, Bugs};
use crate::sandbox::pipeline::{DOMAINS as DOMAIN_COUNT, Pipeline};
use crate::shop::Generation;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Everything that the shop remembers, in as many shards as there are server threads: each thread
/// puts what it creates into a shard of its own, so that threads seldom meet.
pub struct Shop {
    shards: Box<[Mutex<Shard>]>,
    pipeline: Arc<Pipeline>,
    generation: Generation,
    /// Those that fill projections; the shop of five contexts has none that anybody could read.
    engines: Option<EngineSide>,
    bugs: Bugs,
    losers_written: bool,
}

impl Shop {
    /// An empty shop of `generation` with so many shards (1 to 65,536) that remembers the `retain`
    /// newest things of each kind, and publishes to `pipeline`.
    pub fn new(
        generation: Generation,
        retain: usize,
        shards: usize,
        pipeline: Arc<Pipeline>,
    ) -> Self {
        let shards = shards.clamp(1, 1 << 16);
        let mut runs = [false; DOMAIN_COUNT];
        for &domain in pipeline.domains() {
            runs[domain as usize] = pipeline.drains(domain);
        }
        let engines = match generation {
            Generation::Five => None,
            Generation::Today => Some(EngineSide::new(retain, shards, runs)),
        };
        let retain = retain.div_ceil(shards);
        Self {
            shards: (0..shards)
                .map(|shard| Mutex::new(Shard::new(retain, shard as u16)))
                .collect(),
            pipeline,
            generation,
            engines,
            bugs: Bugs::default(),
            losers_written: false,
        }
    }

    /// The same shop with faults.
    pub fn with_bugs(self, bugs: Bugs) -> Self {
        Self { bugs, ..self }
    }

    /// The same shop, where what the loser of a version race has written to its tables and to the
    /// outbox may stay. Without, it leaves nothing but [`super::shard::Aggregate::lose`] says so.
    pub fn with_losers_written(self, losers_written: bool) -> Self {
        Self {
            losers_written,
            ..self
        }
    }

    /// Whether what the loser of a version race has written stays.
    pub(super) fn losers_written(&self) -> bool {
        self.losers_written
    }

    /// Its faults.
    pub fn bugs(&self) -> &Bugs {
        &self.bugs
    }

    /// The shard at `index`; `None` when there is no such shard.
    pub(super) fn shard(&self, index: usize) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(index)?;
        // What a thread that panicked left is whole: things are replaced, not changed in place.
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The shard that a thread creates things in.
    pub(super) fn home(&self, index: usize) -> MutexGuard<'_, Shard> {
        self.shards[index % self.shards.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a customer in the shard that its external id belongs to.
    pub(super) fn register_customer(&self, external: ExternalId) -> Result<Uuid, Taken> {
        let mut shard = self.home(external.shard(self.shards.len()));
        match shard.customers.register(external) {
            Err(Taken) if self.bugs.strike(Bug::DuplicateCustomer) => {
                Ok(shard.customers.register_again(external))
            }
            registered => registered,
        }
    }

    /// The shard in which what is known by `digest` is.
    pub(super) fn shard_of(&self, digest: TextDigest) -> MutexGuard<'_, Shard> {
        self.home(digest.shard(self.shards.len()))
    }

    /// How many shards there are.
    pub(super) fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Where events go.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Which shop it is.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What fills the projections, if they can be read.
    pub(super) fn engines(&self) -> Option<&EngineSide> {
        self.engines.as_ref()
    }

    /// Shows the projections as they are now; `None` when this shop has none.
    pub(super) fn read<T>(&self, show: impl FnOnce(&mut Projections) -> T) -> Option<T> {
        let engines = self.engines()?;
        Some(engines.read(&self.pipeline, show))
    }

    /// Whether engines have something to do between requests.
    pub fn has_engines(&self) -> bool {
        self.engines().is_some_and(EngineSide::run)
    }
}
