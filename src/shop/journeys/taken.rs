//! The steps that a journey takes, and how often, when all goes well.

use crate::engine::Step;
use crate::shop::JourneyOption;

/// A step as a journey takes it.
#[derive(Clone, Copy, Debug)]
pub struct TakenStep {
    /// The step.
    pub step: &'static Step,
    /// Mean requests of it in one pass.
    pub requests: f64,
    /// Mean successes of it in one pass.
    pub successes: f64,
    /// The option of the run that it needs.
    pub option: Option<JourneyOption>,
    /// The option with which it is left out.
    pub without: Option<JourneyOption>,
}

/// Once in every pass.
pub(super) const fn once(step: &'static Step) -> TakenStep {
    times(1.0, step)
}

/// So often on average.
pub(super) const fn times(requests: f64, step: &'static Step) -> TakenStep {
    TakenStep {
        step,
        requests,
        successes: requests,
        option: None,
        without: None,
    }
}

/// Once in every pass, and refused but for a few: the stock is gone, or the order confirmed.
pub(super) const fn in_vain(step: &'static Step) -> TakenStep {
    TakenStep {
        successes: 0.0,
        ..once(step)
    }
}

/// So many requests that contend with each other, and how many of them win on average.
pub(super) const fn contended(requests: usize, successes: f64, step: &'static Step) -> TakenStep {
    TakenStep {
        successes,
        ..times(requests as f64, step)
    }
}

/// Once a run, before the first pass.
pub(super) const fn before(step: &'static Step) -> TakenStep {
    times(0.0, step)
}
