//! The words of thresholds: metrics, measures, operators, units.

use crate::plan::Outcome;
use std::fmt;

/// A latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyMetric {
    /// done − due.
    Response,
    /// done − sent.
    Service,
    /// sent − due.
    Lag,
}

/// What requests came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeMetric {
    /// One of the ways to end.
    Of(Outcome),
    /// What counts as a failure by the run's rule.
    Failures,
}

/// A statistic of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The smallest value that this share of them (0 to 1) does not exceed.
    Quantile(f64),
    /// The arithmetic mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The latest; of samples only.
    Last,
}

/// How things are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// As a rate: what that means is for the quantity to say.
    Rate,
    /// As a number.
    Count,
}

/// What of journeys is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JourneyMeasure {
    /// Completed journeys a second.
    Rate,
    /// Completed journeys.
    Count,
    /// The share of ended journeys that were aborted.
    Aborted,
}

/// What of races is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaceMeasure {
    /// Races a second.
    Rate,
    /// Races.
    Count,
    /// The share that the target was seen to handle two requests of at once.
    Overlapped,
    /// The share whose requests were all in flight at one moment.
    Together,
}

/// How a value is compared with the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`, or `===` as in k6
    Equal,
    /// `!=`
    NotEqual,
}

impl Operator {
    /// Spellings, longer ones before those that they begin with.
    pub(super) const SPELLINGS: [(&'static str, Self); 8] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("===", Self::Equal),
        ("==", Self::Equal),
        ("!==", Self::NotEqual),
        ("!=", Self::NotEqual),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    /// Whether `value` compares so with `limit`.
    #[must_use]
    #[expect(
        clippy::float_cmp,
        reason = "`==` is the user's word; counts are exact in a float"
    )]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => value == limit,
            Self::NotEqual => value != limit,
        }
    }

    /// The sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Whether a value that only grows is on the wrong side until it has grown enough.
    pub(super) fn wants_more(self) -> bool {
        matches!(self, Self::Above | Self::AtLeast | Self::Equal)
    }
}

/// The unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Microseconds,
    /// A share from 0 to 1.
    Share,
    /// A number.
    Count,
    /// A second.
    PerSecond,
    /// That of the back end's figure, whatever it is.
    OfSource,
}

impl Unit {
    /// The word in the record: `us`, `share`, `count`, `per_s`, or nothing.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Microseconds => "us",
            Self::Share => "share",
            Self::Count => "count",
            Self::PerSecond => "per_s",
            Self::OfSource => "",
        }
    }
}

/// What thresholds are about, as far as the word before the selector says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Latency(LatencyMetric),
    Outcome(OutcomeMetric),
    Requests,
    Journeys,
    Shed,
    RaceSpread,
    Races,
    Observed,
    Event,
    Events,
}

/// An outcome under its own word.
const fn of_outcome(outcome: Outcome) -> (&'static str, Metric) {
    (outcome.word(), Metric::Outcome(OutcomeMetric::Of(outcome)))
}

impl Metric {
    /// Every metric's own name.
    pub(super) const NAMES: [(&'static str, Self); 17] = [
        ("response", Self::Latency(LatencyMetric::Response)),
        ("service", Self::Latency(LatencyMetric::Service)),
        ("lag", Self::Latency(LatencyMetric::Lag)),
        of_outcome(Outcome::Success),
        of_outcome(Outcome::Refused),
        of_outcome(Outcome::Conflict),
        of_outcome(Outcome::Failed),
        of_outcome(Outcome::Unknown),
        ("failures", Self::Outcome(OutcomeMetric::Failures)),
        ("requests", Self::Requests),
        ("journeys", Self::Journeys),
        ("shed", Self::Shed),
        ("race_spread", Self::RaceSpread),
        ("races", Self::Races),
        ("observed", Self::Observed),
        ("event", Self::Event),
        ("events", Self::Events),
    ];

    /// k6's names for the same things. Its request duration begins when the request is sent.
    pub(super) const K6_NAMES: [(&'static str, Self); 5] = [
        ("http_req_duration", Self::Latency(LatencyMetric::Service)),
        ("http_req_failed", Self::Outcome(OutcomeMetric::Failures)),
        ("http_reqs", Self::Requests),
        ("iterations", Self::Journeys),
        ("dropped_iterations", Self::Shed),
    ];

    pub(super) fn named(word: &str) -> Option<Self> {
        let mut known = Self::NAMES.iter().chain(&Self::K6_NAMES);
        known.find(|(name, _)| *name == word).map(|(_, it)| *it)
    }

    /// The measures that it has, as shown in messages.
    pub(super) fn measures(self) -> &'static [&'static str] {
        match self {
            Self::Latency(_) | Self::RaceSpread | Self::Event | Self::Events => {
                &["p(99)", "avg", "med", "min", "max"]
            }
            Self::Outcome(_) | Self::Requests | Self::Shed => &["rate", "count"],
            Self::Journeys => &["rate", "count", "aborted"],
            Self::Races => &["rate", "count", "overlapped", "together"],
            Self::Observed => &["max", "min", "avg", "last"],
        }
    }
}

/// A measure as written, before it is known whether the metric has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum WrittenMeasure {
    Statistic(Statistic),
    Tally(Tally),
    Aborted,
    Overlapped,
    Together,
}

impl WrittenMeasure {
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "avg" | "mean" => Self::Statistic(Statistic::Mean),
            "min" => Self::Statistic(Statistic::Min),
            "max" => Self::Statistic(Statistic::Max),
            "med" => Self::Statistic(Statistic::Quantile(0.5)),
            "last" | "value" => Self::Statistic(Statistic::Last),
            "rate" => Self::Tally(Tally::Rate),
            "count" => Self::Tally(Tally::Count),
            "aborted" => Self::Aborted,
            "overlapped" => Self::Overlapped,
            "together" => Self::Together,
            _ => return None,
        })
    }
}

/// Words one after the other, as a message lists them.
pub(super) struct Listed<'a>(pub &'a [&'a str]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(", "))
    }
}
