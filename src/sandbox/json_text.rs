//! JSON as Python's `json` module reads and FastAPI writes it: exact messages and offsets for
//! refusals. Slow, and only used when the fast parser or the schema refuses a body.

use super::python_text;
use std::fmt::Write as _;

/// A parsed value; numbers keep what Python keeps of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// An integer of any size, as its digits.
    Int(String),
    /// A float; infinite or not a number when the text said so.
    Float(f64),
    Text(String),
    List(Vec<Json>),
    /// Members in the order in which their names first came; the last value of a name counts.
    Object(Vec<(String, Json)>),
}

/// A document.
#[derive(Debug, PartialEq)]
pub struct JsonDocument {
    pub value: Json,
    /// The first UTF-16 surrogate without its partner, if any: Python reads it, but cannot write
    /// it. In texts it is held as [`LONE_SURROGATE`].
    pub lone_surrogate: Option<u16>,
}

/// Stands in texts for a surrogate without its partner, which Rust's strings cannot hold. (A
/// document that has this noncharacter and a lone surrogate is not told apart.)
pub const LONE_SURROGATE: char = '\u{ffff}';

/// Why a text is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// Python's message and the offset in characters.
    Syntax { message: &'static str, at: usize },
    /// Nested too deeply for Python.
    TooDeep,
}

/// Deepest nesting that Python takes: its recursion limit of 1000 less the frames of the
/// application (about 20; not measured exactly).
const MAX_DEPTH: usize = 980;

/// Reads a document.
///
/// # Errors
/// As Python's `json.loads` in its strict mode.
pub fn read(text: &str) -> Result<JsonDocument, JsonFault> {
    let mut reader = JsonReader {
        bytes: text.as_bytes(),
        lone_surrogate: None,
    };
    reader
        .document()
        .map_err(|fault| match fault {
            JsonFault::Syntax { message, at } => JsonFault::Syntax {
                message,
                at: text.get(..at).map_or(at, |read| read.chars().count()),
            },
            JsonFault::TooDeep => JsonFault::TooDeep,
        })
        .map(|value| JsonDocument {
            value,
            lone_surrogate: reader.lone_surrogate,
        })
}

struct JsonReader<'a> {
    bytes: &'a [u8],
    lone_surrogate: Option<u16>,
}

/// Where the reading of a value ended.
type Read<T> = Result<(T, usize), JsonFault>;

fn fault<T>(message: &'static str, at: usize) -> Result<T, JsonFault> {
    Err(JsonFault::Syntax { message, at })
}

