//! One keep-alive connection: opened before use, replaced when the server closed it, shut down when
//! a request on it is late.

use super::addresses::ConnectionPlace;
use super::breakage::{ExchangeError, explain};
use super::clock::now_ns;
use super::codec::{Reply, ReplyParser};
use super::conclusion::{Concluded, conclude};
use super::dialling::dial_beside;
use super::doubt::doubted;
use super::in_flight::Cut;
use super::inbox::Inbox;
use super::link::Broken;
use super::manners::SERVER_ERROR;
use super::net::{ByteStream, IdleState, Tcp, is_stale, look_at_idle};
use super::ring_reply::reply_on_ring;
use super::socket_ring::{Leftover, RingSocket};
use super::survey::Opened;
use super::transport::Transport;
use crate::stats::Reason;
use std::future::Future;
use std::io;
use std::os::fd::RawFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// A connection that nobody listens to and that was idle for longer is looked at before use: servers
/// close idle ones (uvicorn after 5 s), and one peek costs nothing against a pause this long.
pub(super) const LOOK_AFTER_IDLE_NS: u64 = 100_000_000;

/// What an exchange reads and writes: the request, the reply, and why there is none. Lent by the
/// user's link.
pub struct ExchangeBuffers<'a> {
    /// The request to send; its buffer goes back to the transport once it is sent.
    pub out: &'a mut Vec<u8>,
    /// Takes the reply.
    pub inbox: &'a mut Inbox,
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
    /// Whether it was not sent because the target had closed the connection, and can be on a new one.
    pub again: bool,
    /// The reply, or that there is none.
    pub result: Result<Reply, Broken>,
}

/// What a connection travels over.
enum Stream {
    /// The core's ring, which hears all that comes.
    Ring(RingSocket),
    /// The runtime's own sends and receives.
    Runtime(Tcp),
}

impl Stream {
    fn descriptor(&self) -> RawFd {
        match self {
            Self::Ring(socket) => socket.descriptor(),
            Self::Runtime(stream) => stream.descriptor(),
        }
    }
}

/// One connection of a core. See the module's documentation.
pub struct Connection {
    transport: Rc<Transport>,
    /// Its place among the core's connections.
    slot: usize,
    stream: Option<Stream>,
    used_ns: u64,
    opened_before: bool,
    /// Where it is, of the target's addresses.
    pub(super) place: ConnectionPlace,
    /// Status of the last reply, when that was a server error; else 0.
    erred: u16,
}

impl Connection {
    /// A connection that is not open yet, with `slot` of its own among the core's connections.
    #[must_use]
    pub fn new(transport: Rc<Transport>, slot: usize) -> Self {
        Self {
            transport,
            slot,
            stream: None,
            used_ns: 0,
            opened_before: false,
            place: ConnectionPlace::default(),
            erred: 0,
        }
    }

    /// Whether a request may be sent at `now_ns`: the connection is open and, as far as one can
    /// tell without asking the server, alive.
    #[inline]
    fn is_ready(&self, now_ns: u64) -> bool {
        match &self.stream {
            None => false,
            Some(Stream::Ring(socket)) => {
                let idle = socket.idle();
                idle == IdleState::Quiet || self.is_spoilt(idle, now_ns)
            }
            Some(Stream::Runtime(stream)) => {
                let is_fresh = now_ns.saturating_sub(self.used_ns) < LOOK_AFTER_IDLE_NS;
                (is_fresh && self.erred == 0) || self.looks_alive(stream, now_ns)
            }
        }
    }

    /// What was heard on it means that it is of no use any more: false, always.
    #[cold]
    fn is_spoilt(&self, idle: IdleState, now_ns: u64) -> bool {
        if idle == IdleState::Closed {
            self.note_closed(now_ns);
        }
        false
    }

