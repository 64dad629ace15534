//! HTTP/1.1 on the wire: pure functions over bytes, without sockets or clocks.

mod incoming;
mod reply;

pub use incoming::{Body, Incoming, MAX_BODY_BYTES, Request, parse};
pub use reply::{KnownHeads, MAX_HEAD_BYTES, Malformed, Reply, ReplyParser};
