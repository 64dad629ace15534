//! The ring itself: what is queued, submitted and completed, and whose it is.

use super::buffers::{GROUP, ReceiveBuffers};
use super::sockets::{Fate, FilledBuffer, SocketTable};
use crate::engine::destination::Destination;
use crate::engine::net::count_ring_entry;
use crate::engine::request_buffers::{RequestBuffers, SENT_AT_ONCE};

use io_uring::squeue::{Entry, Flags};
use io_uring::{IoUring, Submitter, cqueue, opcode, types};
use std::io;
use std::os::fd::RawFd;

/// Entries of the submission queue: as many racers leave in one submission.
const ENTRIES: u32 = 256;
/// Most completions between two looks; more are kept by the kernel, at a cost.
const COMPLETIONS: u32 = 4_096;
/// Completions whose readers are fetched from memory at the same time, before the first of them is
/// woken. The kernel tells of twenty in a call when more wait.
const LOOKED_AT_TOGETHER: usize = 32;
/// The kernel takes all of a request at once, or tells that it did not, and does not end the process
/// when the peer is gone. With MSG_WAITALL a part of it is no success, and so is told.
const AT_ONCE: i32 = libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
/// The kernel waits until the peer takes it.
const IN_TIME: i32 = libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
const GETEVENTS: u32 = 1;

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
pub(super) struct RingState {
    ring: IoUring,
    pub(super) sockets: SocketTable,
    descriptors: Box<[RawFd]>,
    /// Whether descriptors are registered.
    registered: bool,
    /// Requests in the queue that the kernel has not seen yet.
    unsubmitted: u32,
    /// Requests that were queued since the last turn.
    sent: Vec<(u32, Vec<u8>)>,
    /// Requests of which the kernel took a part at first.
    slow: Vec<SlowRequest>,
    pub(super) request_buffers: RequestBuffers,
    /// Sockets whose receive has to be armed again.
    unarmed: Vec<(u32, u16)>,
    /// What became of each request of a race.
    race_results: Vec<i32>,
    /// Completions that are being looked at. Empty between two looks.
    batch: Vec<cqueue::Entry>,
}

struct SlowRequest {
    socket: u32,
    generation: u16,
    text: Vec<u8>,
    taken: usize,
}

impl RingState {
    /// A ring with room for `sockets`.
    pub(super) fn new(sockets: usize, buffers: u16) -> io::Result<Self> {
        let mut setup = IoUring::builder();
        setup
            .setup_cqsize(COMPLETIONS)
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun();
        let ring: IoUring = setup.build(ENTRIES)?;
        let registered = ring
            .submitter()
            .register_files_sparse(sockets.max(1) as u32)
            .is_ok();
        Ok(Self {
            ring,
            sockets: SocketTable::new(sockets, buffers),
            descriptors: vec![-1; sockets].into(),
            registered,
            unsubmitted: 0,
            sent: Vec::with_capacity(sockets),
            slow: Vec::new(),
            request_buffers: RequestBuffers::new(sockets),
            unarmed: Vec::with_capacity(sockets),
            race_results: Vec::with_capacity(sockets),
            batch: Vec::with_capacity(LOOKED_AT_TOGETHER),
        })
    }

