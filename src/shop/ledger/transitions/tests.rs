//! Tests of what may happen once, and of states that exclude each other.

use super::*;
use crate::shop::ledger::made_up::{broken, log};
use crate::stats::Outcome::{Conflict, Failed, Refused, Success, Unknown};
use crate::stats::Part::{Probe, Racer};
use crate::stats::{Outcome, Part};

fn racers(outcomes: &[Outcome]) -> ExchangeLog {
    let exchanges: Vec<_> = outcomes
        .iter()
        .map(|&outcome| (Racer, outcome, "{}", "{}"))
        .collect();
    log(&exchanges)
}

fn once(outcomes: &[Outcome]) -> RuleFinding {
    at_most_one(&racers(outcomes), &(0..outcomes.len()), "it")
}

#[test]
fn two_successes_are_one_too_many() {
    assert_eq!(once(&[Success, Refused, Conflict]), RuleFinding::Held);
    assert_eq!(once(&[Refused, Unknown]), RuleFinding::Held);
    let (why, shown) = broken(once(&[Refused, Success, Unknown, Success, Success]));
    assert_eq!(why, "it succeeded 3 times, and may 1");
    assert_eq!(shown, [1, 3]);
}

#[test]
fn a_lost_reply_leaves_it_undecided_and_accuses_nobody() {
    for outcomes in [[Success, Unknown], [Unknown, Unknown], [Success, Failed]] {
        assert!(
            matches!(once(&outcomes), RuleFinding::Undecided(_)),
            "{outcomes:?}"
        );
    }
}

fn order(cancels: Outcome, pays: Outcome, state: Option<&str>) -> RuleFinding {
    let told = state.map(|state| format!("Cannot transition from {state} to Delivered"));
    let mut exchanges = vec![(Racer, cancels, "", ""), (Racer, pays, "", "")];
    if let Some(told) = &told {
        exchanges.push((Probe, Refused, "", told.as_str()));
    }
    let log = log(&exchanges);
    cancelled_or_paid(&log, 0, 1, told.as_ref().map(|_| 2))
}

#[test]
fn an_accepted_cancellation_lasts() {
    for (cancels, pays, state) in [
        (Success, Conflict, "Cancelled"),
        (Success, Success, "Cancelled"),
        (Conflict, Success, "Paid"),
        (Unknown, Success, "Cancelled"),
        (Unknown, Success, "Paid"),
    ] {
        assert_eq!(
            order(cancels, pays, Some(state)),
            RuleFinding::Held,
            "{cancels:?} {pays:?}"
        );
    }
    let (_, shown) = broken(order(Success, Success, Some("Paid")));
    assert_eq!(shown, [0, 1, 2]);
    broken(order(Conflict, Success, Some("Cancelled")));
    assert!(matches!(
        order(Success, Success, None),
        RuleFinding::Undecided(_)
    ));
}

#[test]
fn a_final_state_is_final() {
    let after = |outcome| was_refused(&racers(&[Success, outcome]), 0, Some(1), "it");
    assert_eq!(after(Refused), RuleFinding::Held);
    assert_eq!(broken(after(Success)).1, [0, 1]);
    assert!(matches!(after(Unknown), RuleFinding::Undecided(_)));
    let unasked = was_refused(&racers(&[Success]), 0, None, "it");
    assert!(matches!(unasked, RuleFinding::Undecided(_)));
}

#[test]
fn only_an_item_that_was_sent_after_the_confirmation_was_answered_is_too_late() {
    const CLOSED: &str = "Item quantities can only be updated in Created state";
    // Sent at 0, 1 and 2 ms, each answered 10 ms later; the fourteenth at 13 ms.
    let judged = |confirmation, late, said: &str| {
        let mut exchanges = vec![(Racer, Success, "", ""); 13];
        exchanges[1].1 = confirmation;
        exchanges.push((Racer, late, "", ""));
        exchanges.push((Probe, Refused, "", said));
        confirmed_is_closed(&log(&exchanges), 1, &[0, 2, 13], Some(14))
    };
    assert_eq!(broken(judged(Success, Success, CLOSED)).1, [1, 13]);
    assert_eq!(judged(Success, Refused, CLOSED), RuleFinding::Held);
    assert_eq!(judged(Conflict, Success, CLOSED), RuleFinding::Held);
}

