//! What all connections of a core share: where they lead, what is in flight on them, what they have
//! learnt.

use super::addresses::CoreAddresses;
use super::codec::KnownHeads;
use super::http2::KeptFields;
use super::in_flight::{Cut, InFlight};
use super::manners::Manners;
use super::pacer::Pacer;
use super::pool::Pool;
use super::recorder::Recorder;
use super::request_buffers::{RequestBuffers, SENT_AT_ONCE};
use super::shared_connection::SharedConnection;
use super::socket_ring::SocketRing;
use super::tls::{TlsClient, prepare_rooms};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// What all connections of a core share.
pub struct Transport {
    /// The target's addresses, and which connection goes to which of them.
    pub(super) addresses: CoreAddresses,
    /// After this long without a full reply a request is cut off; also bounds connecting.
    pub(super) request_timeout_ns: u64,
    /// The requests in flight.
    pub(super) in_flight: InFlight,
    /// Places for connections.
    pub(super) slots: usize,
    /// Those that speak HTTP/2, whose streams are in flight by themselves.
    http2: RefCell<Vec<Rc<dyn SharedConnection>>>,
    /// For the connect timeout.
    pub(super) pacer: Pacer,
    /// Where connects are counted.
    pub(super) recorder: Rc<RefCell<Recorder>>,
    /// What they travel over; without it the runtime's own sends and receives are used.
    pub(super) ring: Option<Rc<SocketRing>>,
    /// Without a ring, which has its own.
    request_buffers: RefCell<RequestBuffers>,
    /// With a ring: where users gather replies that come in pieces.
    gathering: RefCell<Vec<Vec<u8>>>,
    /// Without a ring: permissions to send.
    pub(super) send_permits: Pool<()>,
    /// Reply heads that came before.
    pub known_heads: Rc<KnownHeads>,
    /// What the target does with a connection after a server error.
    pub(super) manners: Manners,
    /// How TLS is spoken, where it is.
    pub(super) tls: Option<TlsClient>,
    /// Fields of replies in HTTP/2 that connections keep which are made from now on.
    pub(super) kept_fields: Cell<KeptFields>,
}

/// Users that gather a reply in pieces at one moment, and room for it; more of either is made once.
const GATHERING_USERS: usize = 64;
const GATHERED_BYTES: usize = 16 << 10;
impl Transport {
    /// A transport for `connections` connections of one core, used by `users`, to the target at
    /// `addresses`.
    #[must_use]
    pub fn new(
        addresses: CoreAddresses,
        request_timeout: Duration,
        (users, connections): (usize, usize),
        pacer: Pacer,
        recorder: Rc<RefCell<Recorder>>,
        ring: Option<Rc<SocketRing>>,
    ) -> Self {
        let senders = if ring.is_some() { 0 } else { users };
        let gathering = (0..GATHERING_USERS).map(|_| Vec::with_capacity(GATHERED_BYTES));
        let gathering = gathering.collect();
        Self {
            addresses,
            request_timeout_ns: request_timeout.as_nanos() as u64,
            in_flight: InFlight::new(connections),
            slots: connections,
            http2: RefCell::default(),
            pacer,
            recorder,
            ring,
            request_buffers: RefCell::new(RequestBuffers::new(senders)),
            gathering: RefCell::new(gathering),
            send_permits: Pool::new(vec![(); SENT_AT_ONCE], users),
            known_heads: Rc::default(),
            manners: Manners::default(),
            tls: None,
            kept_fields: Cell::new(KeptFields::Needed),
        }
    }

    /// The same over TLS, where `tls` says how; sessions are resumed among its connections.
    #[must_use]
    pub fn with_tls(self, tls: Option<&TlsClient>) -> Self {
        if tls.is_some() {
            prepare_rooms();
        }
        Self {
            tls: tls.map(TlsClient::with_own_sessions),
            ..self
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

    /// Looks after these, too, when time passes and when the run ends.
    pub(super) fn look_after<C: SharedConnection + 'static>(&self, connections: &[Rc<C>]) {
        let mut http2 = self.http2.borrow_mut();
        http2.extend(
            connections
                .iter()
                .map(|it| Rc::clone(it) as Rc<dyn SharedConnection>),
        );
    }

    /// Whether any request is in flight.
    #[must_use]
    pub fn has_any_in_flight(&self) -> bool {
        let http2 = self.http2.borrow();
        self.in_flight.has_any() || http2.iter().any(|connection| connection.has_any())
    }

    /// Cuts off every request whose deadline is not after `now_ns`.
    pub fn cut_late(&self, now_ns: u64) {
        self.in_flight.cut_late(now_ns);
        let http2 = self.http2.borrow();
        let late =
            |connection: &Rc<dyn SharedConnection>| connection.cut_until(now_ns, Cut::TimedOut);
        http2.iter().for_each(late);
    }

    /// Cuts off every request in flight: the run is over.
    pub fn cut_all(&self) {
        self.in_flight.cut_all();
        let http2 = self.http2.borrow();
        let all =
            |connection: &Rc<dyn SharedConnection>| connection.cut_until(u64::MAX, Cut::RunEnded);
        http2.iter().for_each(all);
    }

    /// Closes the connections that are closed by nobody else.
    pub fn end(&self) {
        let http2 = self.http2.take();
        http2.iter().for_each(|connection| connection.end());
    }

    /// The target's addresses.
    #[must_use]
    pub fn addresses(&self) -> &CoreAddresses {
        &self.addresses
    }

    /// An empty buffer for a request.
    #[inline]
    #[must_use]
    pub fn request_buffer(&self) -> Vec<u8> {
        if let Some(ring) = &self.ring {
            return ring.request_buffer();
        }
        self.request_buffers.borrow_mut().take()
    }

    /// Takes back a buffer whose bytes are with the kernel, with a ring or without.
    pub(super) fn keep_sent_buffer(&self, buffer: Vec<u8>) {
        match &self.ring {
            Some(ring) => ring.keep_request_buffer(buffer),
            None => self.keep_request_buffer(buffer),
        }
    }

    /// Room to gather a reply in.
    pub(super) fn gathering_room(&self) -> Vec<u8> {
        let room = self.gathering.borrow_mut().pop();
        room.unwrap_or_else(|| Vec::with_capacity(GATHERED_BYTES))
    }

    /// Makes room for so many more replies that are gathered at one moment.
    pub(super) fn make_gathering_rooms(&self, replies: usize) {
        let rooms = (0..replies).map(|_| Vec::with_capacity(GATHERED_BYTES));
        self.gathering.borrow_mut().extend(rooms);
    }

    /// Takes back what a reply was gathered in; what more a moment needed goes again.
    pub(super) fn keep_gathering_room(&self, room: Vec<u8>) {
        let mut rooms = self.gathering.borrow_mut();
        if rooms.len() < rooms.capacity() {
            rooms.push(room);
        }
    }

    /// Takes back a buffer whose request was sent.
    #[inline]
    pub(super) fn keep_request_buffer(&self, buffer: Vec<u8>) {
        self.request_buffers.borrow_mut().keep(buffer);
    }
}
