//! A journey of the suite, as classes name it: what it is called, and the steps that it takes.

use super::Suite;
use super::journey_options::JourneyOptions;
use super::journeys::{RaceJourney, TakenStep};
use crate::engine::Step;
use crate::stats::{Event, Race};
use std::hash::{Hash, Hasher};

/// A journey that user classes are made of.
#[derive(Clone, Copy, Debug)]
pub struct JourneyKind(&'static JourneyFacts);

/// What is known of a journey.
#[derive(Debug)]
pub struct JourneyFacts {
    /// Name as in the Locust suite; direct tasks have their class before it.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Every step that it may take, each once, whatever the options.
    pub steps: Vec<TakenStep>,
    /// The race that it is, when it is written in Rust.
    pub race: Option<RaceJourney>,
    /// The oldest suite whose shop has all that it calls there.
    pub since: Suite,
}

impl PartialEq for JourneyKind {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for JourneyKind {}

impl Hash for JourneyKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl JourneyKind {
    /// The journey of which this is known.
    #[must_use]
    pub const fn of(facts: &'static JourneyFacts) -> Self {
        Self(facts)
    }

    /// Name as in the Locust suite; direct tasks have their class before it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// One line for lists.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        self.0.summary
    }

    /// Whether the shop that `suite` comes with has all that it calls there.
    #[must_use]
    pub fn is_in(self, suite: Suite) -> bool {
        self.0.since == Suite::Five || suite == Suite::Today
    }

    /// The race that it is, when it is written in Rust.
    #[must_use]
    pub const fn written_in_rust(self) -> Option<RaceJourney> {
        self.0.race
    }

    /// The race that the journey runs, and its racers; 0 for one across users.
    #[must_use]
    pub fn race(self) -> Option<(&'static Race, usize)> {
        self.0.race.map(RaceJourney::race)
    }

    /// Racers of its race; 0 when it runs none, or one across users.
    #[must_use]
    pub fn widest_race(self) -> usize {
        self.race().map_or(0, |(_, racers)| racers)
    }

    /// Every step that the journey may take, each once, whatever the options.
    #[must_use]
    pub fn steps(self) -> &'static [TakenStep] {
        &self.0.steps
    }

    /// The steps that the journey may take with `options`, each once.
    pub fn steps_with(self, options: JourneyOptions) -> impl Iterator<Item = &'static TakenStep> {
        let steps = self.steps().iter();
        steps.filter(move |taken| {
            taken.option.is_none_or(|option| options.has(option))
                && taken.without.is_none_or(|option| !options.has(option))
        })
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
            let events = taken.step.raises.iter();
            events.filter(|event| counts(event)).count()
        };
        self.steps_with(options)
            .map(|taken| taken.successes * raised(taken) as f64)
            .sum()
    }
}
