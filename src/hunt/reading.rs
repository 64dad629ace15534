//! What a window read, as far as counts decide it, and what it says together with windows before it.

use crate::plan::Threshold;
use crate::stats::{Carrying, Flow, Tail, TailJudgement, WindowAnswer, score_interval};

/// One-sided 95 % quantile of the normal distribution.
const Z_ONE_SIDED: f64 = 1.644_853_626_951_472;
/// A user that gets less than this share of what an unloaded one gets is held up.
pub const PACE_SHARE: f64 = 0.5;
/// When chance moves a user's pace by no more than this share, the counts themselves decide.
const SHARP_PACE: f64 = 0.05;
/// Requests from which on the counts of failures themselves decide.
const SHARP_COUNT: f64 = 4_000.0;
/// Seconds from which on their counts tell how much chance there is in them.
const FEWEST_SECONDS: usize = 5;
/// How evenly requests may come: their variance is at least this share of a Poisson process's.
const LEAST_DISPERSION: f64 = 0.02;

/// The figures of one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What flowed; `None` for users, who offer what they get.
    pub flow: Option<Flow>,
    /// About the limit of each percentile that is asked for, in their order.
    pub tails: Vec<Tail>,
    /// Requests that ended in each second.
    pub per_second: Vec<f64>,
    /// Those of all of them that count as failures.
    pub failures: f64,
}

impl Reading {
    fn requests(&self) -> f64 {
        self.per_second.iter().sum()
    }
}

/// What windows are judged by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scales {
    /// Windows at the same load before, which could not tell.
    pub before: Vec<Reading>,
    /// Shares of requests that may be beyond the limits of `Reading::tails`.
    pub allowed: Vec<f64>,
    /// Largest share of requests that may fail.
    pub failure_limit: f64,
    /// Users only: requests a second below which they are held up, and the requests that this was
    /// found from.
    pub least_pace: Option<(f64, f64)>,
}

/// What the counts of a window, and of those before it, come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Windows that it is made of.
    pub windows: usize,
    /// Offered and carried; `None` for users.
    pub carrying: Option<Carrying>,
    /// The percentiles.
    pub tails: Vec<TailJudgement>,
    /// Whether no more failed than may.
    pub failures: WindowAnswer,
    /// Whether users keep their pace.
    pub pace: WindowAnswer,
}

impl Scales {
    /// What `now` says, with the windows before it.
    #[must_use]
    pub fn weigh(&self, now: &Reading) -> Weighed {
        let readings = || self.before.iter().chain([now]);
        let flows: Option<Vec<Flow>> = readings().map(|reading| reading.flow).collect();
        let tails = self.allowed.iter().enumerate().map(|(place, allowed)| {
            let tails = readings().filter_map(|reading| reading.tails.get(place).copied());
            TailJudgement::of(&tails.collect::<Vec<_>>(), *allowed)
        });
        let requests: f64 = readings().map(Reading::requests).sum();
        let failed: f64 = readings().map(|reading| reading.failures).sum();
        Weighed {
            windows: self.before.len() + 1,
            carrying: flows.map(|flows| Carrying::of(&flows)),
            tails: tails.collect(),
            failures: self.failures(requests, failed),
            pace: self.pace(now),
        }
    }

    /// A limit of none is crossed by one; any other by what is surely more.
    fn failures(&self, requests: f64, failed: f64) -> WindowAnswer {
        let share = failed / requests.max(1.0);
        if share <= self.failure_limit {
            return WindowAnswer::Yes;
        }
        let is_sure = requests >= SHARP_COUNT
            || self.failure_limit == 0.0
            || score_interval(share, requests).0 > self.failure_limit;
        if is_sure {
            WindowAnswer::No
        } else {
            WindowAnswer::CannotTell
        }
    }

    fn pace(&self, now: &Reading) -> WindowAnswer {
        let Some((least_per_s, of_requests)) = self.least_pace else {
            return WindowAnswer::Yes;
        };
        let (requests, seconds) = (now.requests(), now.per_second.len());
        if requests == 0.0 {
            return WindowAnswer::No;
        }
        let ratio = requests / seconds.max(1) as f64 / least_per_s;
        let variance = dispersion(&now.per_second) * (1.0 / requests + 1.0 / of_requests.max(1.0));
        let chance = Z_ONE_SIDED * variance.sqrt();
        let is_sharp = chance <= SHARP_PACE;
        match ratio.ln() {
            more if more > chance || (is_sharp && more >= 0.0) => WindowAnswer::Yes,
            less if less < -chance || is_sharp => WindowAnswer::No,
            _ => WindowAnswer::CannotTell,
        }
    }
}

impl Weighed {
    /// Whether the load was sustained, as far as counts tell.
    #[must_use]
    pub fn answer(&self) -> WindowAnswer {
        let carrying = self
            .carrying
            .map_or(WindowAnswer::Yes, |carrying| carrying.answer);
        let tails = self.tails.iter().map(|tail| tail.answer);
        tails.fold(
            carrying.and(self.failures).and(self.pace),
            WindowAnswer::and,
        )
    }
}

/// Share of requests that may be beyond the limit of a threshold on a percentile; `None` for others.
#[must_use]
pub fn allowed_beyond(threshold: &Threshold) -> Option<f64> {
    threshold.watched_quantile().map(|quantile| 1.0 - quantile)
}

/// Variance of counts in their mean: 1 for a Poisson process, and before there are enough of them.
fn dispersion(counts: &[f64]) -> f64 {
    if counts.len() < FEWEST_SECONDS {
        return 1.0;
    }
    let middle = counts.iter().sum::<f64>() / counts.len() as f64;
    let squares: f64 = counts.iter().map(|count| (count - middle).powi(2)).sum();
    let variance = squares / (counts.len() - 1) as f64;
    (variance / middle.max(1e-9)).max(LEAST_DISPERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scales(failure_limit: f64) -> Scales {
        Scales {
            failure_limit,
            ..Scales::default()
        }
    }

    #[test]
    fn a_failure_is_too_much_where_none_is_allowed() {
        assert_eq!(scales(0.0).failures(50.0, 0.0), WindowAnswer::Yes);
        assert_eq!(scales(0.0).failures(50.0, 1.0), WindowAnswer::No);
    }

    #[test]
    fn a_failure_more_than_allowed_tells_nothing_in_a_small_window() {
        assert_eq!(scales(0.01).failures(50.0, 1.0), WindowAnswer::CannotTell);
        assert_eq!(scales(0.01).failures(50.0, 5.0), WindowAnswer::No);
        assert_eq!(scales(0.01).failures(50_000.0, 510.0), WindowAnswer::No);
    }

    #[test]
    fn a_pace_near_the_limit_needs_many_requests() {
        let pace = |per_second: Vec<f64>| {
            let scales = Scales {
                least_pace: Some((10.0, 1e6)),
                ..Scales::default()
            };
            scales.pace(&Reading {
                per_second,
                ..Reading::default()
            })
        };
        let uneven = |middle: f64| vec![middle - 4.0, middle + 4.0, middle, middle, middle];
        assert_eq!(pace(uneven(20.0)), WindowAnswer::Yes);
        assert_eq!(pace(uneven(5.0)), WindowAnswer::No);
        assert_eq!(pace(uneven(10.3)), WindowAnswer::CannotTell);
        assert_eq!(pace(vec![10.3; 10]), WindowAnswer::Yes, "always the same");
        assert_eq!(pace(vec![9.7; 10]), WindowAnswer::No);
        assert_eq!(pace(vec![0.0; 10]), WindowAnswer::No);
    }
}
