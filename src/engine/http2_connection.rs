//! One place for an HTTP/2 connection of a core: opened before use, replaced when the server says goodbye,
//! and shared by as many users as it takes streams.
//!
//! While the streams of one that takes no more come to their end, another one is opened beside it.

use super::breakage::unconnected_reason;
use super::clock::now_ns;
use super::codec::Reply;
use super::connection::{Connection, ConnectionExchange, within};
use super::exchange_buffers::ExchangeBuffers;
use super::http2::{Client, ClientSettings, ConnectionFailure, Ended, StreamFailure, StreamKey};
use super::http2_live::Http2Live;
use super::http2_runtime::serve;
use super::http2_wire::{Http2Wire, RuntimeWire};
use super::in_flight::Cut;
use super::line::Line;
use super::link::Broken;
use super::net::ByteStream;
use super::runtime::spawn;
use super::secured::{Shaken, note_handshake};
use super::shared_connection::SharedConnection;
use super::socket_ring::RingSocket;
use super::tls::{SpokenProtocol, refusal};
use super::transport::Transport;
use crate::stats::Reason;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;

/// See the module's documentation.
pub struct Http2Connection {
    transport: Rc<Transport>,
    /// Who connects. Away while it does.
    connection: Cell<Option<Box<Connection>>>,
    /// Its two places on the ring, one of which the connection in use has.
    places: [u32; 2],
    lives: RefCell<[Option<Rc<Http2Live>>; 2]>,
    current: Cell<usize>,
    /// Who waits for a connection, or for a stream on it.
    line: Rc<Line>,
    settings: ClientSettings,
    is_shared: bool,
    opened_before: Cell<bool>,
    /// Attempts to connect, and why the last one that failed did.
    attempts: Cell<u64>,
    refused: Cell<Option<(u64, Reason)>>,
    /// Since when somebody waits for a stream and nobody has one; 0 when it is not so.
    stuck_since_ns: Cell<u64>,
}

/// What a user's turn brings.
enum Turn {
    /// A stream may be opened here.
    Open(Rc<Http2Live>),
    /// A connection has to be opened.
    Connect(Box<Connection>),
    /// Another user could open none.
    Refused(Reason),
}

/// How many users and streams share a connection.
#[derive(Clone, Copy)]
pub struct Sharing {
    /// Most streams at once.
    pub streams: usize,
    /// Whether several users have streams on it.
    pub is_shared: bool,
}

impl Sharing {
    /// One stream at a time, or one and the end of another.
    pub const ALONE: Self = Self {
        streams: 2,
        is_shared: false,
    };
}

impl SharedConnection for Http2Connection {
    fn has_any(&self) -> bool {
        let lives = self.lives.borrow();
        lives.iter().flatten().any(|live| live.has_any())
    }

    fn cut_until(&self, deadline_ns: u64, why: Cut) {
        self.each_live(|live| live.cut_until(deadline_ns, why));
        if self.line.is_empty() {
            return self.stuck_since_ns.set(0);
        }
        match why {
            Cut::RunEnded => self.refuse_waiting("still waiting for a stream when the run ended"),
            Cut::TimedOut if self.has_any() => self.stuck_since_ns.set(0),
            Cut::TimedOut if self.stuck_since_ns.get() == 0 => self.stuck_since_ns.set(deadline_ns),
            Cut::TimedOut => {
                let stuck_ns = deadline_ns.saturating_sub(self.stuck_since_ns.get());
                if stuck_ns > self.transport.request_timeout_ns {
                    self.refuse_waiting("not sent: the server takes no streams");
                }
            }
        }
    }

    fn end(&self) {
        self.each_live(|live| live.end());
    }
}

