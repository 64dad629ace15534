//! What is known of each socket of a ring: whether a request is in flight on it, what arrived and
//! waits to be read, and how it ended. Pure: completions go in, answers come out.
//!
//! Only what arrives while a request is in flight can be its reply. All else is unsolicited: from
//! then on the socket answers nothing.

use std::task::Waker;

/// Stands for no buffer.
const NO_BUFFER: u16 = u16::MAX;
/// Most bytes that are gathered for one socket before anybody reads them.
const MOST_GATHERED_BYTES: usize = 64 << 20;

/// Something that came on a socket, in the order in which it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival<B> {
    /// Bytes, in a buffer of the kernel's.
    Buffer(B),
    /// Bytes that came in several pieces before anybody read them.
    Gathered(Vec<u8>),
    /// The peer closed its side.
    Closed,
    /// The connection broke, with this error number.
    Broken(i32),
    /// The kernel did not take the request, with this error number: not a byte of it left.
    Unsent(i32),
    /// The kernel took part of the request, and then gave this error number.
    SentInPart(i32),
}

/// A buffer that the kernel has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilledBuffer {
    /// Its number.
    pub buffer: u16,
    /// So many bytes came.
    pub bytes: u32,
}

/// What an idle socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// A request may be sent.
    Usable,
    /// The peer closed or broke it.
    Closed,
    /// Something came that nobody had asked for.
    Unsolicited,
}

/// What is to become of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits to be read.
    Kept,
    /// It can be offered to the kernel again.
    Spent,
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
    /// What came after `first`, or in place of it.
    #[expect(clippy::box_collection, reason = "rare, and a third of the size")]
    gathered: Option<Box<Vec<u8>>>,
    end: SocketEnd,
    first_bytes: u32,
    first_buffer: u16,
    generation: u16,
    is_open: bool,
    is_in_flight: bool,
    is_unsolicited: bool,
}

const _: () = assert!(size_of::<SocketState>() <= 48);

/// The sockets of a ring. See the module's documentation.
pub(super) struct SocketTable(Box<[SocketState]>);

impl SocketTable {
    /// Room for `sockets`, none of them open.
    pub(super) fn new(sockets: usize) -> Self {
        let closed = || SocketState {
            waker: None,
            gathered: None,
            end: SocketEnd::None,
            first_bytes: 0,
            first_buffer: NO_BUFFER,
            generation: 0,
            is_open: false,
            is_in_flight: false,
            is_unsolicited: false,
        };
        Self((0..sockets).map(|_| closed()).collect())
    }

    fn at(&mut self, socket: u32) -> &mut SocketState {
        &mut self.0[socket as usize]
    }

    /// The number of the connection that `socket` is now; completions of former ones mean nothing.
    pub(super) fn generation(&self, socket: u32) -> u16 {
        self.0[socket as usize].generation
    }

    /// Whether `socket` is the connection of `generation`, and open.
    pub(super) fn is_current(&self, socket: u32, generation: u16) -> bool {
        let state = &self.0[socket as usize];
        state.is_open && state.generation == generation
    }

    /// A new connection is open.
    pub(super) fn open(&mut self, socket: u32) {
        let state = self.at(socket);
        state.is_open = true;
        state.is_in_flight = false;
        state.is_unsolicited = false;
        state.end = SocketEnd::None;
    }

    /// The connection is given up: nothing that comes of it means anything. Returns a buffer that
    /// nobody has read.
    pub(super) fn close(&mut self, socket: u32) -> Option<u16> {
        let state = self.at(socket);
        state.is_open = false;
        state.generation = state.generation.wrapping_add(1);
        state.is_in_flight = false;
        state.gathered = None;
        state.take_buffer()
    }

    /// What the socket is while no request is in flight.
    #[inline]
    pub(super) fn idle(&self, socket: u32) -> Idle {
        let state = &self.0[socket as usize];
        match (state.is_unsolicited, state.end) {
            (true, _) => Idle::Unsolicited,
            (false, SocketEnd::None) => Idle::Usable,
            (false, _) => Idle::Closed,
        }
    }

    /// A request is in flight from now on.
    #[inline]
    pub(super) fn begin(&mut self, socket: u32) {
        self.at(socket).is_in_flight = true;
    }

