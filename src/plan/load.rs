//! Load shapes: how many users are active when (closed model), or when journeys arrive (open model).

use super::{LONGEST_DURATION, UniqueNumbers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most users of one run: each needs a span of unique numbers.
pub const MOST_USERS: u32 = UniqueNumbers::MAX_USER_INDEX + 1;
/// Users that carry out arrivals when nobody says how many: a second's arrivals, within these.
const DEFAULT_MAX_USERS: (f64, f64) = (50.0, 2_000.0);
/// Highest rate of an open-model run, in journeys a second.
pub const HIGHEST_RATE_PER_S: f64 = 10_000_000.0;

/// One stage of a closed-model run: go to `users` at `spawn_rate_per_s`, stay until the stage ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Users at the end of the ramp.
    pub users: u32,
    /// Users started (or stopped) a second, more than 0; infinite means at once.
    pub spawn_rate_per_s: f64,
    /// Length of the stage, ramp included.
    pub duration_us: u64,
}

/// How the arrivals of an open-model run are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// As a Poisson process.
    Poisson,
}

/// The load of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Load {
    /// Users that wait for replies.
    Closed {
        /// Stages in order, at least one.
        stages: Vec<Stage>,
    },
    /// Journeys that arrive whether or not replies came.
    Open {
        /// Journeys a second over all cores, more than 0.
        rate_per_s: f64,
        /// Spread of the arrivals.
        arrivals: Arrivals,
        /// Users that carry them out, at least 1; an arrival that finds none free waits.
        max_users: u32,
    },
}

/// A span in which a user is active, in microseconds from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// First moment.
    pub start_us: u64,
    /// First moment after it.
    pub end_us: u64,
}

/// Why a load shape cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// No stage at all.
    #[error("the load has no stage; give it at least one")]
    NoStage,
    /// Every stage has zero users.
    #[error("the load never has a user; give at least one stage one user or more")]
    NoUser,
    /// More users than there are unique numbers for.
    #[error("{users} users are too many; a run has at most {MOST_USERS}")]
    TooManyUsers {
        /// Users asked for.
        users: u32,
    },
    /// A spawn rate that is zero, negative or not a number.
    #[error("a spawn rate of {rate_per_s} users a second is not possible; it must be more than 0")]
    SpawnRate {
        /// Rate asked for.
        rate_per_s: f64,
    },
    /// A stage that takes no time.
    #[error("stage {stage} takes no time; give it a duration of more than 0")]
    EmptyStage {
        /// Position of the stage, counted from 1.
        stage: usize,
    },
    /// A run time of zero.
    #[error("a run time of 0 sends nothing; give it more than 0, like 20s or 3m")]
    NoTime,
    /// Stages that last longer than a run may.
    #[error("the stages last too long; a run ends after {} days at most", LONGEST_DURATION.as_secs() / 86_400)]
    TooLong,
    /// A journey rate that is zero, negative, infinite or not a number.
    #[error(
        "a rate of {rate_per_s} journeys a second is not possible; it must be more than 0 and at most {HIGHEST_RATE_PER_S}"
    )]
    Rate {
        /// Rate asked for.
        rate_per_s: f64,
    },
}

impl Load {
    /// The closed model: `stages` in order; when `run_time` is longer than they are, the last one
    /// is drawn out, so that its level holds until the end.
    ///
    /// # Errors
    /// When there is no stage, no user in any stage or too many in one, a stage takes no time or
    /// has no positive spawn rate, the run time is zero, or the whole is longer than
    /// [`LONGEST_DURATION`].
    pub fn closed(mut stages: Vec<Stage>, run_time: Duration) -> Result<Self, LoadError> {
        let longest_us = LONGEST_DURATION.as_micros() as u64;
        let mut total_us: u64 = 0;
        for (index, stage) in stages.iter().enumerate() {
            if stage.spawn_rate_per_s.is_nan() || stage.spawn_rate_per_s <= 0.0 {
                return Err(LoadError::SpawnRate {
                    rate_per_s: stage.spawn_rate_per_s,
                });
            }
            if stage.users > MOST_USERS {
                return Err(LoadError::TooManyUsers { users: stage.users });
            }
            if stage.duration_us == 0 {
                return Err(LoadError::EmptyStage { stage: index + 1 });
            }
            total_us = total_us.saturating_add(stage.duration_us);
        }
        let last = stages.last_mut().ok_or(LoadError::NoStage)?;
        let run_time_us = u64::try_from(run_time.as_micros()).unwrap_or(u64::MAX);
        if run_time_us == 0 {
            return Err(LoadError::NoTime);
        }
        if total_us.max(run_time_us) > longest_us {
            return Err(LoadError::TooLong);
        }
        last.duration_us += run_time_us.saturating_sub(total_us);
        if stages.iter().all(|stage| stage.users == 0) {
            return Err(LoadError::NoUser);
        }
        Ok(Self::Closed { stages })
    }

