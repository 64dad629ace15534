//! What one worker measured in one interval: the set that it swaps with the collector.
//!
//! A set is allocated once, handed back and forth, and cleared at the cost of what was recorded.

use super::{
    AddressTable, Contests, Counters, Forget, JourneyCounts, LatencyCounts, Measured, Outcome,
    Reason, Round, SetShape, Timings, WorkerHealth,
};
use serde::Serialize;

/// A statistic name: what a row of the report is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StatName {
    /// HTTP method.
    pub method: &'static str,
    /// Name as in the Locust suite, for example `PUT /customers/{id}/profile`.
    pub name: &'static str,
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

/// Everything one worker measured in one interval. Its lines of memory, and those of its names, are no
/// other worker's: lines fetch each other in pairs.
#[repr(align(128))]
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
    pub names: Vec<Measured<LatencyCounts>>,
    /// Error rows; at most [`CoreInterval::MAX_ERRORS`], further kinds go into `errors_cut`.
    pub errors: Vec<ErrorCounts>,
    /// Requests whose error found no row.
    pub errors_cut: u64,
    /// What was counted.
    pub counters: Counters,
    /// What was timed.
    pub timings: Timings<LatencyCounts>,
    /// Users active at the end of the interval.
    pub users: u32,
    /// Most users that were active at once in it.
    pub most_users: u32,
    /// One entry a journey, in the plan's order.
    pub journeys: Vec<JourneyCounts>,
    /// What was contended for.
    pub contests: Contests<LatencyCounts>,
    /// Rounds that ended; when there were very many of them, not all.
    pub rounds: Vec<Round>,
    /// What went to which address of the target.
    pub addresses: AddressTable,
    /// The worker's own figures.
    pub health: WorkerHealth,
}

const _: () = assert!(align_of::<CoreInterval>() == 128);
const _: () = assert!(align_of::<Measured<LatencyCounts>>() == 128);

impl CoreInterval {
    /// Rows of the error table.
    pub const MAX_ERRORS: usize = 256;
    /// Rounds that are written down: twice as many as an interval can have.
    const MAX_ROUNDS: usize = 2_048;

    /// An empty set for a plan of this shape.
    #[must_use]
    pub fn new(core: usize, shape: SetShape) -> Self {
        Self {
            core,
            start_us: 0,
            end_us: 0,
            last: false,
            names: (0..shape.names).map(|_| Measured::default()).collect(),
            errors: Vec::with_capacity(Self::MAX_ERRORS),
            errors_cut: 0,
            counters: Counters::default(),
            timings: Timings::default(),
            users: 0,
            most_users: 0,
            journeys: vec![JourneyCounts::default(); shape.journeys],
            contests: Contests::new(shape),
            rounds: Vec::with_capacity(if shape.races > 0 { Self::MAX_ROUNDS } else { 0 }),
            addresses: AddressTable::default(),
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

    /// Writes a round down, unless there were too many of them. Allocates nothing.
    pub fn end_round(&mut self, round: Round) {
        self.contests.rounds.end(&round);
        if self.rounds.len() < Self::MAX_ROUNDS {
            self.rounds.push(round);
        }
    }

    /// Forgets everything but the worker's position.
    pub fn clear(&mut self) {
        self.start_us = 0;
        self.end_us = 0;
        self.last = false;
        self.names.forget();
        self.errors.clear();
        self.errors_cut = 0;
        self.counters.forget();
        self.timings.forget();
        self.users = 0;
        self.most_users = 0;
        self.journeys.forget();
        self.contests.forget();
        self.rounds.clear();
        self.addresses.forget();
        self.health.forget();
    }
}
