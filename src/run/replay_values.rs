//! What a witness of a workload file hands from one request to the next, read anew: tokens, ids, places.
//! A record may come from anybody: what does not fit is left as it was.

use super::replay_client::ReplayReply;
use crate::engine::codec::field;
use crate::engine::{Form, Values};
use crate::stats::{HeldForm, HeldValue, ReadValue, WitnessExchange};
use serde_json::Value;

/// Most values that are told apart.
const MOST_VALUES: usize = 1_000;
/// Largest reply that is read again.
const MOST_REPLY_BYTES: usize = 1 << 20;

/// See the module's documentation.
pub(super) struct RenewedValues {
    names: Vec<String>,
    values: Values,
    is_known: Vec<bool>,
}

/// A request as it is sent now.
#[derive(Clone, Debug, Default)]
pub(super) struct Renewed {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl RenewedValues {
    /// Those that these exchanges read, none of them known yet.
    pub(super) fn of(exchanges: &[&WitnessExchange]) -> Self {
        let mut names: Vec<String> = Vec::new();
        for read in exchanges.iter().flat_map(|exchange| &exchange.reads) {
            if !names.contains(&read.name) && names.len() < MOST_VALUES {
                names.push(read.name.clone());
            }
        }
        Self {
            values: Values::new(names.len()),
            is_known: vec![false; names.len()],
            names,
        }
    }

    /// The request of `exchange`, its other texts changed by `renew`.
    pub(super) fn request(
        &self,
        exchange: &WitnessExchange,
        renew: impl Fn(&str) -> String,
    ) -> Renewed {
        let part = |part: &str, text: &str| {
            let held = exchange.holds.iter().filter(|held| held.part == part);
            self.part(text, held, &renew)
        };
        let headers = exchange.headers.iter();
        Renewed {
            path: part("path", &exchange.path),
            headers: headers
                .map(|(name, value)| (name.clone(), part(name, value)))
                .collect(),
            body: part("body", &exchange.body),
        }
    }

    fn part<'h>(
        &self,
        text: &str,
        held: impl Iterator<Item = &'h HeldValue>,
        renew: &impl Fn(&str) -> String,
    ) -> String {
        let (mut out, mut at) = (String::new(), 0);
        for held in held {
            let end = held.at.saturating_add(held.bytes);
            let place = self.known(&held.name);
            let before = text
                .get(at..held.at)
                .filter(|_| text.is_char_boundary(end.min(text.len())));
            let (Some(place), Some(before), true) = (place, before, end <= text.len()) else {
                continue;
            };
            out += &renew(before);
            let mut written = Vec::new();
            let form = fit(held);
            self.values.append(place, form, &mut written);
            out += &String::from_utf8_lossy(&written);
            at = end;
        }
        out + &renew(text.get(at..).unwrap_or_default())
    }

    /// What the request of `exchange` holds of earlier replies that did not give it.
    pub(super) fn lack<'e>(&self, exchange: &'e WitnessExchange) -> Option<&'e str> {
        let mut held = exchange.holds.iter().map(|held| held.name.as_str());
        held.find(|name| {
            let place = self.names.iter().position(|known| known == name);
            place.is_some_and(|place| !self.is_known[place])
        })
    }

    fn known(&self, name: &str) -> Option<u16> {
        let place = self.names.iter().position(|known| known == name)?;
        self.is_known[place].then_some(place as u16)
    }

    /// The value called `name`, and whether it is a text; `None` while nothing gave it.
    pub(super) fn value(&self, name: &str) -> Option<(&[u8], bool)> {
        let place = self.known(name)?;
        Some((self.values.raw(place), !self.values.is_bare(place)))
    }

    /// Reads of a reply what `exchange` reads.
    pub(super) fn note(&mut self, exchange: &WitnessExchange, reply: &ReplayReply) {
        if reply.text.len() > MOST_REPLY_BYTES {
            return;
        }
        for read in &exchange.reads {
            let place = self.names.iter().position(|known| *known == read.name);
            let found = found(read, reply);
            if let (Some(place), Some((text, is_bare))) = (place, found) {
                self.is_known[place] = self.values.set(place as u16, text.as_bytes(), is_bare);
            }
        }
    }
}

/// What may stand in a part of a request, whatever a record says.
fn fit(held: &HeldValue) -> Form {
    match (held.part.as_str(), held.form) {
        ("path", HeldForm::Location) if held.at == 0 => Form::Location,
        ("path", _) => Form::Encoded,
        ("body", HeldForm::Plain) => Form::Plain,
        ("body", HeldForm::JsonText) => Form::JsonText,
        ("body", HeldForm::Json) => Form::Json,
        ("body", _) => Form::Encoded,
        _ => Form::Header,
    }
}

/// The text of a value in a reply, and whether it is JSON as it is.
fn found(read: &ReadValue, reply: &ReplayReply) -> Option<(String, bool)> {
    if let Some(name) = read.from.strip_prefix("header ") {
        let value = field(reply.head.as_bytes(), name)?;
        let text = String::from_utf8_lossy(value.trim_ascii()).into_owned();
        return (!text.is_empty()).then_some((text, false));
    }
    if read.from == "body" {
        let text = reply.text.trim().to_owned();
        return (!text.is_empty()).then_some((text, false));
    }
    let json = serde_json::from_str::<Value>(&reply.text).ok()?;
    let mut all = Vec::new();
    let tokens: Vec<&str> = read.from.split('/').skip(1).collect();
    at_pointer(&json, &tokens, &mut all);
    // Of several the one that it was then, where it is still there.
    let same = all.iter().find(|(text, _)| *text == read.told);
    same.or_else(|| all.first()).cloned()
}

