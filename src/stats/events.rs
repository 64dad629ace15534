//! What a success makes the target do behind the scenes: the messages that it raises.

use serde::Serialize;

/// A message that the target raises when a step succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Event {
    /// The part of the target that raises it, for example `Identity`.
    pub domain: &'static str,
    /// Its name within the domain, for example `CustomerRegistered`.
    pub name: &'static str,
    /// Whether it goes through the outbox, and so has to be worked off by the pipeline.
    pub outbox: bool,
}
