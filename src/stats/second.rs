//! One merged second: what all workers measured in it.

use super::{
    Absorb, AddressTable, Contests, CoreInterval, Counters, ErrorCounts, Forget, JourneyCounts,
    LatencyCounts, Measured, Round, SetShape, Timings, ToldLatencies, WorkerHealth,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Part of a run that figures are kept apart for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Users are still being started: the second began before the last of them was due.
    Spawning,
    /// All users were started.
    Steady,
}

impl Phase {
    /// Both phases, in the order of their discriminants.
    pub const ALL: [Self; 2] = [Self::Spawning, Self::Steady];

    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Spawning => "spawning",
            Self::Steady => "steady",
        }
    }
}

/// What one worker saw of itself in a set that it handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreHealth {
    /// Position of the worker among the workers.
    pub core: usize,
    /// Start of the set, in microseconds from the start of the run.
    pub start_us: u64,
    /// End of the set.
    pub end_us: u64,
    /// 99 of 100 requests were sent at most this late, in the generator's own share of the lag.
    pub tardiness_p99_us: u64,
    /// The worker's own figures.
    pub health: WorkerHealth,
}

impl CoreHealth {
    /// Share of its time that the worker worked, 0 to 1; 0 for a set of no length.
    #[must_use]
    pub fn cpu_share(&self) -> f64 {
        share_of(self.health.cpu_ns(), self.length_us())
    }

    /// Share of its time that the worker was runnable but not running.
    #[must_use]
    pub fn run_queue_share(&self) -> f64 {
        share_of(self.health.run_queue_ns, self.length_us())
    }

    /// Length of the set.
    #[must_use]
    pub fn length_us(&self) -> u64 {
        self.end_us.saturating_sub(self.start_us)
    }
}

/// Share of `length_us` that `part_ns` is.
pub(super) fn share_of(part_ns: u64, length_us: u64) -> f64 {
    if length_us == 0 {
        return 0.0;
    }
    part_ns as f64 / (length_us as f64 * 1e3)
}

/// What all workers measured in one second of the run. The last one may be shorter.
pub struct MergedInterval<L = LatencyCounts> {
    /// Start, in microseconds from the start of the run.
    pub start_us: u64,
    /// End; 1 s after the start, or the end of the run.
    pub end_us: u64,
    /// The phase that it belongs to.
    pub phase: Phase,
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<Measured<L>>,
    /// All names together, once they were summed up; nothing in a [`ToldInterval`].
    pub all: Measured<L>,
    /// Error rows of all workers; rows of the same kind are not joined yet.
    pub errors: Vec<ErrorCounts>,
    /// Requests whose error found no row.
    pub errors_cut: u64,
    /// What was counted.
    pub counters: Counters,
    /// What was timed.
    pub timings: Timings<L>,
    /// Users active at the end.
    pub users: u32,
    /// Most users that were active at once in it.
    pub most_users: u32,
    /// One entry a journey, in the plan's order.
    pub journeys: Vec<JourneyCounts>,
    /// What was contended for.
    pub contests: Contests<L>,
    /// Rounds that ended; when there were very many of them, not all.
    pub rounds: Vec<Round>,
    /// What went to which address of the target.
    pub addresses: AddressTable,
    /// One entry a set that was merged: one a worker, more or fewer when a worker was late.
    pub cores: Vec<CoreHealth>,
}

/// A second as a shard tells it to whoever joins it with those of others: quick to read and to add.
pub type ToldInterval = MergedInterval<ToldLatencies>;

impl<L: Default> MergedInterval<L> {
    /// An empty second for a plan of this shape, in whatever store.
    #[must_use]
    pub fn empty(shape: SetShape) -> Self {
        Self {
            start_us: 0,
            end_us: 0,
            phase: Phase::Steady,
            names: (0..shape.names).map(|_| Measured::default()).collect(),
            all: Measured::default(),
            errors: Vec::new(),
            errors_cut: 0,
            counters: Counters::default(),
            timings: Timings::default(),
            users: 0,
            most_users: 0,
            journeys: vec![JourneyCounts::default(); shape.journeys],
            contests: Contests::new(shape),
            rounds: Vec::new(),
            addresses: AddressTable::default(),
            cores: Vec::new(),
        }
    }
}

impl<L> MergedInterval<L> {
    /// Requests that ended, of all names.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.names.iter().map(Measured::requests).sum()
    }

    /// Seconds from the start of the run to the start of the interval.
    #[must_use]
    pub fn start_s(&self) -> f64 {
        self.start_us as f64 / 1e6
    }

    /// Seconds from the start of the run to the end of the interval.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.end_us as f64 / 1e6
    }

    /// Length in seconds, more than 0.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        (self.end_us - self.start_us) as f64 / 1e6
    }
}

impl MergedInterval {
    /// An empty second for a plan of this shape.
    #[must_use]
    pub fn new(shape: SetShape) -> Self {
        Self::empty(shape)
    }

    /// Adds what one worker measured, but to [`MergedInterval::all`], for which see
    /// [`MergedInterval::sum_up`]. Users are not added: they are a level, not a count.
    pub fn absorb(&mut self, set: &CoreInterval) {
        self.names.absorb(&set.names);
        self.errors.extend_from_slice(&set.errors);
        self.errors_cut += set.errors_cut;
        self.counters.absorb(&set.counters);
        self.timings.absorb(&set.timings);
        self.journeys.absorb(&set.journeys);
        self.contests.absorb(&set.contests);
        self.rounds.extend_from_slice(&set.rounds);
        self.addresses.absorb(&set.addresses);
        self.cores.push(CoreHealth {
            core: set.core,
            start_us: set.start_us,
            end_us: set.end_us,
            tardiness_p99_us: set.timings.tardiness.quantile_us(0.99),
            health: set.health,
        });
    }

    /// Adds what another machine measured in the same second, whose workers are numbered from
    /// `first_core` on. As with [`MergedInterval::absorb`], users and [`MergedInterval::all`] are not
    /// added.
    pub fn absorb_interval<L>(&mut self, other: &MergedInterval<L>, first_core: usize)
    where
        LatencyCounts: Absorb<L>,
    {
        self.names.absorb(&other.names);
        self.errors.extend_from_slice(&other.errors);
        self.errors_cut += other.errors_cut;
        self.counters.absorb(&other.counters);
        self.timings.absorb(&other.timings);
        self.journeys.absorb(&other.journeys);
        self.contests.absorb(&other.contests);
        self.rounds.extend_from_slice(&other.rounds);
        self.addresses.absorb(&other.addresses);
        self.cores.extend(other.cores.iter().map(|core| CoreHealth {
            core: first_core + core.core,
            ..*core
        }));
    }

    /// Takes all names together, once all workers' sets are in: once a second, not once a worker.
    pub fn sum_up(&mut self) {
        self.all.forget();
        self.names.iter().for_each(|name| self.all.absorb(name));
    }
}

impl<L: Forget> MergedInterval<L> {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.start_us = 0;
        self.end_us = 0;
        self.phase = Phase::Steady;
        self.names.forget();
        self.all.forget();
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
        self.cores.clear();
    }
}