impl Http2Connection {
    /// A connection that is not open yet, the `slot`th of the core, which replies with bodies of up to
    /// `max_body_bytes` come on.
    #[must_use]
    pub fn new(
        transport: &Rc<Transport>,
        slot: usize,
        sharing: Sharing,
        max_body_bytes: usize,
    ) -> Rc<Self> {
        let connection = Connection::new(Rc::clone(transport), slot);
        let place = slot as u32;
        let other = place + transport.slots as u32;
        Rc::new(Self {
            transport: Rc::clone(transport),
            connection: Cell::new(Some(Box::new(connection))),
            places: [place, other],
            lives: RefCell::default(),
            current: Cell::new(0),
            line: Rc::default(),
            settings: ClientSettings {
                streams: sharing.streams,
                max_body_bytes,
                is_secure: transport.tls.is_some(),
                kept: transport.kept_fields.get(),
            },
            is_shared: sharing.is_shared,
            opened_before: Cell::new(false),
            attempts: Cell::new(0),
            refused: Cell::new(None),
            stuck_since_ns: Cell::new(0),
        })
    }

    fn live(&self) -> Option<Rc<Http2Live>> {
        self.lives.borrow()[self.current.get()].clone()
    }

    fn each_live(&self, act: impl FnMut(&Rc<Http2Live>)) {
        self.lives.borrow().iter().flatten().for_each(act);
    }

    /// Whoever waits now waits no longer.
    #[cold]
    fn refuse_waiting(&self, why: &str) {
        self.stuck_since_ns.set(0);
        self.attempts.set(self.attempts.get() + 1);
        let refused = (self.attempts.get(), Reason::new(why));
        self.refused.set(Some(refused));
        self.line.wake_first();
    }

