//! A request and its reply over the runtime's own sends and receives: where there is no ring.

use super::breakage::ExchangeError;
use super::clock::now_ns;
use super::codec::{Reply, ReplyParser};
use super::doubt::doubted;
use super::exchange_buffers::ExchangeBuffers;
use super::inbox::Inbox;
use super::net::{ByteStream, Tcp};
use super::tls::TlsLayer;
use super::tls_reply::receive_over_tls;
use super::transport::Transport;
use std::cell::RefCell;
use std::io;

/// Sends and receives by the runtime's own means, what is sealed by `layer` where there is one.
///
/// # Errors
/// When there is no reply.
pub(super) async fn travel(
    stream: &mut Tcp,
    layer: Option<&RefCell<TlsLayer>>,
    (transport, slot): (&Transport, usize),
    buffers: &mut ExchangeBuffers<'_>,
    sent_ns: &mut u64,
) -> Result<Reply, ExchangeError> {
    if transport.send_permits.try_lend().is_none() {
        transport.send_permits.lend().await;
        *sent_ns = now_ns();
    }
    let deadline_ns = *sent_ns + transport.request_timeout_ns;
    transport
        .in_flight
        .add(slot, stream.descriptor(), deadline_ns);
    let sent = send_all(stream, buffers.out).await;
    transport.send_permits.give_back(());
    sent?;
    let request_bytes = buffers.out.len();
    transport.keep_request_buffer(std::mem::take(buffers.out));
    match receive(stream, layer, (buffers.inbox, buffers.parser)).await {
        Err(error) if error.is_an_end() => {
            Err(doubted(error, stream.descriptor(), request_bytes, &transport.pacer).await)
        }
        result => result,
    }
}

#[inline]
async fn send_all(stream: &mut Tcp, out: &mut Vec<u8>) -> Result<(), ExchangeError> {
    let (result, bytes) = stream.send(std::mem::take(out)).await;
    *out = bytes;
    match result {
        Ok(sent) if sent == out.len() => Ok(()),
        Ok(sent) => send_rest(stream, out, sent).await,
        Err(error) => Err(ExchangeError::Unsent(error)),
    }
}

/// The kernel took only part of a request: its send buffer is full.
#[cold]
async fn send_rest(
    stream: &mut Tcp,
    out: &[u8],
    mut sent_bytes: usize,
) -> Result<(), ExchangeError> {
    while sent_bytes < out.len() {
        match stream.send(out[sent_bytes..].to_vec()).await.0 {
            Ok(0) => return Err(ExchangeError::SentInPart(io::ErrorKind::WriteZero.into())),
            Ok(sent) => sent_bytes += sent,
            Err(error) => return Err(ExchangeError::SentInPart(error)),
        }
    }
    Ok(())
}

/// Receives the reply to a request that was sent.
///
/// # Errors
/// When there is none.
pub(super) async fn receive(
    stream: &mut Tcp,
    layer: Option<&RefCell<TlsLayer>>,
    (inbox, parser): (&mut Inbox, &mut ReplyParser),
) -> Result<Reply, ExchangeError> {
    match layer {
        None => receive_plainly(stream, inbox, parser).await,
        Some(layer) => receive_over_tls(stream, layer, inbox, parser).await,
    }
}

async fn receive_plainly(
    stream: &mut Tcp,
    inbox: &mut Inbox,
    parser: &mut ReplyParser,
) -> Result<Reply, ExchangeError> {
    inbox.clear();
    parser.reset();
    let inbox = inbox.gathered();
    loop {
        if inbox.len() == inbox.capacity() {
            inbox.reserve(inbox.capacity().max(1_024));
        }
        let (result, buffer) = stream.receive(std::mem::take(inbox)).await;
        *inbox = buffer;
        match result {
            Ok(0) => return parser.close(inbox).map_err(ExchangeError::Reply),
            Ok(_) => {
                if let Some(reply) = parser.advance(inbox).map_err(ExchangeError::Reply)? {
                    return Ok(reply);
                }
            }
            Err(error) => return Err(ExchangeError::Receive(error)),
        }
    }
}