    /// The request is over. Whether something is left that was no part of its reply; if so, a buffer
    /// may be.
    #[inline]
    pub(super) fn finish(&mut self, socket: u32) -> (bool, Option<u16>) {
        let state = self.at(socket);
        state.is_in_flight = false;
        if state.first_buffer == NO_BUFFER && state.gathered.is_none() {
            return (false, None);
        }
        state.is_unsolicited = true;
        state.gathered = None;
        (true, state.take_buffer())
    }

    /// Bytes came in `filled`, which are those that `came` gives.
    #[inline]
    pub(super) fn received<'a>(
        &mut self,
        socket: u32,
        filled: FilledBuffer,
        came: impl FnOnce() -> &'a [u8],
    ) -> Fate {
        let state = self.at(socket);
        if !state.is_in_flight {
            state.is_unsolicited = true;
            return Fate::Spent;
        }
        let fate = if state.first_buffer == NO_BUFFER && state.gathered.is_none() {
            state.first_buffer = filled.buffer;
            state.first_bytes = filled.bytes;
            Fate::Kept
        } else {
            state.gather(came())
        };
        state.wake();
        fate
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
        let state = self.at(socket);
        let bytes = state.first_bytes;
        if let Some(buffer) = state.take_buffer() {
            return Some(Arrival::Buffer(FilledBuffer { buffer, bytes }));
        }
        if let Some(gathered) = state.gathered.take() {
            return Some(Arrival::Gathered(*gathered));
        }
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
    fn take_buffer(&mut self) -> Option<u16> {
        let buffer = std::mem::replace(&mut self.first_buffer, NO_BUFFER);
        (buffer != NO_BUFFER).then_some(buffer)
    }

    #[cold]
    fn gather(&mut self, bytes: &[u8]) -> Fate {
        let gathered = self.gathered.get_or_insert_default();
        if gathered.len() + bytes.len() > MOST_GATHERED_BYTES {
            self.end = SocketEnd::Broken(libc::ENOBUFS);
        } else {
            gathered.extend_from_slice(bytes);
        }
        Fate::Spent
    }

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
            let mut table = SocketTable::new(2);
            table.open(SOCKET);
            let mut kernel: Vec<Vec<u8>> = Vec::new();
            let mut out: Vec<u16> = Vec::new();
            let (mut owed, mut in_flight, mut spoilt, mut end) = (Vec::new(), false, false, false);
            let mut next_byte = 0_u8;
            for op in ops {
                match op {
                    Op::Begin if in_flight || table.idle(SOCKET) != Idle::Usable => {}
                    Op::Begin => {
                        table.begin(SOCKET);
                        in_flight = true;
                    }
                    Op::Finish => {
                        let (is_more, buffer) = table.finish(SOCKET);
                        prop_assert_eq!(is_more, !owed.is_empty());
                        spoilt |= is_more;
                        out.retain(|&held| Some(held) != buffer);
                        owed.clear();
                        in_flight = false;
                    }
                    Op::Bytes(count) if !end => {
                        let bytes: Vec<u8> = (0..count).map(|at| next_byte.wrapping_add(at)).collect();
                        next_byte = next_byte.wrapping_add(count);
                        let buffer = kernel.len() as u16;
                        kernel.push(bytes.clone());
                        let filled = FilledBuffer { buffer, bytes: u32::from(count) };
                        let fate = table.received(SOCKET, filled, || &kernel[usize::from(buffer)]);
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
                        Some(Arrival::Gathered(bytes)) => {
                            prop_assert_eq!(owed.drain(..bytes.len()).collect::<Vec<_>>(), bytes);
                        }
                        Some(_) => prop_assert!(end && owed.is_empty()),
                        None => prop_assert!(!end && owed.is_empty()),
                    },
                    Op::Reopen => {
                        let before = table.generation(SOCKET);
                        let buffer = table.close(SOCKET);
                        out.retain(|&held| Some(held) != buffer);
                        table.open(SOCKET);
                        prop_assert!(!table.is_current(SOCKET, before));
                        (in_flight, spoilt, end) = (false, false, false);
                        owed.clear();
                    }
                }
                if !in_flight {
                    prop_assert!(out.is_empty(), "{:?}", out);
                    let expected = match (spoilt, end) {
                        (true, _) => Idle::Unsolicited,
                        (false, true) => Idle::Closed,
                        (false, false) => Idle::Usable,
                    };
                    prop_assert_eq!(table.idle(SOCKET), expected);
                }
            }
        }
    }
}
