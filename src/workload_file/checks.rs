//! What a reply has to say to be a success: checked where the file asks for it, on the bytes as they came.

use super::json_pointer::{Found, unescaped};
use super::model::{Check, Part, Place, Test};
use super::patterns::JsonType;
use crate::engine::codec::field;
use crate::engine::{ReplyText, Values};
use crate::stats::Reason;
use fastrand::Rng;
use memchr::memmem;
use std::borrow::Cow;
use std::fmt;

/// A check as replies meet it.
pub struct ReadyCheck {
    check: Check,
    reason: Reason,
}

impl fmt::Debug for ReadyCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.check.fmt(formatter)
    }
}

impl ReadyCheck {
    /// What `check` is to replies.
    #[must_use]
    pub fn new(check: &Check) -> Self {
        Self {
            reason: Reason::new(&check.says),
            check: check.clone(),
        }
    }

    /// Why `reply` fails it; `None` when it does not.
    #[inline]
    #[must_use]
    pub fn failed(&self, reply: ReplyText<'_>, values: &Values) -> Option<&Reason> {
        let holds = self.holds(reply, values);
        (!holds).then_some(&self.reason)
    }

    fn holds(&self, reply: ReplyText<'_>, values: &Values) -> bool {
        let found = match &self.check.place {
            // No pointer of a check has a choice.
            Place::Json(pointer) => pointer.find(reply.body, &mut Rng::with_seed(0)),
            Place::Header(name) => field(reply.head, name).map(Found::Text),
            Place::Body => Some(Found::Text(reply.body)),
            Place::Size => {
                let size = reply.body.len() as f64;
                return matches!(self.check.test, Test::Between(least, most) if (least..=most).contains(&size));
            }
        };
        if let Test::Exists(exists) = self.check.test {
            return found.is_some() == exists;
        }
        let Some(found) = found else {
            return false;
        };
        let is_escaped = matches!(self.check.place, Place::Json(_));
        match &self.check.test {
            Test::Equals(parts) => {
                let has_value = parts.iter().any(|part| matches!(part, Part::Value(_)));
                let is_kind = has_value || matches!(found, Found::Text(_));
                is_kind && is_written(parts, values, &text(found, is_escaped))
            }
            Test::Is(json) => matches!(found, Found::Bare(bare) if is_same(bare, json)),
            Test::Contains(parts) => {
                let text = text(found, is_escaped);
                match &parts[..] {
                    [Part::Text(part)] => memmem::find(&text, part.as_bytes()).is_some(),
                    [Part::Value(value)] => memmem::find(&text, values.raw(*value)).is_some(),
                    _ => false,
                }
            }
            Test::Matches(pattern) => pattern.matches(&text(found, is_escaped)),
            Test::Type(expected) => is_of(found, *expected),
            Test::Between(least, most) => {
                let number = number(found);
                number.is_some_and(|number| (*least..=*most).contains(&number))
            }
            Test::Exists(_) => true,
        }
    }
}

