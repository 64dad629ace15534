//! How long events took from the reply that names them until they were published, handled and done.
//!
//! What is not over yet counts as at least its age: a figure that left it out would look better the more
//! the target is behind.

use super::{Amount, LatencyTotal};
use crate::plan::{EventStretch, Statistic};
use hdrhistogram::Histogram;
use std::sync::Arc;

/// Longest time that is told apart: a day.
const LONGEST_US: u64 = 86_400_000_000;

/// How long a stretch of events' lives was, of those where it is over and of those where it goes on.
#[derive(Default)]
pub struct StretchLatency {
    /// Of those where it is over, in microseconds.
    pub over: LatencyTotal,
    /// Ages so far of those where it goes on.
    pub waiting: LatencyTotal,
}

impl StretchLatency {
    /// Events that it is known of, over or not.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.over.len() + self.waiting.len()
    }

    /// Whether it is known of none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the share `quantile` does not exceed, in microseconds: at least so much where some of those
    /// that go on are younger. `None` when nothing is known.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> Option<Amount> {
        if self.is_empty() {
            return None;
        }
        if self.waiting.is_empty() {
            return Some(Amount::exact(self.over.quantile_us(quantile) as f64));
        }
        let mut both: Histogram<u64> = self.over.histogram().clone();
        both.add(self.waiting.histogram()).ok()?;
        let largest_us = self.over.max_us().max(self.waiting.max_us());
        let value_us = both.value_at_quantile(quantile).min(largest_us);
        Some(Amount {
            value: value_us as f64,
            at_least: self
                .waiting
                .min_us()
                .is_some_and(|age_us| age_us <= value_us),
        })
    }

    /// The mean of all, in microseconds.
    #[must_use]
    pub fn mean_us(&self) -> Option<Amount> {
        let sum_us = |total: &LatencyTotal| total.mean_us() * total.len() as f64;
        (!self.is_empty()).then(|| Amount {
            value: (sum_us(&self.over) + sum_us(&self.waiting)) / self.len() as f64,
            at_least: !self.waiting.is_empty(),
        })
    }

    /// The smallest of all, in microseconds.
    #[must_use]
    pub fn min_us(&self) -> Option<Amount> {
        let least = [self.over.min_us(), self.waiting.min_us()];
        let value = least.into_iter().flatten().min()?;
        Some(Amount {
            value: value as f64,
            at_least: self.over.min_us().is_none_or(|over_us| over_us > value),
        })
    }

    /// The largest of all, in microseconds.
    #[must_use]
    pub fn max_us(&self) -> Option<Amount> {
        (!self.is_empty()).then(|| Amount {
            value: self.over.max_us().max(self.waiting.max_us()) as f64,
            at_least: !self.waiting.is_empty(),
        })
    }

    /// One of these figures, in microseconds.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> Option<Amount> {
        match statistic {
            Statistic::Quantile(quantile) => self.quantile_us(quantile),
            Statistic::Mean => self.mean_us(),
            Statistic::Min => self.min_us(),
            Statistic::Max | Statistic::Last => self.max_us(),
        }
    }

    /// Events that took `limit_us` microseconds or longer, or wait for so long; and those that wait and
    /// may yet come to it.
    #[must_use]
    pub fn beyond(&self, limit_us: u64) -> (u64, u64) {
        let below = |total: &LatencyTotal| match limit_us {
            0 => 0,
            limit_us => total.histogram().count_between(0, limit_us - 1),
        };
        let young = below(&self.waiting).min(self.waiting.len());
        let over = self.over.len().saturating_sub(below(&self.over));
        (over + self.waiting.len() - young, young)
    }

    /// One more that is over.
    pub fn add_over(&mut self, took_us: u64) {
        self.over.record_us(took_us.min(LONGEST_US));
    }

    /// One more that goes on.
    pub fn add_waiting(&mut self, age_us: u64) {
        self.waiting.record_us(age_us.min(LONGEST_US));
    }

    /// Adds those of `other`.
    pub fn absorb(&mut self, other: &Self) {
        self.over.absorb_total(&other.over);
        self.waiting.absorb_total(&other.waiting);
    }
}

/// A stretch as it is shown while a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StretchNow {
    /// Events where it is over.
    pub over: u64,
    /// Events where it goes on: they count with their age.
    pub waiting: u64,
    /// Median, in microseconds.
    pub p50: Amount,
    /// 99th percentile, in microseconds.
    pub p99: Amount,
}

impl StretchNow {
    /// `None` when it is known of none.
    #[must_use]
    pub fn of(stretch: &StretchLatency) -> Option<Self> {
        Some(Self {
            over: stretch.over.len(),
            waiting: stretch.waiting.len(),
            p50: stretch.quantile_us(0.5)?,
            p99: stretch.quantile_us(0.99)?,
        })
    }
}

/// A kind of event as it is shown while a run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventNow {
    /// Who raises it, like `Ordering`.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Replies that named one and were chosen.
    pub followed: u64,
    /// From the reply until it had left the outbox.
    pub published: Option<StretchNow>,
    /// From the reply until all consumer groups had handled it.
    pub done: Option<StretchNow>,
    /// From the reply until what it is about could be read.
    pub visible: Option<StretchNow>,
}

