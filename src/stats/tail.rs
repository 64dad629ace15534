//! Did a percentile hold, by how many requests took longer than its limit?
//!
//! "p95 below 1 s" says that at most 5 of 100 requests take longer: a share, with an interval like any
//! other (inverted, it is the interval between order statistics). Requests that took too long come in
//! clumps, though, because those that wait behind each other wait together: ten of one clump tell as
//! much as one. How large clumps are is seen in how unevenly they fall into seconds, and, before enough
//! were seen, taken from what a queue that just reaches the limit would make.

use super::flow::WindowAnswer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One-sided 95 % quantile of the normal distribution.
const Z_ONE_SIDED: f64 = 1.644_853_626_951_472;
/// Requests from which on the counts themselves decide, …
const SHARP_COUNT: f64 = 4_000.0;
/// … when so many may be beyond the limit.
const SHARP_BEYOND: f64 = 50.0;
/// Clumps from which on those that were seen tell how large they are.
const ENOUGH_CLUMPS: f64 = 10.0;
/// Clumps are of very different sizes: their number and their sizes vary about alike.
const VARIANCE_OF_CLUMPS: f64 = 2.0;
/// Longest distance, in seconds, over which seconds are taken to depend on each other, …
const MOST_LAGS: usize = 30;
/// … and as a share of the window.
const LAG_SHARE: usize = 5;

/// What a second of a window has of it: requests, those beyond the limit, those beyond half of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TailSecond {
    /// Requests that ended.
    pub requests: u64,
    /// Those that took longer than the limit.
    pub beyond: u64,
    /// Those that took longer than half of it.
    pub beyond_half: u64,
}

/// How the requests of a window lie about a limit: figures that can be added up over windows at one
/// load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tail {
    /// Requests that ended.
    pub requests: f64,
    /// Those that took longer than the limit.
    pub beyond: f64,
    /// Those that took longer than half of it.
    pub beyond_half: f64,
    /// Variance of `beyond`, as far as its seconds show it.
    pub variance: f64,
    /// Variance of `beyond_half`.
    pub variance_half: f64,
    /// How many times its binomial variance `beyond` has in a queue that just reaches the limit.
    pub clump: f64,
}

impl Tail {
    /// Of the seconds of a window, whose requests had this median, for a limit that the share
    /// `quantile` of requests has to stay below.
    #[must_use]
    pub fn of(seconds: &[TailSecond], median_us: f64, limit_us: f64, quantile: f64) -> Self {
        let sum = |of: fn(&TailSecond) -> u64| seconds.iter().map(of).sum::<u64>() as f64;
        let requests = sum(|second| second.requests);
        let rate_per_us = requests / (seconds.len().max(1) as f64 * 1e6);
        // With one queue, times beyond its median fall off exponentially: two points of that tell the
        // utilisation, and with it how long those that wait too long follow each other.
        let scales = (0.5 / (1.0 - quantile).max(1e-9)).ln().max(0.1);
        let scale = rate_per_us * (limit_us - median_us).max(0.0) / scales;
        let clump = VARIANCE_OF_CLUMPS * scale * scale;
        Self {
            requests,
            beyond: sum(|second| second.beyond),
            beyond_half: sum(|second| second.beyond_half),
            variance: long_run_variance(seconds, |second| second.beyond),
            variance_half: long_run_variance(seconds, |second| second.beyond_half),
            clump: clump.max(1.0),
        }
    }
}

/// What windows at one load say of a percentile together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailJudgement {
    /// Whether it stayed below its limit.
    pub answer: WindowAnswer,
    /// Share of requests that took longer, and the ends of its interval.
    pub share: f64,
    /// See `share`.
    pub low: f64,
    /// See `share`.
    pub high: f64,
}

