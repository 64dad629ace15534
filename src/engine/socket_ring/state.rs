//! The ring itself: what is queued, submitted and completed, and whose it is. Pure but for the kernel,
//! whose place a test can take.

use super::kernel::{Completion, Kernel, Offers, Wish};
use super::sockets::{Arrival, Fate, FilledBuffer, SocketTable};
use crate::engine::destination::Destination;
use crate::engine::net::IdleState;
use crate::engine::request_buffers::{RequestBuffers, SENT_AT_ONCE};
use std::os::fd::RawFd;
use std::task::Waker;

/// Completions whose readers are fetched from memory at the same time, before the first of them is
/// woken. The kernel tells of twenty in a call when more wait.
const LOOKED_AT_TOGETHER: usize = 32;
/// Most bytes that are kept of what comes on a socket while no request is in flight: some tickets.
const MOST_HEARD_BYTES: usize = 64 << 10;

/// What is left of a request that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing: another one can be sent.
    None,
    /// Something came that was no part of its reply.
    Received,
    /// It was answered before all of it had left.
    Unsent,
}

/// What a completion is of.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Receive,
    Send,
    Rest,
    Race,
    Cancel,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Receive,
        Self::Send,
        Self::Rest,
        Self::Race,
        Self::Cancel,
    ];

    fn mark(self, generation: u16, number: u32) -> u64 {
        u64::from(self as u8) << 56 | u64::from(generation) << 32 | u64::from(number)
    }

    fn read(mark: u64) -> (Self, u16, u32) {
        let kind = Self::ALL[(mark >> 56) as usize % Self::ALL.len()];
        (kind, (mark >> 32) as u16, mark as u32)
    }
}

/// See the module's documentation.
pub struct RingState<K> {
    /// Who carries wishes out.
    pub kernel: K,
    sockets: SocketTable,
    /// Requests that were queued since the last turn.
    sent: Vec<(u32, Vec<u8>)>,
    /// Requests of which the kernel took a part at first.
    slow: Vec<SlowRequest>,
    /// Whether the kernel left some of what was queued for another time, so that requests may be
    /// answered before they have left.
    is_put_off: bool,
    request_buffers: RequestBuffers,
    /// Sockets whose owners wait until what they sent is on its way.
    waiting_to_send: Vec<u32>,
    /// Sockets whose receive has to be armed again.
    unarmed: Vec<(u32, u16)>,
    /// What became of each request of a race.
    race_results: Vec<i32>,
    /// Completions that are being looked at. Empty between two looks.
    batch: Vec<Completion>,
    /// What came on sockets with a layer while no request was in flight, by socket; empty where there is
    /// none.
    heard: Vec<Vec<u8>>,
    room: usize,
}

struct SlowRequest {
    socket: u32,
    generation: u16,
    text: Vec<u8>,
    taken: usize,
}

impl<K: Kernel> RingState<K> {
    /// One with room for `sockets`, whose `kernel` fills so many `buffers`.
    pub fn new(kernel: K, sockets: usize, buffers: u16) -> Self {
        Self {
            kernel,
            sockets: SocketTable::new(sockets, buffers),
            sent: Vec::with_capacity(sockets),
            slow: Vec::new(),
            is_put_off: false,
            request_buffers: RequestBuffers::new(sockets),
            waiting_to_send: Vec::with_capacity(sockets),
            unarmed: Vec::with_capacity(sockets),
            race_results: Vec::with_capacity(sockets),
            batch: Vec::with_capacity(LOOKED_AT_TOGETHER),
            heard: Vec::new(),
            room: sockets,
        }
    }

    /// The tasks that read are so large.
    pub(super) fn expect_readers_of(&mut self, bytes: usize) {
        self.sockets.expect_readers_of(bytes);
    }

    /// What `socket` is while no request is in flight on it.
    #[inline]
    pub fn idle(&self, socket: u32) -> IdleState {
        self.sockets.idle(socket)
    }

    /// An empty buffer for a request.
    #[inline]
    pub fn request_buffer(&mut self) -> Vec<u8> {
        self.request_buffers.take()
    }

    /// Requests on `socket` are sent by racers: what comes from now on is a reply.
    pub fn begin(&mut self, socket: u32) {
        self.sockets.begin(socket);
    }

