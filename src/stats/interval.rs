//! What one worker measured in one interval: the set that it swaps with the collector.
//!
//! A set is allocated once, handed back and forth, and cleared at the cost of what was recorded.

use super::{
    Contests, Corrections, LatencyCounts, Outcome, OutcomeCounts, Raising, absorb_corrections,
};
use crate::plan::FailureRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A statistic name: what a row of the report is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StatName {
    /// HTTP method.
    pub method: &'static str,
    /// Name as in the Locust suite, for example `PUT /customers/{id}/profile`.
    pub name: &'static str,
}

/// Everything about one statistic name in one interval.
#[derive(Default)]
pub struct NameInterval {
    /// done − due.
    pub response: LatencyCounts,
    /// done − sent; requests that never left are not in it.
    pub service: LatencyCounts,
    /// sent − due; requests that never left are not in it.
    pub lag: LatencyCounts,
    /// Requests by [`Outcome`].
    pub outcomes: OutcomeCounts,
    /// What its requests raised beside what their outcomes tell.
    pub corrections: Corrections,
    /// Bytes handed to the kernel, heads included.
    pub bytes_out: u64,
    /// Bytes of complete replies, heads included.
    pub bytes_in: u64,
    /// Bytes of reply bodies alone (Locust's content size).
    pub body_bytes_in: u64,
}

impl NameInterval {
    /// Requests that ended in this interval, whatever their outcome.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.outcomes.requests()
    }

    /// Requests that count as failures.
    #[must_use]
    pub fn failures(&self, rule: FailureRule) -> u64 {
        self.outcomes.failures(rule)
    }

    /// Adds everything of `other`.
    pub fn absorb(&mut self, other: &Self) {
        self.response.absorb(&other.response);
        self.service.absorb(&other.service);
        self.lag.absorb(&other.lag);
        self.outcomes.absorb(&other.outcomes);
        absorb_corrections(&mut self.corrections, &other.corrections);
        self.bytes_out += other.bytes_out;
        self.bytes_in += other.bytes_in;
        self.body_bytes_in += other.body_bytes_in;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.response.clear();
        self.service.clear();
        self.lag.clear();
        self.outcomes = OutcomeCounts::default();
        self.corrections = Corrections::default();
        self.bytes_out = 0;
        self.bytes_in = 0;
        self.body_bytes_in = 0;
    }
}

impl Raising for NameInterval {
    fn outcomes(&self) -> &OutcomeCounts {
        &self.outcomes
    }

    fn corrections(&self) -> &Corrections {
        &self.corrections
    }
}

/// Longest reason text kept; longer ones are cut.
pub const REASON_BYTES: usize = 120;

/// A short text without an allocation: why a request did not succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    bytes: [u8; REASON_BYTES],
    len: u8,
}

impl Reason {
    /// Copies `text`, cut at a character boundary.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut reason = Self::default();
        let len = text.floor_char_boundary(REASON_BYTES);
        reason.bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        reason.len = len as u8;
        reason
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Default for Reason {
    fn default() -> Self {
        Self {
            bytes: [0; REASON_BYTES],
            len: 0,
        }
    }
}

/// Writing past [`REASON_BYTES`] cuts the text, and never fails.
impl std::fmt::Write for Reason {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let start = usize::from(self.len);
        let len = text.floor_char_boundary(REASON_BYTES - start);
        self.bytes[start..start + len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len as u8;
        Ok(())
    }
}

/// What a row of the error table is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ErrorKey {
    /// Index of the statistic name in the plan's names.
    pub name: u16,
    /// Never [`Outcome::Success`].
    pub outcome: Outcome,
    /// HTTP status, 0 when there was none.
    pub status: u16,
    /// Normalised text: ids and numbers folded.
    pub reason: Reason,
}

/// A row of the error table.
#[derive(Clone, Copy)]
pub struct ErrorCounts {
    /// What it is about.
    pub key: ErrorKey,
    /// How often.
    pub count: u64,
    /// First and last time in the interval, in microseconds from the start of the run.
    pub first_us: u64,
    /// See `first_us`.
    pub last_us: u64,
}

/// What a worker saw of itself in one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerHealth {
    /// User and system CPU time of the worker's thread.
    pub cpu_user_ns: u64,
    /// See `cpu_user_ns`.
    pub cpu_system_ns: u64,
    /// Time the thread was runnable but not running (`/proc/thread-self/schedstat`).
    pub run_queue_ns: u64,
    /// Allocations made by the worker's thread.
    pub allocations: u64,
    /// Ring entries submitted.
    pub ring_entries: u64,
}

impl WorkerHealth {
    /// User and system CPU time together.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.cpu_user_ns + self.cpu_system_ns
    }

    /// Adds the figures of another interval.
    pub fn absorb(&mut self, other: &Self) {
        self.cpu_user_ns += other.cpu_user_ns;
        self.cpu_system_ns += other.cpu_system_ns;
        self.run_queue_ns += other.run_queue_ns;
        self.allocations += other.allocations;
        self.ring_entries += other.ring_entries;
    }
}

