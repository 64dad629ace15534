//! The schedule of a load that is steered while it goes: what was planned up to the latest change,
//! and one ramp to the users asked for from there.

use super::activity::{Ramp, activity_over, ramps};
use super::{Activity, Load};

/// Ramps that ended this long before a change are forgotten: whoever asks looks at the present.
const REMEMBERED_US: u64 = 2_000_000;

/// Why a load cannot be steered so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SteeringError {
    /// Arrivals come at a rate, whatever the users.
    #[error("this run has arrivals at a rate: its users cannot be changed")]
    OpenModel,
    /// The run was not prepared for it.
    #[error("this run was started with a fixed number of users")]
    Fixed,
    /// More users than there is room for.
    #[error(
        "{users} users are too many: this run has room for {room}; start one with more users for that"
    )]
    NoRoom {
        /// Users asked for.
        users: u32,
        /// Users there is room for.
        room: u32,
    },
    /// A spawn rate that is zero, negative or not a number.
    #[error("a spawn rate of {rate_per_s} users a second is not possible; it must be more than 0")]
    SpawnRate {
        /// Rate asked for.
        rate_per_s: f64,
    },
    /// The clock has not started.
    #[error("the run has not started yet")]
    NotStarted,
    /// Nothing becomes due any more.
    #[error("the run is over")]
    Over,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct LoadSchedule {
    /// In order, each from where the one before ends; empty in the open model.
    ramps: Vec<Ramp>,
    room: u32,
    /// Spans in which users are being started, in microseconds from the start of the run.
    growing: Vec<Activity>,
}

impl LoadSchedule {
    /// The schedule that `load` takes when nobody steers, with room for `room` users.
    #[must_use]
    pub fn new(load: &Load, room: u32) -> Self {
        let ramps = match load {
            Load::Closed { stages } => ramps(stages).collect(),
            Load::Open { .. } => Vec::new(),
        };
        Self {
            ramps,
            room,
            growing: vec![Activity {
                start_us: 0,
                end_us: load.spawned_us(),
            }],
        }
    }

    /// From `at_us` on goes to `users`, starting or stopping `spawn_rate_per_s` of them a second
    /// (infinite: at once). Changes must come in the order of their moments.
    ///
    /// # Errors
    /// When there is no room for so many, the rate is not positive, the load is an open one, or it
    /// ends before `at_us`.
    pub fn steer(
        &mut self,
        at_us: u64,
        users: u32,
        spawn_rate_per_s: f64,
    ) -> Result<(), SteeringError> {
        let end_us = self.ramps.last().ok_or(SteeringError::OpenModel)?.end_us;
        if spawn_rate_per_s.is_nan() || spawn_rate_per_s <= 0.0 {
            return Err(SteeringError::SpawnRate {
                rate_per_s: spawn_rate_per_s,
            });
        }
        if users > self.room {
            return Err(SteeringError::NoRoom {
                users,
                room: self.room,
            });
        }
        if at_us >= end_us {
            return Err(SteeringError::Over);
        }
        let from_level = self.cut(at_us);
        let ramp = Ramp {
            start_us: at_us,
            end_us,
            from_level,
            to_users: users,
            rate_per_s: spawn_rate_per_s,
        };
        if ramp.is_up() && users > 0 {
            self.growing.push(Activity {
                start_us: at_us,
                end_us: ramp.span_of(users - 1).start_us,
            });
        }
        self.ramps.push(ramp);
        Ok(())
    }

    /// Ends the schedule at `at_us`. Returns its level there.
    fn cut(&mut self, at_us: u64) -> f64 {
        let before = self.ramps.first().map_or(0.0, |ramp| ramp.from_level);
        self.ramps.retain_mut(|ramp| {
            ramp.end_us = ramp.end_us.min(at_us);
            ramp.start_us < at_us && ramp.end_us + REMEMBERED_US > at_us
        });
        for span in &mut self.growing {
            span.end_us = span.end_us.min(at_us.max(span.start_us));
        }
        self.ramps.last().map_or(before, Ramp::end_level)
    }

    /// The spans in which `user` is active, from shortly before the latest change on, in order,
    /// none touching the next.
    #[must_use]
    pub fn activity(&self, user: u32) -> Vec<Activity> {
        activity_over(self.ramps.iter().cloned(), user)
    }

    /// Users active at `at_us`, which must not lie before the latest change.
    #[must_use]
    pub fn users_at(&self, at_us: u64) -> u32 {
        self.ramp_at(at_us).map_or(0, |ramp| ramp.users_at(at_us))
    }

    /// Users that the schedule goes to at `at_us`, and how many are started or stopped a second;
    /// `None` in the open model.
    #[must_use]
    pub fn target_at(&self, at_us: u64) -> Option<(u32, f64)> {
        let ramp = self.ramp_at(at_us).or(self.ramps.last())?;
        Some((ramp.to_users, ramp.rate_per_s))
    }

    fn ramp_at(&self, at_us: u64) -> Option<&Ramp> {
        self.ramps.iter().find(|ramp| at_us < ramp.end_us)
    }

    /// Whether users are being started at some time from `start_us` to before `end_us`.
    #[must_use]
    pub fn is_growing(&self, start_us: u64, end_us: u64) -> bool {
        let mut spans = self.growing.iter();
        spans.any(|span| span.start_us < end_us && start_us < span.end_us)
    }