    /// What comes next on `socket`; `waker` is woken when it does.
    #[inline]
    pub fn next(&mut self, socket: u32, waker: &Waker) -> Option<Arrival<FilledBuffer>> {
        self.sockets.next(socket, waker)
    }

    /// Has something complete, without effect.
    pub fn complete_nothing(&mut self) {
        self.push(0, Wish::Nothing, Kind::Cancel.mark(0, 0));
        self.submit();
    }

    /// The ring ends: what the kernel has taken only a part of, it may still read.
    pub(super) fn forget_slow(&mut self) {
        std::mem::forget(std::mem::take(&mut self.slow));
    }

    /// The next racers are those of a new race.
    pub fn begin_race(&mut self) {
        self.submit();
        self.race_results.clear();
    }

    /// `socket` is the connection with this descriptor from now on.
    pub fn open(&mut self, socket: u32, descriptor: RawFd, buffers: &impl Offers) {
        // What is queued means the connection that this place was before.
        self.submit_all(buffers);
        self.kernel.name(socket, descriptor);
        self.sockets.open(socket);
        self.arm(socket);
    }

    /// What comes on `socket` while no request is in flight is kept until [`RingState::take_heard`]: it may
    /// be for a layer between the connection and its requests.
    pub fn set_layered(&mut self, socket: u32) {
        self.heard.resize_with(self.room, Vec::new);
        self.sockets.set_layered(socket);
    }

    /// What came on `socket` while no request was in flight, if something did.
    pub fn take_heard(&mut self, socket: u32) -> Option<Vec<u8>> {
        let heard = self.heard.get_mut(socket as usize)?;
        (!heard.is_empty()).then(|| std::mem::take(heard))
    }

    #[cold]
    fn hear(&mut self, socket: u32, filled: FilledBuffer, buffers: &impl Offers) {
        let heard = &mut self.heard[socket as usize];
        match heard.len() < MOST_HEARD_BYTES {
            true => buffers.copy(filled, heard),
            false => self.sockets.spoil(socket),
        }
        buffers.offer(filled.buffer);
    }

    fn arm(&mut self, socket: u32) {
        let mark = Kind::Receive.mark(self.sockets.generation(socket), socket);
        self.push(socket, Wish::Receive, mark);
    }

    /// Forgets the connection that `socket` is.
    pub fn close(&mut self, socket: u32, buffers: &impl Offers) {
        let receive = Kind::Receive.mark(self.sockets.generation(socket), socket);
        self.sockets.close(socket, |unread| buffers.offer(unread));
        self.take_heard(socket);
        self.cancel(receive);
        for place in 0..self.slow.len() {
            let slow = &self.slow[place];
            if slow.socket == socket {
                self.cancel(Kind::Rest.mark(slow.generation, socket));
            }
        }
        // The connection lives as long as the kernel holds it for a receive or in its table.
        self.submit_all(buffers);
        self.kernel.name(socket, -1);
    }

    fn cancel(&mut self, mark: u64) {
        self.push(0, Wish::Cancel(mark), Kind::Cancel.mark(0, 0));
    }

    /// The request on `socket` is over; its buffers that nobody has read go back. Whether something
    /// came that was no part of its reply, or a part of it has not left yet: then nothing else can be
    /// sent on the connection.
    #[inline]
    pub fn finish(&mut self, socket: u32, buffers: &impl Offers) -> Leftover {
        let is_slow = !self.slow.is_empty()
            && self.slow.iter().any(|slow| {
                slow.socket == socket && self.sockets.is_current(socket, slow.generation)
            });
        let is_sending =
            is_slow || (self.is_put_off && self.sent.iter().any(|(on, _)| *on == socket));
        if self.sockets.is_layered(socket) {
            while let Some(unread) = self.sockets.take(socket) {
                self.hear(socket, unread, buffers);
            }
        }
        let is_more = self.sockets.finish(socket, |unread| buffers.offer(unread));
        match (is_more, is_sending) {
            (true, _) => Leftover::Received,
            (false, true) => Leftover::Unsent,
            (false, false) => Leftover::None,
        }
    }

