//! What the collector must know of the run.

use super::{
    Event, LiveSchedule, Neighbours, ObservedTable, Race, Rule, SetShape, StatName, UserShare,
};
use crate::plan::{Excursion, FailureRule, Threshold};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Words by which figures are added up.
pub type Tags = &'static [&'static str];

/// What the collector must know of the run.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// Statistic names, in the order of every set.
    pub names: Vec<StatName>,
    /// What a success under each statistic name makes the target raise, in the same order.
    pub raises: Vec<Vec<Event>>,
    /// Words by which the figures of each statistic name are added up with those of others, in the same
    /// order; empty where nothing is added up.
    pub tags: Vec<Tags>,
    /// Names of the journeys, in the order of every set.
    pub journeys: Vec<&'static str>,
    /// Races, in the order of every set.
    pub races: Vec<&'static Race>,
    /// Rules, in the order of every set.
    pub rules: &'static [Rule],
    /// Kernel CPU numbers, one a worker, in the order of their positions.
    pub cpus: Vec<usize>,
    /// When the last user is due to start, in microseconds from the start of the run. Seconds that
    /// begin before it are [`super::Phase::Spawning`].
    pub spawned_us: u64,
    /// How long requests may become due. Time after it (waiting for replies) is not part of the
    /// length that rates are taken over.
    pub run_time_us: u64,
    /// The spike from which the shop has to recover, when the load has one.
    pub excursion: Option<Excursion>,
    /// Which requests count as failures.
    pub failures: FailureRule,
    /// False for `--pacing max`; true for class pacing and for the open model.
    pub paced: bool,
    /// The closed model's users, for Little's law; empty for the open model.
    pub user_shares: Vec<UserShare>,
    /// What must hold of the run.
    pub thresholds: Vec<Threshold>,
    /// The latest figures of the back end; observers fill it while the run goes on.
    pub observed: ObservedTable,
    /// What it shares with others while it goes.
    pub live: LiveContext,
}

/// What a live run shares with those who steer and watch it.
#[derive(Clone, Debug, Default)]
pub struct LiveContext {
    /// How it is steered; `None` when it is not.
    pub load_schedule: Option<Arc<LiveSchedule>>,
    /// Whether rules that today's target does not enforce fail the run, too.
    pub strict_rules: bool,
    /// When somebody ended it before its time, in microseconds from its start; 0 while nobody did.
    pub ended_us: Arc<AtomicU64>,
    /// Who is told of troubles with the record; must not be held up. `None` when nobody is.
    pub tell: Option<fn(String)>,
    /// Who else may have the workers' CPUs.
    pub neighbours: Neighbours,
    /// Whether it is a part of a run, which is judged where all parts are.
    pub is_part: bool,
    /// Number of the machine of each worker, from 1, where there are several; empty where there is one.
    pub machines: Vec<u32>,
}

impl RunContext {
    /// When the last request may have become due, in microseconds from the start: at the end of the run
    /// time, or when somebody ended the run before. What comes later only answers.
    #[must_use]
    pub fn load_end_us(&self) -> u64 {
        match self.live.ended_us.load(Ordering::Relaxed) {
            0 => self.run_time_us,
            ended_us => ended_us.min(self.run_time_us),
        }
    }

    /// What each worker's core is called: its CPU, after the number of its machine where there are
    /// several.
    pub fn core_names(&self) -> impl Iterator<Item = String> {
        let machines = self.live.machines.iter().copied().map(Some);
        let machines = machines.chain(std::iter::repeat(None));
        let cores = self.cpus.iter().zip(machines);
        cores.map(|(cpu, machine)| match machine {
            Some(machine) => format!("{machine}.{cpu}"),
            None => cpu.to_string(),
        })
    }

    /// Words by which the figures of the name at `row` are added up with those of others.
    #[must_use]
    pub fn tags_of(&self, row: usize) -> Tags {
        self.tags.get(row).copied().unwrap_or_default()
    }

    /// Every word by which figures are added up, in the order of the names that have them.
    #[must_use]
    pub fn all_tags(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        for tag in self.tags.iter().copied().flatten() {
            if !all.contains(tag) {
                all.push(*tag);
            }
        }
        all
    }

    /// How much there is to count.
    #[must_use]
    pub fn shape(&self) -> SetShape {
        SetShape {
            names: self.names.len(),
            journeys: self.journeys.len(),
            races: self.races.len(),
            rules: self.rules.len(),
        }
    }
}