    /// The open model.
    ///
    /// # Errors
    /// When the rate is not positive or above [`HIGHEST_RATE_PER_S`], or `max_users` is 0 or above
    /// [`MOST_USERS`].
    pub fn open(rate_per_s: f64, arrivals: Arrivals, max_users: u32) -> Result<Self, LoadError> {
        if !(rate_per_s > 0.0 && rate_per_s <= HIGHEST_RATE_PER_S) {
            return Err(LoadError::Rate { rate_per_s });
        }
        match max_users {
            0 => Err(LoadError::NoUser),
            users if users > MOST_USERS => Err(LoadError::TooManyUsers { users }),
            _ => Ok(Self::Open {
                rate_per_s,
                arrivals,
                max_users,
            }),
        }
    }

    /// Users that carry out `rate_per_s` journeys a second when nobody says how many.
    #[must_use]
    pub fn default_max_users(rate_per_s: f64) -> u32 {
        let (least, most) = DEFAULT_MAX_USERS;
        rate_per_s.ceil().clamp(least, most) as u32
    }

    /// Most users that are ever active at once.
    #[must_use]
    pub fn max_users(&self) -> u32 {
        match self {
            Self::Closed { stages } => stages.iter().map(|stage| stage.users).max().unwrap_or(0),
            Self::Open { max_users, .. } => *max_users,
        }
    }

    /// How long the stages last; `None` for the open model, which has no end of its own.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        match self {
            Self::Closed { stages } => Some(Duration::from_micros(
                stages.iter().map(|stage| stage.duration_us).sum(),
            )),
            Self::Open { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(users: u32, spawn_rate_per_s: f64, duration_s: u64) -> Stage {
        Stage {
            users,
            spawn_rate_per_s,
            duration_us: duration_s * 1_000_000,
        }
    }

    #[test]
    fn the_last_stage_is_drawn_out_to_the_run_time() {
        let stages = vec![stage(5, 1.0, 10), stage(2, 1.0, 10)];
        let longer = Load::closed(stages.clone(), Duration::from_secs(60));
        let kept = Load::closed(stages.clone(), Duration::from_secs(15));
        let Ok(Load::Closed { stages: longer }) = longer else {
            panic!("a valid load")
        };
        assert_eq!(longer, [stage(5, 1.0, 10), stage(2, 1.0, 50)]);
        assert_eq!(kept, Ok(Load::Closed { stages }));
    }

    #[test]
    fn impossible_closed_loads_are_refused() {
        let minute = Duration::from_secs(60);
        let closed = |stages: &[Stage]| Load::closed(stages.to_vec(), minute).unwrap_err();
        assert_eq!(closed(&[]), LoadError::NoStage);
        assert_eq!(
            closed(&[stage(0, 1.0, 5), stage(0, 1.0, 5)]),
            LoadError::NoUser
        );
        assert_eq!(
            closed(&[stage(5, 1.0, 5), stage(5, 1.0, 0)]),
            LoadError::EmptyStage { stage: 2 }
        );
        assert_eq!(
            closed(&[stage(MOST_USERS + 1, 1.0, 5)]),
            LoadError::TooManyUsers {
                users: MOST_USERS + 1
            }
        );
        for rate in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(matches!(
                closed(&[stage(5, rate, 5)]),
                LoadError::SpawnRate { .. }
            ));
        }
        assert_eq!(closed(&[stage(5, 1.0, 400 * 86_400)]), LoadError::TooLong);
        let long_time = Load::closed(vec![stage(5, 1.0, 5)], Duration::MAX);
        assert_eq!(long_time, Err(LoadError::TooLong));
        let no_time = Load::closed(vec![stage(5, 1.0, 5)], Duration::ZERO);
        assert_eq!(no_time, Err(LoadError::NoTime));
    }

    #[test]
    fn users_may_start_all_at_once() {
        let load = Load::closed(vec![stage(5, f64::INFINITY, 5)], Duration::from_secs(5));
        assert!(load.is_ok());
    }

    #[test]
    fn impossible_open_loads_are_refused() {
        for rate in [0.0, -3.0, f64::NAN, f64::INFINITY, HIGHEST_RATE_PER_S * 2.0] {
            let load = Load::open(rate, Arrivals::Constant, 50);
            assert!(matches!(load, Err(LoadError::Rate { .. })), "{rate}");
        }
        assert_eq!(
            Load::open(1.0, Arrivals::Constant, 0),
            Err(LoadError::NoUser)
        );
        assert!(Load::open(1.0, Arrivals::Constant, MOST_USERS + 1).is_err());
        assert!(Load::open(0.5, Arrivals::Poisson, 1).is_ok());
    }
}