    /// Opens it before the start.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn open(&self) -> Result<(), Reason> {
        match self.connection.take() {
            None => Ok(()),
            Some(connection) => self.connect(connection).await.map(|_| ()),
        }
    }

    /// A connection that takes a stream now.
    async fn turn(&self) -> Turn {
        let known = self.attempts.get();
        self.line.wait_for(|| self.look(known)).await
    }

    fn look(&self, known_attempts: u64) -> Option<Turn> {
        let live = self.live().filter(|live| live.goes_on());
        if let Some(live) = &live
            && live.takes_stream()
        {
            return Some(Turn::Open(Rc::clone(live)));
        }
        if let Some((attempt, reason)) = self.refused.get()
            && attempt > known_attempts
        {
            return Some(Turn::Refused(reason));
        }
        if live.is_some() {
            return None;
        }
        let is_free =
            |live: &Option<Rc<Http2Live>>| live.as_ref().is_none_or(|live| live.is_closed());
        if !self.lives.borrow().iter().any(is_free) {
            return None;
        }
        self.connection.take().map(Turn::Connect)
    }

    /// Opens a connection in place of the one that was.
    async fn connect(&self, mut connection: Box<Connection>) -> Result<Rc<Http2Live>, Reason> {
        let started_ns = now_ns();
        let opened = self.connect_with(&mut connection).await;
        self.connection.set(Some(connection));
        self.attempts.set(self.attempts.get() + 1);
        let mut recorder = self.transport.recorder.borrow_mut();
        let interval = recorder.interval();
        match &opened {
            Ok((_, handshake_us)) => {
                let took_us = now_ns().saturating_sub(started_ns) / 1_000;
                let connect_us = took_us.saturating_sub(*handshake_us);
                interval.timings.connect.record_us(connect_us);
                match self.opened_before.replace(true) {
                    true => interval.counters.reconnects += 1,
                    false => interval.counters.connects += 1,
                }
            }
            Err(reason) => {
                interval.counters.connect_failures += 1;
                self.refused.set(Some((self.attempts.get(), *reason)));
            }
        }
        drop(recorder);
        self.line.wake_first();
        opened.map(|(live, _)| live)
    }

    /// The same, and how long the handshake took of it, in microseconds.
    async fn connect_with(
        &self,
        connection: &mut Connection,
    ) -> Result<(Rc<Http2Live>, u64), Reason> {
        let is_free =
            |live: &Option<Rc<Http2Live>>| live.as_ref().is_none_or(|live| live.is_closed());
        let at = self.lives.borrow().iter().position(is_free).unwrap_or(0);
        let connected = connection.connect(self.opened_before.get()).await;
        let (stream, handshake) = connected.map_err(|error| unconnected_reason(&error))?;
        let handshake_us = handshake.as_ref().map_or(0, |handshake| handshake.took_us);
        if let Some(handshake) = &handshake {
            let mut recorder = self.transport.recorder.borrow_mut();
            note_handshake(recorder.interval(), Some(Shaken::of(handshake)));
            if handshake.agreed.protocol != SpokenProtocol::Http2 {
                return Err(Reason::new(
                    "cannot connect: the target does not offer HTTP/2 (ALPN)",
                ));
            }
        }
        let secured = handshake.map(|handshake| (*handshake.layer, handshake.early));
        let client = (Client::new(self.settings), connection.place);
        let sharing = (&self.line, self.is_shared);
        let new = |wire| Http2Live::new(&self.transport, wire, client, secured, sharing);
        // The place is taken from here on, whatever comes of it.
        let keep = |live: &Rc<Http2Live>| self.lives.borrow_mut()[at] = Some(Rc::clone(live));
        let live = match &self.transport.ring {
            Some(ring) => {
                let socket = RingSocket::new(ring, self.places[at], stream.into_owned());
                let live = new(Http2Wire::on_ring(ring, socket));
                keep(&live);
                live.flush();
                spawn(Rc::clone(&live).serve());
                live
            }
            None => {
                let wire = Rc::new(RuntimeWire::over(stream.descriptor()));
                let live = new(Http2Wire::Runtime(Rc::clone(&wire)));
                keep(&live);
                spawn(serve(Rc::clone(&live), wire, stream));
                live
            }
        };
        let deadline_ns = live.deadline_ns();
        let greeted = within(live.greeted(), self.transport.pacer.until(deadline_ns)).await;
        if greeted != Some(true) {
            live.end();
            if let Some(broken) = live.tls_break() {
                let mut reason = Reason::default();
                let _ = write!(reason, "cannot connect: {}", refusal(broken));
                return Err(reason);
            }
            let failure = live.client.borrow().failure();
            return Err(ungreeted(failure));
        }
        self.current.set(at);
        Ok((live, handshake_us))
    }

    /// One that takes a stream, and when it did, if that had to be waited for.
    #[inline]
    async fn ready(&self) -> Result<(Rc<Http2Live>, u64), Reason> {
        if self.line.is_empty()
            && let Some(live) = self.live()
            && live.takes_stream()
        {
            return Ok((live, 0));
        }
        Box::pin(self.wait_ready()).await
    }

    async fn wait_ready(&self) -> Result<(Rc<Http2Live>, u64), Reason> {
        loop {
            match self.turn().await {
                Turn::Open(live) => return Ok((live, now_ns())),
                Turn::Connect(connection) => {
                    let live = self.connect(connection).await?;
                    if live.takes_stream() {
                        return Ok((live, now_ns()));
                    }
                }
                Turn::Refused(reason) => return Err(reason),
            }
        }
    }

    /// Sends a request on a stream of its own and waits for the reply.
    ///
    /// The moment of sending is taken just before the request is written; the kernel has it at the end of
    /// the same turn of the loop: service time may hold a turn too much, never too little.
    #[inline]
    pub async fn exchange(&self, buffers: ExchangeBuffers<'_>) -> ConnectionExchange {
        let (live, ready_ns) = match self.ready().await {
            Ok(ready) => ready,
            Err(reason) => {
                *buffers.reason = reason;
                return unsent(0);
            }
        };
        let sent_ns = now_ns();
        let opened = live.client.borrow_mut().open(buffers.out, false);
        let Ok(key) = opened else {
            *buffers.reason = Reason::new("not sent: the request is none");
            live.wake_task();
            return unsent(ready_ns);
        };
        live.begin(key, sent_ns + self.transport.request_timeout_ns);
        live.note_request();
        live.written();
        self.keep_request(std::mem::take(buffers.out));
        let mut room = Vec::new();
        let (ended, cut, _) = live.ended(key, &mut room).await;
        buffers.inbox.clear();
        if room.capacity() > 0 {
            // Whoever asks beside the load keeps its reply.
            if buffers.inbox.has_room() {
                let kept = buffers.inbox.give_up_room();
                self.transport.keep_gathering_room(kept);
            }
            buffers.inbox.gather_in(room);
        }
        let result = self.conclude(&ended, cut, buffers.reason);
        ConnectionExchange {
            ready_ns,
            sent_ns,
            again: result == Err(Broken::NotSent),
            result,
        }
    }

    fn keep_request(&self, out: Vec<u8>) {
        self.transport.keep_sent_buffer(out);
    }

    /// What came of a stream.
    #[inline]
    pub(super) fn conclude(
        &self,
        ended: &Ended,
        cut: Option<Cut>,
        reason: &mut Reason,
    ) -> Result<Reply, Broken> {
        match &ended.result {
            Ok(reply) => Ok(Reply {
                status: reply.status,
                body: reply.body.clone(),
                wire_bytes: ended.received_bytes,
                reusable: true,
                lasted_until_close: false,
                followed: false,
            }),
            Err(failure) => Err(self.explain(*failure, cut, reason)),
        }
    }

    #[cold]
    fn explain(&self, failure: StreamFailure, cut: Option<Cut>, reason: &mut Reason) -> Broken {
        *reason = Reason::default();
        let _ = match cut {
            Some(Cut::TimedOut) => {
                let timeout_s = self.transport.request_timeout_ns as f64 / 1e9;
                write!(reason, "no reply within {timeout_s} s")
            }
            Some(Cut::RunEnded) => write!(reason, "still in flight when the run ended"),
            None => write!(reason, "{failure}"),
        };
        match (cut, failure) {
            (None, StreamFailure::Refused(_)) => Broken::NotSent,
            _ => Broken::Lost,
        }
    }

    /// A connection that takes so many streams at once, for a race.
    pub(super) async fn ready_for_race(&self) -> Result<(Rc<Http2Live>, u64), Reason> {
        self.ready().await
    }

    /// Opens a stream whose last frame waits.
    pub(super) fn open_held(
        &self,
        live: &Http2Live,
        request: &[u8],
        held: bool,
    ) -> Option<StreamKey> {
        let key = live.client.borrow_mut().open(request, held).ok()?;
        live.begin(key, u64::MAX - 1);
        Some(key)
    }
}

