//! Thresholds: what must hold of a run's figures, in k6's grammar and some more.
//!
//! ```text
//! METRIC[{TAG="value", …}]: MEASURE OPERATOR VALUE [over WINDOW] [abort [after DELAY]]
//! observed(METRIC[{domain="…"}])[: MEASURE] OPERATOR VALUE [over WINDOW] [abort …]
//! event(NAME).PART: MEASURE OPERATOR VALUE [abort …]
//! events[{domain="…"}].PART: MEASURE OPERATOR VALUE [abort …]
//! ```
//!
//! A text becomes types here, with its names checked against a plan where there is one; what the
//! figures are is for the room that measures to say. Both a run's `--threshold` and the objectives
//! of a search for breaking points are these.

mod cursor;
mod error;
mod parse;
mod producible;
mod selector;
mod vocabulary;

pub use error::ThresholdError;
pub use producible::Producible;
pub use selector::{Matcher, Selector, Tag};
pub use vocabulary::{
    JourneyMeasure, LatencyMetric, Operator, OutcomeMetric, RaceMeasure, Statistic, Tally, Unit,
};

use super::{EventStretch, ObservedMetric};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Longest window in seconds: a day.
pub const LONGEST_WINDOW_S: u32 = 86_400;

/// Something that must hold of a run's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    /// What is compared.
    pub quantity: ThresholdQuantity,
    /// How it is compared.
    pub operator: Operator,
    /// With what: microseconds, a share from 0 to 1, a count or a rate a second; see
    /// [`ThresholdQuantity::unit`].
    pub limit: f64,
    /// It must hold of every window of so many whole seconds (1 to [`LONGEST_WINDOW_S`]); `None`
    /// when it must hold of the whole.
    pub window_s: Option<u32>,
    /// Crossing it ends the run, once this much of the run has passed; `None` when it does not.
    pub abort_after: Option<Duration>,
}

/// A figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum ThresholdQuantity {
    /// A statistic of latencies, in microseconds.
    Latency {
        /// Which latency.
        metric: LatencyMetric,
        /// Of which requests.
        of: Selector,
        /// Which statistic.
        statistic: Statistic,
    },
    /// Requests that came to something: [`Tally::Rate`] is their share of all.
    Outcome {
        /// What they came to.
        metric: OutcomeMetric,
        /// Among which requests.
        of: Selector,
        /// Their share or their number.
        tally: Tally,
    },
    /// Requests that ended: [`Tally::Rate`] is a second.
    Requests {
        /// Which requests.
        of: Selector,
        /// Their rate or their number.
        tally: Tally,
    },
    /// Journeys.
    Journeys {
        /// Which journeys.
        of: Selector,
        /// What of them.
        measure: JourneyMeasure,
    },
    /// Arrivals that were given up: [`Tally::Rate`] is a second.
    Shed {
        /// In which phase.
        of: Selector,
        /// Their rate or their number.
        tally: Tally,
    },
    /// A statistic of how far apart the requests of races were sent, in microseconds.
    RaceSpread {
        /// Of which races.
        of: Selector,
        /// Which statistic.
        statistic: Statistic,
    },
    /// Races.
    Races {
        /// Which races.
        of: Selector,
        /// What of them.
        measure: RaceMeasure,
    },
    /// A figure of the shop's back end, in its own unit.
    Observed {
        /// Which figure.
        metric: ObservedMetric,
        /// Of which domain: `domain="…"`, or nothing for the whole shop.
        of: Selector,
        /// Which statistic of its samples; `None` when every sample has to hold.
        statistic: Option<Statistic>,
    },
    /// A statistic of how long events took after their replies, in microseconds.
    Event {
        /// Until what.
        stretch: EventStretch,
        /// Of which events: `name="…"` or `domain="…"`.
        of: Selector,
        /// Which statistic.
        statistic: Statistic,
    },
}

impl ThresholdQuantity {
    /// The unit of its values.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Latency { .. } | Self::RaceSpread { .. } | Self::Event { .. } => {
                Unit::Microseconds
            }
            Self::Outcome { tally, .. } => match tally {
                Tally::Rate => Unit::Share,
                Tally::Count => Unit::Count,
            },
            Self::Requests { tally, .. } | Self::Shed { tally, .. } => match tally {
                Tally::Rate => Unit::PerSecond,
                Tally::Count => Unit::Count,
            },
            Self::Journeys { measure, .. } => match measure {
                JourneyMeasure::Rate => Unit::PerSecond,
                JourneyMeasure::Count => Unit::Count,
                JourneyMeasure::Aborted => Unit::Share,
            },
            Self::Races { measure, .. } => match measure {
                RaceMeasure::Rate => Unit::PerSecond,
                RaceMeasure::Count => Unit::Count,
                RaceMeasure::Overlapped | RaceMeasure::Together => Unit::Share,
            },
            Self::Observed { .. } => Unit::OfSource,
        }
    }

    /// Whether the back end tells it, and not the replies.
    #[must_use]
    pub fn is_of_back_end(&self) -> bool {
        matches!(self, Self::Observed { .. } | Self::Event { .. })
    }

    /// Whether it is about how long events took.
    #[must_use]
    pub fn is_of_events(&self) -> bool {
        matches!(self, Self::Event { .. })
    }

    /// What it is about.
    #[must_use]
    pub fn selector(&self) -> &Selector {
        match self {
            Self::Latency { of, .. }
            | Self::Outcome { of, .. }
            | Self::Requests { of, .. }
            | Self::Journeys { of, .. }
            | Self::Shed { of, .. }
            | Self::RaceSpread { of, .. }
            | Self::Races { of, .. }
            | Self::Observed { of, .. }
            | Self::Event { of, .. } => of,
        }
    }
}

impl ThresholdQuantity {
    fn selector_mut(&mut self) -> &mut Selector {
        match self {
            Self::Latency { of, .. }
            | Self::Outcome { of, .. }
            | Self::Requests { of, .. }
            | Self::Journeys { of, .. }
            | Self::Shed { of, .. }
            | Self::RaceSpread { of, .. }
            | Self::Races { of, .. }
            | Self::Observed { of, .. }
            | Self::Event { of, .. } => of,
        }
    }
}

impl Threshold {
    /// The text that it was read from, in one line and without space around it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same about the steady state alone, unless it names a phase itself.
    #[must_use]
    pub fn in_steady_state(mut self) -> Self {
        self.quantity.selector_mut().restrict_to_phase("steady");
        self
    }

    /// Whether `value` is on the right side of the limit.
    #[must_use]
    pub fn is_held_by(&self, value: f64) -> bool {
        self.operator.holds(value, self.limit)
    }

    /// The quantile that has to stay below the limit; `None` for any other threshold, and for one of
    /// stretches of a run.
    #[must_use]
    pub fn watched_quantile(&self) -> Option<f64> {
        let is_upper = matches!(self.operator, Operator::Below | Operator::AtMost);
        match &self.quantity {
            ThresholdQuantity::Latency {
                statistic: Statistic::Quantile(quantile),
                ..
            } if is_upper && self.window_s.is_none() && (0.0..1.0).contains(quantile) => {
                Some(*quantile)
            }
            _ => None,
        }
    }

    /// How far on the wrong side `value` is; less is better, and only the order means anything.
    #[must_use]
    pub fn badness(&self, value: f64) -> f64 {
        match self.operator {
            Operator::Below | Operator::AtMost => value,
            Operator::Above | Operator::AtLeast => -value,
            Operator::Equal => (value - self.limit).abs(),
            Operator::NotEqual => -(value - self.limit).abs(),
        }
    }
}

/// As its text.
impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
