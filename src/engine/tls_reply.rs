//! A reply that comes over TLS: opened where the kernel put it, and read there when all of it came in one
//! piece, else gathered.

use super::breakage::ExchangeError;
use super::codec::{Reply, ReplyParser};
use super::inbox::Inbox;
use super::net::{ByteStream, Tcp};
use super::ring_reply::error;
use super::socket_ring::{Arrival, Arrivals, InPlace};
use super::tls::{TlsBreak, TlsEnd, TlsLayer, keep_room, take_room};
use std::cell::RefCell;

/// As [`super::ring_reply::reply_on_ring`] over a connection whose records `layer` opens.
///
/// # Errors
/// When there is none.
#[inline]
pub async fn reply_over_tls<S>(
    socket: &S,
    layer: &RefCell<TlsLayer>,
    room: impl Fn() -> Vec<u8>,
    inbox: &mut Inbox<S::Piece>,
    parser: &mut ReplyParser,
) -> Result<Reply, ExchangeError>
where
    S: Arrivals,
    S::Piece: InPlace,
{
    inbox.clear();
    parser.reset();
    let mut is_first = true;
    loop {
        let mut received = match socket.arrival().await {
            Arrival::Buffer(received) => received,
            Arrival::Closed => {
                return closed(&layer.borrow(), parser, inbox.bytes());
            }
            Arrival::Broken(errno) => return Err(ExchangeError::Receive(error(errno))),
            Arrival::Unsent(errno) => return Err(ExchangeError::Unsent(error(errno))),
            Arrival::SentInPart(errno) => return Err(ExchangeError::SentInPart(error(errno))),
        };
        let layer = &mut *layer.borrow_mut();
        let mut has_come = true;
        if is_first && !layer.is_within_record() {
            let plain = layer.open(received.bytes_mut());
            if plain.is_empty() {
                has_come = false;
            } else {
                received.narrow(plain);
                if let Some(reply) = parser
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
        } else {
            if !inbox.has_room() {
                inbox.gather_in(room());
            }
            let before = inbox.gathered().len();
            layer.open_onto(received.bytes_mut(), inbox.gathered());
            has_come = inbox.gathered().len() > before;
        }
        is_first &= !has_come;
        if has_come
            && let Some(reply) = parser
                .advance(inbox.gathered())
                .map_err(ExchangeError::Reply)?
        {
            return Ok(reply);
        }
        if let Some(ended) = ended(layer, parser, inbox.bytes(), is_first) {
            return ended;
        }
    }
}

/// The same over the runtime's own receives.
///
/// # Errors
/// When there is none.
pub(super) async fn receive_over_tls(
    stream: &mut Tcp,
    layer: &RefCell<TlsLayer>,
    inbox: &mut Inbox,
    parser: &mut ReplyParser,
) -> Result<Reply, ExchangeError> {
    inbox.clear();
    parser.reset();
    let mut is_first = true;
    let text = inbox.gathered();
    loop {
        let (result, mut arrived) = stream.receive(take_room()).await;
        let layer = &mut *layer.borrow_mut();
        let received = match result {
            Ok(received) => received,
            Err(error) => {
                keep_room(arrived);
                return Err(ExchangeError::Receive(error));
            }
        };
        let before = text.len();
        layer.open_onto(&mut arrived, text);
        keep_room(arrived);
        if received == 0 {
            return closed(layer, parser, text);
        }
        if text.len() > before {
            is_first = false;
            if let Some(reply) = parser.advance(text).map_err(ExchangeError::Reply)? {
                return Ok(reply);
            }
        }
        if let Some(ended) = ended(layer, parser, text, is_first) {
            return ended;
        }
    }
}

/// What comes of it when the layer's other side has ended; `None` while it goes on.
fn ended(
    layer: &TlsLayer,
    parser: &mut ReplyParser,
    text: &[u8],
    is_first: bool,
) -> Option<Result<Reply, ExchangeError>> {
    match layer.end()? {
        // Whether the request was taken shows in how the connection ends beneath, which it will.
        TlsEnd::Notified if is_first => None,
        TlsEnd::Notified => Some(parser.close(text).map_err(ExchangeError::Reply)),
        TlsEnd::Broken(broken) if layer.is_refused() => Some(Err(ExchangeError::Refused(broken))),
        TlsEnd::Broken(broken) => Some(Err(ExchangeError::Tls(broken))),
    }
}

/// The connection was closed beneath the layer.
#[cold]
fn closed(layer: &TlsLayer, parser: &mut ReplyParser, text: &[u8]) -> Result<Reply, ExchangeError> {
    match parser.close(text) {
        // Anyone on the way can close it.
        Ok(_) if layer.end() != Some(TlsEnd::Notified) => {
            Err(ExchangeError::Tls(TlsBreak::Truncated))
        }
        result => result.map_err(ExchangeError::Reply),
    }
}
