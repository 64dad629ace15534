//! What was looked at, and how bad it is.

use crate::plan::shown_lines;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingLevel {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Hint,
    /// Journeys would fail.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorFinding {
    /// How bad it is.
    pub level: FindingLevel,
    /// What was found, and what to do about it.
    pub says: String,
}

impl DoctorFinding {
    pub(super) fn ok(says: impl Into<String>) -> Self {
        Self::new(FindingLevel::Ok, says)
    }

    pub(super) fn hint(says: impl Into<String>) -> Self {
        Self::new(FindingLevel::Hint, says)
    }

    pub(super) fn problem(says: impl Into<String>) -> Self {
        Self::new(FindingLevel::Problem, says)
    }

    fn new(level: FindingLevel, says: impl Into<String>) -> Self {
        Self {
            level,
            // The target may have written a part of it.
            says: shown_lines(&says.into()).into_owned(),
        }
    }
}

impl fmt::Display for DoctorFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            FindingLevel::Ok => "ok",
            FindingLevel::Hint => "hint",
            FindingLevel::Problem => "problem",
        };
        write!(formatter, "{word:7} {}", self.says)
    }
}