impl TailJudgement {
    /// Judges `windows` at one load, of which at most `allowed` of the requests may take longer than
    /// the limit.
    #[must_use]
    pub fn of(windows: &[Tail], allowed: f64) -> Self {
        let sum = |of: fn(&Tail) -> f64| windows.iter().map(of).sum::<f64>();
        let requests = sum(|tail| tail.requests);
        let clump = sum(|tail| tail.clump * tail.requests) / requests.max(1.0);
        let beyond = Count {
            requests,
            counted: sum(|tail| tail.beyond),
            variance: sum(|tail| tail.variance),
        };
        let half = Count {
            requests,
            counted: sum(|tail| tail.beyond_half),
            variance: sum(|tail| tail.variance_half),
        };
        let share = beyond.share();
        let (low, high) = beyond.interval(clump);
        // Times that fall off exponentially reach half of a limit that `allowed` reach at least so
        // often: what stays well below half of it stays below the limit.
        let stays_below_half = half.interval(clump).1 < allowed.sqrt() && share <= allowed / 2.0;
        let answer = if requests == 0.0 {
            WindowAnswer::CannotTell
        } else if requests >= SHARP_COUNT && requests * allowed >= SHARP_BEYOND {
            match share <= allowed {
                true => WindowAnswer::Yes,
                false => WindowAnswer::No,
            }
        } else if low > allowed {
            WindowAnswer::No
        } else if high < allowed || stays_below_half {
            WindowAnswer::Yes
        } else {
            WindowAnswer::CannotTell
        };
        Self {
            answer,
            share,
            low,
            high,
        }
    }
}

/// So many of so many, with the variance that was seen.
struct Count {
    requests: f64,
    counted: f64,
    variance: f64,
}

impl Count {
    fn share(&self) -> f64 {
        self.counted / self.requests.max(1.0)
    }

    /// Wilson's score interval (JASA 22, 1927), 90 % between its ends, of as many requests as tell
    /// something of their own.
    fn interval(&self, clump: f64) -> (f64, f64) {
        if self.requests == 0.0 {
            return (0.0, 1.0);
        }
        let share = self.share();
        let alone = self.requests * share * (1.0 - share);
        let seen = match alone > 0.0 {
            true => (self.variance / alone).max(1.0),
            false => 1.0,
        };
        let are_enough = self.counted / seen >= ENOUGH_CLUMPS;
        let inflation = if are_enough { seen } else { seen.max(clump) };
        score_interval(share, self.requests / inflation)
    }
}

/// Wilson's interval of a share of `count`, with 5 % beyond either end.
#[must_use]
pub fn score_interval(share: f64, count: f64) -> (f64, f64) {
    let square = Z_ONE_SIDED * Z_ONE_SIDED / count.max(1e-9);
    let middle = (share + square / 2.0) / (1.0 + square);
    let spread = share * (1.0 - share) / count.max(1e-9) * Z_ONE_SIDED * Z_ONE_SIDED;
    let half = (spread + square * square / 4.0).sqrt() / (1.0 + square);
    (middle - half, middle + half)
}

/// Variance of the sum of `of` about its share of requests: that of the seconds, and what they have in
/// common with those after them (Newey and West, Econometrica 55, 1987: Bartlett's weights).
fn long_run_variance(seconds: &[TailSecond], of: fn(&TailSecond) -> u64) -> f64 {
    let requests: u64 = seconds.iter().map(|second| second.requests).sum();
    let counted: u64 = seconds.iter().map(of).sum();
    let share = counted as f64 / requests.max(1) as f64;
    let rest: Vec<f64> = seconds
        .iter()
        .map(|second| of(second) as f64 - share * second.requests as f64)
        .collect();
    let lags = seconds.len().div_ceil(LAG_SHARE).min(MOST_LAGS);
    let together = |lag: usize| -> f64 {
        let later = rest.iter().skip(lag);
        rest.iter().zip(later).map(|(one, other)| one * other).sum()
    };
    let weighted = (1..=lags).map(|lag| {
        let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
        2.0 * weight * together(lag)
    });
    (together(0) + weighted.sum::<f64>()).max(0.0)
}

#[cfg(test)]
mod tests;
