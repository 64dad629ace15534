//! The shop over HTTP/2 (RFC 9113), as an ingress before it would have it: every stream is one request
//! to the same request handler as over HTTP/1.1, and gets the same reply.

mod exchange;
mod fixed;
mod preface;
mod translation;

pub use fixed::FixedHttp2;
pub use preface::Preface;

use super::connection_table::ConnectionGuard;
use super::polled_stream::PolledStream;
use super::served_shop::ServedShop;
use crate::engine::codec::MAX_HEAD_BYTES;
use crate::engine::spawn;
use bytes::Bytes;
use exchange::{ConnectionState, carry_out};
use h2::Reason;
use h2::server::{Builder, Connection};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

/// Streams that a client may have open at once, as of nginx.
const MAX_STREAMS: u32 = 128;
/// What a client may send on a stream before it is read, and on all of them.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;

/// Serves a connection until one side closes it.
pub async fn serve(stream: PolledStream, guard: ConnectionGuard, shop: ServedShop) {
    guard.has_last_words();
    let received_ns = stream.received_ns();
    let state = Rc::new(ConnectionState::new(guard, received_ns));
    let handshake = Builder::new()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .handshake(stream);
    let connection = handshake.await;
    if let Ok(mut connection) = connection {
        take_requests(&mut connection, &state, &shop).await;
        // Exchanges may be under way; the entry names the descriptor, and has to be given back first.
        state.end();
    }
    state.end();
}

/// Takes requests in until no more come and all are answered.
async fn take_requests(
    connection: &mut Connection<PolledStream, Bytes>,
    state: &Rc<ConnectionState>,
    shop: &ServedShop,
) {
    let mut requests = 0;
    let mut said_goodbye = false;
    loop {
        let accepted = poll_fn(|context| {
            if !said_goodbye && state.was_ended() {
                said_goodbye = true;
                connection.abrupt_shutdown(Reason::NO_ERROR);
            }
            connection.poll_accept(context)
        });
        let Some(Ok((request, respond))) = accepted.await else {
            return;
        };
        requests += 1;
        if shop.keepalive_requests == Some(requests) {
            connection.graceful_shutdown();
        }
        let (state, shop) = (Rc::clone(state), shop.clone());
        let mut exchange = Box::pin(carry_out(request, respond, state, shop));
        // What is there in full is answered at once.
        if polled_once(exchange.as_mut()).await.is_pending() {
            spawn(exchange);
        }
    }
}

async fn polled_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
