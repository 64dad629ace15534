//! Whether the generator was the limit: every steady second of every core is looked at.
//!
//! Pure arithmetic over what workers report of themselves; memory does not grow with run time.

use super::CoreHealth;

/// CPU time of a second from which on a core counts as busy through.
const BUSY_SHARE: f64 = 0.95;
/// Share of a second spent runnable but not running from which on a core counts as held up.
const HELD_UP_SHARE: f64 = 0.05;
/// Tardiness p99 above which a paced second counts as late.
const LATE_US: u64 = 10_000;
/// Tardiness p99 up to which a paced second counts as on time, however busy the core.
const ON_TIME_US: u64 = 1_000;
/// Share of spoiled core-seconds from which on the run counts as saturated.
const SPOILED_SHARE: f64 = 0.10;
/// Fewer spoiled core-seconds than this never count as saturation.
const SPOILED_SECONDS: u64 = 2;
/// Shorter sets say too little: a core that happens to be busy in them proves nothing.
const SHORTEST_US: u64 = 500_000;

/// What was seen of one core over the steady seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreTally {
    /// Kernel number of the CPU.
    pub cpu: usize,
    /// Steady seconds looked at.
    pub seconds: u64,
    /// Those that were spoiled, for whatever cause.
    pub spoiled: u64,
    /// Those with the CPU busy through.
    pub busy: u64,
    /// Those in which the thread waited for its CPU.
    pub held_up: u64,
    /// Those with requests sent late.
    pub late: u64,
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

/// The verdict of the self-check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saturation {
    /// Whether the generator was the limit, so that the figures are its own.
    pub saturated: bool,
    /// Why, a sentence each: which core, how often, what to do. Empty when not saturated.
    pub reasons: Vec<String>,
}

/// Collects what is needed to tell whether the generator was the limit.
#[derive(Clone, Debug)]
pub struct SelfCheck {
    paced: bool,
    cores: Vec<CoreTally>,
}

impl SelfCheck {
    /// A check over workers on these CPUs. `paced` is false for `--pacing max`, where nothing is
    /// ever due before its user is free.
    #[must_use]
    pub fn new(paced: bool, cpus: &[usize]) -> Self {
        let tally = |&cpu| CoreTally {
            cpu,
            ..CoreTally::default()
        };
        Self {
            paced,
            cores: cpus.iter().map(tally).collect(),
        }
    }

    /// Looks at one steady second of one core. Sets under half a second are not judged.
    pub fn observe(&mut self, seen: &CoreHealth) {
        let length_us = seen.end_us.saturating_sub(seen.start_us);
        let Some(core) = self.cores.get_mut(seen.core) else {
            return;
        };
        if length_us < SHORTEST_US {
            return;
        }
        let cpu_ns = seen.health.cpu_ns();
        // A paced worker may be busy and on time: close due moments cost it wake-ups that it saves
        // when there is more to do. It is the limit once it is not on time any more.
        let on_time = self.paced && seen.tardiness_p99_us <= ON_TIME_US;
        let busy = share_of(cpu_ns, length_us) >= BUSY_SHARE && !on_time;
        let held_up = share_of(seen.health.run_queue_ns, length_us) >= HELD_UP_SHARE;
        let late = self.paced && seen.tardiness_p99_us > LATE_US;
        core.seconds += 1;
        core.spoiled += u64::from(busy || held_up || late);
        core.busy += u64::from(busy);
        core.held_up += u64::from(held_up);
        core.late += u64::from(late);
        core.cpu_ns += cpu_ns;
        core.run_queue_ns += seen.health.run_queue_ns;
        core.length_us += length_us;
    }

    /// What was seen so far, one entry a worker.
    #[must_use]
    pub fn cores(&self) -> &[CoreTally] {
        &self.cores
    }

    /// The verdict over the seconds seen so far: saturated when at least a tenth of the steady
    /// core-seconds, and at least two, were spoiled.
    #[must_use]
    pub fn saturation(&self) -> Saturation {
        let seconds: u64 = self.cores.iter().map(|core| core.seconds).sum();
        let spoiled: u64 = self.cores.iter().map(|core| core.spoiled).sum();
        let saturated =
            spoiled >= SPOILED_SECONDS && spoiled as f64 >= SPOILED_SHARE * seconds as f64;
        let reasons = if saturated {
            self.cores
                .iter()
                .flat_map(|core| self.reasons_of(core))
                .collect()
        } else {
            Vec::new()
        };
        Saturation { saturated, reasons }
    }