#[test]
fn an_order_that_still_looks_for_items_was_not_closed() {
    let judged = |confirmation, said: Option<&str>| {
        let mut exchanges = vec![(Racer, confirmation, "", "")];
        exchanges.extend(said.map(|said| (Probe, Refused, "", said)));
        confirmed_is_closed(&log(&exchanges), 0, &[], said.map(|_| 1))
    };
    assert_eq!(broken(judged(Success, Some("Item not found"))).1, [0, 1]);
    assert_eq!(judged(Unknown, Some("Item not found")), RuleFinding::Held);
    for said in [None, Some("Internal Server Error")] {
        assert!(matches!(judged(Success, said), RuleFinding::Undecided(_)));
    }
}

fn refunded(cancels: Outcome, pays: Outcome, stored: Stored, state: Option<&str>) -> RuleFinding {
    let told = state.map(|state| format!("Cannot transition from {state} to Returned"));
    let mut exchanges = vec![(Racer, cancels, "", ""), (Racer, pays, "", "")];
    exchanges.extend(told.as_deref().map(|told| (Probe, Refused, "", told)));
    let probe = told.as_ref().map(|_| 2);
    cancelled_is_refunded(&log(&exchanges), 0, (1, stored), probe)
}

#[test]
fn an_acceptance_that_did_nothing_is_no_payment() {
    let by = |stored| refunded(Success, Success, stored, Some("Cancelled"));
    assert_eq!(broken(by(Stored::Certainly)).1, [0, 1]);
    assert_eq!(by(Stored::CertainlyNot), RuleFinding::Held);
    for guess in [Stored::Likely, Stored::Unlikely] {
        assert!(matches!(by(guess), RuleFinding::Undecided(_)), "{guess:?}");
    }
}

/// Whatever is believed of an accepted payment: this one was not.
#[test]
fn what_was_refused_or_lost_its_race_is_no_payment() {
    for (pays, stored) in [Refused, Conflict].into_iter().flat_map(|pays| {
        [
            Stored::Certainly,
            Stored::CertainlyNot,
            Stored::Likely,
            Stored::Unlikely,
        ]
        .map(|stored| (pays, stored))
    }) {
        let found = refunded(Success, pays, stored, Some("Cancelled"));
        assert_eq!(found, RuleFinding::Held, "{pays:?} {stored:?}");
    }
}

#[test]
fn what_the_order_says_of_itself_counts_where_a_reply_was_lost() {
    let paid = Stored::Certainly;
    let by = |state| refunded(Unknown, Success, paid, state);
    assert!(matches!(by(None), RuleFinding::Undecided(_)));
    assert_eq!(by(Some("Paid")), RuleFinding::Held);
    assert_eq!(broken(by(Some("Cancelled"))).1, [0, 1, 2]);
    let unpaid = refunded(Success, Refused, Stored::CertainlyNot, Some("Cancelled"));
    assert_eq!(unpaid, RuleFinding::Held);
}

#[test]
fn what_a_loser_left_behind_shows_in_later_refusals() {
    const FROZEN: &str = "Exactly one address must be marked as default";
    let exchanges: [(Part, Outcome, &str, &str); 3] = [
        (Racer, Success, "", ""),
        (Racer, Conflict, "", ""),
        (Racer, Refused, "", FROZEN),
    ];
    let (_, shown) = broken(loser_leaves_nothing(&log(&exchanges), &(0..3)));
    assert_eq!(shown, [1, 2]);
    let clean = loser_leaves_nothing(&log(&exchanges[..2]), &(0..2));
    assert_eq!(clean, RuleFinding::Held);
}
