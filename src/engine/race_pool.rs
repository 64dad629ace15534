//! A core's race connections: warmed, used by races only; and how racers are let go.
//!
//! Everything of a request but its last byte is in the kernel before the start; the last bytes of
//! all racers leave in one submission. (Or, when asked for, whole requests do.) Users that gather
//! on one core are let go together as well.

use super::awaited_start::AwaitedStart;
use super::breakage::unsent_reason;
use super::clock::now_ns;
use super::codec::ReplyParser;
use super::connection::Connection;
use super::destination::Destination;
use super::link::{CalledOff, RaceRequest};
use super::local_barrier::LocalBarrier;
use super::pacer::Pacer;
use super::race_connection::{Directive, RaceConnection, RaceGroup, serve};
use super::race_reservation::{FreeConnections, ProcessRotation, RaceReservation};
use super::release::{Release, Released};
use super::runtime::{Task, spawn};
use super::survey::Opened;
use super::transport::Transport;
use crate::plan::{Driver, RaceRelease};
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

/// Pause between the heads and the last bytes, in which the server reads the heads: what is left
/// is the same for all racers then, a byte each.
const SETTLE_NS: u64 = 100_000;
/// The pacer may wake this late; the rest of a wait for an exact moment is spent looking at the
/// clock.
const WAKE_EARLY_NS: u64 = 60_000;
/// How often a head is sent again on a fresh connection.
const ATTEMPTS: usize = 2;

/// See the module's documentation.
pub struct RacePool {
    pub(super) connections: Box<[Rc<RaceConnection>]>,
    pub(super) free: RefCell<FreeConnections>,
    pub(super) rotation: ProcessRotation,
    pub(super) release: RefCell<Release>,
    pub(super) barrier: RefCell<LocalBarrier>,
    style: RaceRelease,
    pub(super) transport: Rc<Transport>,
    pub(super) pacer: Pacer,
    pub(super) run_end_ns: Rc<Cell<u64>>,
}

/// What a pool is made of.
pub struct RacePoolParts {
    /// In which the connections have slots.
    pub transport: Rc<Transport>,
    /// The first of these slots.
    pub first_slot: usize,
    /// How many connections there are.
    pub connections: usize,
    /// What lets racers go.
    pub driver: Driver,
    /// What of a request waits for the start.
    pub style: RaceRelease,
    /// Wakes the core's users.
    pub pacer: Pacer,
    /// When the run ends.
    pub run_end_ns: Rc<Cell<u64>>,
}

/// A race as it is carried out: a connection for each request, and what is sent on it.
#[derive(Clone, Copy)]
pub struct RaceStart<'a> {
    /// The connections, one for each request.
    pub connections: &'a [u32],
    /// What tells when all connections are done.
    pub group: &'a Rc<RaceGroup>,
    /// The requests, at [`RaceRequest::request`].
    pub text: &'a [u8],
    /// The same sealed for their connections, where TLS is spoken.
    pub sealed: Option<&'a [u8]>,
}

impl<'a> RaceStart<'a> {
    /// Each request with its connection.
    pub(super) fn each<R>(self, racers: R) -> impl Iterator<Item = (u32, R::Item)>
    where
        R: IntoIterator + 'a,
    {
        self.connections.iter().copied().zip(racers)
    }

    pub(super) fn request(self, racer: &RaceRequest) -> &'a [u8] {
        &self.text[racer.request.clone()]
    }

    /// The same race with its requests `sealed`.
    pub(super) fn over<'b>(self, sealed: &'b [u8]) -> RaceStart<'b>
    where
        'a: 'b,
    {
        RaceStart {
            sealed: Some(sealed),
            ..self
        }
    }
}

impl RacePool {
    /// A pool none of whose connections is open yet.
    ///
    /// # Errors
    /// When the kernel gives no ring.
    pub fn new(parts: RacePoolParts) -> io::Result<Self> {
        let RacePoolParts {
            transport,
            first_slot,
            connections,
            driver,
            style,
            pacer,
            run_end_ns,
        } = parts;
        Ok(Self {
            connections: (0..connections)
                .map(|connection| {
                    Rc::new(RaceConnection::new(
                        first_slot + connection,
                        transport.ring.clone(),
                    ))
                })
                .collect(),
            free: RefCell::new(FreeConnections::new(connections)),
            rotation: ProcessRotation::default(),
            release: RefCell::new(match &transport.ring {
                Some(ring) => Release::over(Rc::clone(ring), connections),
                None => Release::new(driver, connections)?,
            }),
            barrier: RefCell::new(LocalBarrier {
                waiting: Vec::with_capacity(connections),
                due_ns: None,
                text: Vec::with_capacity(connections),
            }),
            style,
            transport,
            pacer,
            run_end_ns,
        })
    }

