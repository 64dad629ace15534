//! What lies under keys of its own: who leads, what is to be done, whose a number is.

use super::envelope::{Envelope, Fault, Kind, Seal, Sender};
use super::message::Who;
use super::name::Token;
use crate::plan::MOST_SHARDS;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Without a sign of its leader for so long, a run's name is free again.
pub const LEADER_EXPIRY: Duration = Duration::from_secs(15);
/// How long everything else of a run stays after nobody has touched it.
pub const EXPIRY: Duration = Duration::from_secs(600);

/// Who leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderCard {
    /// The leader.
    pub who: Who,
    /// Its session: where the rest of the run lies.
    pub session: Token,
    /// How many shards there are.
    pub shards: u32,
    /// Since when, on the server's clock, in microseconds since 1970.
    pub since_us: u64,
}

/// Whose a shard's number is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The member.
    pub member: Token,
    /// Who that is.
    pub who: Who,
}

/// Since when the run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The moment on the server's clock, in microseconds since 1970.
    pub at_us: u64,
}

/// Signs something for its place.
pub(super) fn sealed<T: Serialize>(
    seal: &Seal<'_>,
    author: Token,
    sender: Sender,
    kind: Kind,
    content: &T,
) -> Vec<u8> {
    seal.close(&Envelope {
        author,
        sender,
        kind,
        sequence: 1,
        // Cards are plain data: there is always a JSON text of them.
        payload: serde_json::to_vec(content).unwrap_or_default(),
    })
}

/// Opens what [`sealed`] made.
pub(super) fn opened<T: DeserializeOwned>(
    seal: &Seal<'_>,
    kind: Kind,
    bytes: &[u8],
) -> Result<(Envelope, T), Fault> {
    let envelope = seal.open(bytes)?;
    if envelope.kind != kind {
        return Err(Fault::Misplaced);
    }
    let unreadable = |error: serde_json::Error| Fault::Unreadable(error.to_string());
    let content = serde_json::from_slice(&envelope.payload).map_err(unreadable)?;
    Ok((envelope, content))
}

/// The leader's card, if it is one.
pub(super) fn leader_card(seal: &Seal<'_>, bytes: &[u8]) -> Result<LeaderCard, Fault> {
    let (envelope, card) = opened::<LeaderCard>(seal, Kind::Leader, bytes)?;
    let is_own = envelope.sender == Sender::Leader && envelope.author == card.session;
    match is_own && (1..=MOST_SHARDS).contains(&card.shards) {
        true => Ok(card),
        false => Err(Fault::Misplaced),
    }
}
