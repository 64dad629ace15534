//! One HTTP/2 connection that is open: whoever has a stream waits here, and a task of its own takes what comes
//! and sends what has gathered.
//!
//! What the users of one turn write leaves in one send: the task comes after those that were woken before it.

use super::addresses::ConnectionPlace;
use super::allocations::uncounted;
use super::clock::now_ns;
use super::destination::Destination;
use super::http2::{Client, Ended, StreamKey};
use super::http2_wire::Http2Wire;
use super::in_flight::Cut;
use super::kept_waker::remember;
use super::line::Line;
use super::pacer::Pacer;
use super::request_buffers::SENT_AT_ONCE;
use super::socket_ring::{Arrival, Arrivals, InPlace, ReceivedBuffer};
use super::tls::{TlsBreak, TlsEnd, TlsLayer, keep_room, take_room};
use super::transport::Transport;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// See the module's documentation.
pub(super) struct Http2Live {
    transport: Rc<Transport>,
    wire: Http2Wire,
    pub(super) client: RefCell<Client>,
    waits: RefCell<Vec<Wait>>,
    task: RefCell<Option<Waker>>,
    /// Who has opened it and waits for the peer's first words.
    opener: RefCell<Option<Waker>>,
    /// Who waits for a stream.
    line: Rc<Line>,
    /// Whether several users share it.
    is_shared: bool,
    is_over: Cell<bool>,
    /// What opens and seals its records, where TLS is spoken, and how that ended when it did not end well.
    layer: Option<RefCell<TlsLayer>>,
    tls_break: Cell<Option<TlsBreak>>,
    /// Requests that were written and not handed over.
    written: Cell<usize>,
    /// Whether what is written waits for a start.
    is_held: Cell<bool>,
    /// Which of the target's addresses it is at.
    at: ConnectionPlace,
}

/// A user's wait for its reply.
#[derive(Default)]
struct Wait {
    waker: Option<Waker>,
    key: Option<StreamKey>,
    deadline_ns: u64,
    cut: Option<Cut>,
    done_ns: u64,
}

/// What came of a stream, whether it was cut off, and when it was over.
pub(super) type StreamEnd = (Ended, Option<Cut>, u64);

impl Http2Live {
    /// A connection on which nothing was said yet.
    pub(super) fn new(
        transport: &Rc<Transport>,
        wire: Http2Wire,
        (mut client, at): (Client, ConnectionPlace),
        secured: Option<(TlsLayer, Vec<u8>)>,
        (line, is_shared): (&Rc<Line>, bool),
    ) -> Rc<Self> {
        let layer = secured.map(|(layer, early)| {
            client.receive(&early, || transport.gathering_room());
            RefCell::new(layer)
        });
        Rc::new(Self {
            transport: Rc::clone(transport),
            wire,
            client: RefCell::new(client),
            waits: RefCell::default(),
            task: RefCell::default(),
            opener: RefCell::default(),
            line: Rc::clone(line),
            is_shared,
            is_over: Cell::new(false),
            layer,
            tls_break: Cell::new(None),
            written: Cell::new(0),
            is_held: Cell::new(false),
            at,
        })
    }

