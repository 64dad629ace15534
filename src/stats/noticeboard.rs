//! What others than the collector know of a live run: posted by whoever knows it, shown by the
//! faces with the next second.

use std::sync::{Mutex, PoisonError};

/// How a threshold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdState {
    /// Nothing can be said yet.
    Open,
    /// It holds so far.
    Holds,
    /// It is crossed, or was.
    Crossed,
}

/// A threshold, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdNotice {
    /// The threshold, as the user wrote it.
    pub text: String,
    /// The figure that it judges, in words; empty while there is none.
    pub value: String,
    /// How it stands.
    pub state: ThresholdState,
}

/// Events of a domain that were accepted and are not processed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacklogNotice {
    /// Name of the domain.
    pub domain: String,
    /// Rows that wait in its outbox; `None` when nobody could tell.
    pub outbox_pending: Option<u64>,
    /// Messages that consumers have not read yet; `None` when nobody could tell.
    pub consumer_lag: Option<u64>,
    /// Whether there may be more: what was asked shows a part only.
    pub at_least: bool,
}

/// Everything that is posted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Thresholds, in the order of the plan.
    pub thresholds: Vec<ThresholdNotice>,
    /// Backlog by domain.
    pub backlog: Vec<BacklogNotice>,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Noticeboard {
    notices: Mutex<Notices>,
}

impl Noticeboard {
    /// Changes what is posted.
    pub fn post(&self, change: impl FnOnce(&mut Notices)) {
        change(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is posted now.
    #[must_use]
    pub fn notices(&self) -> Notices {
        let notices = self.notices.lock();
        notices.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
