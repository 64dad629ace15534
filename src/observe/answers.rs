//! What stores and the Observatory answer, read without a socket: for tests that play them, as fuzz
//! targets do.

pub use super::metered_stream::ByteChannel;
pub use super::postgres_session::Dial;
pub use super::redis_channel::RedisChannel;

use super::postgres_session::PostgresSession;
use super::redis_link::RedisLink;
use super::{MessageStore, ObservatorySource, OutboxSource, Problem, Readout, RedisStreams};
use crate::plan::{AddressPolicy, Target};

/// A Redis at the other end of `channel` that may send so much for a reading.
#[must_use]
pub fn redis(channel: Box<dyn RedisChannel>, most_bytes: u64) -> RedisStreams {
    RedisStreams::over(RedisLink::over(channel, most_bytes))
}

/// An outbox in the database that `dial` connects to.
#[must_use]
pub fn outbox(dial: Dial) -> OutboxSource {
    OutboxSource::of("ordering", PostgresSession::over(dial))
}

/// A message store in the database that `dial` connects to.
#[must_use]
pub fn message_store(dial: Dial) -> MessageStore {
    MessageStore::of(PostgresSession::over(dial))
}

/// What an Observatory's counts of outboxes say.
///
/// # Errors
/// When they say nothing.
pub fn outbox_counts(text: &str) -> Result<Readout, Problem> {
    observatory().read_outbox_counts(text)
}

/// What an Observatory's metrics say.
///
/// # Errors
/// When they say nothing.
pub fn metrics(text: &str) -> Result<Readout, Problem> {
    observatory().read_metrics(text)
}

fn observatory() -> ObservatorySource {
    let target = Target::parse("http://localhost:9000").expect("an address");
    ObservatorySource::new(target, AddressPolicy::default())
}
