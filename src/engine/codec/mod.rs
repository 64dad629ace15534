//! HTTP/1.1 on the wire: pure functions over bytes, without sockets or clocks.

mod chunks;
mod head;
mod incoming;
mod known_heads;
mod malformed;
mod reply;

pub use head::field;
pub use incoming::{Body, Incoming, MAX_BODY_BYTES, Request, parse};
pub use known_heads::KnownHeads;
pub use malformed::{MAX_HEAD_BYTES, MAX_HEADER_LINES, Malformed, Misplaced, Offset};
pub use reply::{Reply, ReplyParser};
