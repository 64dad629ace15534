//! Request bodies: one table of fields an endpoint, read fast when all is well and exactly when
//! it is not.
//!
//! A body passes two layers, as in the real shop: the schema (422, all faults of all fields at
//! once) and the command's own field limits (400, likewise).

use super::json_text::{self, Document, Fault, Json, LONE_SURROGATE};
use super::python_text;
use super::refusal::Refusal;
use simd_json::Buffers;
use simd_json::prelude::*;
use simd_json::tape::Tape;
use std::fmt::Write as _;

/// Most fields that an endpoint's schema has.
pub const MAX_FIELDS: usize = 16;

/// One field of a request body.
pub struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
    /// Limit that only the command knows; breaking it is a 400, not a 422.
    command_max_chars: Option<usize>,
}

/// What a field holds.
enum Kind {
    /// A string of at most so many characters; numbers are not taken for strings.
    Text { max_chars: Option<usize> },
}

impl Field {
    /// A string field that must be there and, says the command, must not be empty.
    pub const fn text(name: &'static str, max_chars: usize) -> Self {
        Self {
            name,
            kind: Kind::Text {
                max_chars: Some(max_chars),
            },
            required: true,
            command_max_chars: None,
        }
    }

    /// A string field that may be absent or null.
    pub const fn optional_text(name: &'static str, max_chars: usize) -> Self {
        Self {
            required: false,
            ..Self::text(name, max_chars)
        }
    }

    /// An optional string field without a limit in the schema: the command's default of 255
    /// characters holds.
    pub const fn optional_text_without_limit(name: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Text { max_chars: None },
            required: false,
            command_max_chars: Some(255),
        }
    }
}

/// The fields of an endpoint's body, in the order in which faults are listed.
pub struct Schema(pub &'static [Field]);

/// The values of a body's fields, in the schema's order.
pub struct Fields<'a>([Option<&'a str>; MAX_FIELDS]);

impl<'a> Fields<'a> {
    /// Of an endpoint without a body.
    pub const NONE: Fields<'static> = Fields([None; MAX_FIELDS]);

    /// The string in the field at `index`; `None` when it is absent or null.
    pub fn text(&self, index: usize) -> Option<&'a str> {
        self.0[index]
    }

    /// The string in the field at `index` when it is there and not empty: what Python takes for
    /// true.
    pub fn filled_text(&self, index: usize) -> Option<&'a str> {
        self.text(index).filter(|text| !text.is_empty())
    }

    /// The string in a required field.
    pub fn required_text(&self, index: usize) -> &'a str {
        self.text(index).unwrap_or_default()
    }
}

/// Buffers of the fast parser, kept between requests.
#[derive(Default)]
pub struct Reader {
    body: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl Reader {
    /// Reads `body` by `schema`, and hands the fields to `then` when both layers pass.
    ///
    /// # Errors
    /// The refusal of the layer that was not passed.
    pub fn read<T>(
        &mut self,
        schema: &Schema,
        body: &[u8],
        content_type: Option<&[u8]>,
        then: impl FnOnce(&Fields<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if !content_type.is_none_or(is_json) {
            return Err(refuse_text(body));
        }
        self.body.clear();
        self.body.extend_from_slice(body);
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let parsed = simd_json::fill_tape(&mut self.body, &mut self.buffers, &mut tape);
        let fields = parsed.ok().and_then(|()| schema.fields_of(&tape));
        let result = match fields {
            Some(fields) => schema.check_command(&fields).and_then(|()| then(&fields)),
            None => read_exactly(schema, body, then),
        };
        self.tape = Some(tape.reset());
        result
    }
}

/// FastAPI's rule: `application/json` and `application/…+json`, in any case, with parameters.
fn is_json(content_type: &[u8]) -> bool {
    let media_type = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase();
    media_type
        .strip_prefix(b"application/")
        .is_some_and(|subtype| subtype == b"json" || subtype.ends_with(b"+json"))
}

impl Schema {
    /// The fields when all of them are in order; unknown members are ignored, and of a name that
    /// comes twice the last value counts.
    fn fields_of<'a>(&self, tape: &Tape<'a>) -> Option<Fields<'a>> {
        let mut fields = Fields::NONE;
        for (name, value) in tape.as_value().as_object()?.iter() {
            let Some(index) = self.0.iter().position(|field| field.name == name) else {
                continue;
            };
            fields.0[index] = match value.into_string() {
                Some(text) => Some(text),
                None if value.is_null() => None,
                None => return None,
            };
        }
        let in_order = self.0.iter().enumerate().all(|(index, field)| {
            let Kind::Text { max_chars } = field.kind;
            match fields.0[index] {
                Some(text) => max_chars.is_none_or(|max| !is_longer(text, max)),
                None => !field.required,
            }
        });
        in_order.then_some(fields)
    }

    /// The second layer: the command's limits.
    fn check_command(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let broken = |(field, value): (&Field, &Option<&str>)| {
            let text = (*value)?;
            if field.required && text.is_empty() {
                return Some((field.name, String::from(Refusal::EMPTY_TEXT)));
            }
            let max = field
                .command_max_chars
                .filter(|&max| is_longer(text, max))?;
            Some((
                field.name,
                format!("String should have at most {max} characters"),
            ))
        };
        let mut rules = self.0.iter().zip(&fields.0).filter_map(broken).peekable();
        if rules.peek().is_none() {
            return Ok(());
        }
        Err(Refusal::Rules(rules.collect()))
    }
}

fn is_longer(text: &str, max_chars: usize) -> bool {
    text.len() > max_chars && text.chars().count() > max_chars
}

