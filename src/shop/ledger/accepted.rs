//! What an acceptance came to where the shop takes a request and does nothing.
//!
//! [`Generation::Today`](crate::shop::Generation::Today) answers 200 to the payment of an order that
//! is cancelled already, and stores nothing. Which of two accepted requests came first is told by
//! times that do not overlap, by the order's state, or by its timeline; else it is a guess.

use super::told::{happened, may_have_happened, state_named};
use crate::engine::{ExchangeLog, LoggedExchange};
use memchr::memmem;

/// Whether a payment that was accepted was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It was.
    Certainly,
    /// It was not: the order was cancelled before.
    CertainlyNot,
    /// It seems to have come before the cancellation, or nobody knows of any.
    Likely,
    /// It seems to have come after it.
    Unlikely,
}

/// Replies that come closer together than this part of the shorter of both took come from one
/// process, which does one request after the other and sends both replies then: in any order.
const TOGETHER: u64 = 4;

/// Whether `one` seems to have been served before `other`: by the order of replies where they come
/// apart, by that of requests where they do not. A guess, for counts that have bounds beside them.
fn likely_came_first(one: &LoggedExchange, other: &LoggedExchange) -> bool {
    let sent_ns = |entry: &LoggedExchange| entry.sent_ns.unwrap_or(entry.done_ns);
    let took_ns = |entry: &LoggedExchange| entry.done_ns.saturating_sub(sent_ns(entry));
    let apart_ns = one.done_ns.abs_diff(other.done_ns);
    match apart_ns * TOGETHER < took_ns(one).min(took_ns(other)) {
        true => sent_ns(one) < sent_ns(other),
        false => one.done_ns < other.done_ns,
    }
}

impl Stored {
    /// What is known of the payment at `pays` next to the cancellation at `cancels`; `state` is the
    /// probe whose refusal names the order's state afterwards.
    pub fn of(log: &ExchangeLog, cancels: usize, pays: usize, state: Option<usize>) -> Self {
        let (cancel, pay) = (&log.entries()[cancels], &log.entries()[pays]);
        if !happened(pay) {
            return Self::CertainlyNot;
        }
        let is_open = happened(cancel) || may_have_happened(cancel);
        let Some(cancelled_ns) = cancel.sent_ns.filter(|_| is_open) else {
            return Self::Certainly;
        };
        let state = state.and_then(|probe| state_named(log.reply(probe)));
        if pay.done_ns < cancelled_ns || state.is_some_and(|state| state != "Cancelled") {
            return Self::Certainly;
        }
        if !happened(cancel) {
            return Self::Likely;
        }
        match pay.sent_ns {
            Some(paid_ns) if cancel.done_ns < paid_ns => Self::CertainlyNot,
            _ if likely_came_first(pay, cancel) => Self::Likely,
            _ => Self::Unlikely,
        }
    }

    /// What the order's `timeline` says; `None` when it does not know of the cancellation yet. One
    /// that does knows everything before it, too, and after it there is no payment.
    pub fn by_timeline(timeline: &[u8]) -> Option<Self> {
        memmem::find(timeline, b"\"OrderCancelled\"")?;
        Some(match memmem::find(timeline, b"\"PaymentSucceeded\"") {
            Some(_) => Self::Certainly,
            None => Self::CertainlyNot,
        })
    }

    /// Whether it is more than a guess.
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Certainly | Self::CertainlyNot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::ledger::made_up::log;
    use crate::stats::Outcome::{self, Conflict, Refused, Success, Unknown};
    use crate::stats::Part::{Probe, Racer};

    const MS: u64 = 1_000_000;

    /// A cancellation and a payment, each sent and answered at these moments.
    fn stored(cancel: (Outcome, u64, u64), pay: (Outcome, u64, u64), state: &str) -> Stored {
        let told = format!("Cannot transition from {state} to Returned");
        let mut exchanges = vec![(Racer, cancel.0, "", ""), (Racer, pay.0, "", "")];
        exchanges.push((Probe, Refused, "", told.as_str()));
        let mut log = log(&exchanges);
        for (index, (_, sent_ms, done_ms)) in [cancel, pay].into_iter().enumerate() {
            let entry = log.entry_mut(index);
            entry.sent_ns = Some(sent_ms * MS);
            entry.done_ns = done_ms * MS;
        }
        Stored::of(&log, 0, 1, (!state.is_empty()).then_some(2))
    }

    #[test]
    fn only_times_that_do_not_overlap_tell_for_certain() {
        let of = |cancel, pay| stored(cancel, pay, "Cancelled");
        assert_eq!(of((Success, 9, 12), (Success, 1, 8)), Stored::Certainly);
        assert_eq!(of((Success, 1, 5), (Success, 6, 8)), Stored::CertainlyNot);
        assert_eq!(of((Success, 1, 9), (Success, 1, 5)), Stored::Likely);
        assert_eq!(of((Success, 1, 5), (Success, 1, 9)), Stored::Unlikely);
        // Replies at the same moment: the order of the requests.
        assert_eq!(of((Success, 1, 40), (Success, 2, 39)), Stored::Unlikely);
        assert_eq!(of((Success, 2, 39), (Success, 1, 40)), Stored::Likely);
        assert_eq!(of((Unknown, 1, 30), (Success, 1, 9)), Stored::Likely);
    }

    #[test]
    fn a_payment_is_real_where_there_was_no_cancellation() {
        assert_eq!(
            stored((Conflict, 1, 9), (Success, 1, 5), ""),
            Stored::Certainly
        );
        assert_eq!(
            stored((Unknown, 1, 9), (Success, 1, 5), "Paid"),
            Stored::Certainly
        );
        let refused = stored((Success, 1, 9), (Conflict, 1, 5), "Cancelled");
        assert_eq!(refused, Stored::CertainlyNot);
    }

    #[test]
    fn a_timeline_tells_once_it_knows_of_the_cancellation() {
        let entry = |name: &str| format!("{{\"event_type\": \"{name}\"}},");
        let (paid, cancelled) = (entry("PaymentSucceeded"), entry("OrderCancelled"));
        let by = |text: &str| Stored::by_timeline(text.as_bytes());
        assert_eq!(by("[]"), None);
        assert_eq!(by(&paid), None);
        assert_eq!(by(&cancelled), Some(Stored::CertainlyNot));
        assert_eq!(by(&(paid + &cancelled)), Some(Stored::Certainly));
    }
}