    /// Ends the tasks that look after the connections: nobody may race any more.
    pub fn end(&self) {
        self.connections
            .iter()
            .for_each(|connection| connection.end());
        if let Some(reopener) = self.free.borrow_mut().reopener.take() {
            reopener.wake();
        }
    }

    /// Whether its connections are those of several processes.
    #[must_use]
    pub fn is_spread(&self) -> bool {
        self.rotation.processes() > 1
    }

    /// Starts the tasks that look after the connections, until [`RacePool::end`]. The first of them get the
    /// connections that are `opened` already.
    pub fn keep(&self, max_body_bytes: usize, opened: Vec<Opened>) -> Vec<Task<()>> {
        let processes = opened
            .iter()
            .map(|opened| opened.process)
            .max()
            .unwrap_or(0);
        self.rotation.set_processes(processes);
        let mut opened = opened.into_iter();
        let keep = |connection: &Rc<RaceConnection>| {
            let mut socket = Connection::new(Rc::clone(&self.transport), connection.slot);
            if let Some(opened) = opened.next() {
                let process = opened.process;
                if socket.adopt(opened).is_ok() {
                    connection.adopt(&socket, process);
                    self.rotation.note_place(process, socket.place);
                }
            }
            let parser =
                ReplyParser::sharing(max_body_bytes, Rc::clone(&self.transport.known_heads));
            let by_others = processes > 1;
            spawn(serve(Rc::clone(connection), socket, parser, by_others))
        };
        self.connections.iter().map(keep).collect()
    }

    /// Opens those of the first `connections` of them that are not open yet, `at_once` of them at a
    /// time, until the run ends; the others are opened when they are needed. Returns how many are open.
    pub async fn warm_up(&self, connections: usize, at_once: usize) -> usize {
        let group = Rc::new(RaceGroup::default());
        let now_ns = now_ns();
        let warmed = &self.connections[..connections.min(self.connections.len())];
        let closed: Vec<&Rc<RaceConnection>> = warmed
            .iter()
            .filter(|connection| connection.ready_descriptor(now_ns).is_none())
            .collect();
        let goes_on = || super::clock::now_ns() < self.run_end_ns.get();
        for connections in closed.chunks(at_once.max(1)).take_while(|_| goes_on()) {
            connections
                .iter()
                .for_each(|connection| connection.give(Directive::Reopen, &group));
            group.all_done().await;
        }
        let is_open =
            |connection: &&Rc<RaceConnection>| connection.ready_descriptor(now_ns).is_some();
        self.connections.iter().filter(is_open).count()
    }

