//! How figures are written for people: one format of numbers, one of units.

use crate::stats::Amount;
use std::borrow::Borrow;
use std::fmt::Display;

/// A count with its thousands apart: `12,345,678`.
#[must_use]
pub fn grouped(count: impl Borrow<u64>) -> String {
    grouped_digits(&count.borrow().to_string())
}

fn grouped_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Any number with its thousands apart, and with the decimals that it has: `1,010`, `0.5`, `-1,250.5`.
#[must_use]
pub fn number_text(number: impl Display) -> String {
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", &*text),
    };
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    match whole.bytes().all(|digit| digit.is_ascii_digit()) {
        true => format!("{sign}{}{rest}", grouped_digits(whole)),
        false => text,
    }
}

/// An amount, with a mark when it is a lower bound: `≥ 1,200`.
#[must_use]
pub fn amount_text(amount: Amount) -> String {
    let mark = if amount.at_least { "≥ " } else { "" };
    format!(
        "{mark}{}",
        number_text((amount.value * 10.0).round() / 10.0)
    )
}

/// Microseconds in the unit that fits, with three digits: `850 µs`, `1.23 ms`, `12.3 s`.
#[must_use]
pub fn duration_text(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        // From the value on that would round up to 1000 ms.
        1_000..999_500 => format!("{} ms", three_digits(us as f64 / 1e3)),
        _ => format!("{} s", three_digits(us as f64 / 1e6)),
    }
}

/// Three digits of a number from 1 to 999, more of a larger one.
fn three_digits(value: f64) -> String {
    // Rounding may carry: 9.996 is 10.0 and not 10.00.
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        number_text(format_args!("{value:.0}"))
    }
}

/// A rate: one decimal below 1000, none above.
#[must_use]
pub fn rate_text(per_s: f64) -> String {
    if per_s < 999.95 {
        format!("{per_s:.1}")
    } else {
        number_text(format_args!("{per_s:.0}"))
    }
}

/// A count with its noun in singular or plural: `1 request`, `2,000 requests`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count))
}

/// Whole seconds as people say them: `40 s`, `3 min`, `1 h 5 min`. Nobody needs the seconds of an hour.
#[must_use]
pub fn time_left_text(s: f64) -> String {
    match s.max(0.0).ceil() as u64 {
        s @ 0..100 => format!("{s} s"),
        s @ 100..3_570 => format!("{} min", (s + 30) / 60),
        s => format!("{} h {} min", (s + 30) / 3_600, (s + 30) % 3_600 / 60),
    }
}

/// A share from 0 to 1 in percent: `12 %`, and `0.3 %` below one percent.
#[must_use]
pub fn percent_text(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 0.995 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_in_the_unit_that_fits() {
        let table = [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.00 ms"),
            (1_234, "1.23 ms"),
            (9_994, "9.99 ms"),
            (9_996, "10.0 ms"),
            (99_960, "100 ms"),
            (123_456, "123 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (12_340_000, "12.3 s"),
            (600_000_000, "600 s"),
            (6_000_000_000, "6,000 s"),
        ];
        for (us, text) in table {
            assert_eq!(duration_text(us), text);
        }
    }

    #[test]
    fn rates_counts_and_shares() {
        assert_eq!(
            (rate_text(0.04), rate_text(999.9), rate_text(98_765.4)),
            ("0.0".into(), "999.9".into(), "98,765".into())
        );
        assert_eq!(
            (counted(1, "request"), counted(26_427, "request")),
            ("1 request".into(), "26,427 requests".into())
        );
        assert_eq!(
            (percent_text(0.0), percent_text(0.003), percent_text(0.424)),
            ("0 %".into(), "0.3 %".into(), "42 %".into())
        );
    }

    #[test]
    fn thousands_stand_apart_whatever_the_number() {
        let groups = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(groups, ["0", "999", "1,000", "12,345,678"]);
        let numbers = [0.5, 999.0, 1_010.0, -1_250.5, f64::INFINITY].map(number_text);
        assert_eq!(numbers, ["0.5", "999", "1,010", "-1,250.5", "inf"]);
        let amount = |value, at_least| amount_text(Amount { value, at_least });
        assert_eq!(amount(1_200.0, true), "≥ 1,200");
        assert_eq!(amount(7.25, false), "7.3");
    }

    #[test]
    fn what_is_left_is_told_as_people_say_it() {
        let texts = [-1.0, 0.0, 41.2, 99.0, 100.0, 3_540.0, 3_570.0, 3_900.0].map(time_left_text);
        assert_eq!(
            texts,
            [
                "0 s",
                "0 s",
                "42 s",
                "99 s",
                "2 min",
                "59 min",
                "1 h 0 min",
                "1 h 5 min"
            ]
        );
    }
}
