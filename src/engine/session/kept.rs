//! What a user keeps from one request for the next.

use super::Session;
use crate::engine::{ExchangeLog, Link, Values, uncounted};
use crate::plan::UniqueNumbers;
use fastrand::Rng;

impl<L: Link> Session<L> {
    /// What the user keeps from one request for the next.
    pub fn values(&mut self) -> &mut Values {
        &mut self.values
    }

    /// What the user keeps, and what was asked and answered since the log was begun.
    #[must_use]
    pub fn values_and_log(&self) -> (&Values, &ExchangeLog) {
        (&self.values, &self.log)
    }

    /// What the user keeps, and what it draws from: its random stream and its unique numbers.
    pub fn values_and_chance(&mut self) -> (&mut Values, (&mut Rng, &mut UniqueNumbers)) {
        (&mut self.values, (&mut self.rng, &mut self.unique))
    }

    /// Makes room for what racers and probes read, unless there is.
    pub(super) fn make_race_values(&mut self) {
        let count = self.values.len();
        if self.values.raced.len() != count {
            // Once a user.
            self.values.raced = uncounted(|| Values::new(count));
        }
    }

    /// When a racer's reply asked for no request for a while, that is the user's rest.
    pub(super) fn rest_as_racers(&mut self) {
        match self.values.raced.take_rest() {
            0 => {}
            rest_ns => self.values.ask_for_rest(rest_ns),
        }
    }

    /// Makes room for `count` values, unless there is: whoever carries out a part of a script by itself does
    /// it first.
    #[inline]
    pub fn make_values(&mut self, count: usize) {
        if self.values.len() != count {
            // Once a user.
            let arrival = self.values.arrival();
            self.values.own = uncounted(|| Values::new(count).of_user(self.user));
            self.values.begin_arrival(arrival);
        }
    }
}
