//! Whether a request reached a target that closed the connection without a byte of a reply.

use super::breakage::ExchangeError;
use super::clock::now_ns;
use super::codec::Malformed;
use super::net::took_none_of;
use super::pacer::Pacer;
use std::os::fd::RawFd;

/// Whether the target took any of a request, on a connection that it closed, is known this soon.
const LONGEST_DOUBT_NS: u64 = 200_000_000;
const DOUBT_LOOK_NS: u64 = 1_000_000;

/// The connection ended without a byte of a reply. Whether the target took any of the request: what
/// comes to a connection that was closed before is answered with a reset, soon.
#[cold]
pub(super) async fn doubted(
    error: ExchangeError,
    descriptor: RawFd,
    request_bytes: usize,
    pacer: &Pacer,
) -> ExchangeError {
    let was_closed = match &error {
        ExchangeError::Reply(malformed) => *malformed == Malformed::ClosedBeforeReply,
        // A reset that comes after the peer's end.
        ExchangeError::Receive(error) => error.raw_os_error() == Some(libc::EPIPE),
        _ => false,
    };
    if !was_closed {
        return error;
    }
    let ends_ns = now_ns() + LONGEST_DOUBT_NS;
    loop {
        match took_none_of(descriptor, request_bytes) {
            Some(true) => return ExchangeError::ClosedBefore,
            Some(false) => return error,
            None if now_ns() >= ends_ns => return error,
            None => pacer.until(now_ns() + DOUBT_LOOK_NS).await,
        }
    }
}
