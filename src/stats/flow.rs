//! Did a window carry what was offered, by counts and their uncertainty?
//!
//! What is in flight (due, and not ended) is all that lies between offered and carried: it counts
//! journeys of many steps whole, and those that were on their way at either edge of the window for
//! what they are. A target that keeps pace lets it swing about a level; one that does not lets it grow.
//! Near its capacity the two look alike for a while, because neighbouring moments of a queue depend on
//! each other: what is in flight then wanders like a random walk, whose steps tell how far it may get
//! by chance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a window says of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowAnswer {
    /// Yes, as surely as is asked for.
    Yes,
    /// No, as surely as is asked for.
    No,
    /// Both are possible.
    CannotTell,
}

impl WindowAnswer {
    /// Of two things that both have to be: no when one is not, yes when both are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::CannotTell,
        }
    }
}

/// Two-sided 98 % quantile of the normal distribution: what is looked at again and again in one window
/// is then wrong in at most one of twenty.
const Z_TWO_SIDED: f64 = 2.326_347_874_040_841;
/// One-sided 95 % quantile.
const Z_ONE_SIDED: f64 = 1.644_853_626_951_472;
/// Growth below this share of what was offered is none.
pub const GROWN_SHARE: f64 = 0.01;
/// "It carried everything" is said when at most this share may have stayed behind: what a search has to
/// tell apart at low rates.
const CARRIED_WITHIN: f64 = 0.1;
/// When chance makes no more than this share of what was offered, the counts themselves decide, …
const SHARP_SHARE: f64 = 0.03;
/// … from so many journeys on.
const SHARP_COUNT: f64 = 1_000.0;
/// A random walk of variance 1 has a smaller variance about its mean than this in one window of
/// twenty (the distribution of ∫(W − W̄)² of Brownian motion): what swings less comes back.
const COMES_BACK: f64 = 0.036_6;
/// Variance of the difference of the means of the last and the first quarter of a random walk, in
/// variances of its end.
const QUARTERS_VARIANCE: f64 = 2.0 / 3.0;
/// Between the middles of those quarters lies this share of the window.
const QUARTERS_APART: f64 = 0.75;
/// Seconds of a window from which on response times tell something by themselves.
const FEWEST_SECONDS: f64 = 8.0;

/// What flowed through the target in a window: counts that can be added up over windows at one load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Length of the window in whole seconds.
    pub seconds: f64,
    /// Journeys that were due in it.
    pub offered: f64,
    /// By how many more were in flight (due, and not ended) at its end than at its start.
    pub growth: f64,
    /// Variance of those in flight, over the ends of its seconds.
    pub swing: f64,
    /// Sum of squares of the steps from second to second about their mean.
    pub steps: f64,
    /// By how many seconds the mean response time of the last quarter is longer than that of the first.
    pub delay_growth_s: f64,
    /// As `steps`, of the mean response times of the seconds, in seconds².
    pub delay_steps: f64,
}

impl Flow {
    /// Of a window with so many journeys `offered`, `in_flight` at its start and after each second, and
    /// with the mean response times of its seconds, without those in which nothing ended.
    #[must_use]
    pub fn of(offered: u64, in_flight: &[f64], delays_s: &[f64]) -> Self {
        let (Some(first), Some(last)) = (in_flight.first(), in_flight.last()) else {
            return Self::default();
        };
        let middle = mean(in_flight);
        let squares: f64 = in_flight.iter().map(|level| (level - middle).powi(2)).sum();
        let quarter = delays_s.len() / 4;
        let delay_growth_s = match quarter {
            0 => 0.0,
            _ => mean(&delays_s[delays_s.len() - quarter..]) - mean(&delays_s[..quarter]),
        };
        Self {
            seconds: (in_flight.len() - 1) as f64,
            offered: offered as f64,
            growth: last - first,
            swing: squares / (in_flight.len() as f64 - 1.0).max(1.0),
            steps: steps(in_flight),
            delay_growth_s,
            delay_steps: steps(delays_s),
        }
    }
}

