//! One race connection of a core: warmed, looked after by a task of its own, so
//! that replies that come together are received together.

use super::addresses::ConnectionPlace;
use super::breakage::unconnected_reason;
use super::clock::now_ns;
use super::codec::ReplyParser;
use super::connection::{Connection, LOOK_AFTER_IDLE_NS};
use super::inbox::Inbox;
use super::kept_waker::remember;
use super::link::{Broken, ReplyHead};
use super::net::{IdleState, is_stale};
use super::release::Released;
use super::secured::{SharedLayer, heard_idle, idle_beneath, idle_on_ring};
use super::socket_ring::SocketRing;
use super::tls::TlsBreak;
use crate::stats::Reason;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::ops::Range;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Stands for no descriptor.
const CLOSED: RawFd = -1;

/// What a race connection is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Nothing: the race connection is idle.
    Rest,
    /// Open a new connection, whatever became of the old one.
    Reopen,
    /// Close the connection, which nobody needs any more.
    HangUp,
    /// Receive the reply to the request that was sent at this moment.
    Receive(u64),
    /// Close, for good.
    End,
}

/// Where a sealed request stands in the text of a race, and where of it begins what waits for the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct SealedRequest {
    start: u32,
    held_at: u32,
    end: u32,
}

impl SealedRequest {
    /// What leaves before the start, and what waits for it.
    pub(super) fn parts(self, text: &[u8]) -> (&[u8], &[u8]) {
        let [start, held_at, end] = [self.start, self.held_at, self.end].map(|at| at as usize);
        (&text[start..held_at], &text[held_at..end])
    }
}

/// What a race and its race connection tell each other.
pub struct RaceConnection {
    /// Place among the core's connections.
    pub slot: usize,
    /// What hears all that comes, where there is one.
    ring: Option<Rc<SocketRing>>,
    order: Cell<Directive>,
    has_ended: Cell<bool>,
    task: RefCell<Option<Waker>>,
    group: RefCell<Option<Rc<RaceGroup>>>,
    descriptor: Cell<RawFd>,
    /// What opens and seals its records, where TLS is spoken.
    layer: RefCell<Option<SharedLayer>>,
    /// Where its sealed request stands in the text of the race.
    sealed: Cell<SealedRequest>,
    /// The process that is believed to serve the connection, from 1; 0 when nothing is believed.
    process: Cell<u8>,
    /// The same of the connection that is opened next.
    next_process: Cell<u8>,
    /// Where that process accepts.
    next_place: Cell<ConnectionPlace>,
    used_ns: Cell<u64>,
    done_ns: Cell<u64>,
    result: Cell<Result<ReplyHead, Broken>>,
    inbox: RefCell<Inbox>,
    body: RefCell<Range<usize>>,
    reason: Cell<Reason>,
}

impl RaceConnection {
    /// A race connection that is not open yet.
    #[must_use]
    pub fn new(slot: usize, ring: Option<Rc<SocketRing>>) -> Self {
        Self {
            slot,
            order: Cell::new(Directive::Rest),
            has_ended: Cell::new(false),
            task: RefCell::new(None),
            group: RefCell::new(None),
            descriptor: Cell::new(CLOSED),
            layer: RefCell::default(),
            sealed: Cell::default(),
            process: Cell::new(0),
            next_process: Cell::new(0),
            next_place: Cell::default(),
            used_ns: Cell::new(0),
            done_ns: Cell::new(0),
            result: Cell::new(Err(Broken::NotSent)),
            inbox: RefCell::new(Inbox::roomy()),
            ring,
            body: RefCell::new(0..0),
            reason: Cell::new(Reason::default()),
        }
    }

    /// The descriptor of a connection that is open and, as far as one can tell, alive.
    #[must_use]
    pub fn ready_descriptor(&self, now_ns: u64) -> Option<RawFd> {
        let descriptor = self.descriptor.get();
        let is_fresh = || now_ns.saturating_sub(self.used_ns.get()) < LOOK_AFTER_IDLE_NS;
        let is_alive = || match (&self.ring, &*self.layer.borrow()) {
            (Some(ring), None) => ring.idle(self.slot as u32) == IdleState::Quiet,
            (None, None) => is_fresh() || !is_stale(descriptor),
            (Some(ring), Some(layer)) => {
                idle_on_ring(layer, ring, self.slot as u32) == IdleState::Quiet
            }
            (None, Some(layer)) if is_fresh() => heard_idle(layer) == IdleState::Quiet,
            (None, Some(layer)) => idle_beneath(layer, descriptor) == IdleState::Quiet,
        };
        let is_ready = descriptor != CLOSED && self.order.get() == Directive::Rest && is_alive();
        is_ready.then_some(descriptor)
    }