/// Event latencies while a run goes on, for the threads that control and judge it.
pub trait LiveEvents: Send + Sync {
    /// A stretch over the events whose domain and name `admits` says yes to.
    fn together(
        &self,
        stretch: EventStretch,
        admits: &dyn Fn(&str, &str) -> bool,
    ) -> StretchLatency;

    /// All kinds as they were a second ago, or a little longer; those that were followed most.
    fn now(&self) -> Arc<[EventNow]>;
}

/// What became of the events of one kind that were followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowedCounts {
    /// Replies that named one and were chosen.
    pub followed: u64,
    /// Those whose event was found where the target keeps it.
    pub found: u64,
    /// Those that several events could have been.
    pub ambiguous: u64,
    /// Those that nothing was found of.
    pub not_found: u64,
    /// Found ones that were published before their reply had come; they count as published at once.
    pub before_reply: u64,
    /// Replies that named something which was asked for until it could be read.
    pub asked_for: u64,
    /// Whether none of these was ever seen: the target may have no such read.
    pub never_visible: bool,
}

/// One kind of event.
#[derive(Default)]
pub struct EventLatency {
    /// Who raises it, as [`super::Event::domain`] has it.
    pub domain: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What became of those that were followed.
    pub counts: FollowedCounts,
    /// Until they were published.
    pub published: StretchLatency,
    /// From there until each consumer group had handled them, by its name.
    pub handled: Vec<(Arc<str>, StretchLatency)>,
    /// Until all groups had.
    pub done: StretchLatency,
    /// Until what they are about could be read.
    pub visible: StretchLatency,
}

impl EventLatency {
    /// The figures of a stretch: of handling those of each group.
    pub fn of(&self, stretch: EventStretch) -> Vec<&StretchLatency> {
        match stretch {
            EventStretch::Published => vec![&self.published],
            EventStretch::Handled => self.handled.iter().map(|(_, handled)| handled).collect(),
            EventStretch::Done => vec![&self.done],
            EventStretch::Visible => vec![&self.visible],
        }
    }
}

/// All kinds of events of which any were followed.
#[derive(Default)]
pub struct EventLatencies {
    /// Them.
    pub events: Vec<EventLatency>,
}

impl EventLatencies {
    /// A stretch over the events that `admits` says yes to.
    #[must_use]
    pub fn together(
        &self,
        stretch: EventStretch,
        admits: impl Fn(&EventLatency) -> bool,
    ) -> StretchLatency {
        let mut together = StretchLatency::default();
        for event in self.events.iter().filter(|event| admits(event)) {
            for figures in event.of(stretch) {
                together.absorb(figures);
            }
        }
        together
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_counts_as_at_least_its_age() {
        let mut stretch = StretchLatency::default();
        assert_eq!(stretch.quantile_us(0.5), None);
        assert_eq!(stretch.mean_us(), None);
        for took_us in 1..=90 {
            stretch.add_over(took_us * 1_000);
        }
        let near = |amount: Option<Amount>, value: f64, at_least: bool| {
            let amount = amount.expect("a value");
            assert!((amount.value - value).abs() <= value / 500.0, "{amount:?}");
            assert_eq!(amount.at_least, at_least, "{amount:?}");
        };
        near(stretch.quantile_us(0.99), 90e3, false);
        // Ten that have waited for a second: of a hundred, the 99th is at least so much.
        for _ in 0..10 {
            stretch.add_waiting(1_000_000);
        }
        near(stretch.quantile_us(0.99), 1e6, true);
        near(stretch.quantile_us(0.5), 50e3, false);
        near(stretch.max_us(), 1e6, true);
        near(stretch.min_us(), 1e3, false);
        near(stretch.mean_us(), (90.0 * 45.5e3 + 10e6) / 100.0, true);
        assert_eq!(stretch.beyond(0), (100, 0));
        assert_eq!(stretch.beyond(1), (100, 0));
        assert_eq!(stretch.beyond(60_500), (40, 0), "waiting ones are older");
        assert_eq!(stretch.beyond(2_000_000), (0, 10), "they may come to it");
        // A young one that waits may come out anywhere above.
        stretch.add_waiting(10);
        near(stretch.quantile_us(0.5), 50e3, true);
        near(stretch.min_us(), 10.0, true);
    }

    #[test]
    fn events_add_up() {
        let event = |name, took_us: &[u64]| {
            let mut event = EventLatency {
                domain: "Ordering",
                name,
                ..EventLatency::default()
            };
            for &took_us in took_us {
                event.done.add_over(took_us);
            }
            event
        };
        let all = EventLatencies {
            events: vec![event("A", &[1, 2]), event("B", &[3])],
        };
        assert_eq!(all.together(EventStretch::Done, |_| true).len(), 3);
        let one = all.together(EventStretch::Done, |event| event.name == "B");
        assert_eq!(one.over.max_us(), 3);
        assert!(all.together(EventStretch::Handled, |_| true).is_empty());
    }
}