    pub(super) fn submitter(&self) -> Submitter<'_> {
        self.ring.submitter()
    }

    /// Has something complete, without effect.
    pub(super) fn complete_nothing(&mut self) {
        let nothing = opcode::Nop::new().build();
        self.push(nothing.user_data(Kind::Cancel.mark(0, 0)));
        self.submit();
    }

    /// The ring ends: what the kernel has taken only a part of, it may still read.
    pub(super) fn forget_slow(&mut self) {
        std::mem::forget(std::mem::take(&mut self.slow));
    }

    /// The next racers are those of a new race.
    pub(super) fn begin_race(&mut self) {
        self.submit();
        self.race_results.clear();
    }

    pub(super) fn open(&mut self, socket: u32, descriptor: RawFd) {
        // What is queued means the connection that this place was before.
        self.submit();
        self.descriptors[socket as usize] = descriptor;
        if self.registered {
            let submitter = self.ring.submitter();
            let updated = submitter.register_files_update(socket, &[descriptor]);
            // Registered or not is a matter of the whole ring; a table that takes no more is not
            // used any more.
            self.registered = updated.is_ok();
        }
        self.sockets.open(socket);
        self.arm(socket);
    }

    fn arm(&mut self, socket: u32) {
        let generation = self.sockets.generation(socket);
        let mark = Kind::Receive.mark(generation, socket);
        let entry = match self.registered {
            true => opcode::RecvMulti::new(types::Fixed(socket), GROUP).build(),
            false => {
                let descriptor = types::Fd(self.descriptors[socket as usize]);
                opcode::RecvMulti::new(descriptor, GROUP).build()
            }
        };
        self.push(entry.user_data(mark));
    }

    pub(super) fn close(&mut self, socket: u32, buffers: &ReceiveBuffers) {
        let receive = Kind::Receive.mark(self.sockets.generation(socket), socket);
        self.sockets.close(socket, |unread| buffers.offer(unread));
        self.cancel(receive);
        for place in 0..self.slow.len() {
            let slow = &self.slow[place];
            if slow.socket == socket {
                self.cancel(Kind::Rest.mark(slow.generation, socket));
            }
        }
        // The connection lives as long as the kernel holds it for a receive or in its table.
        self.submit();
        if self.registered {
            let _ = self.ring.submitter().register_files_update(socket, &[-1]);
        }
        self.descriptors[socket as usize] = -1;
    }

    fn cancel(&mut self, mark: u64) {
        let cancel = opcode::AsyncCancel::new(mark).build();
        self.push(
            cancel
                .flags(Flags::SKIP_SUCCESS)
                .user_data(Kind::Cancel.mark(0, 0)),
        );
    }

    /// The request on `socket` is over; its buffers that nobody has read go back. Whether something
    /// came that was no part of its reply, or a part of it has not left yet: then nothing else can be
    /// sent on the connection.
    #[inline]
    pub(super) fn finish(&mut self, socket: u32, buffers: &ReceiveBuffers) -> Leftover {
        let is_sending = !self.slow.is_empty()
            && self.slow.iter().any(|slow| {
                slow.socket == socket && self.sockets.is_current(socket, slow.generation)
            });
        let is_more = self.sockets.finish(socket, |unread| buffers.offer(unread));
        match (is_more, is_sending) {
            (true, _) => Leftover::Received,
            (false, true) => Leftover::Unsent,
            (false, false) => Leftover::None,
        }
    }

    #[inline]
    pub(super) fn send(&mut self, socket: u32, request: Vec<u8>) {
        self.sockets.begin(socket);
        let generation = self.sockets.generation(socket);
        let entry = self.send_entry(socket, &request, AT_ONCE);
        self.push(
            entry
                .flags(Flags::SKIP_SUCCESS)
                .user_data(Kind::Send.mark(generation, socket)),
        );
        // The entry names the bytes, which stay where they are when the vector is moved.
        self.sent.push((socket, request));
        if self.unsubmitted as usize >= SENT_AT_ONCE {
            self.submit();
        }
    }

    #[inline]
    fn send_entry(&self, socket: u32, bytes: &[u8], flags: i32) -> Entry {
        let (pointer, length) = (bytes.as_ptr(), bytes.len() as u32);
        // Flags of the entry replace those of the builder, which mark a registered descriptor.
        match self.registered {
            true => opcode::Send::new(types::Fixed(socket), pointer, length)
                .flags(flags)
                .build(),
            false => {
                let descriptor = types::Fd(self.descriptors[socket as usize]);
                opcode::Send::new(descriptor, pointer, length)
                    .flags(flags)
                    .build()
            }
        }
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        while self.ring.submission().is_full() {
            self.submit();
        }
        // SAFETY: what an entry names lives until the kernel is done with it: requests are kept in
        // `sent` or `slow` until they are known to be taken or failed, those of a race outlast the
        // call that submits them, and receives land in `buffers`, which the ring's end outlasts.
        let pushed = unsafe { self.ring.submission().push(&entry) };
        debug_assert!(pushed.is_ok(), "there was room");
        self.unsubmitted += 1;
        count_ring_entry();
    }

    /// Has the kernel carry out what is queued.
    fn submit(&mut self) {
        if self.unsubmitted > 0 {
            self.enter(0);
        }
    }

    fn enter(&mut self, flags: u32) {
        let queued = self.ring.submission().len() as u32;
        // SAFETY: no argument is given, and what the queued entries name is live: see `push`.
        let entered = unsafe {
            self.ring
                .submitter()
                .enter::<libc::sigset_t>(queued, 0, flags, None)
        };
        match entered {
            Ok(taken) => self.unsubmitted = queued.saturating_sub(taken as u32),
            Err(error) => match error.raw_os_error() {
                // Tried again in the next turn.
                Some(libc::EINTR | libc::EAGAIN | libc::EBUSY) => {}
                // It cannot happen: the kernel refuses only a ring that was not set up. Entries
                // that were never submitted name memory that must not go.
                _ => std::process::abort(),
            },
        }
    }

    pub(super) fn turn(&mut self, buffers: &ReceiveBuffers) -> usize {
        while let Some((socket, generation)) = self.unarmed.pop() {
            if self.sockets.is_current(socket, generation) {
                self.arm(socket);
            }
        }
        // Always: the kernel does not tell reliably whether something waits to be completed (its
        // flag was seen to be unset with a reply there, and then nothing ever woke anybody).
        self.enter(GETEVENTS);
        let reaped = self.reap(buffers);
        if self.unsubmitted == 0 {
            // All of them were taken or have told that they were not.
            for (_, request) in self.sent.drain(..) {
                self.request_buffers.keep(request);
            }
        }
        reaped
    }

    fn reap(&mut self, buffers: &ReceiveBuffers) -> usize {
        let mut reaped = 0;
        let mut batch = std::mem::take(&mut self.batch);
        loop {
            batch.extend(self.ring.completion().take(LOOKED_AT_TOGETHER));
            if batch.is_empty() {
                self.batch = batch;
                return reaped;
            }
            reaped += batch.len();
            for completion in &batch {
                let (kind, _, number) = Kind::read(completion.user_data());
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
    fn complete(&mut self, buffers: &ReceiveBuffers, completion: &cqueue::Entry) {
        let (kind, generation, number) = Kind::read(completion.user_data());
        match kind {
            Kind::Receive => self.received(buffers, completion, generation, number),
            Kind::Send => self.was_not_taken(completion.result(), generation, number),
            Kind::Rest => self.was_taken_late(completion.result(), generation, number),
            Kind::Race => {
                if let Some(result) = self.race_results.get_mut(number as usize) {
                    *result = completion.result();
                }
            }
            Kind::Cancel => {}
        }
    }

    #[inline]
    fn received(
        &mut self,
        buffers: &ReceiveBuffers,
        completion: &cqueue::Entry,
        generation: u16,
        socket: u32,
    ) {
        let is_current = self.sockets.is_current(socket, generation);
        let result = completion.result();
        if let Some(buffer) = cqueue::buffer_select(completion.flags()) {
            let bytes = result.max(0) as u32;
            let filled = FilledBuffer { buffer, bytes };
            let is_kept =
                is_current && bytes > 0 && self.sockets.received(socket, filled) == Fate::Kept;
            if !is_kept {
                buffers.offer(buffer);
            }
        }
        if cqueue::more(completion.flags()) || !is_current {
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
        let entry = self.send_entry(socket, &text[taken..], IN_TIME);
        self.push(entry.user_data(Kind::Rest.mark(generation, socket)));
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

    pub(super) fn queue_racer(&mut self, to: Destination, bytes: &[u8]) {
        if to.descriptor < 0 {
            self.race_results.push(-libc::EBADF);
            return;
        }
        if self.ring.submission().is_full() {
            self.submit();
        }
        let number = self.race_results.len() as u32;
        self.race_results.push(bytes.len() as i32);
        let entry = self.send_entry(to.place, bytes, AT_ONCE);
        self.push(
            entry
                .flags(Flags::SKIP_SUCCESS)
                .user_data(Kind::Race.mark(0, number)),
        );
    }

    /// Submits all that is queued, and takes what completed at once.
    pub(super) fn release(&mut self, buffers: &ReceiveBuffers, results: &mut Vec<i32>) {
        self.submit();
        while self.unsubmitted > 0 {
            self.reap(buffers);
            self.submit();
        }
        self.reap(buffers);
        results.append(&mut self.race_results);
    }
}
