//! The ring as the rest of the engine sees it.

use super::buffers::ReceiveBuffers;
use super::sockets::{Arrival, FilledBuffer};
use super::state::{Leftover, RingState};
use super::uring::Uring;
use crate::engine::destination::Destination;
use crate::engine::kept_waker::remember;
use crate::engine::net::IdleState;
use rustix::event::{EventfdFlags, eventfd};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Buffers that arrivals lie in until they are read, in the same turn of the loop.
const BUFFERS: u16 = 256;
/// Bytes of one; a longer reply comes in several. No power of two, so that the beginnings of all of them,
/// which is all that most replies fill, do not meet in the same few places of the caches.
const BUFFER_BYTES: u32 = 2_112;

/// What the runtime keeps before the future of a task, at most.
const TASK_HEADER_BYTES: usize = 64;

/// A core's ring, and what its sockets are asked for.
pub struct SocketRing {
    /// Before the ring, whose end releases them.
    pub(super) buffers: ReceiveBuffers,
    state: RefCell<RingState<Uring>>,
    /// Readable when something has completed, or can; taken by the driver.
    signal: Cell<Option<File>>,
    driver: RefCell<Option<Waker>>,
    /// Whether the driver waits in the runtime and has to be told of what is queued.
    pub(super) is_asleep: Cell<bool>,
    pub(super) is_over: Cell<bool>,
}

impl SocketRing {
    /// A ring with room for `sockets`.
    ///
    /// # Errors
    /// When the kernel is too old, forbids rings, or has no memory for it.
    pub fn new(sockets: usize) -> io::Result<Rc<Self>> {
        let kernel = Uring::new(sockets)?;
        let buffers = ReceiveBuffers::register(&kernel.submitter(), BUFFERS, BUFFER_BYTES)?;
        let signal = File::from(eventfd(0, EventfdFlags::CLOEXEC)?);
        kernel.submitter().register_eventfd(signal.as_raw_fd())?;
        let state = RingState::new(kernel, sockets, BUFFERS);
        Ok(Rc::new(Self {
            buffers,
            signal: Cell::new(Some(signal)),
            state: RefCell::new(state),
            driver: RefCell::new(None),
            is_asleep: Cell::new(false),
            is_over: Cell::new(false),
        }))
    }

    /// The tasks that wait for replies are futures of so many bytes: they are brought into the caches
    /// together when replies have come, instead of piece by piece when one after the other is woken.
    pub fn expect_readers_of(&self, future_bytes: usize) {
        let bytes = future_bytes + TASK_HEADER_BYTES;
        self.state.borrow_mut().expect_readers_of(bytes);
    }

    /// `socket` is `descriptor` from now on, which its owner closes after [`SocketRing::close`].
    pub fn open(&self, socket: u32, descriptor: RawFd) {
        self.state
            .borrow_mut()
            .open(socket, descriptor, &self.buffers);
        self.tell_driver();
    }

    /// Forgets the connection that `socket` is.
    pub fn close(&self, socket: u32) {
        self.state.borrow_mut().close(socket, &self.buffers);
        self.tell_driver();
    }

    /// What `socket` is while no request is in flight on it.
    #[inline]
    pub fn idle(&self, socket: u32) -> IdleState {
        self.state.borrow().idle(socket)
    }

    /// What comes on `socket` while no request is in flight is kept until [`SocketRing::take_heard`].
    pub fn set_layered(&self, socket: u32) {
        self.state.borrow_mut().set_layered(socket);
    }

    /// What came on `socket` while no request was in flight, where that is kept.
    pub fn take_heard(&self, socket: u32) -> Option<Vec<u8>> {
        self.state.borrow_mut().take_heard(socket)
    }

    /// An empty buffer for a request.
    #[inline]
    pub fn request_buffer(&self) -> Vec<u8> {
        self.state.borrow_mut().request_buffer()
    }

    /// Hands `request` to the kernel, soon: at the end of this turn of the loop at the latest.
    #[inline]
    pub fn send(&self, socket: u32, request: Vec<u8>) {
        self.state.borrow_mut().send(socket, request);
        self.tell_driver();
    }

    /// Whether something that was sent on `socket` is not known to be with the kernel whole; whoever waits for
    /// what comes on it is woken when it is.
    pub fn is_sending(&self, socket: u32) -> bool {
        self.state.borrow_mut().is_sending(socket)
    }

    /// Hands `request` to the kernel now.
    pub fn send_now(&self, socket: u32, request: Vec<u8>) {
        self.state
            .borrow_mut()
            .send_now(socket, request, &self.buffers);
        self.tell_driver();
    }

    /// Takes a buffer back whose request was not handed over.
    #[inline]
    pub fn keep_request_buffer(&self, buffer: Vec<u8>) {
        self.state.borrow_mut().keep_request_buffer(buffer);
    }

    /// Requests on `socket` are sent by [`SocketRing::race`]: what comes from now on is a reply.
    pub fn begin(&self, socket: u32) {
        self.state.borrow_mut().begin(socket);
    }

    /// What comes next on `socket`, on which a request is in flight; the task is woken when it does.
    #[inline]
    pub(super) fn poll_arrival(
        &self,
        socket: u32,
        context: &Context<'_>,
    ) -> Poll<Arrival<FilledBuffer>> {
        let next = self.state.borrow_mut().next(socket, context.waker());
        next.map_or(Poll::Pending, Poll::Ready)
    }

    /// The request on `socket` is over. What is left of it.
    #[inline]
    pub fn finish(&self, socket: u32) -> Leftover {
        self.state.borrow_mut().finish(socket, &self.buffers)
    }

    /// Hands each of `sends` to the kernel, those of one submission together, and returns when it has
    /// taken them. Bytes taken, or a negative error number, go to `results`.
    pub(in crate::engine) fn race<'a>(
        &self,
        sends: impl Iterator<Item = (Destination, &'a [u8])>,
        results: &mut Vec<i32>,
    ) {
        self.state.borrow_mut().begin_race();
        // Borrowed anew for each: who names them asks the ring about them.
        for (to, bytes) in sends {
            self.state.borrow_mut().queue_racer(to, bytes);
        }
        self.state.borrow_mut().release(&self.buffers, results);
    }

    /// Ends [`super::drive`]: nothing travels any more.
    pub fn end(&self) {
        self.is_over.set(true);
        // The driver waits for the ring: something has to complete.
        self.state.borrow_mut().complete_nothing();
    }

    /// Submits what is queued and takes what has completed. Returns how many completions there were.
    pub(super) fn turn(&self) -> usize {
        self.state.borrow_mut().turn(&self.buffers)
    }

    /// What is readable when something has completed, or can. `None` when somebody has it.
    pub(super) fn take_signal(&self) -> Option<File> {
        self.signal.take()
    }

    /// The driver waits in the runtime from now on, and is woken by what is queued.
    pub(super) fn sleep(&self, context: &Context<'_>) {
        remember(&self.driver, context.waker());
        self.is_asleep.set(true);
    }

    #[inline]
    fn tell_driver(&self) {
        if self.is_asleep.replace(false)
            && let Some(driver) = &*self.driver.borrow()
        {
            driver.wake_by_ref();
        }
    }
}

impl Drop for SocketRing {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        self.buffers.release(&state.kernel.submitter());
        state.forget_slow();
    }
}
