//! How much of a response time is the generator's own.
//!
//! Two things are known. Of each request: how late it was sent although its user was free, and how
//! much of the user's being busy was lateness carried over from the requests before it
//! ([`OwnLateness`]); response times less that are counted apart. Of the core: how late it notices
//! that something has happened, sampled with a timer while replies are waited for. Which reply was
//! read how late is not known, so that the share of a percentile is bounded from the distributions
//! ([`OwnShares::bound`]).

use super::LatencyTotal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the generator's lateness cost one user so far, in requests that hang together: a user that
/// a late reply keeps busy past the next due moment sends the next request late as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnLateness {
    owed_ns: u64,
}

impl OwnLateness {
    /// The generator's part of the time from `due_ns` to `sent_ns`, of a user that was free from
    /// `free_ns` on and had a connection from `ready_ns` on.
    #[must_use]
    #[inline]
    pub fn until_sent(&self, due_ns: u64, (free_ns, ready_ns): (u64, u64), sent_ns: u64) -> u64 {
        let could_send_ns = due_ns.max(free_ns).max(ready_ns);
        self.carried(due_ns, free_ns) + sent_ns.saturating_sub(could_send_ns)
    }

    /// The part of a user's being busy past `due_ns` that was carried over.
    #[must_use]
    #[inline]
    pub fn carried(&self, due_ns: u64, free_ns: u64) -> u64 {
        self.owed_ns.min(free_ns.saturating_sub(due_ns))
    }

    /// Hands on to the next request what was the generator's of the last one: `own_ns` until it was
    /// sent, and about `read_ns` until its reply was read.
    #[inline]
    pub fn hand_on(&mut self, own_ns: u64, read_ns: u64) {
        self.owed_ns = own_ns.saturating_add(read_ns);
    }

    /// Whether a user that takes an arrival of `due_ns` at `now_ns`, `longest_wait_ns` or more too
    /// late, would have been in time without the generator's lateness. It was free at `free_ns`.
    #[must_use]
    pub fn made_too_late(
        &self,
        due_ns: u64,
        free_ns: u64,
        (now_ns, longest_wait_ns): (u64, u64),
    ) -> bool {
        let idle_ns = now_ns.saturating_sub(free_ns.max(due_ns));
        let late_ns = now_ns.saturating_sub(due_ns);
        late_ns.saturating_sub(self.carried(due_ns, free_ns) + idle_ns) <= longest_wait_ns
    }
}

/// The most that the generator can have added to percentiles of the response time, as shares of
/// them, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OwnShares {
    /// Of the median.
    pub p50: f64,
    /// Of the 95th percentile.
    pub p95: f64,
    /// Of the 99th percentile.
    pub p99: f64,
}

/// The percentiles that are told.
pub(super) const TOLD: [f64; 3] = [0.5, 0.95, 0.99];
/// Percentiles of the attention at which the bound is tried: it holds at each, and the best counts.
const TRIED: [f64; 11] = [
    0.0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0,
];

impl OwnShares {
    /// Bounds the shares of `response`, of which `undelayed` is what is left without the lateness
    /// that is known request by request, and `attention` how late replies were read.
    ///
    /// Whichever reply was read how late: of those that are left at most P(attention > d) were read
    /// later than d, so that the percentile q without any lateness is at least
    /// undelayed(q − P(attention > d)) − d, for every d.
    #[must_use]
    pub fn bound(
        response: &LatencyTotal,
        undelayed: &LatencyTotal,
        attention: &LatencyTotal,
    ) -> Self {
        if undelayed.is_empty() {
            return Self::default();
        }
        let reported = response.quantiles_us(&TOLD);
        let least = least_without(undelayed, attention);
        let share = |index: usize| match reported[index] {
            0 => 0.0,
            us => (1.0 - least[index] as f64 / us as f64).clamp(0.0, 1.0),
        };
        Self {
            p50: share(0),
            p95: share(1),
            p99: share(2),
        }
    }

    /// The three of them.
    #[must_use]
    pub fn all(&self) -> [f64; 3] {
        [self.p50, self.p95, self.p99]
    }
}

/// The least that the told percentiles can be without any lateness, in microseconds.
fn least_without(undelayed: &LatencyTotal, attention: &LatencyTotal) -> [u64; 3] {
    if attention.is_empty() {
        return TOLD.map(|quantile| undelayed.quantile_us(quantile));
    }
    let delays_us = attention.quantiles_us(&TRIED);
    let tried = |told: f64| {
        TRIED
            .iter()
            .zip(&delays_us)
            .map(move |(tried, us)| (told - (1.0 - tried), *us))
            .filter(|(left, _)| *left > 0.0)
    };
    let mut wanted: Vec<f64> = TOLD
        .into_iter()
        .flat_map(tried)
        .map(|(left, _)| left)
        .collect();
    wanted.sort_by(f64::total_cmp);
    let found_us = undelayed.quantiles_us(&wanted);
    let at = |left: f64| {
        let place = wanted.partition_point(|quantile| *quantile < left);
        found_us.get(place).copied().unwrap_or(0)
    };
    TOLD.map(|told| {
        tried(told)
            .map(|(left, delay_us)| at(left).saturating_sub(delay_us))
            .max()
            .unwrap_or(0)
    })
}

#[cfg(test)]
mod tests;
