//! When journeys arrive in the open model, distributed to workers.

use super::Arrivals;
use super::random::gap_seed;
use fastrand::Rng;

/// One journey that is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its global number, from 0.
    pub index: u64,
    /// When it is due, in nanoseconds from the start of the run.
    pub due_ns: u64,
}

/// The schedule ends here (285 years), so that adding a start to a due time cannot overflow.
const LAST_DUE_S: f64 = 9e9;

/// The arrivals of one worker, in order. The schedule as a whole is a function of seed, rate and
/// spread alone: with W workers, worker w gets those of its arrivals whose index mod W is w. Where
/// several machines work together, W counts the workers of all of them: see [`super::Shard::slot_of`].
///
/// Constant arrivals are due at index / rate exactly, to the nanosecond. The gaps of Poisson
/// arrivals are exponential, drawn from one stream that every worker replays. Endless, for all
/// practical purposes; allocates nothing.
#[derive(Clone, Debug)]
pub struct ArrivalSchedule {
    arrivals: Arrivals,
    rate_per_s: f64,
    worker: u64,
    workers: u64,
    /// Index of the next arrival of the whole schedule that was not looked at.
    next_index: u64,
    gaps: Rng,
    /// Sum of the gaps so far, in mean gaps: the rate enters once, when a due time is read off.
    elapsed_gaps: f64,
}

impl ArrivalSchedule {
    /// The arrivals of worker `worker` of `workers`, at `rate_per_s` > 0 over all workers.
    ///
    /// # Panics
    /// When `worker` is not below `workers`: a programming error.
    #[must_use]
    pub fn new(
        seed: u64,
        rate_per_s: f64,
        arrivals: Arrivals,
        worker: usize,
        workers: usize,
    ) -> Self {
        assert!(
            worker < workers,
            "worker {worker} of {workers} does not exist"
        );
        Self {
            arrivals,
            rate_per_s,
            worker: worker as u64,
            workers: workers as u64,
            next_index: 0,
            gaps: Rng::with_seed(gap_seed(seed)),
            elapsed_gaps: 0.0,
        }
    }

    /// Index of this worker's next arrival.
    fn own_index(&self) -> u64 {
        let behind = self.next_index % self.workers;
        let ahead = (self.worker + self.workers - behind) % self.workers;
        self.next_index + ahead
    }

    /// The arrival that comes when `elapsed_gaps` mean gaps have passed. Whole seconds are split off
    /// first, by a remainder that floating point gives exactly, so that due times are right to the
    /// nanosecond however long the run is.
    fn arrival(&self, index: u64, elapsed_gaps: f64) -> Option<Arrival> {
        let rest_gaps = elapsed_gaps % self.rate_per_s;
        let seconds = ((elapsed_gaps - rest_gaps) / self.rate_per_s).round();
        let rest_ns = (rest_gaps * 1e9 / self.rate_per_s).round();
        // The comparison is false for a due time that is no number.
        (seconds < LAST_DUE_S).then_some(Arrival {
            index,
            due_ns: seconds as u64 * 1_000_000_000 + rest_ns as u64,
        })
    }
}

impl Iterator for ArrivalSchedule {
    type Item = Arrival;

