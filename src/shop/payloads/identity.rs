//! Ready-made bodies of the Identity domain.

use super::source::{PayloadSource, fixed};
use crate::engine::Arena;
use crate::shop::generators::identity;

/// Bodies of the Identity domain.
#[derive(Debug)]
pub struct IdentityBodies {
    /// `POST /customers` with phone and date of birth.
    pub registrations: Arena,
    /// `POST /customers` with the required fields only.
    pub short_registrations: Arena,
    /// `POST /customers` with a phone, but without a date of birth.
    pub phone_registrations: Arena,
    /// `POST /customers`; id 0 = `external_id`.
    pub known_registrations: Arena,
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

impl IdentityBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let run_id = source.run_id;
        Self {
            registrations: source.drawn("registrations", |rng, body| {
                identity::registration(rng, run_id, body);
            }),
            short_registrations: source.drawn("short_registrations", |rng, body| {
                identity::short_registration(rng, run_id, body);
            }),
            phone_registrations: source.drawn("phone_registrations", |rng, body| {
                identity::phone_registration(rng, run_id, body);
            }),
            known_registrations: source.drawn("known_registrations", |rng, body| {
                identity::known_registration(rng, run_id, body);
            }),
            profiles: source.drawn("profiles", identity::profile),
            addresses: source.drawn("addresses", identity::address),
            silver_tier: fixed(|body| identity::tier_upgrade("Silver", body)),
            gold_tier: fixed(|body| identity::tier_upgrade("Gold", body)),
            platinum_tier: fixed(|body| identity::tier_upgrade("Platinum", body)),
            suspension: fixed(identity::suspension),
        }
    }
}
