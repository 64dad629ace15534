//! HTTP/1.1 on the wire: pure functions over bytes, without sockets or clocks.

mod body_framing;
mod chunks;
mod head;
mod incoming;
mod known_heads;
mod malformed;
mod reply;

pub use body_framing::MAX_BODY_BYTES;
pub use head::{field, fields};
pub use incoming::{Body, Incoming, Request, RequestProgress, parse};
pub use known_heads::KnownHeads;
pub use malformed::{MAX_HEAD_BYTES, MAX_HEADER_LINES, Malformed, Misplaced, Offset};
pub use reply::{Reply, ReplyParser};
