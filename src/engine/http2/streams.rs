//! The streams of one connection: which is whose, and how far each has come.

use super::failure::StreamFailure;
use crate::engine::allocations::uncounted;

/// A stream, as its owner names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey {
    /// Its place among those that are open.
    pub slot: u32,
    /// Its number on the connection.
    pub id: u32,
}

/// How far a reply has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing of it, or 1xx replies.
    #[default]
    Head,
    /// Its head.
    Body,
    /// All, or it never will.
    Done,
}

/// One stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub id: u32,
    pub phase: Phase,
    pub status: u16,
    /// The head in words, then the body.
    pub reply: Vec<u8>,
    pub body_start: u32,
    /// Bytes of the body that the head tells of.
    pub expected: Option<u64>,
    /// Bytes of frames that came, and that were sent.
    pub received_bytes: u64,
    pub sent_bytes: u64,
    /// What the peer may still send, and what it was not given back yet.
    pub receive_window: i64,
    pub consumed: u32,
    /// What we may send.
    pub send_window: i64,
    /// What of the request's body was not sent, from `unsent_from` on.
    pub unsent: Vec<u8>,
    pub unsent_from: usize,
    /// Whether the last frame waits for a word.
    pub is_held: bool,
    /// Whether our side has ended.
    pub is_sent: bool,
    /// Whether the peer's has, so that nothing is to be told of it any more.
    pub is_ended: bool,
    pub failure: Option<StreamFailure>,
}

impl Stream {
    /// Bytes of the body so far.
    pub(super) fn body_bytes(&self) -> u64 {
        (self.reply.len() - self.body_start as usize) as u64
    }

    fn begin(&mut self, id: u32, send_window: i64, receive_window: i64) {
        let mut unsent = std::mem::take(&mut self.unsent);
        unsent.clear();
        *self = Self {
            id,
            send_window,
            receive_window,
            unsent,
            ..Self::default()
        };
    }
}

/// The streams that are open, and room for others.
pub(super) struct Streams {
    slots: Vec<Stream>,
    free: Vec<u32>,
    /// Those whose reply is not done, by id, which only grows.
    open: Vec<(u32, u32)>,
    most: usize,
}

impl Streams {
    /// Room for so many at once; it is made as it is needed.
    pub(super) fn new(most: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            open: Vec::new(),
            most,
        }
    }

    /// How many the peer knows of, and owes an end.
    #[inline]
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether there is a slot.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.slots.len() < self.most
    }

    /// Whether nobody has one any more.
    pub(super) fn are_all_free(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    #[inline]
    pub(super) fn add(&mut self, id: u32, send_window: i64, receive_window: i64) -> StreamKey {
        let slot = self.free.pop().unwrap_or_else(|| uncounted(|| self.grow()));
        self.slots[slot as usize].begin(id, send_window, receive_window);
        self.open.push((id, slot));
        StreamKey { slot, id }
    }

    /// Another slot, and room for all that is ever noted of it: as often as there are slots, and no more.
    #[cold]
    fn grow(&mut self) -> u32 {
        self.slots.push(Stream::default());
        let slots = self.slots.len();
        self.free.reserve(slots - self.free.len());
        self.open.reserve(slots - self.open.len());
        slots as u32 - 1
    }

    /// How many slots there are by now.
    #[inline]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The slot of the stream that is still open.
    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<u32> {
        let place = self.open.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.open[place].1)
    }

    /// The stream is over, well or not; its slot stays with its owner.
    #[inline]
    pub(super) fn end(&mut self, id: u32) {
        if let Ok(place) = self.open.binary_search_by_key(&id, |(id, _)| *id) {
            self.open.remove(place);
        }
    }

    /// Its owner has what there was.
    #[inline]
    pub(super) fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    #[inline]
    pub(super) fn at(&mut self, slot: u32) -> &mut Stream {
        &mut self.slots[slot as usize]
    }

    /// Slots of all that are open, the last first, from this id on.
    pub(super) fn last_open_above(&self, id: u32) -> Option<u32> {
        self.open
            .last()
            .filter(|(last, _)| *last > id)
            .map(|(_, slot)| *slot)
    }

    /// The slot of the nth that is open.
    pub(super) fn nth_open(&self, nth: usize) -> Option<u32> {
        self.open.get(nth).map(|(_, slot)| *slot)
    }
}
