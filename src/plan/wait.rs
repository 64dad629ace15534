//! Wait times of user classes: when the next step is due, given the last one.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// The wait after a step, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitTime {
    /// No wait: due the moment the previous step is done.
    None,
    /// Steps are due at a fixed interval, counted from due to due: a user that falls behind
    /// keeps its schedule and its response times grow.
    ConstantPacing {
        /// Interval between due moments, at least 1 µs.
        interval_us: u64,
    },
    /// Uniform think time, counted from done to due.
    Between {
        /// Shortest wait.
        min_us: u64,
        /// Longest wait, at least `min_us`.
        max_us: u64,
    },
    /// Exponential think time, counted from done to due.
    Exponential {
        /// Mean wait, at least 1 µs.
        mean_us: u64,
    },
}

/// Why a wait time cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitTimeError {
    /// A pacing interval or mean of zero.
    #[error("a pacing interval must be longer than zero")]
    Zero,
    /// `max_us` below `min_us`.
    #[error("the longest wait ({max_us} µs) is shorter than the shortest ({min_us} µs)")]
    Reversed {
        /// Shortest wait asked for.
        min_us: u64,
        /// Longest wait asked for.
        max_us: u64,
    },
}

impl WaitTime {
    /// Constant pacing.
    ///
    /// # Errors
    /// When the interval is zero.
    pub fn constant_pacing(interval_us: u64) -> Result<Self, WaitTimeError> {
        if interval_us == 0 {
            return Err(WaitTimeError::Zero);
        }
        Ok(Self::ConstantPacing { interval_us })
    }

    /// Uniform think time.
    ///
    /// # Errors
    /// When the bounds are reversed.
    pub fn between(min_us: u64, max_us: u64) -> Result<Self, WaitTimeError> {
        if max_us < min_us {
            return Err(WaitTimeError::Reversed { min_us, max_us });
        }
        Ok(Self::Between { min_us, max_us })
    }

    /// Exponential think time.
    ///
    /// # Errors
    /// When the mean is zero.
    pub fn exponential(mean_us: u64) -> Result<Self, WaitTimeError> {
        if mean_us == 0 {
            return Err(WaitTimeError::Zero);
        }
        Ok(Self::Exponential { mean_us })
    }

    /// When the next step is due, in nanoseconds on the same clock as the arguments: `due_ns` and
    /// `done_ns` are those of the step that just ended.
    #[inline]
    pub fn next_due_ns(&self, due_ns: u64, done_ns: u64, rng: &mut Rng) -> u64 {
        match *self {
            Self::None => done_ns,
            Self::ConstantPacing { interval_us } => due_ns + interval_us * 1_000,
            Self::Between { min_us, max_us } => done_ns + rng.u64(min_us * 1_000..=max_us * 1_000),
            Self::Exponential { mean_us } => {
                // Inverse transform sampling; 1 − u is in (0, 1], so the logarithm is finite.
                let wait_ns = -(1.0 - rng.f64()).ln() * mean_us as f64 * 1_000.0;
                done_ns + wait_ns as u64
            }
        }
    }

    /// Mean wait in microseconds, for Little's law. Constant pacing counts the whole interval.
    #[must_use]
    pub fn mean_us(&self) -> f64 {
        match *self {
            Self::None => 0.0,
            Self::ConstantPacing { interval_us } => interval_us as f64,
            Self::Between { min_us, max_us } => (min_us + max_us) as f64 / 2.0,
            Self::Exponential { mean_us } => mean_us as f64,
        }
    }
}
