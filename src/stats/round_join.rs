//! Rounds whose crowd was on several machines: what each of them saw of a round, put together by its
//! number.

use super::{MergedInterval, Round, RoundsAcross, RoundsTotal};
use std::collections::BTreeMap;

/// Rounds that are kept: more than go by the clock.
const MOST_ROUNDS: usize = 1_024;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct RoundJoin {
    rounds: BTreeMap<u64, JoinedRound>,
}

#[derive(Clone, Copy, Debug, Default)]
struct JoinedRound {
    stock: u64,
    demand: u64,
    granted: u64,
    /// Machines that sent anything, and when the first and the last of it left.
    machines: u64,
    sent_us: Option<(u64, u64)>,
}

impl RoundJoin {
    /// Adds the parts of rounds of a second to those of before, and says in `total` what all of them come
    /// to. A part of a run (`is_part`) cannot tell whether more was wanted than there was.
    pub(super) fn second(
        &mut self,
        interval: &MergedInterval,
        (total, is_part): (&mut RoundsTotal, bool),
    ) {
        let parts = interval.rounds.iter().filter(|round| round.shard > 0);
        let mut is_changed = false;
        for part in parts {
            self.add(part);
            is_changed = true;
        }
        if is_changed {
            self.sum_up(total, is_part);
        }
    }

    fn add(&mut self, part: &Round) {
        if self.rounds.len() >= MOST_ROUNDS && !self.rounds.contains_key(&part.round) {
            return;
        }
        let joined = self.rounds.entry(part.round).or_default();
        joined.stock = part.stock;
        joined.demand += part.demand;
        joined.granted += part.granted;
        // What was never sent left at no moment.
        if part.at_us > 0 {
            joined.machines += 1;
            let (first_us, last_us) = (part.at_us, part.at_us + part.spread_us);
            joined.sent_us = Some(match joined.sent_us {
                None => (first_us, last_us),
                Some((first, last)) => (first.min(first_us), last.max(last_us)),
            });
        }
    }

    fn sum_up(&self, total: &mut RoundsTotal, is_part: bool) {
        let rounds = || self.rounds.values();
        let is_contested = |round: &&JoinedRound| !is_part && round.demand > round.stock;
        total.rounds = rounds().count() as u64;
        total.contested = rounds().filter(is_contested).count() as u64;
        let sold_out = rounds()
            .filter(is_contested)
            .filter(|it| it.granted == it.stock);
        total.sold_out = sold_out.count() as u64;
        total.sums.stock = rounds().map(|round| round.stock).sum();
        total.across = self.across();
    }

    fn across(&self) -> RoundsAcross {
        let several = self.rounds.values().filter(|round| round.machines > 1);
        let mut spreads_us: Vec<u64> = several
            .clone()
            .filter_map(|round| round.sent_us)
            .map(|(first_us, last_us)| last_us - first_us)
            .collect();
        spreads_us.sort_unstable();
        let middle = spreads_us.len().saturating_sub(1) / 2;
        RoundsAcross {
            rounds: spreads_us.len() as u64,
            machines: several.map(|round| round.machines).max().unwrap_or(0),
            median_us: spreads_us.get(middle).copied().unwrap_or(0),
            most_us: spreads_us.last().copied().unwrap_or(0),
            bound_us: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::SetShape;

    fn part(round: u64, shard: u32, (at_us, spread_us): (u64, u64), granted: u64) -> Round {
        Round {
            round,
            shard,
            at_us,
            spread_us,
            granted,
            stock: 10,
            crowd: 4,
            demand: 8,
            ..Round::default()
        }
    }

    fn joined(seconds: &[&[Round]], is_part: bool) -> RoundsTotal {
        let mut total = RoundsTotal::default();
        let mut join = RoundJoin::default();
        for rounds in seconds {
            let mut interval = MergedInterval::new(SetShape::default());
            interval.rounds.extend_from_slice(rounds);
            rounds.iter().for_each(|round| total.end(round));
            join.second(&interval, (&mut total, is_part));
        }
        total
    }

    #[test]
    fn parts_of_one_round_are_one_round_in_whatever_second_they_come() {
        let seconds: [&[Round]; 3] = [
            &[
                part(1, 1, (1_000_100, 40), 6),
                part(1, 2, (1_000_020, 30), 4),
            ],
            &[part(2, 2, (2_000_000, 10), 5)],
            &[part(2, 1, (2_000_500, 100), 6)],
        ];
        let total = joined(&seconds, false);
        assert_eq!((total.rounds, total.contested, total.sold_out), (2, 2, 1));
        assert_eq!((total.sums.stock, total.sums.demand), (20, 32));
        assert_eq!((total.sums.granted, total.sums.crowd), (21, 16));
        let across = total.across;
        assert_eq!((across.rounds, across.machines), (2, 2));
        assert_eq!((across.median_us, across.most_us), (120, 600));
    }

    #[test]
    fn a_part_of_a_run_knows_of_no_rush_and_of_no_other_machine() {
        let of_one: [&[Round]; 1] = [&[Round {
            demand: 30,
            ..part(1, 1, (1_000_100, 40), 10)
        }]];
        let total = joined(&of_one, true);
        assert_eq!((total.rounds, total.contested, total.sold_out), (1, 0, 0));
        assert_eq!(total.across, RoundsAcross::default());
    }

    #[test]
    fn a_machine_whose_requests_never_left_has_no_part_in_the_spread() {
        let seconds: [&[Round]; 1] = [&[part(1, 1, (1_000_100, 40), 6), part(1, 2, (0, 0), 0)]];
        let across = joined(&seconds, false).across;
        assert_eq!((across.rounds, across.machines), (0, 0));
    }
}