    /// Whether something that was sent on `socket` is not known to be with the kernel whole. More of the same
    /// stream of bytes would overtake it; whoever waits for what comes on the socket is woken when it is.
    pub fn is_sending(&mut self, socket: u32) -> bool {
        let is_sending = self.sent.iter().any(|(on, _)| *on == socket)
            || self.slow.iter().any(|slow| {
                slow.socket == socket && self.sockets.is_current(socket, slow.generation)
            });
        if is_sending && !self.waiting_to_send.contains(&socket) {
            self.waiting_to_send.push(socket);
        }
        is_sending
    }

    /// The same, at once: when this returns the kernel has taken it, or it is known that it has not.
    pub fn send_now(&mut self, socket: u32, request: Vec<u8>, buffers: &impl Offers) {
        self.send(socket, request);
        self.submit_all(buffers);
        self.reap(buffers);
        self.forget_sent();
    }

    /// Takes a buffer back whose request was not handed over.
    #[inline]
    pub fn keep_request_buffer(&mut self, buffer: Vec<u8>) {
        self.request_buffers.keep(buffer);
    }

    /// Hands `request` to the kernel, at the end of this turn at the latest.
    #[inline]
    pub fn send(&mut self, socket: u32, request: Vec<u8>) {
        self.sockets.begin(socket);
        let mark = Kind::Send.mark(self.sockets.generation(socket), socket);
        self.push(socket, Wish::Send(&request), mark);
        // The wish names the bytes, which stay where they are when the vector is moved.
        self.sent.push((socket, request));
        if self.kernel.queued() as usize >= SENT_AT_ONCE {
            self.submit();
        }
    }

    #[inline]
    fn push(&mut self, socket: u32, wish: Wish<'_>, mark: u64) {
        while self.kernel.is_full() {
            self.submit();
        }
        self.kernel.push(socket, wish, mark);
    }

    /// Has the kernel carry out what is queued.
    fn submit(&mut self) {
        if self.kernel.queued() > 0 {
            self.kernel.enter(false);
        }
    }

    /// Has the kernel carry out all that is queued, however often it has to be asked.
    fn submit_all(&mut self, buffers: &impl Offers) {
        self.submit();
        while self.kernel.queued() > 0 {
            // It may want room for completions.
            self.reap(buffers);
            self.submit();
        }
    }

    /// Submits what is queued and takes what has completed. Returns how many completions there were.
    pub fn turn(&mut self, buffers: &impl Offers) -> usize {
        while let Some((socket, generation)) = self.unarmed.pop() {
            if self.sockets.is_current(socket, generation) {
                self.arm(socket);
            }
        }
        // Always: the kernel does not tell reliably whether something waits to be completed (its
        // flag was seen to be unset with a reply there, and then nothing ever woke anybody).
        self.kernel.enter(true);
        let reaped = self.reap(buffers);
        self.forget_sent();
        reaped
    }

    fn forget_sent(&mut self) {
        if self.kernel.queued() == 0 {
            // All of them were taken or have told that they were not.
            for (_, request) in self.sent.drain(..) {
                self.request_buffers.keep(request);
            }
            self.tell_senders();
        }
    }

    /// Wakes those whose bytes are with the kernel by now.
    #[inline]
    fn tell_senders(&mut self) {
        if !self.waiting_to_send.is_empty() {
            let (sockets, slow) = (&self.sockets, &self.slow);
            self.waiting_to_send.retain(|&socket| {
                let is_slow = slow.iter().any(|slow| {
                    slow.socket == socket && sockets.is_current(socket, slow.generation)
                });
                if !is_slow {
                    sockets.wake(socket);
                }
                is_slow
            });
        }
    }

    fn reap(&mut self, buffers: &impl Offers) -> usize {
        self.is_put_off = self.kernel.queued() > 0;
        let mut reaped = 0;
        let mut batch = std::mem::take(&mut self.batch);
        loop {
            let completions = std::iter::from_fn(|| self.kernel.completion());
            batch.extend(completions.take(LOOKED_AT_TOGETHER));
            if batch.is_empty() {
                self.batch = batch;
                return reaped;
            }
            reaped += batch.len();
            for completion in &batch {
                let (kind, _, number) = Kind::read(completion.mark);
                if kind == Kind::Receive {
                    self.sockets.fetch_reader(number);
                }
            }
            for completion in batch.drain(..) {
                self.complete(buffers, &completion);
            }
        }
    }

