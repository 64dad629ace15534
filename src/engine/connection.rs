//! One keep-alive connection: opened before use, replaced when the server closed it, shut down when
//! a request on it is late.

use super::clock::now_ns;
use super::codec::{KnownHeads, Malformed, Reply, ReplyParser};
use super::in_flight::{Cut, InFlight};
use super::link::Broken;
use super::manners::{Manners, SERVER_ERROR};
use super::net::{ByteStream, is_stale};
use super::pacer::Pacer;
use super::pool::Pool;
use super::recorder::Recorder;
use super::survey::Opened;
use crate::stats::Reason;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// A connection idle for longer is looked at before use: servers close idle ones (uvicorn after
/// 5 s), and one peek costs nothing against a pause this long.
pub(super) const LOOK_AFTER_IDLE_NS: u64 = 100_000_000;

/// What all connections of a core share.
pub struct Transport {
    /// Addresses of the target, tried in order.
    addresses: Arc<[SocketAddr]>,
    /// After this long without a full reply a request is cut off; also bounds connecting.
    request_timeout_ns: u64,
    /// The requests in flight.
    in_flight: InFlight,
    /// For the connect timeout.
    pacer: Pacer,
    /// Where connects are counted.
    recorder: Rc<RefCell<Recorder>>,
    /// Position in `addresses` of the last one that worked.
    working_address: Cell<usize>,
    /// Buffers for requests between being written and being sent. The last one back is the next
    /// one out, so that a few warm ones do for all users.
    request_buffers: RefCell<Vec<Vec<u8>>>,
    /// Permissions to send.
    send_permits: Pool<()>,
    /// Reply heads that came before.
    pub known_heads: Rc<KnownHeads>,
    /// What the target does with a connection after a server error.
    manners: Manners,
}

/// Requests of a core that are handed to the kernel in one go. The kernel sends them one after the
/// other, so that those behind would wait unsent while their service time runs; and it meets their
/// sockets again for the replies, which stay in its nearest cache only if they are few. Measured
/// with 4,096 connections, CPU a request: 7.2 µs at 32, 7.9 at 64, 9.3 without a limit; with 64
/// connections 5.0, 4.75 and 4.7.
const SENT_AT_ONCE: usize = 32;
/// Room for a request; a longer one grows the buffer once.
const REQUEST_BYTES: usize = 1_024;
/// Buffers for requests that are made before the start. Where more users than that become due in one
/// moment there will be more, once: as many as there ever were at once.
const REQUEST_BUFFERS: usize = 256;

impl Transport {
    /// A transport for `connections` connections of one core, used by `users`, to the target at
    /// `addresses`.
    #[must_use]
    pub fn new(
        addresses: Arc<[SocketAddr]>,
        request_timeout: Duration,
        (users, connections): (usize, usize),
        pacer: Pacer,
        recorder: Rc<RefCell<Recorder>>,
    ) -> Self {
        let buffers = (0..users.min(REQUEST_BUFFERS)).map(|_| Vec::with_capacity(REQUEST_BYTES));
        Self {
            addresses,
            request_timeout_ns: request_timeout.as_nanos() as u64,
            in_flight: InFlight::new(connections),
            pacer,
            recorder,
            working_address: Cell::new(0),
            request_buffers: RefCell::new(buffers.collect()),
            send_permits: Pool::new(vec![(); SENT_AT_ONCE], users),
            known_heads: Rc::default(),
            manners: Manners::default(),
        }
    }

    /// After this long without a full reply a request is cut off.
    #[must_use]
    pub fn request_timeout_ns(&self) -> u64 {
        self.request_timeout_ns
    }

    /// The requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// An empty buffer for a request.
    #[inline]
    #[must_use]
    pub fn request_buffer(&self) -> Vec<u8> {
        let buffer = self.request_buffers.borrow_mut().pop();
        buffer.unwrap_or_else(|| Vec::with_capacity(REQUEST_BYTES))
    }
}

/// What an exchange reads and writes: the request, the reply, and why there is none. Lent by the
/// user's link.
pub struct ExchangeBuffers<'a> {
    /// The request to send; its buffer goes back to the transport once it is sent.
    pub out: &'a mut Vec<u8>,
    /// Takes the reply.
    pub inbox: &'a mut Vec<u8>,
    /// Reads it.
    pub parser: &'a mut ReplyParser,
    /// Takes the reason when the result is [`Broken`].
    pub reason: &'a mut Reason,
}

