//! Seconds of the shards of one run, put together: what all machines measured in one second of the run
//! becomes one second.
//!
//! Every shard counts its seconds from the common start on its own clock, so that seconds of one number
//! belong together. A second closes when every shard that still reports has reported it. Whoever is
//! silent holds the others up until [`ShardJoin::lose`] says that nobody waits for it any more, or
//! until the others are as far ahead as was allowed; what it delivers then goes into the oldest second
//! that is still open, so that nothing is lost and totals are exact.

use super::{Absorb, LatencyCounts, MergedInterval, Phase, SetShape};
use std::collections::BTreeMap;

const SECOND_US: u64 = 1_000_000;
/// How far a shard's second may lie from the full second and still count as on it.
const TOLERANCE_US: u64 = 50_000;

/// What is known of one shard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShardProgress {
    /// End of its latest second, in microseconds from the start of the run.
    pub reported_us: u64,
    /// Whether it has sent its last one.
    pub done: bool,
    /// Whether nobody waits for it any more.
    pub lost: bool,
    /// Requests that it reported so far.
    pub requests: u64,
    /// Users at the end of its latest second.
    users: u32,
    /// Most users at once since a second was closed.
    most_users: u32,
    /// Position of its first worker among those of all shards.
    first_core: usize,
}

impl ShardProgress {
    /// Whether seconds wait for it.
    fn is_awaited(&self) -> bool {
        !self.done && !self.lost
    }
}

/// See the module's documentation.
pub struct ShardJoin {
    shape: SetShape,
    shards: Vec<ShardProgress>,
    open: BTreeMap<u64, MergedInterval>,
    /// Seconds before this one are closed.
    first_open: u64,
    /// A second closes without those that are so many seconds behind another shard.
    most_ahead: u64,
    spare: Vec<MergedInterval>,
}

impl ShardJoin {
    /// For shards of a plan of this shape with so many workers each, in their order. None is waited for
    /// longer than it takes another one to be `most_ahead` seconds ahead; `u64::MAX` waits until
    /// [`ShardJoin::lose`].
    #[must_use]
    pub fn new(shape: SetShape, workers: &[usize], most_ahead: u64) -> Self {
        let mut first_core = 0;
        let shards = workers.iter().map(|workers| {
            let first = first_core;
            first_core += workers;
            ShardProgress {
                reported_us: 0,
                done: false,
                lost: false,
                requests: 0,
                users: 0,
                most_users: 0,
                first_core: first,
            }
        });
        Self {
            shape,
            shards: shards.collect(),
            open: BTreeMap::new(),
            first_open: 0,
            most_ahead,
            spare: Vec::new(),
        }
    }

    /// What is known of each shard, in their order.
    #[must_use]
    pub fn shards(&self) -> &[ShardProgress] {
        &self.shards
    }

    /// Adds a second of the shard at `index` of all. Each is to be given once, in order; a shard that is
    /// not there is left out.
    pub fn push<L>(&mut self, index: usize, second: &MergedInterval<L>)
    where
        LatencyCounts: Absorb<L>,
    {
        let Some(shard) = self.shards.get_mut(index) else {
            return;
        };
        let first_core = shard.first_core;
        shard.reported_us = shard.reported_us.max(second.end_us);
        shard.requests += second.requests();
        shard.users = second.users;
        let most_users = second.most_users.max(second.users);
        shard.most_users = shard.most_users.max(most_users);
        let ordinal = ((second.start_us + TOLERANCE_US) / SECOND_US).max(self.first_open);
        let joined = self.open.entry(ordinal).or_insert_with(|| {
            let spare = self.spare.pop();
            let mut joined = spare.unwrap_or_else(|| MergedInterval::new(self.shape));
            joined.start_us = ordinal * SECOND_US;
            joined.end_us = joined.start_us + 1;
            joined
        });
        joined.absorb_interval(second, first_core);
        joined.end_us = joined.end_us.max(second.end_us);
        if second.phase == Phase::Spawning {
            joined.phase = Phase::Spawning;
        }
    }

    /// The shard at `index` has sent its last second.
    pub fn done(&mut self, index: usize) {
        if let Some(shard) = self.shards.get_mut(index) {
            shard.done = true;
            shard.users = 0;
        }
    }

    /// Nobody waits for the shard at `index` any more. What it still sends counts.
    pub fn lose(&mut self, index: usize) {
        if let Some(shard) = self.shards.get_mut(index) {
            shard.lost = true;
            shard.users = 0;
        }
    }

    /// Whether nobody is waited for.
    #[must_use]
    pub fn all_done(&self) -> bool {
        !self.shards.iter().any(ShardProgress::is_awaited)
    }

    /// The oldest open second, when it is complete.
    pub fn next_complete(&mut self) -> Option<MergedInterval> {
        let ordinal = *self.open.keys().next()?;
        let end_us = (ordinal + 1) * SECOND_US;
        let is_reported = |shard: &ShardProgress| shard.reported_us + TOLERANCE_US >= end_us;
        let mut awaited = self.shards.iter().filter(|shard| shard.is_awaited());
        let farthest_us = self.shards.iter().map(|shard| shard.reported_us).max();
        let ahead_us = farthest_us.unwrap_or_default().saturating_sub(end_us) + TOLERANCE_US;
        let is_overdue = ahead_us / SECOND_US >= self.most_ahead;
        (is_overdue || awaited.all(is_reported))
            .then(|| self.close(ordinal))
            .flatten()
    }

    /// The oldest open second, complete or not.
    pub fn next_left(&mut self) -> Option<MergedInterval> {
        let ordinal = *self.open.keys().next()?;
        self.close(ordinal)
    }

    /// Takes back a second that was dealt with.
    pub fn recycle(&mut self, mut second: MergedInterval) {
        second.clear();
        self.spare.push(second);
    }

    fn close(&mut self, ordinal: u64) -> Option<MergedInterval> {
        let mut joined = self.open.remove(&ordinal)?;
        joined.sum_up();
        // One shard that reports several seconds at once makes nobody else's second longer.
        let is_last = self.open.is_empty() && self.all_done();
        let full_us = joined.start_us + SECOND_US;
        let is_on_time = joined.end_us.abs_diff(full_us) <= TOLERANCE_US;
        if is_on_time || (joined.end_us > full_us && !is_last) {
            joined.end_us = full_us;
        }
        self.first_open = (joined.end_us + TOLERANCE_US).div_euclid(SECOND_US);
        self.first_open = self.first_open.max(ordinal + 1);
        joined.users = self.shards.iter().map(|shard| shard.users).sum();
        joined.most_users = self.shards.iter().map(|shard| shard.most_users).sum();
        for shard in &mut self.shards {
            shard.most_users = shard.users;
        }
        Some(joined)
    }
}

#[cfg(test)]
mod tests;
