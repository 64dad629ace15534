//! One stream: a request and its reply.

use super::translation::{request_text, response};
use crate::engine::codec::{Incoming, MAX_BODY_BYTES, parse};
use crate::sandbox::chaos::Mishap;
use crate::sandbox::connection_table::ConnectionGuard;
use crate::sandbox::reply::write_invalid_request;
use crate::sandbox::served_shop::{Answer, ServedShop};
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::header::EXPECT;
use http::{Request, Response, StatusCode};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;

/// What all streams of a connection share.
pub struct ConnectionState {
    /// Until the connection ends.
    guard: RefCell<Option<ConnectionGuard>>,
    received_ns: Rc<Cell<u64>>,
    streams: Cell<usize>,
    /// Of bodies that are not answered yet.
    body_bytes: Cell<usize>,
}

impl ConnectionState {
    /// A connection without streams; `received_ns` tells when bytes came last.
    pub fn new(guard: ConnectionGuard, received_ns: Rc<Cell<u64>>) -> Self {
        Self {
            guard: RefCell::new(Some(guard)),
            received_ns,
            streams: Cell::new(0),
            body_bytes: Cell::new(0),
        }
    }

    /// Whether it was told to go.
    pub fn was_ended(&self) -> bool {
        let guard = self.guard.borrow();
        guard.as_ref().is_none_or(ConnectionGuard::was_ended)
    }

    /// Gives its entry back, before the descriptor is closed.
    pub fn end(&self) {
        self.guard.take();
    }

    fn reset(&self) {
        if let Some(guard) = &*self.guard.borrow() {
            guard.reset();
        }
    }
}

/// A stream that is not done.
struct OpenStream {
    state: Rc<ConnectionState>,
    body: Vec<u8>,
}

impl OpenStream {
    fn new(state: Rc<ConnectionState>) -> Self {
        state.streams.set(state.streams.get() + 1);
        if let Some(guard) = &*state.guard.borrow() {
            guard.is_busy();
        }
        Self {
            state,
            body: Vec::new(),
        }
    }

    /// False when the bodies of the connection grow too large.
    fn take(&mut self, data: &[u8]) -> bool {
        let body_bytes = self.state.body_bytes.get() + data.len();
        if body_bytes > MAX_BODY_BYTES {
            return false;
        }
        self.state.body_bytes.set(body_bytes);
        self.body.extend_from_slice(data);
        true
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let state = &self.state;
        let body_bytes = state.body_bytes.get() - self.body.len();
        state.body_bytes.set(body_bytes);
        state.streams.set(state.streams.get() - 1);
        if state.streams.get() == 0
            && let Some(guard) = &*state.guard.borrow()
        {
            guard.is_idle();
        }
    }
}

/// Reads the request in full, has it answered, and sends the reply.
pub async fn carry_out(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    state: Rc<ConnectionState>,
    shop: ServedShop,
) {
    let mut stream = OpenStream::new(state);
    let (head, mut body) = request.into_parts();
    let expects_continue = head
        .headers
        .get(EXPECT)
        .is_some_and(|it| it == "100-continue");
    if expects_continue && !body.is_end_stream() {
        let mut head = Response::new(());
        *head.status_mut() = StatusCode::CONTINUE;
        // Whether the client is still there shows when the body is read.
        let _ = respond.send_informational(head);
    }
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return };
        // Of a stream that was reset nothing needs to be given back.
        let _ = body.flow_control().release_capacity(data.len());
        if !stream.take(&data) {
            return respond.send_reset(Reason::ENHANCE_YOUR_CALM);
        }
    }
    let received_ns = match shop.connection_table.notes_arrivals() {
        true => stream.state.received_ns.get(),
        false => 0,
    };
    let text = request_text(&head, &stream.body);
    let mut reply = Vec::with_capacity(512);
    let answer = match parse(&text) {
        Incoming::Complete { request, consumed } if consumed == text.len() => {
            shop.answer(&request, received_ns, &mut reply).await
        }
        _ => {
            write_invalid_request(&shop.connection_table.date(), &mut reply);
            send(reply, respond);
            return;
        }
    };
    match answer {
        // That the shop's own connection ends after a crash an ingress would keep to itself.
        Answer::Replied(_) => send(reply, respond),
        Answer::Lost(Mishap::Stall | Mishap::Slow) => {
            // Until the client gives up.
            let _ = poll_fn(|context| respond.poll_reset(context)).await;
        }
        Answer::Lost(Mishap::Reset) => respond.send_reset(Reason::INTERNAL_ERROR),
        Answer::Down => stream.state.reset(),
    }
}

fn send(reply: Vec<u8>, mut respond: SendResponse<Bytes>) {
    let Some((head, head_bytes)) = response(&reply) else {
        return respond.send_reset(Reason::INTERNAL_ERROR);
    };
    let body = Bytes::from(reply).slice(head_bytes..);
    // A client that is gone needs no reply.
    if let Ok(mut stream) = respond.send_response(head, body.is_empty())
        && !body.is_empty()
    {
        let _ = stream.send_data(body, true);
    }
}
