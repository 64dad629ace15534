//! What the shop holds to be an e-mail address, a telephone number, a date and a coordinate.

use crate::sandbox::python_text::{self, repr};
use crate::sandbox::refusal::Refusal;

/// Key of messages that belong to a whole value, not to a field.
const WHOLE_VALUE: &str = "_entity";

/// Exactly one @ between a local part and a dotted domain, no blanks, none of `;,()":<>[]\`.
/// (A domain in brackets, which the shop takes for an address literal, needs no dot.)
pub fn check_email(email: &str) -> Result<(), Refusal> {
    if is_email(email) {
        return Ok(());
    }
    Err(Refusal::rule(
        WHOLE_VALUE,
        format!("Invalid email address: {}", repr(email)),
    ))
}

fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    let is_odd = |byte: &u8| match byte {
        b'[' | b']' => !is_literal,
        byte => b" \t\n@;,()\":<>\\".contains(byte),
    };
    let is_dotted_well = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..")
    };
    let is_label = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    is_dotted_well(local)
        && is_dotted_well(domain)
        && (is_literal || (domain.contains('.') && domain.split('.').all(is_label)))
        && !local.bytes().any(|byte| is_odd(&byte))
        && !domain.bytes().any(|byte| is_odd(&byte))
}

/// `^\+?[\d\s\-()]+$` with at least one digit.
pub fn check_phone(phone: &str) -> Result<(), Refusal> {
    let rest = phone.strip_prefix('+').unwrap_or(phone);
    let is_digit = |character: char| {
        character.is_ascii_digit() || (!character.is_ascii() && character.is_numeric())
    };
    let is_fine = |character: char| {
        is_digit(character) || character.is_whitespace() || "-()".contains(character)
    };
    if rest.chars().all(is_fine) && rest.chars().any(is_digit) {
        return Ok(());
    }
    Err(Refusal::rule(
        WHOLE_VALUE,
        format!("Invalid phone number: {}", repr(phone)),
    ))
}

/// Python's `date.fromisoformat`: `2020-01-31`, `20200131`, `2020-W05-5`, `2020W055`, `2020-W05`
/// or `2020W05`. Refused with Python's words.
pub fn check_date(text: &str) -> Result<(), Refusal> {
    let unlike = || Refusal::Value(format!("Invalid isoformat string: {}", repr(text)));
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u16> {
        bytes.get(from..to)?.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u16::from(byte - b'0'))
        })
    };
    let year = number(0, 4).ok_or_else(unlike)?;
    let dash = usize::from(bytes.get(4) == Some(&b'-'));
    if bytes.get(4 + dash) == Some(&b'W') {
        return is_week_date(bytes, year, dash, number)
            .then_some(())
            .ok_or_else(unlike);
    }
    let day_at = 6 + 2 * dash;
    if bytes.len() != day_at + 2 || (dash == 1 && bytes[7] != b'-') {
        return Err(unlike());
    }
    let month = number(4 + dash, 6 + dash).ok_or_else(unlike)?;
    let day = number(day_at, day_at + 2).ok_or_else(unlike)?;
    if year == 0 {
        return Err(Refusal::Value("year 0 is out of range".into()));
    }
    if !(1..=12).contains(&month) {
        return Err(Refusal::Value("month must be in 1..12".into()));
    }
    match jiff::civil::Date::new(year as i16, month as i8, day as i8) {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::Value("day is out of range for month".into())),
    }
}

fn is_week_date(
    bytes: &[u8],
    year: u16,
    dash: usize,
    number: impl Fn(usize, usize) -> Option<u16>,
) -> bool {
    let week_at = 5 + dash;
    let Some(week) = number(week_at, week_at + 2) else {
        return false;
    };
    let rest = &bytes[week_at + 2..];
    let day = match (dash, rest) {
        (_, []) => b'1',
        (1, [b'-', day]) | (0, [day]) => *day,
        _ => return false,
    };
    let Some(weekday) = day
        .checked_sub(b'0')
        .and_then(|day| jiff::civil::Weekday::from_monday_one_offset(day as i8).ok())
    else {
        return false;
    };
    year >= 1 && jiff::civil::ISOWeekDate::new(year as i16, week as i8, weekday).is_ok()
}

