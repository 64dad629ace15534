//! An exchange that was recorded on ShopStream, what is sent of it, and how an answer is held to it.

use crate::recorded_ids::{Ids, is_uuid_4};
use crate::sandbox_client::Reply;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// How bodies are compared that cannot be the same letter by letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same pieces, in another order, with other numbers from 0 to 4.
    Pieces,
    /// The same but for identifiers, which are made up anew each time.
    Form,
    /// The same entries of a list, in another order.
    Unordered,
    /// At least the recorded entries of a list.
    AtLeast,
    /// One entry, which is one of those that this exchange of the journey recorded.
    OneOf(&'static str),
}

#[derive(Clone, Deserialize)]
pub struct Exchange {
    pub journey: String,
    pub step: String,
    pub method: String,
    pub path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    pub status: u16,
    response_headers: BTreeMap<String, String>,
    pub response: String,
    #[serde(default)]
    pub engines: bool,
}

impl Exchange {
    /// Whether it is this step of that journey.
    pub fn is(&self, journey: &str, step: &str) -> bool {
        self.journey == journey && self.step == step
    }

    /// The request, with identifiers of this sandbox in the place of the recorded ones.
    pub fn request(&self, ids: &Ids) -> Vec<u8> {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = self.body.as_deref().unwrap_or_default();
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        // All identifiers are of the same length, so that the content length stays right.
        ids.translate(&request).into_bytes()
    }

    /// What is different in a reply; identifiers that it gives out for the first time are learned.
    pub fn difference(
        &self,
        reply: &Reply,
        ids: &mut Ids,
        comparison: Option<Comparison>,
        of_the_journey: impl Fn(&str) -> Value,
    ) -> Result<(), String> {
        if reply.status != self.status {
            return Err(format!("{} instead of {}", reply.status, self.status));
        }
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let (mut recorded, mut ours) = (read(&self.response), read(&reply.body));
        match comparison {
            Some(Comparison::Form) => {
                let [recorded, ours] = [&self.response, &reply.body].map(|body| form(body));
                return same(&recorded, &ours);
            }
            Some(Comparison::Unordered) => {
                sort(&mut recorded);
                sort(&mut ours);
            }
            Some(Comparison::AtLeast) => {
                sort(&mut recorded);
                sort(&mut ours);
                keep_those_of(&recorded, &mut ours);
            }
            Some(Comparison::OneOf(step)) => {
                let choice = of_the_journey(step)["items"].clone();
                let choice = read(&ids.translate(&choice.to_string()));
                let is_one = |entry: &&Value| {
                    form(&entry.to_string()) == form(&ours["items"][0].to_string())
                        && entry["review_id"] == ours["items"][0]["review_id"]
                };
                let entries = choice.as_array().expect("a list");
                if !entries.iter().any(|entry| is_one(&entry)) {
                    return Err(format!("{ours}\nis none of\n{choice}"));
                }
                recorded["items"] = Value::Null;
                ours["items"] = Value::Null;
            }
            Some(Comparison::Pieces) | None => {}
        }
        ids.learn(&recorded, &ours);
        if matches!(comparison, Some(one) if one != Comparison::Pieces) {
            let recorded = ids.translate(&recorded.to_string());
            return same(&timeless(&recorded), &timeless(&ours.to_string()));
        }
        let [expected, ours] = [&ids.translate(&self.response), &reply.body].map(|body| {
            let mut pieces: Vec<&str> = without_times(body);
            if comparison == Some(Comparison::Pieces) {
                pieces = pieces
                    .into_iter()
                    .flat_map(|piece| piece.split([' ', ',', '"', '0', '1', '2', '3', '4']))
                    .collect();
                pieces.sort_unstable();
            }
            pieces.join("\"")
        });
        same(&expected, &ours)
    }

    /// Names of header fields, and every value but the date's and the request's identifier.
    pub fn check_fields(&self, reply: &Reply, place: &str) {
        let names: Vec<&str> = self.response_headers.keys().map(String::as_str).collect();
        let mut ours = reply.names();
        ours.sort_unstable();
        assert_eq!(ours, names, "{place}");
        for (name, value) in &self.response_headers {
            let field = reply.field(name);
            match name.as_str() {
                "date" => {}
                "x-request-id" => assert!(field.is_some_and(is_uuid_4), "{place}: {field:?}"),
                // The times of projections have six digits behind the point, but for one in a
                // million.
                "content-length" if self.engines => {}
                _ => assert_eq!(field, Some(value.as_str()), "{place}: {name}"),
            }
        }
    }
}

fn same(expected: &str, ours: &str) -> Result<(), String> {
    match expected == ours {
        true => Ok(()),
        false => Err(format!("{ours}\ninstead of\n{expected}")),
    }
}

/// The lists in a body.
fn lists(body: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let members = body.as_object_mut().into_iter().flatten();
    members.filter_map(|(_, value)| value.as_array_mut())
}

/// Puts the entries of lists into an order that no identifier and no time decides. Whether a message
/// that does not wait has been sent yet is a matter of time.
fn sort(body: &mut Value) {
    for list in lists(body) {
        for entry in &mut *list {
            if entry["notification_type"] == "OrderConfirmation" {
                entry["status"] = "Pending or Sent".into();
            }
        }
        list.sort_by_key(|entry| form(&entry.to_string()));
    }
}

/// Leaves only those entries that are recorded, too.
fn keep_those_of(recorded: &Value, ours: &mut Value) {
    let mut recorded = recorded.clone();
    let known: Vec<String> = lists(&mut recorded)
        .flatten()
        .map(|entry| form(&entry.to_string()))
        .collect();
    for list in lists(ours) {
        list.retain(|entry| known.contains(&form(&entry.to_string())));
    }
}

/// A body with identifiers and times made the same.
fn form(body: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let words: Vec<&str> = body.split_inclusive(|letter| !is_letter(letter)).collect();
    let words = words.into_iter().map(|word| {
        let end = word.trim_end_matches(|letter| !is_letter(letter)).len();
        match is_uuid_4(&word[..end]) {
            true => format!("id{}", &word[end..]),
            false => word.to_owned(),
        }
    });
    timeless(&words.collect::<String>())
}

fn timeless(body: &str) -> String {
    without_times(body).join("\"")
}

/// The pieces between quotes, with times made the same.
fn without_times(body: &str) -> Vec<&str> {
    let is_time = |piece: &str| {
        let mut digits = piece.bytes().filter(u8::is_ascii_digit);
        let form: String = piece
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect();
        let forms = ["-- ::", "-- ::.", "--T::+:", "--T::.+:"];
        forms.contains(&form.as_str()) && digits.by_ref().count() >= 14
    };
    let pieces = body.split('"');
    pieces
        .map(|piece| if is_time(piece) { "time" } else { piece })
        .collect()
}

#[test]
fn bodies_are_told_apart_but_for_identifiers_and_times() {
    let id = [
        "5e5002bc-62b3-4405-b29d-7d4f4ddf6aae",
        "ac8716bb-594a-4326-9a22-fd095b7fc7a0",
    ];
    let body = |id, time| format!(r#"{{"error":"no {id}.","at":"{time}"}}"#);
    let [first, second] = [
        "2026-11-28 15:02:15.613209",
        "2026-11-28T15:02:13.403359+00:00",
    ];
    assert_eq!(form(&body(id[0], first)), form(&body(id[1], second)));
    assert_eq!(form(&body(id[0], "x")), r#"{"error":"no id.","at":"x"}"#);
    assert_ne!(form(&body(id[0], "1")), form(&body(id[0], "2")));
}
