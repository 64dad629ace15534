//! Serving an HTTP/2 connection without a ring, by the runtime's own sends and receives: under `--driver epoll`
//! and `plain-uring`, and where the kernel gives no ring.

use super::clock::now_ns;
use super::connection::within;
use super::http2_live::Http2Live;
use super::http2_wire::RuntimeWire;
use super::net::{Tcp, shut_down};
use super::tcp_halves::{TcpReader, TcpWriter};
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// Room for what comes at once.
const RECEIVED_BYTES: usize = 16 << 10;
/// A goodbye is waited for so long until it is with the kernel.
const GOODBYE_NS: u64 = 100_000_000;

/// Takes what comes on `stream` and sends what is written, until the connection is closed.
pub(super) async fn serve(live: Rc<Http2Live>, wire: Rc<RuntimeWire>, stream: Tcp) {
    let (reader, writer) = stream.into_halves();
    let was_idle = Cell::new(false);
    {
        let mut receiving = pin!(receive_all(&live, reader, &was_idle));
        let mut sending = pin!(send_all(&live, &wire, writer));
        std::future::poll_fn(|context| {
            live.remember_task(context.waker());
            let mut is_open = receiving.as_mut().poll(context).is_pending();
            live.tell();
            is_open &= push(&live, &wire, || sending.as_mut().poll(context));
            live.tell();
            match is_open && live.is_needed() {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
        let goodbye = std::future::poll_fn(|context| {
            let is_broken = wire.is_sending() && sending.as_mut().poll(context).is_ready();
            match wire.is_sending() && !is_broken {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        });
        let patience = live.pacer().until(now_ns() + GOODBYE_NS);
        let _ = within(goodbye, patience).await;
        // Or a receive that is on its way would keep it open.
        shut_down(wire.descriptor());
    }
    live.conclude(was_idle.get());
}

/// Hands over what is written, and what is written while that leaves. Whether the stream takes it.
fn push(live: &Http2Live, wire: &RuntimeWire, mut poll_sending: impl FnMut() -> Poll<()>) -> bool {
    loop {
        live.hand_over();
        let had_some = wire.is_sending();
        if poll_sending().is_ready() {
            return false;
        }
        if !had_some || wire.is_sending() {
            return true;
        }
    }
}

/// Takes what comes until the end of it.
async fn receive_all(live: &Http2Live, mut reader: TcpReader, was_idle: &Cell<bool>) {
    let mut bytes = Vec::with_capacity(RECEIVED_BYTES);
    loop {
        let received;
        (received, bytes) = reader.receive(bytes).await;
        let goes_on = match received {
            Ok(1..) => live.take(&mut bytes),
            Ok(0) | Err(_) => false,
        };
        if !goes_on {
            return was_idle.set(live.note_end(false));
        }
        bytes.clear();
        live.tell();
    }
}

/// Sends what is handed over, until the stream takes no more.
async fn send_all(live: &Http2Live, wire: &RuntimeWire, mut writer: TcpWriter) {
    loop {
        let bytes = std::future::poll_fn(|_| match wire.take_next() {
            Some(bytes) => Poll::Ready(bytes),
            None => Poll::Pending,
        });
        let bytes = bytes.await;
        let length = bytes.len();
        let (sent, left) = writer.send_all(bytes).await;
        wire.note_sent();
        if sent.is_err() {
            live.note_end(left.len() == length);
            return;
        }
        live.keep_buffer(left);
    }
}
