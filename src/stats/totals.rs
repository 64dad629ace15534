//! What a run measured so far: merged over cores and seconds, of a size that does not grow.

use super::{
    Absorb, AddressTable, Contests, Counters, ErrorTable, JourneyCounts, LatencyTotal, LittlesLaw,
    Measured, MergedInterval, Phase, Recovery, RunContext, SelfCheck, SteadyFigures, Thresholds,
    Timings, WITNESSES_A_RULE, WorkerHealth,
};
use std::sync::Arc;

/// What was measured in one phase, all names together.
pub struct PhaseTotal {
    /// Which phase.
    pub phase: Phase,
    /// Start of its first second, in microseconds from the start of the run.
    pub start_us: u64,
    /// End of its last second, or of the run time when that came first; `start_us` when the phase
    /// did not occur. When users are added while the run goes, spawning comes back in between.
    pub end_us: u64,
    /// Length of its seconds, up to the end of the run time.
    pub length_us: u64,
    /// All names together.
    pub all: Measured<LatencyTotal>,
    /// What was counted.
    pub counters: Counters,
    /// What was timed.
    pub timings: Timings<LatencyTotal>,
    /// Journeys whose first request was sent.
    pub journeys_started: u64,
    /// The workers' figures, without those of sets that began after the run time.
    pub health: WorkerHealth,
    /// Integral of active users, in user-microseconds.
    pub user_us: u128,
    occurred: bool,
}

impl PhaseTotal {
    /// Nothing of it yet.
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            phase,
            start_us: 0,
            end_us: 0,
            length_us: 0,
            all: Measured::default(),
            counters: Counters::default(),
            timings: Timings::default(),
            journeys_started: 0,
            health: WorkerHealth::default(),
            user_us: 0,
            occurred: false,
        }
    }

    /// Whether the run had any of it.
    #[must_use]
    pub fn occurred(&self) -> bool {
        self.occurred
    }

    /// Length in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.length_us as f64 / 1e6
    }

    /// Requests a second; 0 when the phase has no length.
    #[must_use]
    pub fn requests_per_s(&self) -> f64 {
        per_second(self.all.requests(), self.length_s())
    }

    fn absorb(&mut self, interval: &MergedInterval, users_before: u32, run_time_us: u64) {
        let end_us = interval.end_us.min(run_time_us);
        if !self.occurred {
            self.start_us = interval.start_us.min(run_time_us);
            self.end_us = self.start_us;
            self.occurred = true;
        }
        self.end_us = self.end_us.max(end_us);
        self.all.absorb(&interval.all);
        self.counters.absorb(&interval.counters);
        self.timings.absorb(&interval.timings);
        let started = interval.journeys.iter().map(|journey| journey.started);
        self.journeys_started += started.sum::<u64>();
        // Users that stop do so at the end of the run time, and not evenly through its last second.
        let users_twice = if interval.end_us >= run_time_us {
            2 * u128::from(users_before)
        } else {
            u128::from(users_before) + u128::from(interval.users)
        };
        let length_us = end_us.saturating_sub(interval.start_us);
        self.length_us += length_us;
        self.user_us += users_twice * u128::from(length_us) / 2;
        for core in interval
            .cores
            .iter()
            .filter(|core| core.start_us < run_time_us)
        {
            self.health.absorb(&core.health);
        }
    }
}

/// What a run measured so far.
pub struct Totals {
    /// What the run is.
    pub context: Arc<RunContext>,
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<Measured<LatencyTotal>>,
    /// All names together.
    pub all: Measured<LatencyTotal>,
    /// [`Phase::Spawning`] and [`Phase::Steady`], all names together.
    pub phases: [PhaseTotal; 2],
    /// What went wrong.
    pub errors: ErrorTable,
    /// What was counted.
    pub counters: Counters,
    /// What was timed.
    pub timings: Timings<LatencyTotal>,
    /// One entry a journey, in the plan's order.
    pub journeys: Vec<JourneyCounts>,
    /// What was contended for.
    pub contests: Contests<LatencyTotal>,
    /// What went to which address of the target.
    pub addresses: AddressTable,
    /// Users active at the end of the last second.
    pub users: u32,
    /// Most users that were active at once.
    pub peak_users: u32,
    /// Where counting began, in microseconds from the start of the run.
    pub from_us: u64,
    /// End of the last second, in microseconds from the start of the run.
    pub end_us: u64,
    /// The workers' figures, summed over workers and the whole run.
    pub health: WorkerHealth,
    /// The generator's look at itself in the steady phase.
    pub self_check: SelfCheck,
    /// How the thresholds fare.
    pub thresholds: Thresholds,
    /// How the shop recovers from the load's spike; `None` without one.
    pub recovery: Option<Recovery>,
}

