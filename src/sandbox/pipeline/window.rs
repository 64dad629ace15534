//! What one domain's newest messages were: a ring of fixed size, written without a lock.
//!
//! An entry holds when the message is done, so that its whole life can be told from it. While more
//! than half a ring waits, later messages leave no entry, so that those whose turn comes next keep
//! theirs.

use super::queue::QueuePlace;
use crate::shop::events::EVENTS;
use crate::stats::Event;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries of a ring.
pub const CAPACITY: usize = 1 << 15;
/// Bits of an entry that hold the kind of event, plus one: 0 is an empty entry.
const KIND_BITS: u32 = 7;
const _: () = assert!(EVENTS.len() < 1 << KIND_BITS);

/// See the module's documentation.
pub struct EventWindow {
    entries: Box<[AtomicU64]>,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEntry {
    /// Where it stands.
    pub slot: usize,
    pub event: &'static Event,
    /// Progress at which it is done.
    pub end: u64,
}

impl EventWindow {
    pub fn new() -> Self {
        Self {
            entries: (0..CAPACITY).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Remembers an event of the kind at `kind` in [`EVENTS`], if there is room.
    pub fn remember(&self, place: QueuePlace, kind: usize) {
        if place.unfinished > CAPACITY as u64 / 2 || place.end >> (u64::BITS - KIND_BITS) != 0 {
            return;
        }
        let slot = place.number as usize % CAPACITY;
        let entry = place.end << KIND_BITS | (kind as u64 + 1);
        self.entries[slot].store(entry, Ordering::Relaxed);
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = WindowEntry> {
        self.entries.iter().enumerate().filter_map(|(slot, entry)| {
            let entry = entry.load(Ordering::Relaxed);
            let kind = (entry & ((1 << KIND_BITS) - 1)).checked_sub(1)?;
            Some(WindowEntry {
                slot,
                event: EVENTS.get(kind as usize)?,
                end: entry >> KIND_BITS,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64, unfinished: u64) -> QueuePlace {
        QueuePlace {
            number,
            end: number * 10,
            unfinished,
        }
    }

    #[test]
    fn the_newest_are_remembered() {
        let window = EventWindow::new();
        assert_eq!(window.entries().count(), 0);
        let last = EVENTS.len() - 1;
        window.remember(place(3, 1), last);
        window.remember(place(4, 1), 0);
        let remembered: Vec<_> = window.entries().collect();
        let entry = |slot: usize, kind: usize| WindowEntry {
            slot,
            event: &EVENTS[kind],
            end: slot as u64 * 10,
        };
        assert_eq!(remembered, [entry(3, last), entry(4, 0)]);
        window.remember(place(3 + CAPACITY as u64, 1), 1);
        assert_eq!(window.entries().next().unwrap().event, &EVENTS[1]);
        assert_eq!(window.entries().count(), 2);
    }

    #[test]
    fn those_whose_turn_comes_next_keep_their_entries() {
        let window = EventWindow::new();
        for number in 0..3 * CAPACITY as u64 {
            window.remember(place(number, number + 1), 0);
        }
        let ends: Vec<u64> = window.entries().map(|entry| entry.end).collect();
        assert_eq!(ends.len(), CAPACITY / 2);
        assert_eq!(ends.last(), Some(&((CAPACITY as u64 / 2 - 1) * 10)));
    }
}
