//! What all users share: values that a set-up read once a run, on all cores.

use crate::engine::Values;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// What a value says, and whether it is a number or a boolean of JSON.
type Handed = (Vec<u8>, bool);

/// Values of a set-up, and how many cores still have users.
#[derive(Debug)]
pub struct Shared {
    /// Positions of the values that the set-up reads.
    positions: Vec<u16>,
    /// What it read: looked at once a user.
    read: RwLock<Option<Vec<Handed>>>,
    cores: usize,
    /// Cores whose users are gone.
    ended: AtomicUsize,
}

impl Shared {
    /// Of a run on so many cores, whose set-up reads the values at `positions`.
    #[must_use]
    pub fn new(positions: Vec<u16>, cores: usize) -> Self {
        Self {
            positions,
            read: RwLock::new(None),
            cores: cores.max(1),
            ended: AtomicUsize::new(0),
        }
    }

    /// Keeps what the set-up read.
    pub fn keep(&self, values: &Values) {
        let read = self.positions.iter();
        let read = read.map(|&at| (values.raw(at).to_vec(), values.is_bare(at)));
        let mut kept = self.read.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(read.collect());
    }

    /// Gives a user what the set-up read, unless it has it. False when there was no set-up.
    #[inline]
    pub fn give(&self, values: &mut Values) -> bool {
        match self.positions.first() {
            Some(&first) if values.next_turn(first) == 0 => self.give_all(values),
            _ => true,
        }
    }

    /// Once a user.
    #[cold]
    fn give_all(&self, values: &mut Values) -> bool {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let Some(read) = &*read else {
            return false;
        };
        for (position, (text, is_bare)) in self.positions.iter().zip(read) {
            values.set(*position, text, *is_bare);
        }
        true
    }

    /// The users of one more core are gone; whether it was the last.
    pub fn is_last(&self) -> bool {
        let ended = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        ended.is_multiple_of(self.cores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_once_is_given_to_every_user_once() {
        let shared = Shared::new(vec![1, 0], 1);
        assert!(!shared.give(&mut Values::new(2)), "nothing was read");
        let mut values = Values::new(2);
        values.set(0, b"a/b", false);
        values.set(1, b"7", true);
        shared.keep(&values);
        let mut user = Values::new(2);
        assert!(shared.give(&mut user));
        assert_eq!((user.raw(0), user.raw(1)), (&b"a/b"[..], &b"7"[..]));
        assert!(user.is_bare(1) && !user.is_bare(0));
        user.set(0, b"own", false);
        assert!(shared.give(&mut user));
        assert_eq!(user.raw(0), b"own");
    }

    #[test]
    fn the_last_core_tears_down() {
        let shared = Shared::new(Vec::new(), 3);
        let last: Vec<bool> = (0..6).map(|_| shared.is_last()).collect();
        assert_eq!(last, [false, false, true, false, false, true]);
    }
}
