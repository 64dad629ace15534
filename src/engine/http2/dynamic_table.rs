//! The dynamic table of HPACK (RFC 7541, section 2.3.2) in a room that is made once.

use crate::engine::allocations::uncounted;
use std::collections::VecDeque;

/// What an entry counts beside its bytes.
const ENTRY_BYTES: usize = 32;
/// The room that both sides begin with, and the most that we use or offer.
pub(super) const TABLE_BYTES: usize = 4_096;

#[derive(Clone, Copy)]
struct Entry {
    start: u16,
    name: u16,
    value: u16,
}

impl Entry {
    fn size(self) -> usize {
        usize::from(self.name) + usize::from(self.value) + ENTRY_BYTES
    }
}

/// See the module's documentation.
pub(super) struct DynamicTable {
    /// Twice the room, so that what is live is moved to its beginning now and then, and lies in one piece.
    bytes: Vec<u8>,
    /// The newest is first.
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
}

impl DynamicTable {
    /// An empty one with all of its room; that is made when the first entry comes.
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            entries: VecDeque::new(),
            size: 0,
            most: TABLE_BYTES,
        }
    }

    /// How many bytes it may hold now.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// From now on it holds at most so many bytes, which are no more than [`TABLE_BYTES`].
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most.min(TABLE_BYTES);
        self.evict_to(self.most);
    }

    fn evict_to(&mut self, most: usize) {
        while self.size > most
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size();
        }
    }

    /// Whether an entry goes in without another having to go.
    pub(super) fn has_room_for(&self, name: &[u8], value: &[u8]) -> bool {
        self.size + name.len() + value.len() + ENTRY_BYTES <= self.most
    }

    /// Adds an entry before all others; the oldest go where there is no room. One that is larger than the
    /// table empties it.
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let length = name.len() + value.len();
        if length + ENTRY_BYTES > self.most {
            self.evict_to(0);
            return;
        }
        self.evict_to(self.most - length - ENTRY_BYTES);
        if self.bytes.capacity() == 0 {
            uncounted(|| {
                self.bytes.reserve_exact(2 * TABLE_BYTES);
                self.entries.reserve_exact(TABLE_BYTES / ENTRY_BYTES);
            });
        }
        if self.bytes.len() + length > 2 * TABLE_BYTES {
            self.compact();
        }
        let start = self.bytes.len() as u16;
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_front(Entry {
            start,
            name: name.len() as u16,
            value: value.len() as u16,
        });
        self.size += length + ENTRY_BYTES;
    }

    fn compact(&mut self) {
        let from = self.entries.back().map(|oldest| oldest.start);
        let from = from.map_or(self.bytes.len(), usize::from);
        self.bytes.drain(..from);
        for entry in &mut self.entries {
            entry.start -= from as u16;
        }
    }

    /// The name and value of the entry that is `nth` from the newest, counted from 0.
    #[inline]
    pub(super) fn get(&self, nth: usize) -> Option<(&[u8], &[u8])> {
        let entry = self.entries.get(nth)?;
        let start = usize::from(entry.start);
        let (name, value) = (usize::from(entry.name), usize::from(entry.value));
        let bytes = &self.bytes[start..start + name + value];
        Some(bytes.split_at(name))
    }

    /// How far from the newest the entry is that is the same.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> Option<usize> {
        (0..self.entries.len()).find(|&nth| self.get(nth) == Some((name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It holds what a plain list of the newest entries that fit holds, in no more than its room.
        #[test]
        fn it_is_a_list_of_the_newest_that_fit(
            lengths in prop::collection::vec((0_usize..300, 0_usize..5_000), 0..200),
            sizes in prop::collection::vec(0_usize..6_000, 1..4),
        ) {
            let mut table = DynamicTable::new();
            let mut list: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
            let sum = |list: &[(Vec<u8>, Vec<u8>)]| {
                list.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>()
            };
            for (nth, (name, value)) in lengths.into_iter().enumerate() {
                if nth % 50 == 49 {
                    table.resize(sizes[nth / 50 % sizes.len()]);
                }
                // Most entries of real heads are short.
                let value = if value > 200 && nth % 7 > 0 { value % 60 } else { value };
                let entry = (vec![nth as u8; name % 40], vec![nth as u8 ^ 0x55; value]);
                table.insert(&entry.0, &entry.1);
                list.insert(0, entry);
                while sum(&list) > table.most() {
                    list.pop();
                }
                prop_assert!(table.bytes.capacity() <= 2 * TABLE_BYTES);
                for (nth, (name, value)) in list.iter().enumerate() {
                    prop_assert_eq!(table.get(nth), Some((&name[..], &value[..])));
                }
                prop_assert_eq!(table.get(list.len()), None);
            }
        }
    }
}