    /// Appends `request`, of which the last `held_back` bytes wait for the start, to `text`, sealed in two
    /// parts.
    ///
    /// # Errors
    /// When it cannot be: the connection is of no further use.
    pub(super) fn seal(
        &self,
        request: &[u8],
        held_back: usize,
        text: &mut Vec<u8>,
    ) -> Result<(), TlsBreak> {
        self.sealed.take();
        let layer = self.layer.borrow();
        let layer = layer.as_ref().ok_or(TlsBreak::NoKey)?;
        let mut layer = layer.borrow_mut();
        let start = text.len();
        layer.begin();
        let held_at = layer.seal_parted(request, held_back, text)?;
        let end = text.len();
        self.sealed.set(SealedRequest {
            start: start as u32,
            held_at: held_at as u32,
            end: end as u32,
        });
        Ok(())
    }

    /// Where its sealed request stands in the text of the race.
    pub(super) fn sealed(&self) -> SealedRequest {
        self.sealed.get()
    }

    /// What comes from now on answers what is sent now.
    pub(super) fn begin(&self) {
        if let Some(ring) = &self.ring {
            ring.begin(self.slot as u32);
        }
    }

    /// The process that is believed to serve the connection, from 1; 0 when nothing is believed.
    #[must_use]
    pub fn process(&self) -> u8 {
        self.process.get()
    }

    /// From now on `process` is believed to serve the connection.
    pub(super) fn believe(&self, process: u8) {
        self.process.set(process);
    }

    /// Has a new connection opened for `group`, which `process` is believed to accept, at `place`.
    pub(super) fn reopen_at(&self, process: u8, place: ConnectionPlace, group: &Rc<RaceGroup>) {
        self.next_process.set(process);
        self.next_place.set(place);
        self.give(Directive::Reopen, group);
    }

    /// Takes over `connection`, which is open and served by `process`.
    pub(super) fn adopt(&self, connection: &Connection, process: u8) {
        note_connection(self, connection);
        self.believe(process);
    }

    /// Whether the connection is closed, or of its process nothing is believed.
    pub(super) fn needs_reopening(&self) -> bool {
        self.descriptor.get() == CLOSED || self.process.get() == 0
    }

    /// Whether the race connection waits for a reply.
    pub(super) fn is_in_flight(&self) -> bool {
        matches!(self.order.get(), Directive::Receive(_))
    }

    /// Whether [`RaceConnection::end`] was called.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Has the race connection do something for `group`, which it tells when that is done.
    pub fn give(&self, order: Directive, group: &Rc<RaceGroup>) {
        group.pending.set(group.pending.get() + 1);
        self.group.replace(Some(Rc::clone(group)));
        self.order.set(order);
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Has a new connection opened when it has the time: the old one is spoilt.
    pub fn spoil(&self) {
        self.spoil_and(Directive::Reopen);
    }

    /// Has the old connection closed, which is spoilt, and no new one opened: the run is over.
    pub(super) fn retire(&self) {
        self.spoil_and(Directive::HangUp);
    }

    fn spoil_and(&self, order: Directive) {
        self.descriptor.set(CLOSED);
        self.order.set(order);
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Has the connection closed when it has nothing else to do. A task that still waits when its
    /// runtime ends would keep its socket for good.
    pub fn end(&self) {
        self.has_ended.set(true);
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Nothing was sent, because of `reason`.
    pub fn note_unsent(&self, reason: Reason) {
        self.result.set(Err(Broken::NotSent));
        self.reason.set(reason);
        self.done_ns.set(now_ns());
    }

    /// Notes whether the kernel took what was held back.
    pub fn note_taken(&self, is_taken: bool) {
        self.result.set(match is_taken {
            true => Err(Broken::Lost),
            false => Err(Broken::NotSent),
        });
    }

    /// When the last reply came or was given up, and what it was.
    pub fn finish(&self) -> (u64, Result<ReplyHead, Broken>) {
        (self.done_ns.get(), self.result.get())
    }

    /// Gives the body of the last reply to `read`.
    pub fn with_body<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        let body = self.body.borrow().clone();
        read(self.inbox.borrow().bytes().get(body).unwrap_or_default())
    }

    /// Gives the head of the last reply to `read`.
    pub fn with_head<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        let end = self.body.borrow().start;
        read(self.inbox.borrow().bytes().get(..end).unwrap_or_default())
    }

    /// Why there was no reply.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason.get()
    }

    fn report(&self) {
        if let Some(group) = self.group.take() {
            group.one_done();
        }
    }

    /// Waits for an order.
    fn next_order(&self) -> NextOrder<'_> {
        NextOrder(self)
    }
}

