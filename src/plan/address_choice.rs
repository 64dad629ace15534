//! Which of a name's addresses connections go to.

use serde::Serialize;

/// Addresses of a name that are known at most; further ones get no connection.
pub const MOST_ADDRESSES: usize = 64;

/// Which of a name's addresses connections go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressChoice {
    /// To all of them, in turn.
    #[default]
    All,
    /// All to the first that accepts.
    First,
}

/// The order in which a connection tries the addresses of a target. The connections of a run, by
/// their positions among all, go round them; and those whose turn came to one that is passed by go
/// round the others, so that these have even shares, too.
#[derive(Clone, Debug)]
pub struct AddressOrder {
    count: usize,
    /// Chooses among those that are left.
    position: usize,
    /// Those that had their turn, one bit each.
    had_turn: u64,
    /// Those that were given out.
    given: u64,
}

impl AddressOrder {
    /// The order of the connection at `position` among `count` addresses, at most
    /// [`MOST_ADDRESSES`].
    #[must_use]
    pub fn new(position: usize, count: usize) -> Self {
        Self {
            count: count.min(MOST_ADDRESSES),
            position,
            had_turn: 0,
            given: 0,
        }
    }

    /// The next address, by its index: first those that do not rest, at last those that do.
    pub fn next(&mut self, rests: impl Fn(usize) -> bool) -> Option<usize> {
        loop {
            let left = self.count - self.had_turn.count_ones() as usize;
            if left == 0 {
                let rested = self.had_turn & !self.given;
                return (rested != 0).then(|| self.give(rested.trailing_zeros() as usize));
            }
            let mut untried = (0..self.count).filter(|index| self.had_turn & (1 << index) == 0);
            let index = untried.nth(self.position % left)?;
            self.position /= left;
            if self.take(index, &rests) {
                return Some(index);
            }
        }
    }

    /// Has `index` be the next one, out of its turn, unless it rests or was given before. Returns
    /// whether it is.
    pub fn prefer(&mut self, index: usize, rests: impl Fn(usize) -> bool) -> bool {
        index < self.count && self.had_turn & (1 << index) == 0 && self.take(index, &rests)
    }

    /// Whether there is another one that does not rest.
    #[must_use]
    pub fn has_more(&self, rests: impl Fn(usize) -> bool) -> bool {
        let mut left = (0..self.count).filter(|index| self.given & (1 << index) == 0);
        left.any(|index| !rests(index))
    }

    fn take(&mut self, index: usize, rests: &impl Fn(usize) -> bool) -> bool {
        self.had_turn |= 1 << index;
        let is_taken = !rests(index);
        if is_taken {
            self.give(index);
        }
        is_taken
    }

    fn give(&mut self, index: usize) -> usize {
        self.given |= 1 << index;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(position: usize, count: usize, resting: &[usize]) -> Vec<usize> {
        let mut order = AddressOrder::new(position, count);
        std::iter::from_fn(|| order.next(|index| resting.contains(&index))).collect()
    }

    #[test]
    fn connections_go_round_and_try_every_address_once() {
        for count in [1, 2, 3, 5, MOST_ADDRESSES] {
            for position in 0..3 * count {
                let mut order = all(position, count, &[]);
                assert_eq!(order[0], position % count);
                order.sort_unstable();
                assert!(order.into_iter().eq(0..count), "{position} of {count}");
            }
        }
    }

    #[test]
    fn what_falls_to_a_resting_address_is_shared_by_the_others() {
        let mut shares = [0; 4];
        for position in 0..24 {
            let order = all(position, 4, &[1, 3]);
            shares[order[0]] += 1;
            assert!(matches!(order[2..], [1, 3]), "those that rest come last");
        }
        assert_eq!(shares, [12, 0, 12, 0]);
    }

    #[test]
    fn when_all_rest_all_are_tried() {
        assert_eq!(all(7, 1, &[0]), [0]);
        assert_eq!(all(7, 3, &[0, 1, 2]), [0, 1, 2]);
        assert_eq!(all(7, 0, &[]), [0; 0]);
    }

    #[test]
    fn a_preferred_address_comes_first_and_only_once() {
        let mut order = AddressOrder::new(0, 3);
        assert!(order.prefer(2, |_| false) && order.has_more(|index| index == 0));
        assert!(!order.has_more(|index| index < 2), "the others rest");
        assert!(!order.prefer(2, |_| false) && !order.prefer(9, |_| false));
        assert_eq!(order.next(|_| false), Some(0));
        assert_eq!(order.next(|_| false), Some(1));
        assert!(!order.has_more(|_| false));
        assert_eq!(order.next(|_| false), None);
        let mut order = AddressOrder::new(0, 3);
        assert!(!order.prefer(2, |index| index == 2));
        assert_eq!(order.next(|_| false), Some(0));
    }
}
