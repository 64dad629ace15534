//! Which second a set belongs to, and when a second is complete.
//!
//! Workers swap at start + k seconds on their own clocks, so the sets of one second arrive within
//! milliseconds of each other. A second closes when every worker has reported past its end, or
//! when any worker has reported a whole second more: a late worker holds the others up for one
//! second at most. What it delivers then goes into the oldest second that is still open.
//!
//! Where every worker reports several seconds in one set (the process was stopped, or the collector had
//! no CPU and gave no empty set back), the second is as long as they are: nobody knows what happened in
//! which of them, and the rate is what it was.

use super::{CoreInterval, MergedInterval, Phase, SetShape};
use std::collections::BTreeMap;

const SECOND_US: u64 = 1_000_000;
/// How far a worker's swap may lie from the full second and still count as on it.
const TOLERANCE_US: u64 = 50_000;

/// What is known of one worker.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// End of its latest set.
    reported_us: u64,
    /// Whether it sent its last set.
    done: bool,
    /// Users at the end of its latest set.
    users: u32,
    /// Most users at once since the last second was closed.
    most_users: u32,
}

/// The seconds that are still being put together.
pub(super) struct Seconds {
    shape: SetShape,
    spawned_us: u64,
    open: BTreeMap<u64, MergedInterval>,
    /// Seconds before this one are closed.
    first_open: u64,
    workers: Vec<Progress>,
    spare: Vec<MergedInterval>,
}

impl Seconds {
    pub(super) fn new(workers: usize, shape: SetShape, spawned_us: u64) -> Self {
        Self {
            shape,
            spawned_us,
            open: BTreeMap::new(),
            first_open: 0,
            workers: vec![Progress::default(); workers],
            spare: Vec::new(),
        }
    }

    /// Adds a set to the second that it belongs to.
    pub(super) fn accept(&mut self, set: &CoreInterval) {
        let ordinal = ordinal_of(set).max(self.first_open);
        let interval = self.open.entry(ordinal).or_insert_with(|| {
            let mut interval = self
                .spare
                .pop()
                .unwrap_or_else(|| MergedInterval::new(self.shape));
            interval.start_us = ordinal * SECOND_US;
            interval
        });
        interval.absorb(set);
        if let Some(worker) = self.workers.get_mut(set.core) {
            worker.reported_us = worker.reported_us.max(set.end_us);
            worker.done |= set.last;
            worker.users = set.users;
            let most_users = set.most_users.max(set.users);
            worker.most_users = worker.most_users.max(most_users);
        }
    }

    /// Whether every worker sent its last set.
    pub(super) fn all_done(&self) -> bool {
        self.workers.iter().all(|worker| worker.done)
    }

    /// Positions of the workers that never sent their last set.
    pub(super) fn unfinished(&self) -> Vec<usize> {
        let positions = 0..self.workers.len();
        positions.filter(|&core| !self.workers[core].done).collect()
    }

    /// The oldest open second, when it is complete.
    pub(super) fn next_complete(&mut self) -> Option<MergedInterval> {
        let ordinal = *self.open.keys().next()?;
        let reached = |end_us: u64| move |us: u64| us + TOLERANCE_US >= end_us;
        let past_end = reached((ordinal + 1) * SECOND_US);
        let far_past_end = reached((ordinal + 2) * SECOND_US);
        let complete = self
            .workers
            .iter()
            .all(|worker| worker.done || past_end(worker.reported_us))
            || self
                .workers
                .iter()
                .any(|worker| far_past_end(worker.reported_us));
        complete.then(|| self.close(ordinal)).flatten()
    }

    /// The oldest open second, complete or not.
    pub(super) fn next_left(&mut self) -> Option<MergedInterval> {
        let ordinal = *self.open.keys().next()?;
        self.close(ordinal)
    }

    /// Takes back a second that was dealt with.
    pub(super) fn recycle(&mut self, mut interval: MergedInterval) {
        interval.clear();
        self.spare.push(interval);
    }

    /// Where a second that is closed ends: after a second, before it when all are done, and after it
    /// when nobody reported anything of the seconds that follow.
    fn end_of(&self, interval: &MergedInterval) -> u64 {
        let (start_us, full_us) = (interval.start_us, interval.start_us + SECOND_US);
        let sets_end_us = interval.cores.iter().map(|core| core.end_us).max();
        let sets_end_us = sets_end_us.unwrap_or_default();
        let next_us = self.open.values().map(|next| next.start_us).min();
        let working = self.workers.iter().filter(|worker| !worker.done);
        let reported_us = working.map(|worker| worker.reported_us).min();
        // What is to come begins where the last set ended, which belongs to the second there.
        let to_come_us = reported_us.map(|us| (us + TOLERANCE_US) / SECOND_US * SECOND_US);
        let free_us = to_come_us.into_iter().chain(next_us).min();
        let free_us = free_us.unwrap_or(u64::MAX);
        let end_us = sets_end_us.min(free_us.max(full_us)).max(start_us + 1);
        match end_us.abs_diff(full_us) <= TOLERANCE_US {
            true => full_us,
            false => end_us,
        }
    }

    fn close(&mut self, ordinal: u64) -> Option<MergedInterval> {
        let mut interval = self.open.remove(&ordinal)?;
        interval.sum_up();
        interval.end_us = self.end_of(&interval);
        self.first_open = (interval.end_us + TOLERANCE_US).div_euclid(SECOND_US);
        self.first_open = self.first_open.max(ordinal + 1);
        interval.phase = if interval.start_us < self.spawned_us {
            Phase::Spawning
        } else {
            Phase::Steady
        };
        interval.users = self.workers.iter().map(|worker| worker.users).sum();
        interval.most_users = self.workers.iter().map(|worker| worker.most_users).sum();
        for worker in &mut self.workers {
            worker.most_users = worker.users;
        }
        Some(interval)
    }
}

/// The second in which a set starts. A last set that is hardly longer than the swap's jitter
/// belongs to the second before it: it would make a second of no length.
fn ordinal_of(set: &CoreInterval) -> u64 {
    let short = set.end_us.saturating_sub(set.start_us) < TOLERANCE_US;
    if set.last && short {
        set.start_us.saturating_sub(TOLERANCE_US) / SECOND_US
    } else {
        (set.start_us + TOLERANCE_US) / SECOND_US
    }
}

#[cfg(test)]
mod tests;
