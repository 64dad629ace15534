//! A small language for what the fields of a body may be.

use super::{GIVEN_IDS, run_id, text_of};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Name of a field and what it may be.
pub type Field = (&'static str, Limit);
/// The fields of an object: all of them, and no other.
pub type Fields = &'static [Field];

/// What a field may be.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// This text.
    Is(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text of one to so many characters.
    UpTo(usize),
    /// The prefix and so many hex digits.
    Hex(&'static str, usize),
    /// The prefix and so many decimal digits.
    Digits(&'static str, usize),
    /// The prefix, the run id, a unique number, and the suffix.
    Unique(&'static str, &'static str),
    /// As `Unique`, and a SKU.
    Sku(&'static str),
    /// A text of at most so many characters with the run id and a unique number that fits.
    UniqueThat(usize, fn(&str) -> bool),
    /// A text that fits.
    That(fn(&str) -> bool),
    /// The n-th id given with the call.
    Given(usize),
    /// An integer of this range.
    Whole(i64, i64),
    /// A number of this range, with at most so many decimals.
    Decimal(f64, f64, i32),
    /// This boolean.
    Flag(bool),
    Null,
    Object(Fields),
    /// So few to so many objects.
    List(usize, usize, Fields),
}

/// Checks one body; `seen` are the unique values that other bodies had.
pub fn check(body: &Map<String, Value>, fields: Fields, seen: &mut HashSet<String>) {
    let there: HashSet<&str> = body.keys().map(String::as_str).collect();
    let allowed: HashSet<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(there, allowed);
    for (name, limit) in fields {
        assert!(
            keeps(&body[*name], *limit, seen),
            "{name} = {} is not {limit:?}",
            body[*name]
        );
    }
}

fn keeps(value: &Value, limit: Limit, seen: &mut HashSet<String>) -> bool {
    match (limit, value) {
        (Limit::Whole(from, to), _) => value.as_i64().is_some_and(|n| (from..=to).contains(&n)),
        (Limit::Decimal(from, to, decimals), Value::Number(_)) => {
            let number = value.as_f64().unwrap();
            let power = 10_f64.powi(decimals);
            (from..=to).contains(&number) && (number * power).round() / power == number
        }
        (Limit::Flag(flag), _) => *value == Value::Bool(flag),
        (Limit::Null, _) => value.is_null(),
        (Limit::Object(fields), Value::Object(body)) => {
            check(body, fields, seen);
            true
        }
        (Limit::List(least, most, fields), Value::Array(bodies)) => {
            for body in bodies {
                check(body.as_object().unwrap(), fields, seen);
            }
            (least..=most).contains(&bodies.len())
        }
        (_, Value::String(text)) => text_keeps(text, limit, seen),
        _ => false,
    }
}

fn text_keeps(text: &str, limit: Limit, seen: &mut HashSet<String>) -> bool {
    match limit {
        Limit::Is(only) => text == only,
        Limit::OneOf(choices) => choices.contains(&text),
        Limit::UpTo(most) => (1..=most).contains(&text.chars().count()),
        Limit::Hex(prefix, digits) => text.strip_prefix(prefix).is_some_and(|rest| {
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            rest.len() == digits && rest.bytes().all(is_hex)
        }),
        Limit::Digits(prefix, digits) => text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_digit())
        }),
        Limit::Unique(prefix, suffix) => {
            let rest = text.strip_prefix(&format!("{prefix}{}", run_id(1)));
            let number = rest.and_then(|rest| rest.strip_suffix(suffix));
            number.is_some_and(is_unique_number) && seen.insert(text.to_owned())
        }
        Limit::Sku(prefix) => text_keeps(text, Limit::Unique(prefix, ""), seen) && is_sku(text),
        Limit::UniqueThat(most, fits) => {
            let (_, rest) = text.split_once(run_id(1).as_str()).expect("the run id");
            let number = rest.get(..12).expect("a unique number");
            text.len() <= most
                && is_unique_number(number)
                && fits(text)
                && seen.insert(text.to_owned())
        }
        Limit::That(fits) => fits(text),
        Limit::Given(place) => text == GIVEN_IDS[place],
        _ => false,
    }
}

fn is_unique_number(text: &str) -> bool {
    text.len() == 12
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// As the shop checks it.
fn is_sku(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (3..=50).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// An address without label and coordinates.
pub const PLACE: Fields = &[
    ("street", Limit::UpTo(255)),
    ("city", Limit::UpTo(100)),
    ("state", Limit::That(|state| state.len() == 2)),
    ("postal_code", Limit::Digits("", 5)),
    ("country", Limit::Is("US")),
];

#[test]
fn what_breaks_a_limit_is_found() {
    let broken: &[(&str, Limit)] = &[
        (r#""a""#, Limit::Is("b")),
        (r#""""#, Limit::UpTo(3)),
        (r#""abcd""#, Limit::UpTo(3)),
        (r#""x-12345678""#, Limit::Hex("y-", 8)),
        (r#""x-1234567G""#, Limit::Hex("x-", 8)),
        (r#""EXT-LT-1""#, Limit::Unique("EXT-LT-", "")),
        (r#""other""#, Limit::Given(0)),
        ("1.5", Limit::Whole(1, 2)),
        ("3", Limit::Whole(1, 2)),
        ("1.234", Limit::Decimal(0.0, 9.0, 2)),
        ("9.01", Limit::Decimal(0.0, 9.0, 2)),
        ("\"1\"", Limit::Whole(1, 2)),
        ("true", Limit::Flag(false)),
        ("0", Limit::Null),
        ("[]", Limit::List(1, 2, PLACE)),
    ];
    for (json, limit) in broken {
        let value: Value = serde_json::from_str(json).unwrap();
        assert!(
            !keeps(&value, *limit, &mut HashSet::new()),
            "{json} {limit:?}"
        );
    }
    let unique = Value::from(format!("PO-{}0123456789ab", run_id(1)));
    let mut seen = HashSet::new();
    assert!(keeps(&unique, Limit::Unique("PO-", ""), &mut seen));
    assert!(!keeps(&unique, Limit::Unique("PO-", ""), &mut seen));
    for text in ["ab", "-abc", "abc-", "a--b", "a_b", &"a".repeat(51)] {
        assert!(!is_sku(text), "{text}");
    }
    let place = serde_json::json!({"street": "1 Way", "city": "X"});
    let missing = std::panic::catch_unwind(|| {
        check(place.as_object().unwrap(), PLACE, &mut HashSet::new());
    });
    assert!(missing.is_err());
    assert_eq!(text_of(place.as_object().unwrap(), "city"), "X");
}