    #[inline(never)]
    fn looks_alive(&self, stream: &Tcp, now_ns: u64) -> bool {
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

    /// Counts how the target ended the connection while nothing was in flight, if it did.
    #[cold]
    fn count_end(&self) {
        let state = match &self.stream {
            None => return,
            Some(Stream::Runtime(stream)) => look_at_idle(stream.descriptor()),
            Some(Stream::Ring(socket)) => socket.idle(),
        };
        self.count(state);
    }

    #[cold]
    fn count_early_answer(&self) {
        let mut recorder = self.transport.recorder.borrow_mut();
        recorder.interval().counters.answered_early += 1;
    }

    #[cold]
    fn count(&self, state: IdleState) {
        let mut recorder = self.transport.recorder.borrow_mut();
        let counters = &mut recorder.interval().counters;
        match state {
            IdleState::Quiet => {}
            IdleState::Closed => counters.closed_between_requests += 1,
            IdleState::Unsolicited => counters.unsolicited += 1,
        }
    }

    /// Opens the connection, in place of the one it may have been.
    ///
    /// # Errors
    /// When no address of the target accepts in time.
    pub async fn reopen(&mut self) -> io::Result<()> {
        self.count_end();
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
        self.stream = Some(match &self.transport.ring {
            None => Stream::Runtime(Tcp::adopt(opened.stream)?),
            Some(ring) => Stream::Ring(RingSocket::new(
                ring,
                self.slot as u32,
                opened.stream.into(),
            )),
        });
        self.used_ns = now_ns();
        self.opened_before = true;
        let addresses = &self.transport.addresses;
        addresses.note_adopted(opened.address, &mut self.place);
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        interval.timings.connect.record_us(opened.connect_us);
        interval.counters.connects += 1;
        Ok(())
    }

    async fn open(&mut self) -> io::Result<()> {
        let stream = self.connect(self.opened_before).await?;
        self.stream = Some(match &self.transport.ring {
            None => Stream::Runtime(stream),
            Some(ring) => {
                let descriptor = stream.into_owned();
                Stream::Ring(RingSocket::new(ring, self.slot as u32, descriptor))
            }
        });
        self.used_ns = now_ns();
        Ok(())
    }

    /// Connects to the first of the target's addresses that accepts; `replaces` one that was.
    ///
    /// # Errors
    /// When none does in time.
    pub(super) async fn connect(&mut self, replaces: bool) -> io::Result<Tcp> {
        let transport = Rc::clone(&self.transport);
        let addresses = &transport.addresses;
        let trial = addresses.begin(self.slot, self.place, replaces, now_ns());
        let mut trial = trial.ok_or(io::ErrorKind::NotFound)?;
        loop {
            let deadline_ns = now_ns() + trial.patience_ns(transport.request_timeout_ns);
            let (route, turn) = trial.route_and_turn();
            let connecting = dial_beside(route, turn, &transport.pacer);
            let error = match within(connecting, transport.pacer.until(deadline_ns)).await {
                Some(Ok(stream)) => {
                    addresses.note_opened(&trial, &mut self.place);
                    return Ok(stream);
                }
                Some(Err(error)) => error,
                None => io::ErrorKind::TimedOut.into(),
            };
            if !addresses.note_failed(&mut trial, &error, now_ns()) {
                return Err(error);
            }
        }
    }

    /// Sends a request and receives the reply.
    ///
    /// The moment of sending is taken just before the bytes go to the ring, which the kernel sees
    /// at the end of the same turn of the loop: service time may hold a turn too much, never too
    /// little.
    #[inline]
    pub async fn exchange(&mut self, mut buffers: ExchangeBuffers<'_>) -> ConnectionExchange {
        let now_ns = now_ns();
        if self.is_ready(now_ns) {
            return self.attempt(&mut buffers, now_ns).await;
        }
        // Boxed, so that what is rare takes no room in every user's state.
        if let Err(error) = Box::pin(self.reopen()).await {
            *buffers.reason = super::breakage::unconnected_reason(&error);
            return ConnectionExchange {
                ready_ns: 0,
                sent_ns: 0,
                again: false,
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
        self.stream.as_ref().map(Stream::descriptor)
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
        (inbox, parser): (&mut Inbox, &mut ReplyParser),
        reason: &mut Reason,
    ) -> Result<Reply, Broken> {
        if self.stream.is_some() {
            self.transport.addresses.note_request(self.place);
        }
        let result = match &mut self.stream {
            None => Err(ExchangeError::Receive(io::ErrorKind::NotConnected.into())),
            Some(Stream::Ring(socket)) => {
                let room = || self.transport.gathering_room();
                reply_on_ring(socket, room, inbox, parser).await
            }
            Some(Stream::Runtime(stream)) => receive_reply(stream, inbox, parser).await,
        };
        // Others wait for theirs, and may be many.
        inbox.own();
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
        let deadline_ns = now_ns + transport.request_timeout_ns;
        let mut sent_ns = now_ns;
        let result = match &mut self.stream {
            None => Err(ExchangeError::Unsent(io::ErrorKind::NotConnected.into())),
            Some(Stream::Ring(socket)) => {
                let descriptor = socket.descriptor();
                transport.in_flight.add(self.slot, descriptor, deadline_ns);
                let request_bytes = buffers.out.len();
                socket.send(std::mem::take(buffers.out));
                let room = || transport.gathering_room();
                match reply_on_ring(socket, room, buffers.inbox, buffers.parser).await {
                    Err(error) if error.is_an_end() => {
                        let pacer = &transport.pacer;
                        let doubt = doubted(error, descriptor, request_bytes, pacer);
                        Err(Box::pin(doubt).await)
                    }
                    result => result,
                }
            }
            Some(Stream::Runtime(stream)) => {
                travel(stream, transport, self.slot, buffers, &mut sent_ns).await
            }
        };
        let cut = transport.in_flight.remove(self.slot);
        let result = self.conclude(result, cut, sent_ns, buffers.reason);
        if result != Err(Broken::NotSent) {
            self.transport.addresses.note_request(self.place);
        }
        ConnectionExchange {
            ready_ns: 0,
            sent_ns,
            again: result == Err(Broken::NotSent),
            result,
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
        let leftover = match &self.stream {
            Some(Stream::Ring(socket)) => socket.finish(),
            _ => Leftover::None,
        };
        match conclude(result, leftover, cut) {
            Concluded::GoesOn(reply) => {
                self.used_ns = sent_ns;
                self.erred = 0;
                if reply.status >= SERVER_ERROR {
                    self.weigh_error(reply.status);
                }
                Ok(reply)
            }
            Concluded::Ends(reply, is_unsolicited) => {
                if is_unsolicited {
                    self.count(IdleState::Unsolicited);
                } else if leftover == Leftover::Unsent {
                    self.count_early_answer();
                }
                self.stream = None;
                Ok(reply)
            }
            Concluded::Broken(error) => {
                match &error {
                    _ if cut.is_some() => {}
                    ExchangeError::Unsent(_) => self.count_end(),
                    ExchangeError::ClosedBefore => self.count(IdleState::Closed),
                    _ => {}
                }
                self.stream = None;
                if cut.is_none() && error.is_an_end() {
                    self.note_closed(now_ns());
                }
                Err(self.explain(&error, cut, reason))
            }
        }
    }

    #[cold]
    fn explain(&self, error: &ExchangeError, cut: Option<Cut>, reason: &mut Reason) -> Broken {
        explain(error, cut, self.transport.request_timeout_ns, reason)
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
}

/// Sends and receives by the runtime's own means.
async fn travel(
    stream: &mut Tcp,
    transport: &Transport,
    slot: usize,
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
    match receive_reply(stream, buffers.inbox, buffers.parser).await {
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

async fn receive_reply(
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

/// The first of two futures; `None` when `limit` is done before `work`.
pub(super) async fn within<W: Future, L: Future>(work: W, limit: L) -> Option<W::Output> {
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

#[cfg(test)]
mod tests;
