//! Which second a set belongs to, and when a second is complete.
//!
//! Workers swap at start + k seconds on their own clocks, so the sets of one second arrive within
//! milliseconds of each other. A second closes when every worker has reported past its end, or
//! when any worker has reported a whole second more: a late worker holds the others up for one
//! second at most. What it delivers then goes into the oldest second that is still open.

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

    fn close(&mut self, ordinal: u64) -> Option<MergedInterval> {
        let mut interval = self.open.remove(&ordinal)?;
        interval.sum_up();
        self.first_open = ordinal + 1;
        let reported_us = interval.cores.iter().map(|core| core.end_us).max();
        interval.end_us = reported_us
            .unwrap_or_default()
            .clamp(interval.start_us + 1, interval.start_us + SECOND_US);
        if interval.end_us + TOLERANCE_US >= interval.start_us + SECOND_US {
            interval.end_us = interval.start_us + SECOND_US;
        }
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
