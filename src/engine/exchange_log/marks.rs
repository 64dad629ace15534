//! Where the requests of a log hold values of the user, and which replies gave them. Beside the log, which
//! every user carries: only workload files have values.

use crate::engine::allocations::make_room;
use crate::engine::values::Mark;
use std::ops::Range;

/// Room that is made at once.
const ROOM: usize = 128;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Marks {
    marks: Vec<Mark>,
    kept: Vec<KeptValue>,
    text: Vec<u8>,
}

/// A value that was kept of a reply.
#[derive(Clone, Debug)]
pub(super) struct KeptValue {
    /// Which exchange gave it.
    pub(super) entry: usize,
    /// Its position.
    pub(super) value: u16,
    text: Range<usize>,
}

impl Marks {
    /// Those of a new log.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.kept.clear();
        self.text.clear();
    }

    /// How many places there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.marks.len()
    }

    /// Adds a place.
    pub fn add(&mut self, mark: Mark) {
        if self.marks.len() == self.marks.capacity() {
            make_room(&mut self.marks, ROOM);
        }
        self.marks.push(mark);
    }

    /// Notes a value that was kept of the reply to the exchange at `entry`.
    pub fn keep(&mut self, entry: usize, value: u16, text: &[u8]) {
        if self.kept.len() == self.kept.capacity() {
            make_room(&mut self.kept, ROOM);
        }
        make_room(&mut self.text, text.len());
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.kept.push(KeptValue {
            entry,
            value,
            text: start..self.text.len(),
        });
    }

    /// The places at `range`.
    pub(super) fn at(&self, range: Range<usize>) -> &[Mark] {
        self.marks.get(range).unwrap_or_default()
    }

    /// What was kept of replies, with its text.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&KeptValue, &[u8])> {
        let kept = self.kept.iter();
        kept.map(|kept| (kept, &self.text[kept.text.clone()]))
    }
}
