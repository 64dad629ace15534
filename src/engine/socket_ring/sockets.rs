//! What is known of each socket of a ring: whether a request is in flight on it, what arrived and
//! waits to be read, and how it ended. Pure: completions go in, answers come out.
//!
//! Only what arrives while a request is in flight can be its reply. All else is unsolicited: from
//! then on the socket answers nothing.

use crate::engine::fetch_ahead::fetch_ahead;
use crate::engine::net::IdleState;
use std::task::Waker;

/// Stands for no buffer.
const NO_BUFFER: u16 = u16::MAX;
/// Most buffers that wait for one socket's reader: all others need some. A reader that waits comes
/// before more than a few arrive.
const MOST_WAITING: u16 = 128;

/// Something that came on a socket, in the order in which it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival<B> {
    /// Bytes, in a buffer of the kernel's.
    Buffer(B),
    /// The peer closed its side.
    Closed,
    /// The connection broke, with this error number.
    Broken(i32),
    /// The kernel did not take the request, with this error number: not a byte of it left.
    Unsent(i32),
    /// The kernel took part of the request, and then gave this error number.
    SentInPart(i32),
}

/// What arrives on one connection, piece by piece.
pub trait Arrivals {
    /// What bytes come in.
    type Piece: AsRef<[u8]>;

    /// Waits for what comes next while a request is in flight.
    fn arrival(&self) -> impl Future<Output = Arrival<Self::Piece>>;
}

/// A buffer that the kernel has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilledBuffer {
    /// Its number.
    pub buffer: u16,
    /// So many bytes came.
    pub bytes: u32,
}

/// What came in a buffer that waits, and the buffer that came after it on the same socket.
#[derive(Clone, Copy)]
struct WaitingBuffer {
    bytes: u32,
    next: u16,
}

/// What is to become of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits to be read.
    Kept,
    /// It can be offered to the kernel again.
    Spent,
    /// The same, once what is in it was kept elsewhere: nobody waits for it now.
    Heard,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SocketEnd {
    #[default]
    None,
    Closed,
    Broken(i32),
    Unsent(i32),
    SentInPart(i32),
}

struct SocketState {
    waker: Option<Waker>,
    end: SocketEnd,
    /// Buffers that wait to be read, in the order in which they came.
    first: u16,
    last: u16,
    waiting: u16,
    generation: u16,
    is_open: bool,
    is_in_flight: bool,
    is_unsolicited: bool,
    /// Whether what comes may be for a layer between the connection and its requests.
    is_layered: bool,
}

const _: () = assert!(size_of::<SocketState>() <= 40);

/// The sockets of a ring. See the module's documentation.
pub(super) struct SocketTable {
    sockets: Box<[SocketState]>,
    buffers: Box<[WaitingBuffer]>,
    /// Bytes of the tasks that read.
    reader_bytes: usize,
}

impl SocketTable {
    /// Room for `sockets`, none of them open, that share `buffers`.
    pub(super) fn new(sockets: usize, buffers: u16) -> Self {
        let closed = || SocketState {
            waker: None,
            end: SocketEnd::None,
            first: NO_BUFFER,
            last: NO_BUFFER,
            waiting: 0,
            generation: 0,
            is_open: false,
            is_in_flight: false,
            is_unsolicited: false,
            is_layered: false,
        };
        let empty = WaitingBuffer {
            bytes: 0,
            next: NO_BUFFER,
        };
        Self {
            sockets: (0..sockets).map(|_| closed()).collect(),
            buffers: vec![empty; usize::from(buffers)].into(),
            reader_bytes: 0,
        }
    }

    /// The tasks that read are so large.
    pub(super) fn expect_readers_of(&mut self, bytes: usize) {
        self.reader_bytes = bytes;
    }

    /// Has the task that waits for `socket`, if there is one, be there when it is woken.
    #[inline]
    pub(super) fn fetch_reader(&self, socket: u32) {
        if let Some(waker) = &self.sockets[socket as usize].waker {
            fetch_ahead(waker.data(), self.reader_bytes);
        }
    }

    /// Wakes whoever waits for what comes on `socket`.
    pub(super) fn wake(&self, socket: u32) {
        self.sockets[socket as usize].wake();
    }

    fn at(&mut self, socket: u32) -> &mut SocketState {
        &mut self.sockets[socket as usize]
    }

    /// The number of the connection that `socket` is now; completions of former ones mean nothing.
    pub(super) fn generation(&self, socket: u32) -> u16 {
        self.sockets[socket as usize].generation
    }

    /// Whether `socket` is the connection of `generation`, and open.
    pub(super) fn is_current(&self, socket: u32, generation: u16) -> bool {
        let state = &self.sockets[socket as usize];
        state.is_open && state.generation == generation
    }

