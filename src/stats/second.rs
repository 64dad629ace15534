//! One merged second: what all workers measured in it.

use super::{
    Contests, CoreInterval, ErrorCounts, JourneyCounts, LatencyCounts, NameInterval, SetShape,
    WorkerHealth,
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

/// What all workers measured in one second of the run. The last one may be shorter.
pub struct Interval {
    /// Start, in microseconds from the start of the run.
    pub start_us: u64,
    /// End; 1 s after the start, or the end of the run.
    pub end_us: u64,
    /// The phase that it belongs to.
    pub phase: Phase,
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<NameInterval>,
    /// All names together.
    pub all: NameInterval,
    /// Error rows of all workers; rows of the same kind are not joined yet.
    pub errors: Vec<ErrorCounts>,
    /// Requests whose error found no row.
    pub errors_cut: u64,
    /// How late free users were sent off.
    pub tardiness: LatencyCounts,
    /// Response times less the generator's own lateness, as far as it is known of each request.
    pub undelayed: LatencyCounts,
    /// How late workers that waited for replies noticed that something had happened.
    pub attention: LatencyCounts,
    /// Time to connect.
    pub connect: LatencyCounts,
    /// Connections opened by users that had none yet.
    pub connects: u64,
    /// Connections opened in place of one that was closed or broke.
    pub reconnects: u64,
    /// Connection attempts that failed.
    pub connect_failures: u64,
    /// Users active at the end.
    pub users: u32,
    /// One entry a journey, in the plan's order.
    pub journeys: Vec<JourneyCounts>,
    /// Open-model arrivals that were given up.
    pub shed: u64,
    /// Those of them that the generator's own lateness was enough to cause.
    pub shed_by_lateness: u64,
    /// Requests that followed another one of the same step at once: no wait lay before them.
    pub followers: u64,
    /// What was contended for.
    pub contests: Contests,
    /// One entry a set that was merged: one a worker, more or fewer when a worker was late.
    pub cores: Vec<CoreHealth>,
}

impl Interval {
    /// An empty second for a plan of this shape.
    #[must_use]
    pub fn new(shape: SetShape) -> Self {
        Self {
            start_us: 0,
            end_us: 0,
            phase: Phase::Steady,
            names: (0..shape.names).map(|_| NameInterval::default()).collect(),
            all: NameInterval::default(),
            errors: Vec::new(),
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
            cores: Vec::new(),
        }
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

    /// Adds what one worker measured. Users are not added: they are a level, not a count.
    pub fn absorb(&mut self, set: &CoreInterval) {
        for (name, more) in self.names.iter_mut().zip(&set.names) {
            name.absorb(more);
            self.all.absorb(more);
        }
        self.errors.extend_from_slice(&set.errors);
        self.errors_cut += set.errors_cut;
        self.tardiness.absorb(&set.tardiness);
        self.undelayed.absorb(&set.undelayed);
        self.attention.absorb(&set.attention);
        self.connect.absorb(&set.connect);
        self.connects += set.connects;
        self.reconnects += set.reconnects;
        self.connect_failures += set.connect_failures;
        for (journey, more) in self.journeys.iter_mut().zip(&set.journeys) {
            journey.absorb(more);
        }
        self.shed += set.shed;
        self.shed_by_lateness += set.shed_by_lateness;
        self.followers += set.followers;
        self.contests.absorb(&set.contests);
        self.cores.push(CoreHealth {
            core: set.core,
            start_us: set.start_us,
            end_us: set.end_us,
            tardiness_p99_us: set.tardiness.quantile_us(0.99),
            health: set.health,
        });
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.start_us = 0;
        self.end_us = 0;
        self.phase = Phase::Steady;
        self.names.iter_mut().for_each(NameInterval::clear);
        self.all.clear();
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
        self.cores.clear();
    }
}
