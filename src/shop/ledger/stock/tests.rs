//! Tests of sales: what is oversold, undersold, or cannot be told.

use super::*;
use crate::shop::ledger::made_up::{broken, log};
use crate::stats::Outcome::{Conflict, Refused, Success, Unknown};
use crate::stats::Part::{Before, Probe, Racer};
use proptest::prelude::*;

fn wants(pieces: u64) -> String {
    format!("{{\"quantity\":{pieces},\"expires_in_minutes\":15}}")
}

fn left(pieces: i64) -> String {
    format!(
        "{{\"error\":{{\"quantity\":[\"Insufficient stock: {pieces} available, 9 requested\"]}}}}"
    )
}

/// A sale of `stock` pieces to racers (outcome, pieces), with the shop's word on what is left.
fn sale_of(stock: u64, racers: &[(Outcome, u64)], says: Option<i64>) -> (ExchangeLog, usize, u64) {
    let bodies: Vec<String> = racers.iter().map(|(_, pieces)| wants(*pieces)).collect();
    let refusal = left(0);
    let probe = says.map(left);
    let mut exchanges = vec![(Before, Success, "{}", "{}")];
    for ((outcome, _), body) in racers.iter().zip(&bodies) {
        let reply = if *outcome == Refused {
            refusal.as_str()
        } else {
            "{}"
        };
        exchanges.push((Racer, *outcome, body.as_str(), reply));
    }
    if let Some(probe) = &probe {
        exchanges.push((Probe, Refused, "{}", probe.as_str()));
    }
    (log(&exchanges), racers.len(), stock)
}

fn judged((log, racers, stock): &(ExchangeLog, usize, u64)) -> (RuleFinding, RuleFinding) {
    let probe = (log.entries().len() > racers + 1).then_some(racers + 1);
    let sale = Sale::of(log, *stock, Some(0), 1..racers + 1, probe);
    (sale.not_oversold(), sale.not_undersold())
}

#[test]
fn a_fair_sale_holds() {
    let sale = sale_of(
        3,
        &[(Success, 2), (Refused, 3), (Success, 1), (Conflict, 1)],
        Some(0),
    );
    assert_eq!(judged(&sale), (RuleFinding::Held, RuleFinding::Held));
}

#[test]
fn more_granted_than_there_was_is_shown_by_as_few_grants_as_possible() {
    let sale = sale_of(3, &[(Success, 1), (Success, 3), (Success, 2)], Some(-3));
    let (why, shown) = broken(judged(&sale).0);
    assert_eq!(why, "6 pieces were granted of 3 that there were");
    assert_eq!(
        shown,
        [2, 3, 0],
        "3 and 2 are more than 3; and where the item was made"
    );
}

#[test]
fn pieces_that_are_granted_and_still_there_are_oversold() {
    let sale = sale_of(10, &[(Success, 2), (Success, 2)], Some(8));
    let (why, shown) = broken(judged(&sale).0);
    assert_eq!(
        why,
        "4 pieces were granted of 10, and 8 are said to be left"
    );
    assert_eq!(shown, [1, 2, 0, 3]);
}

#[test]
fn a_refusal_while_there_is_enough_is_undersold() {
    let sale = sale_of(10, &[(Success, 3), (Refused, 2), (Refused, 3)], Some(7));
    let (why, shown) = broken(judged(&sale).1);
    assert_eq!(
        why,
        "2 pieces were refused although at most 3 of 10 were taken"
    );
    assert_eq!(shown, [1, 0, 2]);
}

#[test]
fn pieces_that_are_gone_and_nobody_got_are_undersold() {
    let sale = sale_of(10, &[(Success, 3), (Conflict, 2)], Some(5));
    let (why, _) = broken(judged(&sale).1);
    assert_eq!(
        why,
        "at most 3 pieces of 10 were taken, and only 5 are said to be left"
    );
    assert_eq!(judged(&sale).0, RuleFinding::Held);
}

#[test]
fn what_may_have_happened_accuses_nobody() {
    for says in [Some(7), Some(5)] {
        let sale = sale_of(10, &[(Success, 3), (Unknown, 2)], says);
        assert_eq!(
            judged(&sale),
            (RuleFinding::Held, RuleFinding::Held),
            "{says:?}"
        );
    }
    let unasked = sale_of(10, &[(Success, 3)], None);
    assert_eq!(judged(&unasked).0, RuleFinding::Held);
    assert!(matches!(judged(&unasked).1, RuleFinding::Undecided(_)));
}

#[test]
fn a_round_adds_up() {
    let (log, racers, stock) = sale_of(3, &[(Success, 2), (Refused, 3), (Conflict, 1)], Some(1));
    let round = Sale::of(&log, stock, Some(0), 1..racers + 1, Some(racers + 1)).round(7);
    assert_eq!(
        (round.round, round.crowd, round.demand, round.granted),
        (7, 3, 6, 2)
    );
    assert_eq!((round.winners, round.refused, round.conflicts), (1, 1, 1));
    assert_eq!(round.left, Some(1));
}

proptest! {
    /// A shop that keeps the books right is never accused, whatever replies are lost.
    #[test]
    fn an_honest_shop_is_never_accused(
        stock in 0_u64..12,
        racers in proptest::collection::vec((1_u64..4, 0_u8..10), 1..16),
    ) {
        let mut available = stock;
        let mut told = Vec::new();
        for (pieces, fate) in racers {
            let granted = fate != 0 && available >= pieces;
            if granted {
                available -= pieces;
            }
            let outcome = match (fate, granted) {
                (0, _) => Conflict,
                (1, _) => Unknown,
                (_, true) => Success,
                (_, false) => Refused,
            };
            told.push((outcome, pieces));
        }
        let sale = sale_of(stock, &told, Some(available as i64));
        prop_assert_eq!(judged(&sale), (RuleFinding::Held, RuleFinding::Held));
    }
}
