//! One ring with all that makes it cheap: completions are worked off by the thread that waits, one
//! receive serves a connection to its end, the kernel picks the buffers and knows the descriptors, and a
//! send that succeeds posts nothing.
//!
//! The one place of `unsafe` outside of the engine: what is measured here is the kernel's interface
//! without the engine, so the engine's functions are no way to it.

use super::request::Request;
use io_uring::{IoUring, cqueue, opcode, squeue, types};
use std::alloc::Layout;
use std::io;
use std::mem::size_of;
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Most requests of one submission.
const SUBMISSIONS: u32 = 256;
/// More than a reply of the fixed server has.
const BUFFER_BYTES: usize = 512;
/// Those of a batch go round and round; more of them only leave the caches.
const MOST_BUFFERS: u32 = 256;
const PAGE_BYTES: usize = 4_096;
const GROUP: u16 = 0;
/// What a send may do: only try, all or nothing, and no signal when the peer is gone.
const SEND_FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;

const RECEIVE: u64 = 0;
const SEND: u64 = 1 << 32;
const TIMER: u64 = 2 << 32;

/// What the kernel has done.
pub enum Completion {
    /// Bytes arrived. They stay until [`Ring::give_back`].
    Received { connection: u32, bytes: Received },
    /// The receive has ended, for want of a buffer or of room to tell, and must be made anew.
    Stopped { connection: u32 },
    /// The server has closed the connection.
    Closed { connection: u32 },
    /// A send or a receive failed.
    Failed { connection: u32, error: io::Error },
    /// The run time is over.
    TimeIsUp,
}

/// A buffer that the kernel has filled. There is one of it until it is given back.
pub struct Received {
    buffer: u16,
    bytes: u32,
}

/// See the file's purpose.
pub struct Ring {
    ring: IoUring,
    buffers: Buffers,
    /// One for each request of a submission, used again by the next.
    requests: Vec<Request>,
    queued: usize,
    /// A connection whose last bytes were those of a receive that has ended.
    stopped: Option<u32>,
    enters: u64,
    completions: u64,
    _sockets: Vec<TcpStream>,
}

impl Ring {
    /// A ring with these connections, which are numbered from 0, and copies of the request.
    pub fn new(sockets: Vec<TcpStream>, request: &Request) -> io::Result<Self> {
        let connections = sockets.len() as u32;
        let ring: IoUring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_submit_all()
            .setup_cqsize((2 * connections).next_power_of_two().max(2 * SUBMISSIONS))
            .build(SUBMISSIONS)?;
        let descriptors: Vec<RawFd> = sockets.iter().map(AsRawFd::as_raw_fd).collect();
        ring.submitter().register_files(&descriptors)?;
        let buffers = connections.next_power_of_two().clamp(64, MOST_BUFFERS);
        Ok(Self {
            buffers: Buffers::register(&ring, buffers as u16)?,
            requests: vec![request.clone(); SUBMISSIONS as usize],
            queued: 0,
            stopped: None,
            enters: 0,
            completions: 0,
            _sockets: sockets,
            ring,
        })
    }

    /// Calls of the kernel so far.
    pub fn enters(&self) -> u64 {
        self.enters
    }

    /// What the kernel has told so far.
    pub fn completions(&self) -> u64 {
        self.completions
    }

    /// Has [`Completion::TimeIsUp`] come after a time from now.
    pub fn end_after(&mut self, time: Duration) -> io::Result<()> {
        let timespec = types::Timespec::new()
            .sec(time.as_secs())
            .nsec(time.subsec_nanos());
        let entry = opcode::Timeout::new(&timespec).build().user_data(TIMER);
        self.make_room()?;
        // SAFETY: the kernel reads the time while it takes the entry, which is before `enter` returns.
        unsafe { self.ring.submission().push(&entry) }.map_err(io::Error::other)?;
        self.enter(0)
    }

    /// Listens to a connection, to its end or until buffers run out.
    pub fn receive(&mut self, connection: u32) -> io::Result<()> {
        let entry = opcode::RecvMulti::new(types::Fixed(connection), GROUP)
            .build()
            .user_data(RECEIVE | u64::from(connection));
        self.make_room()?;
        // SAFETY: the entry names no memory; that of the buffers is never freed.
        unsafe { self.ring.submission().push(&entry) }.map_err(io::Error::other)
    }

    /// Queues a request with this number.
    #[inline]
    pub fn send(&mut self, connection: u32, number: u64) -> io::Result<()> {
        if self.queued == self.requests.len() {
            self.enter(0)?;
        }
        self.make_room()?;
        let request = &mut self.requests[self.queued];
        self.queued += 1;
        request.number(number);
        let bytes = request.bytes();
        let entry = opcode::Send::new(types::Fixed(connection), bytes.as_ptr(), bytes.len() as u32)
            .flags(SEND_FLAGS)
            .build()
            .flags(squeue::Flags::SKIP_SUCCESS)
            .user_data(SEND | u64::from(connection));
        // SAFETY: the bytes are left alone until `enter` has had the kernel take all entries. With
        // MSG_DONTWAIT it sends while it takes the entry and keeps nothing: what does not go at once
        // fails.
        unsafe { self.ring.submission().push(&entry) }.map_err(io::Error::other)
    }

    /// Hands over what is queued and waits for a completion.
    #[inline]
    pub fn wait(&mut self) -> io::Result<()> {
        self.enter(1)
    }

