//! What requests asked for and replies told, read from their texts.

use crate::engine::{ExchangeLog, LoggedExchange};
use crate::stats::Outcome;
use memchr::memmem;

/// Whether it may have happened although nobody said so: the reply was lost, or the shop broke
/// down over it in a way that is no lost version race.
pub fn may_have_happened(entry: &LoggedExchange) -> bool {
    entry.outcome == Outcome::Unknown || (entry.outcome == Outcome::Failed && entry.status >= 500)
}

/// Whether the shop said that it happened.
pub fn happened(entry: &LoggedExchange) -> bool {
    entry.outcome == Outcome::Success
}

/// The pieces that the request at `index` wanted; 0 when it names none.
pub fn pieces_wanted(log: &ExchangeLog, index: usize) -> u64 {
    let wanted = number_after(log.request_body(index), b"\"quantity\":");
    wanted
        .and_then(|pieces| u64::try_from(pieces).ok())
        .unwrap_or(0)
}

/// The amount that the request at `index` names, in hundredths; 0 when it names none.
pub fn amount_cents(log: &ExchangeLog, index: usize) -> u64 {
    let body = log.request_body(index);
    let name = b"\"amount\":";
    let Some(start) = memmem::find(body, name) else {
        return 0;
    };
    let digits = &body[start + name.len()..];
    let mut cents = 0_u64;
    let mut decimals = None;
    for &byte in digits {
        match (byte, decimals) {
            (b'0'..=b'9', Some(2..)) => {}
            (b'0'..=b'9', _) => {
                cents = cents
                    .saturating_mul(10)
                    .saturating_add(u64::from(byte - b'0'));
                decimals = decimals.map(|decimals: u32| decimals + 1);
            }
            (b'.', None) => decimals = Some(0),
            _ => break,
        }
    }
    cents.saturating_mul(10_u64.pow(2_u32.saturating_sub(decimals.unwrap_or(0))))
}

/// The pieces that a refused reservation says are available.
pub fn pieces_available(reply: &[u8]) -> Option<i64> {
    number_after(reply, b"Insufficient stock: ")
}

/// The state that a refused transition says a thing is in.
pub fn state_named(reply: &[u8]) -> Option<&str> {
    let reply = std::str::from_utf8(reply).ok()?;
    let (_, rest) = reply
        .split_once("Cannot transition from ")
        .or_else(|| reply.split_once("Cannot cancel order in "))?;
    let end = rest.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '_')?;
    Some(&rest[..end])
}

/// Whether an order takes changes of its items, by the refusal of a change to one that it has not:
/// only where it does the shop looks for the item.
pub fn takes_changes(reply: &[u8]) -> Option<bool> {
    let says = |text: &[u8]| memmem::find(reply, text).is_some();
    if says(b"Item not found") {
        return Some(true);
    }
    says(b"can only be updated in Created state").then_some(false)
}

/// The whole number that follows `name`.
fn number_after(text: &[u8], name: &[u8]) -> Option<i64> {
    let start = memmem::find(text, name)? + name.len();
    let text = &text[start..];
    let is_part =
        |(place, byte): (usize, &u8)| byte.is_ascii_digit() || (place == 0 && *byte == b'-');
    let length = text
        .iter()
        .enumerate()
        .take_while(|part| is_part(*part))
        .count();
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_tell_levels_and_states() {
        let told =
            br#"{"error":{"quantity":["Insufficient stock: -2 available, 1000 requested"]}}"#;
        assert_eq!(pieces_available(told), Some(-2));
        assert_eq!(pieces_available(b"Internal Server Error"), None);
        for (reply, state) in [
            (
                r#"{"error":{"status":["Cannot transition from Payment_Pending to Delivered"]}}"#,
                Some("Payment_Pending"),
            ),
            (
                r#"{"error":{"status":["Cannot cancel order in Shipped state. Cancellation …"]}}"#,
                Some("Shipped"),
            ),
            ("{}", None),
            ("Cannot transition from ", None),
        ] {
            assert_eq!(state_named(reply.as_bytes()), state, "{reply}");
        }
    }

    #[test]
    fn only_an_order_that_takes_changes_looks_for_the_item() {
        for (reply, takes) in [
            (r#"{"error":{"item_id":["Item not found"]}}"#, Some(true)),
            (
                r#"{"error":{"status":["Item quantities can only be updated in Created state"]}}"#,
                Some(false),
            ),
            ("Internal Server Error", None),
        ] {
            assert_eq!(takes_changes(reply.as_bytes()), takes, "{reply}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (text, number) in [
            ("{\"quantity\":3,", Some(3)),
            ("\"quantity\":-4}", Some(-4)),
            ("\"quantity\":}", None),
            ("\"quantity\":-}", None),
            ("\"quantity\":1-2", Some(1)),
            ("\"quantity\":99999999999999999999", None),
        ] {
            assert_eq!(
                number_after(text.as_bytes(), b"\"quantity\":"),
                number,
                "{text}"
            );
        }
    }
}
