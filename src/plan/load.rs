//! Load shapes: how many users are active when (closed model), or when journeys arrive (open model).

use serde::Serialize;
use std::time::Duration;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

impl Load {
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
