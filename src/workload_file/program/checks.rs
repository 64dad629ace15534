//! What a reply has to say to be a success: checked where the file asks for it, on the bytes as they came.

use crate::engine::codec::field;
use crate::engine::{ReplyText, Values};
use crate::stats::Reason;
use crate::workload_file::model::json_pointer::{Found, unescaped};
use crate::workload_file::model::patterns::JsonType;
use crate::workload_file::model::replies::{Asked, Check, Place};
use crate::workload_file::model::texts::Part;
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
                return matches!(self.check.asked, Asked::Between(least, most) if (least..=most).contains(&size));
            }
        };
        if let Asked::Exists(exists) = self.check.asked {
            return found.is_some() == exists;
        }
        let Some(found) = found else {
            return false;
        };
        let is_escaped = matches!(self.check.place, Place::Json(_));
        match &self.check.asked {
            Asked::Equals(parts) => {
                let has_value = parts.iter().any(|part| matches!(part, Part::Value(_)));
                let is_kind = has_value || matches!(found, Found::Text(_));
                is_kind && is_written(parts, values, &text(found, is_escaped))
            }
            Asked::Is(json) => matches!(found, Found::Bare(bare) if is_same(bare, json)),
            Asked::Contains(parts) => {
                let text = text(found, is_escaped);
                match &parts[..] {
                    [Part::Text(part)] => memmem::find(&text, part.as_bytes()).is_some(),
                    [Part::Value(value)] => memmem::find(&text, values.raw(*value)).is_some(),
                    _ => false,
                }
            }
            Asked::Matches(pattern) => pattern.matches(&text(found, is_escaped)),
            Asked::Type(expected) => is_of(found, *expected),
            Asked::Between(least, most) => {
                let number = number(found);
                number.is_some_and(|number| (*least..=*most).contains(&number))
            }
            Asked::Exists(_) => true,
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
            // Only bodies draw, and nothing is made up in a check.
            Part::Drawn(_) | Part::Made(_) | Part::Handle(_) | Part::Sum(_) => return false,
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
    use super::*;
    use crate::workload_file::model::json_pointer::JsonPointer;
    use crate::workload_file::model::patterns::{Pattern, TYPES};

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
    const BODY: &[u8] =
        br#"{"status":"open","n":7,"price":9.50,"ok":true,"none":null,"items":[{"id":"a\"b"}],"o":{}}"#;

    fn holds(place: Place, test: Asked) -> bool {
        let mut values = Values::new(2);
        values.set(0, b"open", false);
        values.set(1, b"7", true);
        let check = ReadyCheck::new(&Check {
            place,
            asked: test,
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
        let pattern = |text| Asked::Matches(Pattern::parse(text).unwrap());
        for (place, test, expected) in [
            (json("/status"), Asked::Equals(plain("open")), true),
            (json("/status"), Asked::Equals(plain("ope")), false),
            (json("/status"), Asked::Equals(plain("open.")), false),
            (json("/n"), Asked::Equals(plain("7")), false),
            (json("/n"), Asked::Equals(vec![Part::Value(1)]), true),
            (json("/status"), Asked::Equals(vec![Part::Value(0)]), true),
            (json("/n"), Asked::Equals(vec![Part::Value(0)]), false),
            (json("/items/0/id"), Asked::Equals(plain("a\"b")), true),
            (json("/n"), Asked::Is("7".to_owned()), true),
            (json("/price"), Asked::Is("9.5".to_owned()), true),
            (json("/ok"), Asked::Is("true".to_owned()), true),
            (json("/ok"), Asked::Is("false".to_owned()), false),
            (json("/status"), Asked::Is("7".to_owned()), false),
            (json("/none"), Asked::Exists(true), true),
            (json("/nothing"), Asked::Exists(true), false),
            (json("/nothing"), Asked::Exists(false), true),
            (json("/nothing"), Asked::Equals(plain("")), false),
            (json("/items"), Asked::Contains(plain("id")), true),
            (json("/price"), Asked::Between(9.5, 10.0), true),
            (json("/n"), Asked::Between(8.0, 10.0), false),
            (Place::Body, Asked::Contains(plain("\"ok\":true")), true),
            (Place::Body, Asked::Contains(vec![Part::Value(0)]), true),
            (Place::Body, pattern(r#""n":\d,"#), true),
            (json("/status"), pattern("^o.{2}n$"), true),
            (json("/status"), pattern("^x"), false),
            (Place::Size, Asked::Between(1.0, 200.0), true),
            (Place::Size, Asked::Between(1.0, 20.0), false),
        ] {
            let says = format!("{place:?} {test:?}");
            assert_eq!(holds(place, test), expected, "{says}");
        }
        let header = |name: &str| Place::Header(name.to_owned());
        assert!(holds(
            header("content-type"),
            Asked::Contains(plain("json"))
        ));
        assert!(!holds(header("etag"), Asked::Exists(true)));
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
                let holds = holds(json(pointer), Asked::Type(expected));
                assert_eq!(holds, known == name || is_both, "{pointer} {known}");
            }
        }
    }
}