/// What windows at one load say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carrying {
    /// Whether the load was carried.
    pub answer: WindowAnswer,
    /// Journeys that were offered.
    pub offered: f64,
    /// Those of them that were carried: offered, less the growth of what is in flight.
    pub carried: f64,
    /// How many may have stayed behind by chance alone.
    pub chance: f64,
    /// Response times grew by so much a second; 0 when that is not known.
    pub delay_slope: f64,
    /// Whether it was the response times that told.
    pub by_delay: bool,
}

impl Carrying {
    /// Judges `windows` at one load.
    ///
    /// *No* takes more growth than 1 % and than chance: a walk of the steps that were seen gets so far
    /// in one window of 100, and one that starts at an empty target, where it can only grow, in one of 50.
    /// *Yes* takes that at most a tenth can have stayed behind, 19 times of 20: by the steps as
    /// well, or, where the level comes back as no walk does, by how far it swings.
    #[must_use]
    pub fn of(windows: &[Flow]) -> Self {
        let sum = |of: fn(&Flow) -> f64| windows.iter().map(of).sum::<f64>();
        let count = windows.len() as f64;
        let (seconds, offered, growth) = (
            sum(|flow| flow.seconds),
            sum(|flow| flow.offered),
            sum(|flow| flow.growth),
        );
        // Steps from few seconds are known badly.
        let few = 1.0 + 2.0 / seconds.max(1.0);
        // One journey at an edge is no growth.
        let walk = sum(|flow| flow.steps).max(count).sqrt();
        let chance = Z_TWO_SIDED * few * walk;
        let delay_growth_s = sum(|flow| flow.delay_growth_s);
        let delay_slope = delay_growth_s / (QUARTERS_APART * seconds).max(1e-9);
        let delay_chance_s =
            Z_TWO_SIDED * few * (QUARTERS_VARIANCE * sum(|flow| flow.delay_steps)).sqrt();
        let is_long = seconds >= FEWEST_SECONDS * count;
        let by_delay = is_long && delay_growth_s > delay_chance_s && delay_slope > GROWN_SHARE;
        let is_grown = growth > (GROWN_SHARE * offered).max(count);
        let is_sharp = Z_TWO_SIDED * walk <= SHARP_SHARE * offered && offered >= SHARP_COUNT;
        // Arrivals and services that are drawn make steps of this size, also where looks once a second
        // miss most of them.
        let noise = walk.max(offered.sqrt());
        let level = sum(|flow| flow.swing * flow.seconds) / seconds.max(1.0);
        let swing = (2.0 * level * count).max(count).sqrt();
        let comes_back = level * count < COMES_BACK * noise * noise
            && growth <= Z_TWO_SIDED * swing
            && growth + Z_ONE_SIDED * swing <= CARRIED_WITHIN * offered;
        let answer = match (is_grown, comes_back) {
            _ if offered == 0.0 => WindowAnswer::CannotTell,
            _ if by_delay || (is_grown && (growth > chance || is_sharp && !comes_back)) => {
                WindowAnswer::No
            }
            (_, true) => WindowAnswer::Yes,
            (true, false) => WindowAnswer::CannotTell,
            (false, false) if growth + Z_ONE_SIDED * noise <= CARRIED_WITHIN * offered => {
                WindowAnswer::Yes
            }
            (false, false) => WindowAnswer::CannotTell,
        };
        Self {
            answer,
            offered,
            carried: offered - growth,
            chance,
            delay_slope: if is_long { delay_slope } else { 0.0 },
            by_delay: by_delay && !(is_grown && growth > chance),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Sum of squares of the steps of `series` about their mean: the variance that its end has when it is
/// a random walk.
fn steps(series: &[f64]) -> f64 {
    let steps: Vec<f64> = series.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let count = steps.len() as f64;
    if count < 2.0 {
        return 0.0;
    }
    let middle = mean(&steps);
    let squares: f64 = steps.iter().map(|step| (step - middle).powi(2)).sum();
    squares * count / (count - 1.0)
}

#[cfg(test)]
mod tests;
