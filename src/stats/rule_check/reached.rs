//! What a sum can come to, when nobody knows of some of its parts whether they count.

use super::contest::Told;
use crate::stats::decimal::Decimal;

/// Sums that are told apart; with more of them only the least and the most count.
const MOST_SUMS: usize = 4_096;

/// Sums that are possible.
pub(super) struct Reached {
    sums: Vec<Decimal>,
    /// Whether every sum from the least on is possible.
    is_open: bool,
    /// Whether every sum between the least and the most is.
    is_dense: bool,
}

impl Reached {
    /// What `certain` and any of the `possible` come to; `None` for a part of which nobody knows how much it
    /// is. None of them is below 0.
    pub(super) fn of(certain: Decimal, possible: impl Iterator<Item = Option<Decimal>>) -> Self {
        let mut reached = Self {
            sums: vec![certain],
            is_open: false,
            is_dense: false,
        };
        for part in possible {
            match part {
                None => reached.is_open = true,
                Some(part) => reached.add(part),
            }
        }
        reached
    }

    fn add(&mut self, part: Decimal) {
        let with: Vec<Decimal> = self.sums.iter().map(|sum| sum.plus(part)).collect();
        self.sums.extend(with);
        self.sums.sort_unstable();
        self.sums.dedup();
        if self.sums.len() > MOST_SUMS {
            self.is_dense = true;
            let ends = [self.sums[0], self.sums[self.sums.len() - 1]];
            self.sums = ends.to_vec();
        }
    }

    /// Whether one of them lies from `low` to `high`.
    pub(super) fn meets(&self, low: Option<Decimal>, high: Option<Decimal>) -> bool {
        let is_low_enough = |sum: &Decimal| high.is_none_or(|high| *sum <= high);
        let is_high_enough = |sum: &Decimal| low.is_none_or(|low| *sum >= low);
        let is_within = |sum: &Decimal| is_low_enough(sum) && is_high_enough(sum);
        let ends = self.sums.first().zip(self.sums.last());
        ends.is_some_and(|(least, most)| {
            self.sums.iter().any(is_within)
                || self.is_open && is_low_enough(least)
                || self.is_dense && is_low_enough(least) && is_high_enough(most)
        })
    }
}

/// Whether `told` certainly is not within the bounds; nothing when it cannot be compared with them.
pub(super) fn is_outside(
    told: &Told<'_>,
    low: Option<&Told<'_>>,
    high: Option<&Told<'_>>,
) -> Option<bool> {
    if let (Some(low), Some(high)) = (low, high)
        && low == high
    {
        return Some(told.differs_from(low));
    }
    let number = told.number()?;
    let low = match low {
        Some(low) => Some(low.number()?),
        None => None,
    };
    let high = match high {
        Some(high) => Some(high.number()?),
        None => None,
    };
    Some(low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high))
}
