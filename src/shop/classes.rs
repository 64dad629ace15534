//! User classes: weighted journeys and a wait time each.

use super::JourneyKind;
use crate::plan::WaitTime;
use crate::shop::{JourneyOption, JourneyOptions, Suite};
use crate::stats::Event;

/// A kind of user.
#[derive(Debug)]
pub struct UserClass {
    /// Name as in the Locust suite, for example `SpikeUser`.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Wait after each step under `--pacing class`.
    pub wait: WaitTime,
    /// What its users do; at least one journey.
    pub journeys: &'static [WeightedJourney],
    /// The same with options that make a difference; the first that a run has counts.
    pub with: Vec<(JourneyOption, &'static [WeightedJourney])>,
}

impl UserClass {
    /// What its users do in a run with `options`.
    #[must_use]
    pub fn journeys_with(&self, options: JourneyOptions) -> &'static [WeightedJourney] {
        let mut with = self.with.iter();
        let with = with.find(|(option, _)| options.has(*option));
        with.map_or(self.journeys, |(_, journeys)| journeys)
    }

    /// Whether the shop that `suite` comes with has all that its users call there.
    #[must_use]
    pub fn is_in(&self, suite: Suite) -> bool {
        let options = JourneyOptions::default().in_suite(suite);
        let mut journeys = self.journeys_with(options).iter();
        journeys.all(|entry| entry.journey.is_in(suite))
    }

    /// Whether its users make this journey in runs of any suite.
    #[must_use]
    pub fn makes(&self, journey: JourneyKind) -> bool {
        let with = self.with.iter().map(|(_, journeys)| *journeys);
        let mut all = with.chain([self.journeys]).flatten();
        all.any(|entry| entry.journey == journey)
    }

    /// Mean requests of a pass when all goes well.
    #[must_use]
    pub fn requests_per_pass(&self, options: JourneyOptions) -> f64 {
        self.mean(options, |journey| journey.requests_per_pass(options))
    }

    /// Mean events that a pass raises when all goes well, of those that `counts` picks.
    pub fn events_per_pass(&self, options: JourneyOptions, counts: impl Fn(&Event) -> bool) -> f64 {
        self.mean(options, |journey| journey.events_per_pass(options, &counts))
    }

    /// The mean of `figure` over passes.
    fn mean(&self, options: JourneyOptions, figure: impl Fn(JourneyKind) -> f64) -> f64 {
        let journeys = self.journeys_with(options);
        let weighted = journeys
            .iter()
            .map(|entry| f64::from(entry.weight) * figure(entry.journey));
        weighted.sum::<f64>() / f64::from(total_weight(journeys))
    }
}

/// A journey and its weight among those of a class.
#[derive(Clone, Copy, Debug)]
pub struct WeightedJourney {
    /// The journey.
    pub journey: JourneyKind,
    /// Share of the passes, at least 1.
    pub weight: u32,
}

/// The sum of all weights.
#[must_use]
pub fn total_weight(journeys: &[WeightedJourney]) -> u32 {
    journeys.iter().map(|entry| entry.weight).sum()
}
