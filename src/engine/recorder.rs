//! Where the sessions of one core write down what happened.

use super::Step;
use crate::stats::{CoreInterval, ErrorKey, Outcome, Reason};

/// One request as it is recorded. Times are in nanoseconds on the monotonic clock.
pub struct Observation<'a> {
    /// What was called.
    pub step: &'a Step,
    /// When it was due.
    pub due_ns: u64,
    /// When the user was free to send it.
    pub free_ns: u64,
    /// When it was sent; `None` when it never left.
    pub sent_ns: Option<u64>,
    /// When it was answered or given up.
    pub done_ns: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// HTTP status, 0 when there was none.
    pub status: u16,
    /// Why it did not succeed.
    pub reason: Option<&'a Reason>,
    /// Bytes of the request.
    pub bytes_out: u64,
    /// Bytes of the reply.
    pub bytes_in: u64,
    /// Bytes of the reply's body.
    pub body_bytes_in: u64,
}

/// The current interval of one core, and where each step is counted in it.
pub struct Recorder {
    interval: Box<CoreInterval>,
    start_ns: u64,
    /// Row by [`Step::index`]; `u16::MAX` for steps that the plan cannot produce.
    rows: Box<[u16]>,
}

impl Recorder {
    /// A recorder that writes into `interval`, whose names stand in the order of `rows`.
    #[must_use]
    pub fn new(interval: Box<CoreInterval>, rows: Box<[u16]>) -> Self {
        Self {
            interval,
            start_ns: 0,
            rows,
        }
    }

    /// The run starts at `start_ns`. What was counted before (connects) stays in the first interval.
    pub fn begin(&mut self, start_ns: u64) {
        self.start_ns = start_ns;
    }

    /// The interval being filled.
    pub fn interval(&mut self) -> &mut CoreInterval {
        &mut self.interval
    }

    /// Ends the current interval at `now_ns`, puts `empty` in its place and returns it.
    pub fn swap(&mut self, mut empty: Box<CoreInterval>, now_ns: u64) -> Box<CoreInterval> {
        let end_us = now_ns.saturating_sub(self.start_ns) / 1_000;
        self.interval.end_us = end_us;
        empty.start_us = end_us;
        std::mem::replace(&mut self.interval, empty)
    }

    /// Counts one request. Allocates nothing.
    #[inline]
    pub fn observe(&mut self, seen: &Observation<'_>) {
        let row = self.rows[usize::from(seen.step.index)];
        let interval = &mut *self.interval;
        let name = &mut interval.names[usize::from(row)];
        name.response
            .record_us(seen.done_ns.saturating_sub(seen.due_ns) / 1_000);
        if let Some(sent_ns) = seen.sent_ns {
            name.service
                .record_us(seen.done_ns.saturating_sub(sent_ns) / 1_000);
            name.lag
                .record_us(sent_ns.saturating_sub(seen.due_ns) / 1_000);
            if seen.due_ns > seen.free_ns {
                interval
                    .tardiness
                    .record_us(sent_ns.saturating_sub(seen.due_ns) / 1_000);
            }
        }
        name.outcomes[seen.outcome as usize] += 1;
        name.bytes_out += seen.bytes_out;
        name.bytes_in += seen.bytes_in;
        name.body_bytes_in += seen.body_bytes_in;
        if let Some(reason) = seen.reason {
            self.observe_error(seen, row, *reason);
        }
    }

    #[cold]
    fn observe_error(&mut self, seen: &Observation<'_>, row: u16, reason: Reason) {
        let key = ErrorKey {
            name: row,
            outcome: seen.outcome,
            status: seen.status,
            reason,
        };
        let at_us = seen.done_ns.saturating_sub(self.start_ns) / 1_000;
        self.interval.record_error(key, at_us);
    }
}
