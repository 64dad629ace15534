//! Heads that came before, to recognise them when they come again.

use super::head::Head;
use std::cell::{Cell, RefCell};

/// Longest head that is remembered.
const KNOWN_HEAD_BYTES: usize = 256;
/// Bytes at a head's end that are compared first: some of the last line, and two line ends.
const ENDS: usize = 8;
/// How many heads are remembered: journeys meet a few different ones.
const KNOWN_HEADS: usize = 4;

/// The last few heads and what they say. A server repeats itself to the byte until its clock's next
/// second, and an equal head need not be parsed again (a reply in 30 ns instead of 100). Shared by
/// the parsers of one thread, so that they stay in its nearest cache.
#[derive(Debug)]
pub struct KnownHeads {
    heads: RefCell<[KnownHead; KNOWN_HEADS]>,
    oldest: Cell<usize>,
}

#[derive(Debug)]
struct KnownHead {
    bytes: Vec<u8>,
    /// Its last bytes.
    end: [u8; ENDS],
    head: Option<Head>,
}

impl KnownHead {
    /// What it says, if `buffer` begins with it. The last bytes are compared first: heads of one
    /// server differ in their last line, where ids of requests are, if they differ at all.
    #[inline]
    fn begins(&self, buffer: &[u8]) -> Option<Head> {
        let start = buffer.get(..self.bytes.len())?;
        if *start.last_chunk::<ENDS>()? != self.end || *start != *self.bytes {
            return None;
        }
        self.head
    }
}

impl Default for KnownHeads {
    fn default() -> Self {
        let unknown = |_| KnownHead {
            bytes: Vec::with_capacity(KNOWN_HEAD_BYTES),
            end: [0; ENDS],
            head: None,
        };
        Self {
            heads: RefCell::new(std::array::from_fn(unknown)),
            oldest: Cell::new(0),
        }
    }
}

impl KnownHeads {
    /// What the head at the start of `buffer` says, if it came before.
    #[inline]
    pub(super) fn find(&self, buffer: &[u8]) -> Option<Head> {
        self.heads
            .borrow()
            .iter()
            .find_map(|known| known.begins(buffer))
    }

    /// Remembers what the head `bytes` says, in the place of the oldest one.
    pub(super) fn remember(&self, head: Head, bytes: &[u8]) {
        let Some(&end) = bytes.last_chunk() else {
            return;
        };
        if bytes.len() > KNOWN_HEAD_BYTES {
            return;
        }
        let place = self.oldest.get();
        self.oldest.set((place + 1) % KNOWN_HEADS);
        let known = &mut self.heads.borrow_mut()[place];
        known.bytes.clear();
        known.bytes.extend_from_slice(bytes);
        known.end = end;
        known.head = Some(head);
    }
}
