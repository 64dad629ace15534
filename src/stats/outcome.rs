//! How often each outcome occurred.

use crate::plan::FailureRule;
pub use crate::plan::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// How many requests ended how. In JSON an array in the order of [`Outcome::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct OutcomeCounts([u64; Outcome::COUNT]);

impl OutcomeCounts {
    /// The counts that `count` tells of each outcome.
    #[must_use]
    pub fn of(count: impl FnMut(Outcome) -> u64) -> Self {
        Self(Outcome::ALL.map(count))
    }

    /// Each outcome with its count, in the order of [`Outcome::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        Outcome::ALL.into_iter().zip(self.0)
    }

    /// Those without success.
    pub fn others(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.iter().skip(1)
    }

    /// The outcomes that occurred.
    pub fn occurred(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.iter().filter(|(_, count)| *count > 0)
    }

    /// Requests, whatever their outcome.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.iter().copied().fold(0, u64::saturating_add)
    }

    /// Adds the counts of `other`.
    pub fn absorb(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }

    /// Requests that count as failures.
    #[must_use]
    pub fn failures(&self, rule: FailureRule) -> u64 {
        let failed = self.iter().filter(|(outcome, _)| outcome.is_failure(rule));
        failed.fold(0, |sum, (_, count)| sum.saturating_add(count))
    }
}

impl From<[u64; Outcome::COUNT]> for OutcomeCounts {
    fn from(counts: [u64; Outcome::COUNT]) -> Self {
        Self(counts)
    }
}

impl Index<Outcome> for OutcomeCounts {
    type Output = u64;

    #[inline]
    fn index(&self, outcome: Outcome) -> &u64 {
        &self.0[outcome as usize]
    }
}

impl IndexMut<Outcome> for OutcomeCounts {
    #[inline]
    fn index_mut(&mut self, outcome: Outcome) -> &mut u64 {
        &mut self.0[outcome as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_other_outcomes_as_failures() {
        let outcomes = OutcomeCounts::from([1_000, 100, 10, 5, 2]);
        assert_eq!(outcomes.failures(FailureRule::Default), 7);
        assert_eq!(outcomes.failures(FailureRule::Locust), 7);
        assert_eq!(outcomes.failures(FailureRule::Strict), 117);
    }

    #[test]
    fn counts_are_told_by_outcome() {
        let mut outcomes = OutcomeCounts::default();
        outcomes[Outcome::Conflict] += 3;
        outcomes[Outcome::Success] += 4;
        let occurred: Vec<_> = outcomes.occurred().collect();
        assert_eq!(occurred, [(Outcome::Success, 4), (Outcome::Conflict, 3)]);
        assert_eq!(outcomes.others().count(), 4);
        assert_eq!((outcomes.requests(), outcomes[Outcome::Unknown]), (7, 0));
    }

    #[test]
    fn json_is_an_array_in_the_order_of_outcomes() {
        let counts = OutcomeCounts::from([1, 0, 2, 0, 0]);
        assert_eq!(serde_json::to_string(&counts).unwrap(), "[1,0,2,0,0]");
    }
}