impl Totals {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(context: Arc<RunContext>) -> Self {
        Self {
            names: context.names.iter().map(|_| Measured::default()).collect(),
            all: Measured::default(),
            phases: Phase::ALL.map(PhaseTotal::new),
            errors: ErrorTable::default(),
            counters: Counters::default(),
            timings: Timings::default(),
            journeys: vec![JourneyCounts::default(); context.journeys.len()],
            contests: Contests::new(context.shape()).keeping(WITNESSES_A_RULE),
            addresses: AddressTable::default(),
            users: 0,
            peak_users: 0,
            from_us: 0,
            end_us: 0,
            health: WorkerHealth::default(),
            self_check: SelfCheck::new(&context.cpus)
                .on_machines(&context.live.machines)
                .beside(context.live.neighbours),
            thresholds: Thresholds::new(&context),
            recovery: context.excursion.map(Recovery::new),
            context,
        }
    }

    /// Nothing measured since `from_us`, a moment of the run, at which `users` were active.
    #[must_use]
    pub fn since(context: Arc<RunContext>, from_us: u64, users: u32) -> Self {
        Self {
            from_us,
            users,
            // Told of whole runs only.
            recovery: None,
            ..Self::new(context)
        }
    }

    /// Adds a second.
    pub fn absorb(&mut self, interval: &MergedInterval) {
        self.names.absorb(&interval.names);
        self.all.absorb(&interval.all);
        let load_end_us = self.context.load_end_us();
        self.phases[interval.phase as usize].absorb(interval, self.users, load_end_us);
        self.errors.absorb(&interval.errors, interval.errors_cut);
        self.counters.absorb(&interval.counters);
        self.timings.absorb(&interval.timings);
        self.journeys.absorb(&interval.journeys);
        self.contests.absorb(&interval.contests);
        self.addresses.absorb(&interval.addresses);
        self.users = interval.users;
        let most_users = interval.most_users.max(interval.users);
        self.peak_users = self.peak_users.max(most_users);
        self.end_us = self.end_us.max(interval.end_us);
        self.absorb_health(interval);
        self.thresholds.second(interval, &self.context);
        if let Some(recovery) = &mut self.recovery {
            recovery.second(interval, self.context.failures);
        }
    }

    fn absorb_health(&mut self, interval: &MergedInterval) {
        for core in &interval.cores {
            self.health.absorb(&core.health);
            if interval.phase == Phase::Steady && core.start_us < self.context.load_end_us() {
                self.self_check.observe(core);
            }
        }
    }

    /// Judges by the back end's latest figures once more, after it was watched beyond the last
    /// second.
    pub fn observe_again(&mut self) {
        self.thresholds.observe_again(&self.context);
    }

    /// Journeys of all kinds that were started.
    #[must_use]
    pub fn journeys_started(&self) -> u64 {
        self.journeys.iter().map(|journey| journey.started).sum()
    }

    /// What was measured of the names that have `tag`, added up.
    #[must_use]
    pub fn of_tag(&self, tag: &str) -> Measured<LatencyTotal> {
        let mut sum: Measured<LatencyTotal> = Measured::default();
        for (row, measured) in self.names.iter().enumerate() {
            if self.context.tags_of(row).contains(&tag) {
                sum.absorb(measured);
            }
        }
        sum
    }

    /// What was measured in a phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> &PhaseTotal {
        &self.phases[phase as usize]
    }

    /// Seconds that rates are taken over: from where counting began to the end of the last second,
    /// or to the end of the run time when that came first.
    #[must_use]
    pub fn measured_s(&self) -> f64 {
        let end_us = self.end_us.min(self.context.load_end_us());
        end_us.saturating_sub(self.from_us) as f64 / 1e6
    }

    /// `count` a second of the measured time; 0 when there is none.
    #[must_use]
    pub fn per_s(&self, count: u64) -> f64 {
        per_second(count, self.measured_s())
    }

    /// Little's law over the steady phase; `None` for the open model, and when nothing can be said
    /// because over 1 % of the requests never left.
    #[must_use]
    pub fn littles_law(&self) -> Option<LittlesLaw> {
        let steady = self.phase(Phase::Steady);
        let (requests, left) = (steady.all.requests(), steady.all.service.len());
        if !steady.occurred || left * 100 < requests * 99 {
            return None;
        }
        let figures = SteadyFigures {
            length_s: steady.length_s(),
            users: steady.user_us as f64 / 1e6 / steady.length_s(),
            requests,
            followers: steady.counters.followers,
            beside_us: steady.counters.beside_ns as f64 / 1e3,
            service_mean_us: steady.all.service.mean_us(),
            tardiness_mean_us: steady.timings.tardiness.mean_us(),
        };
        LittlesLaw::of(&figures, &self.context.user_shares)
    }
}

fn per_second(count: u64, length_s: f64) -> f64 {
    if length_s > 0.0 {
        count as f64 / length_s
    } else {
        0.0
    }
}