    /// Waits until `racers` connections are free, and takes them; first come first served. A core has as
    /// many as the widest race needs.
    pub fn reserve(&self, racers: usize) -> RaceReservation<'_> {
        RaceReservation::new(&self.connections, &self.free, &self.rotation, racers)
    }

    /// Gives connections back. Where processes matter, those that were closed, or of whose process
    /// nothing is believed, are opened again first.
    pub fn leave(&self, connections: &mut Vec<u32>) {
        let mut free = self.free.borrow_mut();
        if self.rotation.processes() < 2 {
            free.connections.append(connections);
        } else {
            let free = &mut *free;
            for connection in connections.drain(..) {
                match self.get(connection).needs_reopening() {
                    true => free.closed.push(connection),
                    false => free.connections.push(connection),
                }
            }
            if !free.closed.is_empty()
                && let Some(reopener) = &free.reopener
            {
                reopener.wake_by_ref();
            }
        }
        free.wake_first();
    }

    /// Sends `request` on these connections at once, each of which then receives the reply for `group`.
    pub(super) fn ask(&self, connections: &[u32], request: &[u8], group: &Rc<RaceGroup>) {
        let now_ns = now_ns();
        let sealed = self.sealed_for(connections, request);
        let wire = |connection: u32| match &sealed {
            Some(sealed) => self.get(connection).sealed().parts(sealed).0,
            None => request,
        };
        let mut release = self.release.borrow_mut();
        for &connection in connections {
            self.mark_in_flight(connection, now_ns);
        }
        release.send_all(connections.iter().map(|&connection| {
            (
                self.destination(connection, self.descriptor(connection)),
                wire(connection),
            )
        }));
        for (&connection, &taken) in connections.iter().zip(release.results()) {
            if taken == wire(connection).len() as i32 {
                self.get(connection).give(Directive::Receive(now_ns), group);
            } else {
                self.transport.in_flight().remove(self.get(connection).slot);
                self.get(connection).spoil();
            }
        }
        drop(release);
        self.keep_sealed_room(sealed);
    }

    /// Connection number `connection`.
    #[must_use]
    pub fn get(&self, connection: u32) -> &RaceConnection {
        &self.connections[connection as usize]
    }

    /// Carries out a race.
    ///
    /// # Errors
    /// When its crowd did not start, or not with it.
    pub async fn race(
        &self,
        start: RaceStart<'_>,
        racers: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        let mut sealed = self.sealed_room();
        let result = self.race_with(start, racers, crowd, &mut sealed).await;
        self.keep_sealed_room(sealed);
        result
    }

    async fn race_with(
        &self,
        start: RaceStart<'_>,
        racers: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
        sealed: &mut Option<Vec<u8>>,
    ) -> Result<u64, CalledOff> {
        self.send_heads(start, racers, sealed).await;
        let start = match sealed {
            Some(sealed) => start.over(sealed),
            None => start,
        };
        let crowd = match crowd {
            None => {
                self.settle_and_release(start, racers).await;
                racers.len() as u64
            }
            Some(crowd) => self.start_with(crowd, start, racers).await?,
        };
        for (connection, racer) in start.each(&*racers) {
            if racer.result.is_ok() {
                self.get(connection)
                    .give(Directive::Receive(racer.sent_ns), start.group);
            }
        }
        start.group.all_done().await;
        for (connection, racer) in start.each(racers) {
            (racer.done_ns, racer.result) = self.get(connection).finish();
        }
        Ok(crowd)
    }

    /// How many bytes of a request wait for the start.
    pub(super) fn held_back(&self, request: &[u8]) -> usize {
        match self.style {
            RaceRelease::LastByte => 1,
            RaceRelease::Whole => request.len(),
        }
    }

    /// Sends all but what is held back, on connections that are ready. From here on
    /// [`RaceRequest::result`] tells whether the request is at the start.
    async fn send_heads(
        &self,
        start: RaceStart<'_>,
        racers: &mut [RaceRequest],
        sealed: &mut Option<Vec<u8>>,
    ) {
        racers.iter_mut().for_each(|racer| {
            racer.result = Err(super::Broken::NotSent);
        });
        for attempt in 0..ATTEMPTS {
            if self.make_ready(start, racers).await {
                let ready_ns = now_ns();
                racers
                    .iter_mut()
                    .for_each(|racer| racer.ready_ns = ready_ns);
            }
            let all_there = match sealed {
                None => self.try_heads(start, racers),
                Some(sealed) => {
                    self.seal(start, racers, sealed);
                    self.try_heads(start.over(sealed), racers)
                }
            };
            if all_there || attempt + 1 == ATTEMPTS {
                return;
            }
        }
    }

    /// Opens what is not open. Returns whether there was anything to open.
    async fn make_ready(&self, start: RaceStart<'_>, racers: &[RaceRequest]) -> bool {
        let now_ns = now_ns();
        let mut opens = false;
        for (connection, racer) in start.each(racers) {
            let connection = self.get(connection);
            if racer.result.is_err() && connection.ready_descriptor(now_ns).is_none() {
                connection.give(Directive::Reopen, start.group);
                opens = true;
            }
        }
        if opens {
            start.group.all_done().await;
        }
        opens
    }

    /// Sends the heads of those that are not at the start yet. Returns whether all are now.
    fn try_heads(&self, start: RaceStart<'_>, racers: &mut [RaceRequest]) -> bool {
        let now_ns = now_ns();
        let descriptor = |connection: u32| self.get(connection).ready_descriptor(now_ns);
        let head = |connection, racer: &RaceRequest| self.parts(start, connection, racer).0;
        let mut release = self.release.borrow_mut();
        release.send_all(
            start
                .each(&*racers)
                .filter(|(_, racer)| racer.result.is_err())
                .filter_map(|(connection, racer)| {
                    let to = self.destination(connection, descriptor(connection)?);
                    let head = head(connection, racer);
                    if head.is_empty() {
                        return None;
                    }
                    self.get(connection).begin();
                    Some((to, head))
                }),
        );
        let mut results = release.results().iter();
        let mut all_there = true;
        for (connection, racer) in start.each(racers) {
            if racer.result.is_ok() {
                continue;
            }
            let (taken, length) = match descriptor(connection) {
                None => (None, 0),
                Some(_) => match head(connection, racer).len() {
                    0 => (Some(0), 0),
                    length => (results.next().copied(), length),
                },
            };
            match taken {
                Some(taken) if taken == length as i32 => racer.result = Ok(NO_REPLY_YET),
                Some(taken) => {
                    all_there = false;
                    self.note_unsent(connection, racer, taken);
                }
                None => {
                    all_there = false;
                    racer.done_ns = now_ns;
                }
            }
        }
        all_there
    }

    /// The kernel did not take what it was given: nobody can act on half a request.
    fn note_unsent(&self, connection: u32, racer: &mut RaceRequest, taken: i32) {
        let error = match taken {
            ..0 => io::Error::from_raw_os_error(-taken),
            0.. => io::ErrorKind::WriteZero.into(),
        };
        let connection = self.get(connection);
        connection.note_unsent(unsent_reason(&error));
        connection.spoil();
        racer.result = Err(super::Broken::NotSent);
    }

    /// Lets everybody go: those without a shift now, the others when they are due.
    async fn settle_and_release(&self, start: RaceStart<'_>, racers: &mut [RaceRequest]) {
        if self.style == RaceRelease::LastByte {
            self.pacer.until(now_ns() + SETTLE_NS).await;
        }
        let mut first_ns = None;
        while let Some(shift_ns) = next_shift(racers) {
            if let Some(first_ns) = first_ns {
                self.until_exactly(first_ns + shift_ns).await;
            }
            let released = self.release_shift(shift_ns, start, racers);
            first_ns = first_ns.or(Some(released.first_ns - shift_ns.min(released.first_ns)));
        }
    }

    /// Waits to the microsecond.
    pub(super) async fn until_exactly(&self, moment_ns: u64) {
        self.pacer
            .until(moment_ns.saturating_sub(WAKE_EARLY_NS))
            .await;
        while now_ns() < moment_ns {
            std::hint::spin_loop();
        }
    }

    /// Lets those with this shift go, in one submission.
    fn release_shift(
        &self,
        shift_ns: u64,
        start: RaceStart<'_>,
        racers: &mut [RaceRequest],
    ) -> Released {
        let now_ns = now_ns();
        let is_due = |racer: &RaceRequest| is_at_start(racer) && racer.shift_ns == shift_ns;
        let due = |(_, racer): &(u32, &RaceRequest)| is_due(racer);
        for (connection, _) in start.each(&*racers).filter(due) {
            self.mark_in_flight(connection, now_ns);
        }
        let mut release = self.release.borrow_mut();
        let due = start.each(&*racers).filter(due);
        let released = release.send_all(due.map(|(connection, racer)| {
            (
                self.destination(connection, self.descriptor(connection)),
                self.parts(start, connection, racer).1,
            )
        }));
        let mut results = release.results().iter();
        for (connection, racer) in start.each(racers) {
            if is_due(racer) {
                let taken = results.next().copied().unwrap_or_default();
                self.note_released(connection, racer, released);
                if taken != self.parts(start, connection, racer).1.len() as i32 {
                    self.note_lost(connection, racer, taken);
                }
            }
        }
        released
    }

    pub(super) fn note_released(
        &self,
        connection: u32,
        racer: &mut RaceRequest,
        released: Released,
    ) {
        (racer.sent_ns, racer.left_ns) = (released.first_ns, released.last_ns);
        racer.process = self.get(connection).process();
    }

    /// What was to be let go did not leave.
    pub(super) fn note_lost(&self, connection: u32, racer: &mut RaceRequest, taken: i32) {
        self.transport.in_flight().remove(self.get(connection).slot);
        self.note_unsent(connection, racer, taken);
    }

    /// Where a request on `connection`, which is `descriptor`, is sent.
    pub(super) fn destination(&self, connection: u32, descriptor: RawFd) -> Destination {
        Destination {
            descriptor,
            place: self.get(connection).slot as u32,
        }
    }

    pub(super) fn descriptor(&self, connection: u32) -> RawFd {
        // A connection at the start was ready when its head was sent; if it broke since, sending fails.
        self.get(connection).ready_descriptor(0).unwrap_or(-1)
    }

    pub(super) fn mark_in_flight(&self, connection: u32, now_ns: u64) {
        let deadline_ns = now_ns + self.transport.request_timeout_ns();
        let (slot, descriptor) = (self.get(connection).slot, self.descriptor(connection));
        self.get(connection).begin();
        self.transport
            .in_flight()
            .add(slot, descriptor, deadline_ns);
    }
}

/// Stands for the reply to a request that is on its way.
const NO_REPLY_YET: super::ReplyHead = super::ReplyHead {
    status: 0,
    bytes: 0,
};

/// A request that was let go has left the start; one that could not get there never was at it.
pub(super) fn is_at_start(racer: &RaceRequest) -> bool {
    racer.result.is_ok() && racer.left_ns == 0
}

fn next_shift(racers: &[RaceRequest]) -> Option<u64> {
    let waiting = racers.iter().filter(|racer| is_at_start(racer));
    waiting.map(|racer| racer.shift_ns).min()
}