/// The values at a place, of which `*` has several.
fn at_pointer(json: &Value, tokens: &[&str], all: &mut Vec<(String, bool)>) {
    let Some((first, rest)) = tokens.split_first() else {
        match json {
            Value::String(text) => all.push((text.clone(), false)),
            Value::Number(_) | Value::Bool(_) => all.push((json.to_string(), true)),
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
        return;
    };
    match (json, *first) {
        (Value::Array(elements), "*") => {
            for element in elements {
                at_pointer(element, rest, all);
            }
        }
        _ => {
            let token = format!("/{first}");
            if let Some(inner) = json.pointer(&token) {
                at_pointer(inner, rest, all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up::violation;

    fn exchange() -> WitnessExchange {
        violation().exchanges.remove(0)
    }

    fn reads(name: &str, from: &str, told: &str) -> ReadValue {
        ReadValue {
            name: name.to_owned(),
            from: from.to_owned(),
            told: told.to_owned(),
        }
    }

    fn held(name: &str, part: &str, at: usize, bytes: usize, form: HeldForm) -> HeldValue {
        HeldValue {
            name: name.to_owned(),
            part: part.to_owned(),
            at,
            bytes,
            form,
        }
    }

    fn reply(head: &str, text: &str) -> ReplayReply {
        ReplayReply {
            status: Some(200),
            head: head.to_owned(),
            text: text.to_owned(),
            took: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn what_no_reply_gave_is_lacking_in_the_request_that_holds_it() {
        let giving = WitnessExchange {
            reads: vec![reads("token", "/token", "{token}")],
            ..exchange()
        };
        let holding = WitnessExchange {
            holds: vec![
                held("offer", "path", 0, 0, HeldForm::Encoded),
                held("token", "authorization", 7, 7, HeldForm::Plain),
            ],
            ..exchange()
        };
        let mut values = RenewedValues::of(&[&giving, &holding]);
        // `offer` is none of those that are read here: it stays what it was.
        assert_eq!(values.lack(&holding), Some("token"));
        assert_eq!(values.lack(&giving), None);
        let timed_out = ReplayReply {
            status: None,
            ..reply("", "timed out")
        };
        values.note(&giving, &timed_out);
        assert_eq!(values.lack(&holding), Some("token"));
        values.note(&giving, &reply("", r#"{"token":"t"}"#));
        assert_eq!(values.lack(&holding), None);
    }

    #[test]
    fn what_a_reply_gives_now_takes_the_place_of_what_it_gave_then() {
        let giving = WitnessExchange {
            reads: vec![
                reads("token", "/token", "{token}"),
                reads("item", "/items/*/id", "7"),
                reads("cart", "header Location", "/c/1"),
            ],
            ..exchange()
        };
        let taking = WitnessExchange {
            path: "/c/1/lines?of=7".to_owned(),
            headers: vec![("authorization".to_owned(), "Bearer {token}".to_owned())],
            body: r#"{"item":7,"count":7,"run":"old"}"#.to_owned(),
            holds: vec![
                held("cart", "path", 0, 4, HeldForm::Location),
                held("item", "path", 14, 1, HeldForm::Encoded),
                held("token", "authorization", 7, 7, HeldForm::Header),
                held("item", "body", 8, 1, HeldForm::Json),
            ],
            ..exchange()
        };
        let mut values = RenewedValues::of(&[&giving, &taking]);
        let renew = |text: &str| text.replace("old", "new");
        // Nothing is known yet: it is sent as it was.
        assert_eq!(values.request(&taking, renew).path, taking.path);
        let head = "HTTP/1.1 200 OK\r\nlocation: http://h/c/9\r\n\r\n";
        let text = r#"{"token":"t-2","items":[{"id":3},{"id":"a b"}]}"#;
        values.note(&giving, &reply(head, text));
        let sent = values.request(&taking, renew);
        assert_eq!(sent.path, "/c/9/lines?of=3");
        assert_eq!(sent.headers[0].1, "Bearer t-2");
        // The count is none of the item's business.
        assert_eq!(sent.body, r#"{"item":3,"count":7,"run":"new"}"#);
        let text = r#"{"items":[{"id":"a b"},{"id":7}]}"#;
        values.note(&giving, &reply("", text));
        assert_eq!(values.request(&taking, renew).path, "/c/9/lines?of=7");
        assert_eq!(values.value("item"), Some((&b"7"[..], false)));
        assert_eq!(values.value("token"), Some((&b"t-2"[..], true)));
        assert_eq!(values.value("nothing"), None);
    }

    #[test]
    fn a_record_that_somebody_made_up_breaks_out_of_nothing() {
        let giving = WitnessExchange {
            reads: vec![reads("a", "body", "x")],
            ..exchange()
        };
        let taking = WitnessExchange {
            path: "/ä".to_owned(),
            headers: vec![("x".to_owned(), "1".to_owned())],
            body: "b".to_owned(),
            holds: vec![
                held("a", "path", 2, 1, HeldForm::Plain),
                held("a", "path", usize::MAX, usize::MAX, HeldForm::Plain),
                held("a", "path", 0, 1, HeldForm::Plain),
                held("a", "x", 0, 1, HeldForm::Plain),
                held("a", "body", 9, 9, HeldForm::Json),
                held("none", "body", 0, 1, HeldForm::Json),
            ],
            ..exchange()
        };
        let mut values = RenewedValues::of(&[&giving]);
        values.note(&giving, &reply("", "/\r\nhost: evil"));
        let sent = values.request(&taking, str::to_owned);
        assert_eq!(sent.path, "%2F%0D%0Ahost%3A%20evilä");
        assert_eq!(sent.headers[0].1, "/host: evil");
        assert_eq!(sent.body, "b");
    }
}