impl JsonReader<'_> {
    fn document(&mut self) -> Result<Json, JsonFault> {
        let (value, end) = self.value(self.skip_blanks(0), 0)?;
        let end = self.skip_blanks(end);
        if end < self.bytes.len() {
            return fault("Extra data", end);
        }
        Ok(value)
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
        }
        at
    }

    fn value(&mut self, at: usize, depth: usize) -> Read<Json> {
        if depth > MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        match self.byte(at) {
            b'"' => self.text(at).map(|(text, end)| (Json::Text(text), end)),
            b'{' => self.object(at + 1, depth),
            b'[' => self.list(at + 1, depth),
            _ => self.word(at).map_or_else(|| self.number(at), Ok),
        }
    }

    fn word(&self, at: usize) -> Option<(Json, usize)> {
        const WORDS: [(&str, Json); 6] = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Float(f64::NAN)),
            ("Infinity", Json::Float(f64::INFINITY)),
            ("-Infinity", Json::Float(f64::NEG_INFINITY)),
        ];
        let rest = self.bytes.get(at..)?;
        WORDS
            .iter()
            .find(|(word, _)| rest.starts_with(word.as_bytes()))
            .map(|(word, value)| (value.clone(), at + word.len()))
    }

    fn digits_end(&self, mut at: usize) -> usize {
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    fn number(&self, start: usize) -> Read<Json> {
        let first = start + usize::from(self.byte(start) == b'-');
        let mut end = match self.byte(first) {
            b'0' => first + 1,
            b'1'..=b'9' => self.digits_end(first),
            _ => return fault("Expecting value", start),
        };
        let integer_end = end;
        if self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit() {
            end = self.digits_end(end + 1);
        }
        if matches!(self.byte(end), b'e' | b'E') {
            let digits = end + 1 + usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
            if self.byte(digits).is_ascii_digit() {
                end = self.digits_end(digits);
            }
        }
        let text = String::from_utf8_lossy(&self.bytes[start..end]);
        let value = if end > integer_end {
            Json::Float(text.parse().unwrap_or(f64::NAN))
        } else if text == "-0" {
            Json::Int("0".into())
        } else {
            Json::Int(text.into_owned())
        };
        Ok((value, end))
    }

    fn list(&mut self, at: usize, depth: usize) -> Read<Json> {
        let mut items = Vec::new();
        let mut at = self.skip_blanks(at);
        if self.byte(at) == b']' {
            return Ok((Json::List(items), at + 1));
        }
        loop {
            let (item, end) = self.value(at, depth + 1)?;
            items.push(item);
            at = self.skip_blanks(end);
            match self.byte(at) {
                b']' => return Ok((Json::List(items), at + 1)),
                b',' => at = self.skip_blanks(at + 1),
                _ => return fault("Expecting ',' delimiter", at),
            }
        }
    }

    fn object(&mut self, at: usize, depth: usize) -> Read<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut at = self.skip_blanks(at);
        if self.byte(at) == b'}' {
            return Ok((Json::Object(members), at + 1));
        }
        loop {
            if self.byte(at) != b'"' {
                return fault("Expecting property name enclosed in double quotes", at);
            }
            let (name, end) = self.text(at)?;
            at = self.skip_blanks(end);
            if self.byte(at) != b':' {
                return fault("Expecting ':' delimiter", at);
            }
            let (value, end) = self.value(self.skip_blanks(at + 1), depth + 1)?;
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => members.push((name, value)),
            }
            at = self.skip_blanks(end);
            match self.byte(at) {
                b'}' => return Ok((Json::Object(members), at + 1)),
                b',' => at = self.skip_blanks(at + 1),
                _ => return fault("Expecting ',' delimiter", at),
            }
        }
    }

    fn text(&mut self, start: usize) -> Read<String> {
        let mut text = Vec::new();
        let mut at = start + 1;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let plain = rest
                .iter()
                .position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let Some(plain) = plain else {
                return fault("Unterminated string starting at", start);
            };
            text.extend_from_slice(&rest[..plain]);
            at += plain;
            match rest[plain] {
                b'"' => break,
                b'\\' => at = self.escape(start, at, &mut text)?,
                _ => return fault("Invalid control character at", at),
            }
        }
        // The pieces were cut out of valid UTF-8 at ASCII characters.
        Ok((String::from_utf8_lossy(&text).into_owned(), at + 1))
    }

    /// Reads the escape whose backslash is at `at`; returns where it ends.
    fn escape(&mut self, start: usize, at: usize, text: &mut Vec<u8>) -> Result<usize, JsonFault> {
        let plain = match self.bytes.get(at + 1) {
            None => return fault("Unterminated string starting at", start),
            Some(b'u') => return self.unicode_escape(at, text),
            Some(b'b') => b'\x08',
            Some(b'f') => b'\x0c',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(_) => return fault("Invalid \\escape", at),
        };
        text.push(plain);
        Ok(at + 2)
    }

    fn unicode_escape(&mut self, at: usize, text: &mut Vec<u8>) -> Result<usize, JsonFault> {
        // Python wants a character after the four digits: the string cannot end with them.
        let Some(unit) = self.code_unit(at).filter(|_| at + 6 < self.bytes.len()) else {
            return fault("Invalid \\uXXXX escape", at + 1);
        };
        let mut end = at + 6;
        let mut character = char::from_u32(u32::from(unit));
        if (0xd800..0xdc00).contains(&unit)
            && let Some(low) = self.code_unit(end)
            && (0xdc00..0xe000).contains(&low)
        {
            character = char::decode_utf16([unit, low]).next().and_then(Result::ok);
            end += 6;
        }
        if character.is_none() {
            self.lone_surrogate.get_or_insert(unit);
        }
        let mut encoded = [0; 4];
        let character = character.unwrap_or(LONE_SURROGATE);
        text.extend_from_slice(character.encode_utf8(&mut encoded).as_bytes());
        Ok(end)
    }

    /// The code unit of the escape `\uXXXX` at `at`.
    fn code_unit(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0_u16, |unit, &byte| {
            Some(unit << 4 | char::from(byte).to_digit(16)? as u16)
        })
    }
}

/// A float that JSON cannot express, which FastAPI refuses to write.
#[derive(Debug, PartialEq, Eq)]
pub struct OutOfRange;

/// Writes a value as FastAPI does: no blanks, nothing escaped that need not be.
///
/// # Errors
/// When a float is infinite or not a number.
pub fn write(value: &Json, target: &mut String) -> Result<(), OutOfRange> {
    match value {
        Json::Null => target.push_str("null"),
        Json::Bool(value) => target.push_str(if *value { "true" } else { "false" }),
        Json::Int(digits) => target.push_str(digits),
        Json::Float(value) if value.is_finite() => {
            target.push_str(&python_text::float_repr(*value));
        }
        Json::Float(_) => return Err(OutOfRange),
        Json::Text(text) => write_text(text, target),
        Json::List(items) => {
            target.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    target.push(',');
                }
                write(item, target)?;
            }
            target.push(']');
        }
        Json::Object(members) => {
            target.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    target.push(',');
                }
                write_text(name, target);
                target.push(':');
                write(member, target)?;
            }
            target.push('}');
        }
    }
    Ok(())
}

/// Writes a text in quotes.
pub fn write_text(text: &str, target: &mut String) {
    target.push('"');
    for character in text.chars() {
        match character {
            '"' => target.push_str("\\\""),
            '\\' => target.push_str("\\\\"),
            '\n' => target.push_str("\\n"),
            '\r' => target.push_str("\\r"),
            '\t' => target.push_str("\\t"),
            '\x08' => target.push_str("\\b"),
            '\x0c' => target.push_str("\\f"),
            '\0'..='\x1f' => {
                // Writing to a String cannot fail.
                let _ = write!(target, "\\u{:04x}", u32::from(character));
            }
            _ => target.push(character),
        }
    }
    target.push('"');
}

#[cfg(test)]
#[path = "json_text/tests.rs"]
mod tests;
