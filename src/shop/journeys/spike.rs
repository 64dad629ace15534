//! What a `SpikeUser` does.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::SPIKE_REGISTER;

/// One registration. Raises 1 event.
pub async fn rapid_registration<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    user.call(SPIKE_REGISTER)
        .body(&bodies.short_registrations)
        .or_abort()
        .await
}
