//! Ready-made bodies of the Identity domain.

use super::source::{PayloadSource, fixed};
use crate::engine::Arena;
use crate::shop::generators::identity;

/// Bodies of the Identity domain.
#[derive(Debug)]
pub struct IdentityBodies {
    /// `POST /customers` with the required fields only.
    pub short_registrations: Arena,
    /// `POST /customers`; id 0 = `external_id`.
    pub known_registrations: Arena,
    /// `POST /customers/{id}/addresses`
    pub addresses: Arena,
    /// `PUT /customers/{id}/suspend`
    pub suspension: Arena,
}

impl IdentityBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        Self {
            short_registrations: source.drawn("short_registrations", |rng, body| {
                identity::short_registration(rng, run_id, body);
            }),
            known_registrations: source.drawn("known_registrations", |rng, body| {
                identity::known_registration(rng, run_id, body);
            }),
            addresses: source.drawn("addresses", identity::address),
            suspension: fixed(identity::suspension),
        }
    }
}
