//! Pieces: what was granted against what there was.

use super::told::{happened, may_have_happened, pieces_available, pieces_wanted};
use crate::engine::{ExchangeLog, LoggedExchange};
use crate::stats::{Outcome, Round, RuleFinding};
use std::ops::Range;

/// What the requests for one item came to.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    pub(super) log: &'a ExchangeLog,
    /// Where the item was made.
    item: Option<usize>,
    /// The requests for it.
    racers: (usize, usize),
    pub(super) stock: u64,
    /// Pieces asked for.
    pub demand: u64,
    /// Pieces granted.
    pub granted: u64,
    /// Pieces of requests that nobody knows the outcome of.
    pub unknown: u64,
    /// What the shop said is left, and where.
    left: Option<(usize, i64)>,
}

impl<'a> Sale<'a> {
    /// Adds up the requests at `racers` for the `stock` pieces of an item that was made at `item`;
    /// at `probe` the shop was asked what is left.
    pub fn of(
        log: &'a ExchangeLog,
        stock: u64,
        item: Option<usize>,
        racers: Range<usize>,
        probe: Option<usize>,
    ) -> Self {
        let sum = |counts: fn(&LoggedExchange) -> bool| -> u64 {
            let counted = racers
                .clone()
                .filter(|&index| counts(&log.entries()[index]));
            counted.map(|index| pieces_wanted(log, index)).sum()
        };
        Self {
            log,
            item,
            racers: (racers.start, racers.end),
            stock,
            demand: sum(|_| true),
            granted: sum(happened),
            unknown: sum(may_have_happened),
            left: probe.and_then(|probe| Some((probe, pieces_available(log.reply(probe))?))),
        }
    }

    /// Whether no more was granted than there was: neither by the shop's answers alone, nor by them
    /// and what it says is left.
    pub fn not_oversold(&self) -> RuleFinding {
        if self.granted > self.stock {
            return RuleFinding::broken(
                format_args!(
                    "{} pieces were granted of {} that there were",
                    self.granted, self.stock
                ),
                self.shown_by(self.grants_beyond(self.stock), None),
            );
        }
        match self.left {
            Some((probe, left)) if left > (self.stock - self.granted) as i64 => {
                RuleFinding::broken(
                    format_args!(
                        "{} pieces were granted of {}, and {left} are said to be left",
                        self.granted, self.stock
                    ),
                    self.shown_by(
                        self.grants_beyond((self.stock as i64 - left).max(0) as u64),
                        Some(probe),
                    ),
                )
            }
            _ => RuleFinding::Held,
        }
    }

    /// Whether nobody was refused although there was enough, and nothing is gone that nobody got.
    pub fn not_undersold(&self) -> RuleFinding {
        let taken = self.granted + self.unknown;
        if let Some(refused) = self.refused_in_vain(taken) {
            return RuleFinding::broken(
                format_args!(
                    "{} pieces were refused although at most {taken} of {} were taken",
                    pieces_wanted(self.log, refused),
                    self.stock
                ),
                self.shown_by(self.taken(), Some(refused)),
            );
        }
        match self.left {
            None => RuleFinding::Undecided("the shop did not say what is left"),
            Some((probe, left)) if left < self.stock as i64 - taken as i64 => RuleFinding::broken(
                format_args!(
                    "at most {taken} pieces of {} were taken, and only {left} are said to be left",
                    self.stock
                ),
                self.shown_by(self.taken(), Some(probe)),
            ),
            Some(_) => RuleFinding::Held,
        }
    }

    /// The round that the sale was.
    pub fn round(&self, number: u64) -> Round {
        let count = |outcome| {
            let ended = self.entries().filter(|entry| entry.outcome == outcome);
            ended.count() as u64
        };
        Round {
            round: number,
            stock: self.stock,
            crowd: self.entries().count() as u64,
            demand: self.demand,
            granted: self.granted,
            unknown_pieces: self.unknown,
            winners: count(Outcome::Success),
            refused: count(Outcome::Refused),
            conflicts: count(Outcome::Conflict),
            failed: count(Outcome::Failed) + count(Outcome::Unknown),
            left: self.left.map(|(_, left)| left),
            ..Round::default()
        }
    }

    /// What the shop says is left.
    pub(super) fn left(&self) -> Option<i64> {
        self.left.map(|(_, left)| left)
    }

    pub(super) fn indices(&self) -> Range<usize> {
        self.racers.0..self.racers.1
    }

    fn entries(&self) -> impl Iterator<Item = &'a LoggedExchange> {
        self.log.entries()[self.indices()].iter()
    }

    /// The smallest refused request that there would have been enough for: reservations only
    /// grow, so what is enough in the end was enough all the time.
    fn refused_in_vain(&self, taken: u64) -> Option<usize> {
        let room = self.stock.checked_sub(taken)?;
        let was_refused = |index: &usize| {
            self.log.entries()[*index].outcome == Outcome::Refused
                && pieces_available(self.log.reply(*index)).is_some()
        };
        self.indices()
            .filter(was_refused)
            .filter(|&index| pieces_wanted(self.log, index) <= room)
            .min_by_key(|&index| pieces_wanted(self.log, index))
    }

    /// As few grants as possible that together are more than `limit`.
    fn grants_beyond(&self, limit: u64) -> Vec<usize> {
        let mut grants: Vec<usize> = self
            .indices()
            .filter(|&index| happened(&self.log.entries()[index]))
            .collect();
        grants.sort_by_key(|&index| std::cmp::Reverse(pieces_wanted(self.log, index)));
        let mut sum = 0;
        let enough = grants.iter().position(|&index| {
            sum += pieces_wanted(self.log, index);
            sum > limit
        });
        grants.truncate(enough.map_or(grants.len(), |last| last + 1));
        grants
    }

    /// Everything that took pieces, or may have.
    fn taken(&self) -> Vec<usize> {
        let took = |index: &usize| {
            let entry = &self.log.entries()[*index];
            happened(entry) || may_have_happened(entry)
        };
        self.indices().filter(took).collect()
    }

    fn shown_by(&self, mut exchanges: Vec<usize>, last: Option<usize>) -> Vec<usize> {
        exchanges.extend(self.item);
        exchanges.extend(last);
        exchanges
    }
}

#[cfg(test)]
mod tests;
