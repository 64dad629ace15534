//! The generator's look at itself, second by second: how busy each core was, and how long it waited
//! for its CPU. What that did to the figures is told by [`super::Fitness`].
//!
//! Pure arithmetic over what workers report of themselves; memory does not grow with run time.

use super::CoreHealth;
use super::second::share_of;

/// Share of a second spent working or waiting for the CPU from which on a worker never rested.
const RESTLESS_SHARE: f64 = 0.95;
/// Share of the core-seconds without a rest from which on the workers are restless.
const MOSTLY: f64 = 0.5;
/// Shorter sets say too little: a core that happens to be busy in them proves nothing.
const SHORTEST_US: u64 = 500_000;

/// What was seen of one core over the steady seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreTally {
    /// Number of its machine, from 1, where there are several; 0 where there is one.
    pub machine: u32,
    /// Kernel number of the CPU.
    pub cpu: usize,
    /// Steady seconds looked at.
    pub seconds: u64,
    /// Those in which it never rested: it worked, or waited for its CPU to work on.
    pub restless: u64,
    /// CPU time over all the steady seconds.
    pub cpu_ns: u64,
    /// Time runnable but not running over all the steady seconds.
    pub run_queue_ns: u64,
    /// Length of all the steady seconds.
    pub length_us: u64,
}

impl CoreTally {
    /// Share of the steady time that the core worked, 0 to 1.
    #[must_use]
    pub fn cpu_share(&self) -> f64 {
        share_of(self.cpu_ns, self.length_us)
    }

    /// Share of the steady time that the thread was runnable but not running.
    #[must_use]
    pub fn run_queue_share(&self) -> f64 {
        share_of(self.run_queue_ns, self.length_us)
    }
}

/// Who else may have had the workers' CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// The target is a part of this process, and no CPU is without a worker.
    pub own_target: bool,
    /// So many CPUs' time its control groups give the process, where that is less than there is.
    pub quota_cpus: Option<f64>,
}

/// Collects what workers report of themselves.
#[derive(Clone, Debug)]
pub struct SelfCheck {
    cores: Vec<CoreTally>,
    neighbours: Neighbours,
}

impl SelfCheck {
    /// A check over workers on these CPUs.
    #[must_use]
    pub fn new(cpus: &[usize]) -> Self {
        let tally = |&cpu| CoreTally {
            cpu,
            ..CoreTally::default()
        };
        Self {
            cores: cpus.iter().map(tally).collect(),
            neighbours: Neighbours::default(),
        }
    }

    /// The same on these machines, one a worker; none when there is one machine.
    #[must_use]
    pub fn on_machines(mut self, machines: &[u32]) -> Self {
        for (core, machine) in self.cores.iter_mut().zip(machines) {
            core.machine = *machine;
        }
        self
    }

    /// The same beside these.
    #[must_use]
    pub fn beside(self, neighbours: Neighbours) -> Self {
        Self { neighbours, ..self }
    }

    /// Who else may have had the workers' CPUs.
    #[must_use]
    pub fn neighbours(&self) -> Neighbours {
        self.neighbours
    }

    /// Looks at one steady second of one core. Sets under half a second are not judged.
    pub fn observe(&mut self, seen: &CoreHealth) {
        let length_us = seen.length_us();
        let Some(core) = self.cores.get_mut(seen.core) else {
            return;
        };
        if length_us < SHORTEST_US {
            return;
        }
        let cpu_ns = seen.health.cpu_ns();
        let taken_ns = cpu_ns + seen.health.run_queue_ns;
        core.seconds += 1;
        core.restless += u64::from(share_of(taken_ns, length_us) >= RESTLESS_SHARE);
        core.cpu_ns += cpu_ns;
        core.run_queue_ns += seen.health.run_queue_ns;
        core.length_us += length_us;
    }

    /// What was seen so far, one entry a worker.
    #[must_use]
    pub fn cores(&self) -> &[CoreTally] {
        &self.cores
    }

    /// How many workers share how many CPUs, when two are on one.
    #[must_use]
    pub fn crowded(&self) -> Option<(usize, usize)> {
        let cpus = self.cores.iter().map(|core| (core.machine, core.cpu));
        let mut cpus: Vec<(u32, usize)> = cpus.collect();
        cpus.sort_unstable();
        cpus.dedup();
        let workers = self.cores.len();
        (cpus.len() < workers).then_some((workers, cpus.len()))
    }

    /// Whether the workers had something to do in most of their seconds without a rest. That alone
    /// is no fault: the target may be slower still.
    #[must_use]
    pub fn is_restless(&self) -> bool {
        let seconds: u64 = self.cores.iter().map(|core| core.seconds).sum();
        let restless: u64 = self.cores.iter().map(|core| core.restless).sum();
        restless > 0 && restless as f64 >= MOSTLY * seconds as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::WorkerHealth;

    /// A second of `core` with these percentages of CPU time and run-queue delay.
    fn second(core: usize, cpu: u64, run_queue: u64) -> CoreHealth {
        CoreHealth {
            core,
            start_us: 3_000_000,
            end_us: 4_000_000,
            tardiness_p99_us: 0,
            health: WorkerHealth {
                cpu_user_ns: cpu * 4_000_000,
                cpu_system_ns: cpu * 6_000_000,
                run_queue_ns: run_queue * 10_000_000,
                ..WorkerHealth::default()
            },
        }
    }

    fn check(seconds: &[CoreHealth]) -> SelfCheck {
        let mut check = SelfCheck::new(&[2, 5]);
        seconds.iter().for_each(|second| check.observe(second));
        check
    }

    #[test]
    fn a_second_is_restless_when_work_and_waiting_fill_it() {
        let table = [
            ("working", second(0, 95, 0), true),
            ("with rests", second(0, 94, 0), false),
            ("waiting for its CPU as well", second(0, 40, 55), true),
            ("waiting, and resting", second(0, 10, 60), false),
        ];
        for (what, seen, restless) in table {
            assert_eq!(check(&[seen]).is_restless(), restless, "{what}");
        }
        assert!(!check(&[]).is_restless());
    }

    #[test]
    fn half_of_the_core_seconds_make_it_restless() {
        let (rests, works) = (second(0, 10, 0), second(1, 100, 0));
        assert!(check(&[rests, works]).is_restless());
        assert!(!check(&[rests, rests, works]).is_restless());
    }

    #[test]
    fn a_short_set_is_not_judged() {
        let mut short = second(0, 100, 100);
        short.end_us = short.start_us + 400_000;
        let seen = check(&[short; 5]);
        assert!(!seen.is_restless());
        assert_eq!(seen.cores()[0].seconds, 0);
    }

    #[test]
    fn shares_are_over_all_steady_time() {
        let mut check = SelfCheck::new(&[7]);
        check.observe(&second(0, 20, 2));
        check.observe(&second(0, 40, 0));
        let core = check.cores()[0];
        assert!((core.cpu_share() - 0.3).abs() < 1e-9);
        assert!((core.run_queue_share() - 0.01).abs() < 1e-9);
        assert_eq!((core.cpu, core.seconds, core.restless), (7, 2, 0));
    }
}
