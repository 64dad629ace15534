//! What a user keeps from one request for the next.

use super::Session;
use crate::engine::{Link, Values, uncounted};
use crate::plan::UniqueNumbers;
use fastrand::Rng;

impl<L: Link> Session<L> {
    /// What the user keeps from one request for the next.
    pub fn values(&mut self) -> &mut Values {
        &mut self.values
    }

    /// What the user keeps, and what it draws from: its random stream and its unique numbers.
    pub fn values_and_chance(&mut self) -> (&mut Values, (&mut Rng, &mut UniqueNumbers)) {
        (&mut self.values, (&mut self.rng, &mut self.unique))
    }

    /// Makes room for `count` values, unless there is.
    #[inline]
    pub(super) fn make_values(&mut self, count: usize) {
        if self.values.len() != count {
            // Once a user.
            let arrival = self.values.arrival();
            self.values = uncounted(|| Box::new(Values::new(count).of_user(self.user)));
            self.values.begin_arrival(arrival);
        }
    }
}