    /// A new connection is open.
    pub(super) fn open(&mut self, socket: u32) {
        let state = self.at(socket);
        state.is_open = true;
        state.is_in_flight = false;
        state.is_unsolicited = false;
        state.is_layered = false;
        state.end = SocketEnd::None;
    }

    /// What comes on `socket` while no request is in flight is kept for the layer that reads it.
    pub(super) fn set_layered(&mut self, socket: u32) {
        self.at(socket).is_layered = true;
    }

    /// Whether [`SocketTable::set_layered`] was called for this connection.
    pub(super) fn is_layered(&self, socket: u32) -> bool {
        self.sockets[socket as usize].is_layered
    }

    /// Something came on `socket` that answers nothing.
    pub(super) fn spoil(&mut self, socket: u32) {
        self.at(socket).is_unsolicited = true;
    }

    /// The connection is given up: nothing that comes of it means anything. Buffers that nobody has
    /// read are `spent`.
    pub(super) fn close(&mut self, socket: u32, spent: impl FnMut(u16)) {
        let state = self.at(socket);
        state.is_open = false;
        state.generation = state.generation.wrapping_add(1);
        state.is_in_flight = false;
        self.spend_all(socket, spent);
    }

    fn spend_all(&mut self, socket: u32, mut spent: impl FnMut(u16)) {
        while let Some(filled) = self.take(socket) {
            spent(filled.buffer);
        }
    }

    /// The next buffer that waits to be read.
    #[inline]
    pub(super) fn take(&mut self, socket: u32) -> Option<FilledBuffer> {
        let state = &mut self.sockets[socket as usize];
        let buffer = state.first;
        let waiting = self.buffers.get(usize::from(buffer))?;
        state.first = waiting.next;
        state.waiting -= 1;
        Some(FilledBuffer {
            buffer,
            bytes: waiting.bytes,
        })
    }

    /// What the socket is while no request is in flight.
    #[inline]
    pub(super) fn idle(&self, socket: u32) -> IdleState {
        let state = &self.sockets[socket as usize];
        match (state.is_unsolicited, state.end) {
            (true, _) => IdleState::Unsolicited,
            (false, SocketEnd::None) => IdleState::Quiet,
            (false, _) => IdleState::Closed,
        }
    }

    /// A request is in flight from now on.
    #[inline]
    pub(super) fn begin(&mut self, socket: u32) {
        self.at(socket).is_in_flight = true;
    }

    /// The request is over. Whether something is left that was no part of its reply; its buffers are
    /// `spent`.
    #[inline]
    pub(super) fn finish(&mut self, socket: u32, spent: impl FnMut(u16)) -> bool {
        let state = self.at(socket);
        state.is_in_flight = false;
        if state.first == NO_BUFFER {
            return false;
        }
        state.is_unsolicited = true;
        self.spend_all(socket, spent);
        true
    }

    /// Bytes came in `filled`.
    #[inline]
    pub(super) fn received(&mut self, socket: u32, filled: FilledBuffer) -> Fate {
        let state = &mut self.sockets[socket as usize];
        if !state.is_in_flight {
            if state.is_layered {
                return Fate::Heard;
            }
            state.is_unsolicited = true;
            return Fate::Spent;
        }
        if state.waiting == MOST_WAITING {
            state.end = SocketEnd::Broken(libc::ENOBUFS);
            state.wake();
            return Fate::Spent;
        }
        self.buffers[usize::from(filled.buffer)] = WaitingBuffer {
            bytes: filled.bytes,
            next: NO_BUFFER,
        };
        match state.first {
            NO_BUFFER => state.first = filled.buffer,
            _ => self.buffers[usize::from(state.last)].next = filled.buffer,
        }
        state.last = filled.buffer;
        state.waiting += 1;
        state.wake();
        Fate::Kept
    }

    /// The peer closed its side (`errno` 0), or the connection broke.
    pub(super) fn ended(&mut self, socket: u32, errno: i32) {
        let state = self.at(socket);
        if state.end == SocketEnd::None || errno != 0 {
            state.end = match errno {
                0 => SocketEnd::Closed,
                errno => SocketEnd::Broken(errno),
            };
        }
        state.wake();
    }

    /// The kernel did not take the request in flight, or only a part of it.
    pub(super) fn unsent(&mut self, socket: u32, errno: i32, in_part: bool) {
        let state = self.at(socket);
        if state.is_in_flight {
            state.end = match in_part {
                true => SocketEnd::SentInPart(errno),
                false => SocketEnd::Unsent(errno),
            };
            state.wake();
        }
    }

