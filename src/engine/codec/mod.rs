//! HTTP/1.1 on the wire: pure functions over bytes, without sockets or clocks.

mod reply;

pub use reply::{MAX_HEAD_BYTES, Malformed, Reply, ReplyParser};