struct NextOrder<'a>(&'a RaceConnection);

impl Future for NextOrder<'_> {
    type Output = Directive;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Directive> {
        match self.0.order.get() {
            Directive::Rest if self.0.has_ended.get() => Poll::Ready(Directive::End),
            Directive::Rest => {
                remember(&self.0.task, context.waker());
                Poll::Pending
            }
            order => Poll::Ready(order),
        }
    }
}

/// Looks after `connection` until [`RaceConnection::end`]. A race connection that is reopened by
/// others stays closed when the target has closed it.
pub async fn serve(
    race_connection: Rc<RaceConnection>,
    mut connection: Connection,
    mut parser: ReplyParser,
    is_reopened_by_others: bool,
) {
    loop {
        let order = race_connection.next_order().await;
        match order {
            Directive::Rest => {}
            Directive::End => return,
            Directive::Reopen => reopen(&race_connection, &mut connection).await,
            Directive::HangUp => {
                connection.hang_up();
                race_connection.order.set(Directive::Rest);
            }
            Directive::Receive(sent_ns) => {
                receive(&race_connection, &mut connection, &mut parser, sent_ns).await;
                if connection.descriptor().is_none() && !is_reopened_by_others {
                    // Warm again before the next race; if that fails, the race will tell.
                    reopen(&race_connection, &mut connection).await;
                }
            }
        }
    }
}

async fn reopen(race_connection: &RaceConnection, connection: &mut Connection) {
    if race_connection.descriptor.replace(CLOSED) == CLOSED {
        // Something may have been sent on it, so that what came since is not unasked for.
        connection.hang_up();
    }
    race_connection.order.set(Directive::Rest);
    race_connection
        .process
        .set(race_connection.next_process.take());
    let wanted = race_connection.next_place.take();
    connection.place.settle_at(wanted);
    if let Err(error) = connection.reopen().await {
        race_connection.note_unsent(unconnected_reason(&error));
    }
    if connection.place.is_elsewhere_than(wanted) {
        race_connection.believe(0);
    }
    note_connection(race_connection, connection);
    if race_connection.order.get() == Directive::Reopen {
        // Asked again meanwhile: the fresh connection will do.
        race_connection.order.set(Directive::Rest);
    }
    race_connection.report();
}

async fn receive(
    race_connection: &RaceConnection,
    connection: &mut Connection,
    parser: &mut ReplyParser,
    sent_ns: u64,
) {
    let mut inbox = race_connection.inbox.take();
    let mut reason = Reason::default();
    let received = connection
        .receive(sent_ns, (&mut inbox, parser), &mut reason)
        .await;
    race_connection.done_ns.set(now_ns());
    race_connection.inbox.replace(inbox);
    race_connection.reason.set(reason);
    race_connection.result.set(received.map(|reply| {
        race_connection.body.replace(reply.body);
        ReplyHead {
            status: reply.status,
            bytes: reply.wire_bytes,
        }
    }));
    race_connection.order.set(Directive::Rest);
    note_connection(race_connection, connection);
    race_connection.report();
}

fn note_connection(race_connection: &RaceConnection, connection: &Connection) {
    race_connection
        .descriptor
        .set(connection.descriptor().unwrap_or(CLOSED));
    race_connection.layer.replace(connection.layer().cloned());
    // What is doubtful is looked at before it is used, however fresh it is.
    let is_doubtful = connection.is_doubtful();
    race_connection
        .used_ns
        .set(if is_doubtful { 0 } else { now_ns() });
}

/// The run ended before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

/// The race connections of one race that have something to do.
#[derive(Default)]
pub struct RaceGroup {
    pending: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
    /// What the leader of a crowd tells: that it started, or that it is called off.
    pub started: Cell<Option<Result<Released, Ended>>>,
}

impl RaceGroup {
    fn one_done(&self) {
        self.pending.set(self.pending.get() - 1);
        if self.pending.get() == 0 {
            self.wake();
        }
    }

    /// Wakes the race.
    pub fn wake(&self) {
        if let Some(waiting) = &*self.waiting.borrow() {
            waiting.wake_by_ref();
        }
    }

    /// Waits until every race connection is done with what it was given.
    pub async fn all_done(&self) {
        self.wait_for(|| (self.pending.get() == 0).then_some(()))
            .await;
    }

    /// Waits until `look` sees what it looks for. It looks whenever the group is woken.
    pub async fn wait_for<T>(&self, look: impl Fn() -> Option<T>) -> T {
        std::future::poll_fn(|context| match look() {
            Some(seen) => Poll::Ready(seen),
            None => {
                remember(&self.waiting, context.waker());
                Poll::Pending
            }
        })
        .await
    }
}
