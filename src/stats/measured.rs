//! What is measured: of the requests of one statistic name, of a span of the run, of the generator.
//!
//! The same structs hold it at every level (one worker's interval, a merged second, a phase, the whole
//! run); only the store of latencies differs.

use super::sums::sums;
use super::{Corrections, LatencyTotal, Outcome, OutcomeCounts, Raising};
use crate::plan::FailureRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

sums! {
    /// Everything about the requests of one statistic name, or of all together. On lines of memory of
    /// its own: a worker counts on it with every request.
    #[derive(Clone, Debug, Default)]
    #[repr(align(128))]
    pub struct Measured<L> {
        /// done − due.
        pub response: L,
        /// done − sent; requests that never left are not in it.
        pub service: L,
        /// sent − due; requests that never left are not in it.
        pub lag: L,
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
}

impl<L> Measured<L> {
    /// Requests that ended, whatever their outcome.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.outcomes.requests()
    }

    /// Requests that count as failures.
    #[must_use]
    pub fn failures(&self, rule: FailureRule) -> u64 {
        self.outcomes.failures(rule)
    }
}

impl Measured<LatencyTotal> {
    /// Requests that were answered: those that left, without those whose reply never came or could
    /// not be read.
    #[must_use]
    pub fn replies(&self) -> u64 {
        self.service
            .len()
            .saturating_sub(self.outcomes[Outcome::Unknown])
    }
}

impl<L> Raising for Measured<L> {
    fn outcomes(&self) -> &OutcomeCounts {
        &self.outcomes
    }

    fn corrections(&self) -> &Corrections {
        &self.corrections
    }
}

sums! {
    /// What is counted of a span of the run, beside its requests.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Counters {
        /// Connections opened by users that had none yet.
        pub connects: u64,
        /// Connections opened in place of one that the server closed or that broke.
        pub reconnects: u64,
        /// Connection attempts that failed.
        pub connect_failures: u64,
        /// TLS handshakes in which the server showed who it is.
        pub handshakes_full: u64,
        /// TLS handshakes that resumed an earlier session.
        pub handshakes_resumed: u64,
        /// Connections that the server closed, without announcing it, while no request was on them.
        pub closed_between_requests: u64,
        /// Connections on which something came while no request was on them: it answers nothing, and
        /// they were replaced.
        pub unsolicited: u64,
        /// Connections that were given up because a reply came before its request had left whole.
        pub answered_early: u64,
        /// Open-model arrivals that were given up, because no user became free in time.
        pub shed: u64,
        /// Those of them, and steps of a fixed schedule, that the generator's own lateness was enough
        /// to cause.
        pub shed_by_lateness: u64,
        /// Requests that followed another one of the same step at once: no wait lay before them.
        pub followers: u64,
        /// Time that users were busy beside the service time of requests, less the time that they were
        /// busy with several at once, in nanoseconds: probes, line-ups, races.
        pub beside_ns: i64,
    }
}

sums! {
    /// What is timed in a span of the run, beside its requests.
    #[derive(Default)]
    pub struct Timings<L> {
        /// How late users were sent off that had waited for their due moment: sent − due. The
        /// generator's own share of the lag; a user that was still busy then is not in it.
        pub tardiness: L,
        /// Response times less what the generator is known to have added to each: see
        /// [`super::OwnLateness`].
        pub undelayed: L,
        /// How late workers noticed that a timer of their own had run out while they waited for
        /// replies: as late as they read a reply that has come.
        pub attention: L,
        /// Time to connect, apart from service time.
        pub connect: L,
        /// Time of the TLS handshake, apart from both.
        pub handshake: L,
    }
}

sums! {
    /// What workers saw of themselves.
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
}

impl WorkerHealth {
    /// User and system CPU time together.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.cpu_user_ns + self.cpu_system_ns
    }
}

sums! {
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
}
