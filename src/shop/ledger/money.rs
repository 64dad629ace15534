//! Money: what is given back against what was taken, and keys that stand for one payment.

use super::told::{amount_cents, happened, may_have_happened};
use crate::engine::{ExchangeLog, RacerRange};
use crate::stats::RuleFinding;
use std::ops::Range;

/// Whether the refunds at `refunds` are together no more than the payment that was made at
/// `payment`. The amount of the refund at `index` is that of the request at `asked(index)`.
pub fn within_payment(
    log: &ExchangeLog,
    payment: usize,
    refunds: Range<usize>,
    asked: impl Fn(usize) -> usize,
    what: &str,
) -> RuleFinding {
    let paid = amount_cents(log, payment);
    let amount = |index: usize| amount_cents(log, asked(index));
    let entries = log.entries();
    let granted = refunds.clone().filter(|&index| happened(&entries[index]));
    let sum: u64 = granted.clone().map(amount).sum();
    if sum > paid {
        let mut shown = 0;
        let enough = granted.take_while(|&index| {
            let is_needed = shown <= paid;
            shown += amount(index);
            is_needed
        });
        return RuleFinding::broken(
            format_args!("{} {what} of a payment of {}", Money(sum), Money(paid)),
            std::iter::once(payment).chain(enough),
        );
    }
    let unknown: u64 = refunds
        .filter(|&index| may_have_happened(&entries[index]))
        .map(amount)
        .sum();
    match sum + unknown > paid {
        true => RuleFinding::Undecided("a reply was lost whose refund may have been accepted"),
        false => RuleFinding::Held,
    }
}

/// Whether requests with one idempotency key made one payment: every success gave the same id.
pub fn one_payment_a_key(log: &ExchangeLog, racers: &RacerRange) -> RuleFinding {
    let mut made = racers
        .clone()
        .filter_map(|index| Some((index, log.id(index)?)));
    let Some((first, id)) = made.next() else {
        return RuleFinding::Held;
    };
    match made.find(|(_, other)| *other != id) {
        Some((second, _)) => RuleFinding::broken(
            format_args!("one idempotency key made two payments"),
            [first, second],
        ),
        None => RuleFinding::Held,
    }
}

/// An amount in hundredths, as people write it.
struct Money(u64);

impl std::fmt::Display for Money {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests;
