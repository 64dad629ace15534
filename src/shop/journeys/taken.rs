//! The steps that a journey takes, and how often, when all goes well.

use super::JourneyKind;
use crate::engine::Step;
use crate::plan::{JourneyOption, JourneyOptions};
use crate::stats::Event;

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

/// Once in every pass, when the run has the option.
pub(super) const fn with(option: JourneyOption, step: &'static Step) -> TakenStep {
    TakenStep {
        option: Some(option),
        ..once(step)
    }
}

impl TakenStep {
    fn is_taken_with(&self, options: JourneyOptions) -> bool {
        self.option.is_none_or(|option| options.has(option))
    }
}

impl JourneyKind {
    /// The steps that the journey may take with `options`, each once.
    pub fn steps_with(self, options: JourneyOptions) -> impl Iterator<Item = &'static TakenStep> {
        self.steps()
            .iter()
            .filter(move |taken| taken.is_taken_with(options))
    }

    /// Whether the journey may take `step` with `options`.
    #[must_use]
    pub fn takes(self, step: &Step, options: JourneyOptions) -> bool {
        self.steps_with(options)
            .any(|taken| taken.step.index == step.index)
    }

    /// Mean requests of a pass when all goes well.
    #[must_use]
    pub fn requests_per_pass(self, options: JourneyOptions) -> f64 {
        self.steps_with(options).map(|taken| taken.requests).sum()
    }

    /// Mean events that a pass raises when all goes well, of those that `counts` picks. A race is
    /// taken as it ends for almost all.
    pub fn events_per_pass(self, options: JourneyOptions, counts: impl Fn(&Event) -> bool) -> f64 {
        let raised = |taken: &TakenStep| {
            taken
                .step
                .raises
                .iter()
                .filter(|event| counts(event))
                .count()
        };
        self.steps_with(options)
            .map(|taken| taken.successes * raised(taken) as f64)
            .sum()
    }
}
