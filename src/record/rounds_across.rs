//! How far the clocks of machines may be apart whose crowds were let go at one moment.

use super::run_record::RunRecord;
use super::shard_record::ShardRow;
use crate::stats::RoundsAcross;

impl ShardRow {
    /// How far its clock may have been from the common one at any moment of the run, as far as that was
    /// measured, in microseconds; `None` when nobody looked.
    #[must_use]
    pub fn clock_bound_us(&self) -> Option<u64> {
        let bound_us = self.clock?.bound_us;
        Some(bound_us.max(self.clock_bound_to_end_us.unwrap_or(0)))
    }
}

impl RunRecord {
    /// Says how wrong the spread of rounds over several machines may be, now that its shards are known: two
    /// moments on two clocks may be wrong by the bounds of both. Where a machine has no bound there was no
    /// common clock, and nothing is known of the spread.
    pub fn bound_rounds_across(&mut self) {
        let Some(rounds) = &mut self.rounds else {
            return;
        };
        let took_part = self.shards.iter().filter(|row| row.state.is_some());
        let bounds_us: Option<Vec<u64>> = took_part.map(ShardRow::clock_bound_us).collect();
        rounds.across = rounds.across.zip(bounds_us).map(|(across, mut bounds_us)| {
            bounds_us.sort_unstable_by_key(|bound_us| std::cmp::Reverse(*bound_us));
            let widest = bounds_us.iter().take(2);
            RoundsAcross {
                bound_us: Some(widest.sum()),
                ..across
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::ClockOffset;
    use crate::record::made_up;
    use crate::record::{RoundsRecord, ShardRow};
    use crate::stats::{GeneratorState, Round, RoundsAcross};

    fn row(number: u32, bounds_us: Option<(u64, Option<u64>)>) -> ShardRow {
        ShardRow {
            number,
            state: Some(GeneratorState::Clean),
            clock: bounds_us.map(|(bound_us, _)| ClockOffset {
                offset_us: 7,
                bound_us,
            }),
            clock_bound_to_end_us: bounds_us.and_then(|(_, to_end_us)| to_end_us),
            ..ShardRow::default()
        }
    }

    fn bound_us(rows: Vec<ShardRow>) -> Option<Option<u64>> {
        let mut record = made_up::record();
        record.rounds = Some(RoundsRecord {
            rounds: 1,
            contested: 0,
            sold_out: 0,
            sums: Round::default(),
            across: Some(RoundsAcross {
                rounds: 1,
                machines: 3,
                ..RoundsAcross::default()
            }),
        });
        record.shards = rows;
        record.bound_rounds_across();
        let across = record.rounds.and_then(|rounds| rounds.across);
        across.map(|across| across.bound_us)
    }

    #[test]
    fn two_clocks_may_be_wrong_by_the_bounds_of_both() {
        let rows = vec![
            row(1, Some((100, None))),
            row(2, Some((200, Some(900)))),
            row(3, Some((300, Some(250)))),
            ShardRow::absent(4, "is missing".to_owned()),
        ];
        assert_eq!(bound_us(rows), Some(Some(1_200)));
    }

    #[test]
    fn without_a_common_clock_nothing_is_known_of_the_spread() {
        assert_eq!(
            bound_us(vec![row(1, Some((100, None))), row(2, None)]),
            None
        );
    }
}
