//! Thresholds judged while a run goes on, second by second, on the collector's thread.
//!
//! A threshold without a window is judged by the value over all that was measured so far; at the
//! end that is the whole run. One with a window is judged by every stretch of so many seconds that
//! follow each other, from their merged histograms: once crossed, it stays so. Replies that come
//! after the run time are part of both, but no part of rates a second.

mod gather;
mod pile;
mod tails;

use super::{Amount, MergedInterval, Phase, RunContext};
use crate::plan::{Operator, Tag, Threshold, ThresholdQuantity, Unit};
use gather::{RowGatherer, event_sample};
use pile::{Pile, Portion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Why nobody can tell what events took.
const NO_EVENT: &str = "no data: no such event was seen; outboxes and Redis have to be observed (--outbox, --redis or --observe-from-env)";

pub use tails::TailWatch;

/// What a threshold came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThresholdVerdict {
    /// It held.
    Held,
    /// It was crossed: the run exits with 99.
    Crossed,
    /// Nobody can tell: there was nothing to judge it by, or what was seen is only a lower bound.
    Undecided,
}

impl ThresholdVerdict {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Crossed => "CROSSED",
            Self::Undecided => "undecided",
        }
    }

    /// The mark that lines of reports begin with.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Held => "✓",
            Self::Crossed => "✗",
            Self::Undecided => "?",
        }
    }

    /// Judges a value that may be a lower bound only.
    fn of(threshold: &Threshold, amount: Amount) -> Self {
        let is_held = threshold.is_held_by(amount.value);
        let certain = !amount.at_least
            || match threshold.operator {
                // More would only be further on the side that it is on.
                Operator::Below | Operator::AtMost => !is_held,
                Operator::Above | Operator::AtLeast => is_held,
                Operator::Equal | Operator::NotEqual => amount.value > threshold.limit,
            };
        match (certain, is_held) {
            (false, _) => Self::Undecided,
            (true, true) => Self::Held,
            (true, false) => Self::Crossed,
        }
    }
}

/// How a threshold fares so far.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdStanding {
    /// The threshold.
    pub threshold: Arc<Threshold>,
    /// What it comes to.
    pub verdict: ThresholdVerdict,
    /// The value over all that it is about; `None` without data.
    pub value: Option<Amount>,
    /// The value of the worst full window; `None` without a window or a full one.
    pub worst: Option<Amount>,
    /// When that window ended, in seconds from the start of the run.
    pub worst_at_s: Option<f64>,
    /// When it was crossed, in seconds from the start of the run: the end of the first window that
    /// crossed it; without a window the moment since which the value is on the wrong side.
    pub crossed_at_s: Option<f64>,
    /// Why nobody can tell.
    pub why: Option<String>,
    /// Whether it ended the run.
    pub aborted: bool,
}

impl ThresholdStanding {
    /// The value that its verdict was made of: the worst window's, or the whole.
    #[must_use]
    pub fn decisive(&self) -> Option<Amount> {
        match self.threshold.window_s {
            Some(_) => self.worst,
            None => self.value,
        }
    }
}

/// The thresholds of a run, or the objectives of a step of a search.
#[derive(Default)]
pub struct Thresholds {
    watches: Vec<ThresholdWatch>,
    /// The phase of the latest second within the run time.
    phase: Option<Phase>,
}

impl Thresholds {
    /// Watches over the thresholds of `context`.
    #[must_use]
    pub fn new(context: &RunContext) -> Self {
        let watches = context.thresholds.iter().map(|threshold| {
            let gatherer = RowGatherer::new(&threshold.quantity, context);
            ThresholdWatch::new(threshold.clone(), gatherer)
        });
        Self {
            watches: watches.collect(),
            phase: None,
        }
    }

    /// Adds a second of the run that `context` is about. Replies that come after the run time belong
    /// to the phase that it ended in.
    pub fn second(&mut self, interval: &MergedInterval, context: &RunContext) {
        let phase = match self.phase {
            Some(phase) if interval.start_us >= context.load_end_us() => phase,
            _ => interval.phase,
        };
        self.phase = Some(phase);
        for watch in &mut self.watches {
            watch.second(interval, phase, context);
        }
    }

    /// Adds the back end's latest figures, without a second of the run: what it came to in the end.
    pub fn observe_again(&mut self, context: &RunContext) {
        for watch in &mut self.watches {
            let quantity = &watch.threshold.quantity;
            let sample = match quantity {
                ThresholdQuantity::Observed { metric, of, .. } => {
                    context.observed.amount(*metric, of.exactly(Tag::Domain))
                }
                _ => event_sample(quantity, context),
            };
            if let Some(sample) = sample {
                watch.whole.add_sample(sample);
            }
        }
    }

    /// How they fare.
    #[must_use]
    pub fn states(&self) -> Vec<ThresholdStanding> {
        self.watches.iter().map(ThresholdWatch::state).collect()
    }

    /// Whether one of them has asked for the end of the run.
    #[must_use]
    pub fn ask_for_the_end(&self) -> bool {
        self.watches.iter().any(|watch| watch.aborted)
    }
}

/// One threshold being watched.
struct ThresholdWatch {
    threshold: Arc<Threshold>,
    gatherer: RowGatherer,
    whole: Pile,
    window: Option<ThresholdWindow>,
    crossed_at_s: Option<f64>,
    aborted: bool,
}

