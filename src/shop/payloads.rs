//! Ready-made request bodies of one run, generated before the clock starts.

use super::generators::identity;
use crate::engine::{Arena, ArenaBuilder, BodyWriter};
use crate::plan::{RunId, fnv1a};
use fastrand::Rng;

/// Bodies of each generated kind: enough to look like a crowd, few enough to stay in a core's cache.
const BODIES: usize = 2_048;

/// The bodies that journeys send. A function of seed and run id: the same two give the same bytes.
#[derive(Debug)]
pub struct Payloads {
    /// `POST /customers` with phone and date of birth.
    pub registrations: Arena,
    /// `POST /customers` with the required fields only.
    pub short_registrations: Arena,
    /// `PUT /customers/{id}/profile`
    pub profiles: Arena,
    /// `POST /customers/{id}/addresses`
    pub addresses: Arena,
    /// `PUT /customers/{id}/tier`
    pub silver_tier: Arena,
    /// See `silver_tier`.
    pub gold_tier: Arena,
    /// See `silver_tier`.
    pub platinum_tier: Arena,
    /// `PUT /customers/{id}/suspend`
    pub suspension: Arena,
}

impl Payloads {
    /// Generates all bodies.
    #[must_use]
    pub fn new(seed: u64, run_id: &RunId) -> Self {
        Self {
            registrations: drawn(seed, "registrations", |rng, body| {
                identity::registration(rng, run_id, body);
            }),
            short_registrations: drawn(seed, "short_registrations", |rng, body| {
                identity::short_registration(rng, run_id, body);
            }),
            profiles: drawn(seed, "profiles", identity::profile),
            addresses: drawn(seed, "addresses", identity::address),
            silver_tier: fixed(|body| identity::tier_upgrade("Silver", body)),
            gold_tier: fixed(|body| identity::tier_upgrade("Gold", body)),
            platinum_tier: fixed(|body| identity::tier_upgrade("Platinum", body)),
            suspension: fixed(identity::suspension),
        }
    }
}

/// An arena with a random stream of its own, so that a new kind of body leaves the others as they
/// were.
fn drawn(seed: u64, kind: &str, mut write: impl FnMut(&mut Rng, &mut BodyWriter<'_>)) -> Arena {
    let mut rng = Rng::with_seed(seed ^ fnv1a(kind.as_bytes()));
    ArenaBuilder::build(BODIES, |body| write(&mut rng, body))
}

/// An arena of one body that is always the same.
fn fixed(write: impl FnMut(&mut BodyWriter<'_>)) -> Arena {
    ArenaBuilder::build(1, write)
}

#[cfg(test)]
mod tests;
