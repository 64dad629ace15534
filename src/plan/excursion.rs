//! Loads that leave their first level upwards and come back to it: what recovery is measured on.

use super::Load;
use super::activity::{Ramp, ramps};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Levels that differ by less are the same one.
const SAME_LEVEL: f64 = 1e-6;

/// A spike between two stretches of the same load. Moments are the plan's, in microseconds from the
/// start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excursion {
    /// Users of the first level and of the last one, at least 1.
    pub users: u32,
    /// Most users between them.
    pub peak_users: u32,
    /// When the first level is reached.
    pub baseline_start_us: u64,
    /// When it is left.
    pub baseline_end_us: u64,
    /// When the highest level is reached.
    pub peak_start_us: u64,
    /// When it is left.
    pub peak_end_us: u64,
    /// When the load is back: the last user beyond the first level is told to go, or the last one
    /// that lacked is started.
    pub back_us: u64,
    /// When the load ends.
    pub end_us: u64,
}

impl Excursion {
    /// The same with a baseline that begins no earlier than so long after the start.
    #[must_use]
    pub fn after_warm_up(self, warm_up: Duration) -> Self {
        let warm_us = u64::try_from(warm_up.as_micros()).unwrap_or(u64::MAX);
        let baseline_start_us = self.baseline_start_us.max(warm_us);
        Self {
            baseline_start_us: baseline_start_us.min(self.baseline_end_us),
            ..self
        }
    }

    /// Start of the part at the end that is compared with the baseline: as long as that, but no more
    /// than the second half of the time since the load was back.
    #[must_use]
    pub fn last_start_us(&self) -> u64 {
        let baseline_us = self.baseline_end_us - self.baseline_start_us;
        let half_us = (self.end_us - self.back_us) / 2;
        self.end_us - half_us.min(baseline_us)
    }
}

impl Load {
    /// The excursion of a closed load that ends after `run_time` or earlier; `None` when its first
    /// and its last stage have different users (or none), no stage between them has more, or it ends
    /// before it is back.
    #[must_use]
    pub fn excursion(&self, run_time: Duration) -> Option<Excursion> {
        let Self::Closed { stages } = self else {
            return None;
        };
        let users = stages.first().map(|stage| stage.users)?;
        let ramps: Vec<Ramp> = ramps(stages).collect();
        let is_away = |ramp: &Ramp| ramp.to_users != users;
        let left = ramps.iter().position(is_away)?;
        let back = ramps.iter().rposition(is_away)? + 1;
        let (before, between, after) = (&ramps[..left], &ramps[left..back], &ramps[back..]);
        let highest = between.iter().rev().max_by_key(|ramp| ramp.to_users)?;
        if users == 0 || highest.to_users <= users {
            return None;
        }
        let run_time_us = u64::try_from(run_time.as_micros()).unwrap_or(u64::MAX);
        let excursion = Excursion {
            users,
            peak_users: highest.to_users,
            baseline_start_us: reached_us(before)?,
            baseline_end_us: between.first()?.start_us,
            // A level that is not reached within its stage peaks there all the same.
            peak_start_us: reached_us(std::slice::from_ref(highest)).unwrap_or(highest.start_us),
            peak_end_us: highest.end_us,
            back_us: reached_us(after)?,
            end_us: after.last()?.end_us.min(run_time_us),
        };
        (excursion.back_us < excursion.end_us).then_some(excursion)
    }
}

