//! What observers tell while they are at work.

use crate::stats::{Amount, ObservedSample};
use std::sync::Arc;

/// Writes samples down; the error says what could not be written.
pub type WatchSink = Box<dyn FnMut(&[ObservedSample]) -> Result<(), String> + Send>;

/// How far the back end is.
#[derive(Clone, Debug)]
pub struct DrainProgress {
    /// Sources that are read.
    pub sources: usize,
    /// Whether each of them has answered, or failed to, at least once.
    pub all_have_answered: bool,
    /// The same since the load ended.
    pub all_answered_after_load: bool,
    /// Whether each has given its account of the run, or failed to.
    pub all_have_accounted: bool,
    /// The latest backlog of each domain.
    pub backlogs: Vec<(Arc<str>, Amount)>,
    /// Whether every domain's backlog has been no larger than before the load since it ended.
    pub drained: bool,
    /// The latest problem of each source that had one, with its name.
    pub problems: Vec<(Arc<str>, String)>,
}