/// Coordinates count only when both are given and not empty; one alone is silently ignored.
pub fn check_coordinates(latitude: Option<&str>, longitude: Option<&str>) -> Result<(), Refusal> {
    let (Some(latitude), Some(longitude)) = (latitude, longitude) else {
        return Ok(());
    };
    let number = |text: &str| {
        python_text::float(text).ok_or_else(|| {
            Refusal::Value(format!("could not convert string to float: {}", repr(text)))
        })
    };
    let mut rules = Vec::new();
    for (field, value, limit) in [
        ("latitude", number(latitude)?, 90),
        ("longitude", number(longitude)?, 180),
    ] {
        // The upper limit is checked first, and a NaN breaks it.
        if value.is_nan() || value > f64::from(limit) {
            rules.push((
                field,
                format!("Input should be less than or equal to {limit}"),
            ));
        } else if value < -f64::from(limit) {
            rules.push((
                field,
                format!("Input should be greater than or equal to -{limit}"),
            ));
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    Err(Refusal::Rules(rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<(), Refusal>) -> String {
        result.unwrap_err().body()
    }

    #[test]
    fn emails() {
        for email in ["a@b.co", "a.b+c@d-e.f.g", "a'b@c.de", "a@[127.0.0.1]"] {
            assert_eq!(check_email(email), Ok(()), "{email}");
        }
        for email in [
            "a",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            "a b@c.de",
            "a@.b.c",
            "a@b.c.",
            ".a@b.c",
            "a.@b.c",
            "@b.c",
            "a@",
            "a..b@c.de",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            "a;b@c.de",
            "a<b@c.de",
            "a@[b.c",
            "a\n@b.c",
        ] {
            assert_eq!(
                refused(check_email(email)),
                Refusal::rule("_entity", format!("Invalid email address: {}", repr(email))).body()
            );
        }
    }

    #[test]
    fn phones() {
        for phone in ["+1 (2)-3", " 1", "1\n", "+1-984-271-3550", "\u{661}"] {
            assert_eq!(check_phone(phone), Ok(()), "{phone:?}");
        }
        for phone in ["abc", "+", "()", "1+2", "12a", "++1"] {
            assert!(
                refused(check_phone(phone)).contains("{\"_entity\":[\"Invalid phone number: '")
            );
        }
    }

    #[test]
    fn dates() {
        for date in [
            "2020-02-29",
            "20200101",
            "2020-W01-1",
            "2020W011",
            "2020-W01",
            "2020W01",
            "2020-W53-7",
            "9999-12-31",
        ] {
            assert_eq!(check_date(date), Ok(()), "{date}");
        }
        for date in [
            "",
            "x",
            "2020-1-1",
            "2020-001",
            "2020-W54-1",
            "2021-W53-1",
            "202-01-011",
            "2020-01-0a",
            "2020-W00-1",
            "2020-W01-8",
            "2020-W01-0",
            "2020/01/01",
            "20201",
            "202001011",
            "2020-0101",
            "\u{662}020-01-01",
            "'",
        ] {
            assert_eq!(
                check_date(date),
                Err(Refusal::Value(format!(
                    "Invalid isoformat string: {}",
                    repr(date)
                )))
            );
        }
        for (date, words) in [
            ("2020-13-01", "month must be in 1..12"),
            ("2020-00-10", "month must be in 1..12"),
            ("2020-02-30", "day is out of range for month"),
            ("2021-02-29", "day is out of range for month"),
            ("2020-01-00", "day is out of range for month"),
            ("0000-01-01", "year 0 is out of range"),
        ] {
            assert_eq!(
                check_date(date),
                Err(Refusal::Value(words.into())),
                "{date}"
            );
        }
    }

    #[test]
    fn coordinates() {
        for (latitude, longitude) in [
            (Some("46.4"), Some("-94.6")),
            (Some("99"), None),
            (None, Some("x")),
            (Some("1_0"), Some(" 1e1 ")),
            (Some("-90"), Some("180")),
        ] {
            assert_eq!(check_coordinates(latitude, longitude), Ok(()));
        }
        assert_eq!(
            refused(check_coordinates(Some("x"), Some("1"))),
            r#"{"error":"could not convert string to float: 'x'"}"#
        );
        assert_eq!(
            refused(check_coordinates(Some("inf"), Some("-181"))),
            r#"{"error":{"latitude":["Input should be less than or equal to 90"],"longitude":["Input should be greater than or equal to -180"]}}"#
        );
        assert_eq!(
            refused(check_coordinates(Some("nan"), Some("1"))),
            r#"{"error":{"latitude":["Input should be less than or equal to 90"]}}"#
        );
    }
}
