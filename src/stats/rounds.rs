//! Rounds of a race across users: one thing of which there is a little, and a crowd that wants it.

use super::{Absorb, Forget};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One round of the flash sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Round {
    /// Number of the round, from 1.
    pub round: u64,
    /// When its requests were let go, in microseconds from the start of the run.
    pub at_us: u64,
    /// Pieces that there were.
    pub stock: u64,
    /// Requests that were let go.
    pub crowd: u64,
    /// Pieces that they asked for.
    pub demand: u64,
    /// Pieces that were granted.
    pub granted: u64,
    /// Pieces that may have been granted: nobody knows what became of the request.
    pub unknown_pieces: u64,
    /// Requests that were granted.
    pub winners: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests that lost a version race.
    pub conflicts: u64,
    /// Requests that failed, or that nobody knows the outcome of.
    pub failed: u64,
    /// From the first to the last of them being sent, over all cores.
    pub spread_us: u64,
    /// Whether the target was seen to handle two of them at once.
    pub overlapped: bool,
    /// Pieces that the shop says are left; null when it could not be asked.
    pub left: Option<i64>,
    /// The machine whose part of the round this is, by the number of its shard: its crowd was one with
    /// those of the other machines. 0 when all of it is here.
    #[serde(default)]
    pub shard: u32,
}

/// How far apart the requests of rounds left whose crowd was on several machines, each by its own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundsAcross {
    /// Rounds in which requests of several machines left.
    pub rounds: u64,
    /// Machines that took part, at most.
    pub machines: u64,
    /// From the first to the last request of a round over all machines, in microseconds: the middle one
    /// of all those rounds.
    pub median_us: u64,
    /// The same of the round where it was most.
    pub most_us: u64,
    /// These times may be wrong by so many microseconds, since each machine went by its own clock; null
    /// where it is not known.
    pub bound_us: Option<u64>,
}

/// All rounds of a run, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundsTotal {
    /// Rounds.
    pub rounds: u64,
    /// Those in which more was asked for than there was.
    pub contested: u64,
    /// Those of them in which exactly what there was was granted.
    pub sold_out: u64,
    /// The sums of all rounds; `round` is the last one.
    pub sums: Round,
    /// Of those whose crowd was on several machines: known once their parts are put together.
    pub across: RoundsAcross,
}

impl RoundsTotal {
    /// Adds a round that ended. Of the part of one machine only what adds up is added; the rest is known when
    /// all parts are put together.
    pub fn end(&mut self, round: &Round) {
        if round.shard > 0 {
            let stock = self.sums.stock;
            self.sum_up(round);
            self.sums.stock = stock;
            return;
        }
        self.rounds += 1;
        if round.demand > round.stock {
            self.contested += 1;
            self.sold_out += u64::from(round.granted == round.stock);
        }
        self.sum_up(round);
    }

    fn sum_up(&mut self, round: &Round) {
        let sums = &mut self.sums;
        sums.round = sums.round.max(round.round);
        sums.stock += round.stock;
        sums.crowd += round.crowd;
        sums.demand += round.demand;
        sums.granted += round.granted;
        sums.unknown_pieces += round.unknown_pieces;
        sums.winners += round.winners;
        sums.refused += round.refused;
        sums.conflicts += round.conflicts;
        sums.failed += round.failed;
    }
}

impl Absorb for RoundsTotal {
    fn absorb(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.contested += other.contested;
        self.sold_out += other.sold_out;
        self.sum_up(&other.sums);
    }
}

impl Forget for RoundsTotal {
    fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_contested_rounds_can_sell_out() {
        let mut total = RoundsTotal::default();
        for (demand, granted) in [(20, 10), (20, 9), (5, 5)] {
            total.end(&Round {
                stock: 10,
                demand,
                granted,
                ..Round::default()
            });
        }
        assert_eq!((total.rounds, total.contested, total.sold_out), (3, 2, 1));
        assert_eq!((total.sums.demand, total.sums.granted), (45, 24));
    }
}