fn unsent(ready_ns: u64) -> ConnectionExchange {
    ConnectionExchange {
        ready_ns,
        sent_ns: 0,
        again: false,
        result: Err(Broken::NotSent),
    }
}

/// Why a connection that is there is of no use.
fn ungreeted(failure: Option<ConnectionFailure>) -> Reason {
    let mut reason = Reason::default();
    let _ = match failure {
        None => write!(reason, "cannot connect: the target says nothing in HTTP/2"),
        Some(ConnectionFailure::Closed) => {
            write!(
                reason,
                "cannot connect: the target closes what begins with HTTP/2"
            )
        }
        Some(failure) => write!(reason, "cannot connect: {failure}"),
    };
    reason
}

/// Opens `connections` before the start, some at once. Returns how many are open, and why the last one that
/// is not is not.
pub async fn open_all(
    connections: &[Rc<Http2Connection>],
    at_once: usize,
    goes_on: impl Fn() -> bool,
) -> (usize, Option<String>) {
    let (mut open, mut error) = (0, None);
    for connections in connections.chunks(at_once) {
        let opening: Vec<_> = connections
            .iter()
            .map(|connection| {
                let connection = Rc::clone(connection);
                spawn(async move { connection.open().await })
            })
            .collect();
        for task in opening {
            match task.join().await {
                Ok(()) => open += 1,
                Err(reason) => error = Some(reason.as_str().to_owned()),
            }
        }
        if (open == 0 && error.is_some()) || !goes_on() {
            break;
        }
    }
    (open, error)
}
