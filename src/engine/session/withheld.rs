//! Calls that are never sent, since what they hold cannot be made.

use super::call_parts::CallParts;
use super::success::{Trouble, note_trouble};
use super::{Abort, Session};
use crate::engine::recorder::ObservedExchange;
use crate::engine::{Broken, Exchange, Link};
use crate::stats::{Outcome, Reason};

impl<L: Link> Session<L> {
    /// Waits for the due moment of a call and records that it failed unsent, for this reason.
    #[cold]
    pub(super) async fn withhold(
        &mut self,
        parts: &CallParts<'_>,
        reason: &Reason,
    ) -> Result<Outcome, Abort> {
        let due_ns = if parts.at_once {
            self.free_ns
        } else {
            self.step_due_ns = self.due_ns;
            self.due_ns
        };
        self.start_step(due_ns).await?;
        if parts.at_once {
            self.recorder.borrow_mut().interval().counters.followers += 1;
        }
        let now_ns = self.link.now_ns();
        self.recorder.borrow_mut().observe(&ObservedExchange {
            step: parts.step,
            due_ns,
            free_ns: self.free_ns,
            sent_ns: None,
            done_ns: now_ns,
            own_ns: 0,
            outcome: Outcome::Failed,
            status: 0,
            reason: Some(reason),
            bytes_out: 0,
            bytes_in: 0,
            body_bytes_in: 0,
        });
        let trouble = Trouble {
            status: 0,
            reason: *reason,
        };
        note_trouble(&mut self.trouble, trouble);
        self.free_ns = now_ns;
        self.schedule_next(&Exchange {
            again: false,
            ready_ns: 0,
            sent_ns: now_ns,
            done_ns: now_ns,
            result: Err(Broken::NotSent),
        });
        Ok(Outcome::Failed)
    }
}
