//! One keep-alive connection: opened before use, replaced when the server closed it, shut down when
//! a request on it is late.

use super::addresses::ConnectionPlace;
use super::breakage::{ExchangeError, explain};
use super::clock::now_ns;
use super::codec::{Reply, ReplyParser};
use super::conclusion::{Concluded, conclude};
use super::dialling::dial_beside;
use super::doubt::doubted;
use super::exchange_buffers::ExchangeBuffers;
use super::in_flight::Cut;
use super::inbox::Inbox;
use super::link::Broken;
use super::manners::SERVER_ERROR;
use super::net::{ByteStream, IdleState, Tcp, is_stale, look_at_idle};
use super::ring_reply::reply_on_ring;
use super::runtime_exchange::{receive, travel};
use super::secured::{
    Shaken, SharedLayer, TimedHandshake, heard_idle, idle_beneath, idle_on_ring, is_followed,
    is_worn, note_handshake, seal, secure, share,
};
use super::socket_ring::{Leftover, RingSocket, SocketRing};
use super::survey::Opened;
use super::tls::HandshakeError;
use super::tls_reply::reply_over_tls;
use super::transport::Transport;
use crate::stats::Reason;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// A connection that nobody listens to and that was idle for longer is looked at before use: servers
/// close idle ones (uvicorn after 5 s), and one peek costs nothing against a pause this long.
pub(super) const LOOK_AFTER_IDLE_NS: u64 = 100_000_000;

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
    slot: u32,
    stream: Option<Stream>,
    /// What opens and seals its records, where TLS is spoken.
    layer: Option<SharedLayer>,
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
            slot: slot as u32,
            stream: None,
            layer: None,
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
        if self.layer.is_some() {
            return self.is_ready_over_tls(now_ns);
        }
        match &self.stream {
            None => false,
            Some(Stream::Ring(socket)) => {
                let idle = socket.idle();
                idle == IdleState::Quiet || self.is_spoilt(idle, now_ns)
            }
            Some(Stream::Runtime(stream)) => {
                (self.is_fresh(now_ns) && self.erred == 0) || self.looks_alive(stream, now_ns)
            }
        }
    }

    #[inline(never)]
    fn is_ready_over_tls(&self, now_ns: u64) -> bool {
        let idle = match &self.stream {
            None => return false,
            Some(Stream::Runtime(_)) if !self.is_doubtful() && self.is_fresh(now_ns) => {
                self.layer.as_ref().map_or(IdleState::Closed, heard_idle)
            }
            Some(_) => self.idle(),
        };
        match idle {
            // A key that has sealed as much as it may is nobody's fault.
            IdleState::Quiet => !self.layer.as_ref().is_some_and(is_worn),
            idle => self.is_spoilt(idle, now_ns),
        }
    }

    fn is_fresh(&self, now_ns: u64) -> bool {
        now_ns.saturating_sub(self.used_ns) < LOOK_AFTER_IDLE_NS
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
        if self.stream.is_some() {
            self.count(self.idle());
        }
    }

    /// What it is while no request is in flight.
    #[cold]
    fn idle(&self) -> IdleState {
        match (&self.stream, &self.layer) {
            (None, _) => IdleState::Closed,
            (Some(Stream::Ring(socket)), None) => socket.idle(),
            (Some(Stream::Runtime(stream)), None) => look_at_idle(stream.descriptor()),
            (Some(Stream::Ring(socket)), Some(layer)) => {
                idle_on_ring(layer, socket.ring(), socket.place())
            }
            (Some(Stream::Runtime(stream)), Some(layer)) => {
                idle_beneath(layer, stream.descriptor())
            }
        }
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
        self.hang_up();
        self.erred = 0;
        let started_ns = now_ns();
        let opened = self.open().await;
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        match &opened {
            Ok(shaken) => {
                let handshake_us = shaken.map_or(0, |shaken| shaken.took_us);
                let took_us = now_ns().saturating_sub(started_ns) / 1_000;
                let connect_us = took_us.saturating_sub(handshake_us);
                interval.timings.connect.record_us(connect_us);
                note_handshake(interval, *shaken);
                if std::mem::replace(&mut self.opened_before, true) {
                    interval.counters.reconnects += 1;
                } else {
                    interval.counters.connects += 1;
                }
            }
            Err(_) => interval.counters.connect_failures += 1,
        }
        opened.map(|_| ())
    }

    /// Takes over a connection that was opened elsewhere, as its first.
    ///
    /// # Errors
    /// When the runtime cannot.
    pub fn adopt(&mut self, opened: Opened) -> io::Result<()> {
        let layer = opened.layer.map(share);
        match &self.transport.ring {
            None => self.stream = Some(Stream::Runtime(Tcp::adopt(opened.stream)?)),
            Some(ring) => {
                self.stream = Some(self.on_ring(ring, opened.stream.into(), layer.is_some()));
            }
        }
        self.layer = layer;
        self.used_ns = now_ns();
        self.opened_before = true;
        let addresses = &self.transport.addresses;
        addresses.note_adopted(opened.address, &mut self.place);
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        interval.timings.connect.record_us(opened.connect_us);
        interval.counters.connects += 1;
        note_handshake(interval, opened.shaken);
        Ok(())
    }

    /// What has `descriptor` on the core's ring; with a layer, what comes at any time is kept for that.
    fn on_ring(&self, ring: &Rc<SocketRing>, descriptor: OwnedFd, has_layer: bool) -> Stream {
        let socket = RingSocket::new(ring, self.slot, descriptor);
        if has_layer {
            socket.set_layered();
        }
        Stream::Ring(socket)
    }

    async fn open(&mut self) -> io::Result<Option<Shaken>> {
        let (stream, secured) = self.connect(self.opened_before).await?;
        let shaken = secured.as_ref().map(Shaken::of);
        let layer = secured.map(|secured| share(secured.layer));
        self.stream = Some(match &self.transport.ring {
            None => Stream::Runtime(stream),
            Some(ring) => self.on_ring(ring, stream.into_owned(), layer.is_some()),
        });
        self.layer = layer;
        self.used_ns = now_ns();
        Ok(shaken)
    }

    /// Connects to the first of the target's addresses that accepts, and shakes hands where TLS is spoken;
    /// `replaces` one that was.
    ///
    /// # Errors
    /// When none does in time.
    pub(super) async fn connect(
        &mut self,
        replaces: bool,
    ) -> io::Result<(Tcp, Option<TimedHandshake>)> {
        let transport = Rc::clone(&self.transport);
        let addresses = &transport.addresses;
        let trial = addresses.begin(self.slot as usize, self.place, replaces, now_ns());
        let mut trial = trial.ok_or(io::ErrorKind::NotFound)?;
        loop {
            let deadline_ns = now_ns() + trial.patience_ns(transport.request_timeout_ns);
            let is_connected = Cell::new(false);
            let (route, turn) = trial.route_and_turn();
            let dialling = dial_beside(route, turn, &transport.pacer);
            let connecting = secure(dialling, transport.tls.as_ref(), &is_connected);
            let error = match within(connecting, transport.pacer.until(deadline_ns)).await {
                Some(Ok((stream, secured))) => {
                    addresses.note_opened(&trial, &mut self.place);
                    return Ok((stream, secured));
                }
                Some(Err(error)) => error,
                None if is_connected.get() => HandshakeError::Late.into(),
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

    /// What opens and seals its records, where TLS is spoken.
    #[must_use]
    pub fn layer(&self) -> Option<&SharedLayer> {
        self.layer.as_ref()
    }

    /// Ends the connection: something was sent on it that nobody will finish.
    pub fn hang_up(&mut self) {
        self.stream = None;
        self.layer = None;
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
                match &self.layer {
                    None => reply_on_ring(socket, room, inbox, parser).await,
                    Some(layer) => reply_over_tls(socket, layer, room, inbox, parser).await,
                }
            }
            Some(Stream::Runtime(stream)) => {
                receive(stream, self.layer.as_deref(), (inbox, parser)).await
            }
        };
        // Others wait for theirs, and may be many.
        inbox.own();
        let cut = self.transport.in_flight.remove(self.slot as usize);
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
        let sealed = match &self.layer {
            None => Ok(()),
            Some(layer) => seal(layer, buffers.out),
        };
        let result = match (sealed, &mut self.stream) {
            (Err(error), _) => Err(error),
            (_, None) => Err(ExchangeError::Unsent(io::ErrorKind::NotConnected.into())),
            (_, Some(Stream::Ring(socket))) => {
                let descriptor = socket.descriptor();
                transport
                    .in_flight
                    .add(self.slot as usize, descriptor, deadline_ns);
                let request_bytes = buffers.out.len();
                socket.send(std::mem::take(buffers.out));
                let room = || transport.gathering_room();
                let (inbox, parser) = (&mut *buffers.inbox, &mut *buffers.parser);
                let result = match &self.layer {
                    None => reply_on_ring(socket, room, inbox, parser).await,
                    Some(layer) => reply_over_tls(socket, layer, room, inbox, parser).await,
                };
                match result {
                    Err(error) if error.is_an_end() => {
                        let pacer = &transport.pacer;
                        let doubt = doubted(error, descriptor, request_bytes, pacer);
                        Err(Box::pin(doubt).await)
                    }
                    result => result,
                }
            }
            (_, Some(Stream::Runtime(stream))) => {
                let core = (transport, self.slot as usize);
                travel(stream, self.layer.as_deref(), core, buffers, &mut sent_ns).await
            }
        };
        let cut = transport.in_flight.remove(self.slot as usize);
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
        let mut leftover = match &self.stream {
            Some(Stream::Ring(socket)) => socket.finish(),
            _ => Leftover::None,
        };
        if let (Some(layer), Some(Stream::Ring(socket))) = (&self.layer, &self.stream)
            && is_followed(layer, socket)
        {
            leftover = Leftover::Received;
        }
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
                self.hang_up();
                Ok(reply)
            }
            Concluded::Broken(error) => {
                match &error {
                    _ if cut.is_some() => {}
                    ExchangeError::Unsent(_) => self.count_end(),
                    ExchangeError::ClosedBefore => self.count(IdleState::Closed),
                    _ => {}
                }
                self.hang_up();
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
            self.hang_up();
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
#[cfg(test)]
mod tls_tests;