    /// The next thing that came while the request is in flight; if none has, `waker` is woken when
    /// one does.
    #[inline]
    pub(super) fn next(&mut self, socket: u32, waker: &Waker) -> Option<Arrival<FilledBuffer>> {
        if let Some(filled) = self.take(socket) {
            return Some(Arrival::Buffer(filled));
        }
        let state = self.at(socket);
        match state.end {
            SocketEnd::None => {
                match &mut state.waker {
                    Some(kept) => kept.clone_from(waker),
                    None => state.waker = Some(waker.clone()),
                }
                None
            }
            SocketEnd::Closed => Some(Arrival::Closed),
            SocketEnd::Broken(errno) => Some(Arrival::Broken(errno)),
            SocketEnd::Unsent(errno) => Some(Arrival::Unsent(errno)),
            SocketEnd::SentInPart(errno) => Some(Arrival::SentInPart(errno)),
        }
    }
}

impl SocketState {
    #[inline]
    fn wake(&self) {
        if let Some(waker) = &self.waker
            && self.is_in_flight
        {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOCKET: u32 = 1;

    #[derive(Clone, Debug)]
    enum Op {
        Begin,
        Finish,
        Bytes(u8),
        Ended(i32),
        Unsent(bool),
        Next,
        Reopen,
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            3 => Just(Op::Begin),
            3 => Just(Op::Finish),
            6 => (1_u8..9).prop_map(Op::Bytes),
            1 => prop_oneof![Just(0), Just(libc::ECONNRESET)].prop_map(Op::Ended),
            1 => any::<bool>().prop_map(Op::Unsent),
            6 => Just(Op::Next),
            2 => Just(Op::Reopen),
        ];
        prop::collection::vec(op, 0..80)
    }

    proptest! {
        /// However sends, bytes, ends and new connections come: what is read came after the request
        /// and before its end, on this connection, whole and in order; every buffer comes back once;
        /// and whatever came at another time spoils the connection.
        #[test]
        fn what_is_read_belongs_to_the_request(ops in ops()) {
            let mut table = SocketTable::new(2, 512);
            table.open(SOCKET);
            let mut kernel: Vec<Vec<u8>> = Vec::new();
            let mut out: Vec<u16> = Vec::new();
            let (mut owed, mut in_flight, mut spoilt, mut end) = (Vec::new(), false, false, false);
            let mut next_byte = 0_u8;
            for op in ops {
                match op {
                    Op::Begin if in_flight || table.idle(SOCKET) != IdleState::Quiet => {}
                    Op::Begin => {
                        table.begin(SOCKET);
                        in_flight = true;
                    }
                    Op::Finish => {
                        let is_more = table.finish(SOCKET, |spent| out.retain(|&held| held != spent));
                        prop_assert_eq!(is_more, !owed.is_empty());
                        spoilt |= is_more;
                        owed.clear();
                        in_flight = false;
                    }
                    Op::Bytes(count) if !end => {
                        let bytes: Vec<u8> = (0..count).map(|at| next_byte.wrapping_add(at)).collect();
                        next_byte = next_byte.wrapping_add(count);
                        let buffer = kernel.len() as u16;
                        kernel.push(bytes.clone());
                        let filled = FilledBuffer { buffer, bytes: u32::from(count) };
                        let fate = table.received(SOCKET, filled);
                        match in_flight {
                            true => owed.extend_from_slice(&bytes),
                            false => {
                                spoilt = true;
                                prop_assert_eq!(fate, Fate::Spent);
                            }
                        }
                        if fate == Fate::Kept {
                            out.push(buffer);
                        }
                    }
                    Op::Bytes(_) => {}
                    Op::Ended(errno) => {
                        table.ended(SOCKET, errno);
                        end = true;
                    }
                    Op::Unsent(in_part) => {
                        table.unsent(SOCKET, libc::EPIPE, in_part);
                        end |= in_flight;
                    }
                    Op::Next if !in_flight => {}
                    Op::Next => match table.next(SOCKET, Waker::noop()) {
                        Some(Arrival::Buffer(filled)) => {
                            let bytes = &kernel[usize::from(filled.buffer)];
                            prop_assert_eq!(bytes.len(), filled.bytes as usize);
                            prop_assert_eq!(owed.drain(..bytes.len()).collect::<Vec<_>>(), bytes.clone());
                            let held = out.len();
                            out.retain(|&held| held != filled.buffer);
                            prop_assert_eq!(out.len() + 1, held);
                        }
                        Some(_) => prop_assert!(end && owed.is_empty()),
                        None => prop_assert!(!end && owed.is_empty()),
                    },
                    Op::Reopen => {
                        let before = table.generation(SOCKET);
                        table.close(SOCKET, |spent| out.retain(|&held| held != spent));
                        table.open(SOCKET);
                        prop_assert!(!table.is_current(SOCKET, before));
                        (in_flight, spoilt, end) = (false, false, false);
                        owed.clear();
                    }
                }
                if !in_flight {
                    prop_assert!(out.is_empty(), "{:?}", out);
                    let expected = match (spoilt, end) {
                        (true, _) => IdleState::Unsolicited,
                        (false, true) => IdleState::Closed,
                        (false, false) => IdleState::Quiet,
                    };
                    prop_assert_eq!(table.idle(SOCKET), expected);
                }
            }
        }
    }
}
