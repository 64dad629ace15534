//! A client's connection as `h2` wants it: polled, in both directions at once. The runtime lends its
//! buffers to the kernel, so that each direction has one operation under way at most, with a buffer of
//! its own.

use super::tls_session::TlsSession;
use crate::engine::{ByteStream, Tcp, TcpReader, TcpWriter, now_ns, shut_down};
use bytes::Bytes;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are received at once.
const WIRE_BYTES: usize = 16 << 10;
/// When so many bytes wait to be sent, no more are taken.
const MOST_OUTGOING_BYTES: usize = 64 << 10;

type Receiving = Pin<Box<dyn Future<Output = (TcpReader, io::Result<usize>, Vec<u8>)>>>;
type Sending = Pin<Box<dyn Future<Output = (TcpWriter, io::Result<()>, Vec<u8>)>>>;

/// See the module's documentation.
pub struct PolledStream {
    descriptor: RawFd,
    incoming: Incoming,
    outgoing: Outgoing,
    /// `None` where no TLS is spoken.
    session: Option<Box<TlsSession>>,
    /// Received as the client meant it, and not read yet.
    opened: Bytes,
    /// Received from the kernel, and not read yet from `taken` on.
    wire: Vec<u8>,
    taken: usize,
    /// To be sent.
    waiting: Vec<u8>,
    received_ns: Rc<Cell<u64>>,
}

enum Incoming {
    Quiet(TcpReader),
    Receiving(Receiving),
    Ended,
}

enum Outgoing {
    Quiet(TcpWriter, Vec<u8>),
    Sending(Sending),
    Ended,
}

impl PolledStream {
    /// Over plain TCP, of which `received` came already.
    pub fn plain(tcp: Tcp, received: Vec<u8>) -> Self {
        Self::new(tcp, None, Vec::new(), received)
    }

    /// Over TLS, of which `unread` sealed bytes and, after them, `received` opened ones came already.
    pub fn sealed(tcp: Tcp, session: Box<TlsSession>, unread: Vec<u8>, received: Vec<u8>) -> Self {
        Self::new(tcp, Some(session), unread, received)
    }

    fn new(tcp: Tcp, session: Option<Box<TlsSession>>, wire: Vec<u8>, opened: Vec<u8>) -> Self {
        let descriptor = tcp.descriptor();
        let (reader, writer) = tcp.into_halves();
        Self {
            descriptor,
            incoming: Incoming::Quiet(reader),
            outgoing: Outgoing::Quiet(writer, Vec::new()),
            session,
            opened: opened.into(),
            wire,
            taken: 0,
            waiting: Vec::new(),
            received_ns: Rc::new(Cell::new(now_ns())),
        }
    }

    /// When bytes were received last.
    pub fn received_ns(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.received_ns)
    }

    /// Waits for bytes of the wire; 0 when the client closed its side.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            match std::mem::replace(&mut self.incoming, Incoming::Ended) {
                Incoming::Ended => return Poll::Ready(Ok(0)),
                Incoming::Quiet(mut reader) => {
                    let mut wire = std::mem::take(&mut self.wire);
                    wire.clear();
                    wire.reserve(WIRE_BYTES);
                    self.taken = 0;
                    self.incoming = Incoming::Receiving(Box::pin(async move {
                        let (received, wire) = reader.receive(wire).await;
                        (reader, received, wire)
                    }));
                }
                Incoming::Receiving(mut receiving) => {
                    let Poll::Ready((reader, received, wire)) = receiving.as_mut().poll(context)
                    else {
                        self.incoming = Incoming::Receiving(receiving);
                        return Poll::Pending;
                    };
                    self.wire = wire;
                    self.received_ns.set(now_ns());
                    if matches!(received, Ok(1..)) {
                        self.incoming = Incoming::Quiet(reader);
                    }
                    return Poll::Ready(received);
                }
            }
        }
    }

    /// Sends what waits.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match std::mem::replace(&mut self.outgoing, Outgoing::Ended) {
                Outgoing::Ended => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Outgoing::Quiet(mut writer, spare) => {
                    if self.waiting.is_empty() {
                        self.outgoing = Outgoing::Quiet(writer, spare);
                        return Poll::Ready(Ok(()));
                    }
                    let bytes = std::mem::replace(&mut self.waiting, spare);
                    self.outgoing = Outgoing::Sending(Box::pin(async move {
                        let (sent, bytes) = writer.send_all(bytes).await;
                        (writer, sent, bytes)
                    }));
                }
                Outgoing::Sending(mut sending) => {
                    let Poll::Ready((writer, sent, bytes)) = sending.as_mut().poll(context) else {
                        self.outgoing = Outgoing::Sending(sending);
                        return Poll::Pending;
                    };
                    if let Err(error) = sent {
                        return Poll::Ready(Err(error));
                    }
                    self.outgoing = Outgoing::Quiet(writer, bytes);
                }
            }
        }
    }

    /// Fills `target` from what is there; `None` when nothing is.
    fn take(&mut self, target: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        if !self.opened.is_empty() {
            let count = self.opened.len().min(target.remaining());
            target.put_slice(&self.opened.split_to(count));
            return Some(Ok(()));
        }
        loop {
            if let Some(session) = &mut self.session
                && let Some(()) = session.open(|plain| {
                    let count = plain.len().min(target.remaining());
                    target.put_slice(&plain[..count]);
                    (count, ())
                })
            {
                return Some(Ok(()));
            }
            let mut rest = &self.wire[self.taken..];
            if rest.is_empty() {
                return None;
            }
            let before = rest.len();
            let Some(session) = &mut self.session else {
                let count = before.min(target.remaining());
                target.put_slice(&rest[..count]);
                self.taken += count;
                return Some(Ok(()));
            };
            let heard = session.take_in(&mut rest, &mut self.waiting);
            self.taken += before - rest.len();
            if let Err(error) = heard {
                return Some(Err(error));
            }
        }
    }
}

impl AsyncRead for PolledStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(taken) = self.take(target) {
                return Poll::Ready(taken);
            }
            if ready!(self.poll_receive(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for PolledStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= MOST_OUTGOING_BYTES {
            ready!(self.poll_send(context))?;
        }
        let this = &mut *self;
        match &mut this.session {
            None => this.waiting.extend_from_slice(bytes),
            Some(session) => session.seal(bytes, &mut this.waiting)?,
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(session) = &mut this.session {
            // Said once, however often it is polled.
            session.say_goodbye(&mut this.waiting);
        }
        self.poll_send(context)
    }
}

impl Drop for PolledStream {
    fn drop(&mut self) {
        // Only so does what the kernel is at come to an end, and the connection with it.
        if matches!(self.incoming, Incoming::Receiving(_))
            || matches!(self.outgoing, Outgoing::Sending(_))
        {
            shut_down(self.descriptor);
        }
    }
}
