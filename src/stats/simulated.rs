//! A simulated station, for tests of what its figures tell: one queue before servers, first come first
//! served.

use super::flow::Flow;
use super::tail::{Tail, TailSecond};
use fastrand::Rng;

/// Time that it runs before a window, in seconds.
const WARM_UP_S: f64 = 3.0;

/// What it is like, in Kendall's letters.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    random_arrivals: bool,
    random_services: bool,
    servers: usize,
}

impl Station {
    /// M/D/1, M/M/1 and M/M/2, and what a hunt offers when it is not told otherwise: D/M/1.
    pub const RANDOM: [Self; 4] = [
        Self::new(true, false, 1),
        Self::new(true, true, 1),
        Self::new(true, true, 2),
        Self::new(false, true, 1),
    ];
    /// D/D/1.
    pub const STEADY: Self = Self::new(false, false, 1);

    const fn new(random_arrivals: bool, random_services: bool, servers: usize) -> Self {
        Self {
            random_arrivals,
            random_services,
            servers,
        }
    }

    /// Serves `per_s` requests a second for a warm-up and a window of so many seconds, with room for
    /// `capacity`.
    pub fn serve(self, rng: &mut Rng, capacity: f64, per_s: f64, seconds: usize) -> Served {
        let mean_s = self.servers as f64 / capacity;
        let mut free_s = vec![0.0_f64; self.servers];
        let (mut due_s, mut requests) = (0.0, Vec::new());
        loop {
            due_s += match self.random_arrivals {
                true => exponential_wait(rng, 1.0 / per_s),
                false => 1.0 / per_s,
            };
            if due_s >= WARM_UP_S + seconds as f64 {
                return Served { requests };
            }
            let service_s = match self.random_services {
                true => exponential_wait(rng, mean_s),
                false => mean_s,
            };
            let first = (0..self.servers).min_by(|&a, &b| free_s[a].total_cmp(&free_s[b]));
            let server = &mut free_s[first.unwrap()];
            *server = server.max(due_s) + service_s;
            requests.push((due_s, *server));
        }
    }
}

/// A time from an exponential distribution.
pub fn exponential_wait(rng: &mut Rng, mean_s: f64) -> f64 {
    -(1.0 - rng.f64()).ln() * mean_s
}

/// When requests were due, and when they were done, in seconds.
pub struct Served {
    requests: Vec<(f64, f64)>,
}

impl Served {
    /// Response times of those due after so many seconds.
    pub fn times_us(&self, from_s: f64) -> impl Iterator<Item = f64> {
        let after = self
            .requests
            .iter()
            .filter(move |(due_s, _)| *due_s >= from_s);
        after.map(|(due_s, done_s)| (done_s - due_s) * 1e6)
    }

    /// Response times in seconds of those done in each second of a window.
    fn done_by_second(&self, seconds: usize) -> Vec<Vec<f64>> {
        let mut done = vec![Vec::new(); seconds];
        for (due_s, done_s) in &self.requests {
            let at_s = done_s - WARM_UP_S;
            if at_s >= 0.0 && at_s < seconds as f64 {
                done[at_s as usize].push(done_s - due_s);
            }
        }
        done
    }

    /// As a window of so many seconds sees it.
    pub fn flow(&self, seconds: usize) -> Flow {
        // In flight at an edge are those due before it, less those done before it.
        let mut in_flight = vec![0.0; seconds + 1];
        let mut add = |at_s: f64, more: f64| {
            let first = ((at_s - WARM_UP_S).max(-1.0).floor() + 1.0) as usize;
            if let Some(level) = in_flight.get_mut(first) {
                *level += more;
            }
        };
        for (due_s, done_s) in &self.requests {
            add(*due_s, 1.0);
            add(*done_s, -1.0);
        }
        for edge in 1..=seconds {
            in_flight[edge] += in_flight[edge - 1];
        }
        let delays_s: Vec<f64> = self
            .done_by_second(seconds)
            .iter()
            .filter(|times| !times.is_empty())
            .map(|times| times.iter().sum::<f64>() / times.len() as f64)
            .collect();
        let window_s = WARM_UP_S..WARM_UP_S + seconds as f64;
        let dues = self.requests.iter().map(|(due_s, _)| due_s);
        let offered = dues.filter(|due_s| window_s.contains(due_s));
        Flow::of(offered.count() as u64, &in_flight, &delays_s)
    }

    /// As a window of so many seconds sees it about a limit.
    pub fn tail(&self, seconds: usize, limit_us: f64, quantile: f64) -> Tail {
        let done = self.done_by_second(seconds);
        let mut all: Vec<f64> = done.concat();
        let beyond = |times: &[f64], limit_us: f64| {
            times
                .iter()
                .filter(|time_s| **time_s * 1e6 > limit_us)
                .count() as u64
        };
        let counted: Vec<TailSecond> = done
            .iter()
            .map(|times| TailSecond {
                requests: times.len() as u64,
                beyond: beyond(times, limit_us),
                beyond_half: beyond(times, limit_us / 2.0),
            })
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        let median_us = all.get(all.len() / 2).map_or(0.0, |time_s| time_s * 1e6);
        Tail::of(&counted, median_us, limit_us, quantile)
    }
}
