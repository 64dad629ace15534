//! A kernel that is played: it takes what a ring asks for, and tells what came, on connections whose
//! other end is played too.

use shopblast::engine::sans_io::{Completion, FilledBuffer, Kernel, Offers, Wish};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// Buffers that it fills, and bytes of one: few and small, so that they run out.
pub const BUFFERS: u16 = 8;
pub const BUFFER_BYTES: usize = 24;
/// Room in its queue.
const MOST_QUEUED: usize = 16;
/// Completions that nobody has looked at: past it nothing more is taken, as the kernel does.
const MOST_COMPLETED: usize = 32;

const ECANCELED: i32 = 125;
const ENOBUFS: i32 = 105;
const EAGAIN: i32 = 11;
const EPIPE: i32 = 32;
const EBADF: i32 = 9;
const ENOENT: i32 = 2;

/// Buffers that can be filled, and what is in all of them.
pub struct Shelf {
    free: RefCell<VecDeque<u16>>,
    bytes: RefCell<Vec<[u8; BUFFER_BYTES]>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            free: RefCell::new((0..BUFFERS).collect()),
            bytes: RefCell::new(vec![[0; BUFFER_BYTES]; usize::from(BUFFERS)]),
        }
    }
}

impl Offers for Shelf {
    fn offer(&self, buffer: u16) {
        let mut free = self.free.borrow_mut();
        assert!(!free.contains(&buffer), "buffer {buffer} came back twice");
        free.push_back(buffer);
    }

    fn copy(&self, filled: FilledBuffer, bytes: &mut Vec<u8>) {
        bytes.extend(self.read(filled.buffer, filled.bytes));
    }
}

impl Shelf {
    /// So many buffers can be filled.
    pub fn free(&self) -> usize {
        self.free.borrow().len()
    }

    /// What is in a buffer.
    pub fn read(&self, buffer: u16, bytes: u32) -> Vec<u8> {
        assert!(!self.free.borrow().contains(&buffer), "it is read too late");
        self.bytes.borrow()[usize::from(buffer)][..bytes as usize].to_vec()
    }

    fn fill(&self, with: &mut VecDeque<u8>) -> Option<(u16, usize)> {
        let buffer = self.free.borrow_mut().pop_front()?;
        let count = with.len().min(BUFFER_BYTES);
        let place = &mut self.bytes.borrow_mut()[usize::from(buffer)];
        for (to, from) in place.iter_mut().zip(with.drain(..count)) {
            *to = from;
        }
        Some((buffer, count))
    }
}

/// A connection as the kernel has it.
#[derive(Default)]
pub struct Line {
    /// What came from the server, and nobody was told of.
    pub arrived: VecDeque<u8>,
    /// 0 when the server has closed it, an error number when it broke.
    pub ended: Option<i32>,
    /// What the client has sent.
    pub sent: Vec<u8>,
    /// So many bytes are taken now; without it all are.
    pub room: Option<usize>,
    /// Whether the client's side was shut down.
    is_shut: bool,
    /// What receives on it, by its mark.
    receiving: Option<u64>,
    /// What is still to be sent, by its mark, and how much of it was.
    rest: Option<(u64, Vec<u8>, usize)>,
    /// Whether an end was told.
    is_over: bool,
}

impl Line {
    /// The client shuts both directions down.
    pub fn shut(&mut self) {
        self.is_shut = true;
        self.ended = self.ended.or(Some(0));
    }

    /// A server that has closed its side takes bytes all the same, and answers with a reset.
    fn takes_nothing(&self) -> bool {
        self.is_shut || self.ended.is_some_and(|errno| errno != 0)
    }

    fn take(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room.unwrap_or(usize::MAX));
        if let Some(room) = &mut self.room {
            *room -= count;
        }
        self.sent.extend_from_slice(&bytes[..count]);
        count
    }
}

enum Queued {
    Receive,
    Send(Vec<u8>),
    Rest(Vec<u8>),
    Cancel(u64),
    Nothing,
}

/// See the module's documentation.
pub struct PlayedKernel {
    /// Connections by their descriptors.
    pub lines: BTreeMap<i32, Line>,
    /// So many wishes are taken of the next ones; without it all are.
    pub takes: Option<usize>,
    queue: VecDeque<(u32, Queued, u64)>,
    completed: VecDeque<Completion>,
    named: Vec<i32>,
}

impl PlayedKernel {
    pub fn new(sockets: usize) -> Self {
        Self {
            lines: BTreeMap::new(),
            takes: None,
            queue: VecDeque::new(),
            completed: VecDeque::new(),
            named: vec![-1; sockets],
        }
    }

    /// Whether anything of `descriptor` was not told yet, or not looked at.
    pub fn has_untold(&self, descriptor: i32) -> bool {
        let line = &self.lines[&descriptor];
        let has_come = !line.arrived.is_empty() || line.ended.is_some();
        has_come || self.completed.iter().any(|it| it.buffer.is_some())
    }

    fn tell(&mut self, mark: u64, result: i32, buffer: Option<u16>, is_more: bool) {
        self.completed.push_back(Completion {
            mark,
            result,
            buffer,
            is_more,
        });
    }