    /// The next completion that is there.
    #[inline]
    pub fn next(&mut self) -> Option<Completion> {
        if let Some(connection) = self.stopped.take() {
            return Some(Completion::Stopped { connection });
        }
        let entry = self.ring.completion().next()?;
        self.completions += 1;
        let connection = entry.user_data() as u32;
        let kind = entry.user_data() & !u64::from(u32::MAX);
        let result = entry.result();
        Some(match (kind, result) {
            (TIMER, _) => Completion::TimeIsUp,
            (RECEIVE, 1..) => match cqueue::buffer_select(entry.flags()) {
                Some(buffer) => {
                    if !cqueue::more(entry.flags()) {
                        self.stopped = Some(connection);
                    }
                    let bytes = result as u32;
                    let bytes = Received { buffer, bytes };
                    Completion::Received { connection, bytes }
                }
                None => failed(connection, libc::ENOTSUP),
            },
            (RECEIVE, 0) => Completion::Closed { connection },
            (RECEIVE, _) if result == -libc::ENOBUFS => Completion::Stopped { connection },
            // A send says something only when it did not take all.
            (_, 0..) => failed(connection, libc::EAGAIN),
            _ => failed(connection, -result),
        })
    }

    /// What was received.
    #[inline]
    pub fn bytes(&self, received: &Received) -> &[u8] {
        self.buffers.filled(received)
    }

    /// Lets the kernel use the buffer again.
    #[inline]
    pub fn give_back(&mut self, received: Received) {
        self.buffers.offer(received.buffer);
    }

    #[inline]
    fn make_room(&mut self) -> io::Result<()> {
        let is_full = self.ring.submission().is_full();
        if is_full { self.enter(0) } else { Ok(()) }
    }

    /// Has the kernel take every entry, and waits for `completions`.
    #[inline]
    fn enter(&mut self, completions: usize) -> io::Result<()> {
        loop {
            self.enters += 1;
            let entered = self.ring.submit_and_wait(completions);
            match entered.as_ref().map_err(io::Error::raw_os_error) {
                Ok(_) | Err(Some(libc::EINTR)) => {}
                Err(_) => return entered.map(drop),
            }
            if self.ring.submission().is_empty() {
                self.queued = 0;
                return Ok(());
            }
        }
    }
}

#[cold]
fn failed(connection: u32, error: i32) -> Completion {
    let error = io::Error::from_raw_os_error(error);
    Completion::Failed { connection, error }
}

/// Memory that the kernel receives into, and the ring that offers it.
///
/// It is never freed: the kernel may write to it until the ring is gone, which is some time after its
/// descriptor was closed.
struct Buffers {
    entries: NonNull<types::BufRingEntry>,
    memory: NonNull<u8>,
    mask: u16,
    tail: u16,
}

impl Buffers {
    /// `count` is a power of two.
    fn register(ring: &IoUring, count: u16) -> io::Result<Self> {
        let number = usize::from(count);
        let mut buffers = Self {
            entries: pages(number * size_of::<types::BufRingEntry>())?.cast(),
            memory: pages(number * BUFFER_BYTES)?,
            mask: count - 1,
            tail: 0,
        };
        let address = buffers.entries.as_ptr() as u64;
        // SAFETY: whole pages, as long as the entries, that are never freed.
        unsafe { ring.submitter().register_buf_ring(address, count, GROUP) }?;
        for buffer in 0..count {
            buffers.offer(buffer);
        }
        Ok(buffers)
    }

    #[inline]
    fn filled(&self, received: &Received) -> &[u8] {
        let buffer = usize::from(received.buffer & self.mask);
        let bytes = (received.bytes as usize).min(BUFFER_BYTES);
        // SAFETY: within the memory, for the mask's buffers have BUFFER_BYTES each. The kernel has
        // filled this one and leaves it alone until it is offered again, which takes `received`.
        unsafe {
            let start = self.memory.add(buffer * BUFFER_BYTES);
            std::slice::from_raw_parts(start.as_ptr(), bytes)
        }
    }

    #[inline]
    fn offer(&mut self, buffer: u16) {
        let number = usize::from(buffer & self.mask);
        let place = usize::from(self.tail & self.mask);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: place and number are within the mask, so within the two allocations. The kernel
        // reads no entry before the tail says that it is there, and writes none; the tail lies in the
        // first entry, aligned, and is only written here.
        unsafe {
            let entry = &mut *self.entries.add(place).as_ptr();
            entry.set_addr(self.memory.add(number * BUFFER_BYTES).as_ptr() as u64);
            entry.set_len(BUFFER_BYTES as u32);
            entry.set_bid(buffer);
            let tail = types::BufRingEntry::tail(self.entries.as_ptr());
            AtomicU16::from_ptr(tail.cast_mut()).store(self.tail, Ordering::Release);
        }
    }
}

/// Zeroed pages that are never freed.
fn pages(bytes: usize) -> io::Result<NonNull<u8>> {
    let layout = Layout::from_size_align(bytes.max(PAGE_BYTES), PAGE_BYTES);
    let layout = layout.map_err(io::Error::other)?;
    // SAFETY: the layout is not empty.
    let start = unsafe { std::alloc::alloc_zeroed(layout) };
    NonNull::new(start).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

/// Takes the congestion control that the engine takes, so that both pay for the same.
pub fn send_unpaced(socket: &TcpStream) -> io::Result<()> {
    const NAME: &[u8] = b"reno";
    let length = NAME.len() as libc::socklen_t;
    // SAFETY: the option's value is `NAME`, readable for the length given; the socket is open.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_CONGESTION,
            NAME.as_ptr().cast(),
            length,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What this process has used.
pub fn usage() -> libc::rusage {
    // SAFETY: plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a value of the right type. It cannot fail for this process.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usage
}
