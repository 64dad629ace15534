//! Values of replies that stand in later requests: what a workload has to read, and what it must not know.

use super::recording::Exchange;
use super::wording::{id_name, is_id, is_plain_id, singular, snake};
use crate::workload_file::described::ordered::Json;
use std::collections::HashMap;

/// Values of replies that are remembered.
const MOST_REMEMBERED: usize = 100_000;
/// Longest value that users keep.
const LONGEST_KEPT: usize = 8 << 10;
/// What is written where a secret stood.
pub const CHANGE_ME: &str = "CHANGE-ME";

/// Where a value of a reply stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The exchange, by position.
    pub exchange: usize,
    /// The place as a file has it: a pointer, or a header.
    pub place: String,
    /// What it would be called.
    pub called: String,
    /// Whether its name tells that it is an id or a token.
    pub is_telling: bool,
}

/// What earlier replies held.
#[derive(Debug, Default)]
pub struct Memory {
    by_text: HashMap<String, Source>,
    /// Paths that `location` named, with what names them.
    places: Vec<(String, Source)>,
    /// First cookies of replies, as `name=value`.
    cookies: Vec<(String, Source)>,
}

impl Memory {
    /// Remembers what the reply at `position` holds.
    pub fn remember(&mut self, exchange: &Exchange<'_>, position: usize) {
        let mut segments = exchange.path.split('/').filter(|it| !it.is_empty());
        let is_word = |it: &&str| {
            it.chars()
                .all(|letter| letter.is_ascii_alphabetic() || "-_".contains(letter))
        };
        let resource = segments.rfind(is_word).unwrap_or("reply").to_owned();
        if let Some(reply) = &exchange.reply {
            self.walk(reply, String::new(), &resource, position);
        }
        let mut has_cookie = false;
        for (name, value) in &exchange.reply_headers {
            let source = |called: String| Source {
                exchange: position,
                place: format!("header {name}"),
                called,
                is_telling: true,
            };
            match name.as_str() {
                "location" => {
                    let path = path_of(value);
                    if exchange.status == 201 || has_id(&path) {
                        self.places
                            .push((path, source(format!("{}_place", singular(&resource)))));
                    }
                }
                "set-cookie" if !has_cookie => {
                    has_cookie = true;
                    let pair = value.split(['\n', ';']).next().unwrap_or_default().trim();
                    self.cookies
                        .push((pair.to_owned(), source("cookie".to_owned())));
                }
                "etag" => self.add(value, source("etag".to_owned())),
                name if name.starts_with("x-") && is_secret(name) => {
                    self.add(value, source(snake(name)))
                }
                _ => {}
            }
        }
    }

    fn walk(&mut self, value: &Json, place: String, resource: &str, position: usize) {
        if self.by_text.len() >= MOST_REMEMBERED {
            return;
        }
        let (name, text) = match value {
            Json::Object(members) => {
                for (name, member) in members.iter().filter(|(name, _)| name != "*") {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    let of = match member {
                        Json::Object(_) | Json::Array(_) => name.as_str(),
                        _ => resource,
                    };
                    let of = if matches!(of, "data" | "items" | "results" | "result") {
                        resource
                    } else {
                        of
                    };
                    self.walk(member, format!("{place}/{escaped}"), of, position);
                }
                return;
            }
            Json::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    self.walk(element, format!("{place}/{at}"), resource, position);
                }
                return;
            }
            Json::Text(text) => (place.rsplit('/').next().unwrap_or_default(), text.clone()),
            Json::Number(number) => (
                place.rsplit('/').next().unwrap_or_default(),
                number.to_string(),
            ),
            Json::Null | Json::Switch(_) => return,
        };
        let is_telling = is_id(name) || is_secret(name);
        let called = if is_plain_id(name) {
            id_name(name, resource)
        } else {
            snake(name)
        };
        let source = Source {
            exchange: position,
            place: place.clone(),
            called,
            is_telling,
        };
        let is_number = matches!(value, Json::Number(_));
        if is_telling
            || (!is_number && text.len() >= 8 && text.chars().any(|it| it.is_ascii_digit()))
        {
            self.add(&text, source);
        }
    }

    fn add(&mut self, text: &str, source: Source) {
        if !text.is_empty() && text.len() <= LONGEST_KEPT {
            // The first that gave it is where it comes from.
            self.by_text.entry(text.to_owned()).or_insert(source);
        }
    }

    /// Where `text`, which stands at something called `name`, came from.
    #[must_use]
    pub fn source_of(&self, text: &str, name: &str) -> Option<&Source> {
        let source = self.by_text.get(text)?;
        // One and the same small number may be many things.
        let is_long = text.len() >= 8;
        let is_meant = is_id(name)
            || is_secret(name)
            || snake(name) == source.called
            || format!("{}_id", singular(name)) == source.called;
        (is_long || (source.is_telling && is_meant)).then_some(source)
    }

    /// Where the segment `text` of a path came from, which follows `segment`.
    #[must_use]
    pub fn source_of_segment(&self, text: &str) -> Option<&Source> {
        let source = self.by_text.get(text)?;
        let is_word = text
            .chars()
            .all(|it| it.is_ascii_alphabetic() || "-_".contains(it));
        (!is_word && source.is_telling).then_some(source)
    }

    /// The place that a reply named and that `path` is, or is below, with the rest of it.
    #[must_use]
    pub fn place_of<'p>(&self, path: &'p str) -> Option<(&Source, &'p str)> {
        let places = self.places.iter().filter_map(|(place, source)| {
            let rest = path.strip_prefix(place.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((source, rest))
        });
        places.min_by_key(|(_, rest)| rest.len())
    }

    /// Where the cookie `pair` came from.
    #[must_use]
    pub fn source_of_cookie(&self, pair: &str) -> Option<&Source> {
        let mut cookies = self.cookies.iter().rev();
        let found = cookies.find(|(known, _)| known == pair);
        found.map(|(_, source)| source)
    }
}

/// Path and query of a location.
fn path_of(location: &str) -> String {
    match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None => location.to_owned(),
    }
}

/// Whether a path leads to one thing of many.
fn has_id(path: &str) -> bool {
    let mut segments = path.split(['/', '?', '&', '=']);
    segments.any(|it| it.len() >= 20 || it.chars().any(|letter| letter.is_ascii_digit()))
        && !path.contains('?')
}

/// Whether what is called `name` is nobody else's business.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = snake(name);
    const PARTS: [&str; 16] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "csrf",
        "xsrf",
        "session",
        "apikey",
        "api_key",
        "otp",
        "cvv",
        "cvc",
        "card_number",
        "authorization",
    ];
    PARTS.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "pin" | "pan" | "iban" | "sid" | "jwt")
}

/// Whether `text` looks like what somebody is known by: a token, a key.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    let is_of = |text: &str| {
        text.bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-_.~+/=".contains(&it))
    };
    let has = |is: fn(&u8) -> bool| text.bytes().any(|it| is(&it));
    let is_uuid = text.len() == 36 && text.bytes().filter(|it| *it == b'-').count() == 4;
    let is_long =
        text.len() >= 24 && is_of(text) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    text.starts_with("eyJ") || (is_long && !is_uuid)
}