    #[inline]
    fn complete(&mut self, buffers: &impl Offers, completion: &Completion) {
        let (kind, generation, number) = Kind::read(completion.mark);
        match kind {
            Kind::Receive => self.received(buffers, completion, generation, number),
            Kind::Send => self.was_not_taken(completion.result, generation, number),
            Kind::Rest => self.was_taken_late(completion.result, generation, number),
            Kind::Race => {
                if let Some(result) = self.race_results.get_mut(number as usize) {
                    *result = completion.result;
                }
            }
            Kind::Cancel => {}
        }
    }

    #[inline]
    fn received(
        &mut self,
        buffers: &impl Offers,
        completion: &Completion,
        generation: u16,
        socket: u32,
    ) {
        let is_current = self.sockets.is_current(socket, generation);
        let result = completion.result;
        if let Some(buffer) = completion.buffer {
            let bytes = result.max(0) as u32;
            let filled = FilledBuffer { buffer, bytes };
            let fate = match is_current && bytes > 0 {
                true => self.sockets.received(socket, filled),
                false => Fate::Spent,
            };
            match fate {
                Fate::Kept => {}
                Fate::Spent => buffers.offer(buffer),
                Fate::Heard => self.hear(socket, filled, buffers),
            }
        }
        if completion.is_more || !is_current {
            return;
        }
        match -result {
            libc::ECANCELED => {}
            // All buffers are waiting to be read; or the kernel has a reason of its own to end a
            // receive that was well.
            ..0 | libc::ENOBUFS => self.unarmed.push((socket, generation)),
            errno => self.sockets.ended(socket, errno),
        }
    }

    /// The kernel did not take a request, or only a part of it.
    #[cold]
    fn was_not_taken(&mut self, result: i32, generation: u16, socket: u32) {
        if !self.sockets.is_current(socket, generation) {
            return;
        }
        let Some(place) = self
            .sent
            .iter()
            .rposition(|(sent_on, _)| *sent_on == socket)
        else {
            return;
        };
        if result < 0 && result != -libc::EAGAIN {
            self.sockets.unsent(socket, -result, false);
            return;
        }
        let text = std::mem::take(&mut self.sent[place].1);
        self.slow.push(SlowRequest {
            socket,
            generation,
            text,
            taken: result.max(0) as usize,
        });
        self.send_rest(self.slow.len() - 1);
    }

    #[cold]
    fn send_rest(&mut self, place: usize) {
        let SlowRequest {
            socket,
            generation,
            ref text,
            taken,
        } = self.slow[place];
        while self.kernel.is_full() {
            self.kernel.enter(false);
        }
        let mark = Kind::Rest.mark(generation, socket);
        self.kernel
            .push(socket, Wish::SendRest(&text[taken..]), mark);
    }

    #[cold]
    fn was_taken_late(&mut self, result: i32, generation: u16, socket: u32) {
        let is_it = |slow: &SlowRequest| (slow.socket, slow.generation) == (socket, generation);
        let Some(place) = self.slow.iter().position(is_it) else {
            return;
        };
        let slow = &mut self.slow[place];
        slow.taken += result.max(0) as usize;
        if result > 0 && slow.taken < slow.text.len() && self.sockets.is_current(socket, generation)
        {
            self.send_rest(place);
            return;
        }
        let slow = self.slow.swap_remove(place);
        if slow.taken < slow.text.len() && self.sockets.is_current(socket, generation) {
            let errno = if result < 0 { -result } else { libc::EPIPE };
            self.sockets.unsent(socket, errno, slow.taken > 0);
        }
    }

    /// Sends `bytes` as a part of the race.
    pub fn queue_racer(&mut self, to: Destination, bytes: &[u8]) {
        if to.descriptor < 0 {
            self.race_results.push(-libc::EBADF);
            return;
        }
        let number = self.race_results.len() as u32;
        self.race_results.push(bytes.len() as i32);
        self.push(to.place, Wish::Send(bytes), Kind::Race.mark(0, number));
    }

    /// Submits all that is queued, and takes what completed at once.
    pub fn release(&mut self, buffers: &impl Offers, results: &mut Vec<i32>) {
        self.submit_all(buffers);
        self.reap(buffers);
        results.append(&mut self.race_results);
    }
}