/// One request carried out on a connection.
pub struct ConnectionExchange {
    /// When the connection was ready, if it had to be opened first; else 0.
    pub ready_ns: u64,
    /// When the request was sent; meaningless when it was not.
    pub sent_ns: u64,
    /// The reply, or that there is none.
    pub result: Result<Reply, Broken>,
}

/// One connection of a core. See the module's documentation.
pub struct Connection<S> {
    transport: Rc<Transport>,
    /// Its place among the core's requests in flight.
    slot: usize,
    stream: Option<S>,
    used_ns: u64,
    opened_before: bool,
    /// Status of the last reply, when that was a server error; else 0.
    erred: u16,
}

impl<S: ByteStream> Connection<S> {
    /// A connection that is not open yet, with `slot` of its own among the requests in flight.
    #[must_use]
    pub fn new(transport: Rc<Transport>, slot: usize) -> Self {
        Self {
            transport,
            slot,
            stream: None,
            used_ns: 0,
            opened_before: false,
            erred: 0,
        }
    }

    /// Whether a request may be sent at `now_ns`: the connection is open and, as far as one can
    /// tell without asking the server, alive.
    #[inline]
    fn is_ready(&self, now_ns: u64) -> bool {
        self.stream.as_ref().is_some_and(|stream| {
            let is_fresh = now_ns.saturating_sub(self.used_ns) < LOOK_AFTER_IDLE_NS;
            (is_fresh && self.erred == 0) || self.looks_alive(stream, now_ns)
        })
    }

    #[inline(never)]
    fn looks_alive(&self, stream: &S, now_ns: u64) -> bool {
        let is_alive = !is_stale(stream.descriptor());
        if !is_alive {
            self.note_closed(now_ns);
        }
        is_alive
    }

    /// The target closed the connection: after a server error it may do so each time.
    #[cold]
    fn note_closed(&self, now_ns: u64) {
        if self.erred != 0 {
            let manners = &self.transport.manners;
            manners.note_closed(self.erred, self.used_ns, now_ns);
        }
    }

    /// Whether the connection is to be looked at before it is used, however fresh it is.
    #[must_use]
    pub(super) fn is_doubtful(&self) -> bool {
        self.erred != 0
    }

    /// Opens the connection, in place of the one it may have been.
    ///
    /// # Errors
    /// When no address of the target accepts in time.
    pub async fn reopen(&mut self) -> io::Result<()> {
        self.stream = None;
        self.erred = 0;
        let started_ns = now_ns();
        let opened = self.open().await;
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        match &opened {
            Ok(()) => {
                let took_us = now_ns().saturating_sub(started_ns) / 1_000;
                interval.timings.connect.record_us(took_us);
                if std::mem::replace(&mut self.opened_before, true) {
                    interval.counters.reconnects += 1;
                } else {
                    interval.counters.connects += 1;
                }
            }
            Err(_) => interval.counters.connect_failures += 1,
        }
        opened
    }

    /// Takes over a connection that was opened elsewhere, as its first.
    ///
    /// # Errors
    /// When the runtime cannot.
    pub fn adopt(&mut self, opened: Opened) -> io::Result<()> {
        self.stream = Some(S::adopt(opened.stream)?);
        self.used_ns = now_ns();
        self.opened_before = true;
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        interval.timings.connect.record_us(opened.connect_us);
        interval.counters.connects += 1;
        Ok(())
    }

    async fn open(&mut self) -> io::Result<()> {
        let transport = Rc::clone(&self.transport);
        let first = transport.working_address.get();
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for step in 0..transport.addresses.len() {
            let position = (first + step) % transport.addresses.len();
            let deadline_ns = now_ns() + transport.request_timeout_ns;
            let connecting = S::connect(transport.addresses[position]);
            match within(connecting, transport.pacer.until(deadline_ns)).await {
                Some(Ok(stream)) => {
                    transport.working_address.set(position);
                    self.stream = Some(stream);
                    self.used_ns = now_ns();
                    return Ok(());
                }
                Some(Err(error)) => last = error,
                None => last = io::Error::from(io::ErrorKind::TimedOut),
            }
        }
        Err(last)
    }

