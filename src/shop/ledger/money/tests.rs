//! Tests of refunds and idempotency keys.

use super::*;
use crate::shop::ledger::made_up::{broken, log};
use crate::stats::Outcome::{Refused, Success, Unknown};
use crate::stats::Part::{Before, Racer};
use crate::stats::{Outcome, Part};

fn refunds(paid: &str, refunds: &[(Outcome, &str)]) -> RuleFinding {
    let body = |amount: &str| format!("{{\"amount\":{amount},\"reason\":\"x\"}}");
    let bodies: Vec<String> = refunds.iter().map(|(_, amount)| body(amount)).collect();
    let payment = body(paid);
    let mut exchanges: Vec<(Part, Outcome, &str, &str)> =
        vec![(Before, Success, payment.as_str(), "")];
    for ((outcome, _), body) in refunds.iter().zip(&bodies) {
        exchanges.push((Racer, *outcome, body.as_str(), ""));
    }
    let log = log(&exchanges);
    within_payment(&log, 0, 1..exchanges.len(), |index| index, "asked back")
}

#[test]
fn refunds_are_added_up_to_the_cent() {
    let third = [(Success, "10.1"), (Success, "10.1"), (Success, "10.1")];
    assert_eq!(refunds("30.3", &third), RuleFinding::Held);
    let (why, shown) = broken(refunds("30.29", &third));
    assert_eq!(why, "30.30 asked back of a payment of 30.29");
    assert_eq!(shown, [0, 1, 2, 3]);
    let (_, shown) = broken(refunds(
        "50",
        &[
            (Refused, "50"),
            (Success, "30"),
            (Success, "30.00"),
            (Success, "1"),
        ],
    ));
    assert_eq!(shown, [0, 2, 3], "as few as are more than the payment");
    let unknown = refunds("50", &[(Success, "30"), (Unknown, "30")]);
    assert!(matches!(unknown, RuleFinding::Undecided(_)));
}

#[test]
fn one_key_makes_one_payment() {
    let exchange = |id| (Racer, Success, "", id);
    let (a, b) = (r#"{"payment_id":"a"}"#, r#"{"payment_id":"b"}"#);
    let same = log(&[exchange(a), exchange(a)]);
    assert_eq!(one_payment_a_key(&same, &(0..2)), RuleFinding::Held);
    let two = log(&[exchange(a), (Racer, Refused, "", "{}"), exchange(b)]);
    assert_eq!(broken(one_payment_a_key(&two, &(0..3))).1, [0, 2]);
}
