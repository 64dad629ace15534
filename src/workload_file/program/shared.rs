//! What all users share: values that a set-up read once a run, on all cores.

use crate::engine::{MOST_VALUE_BYTES, Values};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    is_taken_over: AtomicBool,
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
            is_taken_over: AtomicBool::new(false),
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

    /// What the set-up read, as a text for other machines: JSON, the bytes of each value as numbers. `None`
    /// before.
    pub fn text(&self) -> Option<String> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        // A set-up that reads nothing is made once as well.
        serde_json::to_string(read.as_ref()?).ok()
    }

    /// Keeps what the set-up of another machine read. False when it is not of this plan.
    pub fn take_over(&self, text: &str) -> bool {
        let read: Result<Vec<Handed>, _> = serde_json::from_str(text);
        let fits = |read: &Vec<Handed>| {
            let is_short = |(text, _): &Handed| text.len() <= MOST_VALUE_BYTES;
            read.len() == self.positions.len() && read.iter().all(is_short)
        };
        let Some(read) = read.ok().filter(fits) else {
            return false;
        };
        let mut kept = self.read.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(read);
        self.is_taken_over.store(true, Ordering::Release);
        true
    }

    /// Whether another machine's set-up is used.
    pub fn is_taken_over(&self) -> bool {
        self.is_taken_over.load(Ordering::Acquire)
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
    fn what_was_read_on_one_machine_is_taken_over_on_another() {
        let (one, other) = (Shared::new(vec![1, 0], 1), Shared::new(vec![1, 0], 1));
        assert_eq!(one.text(), None, "nothing was read");
        let mut values = Values::new(2);
        values.set(0, b"a\xff\"b", false);
        values.set(1, b"7", true);
        one.keep(&values);
        for wrong in ["", "[]", "[[[1],true]]", "{}"] {
            assert!(!other.take_over(wrong), "{wrong}");
        }
        assert!(!other.is_taken_over());
        assert!(other.take_over(&one.text().unwrap()));
        let mut user = Values::new(2);
        assert!(other.give(&mut user));
        assert_eq!((user.raw(0), user.raw(1)), (&b"a\xff\"b"[..], &b"7"[..]));
        assert!(other.is_taken_over() && !one.is_taken_over());
    }

    #[test]
    fn the_last_core_tears_down() {
        let shared = Shared::new(Vec::new(), 3);
        let last: Vec<bool> = (0..6).map(|_| shared.is_last()).collect();
        assert_eq!(last, [false, false, true, false, false, true]);
    }
}
