//! A message's state machine. That sending fails, with what follows, is left out: the shop's own
//! channels never fail, so that no client ever meets it.

use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::ring_store::ThingKey;

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotificationStatus {
    Pending,
    Sent,
    Cancelled,
}

use NotificationStatus::{Cancelled, Pending, Sent};

/// What later requests can notice of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    status: NotificationStatus,
    /// The customer's list that it is in; none of the shop's own people.
    pub list: Option<ThingKey>,
}

impl Notification {
    /// A new one.
    pub fn new(list: Option<ThingKey>) -> Self {
        let status = Pending;
        Self { status, list }
    }

    /// Whether it is neither sent nor cancelled.
    pub fn is_pending(&self) -> bool {
        self.status == Pending
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.status == Cancelled
    }

    /// It was sent.
    pub fn send(&mut self) {
        self.status = Sent;
    }

    /// Cancels it; `again` without a look at its state.
    ///
    /// # Errors
    /// When it was sent or cancelled.
    pub fn cancel(&mut self, again: bool) -> Result<(), Refusal> {
        let state = match self.status {
            Sent => "Sent",
            Cancelled if !again => "Cancelled",
            Pending | Cancelled => {
                self.status = Cancelled;
                return Ok(());
            }
        };
        let told = format!("Cannot transition from {state} to Cancelled");
        Err(Refusal::rule("status", told))
    }
}
