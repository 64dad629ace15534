//! How many users of a worker are active, and how many were at most.

use std::cell::Cell;

/// The active users of one worker.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    active: Cell<u32>,
    most: Cell<u32>,
}

impl Crowd {
    /// One more is active.
    pub(super) fn join(&self) {
        self.active.set(self.active.get() + 1);
        self.most.set(self.most.get().max(self.active.get()));
    }

    /// One fewer is.
    pub(super) fn leave(&self) {
        self.active.set(self.active.get() - 1);
    }

    /// Those that are active, and the most that were at once since this was asked last.
    pub(super) fn lap(&self) -> (u32, u32) {
        let active = self.active.get();
        (active, self.most.replace(active))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_are_those_of_the_time_between_two_looks() {
        let crowd = Crowd::default();
        (0..5).for_each(|_| crowd.join());
        (0..5).for_each(|_| crowd.leave());
        assert_eq!(crowd.lap(), (0, 5));
        assert_eq!(crowd.lap(), (0, 0));
        crowd.join();
        assert_eq!(crowd.lap(), (1, 1));
        crowd.leave();
        assert_eq!(crowd.lap(), (0, 1));
    }
}