    /// Whether it is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.wire.is_closed()
    }

    /// Whether streams may be opened on it, now or later.
    pub(super) fn goes_on(&self) -> bool {
        !self.is_closed() && self.client.borrow().goes_on()
    }

    /// Whether a stream may be opened on it now.
    #[inline]
    pub(super) fn takes_stream(&self) -> bool {
        let client = self.client.borrow();
        client.is_ready() && client.has_room() && !self.is_closed()
    }

    /// Has the task end, and the connection with it.
    pub(super) fn end(&self) {
        self.is_over.set(true);
        self.wake_task();
    }

    pub(super) fn wake_task(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Waits until the peer has said that it speaks HTTP/2. Whether it has.
    pub(super) async fn greeted(&self) -> bool {
        std::future::poll_fn(|context| {
            let is_ready = self.client.borrow().is_ready();
            if is_ready || self.is_closed() {
                return Poll::Ready(is_ready);
            }
            remember(&self.opener, context.waker());
            Poll::Pending
        })
        .await
    }

    /// A stream was opened, whose reply is waited for until `deadline_ns`.
    #[inline]
    pub(super) fn begin(&self, key: StreamKey, deadline_ns: u64) {
        let mut waits = self.waits.borrow_mut();
        let slot = key.slot as usize;
        if waits.len() <= slot {
            uncounted(|| waits.resize_with(slot + 1, Wait::default));
        }
        let wait = &mut waits[slot];
        wait.key = Some(key);
        wait.deadline_ns = deadline_ns;
        wait.cut = None;
    }

    /// From now on the reply is waited for until `deadline_ns`.
    pub(super) fn wait_until(&self, key: StreamKey, deadline_ns: u64) {
        if let Some(wait) = self.waits.borrow_mut().get_mut(key.slot as usize) {
            wait.deadline_ns = deadline_ns;
        }
    }

    /// A request was written: it leaves at the end of this turn at the latest. Where many are, those that were
    /// written first do not wait for the last.
    #[inline]
    pub(super) fn written(&self) {
        if !self.is_shared {
            return self.flush();
        }
        self.written.set(self.written.get() + 1);
        if self.written.get() < SENT_AT_ONCE {
            return self.wake_task();
        }
        if !self.wire.sends_by_itself() {
            return self.wake_task();
        }
        if let Some(out) = self.next_out() {
            self.wire.send_now(out);
        }
    }

    /// Hands what was written to the kernel, unless what was handed over before is still on its way: then the
    /// task is woken when it is not.
    pub(super) fn flush(&self) {
        match self.wire.sends_by_itself() {
            true => self.hand_over(),
            false => self.wake_task(),
        }
    }

    /// The same, for the task itself.
    pub(super) fn hand_over(&self) {
        if let Some(out) = self.next_out() {
            self.wire.send(out);
        }
    }

    #[inline]
    fn next_out(&self) -> Option<Vec<u8>> {
        let mut client = self.client.borrow_mut();
        if client.out().is_empty()
            || self.is_held.get()
            || self.is_closed()
            || self.wire.is_sending()
        {
            return None;
        }
        self.written.set(0);
        let out = client.take_out(self.transport.request_buffer());
        drop(client);
        self.sealed(out)
    }

    /// `out` as it travels.
    #[inline]
    fn sealed(&self, mut out: Vec<u8>) -> Option<Vec<u8>> {
        let Some(layer) = &self.layer else {
            return Some(out);
        };
        let sealed = layer.borrow_mut().seal(&mut out, 0);
        if let Err(broken) = sealed {
            // There is no key left to send anything with.
            self.tls_break.set(Some(broken));
            self.end();
            return None;
        }
        Some(out)
    }

    /// How TLS ended, when it did not end well.
    pub(super) fn tls_break(&self) -> Option<TlsBreak> {
        self.tls_break.get()
    }

    /// What is written leaves only with [`Http2Live::take_out`], from now until then.
    pub(super) fn hold(&self) {
        self.is_held.set(true);
    }

    /// Takes what is written, for whoever hands it over: nothing while a part of what was handed over before
    /// is on its way.
    pub(super) fn take_out(&self) -> Vec<u8> {
        self.is_held.set(false);
        self.next_out().unwrap_or_default()
    }

    /// The kernel took so many of `bytes`, or met with an error: what it did not take goes the usual way.
    pub(super) fn note_taken(&self, bytes: Vec<u8>, taken: i32) {
        let taken = (taken.max(0) as usize).min(bytes.len());
        if taken < bytes.len() {
            self.wire.send(bytes[taken..].to_vec());
        }
        self.keep_buffer(bytes);
        self.flush();
    }

    /// Takes back a buffer whose bytes are with the kernel.
    pub(super) fn keep_buffer(&self, buffer: Vec<u8>) {
        if buffer.capacity() > 0 {
            self.transport.keep_sent_buffer(buffer);
        }
    }

    /// Asks the server to tell when it has read what was written so far. Gives the number of the sign.
    pub(super) fn ask_for_sign(&self) -> u64 {
        let sign = self.client.borrow_mut().ask_for_sign();
        self.flush();
        sign
    }

    /// Where last frames of races go.
    pub(super) fn destination(&self) -> Destination {
        self.wire.destination()
    }

    /// A request is sent.
    #[inline]
    pub(super) fn note_request(&self) {
        self.transport.addresses.note_request(self.at);
    }

    /// Waits for the end of a stream; `room` takes the reply.
    #[inline]
    pub(super) fn ended<'a>(
        &'a self,
        key: StreamKey,
        room: &'a mut Vec<u8>,
    ) -> impl Future<Output = StreamEnd> + 'a {
        std::future::poll_fn(move |context| match self.poll_ended(key, room, context) {
            Some(ended) => Poll::Ready(ended),
            None => Poll::Pending,
        })
    }

    #[inline]
    fn poll_ended(
        &self,
        key: StreamKey,
        room: &mut Vec<u8>,
        context: &Context<'_>,
    ) -> Option<StreamEnd> {
        let mut waits = self.waits.borrow_mut();
        let wait = &mut waits[key.slot as usize];
        let Some(ended) = self.client.borrow_mut().take_ended(key, room) else {
            match &mut wait.waker {
                Some(kept) => kept.clone_from(context.waker()),
                None => wait.waker = Some(context.waker().clone()),
            }
            return None;
        };
        wait.key = None;
        let (cut, done_ns) = (wait.cut, wait.done_ns);
        drop(waits);
        // There is room for another stream.
        if !self.line.is_empty() {
            self.line.wake_first();
        }
        if !self.client.borrow().goes_on() {
            self.wake_task();
        }
        Some((ended, cut, done_ns))
    }

    /// Whether the server has said of a stream that it did not look at it.
    pub(super) fn is_refused(&self, key: StreamKey) -> bool {
        self.client.borrow_mut().is_refused(key)
    }

    /// Whether anybody waits for a reply.
    pub(super) fn has_any(&self) -> bool {
        self.client.borrow().open_streams() > 0
    }

    /// Gives up the streams whose deadline is not after `deadline_ns`.
    pub(super) fn cut_until(&self, deadline_ns: u64, why: Cut) {
        let mut waits = self.waits.borrow_mut();
        let mut client = self.client.borrow_mut();
        let mut is_any = false;
        for wait in waits
            .iter_mut()
            .filter(|wait| wait.deadline_ns <= deadline_ns)
        {
            if let Some(key) = wait.key
                && wait.cut.is_none()
            {
                wait.cut = Some(why);
                is_any |= client.cancel(key);
            }
        }
        drop((waits, client));
        if is_any {
            self.wake_task();
        }
    }

    /// Takes what comes on the ring and sends what is written, until the connection is closed.
    pub(super) async fn serve(self: Rc<Self>) {
        let mut is_idle_end = false;
        std::future::poll_fn(|context| {
            self.remember_task(context.waker());
            let is_open = self.take_arrivals(context, &mut is_idle_end);
            self.tell();
            self.hand_over();
            match is_open && self.is_needed() {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
        self.conclude(is_idle_end);
    }

    /// Whoever is woken with this serves the connection.
    pub(super) fn remember_task(&self, waker: &Waker) {
        remember(&self.task, waker);
    }

    /// Whether anything may come of it still.
    pub(super) fn is_needed(&self) -> bool {
        let client = self.client.borrow();
        let is_of_use = client.failure().is_none() && (client.goes_on() || !client.is_idle());
        is_of_use && !self.is_over.get()
    }

    /// The connection is over; `is_idle_end` when the peer ended it while nobody had a stream.
    pub(super) fn conclude(&self, mut is_idle_end: bool) {
        {
            let mut client = self.client.borrow_mut();
            is_idle_end |= client.goodbye().is_some() && client.is_idle();
            client.close(false);
        }
        self.tell();
        self.wire.close();
        if is_idle_end {
            let mut recorder = self.transport.recorder.borrow_mut();
            recorder.interval().counters.closed_between_requests += 1;
        }
        if let Some(opener) = self.opener.take() {
            opener.wake();
        }
        self.line.wake_first();
    }

    /// Whether the connection is open still.
    fn take_arrivals(&self, context: &mut Context<'_>, is_idle_end: &mut bool) -> bool {
        let Http2Wire::Ring { socket, .. } = &self.wire else {
            return false;
        };
        let socket = socket.borrow();
        let Some(socket) = &*socket else {
            return false;
        };
        loop {
            let arrival = pin!(socket.arrival());
            let Poll::Ready(arrival) = arrival.poll(context) else {
                return true;
            };
            let is_unsent = matches!(arrival, Arrival::Unsent(_));
            if let Arrival::Buffer(received) = arrival
                && self.take_piece(received)
            {
                continue;
            }
            *is_idle_end = self.note_end(is_unsent);
            return false;
        }
    }

    /// Nothing comes any more; with `unsent` nothing of what was handed over last has left. Whether nobody
    /// had a stream.
    pub(super) fn note_end(&self, unsent: bool) -> bool {
        let mut client = self.client.borrow_mut();
        let is_idle_end = !unsent && client.is_ready() && client.open_streams() == 0;
        client.close(unsent);
        is_idle_end
    }

    /// Takes what came. Whether more may come.
    #[inline]
    fn take_piece(&self, received: ReceivedBuffer) -> bool {
        let mut client = self.client.borrow_mut();
        match &self.layer {
            None => {
                client.receive(received.as_ref(), || self.transport.gathering_room());
                true
            }
            Some(layer) => self.open(received, layer, &mut client),
        }
    }

    /// Takes what came by the runtime. Whether more may come.
    pub(super) fn take(&self, bytes: &mut [u8]) -> bool {
        let mut client = self.client.borrow_mut();
        let room = || self.transport.gathering_room();
        let Some(layer) = &self.layer else {
            client.receive(bytes, room);
            return true;
        };
        let mut layer = layer.borrow_mut();
        let mut text = take_room();
        layer.open_onto(bytes, &mut text);
        client.receive(&text, room);
        keep_room(text);
        self.note_layer(&layer)
    }

    /// Whether more may come through it.
    fn note_layer(&self, layer: &TlsLayer) -> bool {
        if let Some(TlsEnd::Broken(broken)) = layer.end() {
            self.tls_break.set(Some(broken));
        }
        layer.end().is_none()
    }

    /// Takes records that came. Whether more may come.
    fn open(
        &self,
        mut received: ReceivedBuffer,
        layer: &RefCell<TlsLayer>,
        client: &mut Client,
    ) -> bool {
        let mut layer = layer.borrow_mut();
        let room = || self.transport.gathering_room();
        if layer.is_within_record() {
            let mut text = take_room();
            layer.open_onto(received.bytes_mut(), &mut text);
            client.receive(&text, room);
            keep_room(text);
        } else {
            let plain = layer.open(received.bytes_mut());
            received.narrow(plain);
            client.receive(received.as_ref(), room);
        }
        self.note_layer(&layer)
    }

    /// Wakes whoever waits for what has come.
    pub(super) fn tell(&self) {
        let mut client = self.client.borrow_mut();
        let mut waits = self.waits.borrow_mut();
        let mut now = None;
        while let Some(slot) = client.next_ended() {
            if let Some(wait) = waits.get_mut(slot as usize) {
                wait.done_ns = *now.get_or_insert_with(now_ns);
                if let Some(waker) = &wait.waker {
                    waker.wake_by_ref();
                }
            }
        }
        let (is_ready, has_room) = (client.is_ready(), client.has_room());
        drop((client, waits));
        if is_ready && let Some(opener) = self.opener.take() {
            opener.wake();
        }
        if has_room && !self.line.is_empty() {
            self.line.wake_first();
        }
    }

    /// Who wakes at moments.
    pub(super) fn pacer(&self) -> &Pacer {
        &self.transport.pacer
    }

    /// When a stream that is opened now is given up.
    pub(super) fn deadline_ns(&self) -> u64 {
        now_ns() + self.transport.request_timeout_ns
    }
}