    #[inline]
    fn next(&mut self) -> Option<Arrival> {
        let index = self.own_index();
        let elapsed_gaps = match self.arrivals {
            Arrivals::Constant => index as f64,
            Arrivals::Poisson => {
                for _ in self.next_index..=index {
                    // Inverse transform sampling; 1 − u is in (0, 1], so the logarithm is finite.
                    self.elapsed_gaps -= (1.0 - self.gaps.f64()).ln();
                }
                self.elapsed_gaps
            }
        };
        self.next_index = index + 1;
        self.arrival(index, elapsed_gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(
        seed: u64,
        rate: f64,
        arrivals: Arrivals,
        workers: usize,
        count: usize,
    ) -> Vec<Arrival> {
        let mut all: Vec<Arrival> = (0..workers)
            .flat_map(|worker| {
                ArrivalSchedule::new(seed, rate, arrivals, worker, workers)
                    .take(count.div_ceil(workers))
            })
            .collect();
        all.sort_by_key(|arrival| arrival.index);
        all.truncate(count);
        all
    }

    #[test]
    fn constant_arrivals_are_index_over_rate_without_drift() {
        let mut schedule = ArrivalSchedule::new(1, 3.0, Arrivals::Constant, 0, 1);
        let first: Vec<u64> = schedule
            .by_ref()
            .take(4)
            .map(|arrival| arrival.due_ns)
            .collect();
        assert_eq!(first, [0, 333_333_333, 666_666_667, 1_000_000_000]);
        let hour = schedule.find(|arrival| arrival.index == 3 * 3_600);
        assert_eq!(
            hour.map(|arrival| arrival.due_ns),
            Some(3_600 * 1_000_000_000)
        );
    }

    #[test]
    fn workers_get_the_arrivals_of_their_remainder() {
        let indices: Vec<u64> = ArrivalSchedule::new(1, 10.0, Arrivals::Poisson, 2, 3)
            .take(3)
            .map(|arrival| arrival.index)
            .collect();
        assert_eq!(indices, [2, 5, 8]);
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let due: Vec<u64> = ArrivalSchedule::new(7, 1_000.0, Arrivals::Poisson, 0, 1)
            .take(100_000)
            .map(|arrival| arrival.due_ns)
            .collect();
        let gaps_ms: Vec<f64> = due
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64 / 1e6)
            .collect();
        let count = gaps_ms.len() as f64;
        let mean = gaps_ms.iter().sum::<f64>() / count;
        let variance = gaps_ms.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        let above_mean = gaps_ms.iter().filter(|&&gap| gap > 1.0).count() as f64 / count;
        // Mean 1, variance 1, P(gap > mean) = 1/e; within five standard errors.
        assert!((mean - 1.0).abs() < 0.016, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.045, "variance {variance}");
        assert!(
            (above_mean - (-1.0_f64).exp()).abs() < 0.008,
            "share {above_mean}"
        );
    }

    #[test]
    fn the_seed_decides_poisson_arrivals() {
        let due = |seed| merged(seed, 10.0, Arrivals::Poisson, 1, 20);
        assert_eq!(due(1), due(1));
        assert_ne!(due(1), due(2));
    }

    #[test]
    fn impossible_rates_end_the_schedule() {
        for rate in [f64::NAN, 0.0] {
            assert_eq!(
                ArrivalSchedule::new(1, rate, Arrivals::Constant, 0, 1).next(),
                None
            );
            assert_eq!(
                ArrivalSchedule::new(1, rate, Arrivals::Poisson, 0, 1).next(),
                None
            );
        }
    }

    fn any_arrivals() -> impl Strategy<Value = Arrivals> {
        prop_oneof![Just(Arrivals::Constant), Just(Arrivals::Poisson)]
    }

    proptest! {
        #[test]
        fn due_times_do_not_depend_on_the_workers(
            seed: u64, rate in 0.001..1e7_f64, arrivals in any_arrivals(), workers in 1_usize..17,
        ) {
            let alone = merged(seed, rate, arrivals, 1, 200);
            prop_assert_eq!(merged(seed, rate, arrivals, workers, 200), alone);
        }

        #[test]
        fn due_times_never_go_back(seed: u64, rate in 0.001..1e7_f64, arrivals in any_arrivals()) {
            let all = merged(seed, rate, arrivals, 1, 200);
            prop_assert!(all.windows(2).all(|pair| pair[0].due_ns <= pair[1].due_ns));
        }

        #[test]
        fn constant_arrivals_are_the_nearest_nanosecond_however_late(rate in 1_u64..1_000_000, index in 0_u64..1 << 33) {
            let mut schedule = ArrivalSchedule::new(0, rate as f64, Arrivals::Constant, 0, 1);
            schedule.next_index = index;
            let due_ns = schedule.next().unwrap().due_ns;
            let (index, rate) = (u128::from(index), u128::from(rate));
            let nearest_ns = (index * 2_000_000_000 + rate) / (2 * rate);
            prop_assert_eq!(u128::from(due_ns), nearest_ns);
        }
    }
}
