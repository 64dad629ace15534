//! What reservations of one item raised, beside what their replies tell.
//!
//! A granted reservation raises a second event where little is left. The loser of a version race may
//! have stored its reservation before its second event was refused; and of a lost reply nobody knows
//! what it came to. What the shop says is left in the end settles most of it.

use super::stock::Sale;
use super::told::{happened, may_have_happened, pieces_wanted};
use crate::stats::{Absorb, Correction, Corrections, Outcome};

/// The reservation, and that stock is low: places of the events of a reservation's step.
const RESERVED: usize = 0;
const LOW: usize = 1;

impl Sale<'_> {
    /// What the reservations raised beside what their outcomes told; stock is low at `low_at` pieces
    /// and below.
    pub fn corrections(&self, low_at: u64) -> Corrections {
        let mut corrections = Corrections::default();
        self.settle_open(&mut corrections);
        if self.stock > low_at + 1 {
            corrections[LOW].absorb(&self.low_stock(low_at));
        }
        corrections
    }

    /// Nothing is gone that nobody got, or all that nobody knows of is gone: then it is known what
    /// became of the requests that were left open.
    fn settle_open(&self, corrections: &mut Corrections) {
        let Some(left) = self.left() else {
            return;
        };
        let open = |counts: &dyn Fn(usize) -> bool| self.indices().filter(|&at| counts(at)).count();
        let entries = self.log.entries();
        let unknown = open(&|at| may_have_happened(&entries[at])) as i64;
        let conflicts = open(&|at| entries[at].outcome == Outcome::Conflict) as i64;
        let gone = self.stock as i64 - left - self.granted as i64;
        if gone == 0 {
            corrections[RESERVED].may_be_more -= unknown + conflicts;
            // What lost its race was not stored, but its rows were committed before it lost.
            corrections[RESERVED].stray_rows += conflicts;
            corrections[LOW].may_be_more -= unknown;
        } else if conflicts == 0 && gone == self.unknown as i64 {
            for correction in corrections {
                correction.may_be_more -= unknown;
                correction.beside += unknown;
            }
        }
    }

    /// How many of those granted found enough left: as many as their replies suggest, and as few and
    /// as many as there can be, whatever their order.
    fn low_stock(&self, low_at: u64) -> Correction {
        let entries = self.log.entries();
        let mut grants: Vec<usize> = self
            .indices()
            .filter(|&index| happened(&entries[index]))
            .collect();
        let room = self.stock - low_at;
        let pieces = |index: &usize| pieces_wanted(self.log, *index);
        let with_enough = |grants: &[usize]| {
            let mut taken = 0;
            let counts = |index: &&usize| {
                taken += pieces(index);
                taken < room
            };
            grants.iter().take_while(counts).count() as i64
        };
        grants.sort_by_key(|index| entries[*index].done_ns);
        let likely = with_enough(&grants);
        grants.sort_by_key(pieces);
        let most = with_enough(&grants);
        grants.reverse();
        // Others may have come before: whoever nobody knows of.
        let is_sure = self.unknown == 0;
        let least = if is_sure { with_enough(&grants) } else { 0 };
        Correction {
            beside: -likely,
            may_be_less: most - likely,
            may_be_more: likely - least,
            ..Correction::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::ledger::made_up::log;
    use crate::stats::Outcome::{Conflict, Refused, Success, Unknown};
    use crate::stats::Part::{Before, Probe, Racer};

    /// Corrections of a sale of `stock` pieces to racers (outcome, pieces) of which `left` are left.
    fn corrections(stock: u64, racers: &[(Outcome, u64)], left: Option<i64>) -> Corrections {
        let bodies: Vec<String> = racers
            .iter()
            .map(|(_, pieces)| format!("{{\"quantity\":{pieces}}}"))
            .collect();
        let told = left.map(|left| format!("Insufficient stock: {left} available, 9 requested"));
        let mut exchanges = vec![(Before, Success, "{}", "{}")];
        for ((outcome, _), body) in racers.iter().zip(&bodies) {
            exchanges.push((Racer, *outcome, body.as_str(), "{}"));
        }
        if let Some(told) = &told {
            exchanges.push((Probe, Refused, "{}", told.as_str()));
        }
        let (log, probe) = (log(&exchanges), racers.len() + 1);
        let probe = told.is_some().then_some(probe);
        Sale::of(&log, stock, Some(0), 1..racers.len() + 1, probe).corrections(10)
    }

    #[test]
    fn what_is_left_settles_what_was_open() {
        let racers = [(Success, 2), (Conflict, 1), (Conflict, 1), (Unknown, 3)];
        let [reserved, low] = corrections(10, &racers, Some(8));
        assert_eq!((reserved.may_be_more, low.may_be_more), (-3, -1));
        assert_eq!(reserved.stray_rows, 2, "rows of those who lost");
        // Two pieces are gone that nobody got: a loser or two had stored its reservation.
        assert_eq!(corrections(10, &racers, Some(6)), Corrections::default());
        assert_eq!(corrections(10, &racers, None), Corrections::default());
        let [reserved, low] = corrections(10, &[(Success, 2), (Unknown, 3)], Some(5));
        assert_eq!((reserved.beside, reserved.may_be_more), (1, -1));
        assert_eq!((low.beside, low.may_be_more), (1, -1));
    }

    #[test]
    fn stock_is_low_only_when_it_is() {
        let grants = [(Success, 3), (Success, 1), (Success, 2)];
        let [_, low] = corrections(30, &grants, Some(24));
        assert_eq!((low.beside, low.may_be_less, low.may_be_more), (-3, 0, 0));
        let [_, low] = corrections(11, &grants, Some(5));
        assert_eq!(low, Correction::default());
        // 12 pieces, low at 10: by their replies the first takes 3 already; by their sizes one of
        // them may have left 11.
        let [_, low] = corrections(12, &grants, Some(6));
        assert_eq!((low.beside, low.may_be_less, low.may_be_more), (0, 1, 0));
    }
}
