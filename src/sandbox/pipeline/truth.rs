//! The true life of events, for those who measure it: told at once when an event is raised, since it is
//! known then when it will be published and processed.

use crate::stats::Event;
use crossbeam_channel::Sender;
use std::ops::Range;
use std::time::Duration;
use uuid::Uuid;

/// What an event's life will have been. Times are in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTruth {
    /// What happened.
    pub event: &'static Event,
    /// The thing that was touched last when it was raised.
    pub thing: Option<Uuid>,
    /// How many of its domain were raised before.
    pub number: u64,
    /// When it was raised.
    pub raised_us: i64,
    /// When an engine publishes it; `None` when never.
    pub published_us: Option<i64>,
    /// When it is processed.
    pub processed_us: Option<i64>,
}

/// Who is told, and when all engines stand still meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Truths {
    /// Engines stand still between these moments after the start.
    pub rest: Option<Range<Duration>>,
    /// Where the truth goes; who has no room for it misses it.
    pub told: Option<Sender<EventTruth>>,
}

impl PartialEq for Truths {
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (&self.told, &other.told) {
            (Some(one), Some(two)) => one.same_channel(two),
            (one, two) => one.is_none() == two.is_none(),
        };
        is_same && self.rest == other.rest
    }
}

/// A stretch in which engines stand still, in nanoseconds after the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    from_ns: u64,
    length_ns: u64,
}

impl Rest {
    pub fn of(rest: Option<&Range<Duration>>) -> Self {
        let ns = |length: Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        rest.map_or_else(Self::default, |rest| Self {
            from_ns: ns(rest.start),
            length_ns: ns(rest.end.saturating_sub(rest.start)),
        })
    }

    /// How long engines have worked at a moment.
    pub fn worked_ns(self, at_ns: u64) -> u64 {
        let rested = at_ns.saturating_sub(self.from_ns).min(self.length_ns);
        at_ns - rested
    }

    /// When they have worked so long: of the moment that they rest at, its end.
    pub fn at_ns(self, worked_ns: u64) -> u64 {
        match worked_ns < self.from_ns {
            true => worked_ns,
            false => worked_ns.saturating_add(self.length_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn engines_that_rest_do_nothing_meanwhile() {
        let seconds = Duration::from_secs;
        let rest = Rest::of(Some(&(seconds(10)..seconds(14))));
        let s = 1_000_000_000;
        for (at_s, worked_s) in [(0, 0), (9, 9), (10, 10), (12, 10), (14, 10), (15, 11)] {
            assert_eq!(rest.worked_ns(at_s * s), worked_s * s, "{at_s}");
        }
        assert_eq!(rest.at_ns(9 * s), 9 * s);
        assert_eq!(rest.at_ns(10 * s), 14 * s);
        assert_eq!(rest.at_ns(11 * s), 15 * s);
    }

    proptest! {
        #[test]
        fn work_is_done_when_it_has_been_worked_for(
            from_s in 0_u64..100,
            length_s in 0_u64..100,
            worked_ns in any::<u32>(),
        ) {
            let seconds = Duration::from_secs;
            let rest = Rest::of(Some(&(seconds(from_s)..seconds(from_s + length_s))));
            let worked_ns = u64::from(worked_ns);
            prop_assert_eq!(rest.worked_ns(rest.at_ns(worked_ns)), worked_ns);
        }
    }
}