/// The latest seconds, at most as many as a window has.
struct ThresholdWindow {
    seconds: usize,
    latest: VecDeque<Portion>,
    pile: Pile,
    worst: Option<(Amount, f64)>,
}

impl ThresholdWatch {
    fn new(threshold: Threshold, gatherer: RowGatherer) -> Self {
        Self {
            whole: Pile::of(&threshold.quantity),
            window: threshold.window_s.map(|seconds| ThresholdWindow {
                seconds: seconds as usize,
                latest: VecDeque::new(),
                pile: Pile::of(&threshold.quantity),
                worst: None,
            }),
            threshold: Arc::new(threshold),
            gatherer,
            crossed_at_s: None,
            aborted: false,
        }
    }

    fn second(&mut self, interval: &MergedInterval, phase: Phase, context: &RunContext) {
        let quantity = &self.threshold.quantity;
        if !quantity.selector().admits(Tag::Phase, phase.word()) {
            if let Some(window) = &mut self.window {
                window.latest.clear();
            }
            return;
        }
        let portion = self.gatherer.gather(quantity, interval, context);
        self.whole.add(&portion);
        let end_s = interval.end_s();
        let is_crossed = match &mut self.window {
            Some(window) => {
                let value = window.slide(portion, &self.threshold);
                let is_crossed = value.is_some_and(|value| crosses(&self.threshold, value));
                if is_crossed {
                    self.crossed_at_s.get_or_insert(end_s);
                }
                is_crossed
            }
            None => {
                let value = self.whole.value(&self.threshold);
                let is_crossed = value.is_some_and(|value| crosses(&self.threshold, value));
                self.crossed_at_s = is_crossed.then(|| self.crossed_at_s.unwrap_or(end_s));
                is_crossed
            }
        };
        let may_abort = |delay: std::time::Duration| {
            interval.end_us >= delay.as_micros() as u64 && interval.end_us < context.run_time_us
        };
        self.aborted |= is_crossed && self.threshold.abort_after.is_some_and(may_abort);
    }

    fn state(&self) -> ThresholdStanding {
        let value = self.whole.value(&self.threshold);
        let worst = self.window.as_ref().and_then(|window| window.worst);
        let decisive = match &self.window {
            Some(_) => worst.map(|(amount, _)| amount),
            None => value,
        };
        let verdict = match decisive {
            _ if self.crossed_at_s.is_some() => ThresholdVerdict::Crossed,
            Some(amount) => ThresholdVerdict::of(&self.threshold, amount),
            None => ThresholdVerdict::Undecided,
        };
        let why = (verdict == ThresholdVerdict::Undecided).then(|| self.why_undecided(decisive));
        ThresholdStanding {
            threshold: Arc::clone(&self.threshold),
            verdict,
            value,
            worst: worst.map(|(amount, _)| amount),
            worst_at_s: worst.map(|(_, end_s)| end_s),
            crossed_at_s: self.crossed_at_s,
            why,
            aborted: self.aborted,
        }
    }

    fn why_undecided(&self, decisive: Option<Amount>) -> String {
        if decisive.is_some() {
            return "the source counts only so far: there may be more".to_owned();
        }
        if self.whole.is_empty() {
            return match self.threshold.quantity {
                ThresholdQuantity::Observed { .. } => {
                    "no data: nothing told this figure".to_owned()
                }
                ThresholdQuantity::Event { .. } => NO_EVENT.to_owned(),
                _ => "no data: the run had no such phase".to_owned(),
            };
        }
        match (&self.window, &self.threshold.quantity) {
            (Some(window), _) if self.whole.value(&self.threshold).is_some() => {
                format!("no data: no {} s in a row had any", window.seconds)
            }
            (_, ThresholdQuantity::Journeys { .. }) => "no data: no such journey ended".to_owned(),
            (_, ThresholdQuantity::Races { .. } | ThresholdQuantity::RaceSpread { .. }) => {
                "no data: no such race was run".to_owned()
            }
            (_, ThresholdQuantity::Observed { .. }) => {
                "no data: nothing told this figure".to_owned()
            }
            (_, ThresholdQuantity::Event { .. }) => NO_EVENT.to_owned(),
            _ => "no data: no such request ended".to_owned(),
        }
    }
}

impl ThresholdWindow {
    /// Adds a second, and returns the value of the window that ends with it, if that is full and
    /// has any.
    fn slide(&mut self, portion: Portion, threshold: &Threshold) -> Option<Amount> {
        if threshold.quantity.unit() == Unit::PerSecond && portion.length_us == 0 {
            return None;
        }
        let follows = self
            .latest
            .back()
            .is_none_or(|before| before.ordinal + 1 == portion.ordinal);
        if !follows {
            self.latest.clear();
        }
        let end_s = portion.end_s;
        self.latest.push_back(portion);
        if self.latest.len() > self.seconds {
            self.latest.pop_front();
        }
        if self.latest.len() < self.seconds {
            return None;
        }
        self.pile.clear();
        self.latest
            .iter()
            .for_each(|portion| self.pile.add(portion));
        let value = self.pile.value(threshold)?;
        let is_worse = self.worst.is_none_or(|(worst, _)| {
            threshold.badness(value.value) > threshold.badness(worst.value)
        });
        if is_worse {
            self.worst = Some((value, end_s));
        }
        Some(value)
    }
}

fn crosses(threshold: &Threshold, value: Amount) -> bool {
    ThresholdVerdict::of(threshold, value) == ThresholdVerdict::Crossed
}

#[cfg(test)]
mod tests;