/// When the level that all of `ramps` go to is reached.
fn reached_us(ramps: &[Ramp]) -> Option<u64> {
    let is_reached = |ramp: &&Ramp| {
        let missing = ramp.end_level() - f64::from(ramp.to_users);
        missing.abs() < SAME_LEVEL
    };
    ramps.iter().find(is_reached).map(Ramp::reached_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Stage};

    const S: u64 = 1_000_000;

    fn excursion(stages: &[(u32, f64, u64)], run_time_s: u64) -> Option<Excursion> {
        let stages = stages.iter().map(|&(users, spawn_rate_per_s, s)| Stage {
            users,
            spawn_rate_per_s,
            duration_us: s * S,
        });
        let run_time = Duration::from_secs(run_time_s);
        let load = Load::closed(stages.collect(), run_time).unwrap();
        load.excursion(run_time)
    }

    #[test]
    fn a_spike_between_two_baselines() {
        let stages = [(20, 10.0, 60), (200, 90.0, 30), (20, 180.0, 90)];
        let expected = Excursion {
            users: 20,
            peak_users: 200,
            // The last of 20 users starts 1.9 s after the first one.
            baseline_start_us: 1_900_000,
            baseline_end_us: 60 * S,
            // 180 more at 90 a second: the last of them starts 179 / 90 s after the first one.
            peak_start_us: 60 * S + 1_988_889,
            peak_end_us: 90 * S,
            // User 20 goes when the level falls to 21.
            back_us: 90 * S + 994_444,
            end_us: 180 * S,
        };
        assert_eq!(excursion(&stages, 180), Some(expected));
        let longer = Excursion {
            end_us: 500 * S,
            ..expected
        };
        assert_eq!(excursion(&stages, 500), Some(longer));
        assert_eq!(excursion(&stages, 91).map(|it| it.end_us), Some(91 * S));
        assert_eq!(excursion(&stages, 90), None, "it ends before it is back");
        let baseline_start_us = |warm_up_s| {
            let warm_up = Duration::from_secs(warm_up_s);
            expected.after_warm_up(warm_up).baseline_start_us
        };
        assert_eq!(
            [1, 20, 90].map(baseline_start_us),
            [1_900_000, 20 * S, 60 * S]
        );
    }

    #[test]
    fn at_once_and_over_several_stages() {
        let now = f64::INFINITY;
        let stages = [
            (5, now, 10),
            (5, now, 10),
            (50, now, 5),
            (60, now, 5),
            (2, now, 5),
            (5, now, 30),
            (5, now, 30),
        ];
        let found = excursion(&stages, 95).unwrap();
        assert_eq!((found.users, found.peak_users), (5, 60));
        assert_eq!(
            (found.baseline_start_us, found.baseline_end_us),
            (0, 20 * S)
        );
        assert_eq!((found.peak_start_us, found.peak_end_us), (25 * S, 30 * S));
        assert_eq!((found.back_us, found.end_us), (35 * S, 95 * S));
        assert_eq!(found.last_start_us(), 75 * S, "as long as the baseline");
        let found = excursion(&stages, 65).unwrap();
        assert_eq!(found.last_start_us(), 50 * S, "the second half");
    }

    #[test]
    fn a_level_that_is_not_reached_is_no_baseline() {
        let slow = [(20, 0.1, 10), (200, 90.0, 30), (20, 180.0, 90)];
        assert_eq!(excursion(&slow, 130), None);
        let stays_up = [(20, 10.0, 10), (200, 90.0, 30), (20, 0.1, 90)];
        assert_eq!(excursion(&stays_up, 130), None);
        let peak_cut = [(20, 20.0, 10), (200, 2.0, 30), (20, 20.0, 90)];
        let found = excursion(&peak_cut, 130).unwrap();
        assert_eq!((found.peak_start_us, found.peak_end_us), (10 * S, 40 * S));
    }

    #[test]
    fn other_loads_have_none() {
        assert_eq!(excursion(&[(20, 10.0, 60)], 60), None);
        assert_eq!(excursion(&[(20, 10.0, 60), (200, 10.0, 60)], 120), None);
        let down = [(20, 10.0, 60), (2, 10.0, 60), (20, 10.0, 60)];
        assert_eq!(excursion(&down, 180), None);
        let from_nothing = [(0, 10.0, 60), (2, 10.0, 60), (0, 10.0, 60)];
        assert_eq!(excursion(&from_nothing, 180), None);
        let elsewhere = [(20, 10.0, 60), (90, 10.0, 60), (21, 10.0, 60)];
        assert_eq!(excursion(&elsewhere, 180), None);
        let open = Load::open(5.0, Arrivals::Constant, 3).unwrap();
        assert_eq!(open.excursion(Duration::from_secs(60)), None);
    }
}
