//! What requests make the target do behind the scenes: the messages that it raises.
//!
//! What a success raises is a fact of its step; so is what a refusal leaves behind. Where a reply
//! tells more or less than that, a [`Correction`] says so: the count is then the best guess, and the
//! truth lies between [`ToldEvents::at_least`] and [`ToldEvents::at_most`].

use super::sums::sums;
use super::{Absorb, Outcome, OutcomeCounts};
use serde::Serialize;

/// Events that one request can raise.
pub const MOST_RAISED: usize = 2;

/// A message that the target raises when a step succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Event {
    /// The part of the target that raises it, for example `Identity`.
    pub domain: &'static str,
    /// Its name within the domain, for example `CustomerRegistered`.
    pub name: &'static str,
    /// Whether it goes through the outbox, and so has to be worked off by the pipeline.
    pub outbox: bool,
}

sums! {
    /// How one event of a statistic name differs from what the name's successes tell.
    ///
    /// Corrections add up over seconds and cores: one that is settled later takes back what it was, so
    /// that a single second can be below zero.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Correction {
        /// Raised without a success; below zero when successes raised nothing.
        pub beside: i64,
        /// Of those that count as raised: were they?
        pub may_be_less: i64,
        /// Of those that do not count as raised: were they not?
        pub may_be_more: i64,
        /// Rows that may stand in the outbox although the event was not stored.
        pub stray_rows: i64,
    }
}

impl Correction {
    /// A success that raised nothing.
    pub const NOT_RAISED: Self = Self {
        beside: -1,
        may_be_less: 0,
        may_be_more: 0,
        stray_rows: 0,
    };
}

/// The corrections of one statistic name, in the order of the events that it raises.
pub type Corrections = [Correction; MOST_RAISED];

sums! {
    /// How often an event was raised, as far as replies tell. Below zero only in a second that settles
    /// what an earlier one left open.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ToldEvents {
        /// By the best guess.
        pub count: i64,
        /// So many of them may not have been.
        pub may_be_less: i64,
        /// So many more may have been.
        pub may_be_more: i64,
        /// Rows in the outbox; 0 for events that take another way.
        pub outbox: i64,
        /// So many more rows may be there.
        pub outbox_may_be_more: i64,
    }
}

impl ToldEvents {
    /// Certainly raised.
    #[must_use]
    pub fn at_least(&self) -> i64 {
        self.count - self.may_be_less
    }

    /// Certainly not more were raised.
    #[must_use]
    pub fn at_most(&self) -> i64 {
        self.count + self.may_be_more
    }
}

/// Whatever has requests that raise events: a second or a run of one statistic name.
pub trait Raising {
    /// Requests by [`Outcome`].
    fn outcomes(&self) -> &OutcomeCounts;
    /// How events differ from what they tell.
    fn corrections(&self) -> &Corrections;
}

/// How often each of `raises` was raised by `requests`.
pub fn told<'a>(
    raises: &'a [Event],
    requests: &impl Raising,
) -> impl Iterator<Item = (&'a Event, ToldEvents)> {
    let successes = requests.outcomes()[Outcome::Success] as i64;
    let corrections = *requests.corrections();
    raises
        .iter()
        .zip(corrections)
        .map(move |(event, correction)| {
            let count = successes + correction.beside;
            let rows = |rows: i64| if event.outbox { rows } else { 0 };
            let told = ToldEvents {
                count,
                may_be_less: correction.may_be_less,
                may_be_more: correction.may_be_more,
                outbox: rows(count),
                outbox_may_be_more: rows(correction.may_be_more + correction.stray_rows),
            };
            (event, told)
        })
}

/// All events that `requests` raised, name by name in step with `raises`, of those that `counts`
/// picks.
pub fn told_in_all<'a, R: Raising + 'a>(
    raises: &[Vec<Event>],
    requests: impl IntoIterator<Item = &'a R>,
    counts: impl Fn(&Event) -> bool,
) -> ToldEvents {
    let mut sum = ToldEvents::default();
    for (raises, requests) in raises.iter().zip(requests) {
        for (event, told) in told(raises, requests) {
            if counts(event) {
                sum.absorb(&told);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn event(name: &'static str, outbox: bool) -> Event {
        Event {
            domain: "Ordering",
            name,
            outbox,
        }
    }

    struct Requests(OutcomeCounts, Corrections);

    impl Raising for Requests {
        fn outcomes(&self) -> &OutcomeCounts {
            &self.0
        }

        fn corrections(&self) -> &Corrections {
            &self.1
        }
    }

    #[test]
    fn successes_raise_their_events_and_corrections_say_what_else() {
        let raises = vec![event("OrderCreated", false), event("CartConverted", true)];
        let left_behind = Correction {
            beside: 4,
            ..Correction::default()
        };
        let open = Correction {
            may_be_more: 2,
            stray_rows: 3,
            ..Correction::default()
        };
        let requests = Requests([10, 4, 3, 0, 2].into(), [left_behind, open]);
        let each: Vec<ToldEvents> = told(&raises, &requests).map(|(_, told)| told).collect();
        assert_eq!((each[0].count, each[0].outbox), (14, 0));
        assert_eq!((each[1].at_least(), each[1].at_most()), (10, 12));
        assert_eq!((each[1].outbox, each[1].outbox_may_be_more), (10, 5));
        let all = told_in_all(&[raises], [&requests], |_| true);
        assert_eq!((all.count, all.at_most()), (24, 26));
    }

    #[test]
    fn what_is_settled_later_takes_back_what_was_open() {
        let mut sum = Corrections::default();
        let mut open = Corrections::default();
        open[0].may_be_more = 1;
        sum.absorb(&open);
        open[0] = Correction {
            beside: 1,
            may_be_more: -1,
            ..Correction::default()
        };
        sum.absorb(&open);
        let raises = [event("OrderCreated", true)];
        let requests = Requests([0, 0, 0, 0, 1].into(), sum);
        let (_, told) = told(&raises, &requests).next().unwrap();
        assert_eq!((told.at_least(), told.at_most()), (1, 1));
    }
}
