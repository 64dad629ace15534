//! When a user's next step is due, and what becomes of those that fall out: the run ends before them, or the
//! target cannot be reached.

use super::Session;
use crate::engine::{Broken, Exchange, Link, Stopped};
use crate::plan::WaitTime;

/// First back-off after a request that could not be sent.
pub(super) const FIRST_BACKOFF_NS: u64 = 10_000_000;
/// Longest back-off.
pub(super) const LONGEST_BACKOFF_NS: u64 = 2_000_000_000;

impl<L: Link> Session<L> {
    /// The run is over. Steps of a fixed schedule that were due before and never left are shed.
    #[cold]
    pub(super) fn stop(&mut self, stopped: Stopped, due_ns: u64) {
        self.stopped = true;
        let first_ns = self.skipped_from_ns.take().unwrap_or(due_ns);
        self.shed(first_ns, stopped.end_ns);
        // Without what it owes the user would have been so much further.
        let owed_ns = self.lateness.carried(due_ns, stopped.end_ns);
        if let WaitTime::ConstantPacing { interval_us } = self.wait {
            let steps = owed_ns / (interval_us * 1_000).max(1);
            self.recorder
                .borrow_mut()
                .interval()
                .counters
                .shed_by_lateness += steps;
        }
    }

    /// Counts the steps of a fixed schedule that were due from `first_ns` to before `end_ns` and
    /// will not be sent: they must not vanish from the record.
    #[cold]
    pub(super) fn shed(&mut self, first_ns: u64, end_ns: u64) {
        if let WaitTime::ConstantPacing { interval_us } = self.wait {
            let steps = end_ns
                .saturating_sub(first_ns)
                .div_ceil(interval_us * 1_000);
            self.recorder.borrow_mut().interval().counters.shed += steps;
        }
    }

    /// The next step is due now at the earliest: what was done before is no part of a fixed schedule, as what
    /// users do once before all else.
    #[inline]
    pub fn begin_schedule(&mut self) {
        self.due_ns = self.due_ns.max(self.link.now_ns());
    }

    #[inline]
    pub(super) fn schedule_next(&mut self, exchange: &Exchange) {
        self.due_ns = self
            .wait
            .next_due_ns(self.step_due_ns, exchange.done_ns, &mut self.rng);
        if exchange.result == Err(Broken::NotSent) {
            self.back_off(exchange.done_ns);
        } else {
            self.unsent = 0;
            self.rested_ns = 0;
        }
    }

    /// Keeps away from a target that cannot be reached: doubling, jittered, bounded. Steps of a
    /// fixed schedule that fall into it are skipped; the schedule itself stays.
    #[cold]
    pub(super) fn back_off(&mut self, done_ns: u64) {
        let longest = FIRST_BACKOFF_NS
            .saturating_mul(1 << self.unsent.min(20))
            .min(LONGEST_BACKOFF_NS);
        self.unsent = self.unsent.saturating_add(1);
        self.rested_ns = done_ns + self.jitter.u64(longest / 2..=longest);
        if self.rested_ns <= self.due_ns {
            return;
        }
        if let WaitTime::ConstantPacing { interval_us } = self.wait {
            let interval_ns = interval_us * 1_000;
            let skipped = (self.rested_ns - self.due_ns).div_ceil(interval_ns);
            self.skipped_from_ns = Some(self.due_ns);
            self.due_ns += skipped * interval_ns;
        } else {
            self.due_ns = self.rested_ns;
        }
    }
}