#[cold]
fn read_exactly<T>(
    schema: &Schema,
    body: &[u8],
    then: impl FnOnce(&Fields<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if body.is_empty() {
        return Err(missing_body());
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable)?;
    let document = json_text::read(text).map_err(|fault| match fault {
        Fault::Syntax { message, at } => invalid_json(message, at),
        Fault::TooDeep => Refusal::Unreadable,
    })?;
    let members = match &document.value {
        Json::Null => return Err(missing_body()),
        Json::Object(members) => members,
        _ => return Err(not_an_object(&document)),
    };
    let mut issues = Issues::of(&document);
    let mut fields = Fields::NONE;
    for (index, field) in schema.0.iter().enumerate() {
        let member = members.iter().find(|(name, _)| name == field.name);
        fields.0[index] = issues.check(field, member.map(|(_, value)| value));
    }
    issues.refuse()?;
    schema.check_command(&fields)?;
    then(&fields)
}

/// Pydantic's list of what is wrong, as it goes over the wire.
struct Issues<'a> {
    document: &'a Document,
    list: String,
    out_of_range: bool,
}

impl<'a> Issues<'a> {
    fn of(document: &'a Document) -> Self {
        Self {
            document,
            list: String::new(),
            out_of_range: false,
        }
    }

    fn check(&mut self, field: &Field, value: Option<&'a Json>) -> Option<&'a str> {
        let Kind::Text { max_chars } = field.kind;
        let place = Some(field.name);
        match value {
            None if !field.required => {}
            Some(Json::Null) if !field.required => {}
            None => {
                let input = &self.document.value;
                self.add("missing", place, "Field required", input, "");
            }
            Some(input @ Json::Text(text)) if self.is_unwritable(text) => self.add(
                "string_unicode",
                place,
                "Input should be a valid string, unable to parse raw data as a unicode string",
                input,
                "",
            ),
            Some(input @ Json::Text(text)) => match max_chars {
                Some(max) if is_longer(text, max) => self.add(
                    "string_too_long",
                    place,
                    &format!("String should have at most {max} characters"),
                    input,
                    &format!(",\"ctx\":{{\"max_length\":{max}}}"),
                ),
                _ => return Some(text),
            },
            Some(input) => {
                self.add(
                    "string_type",
                    place,
                    "Input should be a valid string",
                    input,
                    "",
                );
            }
        }
        None
    }

    fn is_unwritable(&self, text: &str) -> bool {
        self.document.lone_surrogate.is_some() && text.contains(LONE_SURROGATE)
    }

    fn add(&mut self, kind: &str, field: Option<&str>, message: &str, input: &Json, context: &str) {
        if !self.list.is_empty() {
            self.list.push(',');
        }
        let place = field.map_or(String::new(), |field| format!(",\"{field}\""));
        // Writing to a String cannot fail.
        let _ = write!(
            self.list,
            r#"{{"type":"{kind}","loc":["body"{place}],"msg":"{message}","input":"#
        );
        self.out_of_range |= json_text::write(input, &mut self.list).is_err();
        self.list.push_str(context);
        self.list.push('}');
    }

    /// Refuses when there is something in the list. The input is echoed, so that one that cannot
    /// be written becomes another refusal, with Python's words.
    fn refuse(self) -> Result<(), Refusal> {
        if self.list.is_empty() {
            return Ok(());
        }
        if self.out_of_range {
            return Err(Refusal::Value(
                "Out of range float values are not JSON compliant".into(),
            ));
        }
        let refusal = Refusal::Schema(self.list);
        if let (Some(unit), Refusal::Schema(list)) = (self.document.lone_surrogate, &refusal)
            && let Some(at) = list.chars().position(|found| found == LONE_SURROGATE)
        {
            let at = at + Refusal::SCHEMA_START.len();
            return Err(Refusal::Value(format!(
                "'utf-8' codec can't encode character '\\u{unit:04x}' in position {at}: surrogates not allowed"
            )));
        }
        Err(refusal)
    }
}

fn missing_body() -> Refusal {
    Refusal::Schema(
        r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#.into(),
    )
}

fn invalid_json(message: &str, at: usize) -> Refusal {
    let mut quoted = String::new();
    json_text::write_text(message, &mut quoted);
    Refusal::Schema(format!(
        r#"{{"type":"json_invalid","loc":["body",{at}],"msg":"JSON decode error","input":{{}},"ctx":{{"error":{quoted}}}}}"#
    ))
}

fn not_an_object(document: &Document) -> Refusal {
    let mut issues = Issues::of(document);
    issues.add(
        "model_attributes_type",
        None,
        "Input should be a valid dictionary or object to extract fields from",
        &document.value,
        "",
    );
    issues.refuse().err().unwrap_or(Refusal::Unreadable)
}

/// A body of another media type is a text to FastAPI, which is no object.
#[cold]
fn refuse_text(body: &[u8]) -> Refusal {
    if body.is_empty() {
        return missing_body();
    }
    match std::str::from_utf8(body) {
        Ok(text) => not_an_object(&Document {
            value: Json::Text(text.into()),
            lone_surrogate: None,
        }),
        Err(error) => {
            let at = error.valid_up_to();
            let reason = match (error.error_len(), body[at]) {
                (None, _) => "unexpected end of data",
                (_, 0x80..=0xc1 | 0xf5..) => "invalid start byte",
                _ => "invalid continuation byte",
            };
            Refusal::Value(python_text::undecodable(body[at], at, reason))
        }
    }
}

#[cfg(test)]
#[path = "schema/tests.rs"]
mod tests;
