//! What a pass of a journey takes and raises, when all goes well.

use super::{JourneyKind, TakenStep};
use crate::engine::Step;
use crate::shop::JourneyOptions;
use crate::stats::Event;

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
