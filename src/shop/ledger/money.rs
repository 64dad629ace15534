//! Money: what is given back against what was taken, and keys that stand for one payment.

use super::told::{amount_cents, happened, may_have_happened};
use crate::engine::{Heat, Trail};
use crate::stats::Finding;
use std::ops::Range;

/// Whether the refunds at `refunds` are together no more than the payment that was made at
/// `payment`. The amount of the refund at `index` is that of the request at `asked(index)`.
pub fn within_payment(
    trail: &Trail,
    payment: usize,
    refunds: Range<usize>,
    asked: impl Fn(usize) -> usize,
    what: &str,
) -> Finding {
    let paid = amount_cents(trail, payment);
    let amount = |index: usize| amount_cents(trail, asked(index));
    let entries = trail.entries();
    let mut granted: Vec<usize> = refunds
        .clone()
        .filter(|&index| happened(&entries[index]))
        .collect();
    let sum: u64 = granted.iter().map(|&index| amount(index)).sum();
    if sum > paid {
        let mut shown = 0;
        let enough = granted.iter().position(|&index| {
            shown += amount(index);
            shown > paid
        });
        granted.truncate(enough.map_or(granted.len(), |last| last + 1));
        return Finding::Broken {
            why: format!("{} {what} of a payment of {}", money(sum), money(paid)),
            shown_by: std::iter::once(payment).chain(granted).collect(),
        };
    }
    let unknown: u64 = refunds
        .filter(|&index| may_have_happened(&entries[index]))
        .map(amount)
        .sum();
    match sum + unknown > paid {
        true => Finding::Undecided("a reply was lost whose refund may have been accepted"),
        false => Finding::Held,
    }
}

/// Whether requests with one idempotency key made one payment: every success gave the same id.
pub fn one_payment_a_key(trail: &Trail, racers: &Heat) -> Finding {
    let mut made = racers
        .clone()
        .filter_map(|index| Some((index, trail.id(index)?)));
    let Some((first, id)) = made.next() else {
        return Finding::Held;
    };
    match made.find(|(_, other)| *other != id) {
        Some((second, _)) => Finding::Broken {
            why: "one idempotency key made two payments".into(),
            shown_by: vec![first, second],
        },
        None => Finding::Held,
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests;
