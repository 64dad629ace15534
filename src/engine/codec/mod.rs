//! HTTP/1.1 on the wire, as pure functions of bytes.

mod incoming;

pub use incoming::{Body, Incoming, MAX_BODY_BYTES, MAX_HEAD_BYTES, Request, parse};
