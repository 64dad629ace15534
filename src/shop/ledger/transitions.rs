//! Things that may happen once, and states that exclude each other.

use super::Stored;
use super::told::{happened, may_have_happened, state_named, takes_changes};
use crate::engine::{ExchangeLog, RacerRange};
use crate::stats::RuleFinding;

/// Whether at most one of the requests succeeded. One whose reply was lost may have.
pub fn at_most_one(log: &ExchangeLog, racers: &RacerRange, what: &str) -> RuleFinding {
    at_most(1, log, racers, what)
}

/// Whether at most `limit` of the requests succeeded.
pub fn at_most(limit: usize, log: &ExchangeLog, racers: &RacerRange, what: &str) -> RuleFinding {
    let entries = log.entries();
    let won = racers.clone().filter(|&index| happened(&entries[index]));
    let wins = won.clone().count();
    let unknown = racers
        .clone()
        .filter(|&index| may_have_happened(&entries[index]))
        .count();
    if wins > limit {
        return RuleFinding::broken(
            format_args!("{what} succeeded {wins} times, and may {limit}"),
            won.take(limit + 1),
        );
    }
    if wins + unknown > limit {
        return RuleFinding::Undecided("a reply was lost whose request may have succeeded");
    }
    RuleFinding::Held
}

/// Whether what was asked at `index`, after a final state, was refused.
pub fn was_refused(
    log: &ExchangeLog,
    ended_by: usize,
    index: Option<usize>,
    what: &str,
) -> RuleFinding {
    let Some(index) = index else {
        return RuleFinding::Undecided("the shop did not answer");
    };
    if happened(&log.entries()[index]) {
        return RuleFinding::broken(
            format_args!("{what} succeeded after a final state"),
            [ended_by, index],
        );
    }
    match log.entries()[index].status {
        400 | 409 | 422 => RuleFinding::Held,
        _ => RuleFinding::Undecided("the shop did not answer what was asked"),
    }
}

/// Whether an order whose cancellation was accepted is not paid in the end. `pays` are the requests
/// that record its payment, `probe` the one whose refusal names the state.
pub fn cancelled_or_paid(
    log: &ExchangeLog,
    cancels: usize,
    pays: usize,
    probe: Option<usize>,
) -> RuleFinding {
    let entry = |index: usize| &log.entries()[index];
    let Some((probe, state)) =
        probe.and_then(|probe| Some((probe, state_named(log.reply(probe))?)))
    else {
        return RuleFinding::Undecided("the shop did not say what state the order is in");
    };
    if happened(entry(cancels)) && state == "Paid" {
        return RuleFinding::broken(
            format_args!("the order's cancellation was accepted, and it is Paid"),
            [cancels, pays, probe],
        );
    }
    if happened(entry(pays)) && !happened(entry(cancels)) && state == "Cancelled" {
        // Only a cancellation whose reply was lost explains that.
        if may_have_happened(entry(cancels)) {
            return RuleFinding::Held;
        }
        return RuleFinding::broken(
            format_args!(
                "the order's payment was accepted and its cancellation was not, and it is \
                  Cancelled"
            ),
            [cancels, pays, probe],
        );
    }
    RuleFinding::Held
}

/// Whether the refusal at `probe` says that the order is cancelled.
pub fn is_cancelled(log: &ExchangeLog, probe: usize) -> bool {
    state_named(log.reply(probe)) == Some("Cancelled")
}

/// Whether no money was taken for an order that is cancelled: nobody pays it back. `stored` is what
/// the payment at `pays` came to, if it was accepted; `probe` the request whose refusal names the
/// order's state.
pub fn cancelled_is_refunded(
    log: &ExchangeLog,
    cancels: usize,
    (pays, stored): (usize, Stored),
    probe: Option<usize>,
) -> RuleFinding {
    let (cancel, pay) = (&log.entries()[cancels], &log.entries()[pays]);
    let is_cancelled = match probe.and_then(|probe| state_named(log.reply(probe))) {
        Some(state) => Some(state == "Cancelled"),
        None if may_have_happened(cancel) => None,
        None => Some(happened(cancel)),
    };
    let is_paid = match stored {
        _ if may_have_happened(pay) => None,
        _ if !happened(pay) => Some(false),
        Stored::Certainly => Some(true),
        Stored::CertainlyNot => Some(false),
        Stored::Likely | Stored::Unlikely if happened(cancel) => {
            return RuleFinding::Undecided(
                "cancellation and payment were accepted, and the shop did not say which came first",
            );
        }
        Stored::Likely | Stored::Unlikely => None,
    };
    match (is_cancelled, is_paid) {
        (Some(false), _) | (_, Some(false)) => RuleFinding::Held,
        (Some(true), Some(true)) => RuleFinding::broken(
            format_args!(
                "the order is cancelled, its payment succeeded, and nothing was paid back"
            ),
            [cancels, pays]
                .into_iter()
                .chain(probe.filter(|_| !happened(cancel))),
        ),
        _ => RuleFinding::Undecided("a reply was lost whose request may have succeeded"),
    }
}

/// Whether a confirmed order took no item that was sent after the confirmation was answered.
/// `late` asks in the end whether it would: what it asks for there is not.
pub fn confirmed_is_closed(
    log: &ExchangeLog,
    confirms: usize,
    items: &[usize],
    late: Option<usize>,
) -> RuleFinding {
    let confirmation = &log.entries()[confirms];
    if !happened(confirmation) {
        return RuleFinding::Held;
    }
    let came_after = |index: usize| {
        let entry = &log.entries()[index];
        happened(entry) && entry.sent_ns.is_some_and(|ns| ns > confirmation.done_ns)
    };
    if let Some(item) = items.iter().copied().find(|&item| came_after(item)) {
        return RuleFinding::broken(
            format_args!(
                "an item was accepted that was sent after the order's confirmation was answered"
            ),
            [confirms, item],
        );
    }
    match late.map(|late| (late, takes_changes(log.reply(late)))) {
        Some((late, Some(true))) => RuleFinding::broken(
            format_args!("the order's confirmation was accepted, and it still takes items"),
            [confirms, late],
        ),
        Some((_, Some(false))) => RuleFinding::Held,
        _ => RuleFinding::Undecided("the shop did not say whether the order takes items"),
    }
}

/// Whether nobody was refused because of what the loser of a version race left behind.
pub fn loser_leaves_nothing(log: &ExchangeLog, racers: &RacerRange) -> RuleFinding {
    const TWO_DEFAULTS: &[u8] = b"Exactly one address must be marked as default";
    let is_frozen = |&index: &usize| memchr::memmem::find(log.reply(index), TWO_DEFAULTS).is_some();
    match racers.clone().find(is_frozen) {
        None => RuleFinding::Held,
        Some(refused) => {
            let conflict = racers
                .clone()
                .find(|&index| log.entries()[index].outcome == crate::stats::Outcome::Conflict);
            RuleFinding::broken(
                format_args!(
                    "the loser of a version race left a second default address behind: the \
                      customer can never be changed again"
                ),
                conflict.into_iter().chain([refused]),
            )
        }
    }
}

#[cfg(test)]
mod tests;