    fn reasons_of(&self, core: &CoreTally) -> Vec<String> {
        let busy = if self.paced {
            "the offered load is more than it can send; use more cores (--cores) or a lower rate"
        } else {
            "throughput is the generator's limit and not the shop's; use more cores (--cores)"
        };
        let causes = [
            (core.busy, "was busy for 95 % or more of", busy),
            (
                core.held_up,
                "waited for its CPU for 5 % or more of",
                "another program runs there; use a quieter machine or other cores (--cores LIST)",
            ),
            (
                core.late,
                "sent over 1 % of its requests more than 10 ms late in",
                "use more cores (--cores), a lower rate or a quieter machine",
            ),
        ];
        let happened = causes.into_iter().filter(|(times, ..)| *times > 0);
        happened
            .map(|(times, what, remedy)| {
                let (cpu, seconds) = (core.cpu, core.seconds);
                format!("core {cpu} {what} {times} of {seconds} steady seconds: {remedy}")
            })
            .collect()
    }
}

/// Share of `length_us` that `part_ns` is.
fn share_of(part_ns: u64, length_us: u64) -> f64 {
    if length_us == 0 {
        return 0.0;
    }
    part_ns as f64 / (length_us as f64 * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::WorkerHealth;

    /// A second of `core` with these percentages of CPU time and run-queue delay.
    fn second(core: usize, cpu: u64, run_queue: u64, tardiness_p99_us: u64) -> CoreHealth {
        CoreHealth {
            core,
            start_us: 3_000_000,
            end_us: 4_000_000,
            tardiness_p99_us,
            health: WorkerHealth {
                cpu_user_ns: cpu * 4_000_000,
                cpu_system_ns: cpu * 6_000_000,
                run_queue_ns: run_queue * 10_000_000,
                ..WorkerHealth::default()
            },
        }
    }

    fn check(paced: bool, seconds: &[CoreHealth]) -> Saturation {
        let mut check = SelfCheck::new(paced, &[2, 5]);
        seconds.iter().for_each(|second| check.observe(second));
        check.saturation()
    }

    #[test]
    fn each_cause_spoils_a_second_from_its_limit_on() {
        let table = [
            ("cpu at the limit", false, second(0, 95, 0, 0), true),
            ("cpu below", false, second(0, 94, 0, 0), false),
            ("busy, on time", true, second(0, 100, 0, 1_000), false),
            ("busy, not on time", true, second(0, 95, 0, 1_001), true),
            (
                "not busy, not on time",
                true,
                second(0, 94, 0, 1_001),
                false,
            ),
            ("run queue at the limit", true, second(0, 0, 5, 0), true),
            ("run queue below", true, second(0, 0, 4, 0), false),
            ("late", true, second(0, 0, 0, 10_001), true),
            ("hardly late", true, second(0, 0, 0, 10_000), false),
            ("late without pacing", false, second(0, 0, 0, 50_000), false),
        ];
        for (what, paced, seen, saturated) in table {
            assert_eq!(check(paced, &[seen, seen]).saturated, saturated, "{what}");
        }
    }

    #[test]
    fn a_tenth_of_the_core_seconds_and_two_of_them_saturate() {
        let fine = second(0, 10, 0, 0);
        let bad = second(1, 100, 0, 5_000);
        let table = [
            (0, 1, false),
            (1, 1, false),
            (18, 2, true),
            (19, 2, false),
            (0, 2, true),
        ];
        for (fine_count, bad_count, saturated) in table {
            let seconds = [vec![fine; fine_count], vec![bad; bad_count]].concat();
            let verdict = check(true, &seconds);
            assert_eq!(
                verdict.saturated, saturated,
                "{fine_count} fine, {bad_count} bad"
            );
            assert_eq!(verdict.reasons.is_empty(), !saturated);
        }
    }

    #[test]
    fn reasons_name_core_times_and_remedy() {
        let seconds = [
            second(1, 99, 6, 2_000),
            second(1, 99, 0, 2_000),
            second(0, 1, 0, 0),
        ];
        assert_eq!(
            check(false, &seconds).reasons,
            [
                "core 5 was busy for 95 % or more of 2 of 2 steady seconds: throughput is the \
                 generator's limit and not the shop's; use more cores (--cores)",
                "core 5 waited for its CPU for 5 % or more of 1 of 2 steady seconds: another \
                 program runs there; use a quieter machine or other cores (--cores LIST)",
            ]
        );
        assert!(check(true, &seconds).reasons[0].contains("a lower rate"));
    }

    #[test]
    fn a_short_set_is_not_judged() {
        let mut short = second(0, 100, 100, 0);
        short.end_us = short.start_us + 400_000;
        assert_eq!(check(true, &[short; 5]), Saturation::default());
    }

    #[test]
    fn shares_are_over_all_steady_time() {
        let mut check = SelfCheck::new(true, &[7]);
        check.observe(&second(0, 20, 2, 0));
        check.observe(&second(0, 40, 0, 0));
        let core = check.cores()[0];
        assert!((core.cpu_share() - 0.3).abs() < 1e-9);
        assert!((core.run_queue_share() - 0.01).abs() < 1e-9);
        assert_eq!((core.cpu, core.seconds), (7, 2));
    }
}
