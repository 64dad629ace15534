//! What a `SpikeUser` does.

use crate::engine::{Journey, Link, Session};
use crate::shop::payloads::Payloads;
use crate::shop::steps::SPIKE_REGISTER;

/// One registration. Raises 1 event.
pub async fn rapid_registration<L: Link>(user: &mut Session<L>, payloads: &Payloads) -> Journey {
    user.call(SPIKE_REGISTER)
        .body(&payloads.identity.short_registrations)
        .id()
        .await?;
    Ok(())
}