    /// Sends a request and receives the reply.
    ///
    /// The moment of sending is taken just before the bytes go to the ring, which the kernel sees
    /// at the end of the same turn of the loop: service time may hold a turn too much, never too
    /// little. The request is sent again, once, only if no byte of it left.
    #[inline]
    pub async fn exchange(&mut self, mut buffers: ExchangeBuffers<'_>) -> ConnectionExchange {
        let now_ns = now_ns();
        if self.is_ready(now_ns) {
            let exchange = self.attempt(&mut buffers, now_ns).await;
            if exchange.result != Err(Broken::NotSent) {
                return exchange;
            }
        }
        // Boxed, so that what is rare takes no room in every user's state.
        if let Err(error) = Box::pin(self.reopen()).await {
            *buffers.reason = told("cannot connect", &error);
            return ConnectionExchange {
                ready_ns: 0,
                sent_ns: 0,
                result: Err(Broken::NotSent),
            };
        }
        let ready_ns = self.used_ns;
        let exchange = self.attempt(&mut buffers, ready_ns).await;
        ConnectionExchange {
            ready_ns,
            ..exchange
        }
    }

    /// The descriptor, while the connection is open.
    #[must_use]
    pub fn descriptor(&self) -> Option<RawFd> {
        self.stream.as_ref().map(ByteStream::descriptor)
    }

    /// Ends the connection: something was sent on it that nobody will finish.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Receives the reply to a request that others have sent on the open connection at `sent_ns`;
    /// it is in flight.
    pub async fn receive(
        &mut self,
        sent_ns: u64,
        (inbox, parser): (&mut Vec<u8>, &mut ReplyParser),
        reason: &mut Reason,
    ) -> Result<Reply, Broken> {
        let result = match self.stream.as_mut() {
            None => Err(ExchangeError::Receive(io::ErrorKind::NotConnected.into())),
            Some(stream) => receive_reply(stream, inbox, parser).await,
        };
        let cut = self.transport.in_flight.remove(self.slot);
        self.conclude(result, cut, sent_ns, reason)
    }

    /// Sends and receives on the open connection.
    #[inline]
    async fn attempt(
        &mut self,
        buffers: &mut ExchangeBuffers<'_>,
        now_ns: u64,
    ) -> ConnectionExchange {
        let transport = &*self.transport;
        let mut sent_ns = now_ns;
        if transport.send_permits.try_lend().is_none() {
            transport.send_permits.lend().await;
            sent_ns = super::clock::now_ns();
        }
        let sent = match self.stream.as_mut() {
            None => Err(ExchangeError::Unsent(io::ErrorKind::NotConnected.into())),
            Some(stream) => {
                let deadline_ns = sent_ns + transport.request_timeout_ns;
                transport
                    .in_flight
                    .add(self.slot, stream.descriptor(), deadline_ns);
                send_all(stream, buffers.out).await.map(|()| stream)
            }
        };
        transport.send_permits.give_back(());
        let result = match sent {
            Ok(stream) => {
                let buffer = std::mem::take(buffers.out);
                transport.request_buffers.borrow_mut().push(buffer);
                receive_reply(stream, buffers.inbox, buffers.parser).await
            }
            Err(error) => Err(error),
        };
        let cut = transport.in_flight.remove(self.slot);
        ConnectionExchange {
            ready_ns: 0,
            sent_ns,
            result: self.conclude(result, cut, sent_ns, buffers.reason),
        }
    }

    #[inline]
    fn conclude(
        &mut self,
        result: Result<Reply, ExchangeError>,
        cut: Option<Cut>,
        sent_ns: u64,
        reason: &mut Reason,
    ) -> Result<Reply, Broken> {
        match result {
            Ok(reply) if reply.reusable => {
                self.used_ns = sent_ns;
                self.erred = 0;
                if reply.status >= SERVER_ERROR {
                    self.weigh_error(reply.status);
                }
                Ok(reply)
            }
            // It would have gone on, had we not closed.
            Ok(reply) if reply.lasted_until_close && cut.is_some() => {
                self.stream = None;
                let error = ExchangeError::Reply(Malformed::ClosedWithinReply);
                Err(self.explain(&error, cut, reason))
            }
            Ok(reply) => {
                self.stream = None;
                Ok(reply)
            }
            Err(error) => {
                self.stream = None;
                if cut.is_none() && error.is_an_end() {
                    self.note_closed(now_ns());
                }
                Err(self.explain(&error, cut, reason))
            }
        }
    }

