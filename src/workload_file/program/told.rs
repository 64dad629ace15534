//! Reads what a refused request is told into a short reason with ids, quoted values and numbers folded, so
//! that equal causes make equal reasons. Allocates nothing for what has no escaped characters: losers of
//! a race may be most of a run.

use crate::plan::is_harmful;
use crate::stats::Reason;
use crate::workload_file::model::json_pointer::{Found, JsonPointer, unescaped};
use fastrand::Rng;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::OnceCell;
use std::fmt::{self, Write};

/// Stands for what is folded.
const FOLDED: char = '…';
/// More than a reason holds; the rest of a text is not looked at.
const LONGEST_TEXT_BYTES: usize = 512;
/// What comes after this is a set, in an order that differs between processes of a shop.
const UNORDERED_AFTER: &str = "only allowed from:";

/// The text of a reply, which is looked through from end to end once, however many want to know whether it is
/// JSON.
#[derive(Debug)]
pub struct Replied<'b> {
    bytes: &'b [u8],
    is_json: OnceCell<bool>,
}

impl<'b> From<&'b [u8]> for Replied<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            is_json: OnceCell::new(),
        }
    }
}

impl Replied<'_> {
    /// Whether it is JSON from end to end: a pointer finds its way in what only begins like it, too. Allocates
    /// nothing for what has no escaped characters.
    #[must_use]
    pub fn is_json(&self) -> bool {
        let look = || serde_json::from_slice::<Whole>(self.bytes).is_ok();
        *self.is_json.get_or_init(look)
    }
}

/// What a reply says in one of several places.
pub struct Told {
    /// Which place, and whether it has fields with messages there; `None` when none says anything.
    pub place: Option<(usize, bool)>,
    /// What it says.
    pub reason: Reason,
}

impl Told {
    /// Reads any bytes: the first of `places` that is there counts, and else the whole text.
    #[must_use]
    pub fn read(reply: &Replied<'_>, places: &[JsonPointer]) -> Self {
        let read = Self::at_a_place(reply, places).unwrap_or_else(|| Self {
            place: None,
            reason: plain_text(reply.bytes),
        });
        if read.reason.as_str().trim().is_empty() {
            return Self {
                reason: Reason::new("no reason was given"),
                ..read
            };
        }
        read
    }

    fn at_a_place(reply: &Replied<'_>, places: &[JsonPointer]) -> Option<Self> {
        if !reply.is_json() {
            return None;
        }
        // No pointer of a reason has a choice.
        let found = |place: &JsonPointer| place.find(reply.bytes, &mut Rng::with_seed(0));
        let mut places = places.iter().enumerate();
        let (place, found) = places.find_map(|(place, pointer)| {
            let found = found(pointer).filter(|found| *found != Found::Bare(b"null"))?;
            Some((place, found))
        })?;
        let mut reason = Reason::default();
        let has_fields = match found {
            Found::Text(text) => {
                match memchr::memchr(b'\\', text) {
                    None => fold(std::str::from_utf8(text).ok()?, &mut reason),
                    Some(_) => fold(&unescaped(text)?, &mut reason),
                }
                false
            }
            Found::Bare(_) => return None,
            Found::Nested(json) => {
                let mut deserializer = serde_json::Deserializer::from_slice(json);
                let has_fields = json.starts_with(b"{");
                match has_fields {
                    true => deserializer.deserialize_map(Fields(&mut reason)).ok()?,
                    false => deserializer.deserialize_seq(Complaints(&mut reason)).ok()?,
                }
                has_fields
            }
        };
        Some(Self {
            place: Some((place, has_fields)),
            reason,
        })
    }
}

/// A text that is JSON from end to end. (`IgnoredAny` keeps the brackets that are open on the heap.)
struct Whole;

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
}

/// Appends fields with their messages to a reason.
struct Fields<'a>(&'a mut Reason);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("fields with messages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(()) = fields.next_key_seed(FieldName(self.0))? {
            fields.next_value_seed(Messages(self.0))?;
        }
        Ok(())
    }
}

/// Appends each of a list to a reason: messages, or complaints about the shape of a request.
struct Complaints<'a>(&'a mut Reason);

impl<'de> Visitor<'de> for Complaints<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("messages, or complaints")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut separator = "";
        while let Some(told) = list.next_element::<ListElement>()? {
            append(self.0, format_args!("{separator}"));
            match told {
                ListElement::Text(text) => fold(&text, self.0),
                ListElement::Complaint(complaint) => complaint.append_to(self.0),
            }
            separator = "; ";
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ListElement {
    Text(String),
    Complaint(Complaint),
}

/// Appends a field's name to a reason.
struct FieldName<'a>(&'a mut Reason);

