//! What was looked at, and how bad it is.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Hint,
    /// Journeys would fail.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found, and what to do about it.
    pub says: String,
}

impl Finding {
    pub(super) fn ok(says: impl Into<String>) -> Self {
        Self::new(Level::Ok, says)
    }

    pub(super) fn hint(says: impl Into<String>) -> Self {
        Self::new(Level::Hint, says)
    }

    pub(super) fn problem(says: impl Into<String>) -> Self {
        Self::new(Level::Problem, says)
    }

    fn new(level: Level, says: impl Into<String>) -> Self {
        Self {
            level,
            says: says.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            Level::Ok => "ok",
            Level::Hint => "hint",
            Level::Problem => "problem",
        };
        write!(formatter, "{word:7} {}", self.says)
    }
}