    /// Keeps the connection after a server error, or does not: the next request must not find out
    /// that the target has closed it.
    #[cold]
    fn weigh_error(&mut self, status: u16) {
        let Some(stream) = &self.stream else { return };
        let now_ns = now_ns();
        let manners = &self.transport.manners;
        if manners.may_go_on(status, stream.descriptor(), now_ns) {
            (self.erred, self.used_ns) = (status, now_ns);
        } else {
            self.stream = None;
        }
    }

    #[cold]
    fn explain(&self, error: &ExchangeError, cut: Option<Cut>, reason: &mut Reason) -> Broken {
        *reason = match (cut, error) {
            (Some(Cut::TimedOut), _) => {
                let timeout_s = self.transport.request_timeout_ns as f64 / 1e9;
                worded(format_args!("no reply within {timeout_s} s"))
            }
            (Some(Cut::RunEnded), _) => Reason::new("still in flight when the run ended"),
            (None, ExchangeError::Unsent(error)) => told("not sent", error),
            (None, ExchangeError::SentInPart(error)) => told("sent in part", error),
            (None, ExchangeError::Receive(error)) => Reason::new(plain(error)),
            (None, ExchangeError::Reply(malformed)) => worded(format_args!("{malformed}")),
        };
        match (cut, error) {
            (None, ExchangeError::Unsent(_)) => Broken::NotSent,
            _ => Broken::Lost,
        }
    }
}

enum ExchangeError {
    Unsent(io::Error),
    SentInPart(io::Error),
    Receive(io::Error),
    Reply(Malformed),
}

impl ExchangeError {
    /// Whether the target has closed the connection without a byte of a reply.
    fn is_an_end(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::SentInPart(_) | Self::Receive(_) => true,
            Self::Reply(malformed) => *malformed == Malformed::ClosedBeforeReply,
        }
    }
}

#[inline]
async fn send_all<S: ByteStream>(stream: &mut S, out: &mut Vec<u8>) -> Result<(), ExchangeError> {
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
async fn send_rest<S: ByteStream>(
    stream: &mut S,
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

#[inline]
async fn receive_reply<S: ByteStream>(
    stream: &mut S,
    inbox: &mut Vec<u8>,
    parser: &mut ReplyParser,
) -> Result<Reply, ExchangeError> {
    inbox.clear();
    parser.reset();
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

/// The first of two futures; `None` when `limit` is done before `work`.
async fn within<W: Future, L: Future>(work: W, limit: L) -> Option<W::Output> {
    let mut work = pin!(work);
    let mut limit = pin!(limit);
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        limit.as_mut().poll(context).map(|_| None)
    })
    .await
}

#[cold]
fn told(what: &str, error: &io::Error) -> Reason {
    worded(format_args!("{what}: {}", plain(error)))
}

fn worded(text: std::fmt::Arguments<'_>) -> Reason {
    let mut reason = Reason::default();
    let _ = reason.write_fmt(text);
    reason
}

/// Why a request could not be handed to the kernel.
pub(super) fn unsent_reason(error: &io::Error) -> Reason {
    told("not sent", error)
}

/// Why there is no connection.
pub(super) fn unconnected_reason(error: &io::Error) -> Reason {
    told("cannot connect", error)
}

/// An error in words that do not depend on numbers, so that equal causes share a row.
fn plain(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset by the server",
        io::ErrorKind::BrokenPipe => "the server closed the connection",
        io::ErrorKind::ConnectionAborted => "connection aborted",
        io::ErrorKind::TimedOut => "connecting timed out",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no route to the host"
        }
        io::ErrorKind::AddrNotAvailable => "no local port left (net.ipv4.ip_local_port_range)",
        _ => match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => "no descriptor left (ulimit -n)",
            _ => "input/output error",
        },
    }
}