impl<'de> DeserializeSeed<'de> for FieldName<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        let separator = if self.0.as_str().is_empty() { "" } else { "; " };
        append(self.0, format_args!("{separator}"));
        append_name(name, self.0);
        append(self.0, format_args!(": "));
        Ok(())
    }
}

/// Appends a message, or each of a list, to a reason.
struct Messages<'a>(&'a mut Reason);

impl<'de> DeserializeSeed<'de> for Messages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message, or a list of messages")
    }

    fn visit_str<E: Error>(self, message: &str) -> Result<(), E> {
        fold(message, self.0);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<(), A::Error> {
        let mut separator = "";
        loop {
            let before = *self.0;
            append(self.0, format_args!("{separator}"));
            if messages.next_element_seed(Messages(self.0))?.is_none() {
                *self.0 = before;
                return Ok(());
            }
            separator = ", ";
        }
    }
}

/// One complaint about the shape of a request.
#[derive(Deserialize)]
struct Complaint {
    /// Names of fields, and indices into lists or the text.
    loc: Vec<serde_json::Value>,
    msg: String,
}

impl Complaint {
    fn append_to(&self, reason: &mut Reason) {
        for (depth, place) in self.loc.iter().enumerate() {
            let separator = if depth > 0 { "." } else { "" };
            append(reason, format_args!("{separator}"));
            match place.as_str() {
                Some(name) => append_name(name, reason),
                None => append(reason, format_args!("{FOLDED}")),
            }
        }
        append(reason, format_args!(": "));
        fold(&self.msg, reason);
    }
}

/// The reason for a body that says nothing in one of the places.
fn plain_text(body: &[u8]) -> Reason {
    let mut reason = Reason::default();
    match std::str::from_utf8(body).map(str::trim) {
        Ok("") => append(&mut reason, format_args!("an empty body")),
        Ok(text) => fold(text, &mut reason),
        Err(_) => append(&mut reason, format_args!("a body that is not text")),
    }
    reason
}

/// Appends `text` with ids, quoted values and numbers folded, and blanks joined.
fn fold(text: &str, reason: &mut Reason) {
    let mut rest = &text[..text.floor_char_boundary(LONGEST_TEXT_BYTES)];
    let unordered = rest
        .find(UNORDERED_AFTER)
        .map(|start| start + UNORDERED_AFTER.len());
    if let Some(end) = unordered {
        rest = &rest[..end];
    }
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let len = if let Some(len) = quoted_bytes(rest, previous) {
            append(reason, format_args!("'{FOLDED}'"));
            len
        } else if is_of_word(first) {
            let word = &rest[..word_bytes(rest)];
            if word.bytes().any(|byte| byte.is_ascii_digit()) {
                append(reason, format_args!("{FOLDED}"));
            } else {
                append(reason, format_args!("{word}"));
            }
            word.len()
        } else {
            append_other(first, previous, reason);
            first.len_utf8()
        };
        previous = rest[..len].chars().next_back().unwrap_or(' ');
        rest = &rest[len..];
    }
    if unordered.is_some() {
        append(reason, format_args!(" {FOLDED}"));
    }
}

fn append_other(character: char, previous: char, reason: &mut Reason) {
    let blank = |character: char| character.is_whitespace() || is_harmful(character);
    if !blank(character) {
        append(reason, format_args!("{character}"));
    } else if !blank(previous) {
        append(reason, format_args!(" "));
    }
}

/// Appends a field's name, without the characters that would break a line of a table.
fn append_name(name: &str, reason: &mut Reason) {
    for part in name.split_inclusive(is_harmful) {
        let part = part.trim_end_matches(is_harmful);
        append(reason, format_args!("{part}"));
    }
}

/// Length of the value in single quotes that `text` begins with, quotes included. A quote right
/// after or before a letter is an apostrophe.
fn quoted_bytes(text: &str, previous: char) -> Option<usize> {
    if !text.starts_with('\'') || previous.is_alphanumeric() {
        return None;
    }
    let ends_value = |end: &usize| !text[*end..].starts_with(char::is_alphanumeric);
    text.match_indices('\'')
        .skip(1)
        .map(|(place, quote)| place + quote.len())
        .find(ends_value)
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-' || character == '_'
}

/// Length of the word or number that `text` begins with.
fn word_bytes(text: &str) -> usize {
    let decimals_follow =
        |place: usize| text[place + 1..].starts_with(|c: char| c.is_ascii_digit());
    let goes_on = |place: usize, character: char| {
        is_of_word(character) || (character == '.' && decimals_follow(place))
    };
    text.char_indices()
        .find(|&(place, character)| !goes_on(place, character))
        .map_or(text.len(), |(place, _)| place)
}

/// Writing to a reason cuts what is too long and never fails.
fn append(reason: &mut Reason, text: fmt::Arguments<'_>) {
    let _ = reason.write_fmt(text);
}
