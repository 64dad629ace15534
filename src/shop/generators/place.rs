//! Places in the United States.
//!
//! Limits of the shop: `street` ≤ 255 characters; `city`, `state`, `country` ≤ 100;
//! `postal_code` ≤ 20.

use crate::engine::BodyWriter;
use crate::words;
use fastrand::Rng;

/// Street, city, state, postal code and country.
pub fn place_members(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.member("street", words::street(rng));
    body.member("city", words::city(rng));
    body.member("state", words::state_code(rng));
    body.member("postal_code", format!("{:05}", rng.u32(501..=99_950)));
    body.member("country", "US");
}
