//! Where a load test is, in Locust's words.

use serde::Serialize;

/// Where the page's load test is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// None was started yet.
    #[default]
    Ready,
    /// Being prepared, or its users are still being started.
    Spawning,
    /// All users were started.
    Running,
    /// It was told to stop; requests in flight are waited for, the record is being finished.
    Stopping,
    /// It is over, and its record is complete.
    Stopped,
}

impl State {
    /// Whether a load test is on its way.
    #[must_use]
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Spawning | Self::Running | Self::Stopping)
    }
}