/// What was found as text.
#[inline]
fn text(found: Found<'_>, is_escaped: bool) -> Cow<'_, [u8]> {
    match found {
        Found::Text(text) if is_escaped && memchr::memchr(b'\\', text).is_some() => {
            let meant = unescaped(text).unwrap_or_default();
            Cow::Owned(meant.into_bytes())
        }
        Found::Text(text) | Found::Bare(text) | Found::Nested(text) => Cow::Borrowed(text),
    }
}

/// Whether `text` is what `parts` make, without making it.
fn is_written(parts: &[Part], values: &Values, text: &[u8]) -> bool {
    let mut rest = text;
    for part in parts {
        let piece = match part {
            Part::Text(text) => text.as_bytes(),
            Part::Value(value) => values.raw(*value),
            Part::Drawn(_) | Part::Made(_) => return false,
        };
        match rest.strip_prefix(piece) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Whether both mean the same: 9.5 is 9.50.
fn is_same(bare: &[u8], json: &str) -> bool {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<f64>().ok();
    bare == json.as_bytes()
        || match (number(bare), number(json.as_bytes())) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
}

fn number(found: Found<'_>) -> Option<f64> {
    let (Found::Bare(text) | Found::Text(text)) = found else {
        return None;
    };
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn is_of(found: Found<'_>, expected: JsonType) -> bool {
    let actual = match found {
        Found::Text(_) => JsonType::Text,
        Found::Nested([b'{', ..]) => JsonType::Object,
        Found::Nested(_) => JsonType::Array,
        Found::Bare(b"true" | b"false") => JsonType::Boolean,
        Found::Bare(b"null") => JsonType::Null,
        Found::Bare([b'-' | b'0'..=b'9', rest @ ..]) => {
            match rest.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
                true => JsonType::Number,
                false => JsonType::Integer,
            }
        }
        Found::Bare(_) => return false,
    };
    actual == expected || (actual, expected) == (JsonType::Integer, JsonType::Number)
}

#[cfg(test)]
mod tests {
    use super::super::json_pointer::JsonPointer;
    use super::super::patterns::{Pattern, TYPES};
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
    const BODY: &[u8] =
        br#"{"status":"open","n":7,"price":9.50,"ok":true,"none":null,"items":[{"id":"a\"b"}],"o":{}}"#;

    fn holds(place: Place, test: Test) -> bool {
        let mut values = Values::new(2);
        values.set(0, b"open", false);
        values.set(1, b"7", true);
        let check = ReadyCheck::new(&Check {
            place,
            test,
            says: "no".to_owned(),
        });
        let reply = ReplyText {
            status: 200,
            head: HEAD,
            body: BODY,
        };
        check.failed(reply, &values).is_none()
    }

    fn json(pointer: &str) -> Place {
        Place::Json(JsonPointer::parse(pointer).unwrap())
    }

    fn plain(text: &str) -> Vec<Part> {
        vec![Part::Text(text.to_owned())]
    }

    #[test]
    fn a_reply_is_held_to_what_is_asked_of_it() {
        let pattern = |text| Test::Matches(Pattern::parse(text).unwrap());
        for (place, test, expected) in [
            (json("/status"), Test::Equals(plain("open")), true),
            (json("/status"), Test::Equals(plain("ope")), false),
            (json("/status"), Test::Equals(plain("open.")), false),
            (json("/n"), Test::Equals(plain("7")), false),
            (json("/n"), Test::Equals(vec![Part::Value(1)]), true),
            (json("/status"), Test::Equals(vec![Part::Value(0)]), true),
            (json("/n"), Test::Equals(vec![Part::Value(0)]), false),
            (json("/items/0/id"), Test::Equals(plain("a\"b")), true),
            (json("/n"), Test::Is("7".to_owned()), true),
            (json("/price"), Test::Is("9.5".to_owned()), true),
            (json("/ok"), Test::Is("true".to_owned()), true),
            (json("/ok"), Test::Is("false".to_owned()), false),
            (json("/status"), Test::Is("7".to_owned()), false),
            (json("/none"), Test::Exists(true), true),
            (json("/nothing"), Test::Exists(true), false),
            (json("/nothing"), Test::Exists(false), true),
            (json("/nothing"), Test::Equals(plain("")), false),
            (json("/items"), Test::Contains(plain("id")), true),
            (json("/price"), Test::Between(9.5, 10.0), true),
            (json("/n"), Test::Between(8.0, 10.0), false),
            (Place::Body, Test::Contains(plain("\"ok\":true")), true),
            (Place::Body, Test::Contains(vec![Part::Value(0)]), true),
            (Place::Body, pattern(r#""n":\d,"#), true),
            (json("/status"), pattern("^o.{2}n$"), true),
            (json("/status"), pattern("^x"), false),
            (Place::Size, Test::Between(1.0, 200.0), true),
            (Place::Size, Test::Between(1.0, 20.0), false),
        ] {
            let says = format!("{place:?} {test:?}");
            assert_eq!(holds(place, test), expected, "{says}");
        }
        let header = |name: &str| Place::Header(name.to_owned());
        assert!(holds(header("content-type"), Test::Contains(plain("json"))));
        assert!(!holds(header("etag"), Test::Exists(true)));
    }

    #[test]
    fn values_have_the_types_of_json() {
        for (pointer, name) in [
            ("/status", "string"),
            ("/n", "integer"),
            ("/n", "number"),
            ("/price", "number"),
            ("/ok", "boolean"),
            ("/none", "null"),
            ("/items", "array"),
            ("/o", "object"),
        ] {
            for (known, expected) in TYPES {
                let is_both =
                    (pointer, known) == ("/n", "number") || (pointer, known) == ("/n", "integer");
                let holds = holds(json(pointer), Test::Type(expected));
                assert_eq!(holds, known == name || is_both, "{pointer} {known}");
            }
        }
    }
}