    fn carry_out(&mut self, (socket, wish, mark): (u32, Queued, u64)) {
        let descriptor = self.named[socket as usize];
        match wish {
            Queued::Cancel(of) => return self.cancel(of, mark),
            Queued::Nothing => return self.tell(mark, 0, None, false),
            _ => {}
        }
        let Some(line) = self.lines.get_mut(&descriptor) else {
            return self.tell(mark, -EBADF, None, false);
        };
        match wish {
            Queued::Receive => {
                assert_eq!(line.receiving, None, "two receives on a connection");
                line.receiving = Some(mark);
            }
            Queued::Send(_) if line.takes_nothing() => self.tell(mark, -EPIPE, None, false),
            Queued::Send(bytes) => match line.take(&bytes) {
                all if all == bytes.len() => {}
                0 => self.tell(mark, -EAGAIN, None, false),
                part => self.tell(mark, part as i32, None, false),
            },
            Queued::Rest(bytes) => {
                assert!(line.rest.is_none(), "two rests on a connection");
                line.rest = Some((mark, bytes, 0));
            }
            Queued::Cancel(_) | Queued::Nothing => {}
        }
    }

    fn cancel(&mut self, of: u64, mark: u64) {
        for line in self.lines.values_mut() {
            if line.receiving == Some(of) {
                line.receiving = None;
                return self.tell(of, -ECANCELED, None, false);
            }
            if line.rest.as_ref().is_some_and(|(rest, ..)| *rest == of) {
                let done = line.rest.take().map_or(0, |(.., done)| done as i32);
                let result = if done > 0 { done } else { -ECANCELED };
                return self.tell(of, result, None, false);
            }
        }
        self.tell(mark, -ENOENT, None, false);
    }
}

/// A kernel and the buffers that it fills: the ring's end of it.
pub struct KernelWithShelf {
    pub kernel: PlayedKernel,
    pub shelf: std::rc::Rc<Shelf>,
}

impl KernelWithShelf {
    /// Has everything come that can: rests of requests leave, what arrived is handed over.
    fn complete(&mut self) {
        let descriptors: Vec<i32> = self.kernel.lines.keys().copied().collect();
        for descriptor in descriptors {
            self.send_rest(descriptor);
            self.hand_over(descriptor);
        }
    }

    fn send_rest(&mut self, descriptor: i32) {
        let line = self.kernel.lines.get_mut(&descriptor);
        let Some(line) = line.filter(|line| line.rest.is_some()) else {
            return;
        };
        let Some((mark, bytes, mut done)) = line.rest.take() else {
            return;
        };
        if line.takes_nothing() {
            let result = if done > 0 { done as i32 } else { -EPIPE };
            return self.kernel.tell(mark, result, None, false);
        }
        done += line.take(&bytes[done..]);
        match done == bytes.len() {
            true => self.kernel.tell(mark, done as i32, None, false),
            false => line.rest = Some((mark, bytes, done)),
        }
    }

    fn hand_over(&mut self, descriptor: i32) {
        while self.kernel.completed.len() < MOST_COMPLETED {
            let Some(line) = self.kernel.lines.get_mut(&descriptor) else {
                return;
            };
            let Some(mark) = line.receiving else { return };
            assert!(!line.is_over, "it is received from after its end");
            if !line.arrived.is_empty() {
                match self.shelf.fill(&mut line.arrived) {
                    Some((buffer, count)) => {
                        self.kernel.tell(mark, count as i32, Some(buffer), true);
                    }
                    None => {
                        line.receiving = None;
                        return self.kernel.tell(mark, -ENOBUFS, None, false);
                    }
                }
                continue;
            }
            let Some(errno) = line.ended else { return };
            (line.receiving, line.is_over) = (None, true);
            return self.kernel.tell(mark, -errno, None, false);
        }
    }
}

impl Kernel for KernelWithShelf {
    fn is_full(&mut self) -> bool {
        self.kernel.queue.len() >= MOST_QUEUED
    }

    fn push(&mut self, socket: u32, wish: Wish<'_>, mark: u64) {
        assert!(self.kernel.queue.len() < MOST_QUEUED);
        let wish = match wish {
            Wish::Receive => Queued::Receive,
            Wish::Send(bytes) => Queued::Send(bytes.to_vec()),
            Wish::SendRest(bytes) => Queued::Rest(bytes.to_vec()),
            Wish::Cancel(of) => Queued::Cancel(of),
            Wish::Nothing => Queued::Nothing,
        };
        self.kernel.queue.push_back((socket, wish, mark));
    }

    fn queued(&self) -> u32 {
        self.kernel.queue.len() as u32
    }

    fn enter(&mut self, completes: bool) {
        let takes = self.kernel.takes.take().unwrap_or(usize::MAX);
        for _ in 0..takes {
            let Some(wish) = self.kernel.queue.pop_front() else {
                break;
            };
            self.kernel.carry_out(wish);
        }
        if completes {
            self.complete();
        }
    }

    fn completion(&mut self) -> Option<Completion> {
        self.kernel.completed.pop_front()
    }

    fn name(&mut self, socket: u32, descriptor: i32) {
        self.kernel.named[socket as usize] = descriptor;
    }
}