/// What became of one kind of journey. Those that were on their way when the run ended are
/// started, and neither completed nor aborted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JourneyCounts {
    /// Journeys whose first request was sent.
    pub started: u64,
    /// Journeys that were walked to their end, failed steps that they survive included.
    pub completed: u64,
    /// Journeys that ended at a step that they depend on.
    pub aborted: u64,
}

impl JourneyCounts {
    /// Adds the counts of another interval.
    pub fn absorb(&mut self, other: &Self) {
        self.started += other.started;
        self.completed += other.completed;
        self.aborted += other.aborted;
    }
}

/// How much there is to count in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetShape {
    /// Statistic names.
    pub names: usize,
    /// Kinds of journeys.
    pub journeys: usize,
    /// Kinds of races.
    pub races: usize,
    /// Rules that are checked.
    pub rules: usize,
}

/// Everything one worker measured in one interval.
pub struct CoreInterval {
    /// Position of the worker among the workers.
    pub core: usize,
    /// Start of the interval, in microseconds from the start of the run.
    pub start_us: u64,
    /// End of the interval.
    pub end_us: u64,
    /// True in the worker's last interval.
    pub last: bool,
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<NameInterval>,
    /// Error rows; at most [`CoreInterval::MAX_ERRORS`], further kinds go into `errors_cut`.
    pub errors: Vec<ErrorCounts>,
    /// Requests whose error found no row.
    pub errors_cut: u64,
    /// How late users were sent off that had waited for their due moment: sent − due. The
    /// generator's own share of the lag; a user that was still busy then is not in it.
    pub tardiness: LatencyCounts,
    /// Response times less what the generator is known to have added to each: see
    /// [`super::OwnLateness`].
    pub undelayed: LatencyCounts,
    /// How late the worker noticed that a timer of its own had run out while it waited for replies:
    /// as late as it reads a reply that has come.
    pub attention: LatencyCounts,
    /// Time to connect, apart from service time.
    pub connect: LatencyCounts,
    /// Connections opened by users that had none yet.
    pub connects: u64,
    /// Connections opened in place of one that the server closed or that broke.
    pub reconnects: u64,
    /// Connection attempts that failed.
    pub connect_failures: u64,
    /// Users active at the end of the interval.
    pub users: u32,
    /// One entry a journey, in the plan's order.
    pub journeys: Vec<JourneyCounts>,
    /// Open-model arrivals that were given up, because no user became free in time.
    pub shed: u64,
    /// Those of them, and steps of a fixed schedule, that the generator's own lateness was enough to
    /// cause.
    pub shed_by_lateness: u64,
    /// Requests that followed another one of the same step at once: no wait lay before them.
    pub followers: u64,
    /// What was contended for.
    pub contests: Contests,
    /// The worker's own figures.
    pub health: WorkerHealth,
}

impl CoreInterval {
    /// Rows of the error table.
    pub const MAX_ERRORS: usize = 256;

    /// An empty set for a plan of this shape.
    #[must_use]
    pub fn new(core: usize, shape: SetShape) -> Self {
        Self {
            core,
            start_us: 0,
            end_us: 0,
            last: false,
            names: (0..shape.names).map(|_| NameInterval::default()).collect(),
            errors: Vec::with_capacity(Self::MAX_ERRORS),
            errors_cut: 0,
            tardiness: LatencyCounts::default(),
            undelayed: LatencyCounts::default(),
            attention: LatencyCounts::default(),
            connect: LatencyCounts::default(),
            connects: 0,
            reconnects: 0,
            connect_failures: 0,
            users: 0,
            journeys: vec![JourneyCounts::default(); shape.journeys],
            shed: 0,
            shed_by_lateness: 0,
            followers: 0,
            contests: Contests::new(shape),
            health: WorkerHealth::default(),
        }
    }

    /// Counts an error at `at_us` from the start of the run. Allocates nothing.
    pub fn record_error(&mut self, key: ErrorKey, at_us: u64) {
        if let Some(row) = self.errors.iter_mut().find(|row| row.key == key) {
            row.count += 1;
            row.last_us = at_us;
        } else if self.errors.len() < Self::MAX_ERRORS {
            self.errors.push(ErrorCounts {
                key,
                count: 1,
                first_us: at_us,
                last_us: at_us,
            });
        } else {
            self.errors_cut += 1;
        }
    }

    /// Forgets everything but the worker's position.
    pub fn clear(&mut self) {
        self.start_us = 0;
        self.end_us = 0;
        self.last = false;
        self.names.iter_mut().for_each(NameInterval::clear);
        self.errors.clear();
        self.errors_cut = 0;
        self.tardiness.clear();
        self.undelayed.clear();
        self.attention.clear();
        self.connect.clear();
        self.connects = 0;
        self.reconnects = 0;
        self.connect_failures = 0;
        self.users = 0;
        self.journeys.fill(JourneyCounts::default());
        self.shed = 0;
        self.shed_by_lateness = 0;
        self.followers = 0;
        self.contests.clear();
        self.health = WorkerHealth::default();
    }
}
