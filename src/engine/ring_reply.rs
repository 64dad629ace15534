//! A reply that comes over the ring, read where the kernel put it when all of it came at once.

use super::breakage::ExchangeError;
use super::codec::{Reply, ReplyParser};
use super::inbox::Inbox;
use super::socket_ring::{Arrival, Arrivals};
use std::io;

/// Waits for the reply on `socket`; one that comes in pieces is gathered, in a `room` if the inbox has
/// none of its own.
///
/// # Errors
/// When there is none.
#[inline]
pub async fn reply_on_ring<S: Arrivals>(
    socket: &S,
    room: impl Fn() -> Vec<u8>,
    inbox: &mut Inbox<S::Piece>,
    parser: &mut ReplyParser,
) -> Result<Reply, ExchangeError> {
    inbox.clear();
    parser.reset();
    let mut is_first = true;
    loop {
        match socket.arrival().await {
            Arrival::Buffer(received) => {
                if std::mem::take(&mut is_first)
                    && let Some(reply) = parser
                        .whole(received.as_ref())
                        .map_err(ExchangeError::Reply)?
                {
                    inbox.hold(received);
                    return Ok(reply);
                }
                if !inbox.has_room() {
                    inbox.gather_in(room());
                }
                inbox.gathered().extend_from_slice(received.as_ref());
            }
            Arrival::Closed => return parser.close(inbox.bytes()).map_err(ExchangeError::Reply),
            Arrival::Broken(errno) => return Err(ExchangeError::Receive(error(errno))),
            Arrival::Unsent(errno) => return Err(ExchangeError::Unsent(error(errno))),
            Arrival::SentInPart(errno) => return Err(ExchangeError::SentInPart(error(errno))),
        }
        if let Some(reply) = parser
            .advance(inbox.gathered())
            .map_err(ExchangeError::Reply)?
        {
            return Ok(reply);
        }
    }
}

/// The error of this number.
pub(super) fn error(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}