    /// Most users that may be asked for.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Stage};
    use proptest::prelude::*;

    const S: u64 = 1_000_000;

    fn load_schedule(users: u32, spawn_rate_per_s: f64) -> LoadSchedule {
        let stage = Stage {
            users,
            spawn_rate_per_s,
            duration_us: 100 * S,
        };
        let load = Load::Closed {
            stages: vec![stage],
        };
        LoadSchedule::new(&load, 50)
    }

    fn span(start_us: u64, end_us: u64) -> Activity {
        Activity { start_us, end_us }
    }

    #[test]
    fn growing_and_shrinking_start_from_the_level_reached() {
        let mut load_schedule = load_schedule(4, 1.0);
        load_schedule.steer(10 * S, 6, 2.0).unwrap();
        assert_eq!(load_schedule.activity(3), [span(3 * S, 100 * S)]);
        assert_eq!(load_schedule.activity(4), [span(10 * S, 100 * S)]);
        assert_eq!(load_schedule.activity(5), [span(10 * S + S / 2, 100 * S)]);
        assert_eq!(load_schedule.users_at(10 * S), 5);
        load_schedule.steer(20 * S, 1, 1.0).unwrap();
        // The ramp from 0 to 4 ended long ago; the one before the change is still remembered.
        assert_eq!(load_schedule.activity(5), [span(10 * S + S / 2, 20 * S)]);
        assert_eq!(load_schedule.activity(1), [span(10 * S, 24 * S)]);
        assert_eq!(load_schedule.activity(0), [span(10 * S, 100 * S)]);
        assert_eq!(load_schedule.users_at(22 * S), 3);
        assert_eq!(load_schedule.target_at(22 * S), Some((1, 1.0)));
    }

    #[test]
    fn a_ramp_that_a_change_cuts_short_goes_on_where_it_was() {
        let mut load_schedule = load_schedule(10, 1.0);
        load_schedule.steer(3 * S + S / 2, 5, 1.0).unwrap();
        assert_eq!(load_schedule.activity(3), [span(3 * S, 100 * S)]);
        assert_eq!(load_schedule.activity(4), [span(4 * S, 100 * S)]);
        assert_eq!(load_schedule.activity(5), []);
    }

    #[test]
    fn seconds_of_growth_are_known() {
        let mut load_schedule = load_schedule(4, 1.0);
        assert!(load_schedule.is_growing(0, S) && load_schedule.is_growing(2 * S, 3 * S));
        assert!(!load_schedule.is_growing(3 * S, 4 * S));
        load_schedule.steer(10 * S, 14, 5.0).unwrap();
        assert!(!load_schedule.is_growing(9 * S, 10 * S));
        assert!(
            load_schedule.is_growing(10 * S, 11 * S) && load_schedule.is_growing(11 * S, 12 * S)
        );
        assert!(!load_schedule.is_growing(12 * S, 13 * S));
        load_schedule.steer(11 * S, 2, 1.0).unwrap();
        assert!(
            !load_schedule.is_growing(11 * S, 12 * S),
            "cut short, and shrinking"
        );
    }

    #[test]
    fn impossible_changes_are_refused_and_change_nothing() {
        let mut load_schedule = load_schedule(4, 1.0);
        let no_room = SteeringError::NoRoom {
            users: 51,
            room: 50,
        };
        assert_eq!(load_schedule.steer(S, 51, 1.0), Err(no_room));
        assert!(matches!(
            load_schedule.steer(S, 5, 0.0),
            Err(SteeringError::SpawnRate { .. })
        ));
        assert_eq!(
            load_schedule.steer(100 * S, 5, 1.0),
            Err(SteeringError::Over)
        );
        assert_eq!(load_schedule.activity(0), [span(0, 100 * S)]);
        let open = Load::open(5.0, Arrivals::Constant, 3).unwrap();
        let refused = LoadSchedule::new(&open, 50).steer(S, 5, 1.0);
        assert_eq!(refused, Err(SteeringError::OpenModel));
    }

    #[test]
    fn many_changes_leave_a_short_course() {
        let mut load_schedule = load_schedule(4, 1.0);
        for change in 1..=900_u32 {
            let at_us = u64::from(change) * S / 10;
            load_schedule.steer(at_us, change % 50, 5.0).unwrap();
        }
        assert!(
            load_schedule.ramps.len() < 30,
            "{}",
            load_schedule.ramps.len()
        );
    }

    proptest! {
        /// As many users are active as the schedule says, and they are the first so many.
        #[test]
        fn users_are_always_the_first_so_many(
            changes in prop::collection::vec((1_u64..8 * S, 0_u32..50, 0.5_f64..40.0), 0..8),
            after_us in 0..10 * S,
        ) {
            let mut load_schedule = load_schedule(10, 3.0);
            let mut at_us = 0;
            for (pause_us, users, rate) in changes {
                at_us += pause_us;
                load_schedule.steer(at_us, users, rate).unwrap();
            }
            let now_us = at_us + after_us;
            let is_active = |user: u32| {
                let spans = load_schedule.activity(user);
                spans.iter().any(|span| span.start_us <= now_us && now_us < span.end_us)
            };
            let active: Vec<u32> = (0..50).filter(|&user| is_active(user)).collect();
            let expected: Vec<u32> = (0..load_schedule.users_at(now_us)).collect();
            prop_assert_eq!(active, expected);
        }
    }
}
