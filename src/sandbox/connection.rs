//! One client's connection to the shop over HTTP/1.1, and how it turns out to be one over HTTP/2.

use super::chaos::Mishap;
use super::client_stream::ClientStream;
use super::connection_table::ConnectionGuard;
use super::http2;
use super::http2::Preface;
use super::next::AfterReply;
use super::reply::write_invalid_request;
use super::served_shop::{Answer, ServedShop};
use crate::engine::codec::{Incoming, RequestProgress};
use crate::engine::{now_ns, reset_on_close};

/// Room for an ordinary request; a larger one makes the buffer grow.
const BUFFER_BYTES: usize = 2 << 10;
/// A buffer that has grown beyond this is given back when it is empty.
const MAX_KEPT_BYTES: usize = 64 << 10;

/// Serves a connection until one side closes it.
pub async fn serve<S: ClientStream>(mut stream: S, guard: ConnectionGuard, shop: ServedShop) {
    let mut connection = ClientConnection::default();
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let mut is_new = true;
    let is_reset = loop {
        if buffer.len() == buffer.capacity() {
            buffer.reserve(buffer.len());
        }
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            break false;
        }
        guard.is_busy();
        if is_new {
            match Preface::at_start_of(&buffer) {
                Preface::Whole => {
                    let stream = stream.into_polled(buffer);
                    return Box::pin(http2::serve(stream, guard, shop)).await;
                }
                Preface::Begun => continue,
                Preface::Absent => is_new = false,
            }
        }
        connection.received_ns = match shop.connection_table.notes_arrivals() {
            true => now_ns(),
            false => 0,
        };
        let next = connection.answer_all(&mut buffer, &shop).await;
        if !send_all(&mut stream, &mut connection.replies).await {
            break false;
        }
        match next {
            AfterReply::Receive => {}
            AfterReply::Close => break false,
            AfterReply::Reset => break true,
            AfterReply::Stall => {
                wait_for_end(&mut stream, buffer).await;
                break false;
            }
        }
        if buffer.is_empty() {
            guard.is_idle();
            if buffer.capacity() > MAX_KEPT_BYTES {
                buffer = Vec::with_capacity(BUFFER_BYTES);
            }
        }
    };
    match is_reset {
        true => reset_on_close(stream.descriptor()),
        false => stream.say_goodbye().await,
    }
    // The entry names the stream's descriptor, and so has to be given back first.
    drop(guard);
    drop(stream);
}

/// How a connection goes on whose reply gets lost.
fn lost(mishap: Mishap) -> AfterReply {
    match mishap {
        Mishap::Reset => AfterReply::Reset,
        Mishap::Stall | Mishap::Slow => AfterReply::Stall,
    }
}

/// Waits until the client gives up.
async fn wait_for_end<S: ClientStream>(stream: &mut S, mut buffer: Vec<u8>) {
    loop {
        buffer.clear();
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            return;
        }
    }
}

/// Sends and empties `bytes`; false when the connection is broken.
pub async fn send_all<S: ClientStream>(stream: &mut S, bytes: &mut Vec<u8>) -> bool {
    let mut left = std::mem::take(bytes);
    while !left.is_empty() {
        let sent;
        (sent, left) = stream.send(left).await;
        match sent {
            Ok(sent @ 1..) if sent == left.len() => left.clear(),
            Ok(sent @ 1..) => drop(left.drain(..sent)),
            Ok(0) | Err(_) => return false,
        }
    }
    *bytes = left;
    true
}

#[derive(Default)]
struct ClientConnection {
    /// Of the request that is arriving.
    progress: RequestProgress,
    replies: Vec<u8>,
    /// Requests that were answered, if anybody counts them.
    requests: u32,
    /// When bytes were received last, if anybody wants to know.
    received_ns: u64,
    /// `100 Continue` has been sent for the request that is arriving.
    continued: bool,
}

impl ClientConnection {
    /// Answers all requests that have arrived in full and takes them out of `buffer`.
    async fn answer_all(&mut self, buffer: &mut Vec<u8>, shop: &ServedShop) -> AfterReply {
        let mut answered = 0;
        let next = loop {
            match self.progress.parse(&buffer[answered..]) {
                Incoming::Complete {
                    mut request,
                    consumed,
                } => {
                    if request.expects_continue {
                        self.say_continue();
                    }
                    self.continued = false;
                    if let Some(most) = shop.keepalive_requests {
                        self.requests += 1;
                        request.asks_close |= self.requests >= most;
                    }
                    let next = match shop
                        .answer(&request, self.received_ns, &mut self.replies)
                        .await
                    {
                        Answer::Replied(next) => next,
                        Answer::Lost(mishap) => break lost(mishap),
                        Answer::Down => break AfterReply::Reset,
                    };
                    if next == AfterReply::Close || request.asks_close || request.is_http_10 {
                        break AfterReply::Close;
                    }
                    answered += consumed;
                    if answered == buffer.len() {
                        break AfterReply::Receive;
                    }
                }
                Incoming::Partial { awaits_continue } => {
                    if awaits_continue {
                        self.say_continue();
                    }
                    break AfterReply::Receive;
                }
                Incoming::Bad => {
                    write_invalid_request(&shop.connection_table.date(), &mut self.replies);
                    break AfterReply::Close;
                }
            }
        };
        if answered == buffer.len() {
            buffer.clear();
        } else {
            buffer.drain(..answered);
        }
        next
    }

    fn say_continue(&mut self) {
        if !std::mem::replace(&mut self.continued, true) {
            self.replies
                .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }
}
