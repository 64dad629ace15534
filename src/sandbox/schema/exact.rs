//! Bodies that something is wrong with, or that need Python's leniency, read as pydantic reads
//! them: every fault of every field, with its words.
//!
//! In its lax mode pydantic takes `"2"`, `2.0` and `true` for whole numbers (pydantic's conversion
//! table; the ones that the contract measured are among the tests).

use super::field::{Bound, FieldKind, Schema, SchemaField, is_longer, is_shorter};
use super::value::{FieldValue, Fields};
use crate::sandbox::json_text::{self, Json, JsonDocument, JsonFault, LONE_SURROGATE};
use crate::sandbox::moments::read_moment;
use crate::sandbox::python_text;
use crate::sandbox::refusal::Refusal;
use std::fmt::Write as _;

#[cold]
pub fn read_exactly<T>(
    schema: &Schema,
    body: &[u8],
    admit: impl FnOnce() -> Result<(), Refusal>,
    then: impl FnOnce(&Fields<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if body.is_empty() {
        return Err(missing_body());
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable)?;
    let document = json_text::read(text).map_err(|fault| match fault {
        JsonFault::Syntax { message, at } => invalid_json(message, at),
        JsonFault::TooDeep => Refusal::Unreadable,
    })?;
    if document.value == Json::Null {
        return Err(missing_body());
    }
    let mut issues = Issues::of(&document);
    let fields = issues.check_object(schema, &document.value);
    issues.refuse()?;
    let fields = fields.unwrap_or(Fields::NONE);
    admit()?;
    schema.check_command(&fields)?;
    then(&fields)
}

/// Pydantic's list of what is wrong, as it goes over the wire.
struct Issues<'a> {
    document: &'a JsonDocument,
    list: String,
    /// Where in the body we are, as the rest of a JSON list: `,"items",0`.
    place: String,
    out_of_range: bool,
}

/// One fault: pydantic's type, its message, and its context as a JSON member or nothing.
struct Wrong {
    kind: &'static str,
    message: String,
    context: String,
}

impl Wrong {
    fn new(kind: &'static str, message: &str) -> Self {
        Self {
            kind,
            message: message.into(),
            context: String::new(),
        }
    }

    fn below(kind: &'static str, words: &str, key: &str, bound: &str, shown: &str) -> Self {
        Self {
            kind,
            message: format!("Input should be {words} {shown}"),
            context: format!(",\"ctx\":{{\"{key}\":{bound}}}"),
        }
    }
}

impl<'a> Issues<'a> {
    fn of(document: &'a JsonDocument) -> Self {
        Self {
            document,
            list: String::new(),
            place: String::new(),
            out_of_range: false,
        }
    }

    /// Goes into the member or element `step`, a JSON value.
    fn within<T>(&mut self, step: &str, check: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.place.len();
        // Writing to a String cannot fail.
        let _ = write!(self.place, ",{step}");
        let result = check(self);
        self.place.truncate(outside);
        result
    }

    fn check_object(&mut self, schema: &Schema, value: &'a Json) -> Option<Fields<'a>> {
        let Json::Object(members) = value else {
            let wrong = Wrong::new(
                "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from",
            );
            self.add(&wrong, value);
            return None;
        };
        let mut fields = Fields::NONE;
        for (index, field) in schema.0.iter().enumerate() {
            let member = members.iter().find(|(name, _)| name == field.name);
            let found = self.within(&format!("\"{}\"", field.name), |issues| {
                issues.check_field(field, member.map(|(_, value)| value), value)
            });
            fields.set(index, found.unwrap_or_default());
        }
        Some(fields)
    }

    fn check_field(
        &mut self,
        field: &SchemaField,
        member: Option<&'a Json>,
        around: &'a Json,
    ) -> Option<FieldValue<'a>> {
        match member {
            None => field.when_absent().or_else(|| {
                self.add(&Wrong::new("missing", "Field required"), around);
                None
            }),
            Some(Json::Null) if field.may_be_null() => Some(FieldValue::Nothing),
            Some(value) => self.check_value(field.kind, value),
        }
    }

    fn check_value(&mut self, kind: FieldKind, value: &'a Json) -> Option<FieldValue<'a>> {
        let read = match kind {
            FieldKind::Text {
                min_chars,
                max_chars,
            } => self.text(value, min_chars, max_chars).map(FieldValue::Text),
            FieldKind::Integer { at_least, at_most } => {
                integer(value, at_least, at_most).map(FieldValue::Integer)
            }
            FieldKind::HourAndMinute => {
                self.text(value, 0, None)
                    .and_then(|text| match is_hour_and_minute(text) {
                        true => Ok(FieldValue::Text(text)),
                        false => Err(unlike_hour_and_minute()),
                    })
            }
            FieldKind::Moment => moment(value).map(FieldValue::Integer),
            FieldKind::Dictionaries => {
                let objects = self.check_elements(value, |issues, element| match element {
                    Json::Object(_) => Some(element.clone()),
                    _ => {
                        issues.add(&no_dictionary(), element);
                        None
                    }
                })?;
                return Some(FieldValue::Dictionaries(objects));
            }
            FieldKind::Number(bound) => number(value, bound).map(FieldValue::Number),
            FieldKind::Boolean => boolean(value).map(FieldValue::Boolean),
            FieldKind::Object(schema) => {
                let object = self.check_object(schema, value)?;
                return Some(FieldValue::Object(Box::new(object)));
            }
            FieldKind::Dictionary => match value {
                Json::Object(_) => Ok(FieldValue::Nothing),
                _ => Err(no_dictionary()),
            },
            FieldKind::Texts => {
                let texts = self.check_elements(value, |issues, element| {
                    match issues.text(element, 0, None) {
                        Ok(text) => Some(text),
                        Err(wrong) => {
                            issues.add(&wrong, element);
                            None
                        }
                    }
                })?;
                return Some(FieldValue::Texts(texts));
            }
            FieldKind::Objects(schema) => {
                let objects = self.check_elements(value, |issues, element| {
                    issues.check_object(schema, element)
                })?;
                return Some(FieldValue::Objects(objects));
            }
        };
        match read {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.add(&wrong, value);
                None
            }
        }
    }

    fn check_elements<T>(
        &mut self,
        value: &'a Json,
        check: impl Fn(&mut Self, &'a Json) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Json::List(elements) = value else {
            self.add(
                &Wrong::new("list_type", "Input should be a valid list"),
                value,
            );
            return None;
        };
        let mut checked = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            checked.extend(self.within(&index.to_string(), |issues| check(issues, element)));
        }
        Some(checked)
    }

    fn text(
        &self,
        value: &'a Json,
        min_chars: usize,
        max_chars: Option<usize>,
    ) -> Result<&'a str, Wrong> {
        let Json::Text(text) = value else {
            return Err(Wrong::new("string_type", "Input should be a valid string"));
        };
        if self.document.lone_surrogate.is_some() && text.contains(LONE_SURROGATE) {
            return Err(Wrong::new(
                "string_unicode",
                "Input should be a valid string, unable to parse raw data as a unicode string",
            ));
        }
        match max_chars {
            Some(max) if is_longer(text, max) => Err(Wrong {
                kind: "string_too_long",
                message: format!("String should have at most {max} characters"),
                context: format!(",\"ctx\":{{\"max_length\":{max}}}"),
            }),
            _ if is_shorter(text, min_chars) => {
                let ending = if min_chars == 1 { "" } else { "s" };
                Err(Wrong {
                    kind: "string_too_short",
                    message: format!("String should have at least {min_chars} character{ending}"),
                    context: format!(",\"ctx\":{{\"min_length\":{min_chars}}}"),
                })
            }
            _ => Ok(text),
        }
    }

    fn add(&mut self, wrong: &Wrong, input: &Json) {
        if !self.list.is_empty() {
            self.list.push(',');
        }
        let (kind, place, message) = (wrong.kind, &self.place, &wrong.message);
        // Writing to a String cannot fail.
        let _ = write!(
            self.list,
            r#"{{"type":"{kind}","loc":["body"{place}],"msg":"{message}","input":"#
        );
        self.out_of_range |= json_text::write(input, &mut self.list).is_err();
        self.list.push_str(&wrong.context);
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
        if let Some(unit) = self.document.lone_surrogate
            && let Some(at) = self.list.chars().position(|found| found == LONE_SURROGATE)
        {
            let at = at + Refusal::SCHEMA_START.len();
            return Err(Refusal::Value(format!(
                "'utf-8' codec can't encode character '\\u{unit:04x}' in position {at}: surrogates not allowed"
            )));
        }
        Err(Refusal::Schema(self.list))
    }
}

/// Reads a whole number that is a query's parameter.
///
/// # Errors
/// With pydantic's fault, as it goes over the wire.
pub fn read_parameter(name: &str, text: &str) -> Result<i64, String> {
    let input = Json::Text(text.to_owned());
    integer(&input, None, None).map_err(|Wrong { kind, message, .. }| {
        let mut fault =
            format!(r#"{{"type":"{kind}","loc":["query","{name}"],"msg":"{message}","input":"#);
        json_text::write_text(text, &mut fault);
        fault.push('}');
        fault
    })
}

fn integer(value: &Json, at_least: Option<i64>, at_most: Option<i64>) -> Result<i64, Wrong> {
    let number = match value {
        Json::Bool(truth) => i64::from(*truth),
        Json::Int(digits) => whole(digits),
        Json::Float(float) if !float.is_finite() => {
            return Err(Wrong::new(
                "finite_number",
                "Input should be a finite number",
            ));
        }
        Json::Float(float) if float.fract() == 0.0 => *float as i64,
        Json::Float(_) => {
            return Err(Wrong::new(
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ));
        }
        Json::Text(text) => integer_in(text).ok_or_else(|| {
            Wrong::new(
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            )
        })?,
        _ => return Err(Wrong::new("int_type", "Input should be a valid integer")),
    };
    match at_least {
        Some(least) if number < least => {
            let least = least.to_string();
            Err(Wrong::below(
                "greater_than_equal",
                "greater than or equal to",
                "ge",
                &least,
                &least,
            ))
        }
        _ => match at_most {
            Some(most) if number > most => {
                let most = most.to_string();
                Err(Wrong::below(
                    "less_than_equal",
                    "less than or equal to",
                    "le",
                    &most,
                    &most,
                ))
            }
            _ => Ok(number),
        },
    }
}

fn no_dictionary() -> Wrong {
    Wrong::new("dict_type", "Input should be a valid dictionary")
}

/// `^\d{2}:\d{2}$`, where any script's digits are digits.
pub fn is_hour_and_minute(text: &str) -> bool {
    let is_digit =
        |letter: char| letter.is_ascii_digit() || (!letter.is_ascii() && letter.is_numeric());
    let letters: Vec<char> = text.chars().take(6).collect();
    match letters.as_slice() {
        [a, b, ':', c, d] => [a, b, c, d].into_iter().all(|&letter| is_digit(letter)),
        _ => false,
    }
}

/// The pattern stands in a JSON text, so that its backslashes are doubled.
fn unlike_hour_and_minute() -> Wrong {
    Wrong {
        kind: "string_pattern_mismatch",
        message: r"String should match pattern '^\\d{2}:\\d{2}$'".into(),
        context: r#","ctx":{"pattern":"^\\d{2}:\\d{2}$"}"#.into(),
    }
}

/// Numbers are seconds, or milliseconds when there are very many of them. (Of the messages for texts only the
/// first was measured.)
fn moment(value: &Json) -> Result<i64, Wrong> {
    /// More seconds than these are taken for milliseconds.
    const MOST_S: f64 = 2e10;
    let of_number = |number: f64| {
        let s = if number.abs() > MOST_S {
            number / 1e3
        } else {
            number
        };
        (s * 1e6) as i64
    };
    let text = match value {
        Json::Int(digits) => return Ok(of_number(digits.parse().unwrap_or_default())),
        Json::Float(number) => return Ok(of_number(*number)),
        Json::Text(text) => text,
        _ => {
            return Err(Wrong::new(
                "datetime_type",
                "Input should be a valid datetime",
            ));
        }
    };
    if let Ok(number) = text.parse() {
        return Ok(of_number(number));
    }
    read_moment(text)
        .map(|time| time.as_microsecond())
        .ok_or_else(|| {
            let reason = match text.chars().count() {
                0..10 => "input is too short",
                _ => "invalid character in year",
            };
            Wrong {
                kind: "datetime_from_date_parsing",
                message: format!("Input should be a valid datetime or date, {reason}"),
                context: format!(",\"ctx\":{{\"error\":\"{reason}\"}}"),
            }
        })
}

/// A whole number in its digits; one that is too large is the largest that is not.
fn whole(digits: &str) -> i64 {
    digits.parse().unwrap_or(if digits.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })
}

/// The whole number in a text: blanks around it are dropped, single underscores may stand between
/// digits, and a fraction of noughts is none.
fn integer_in(text: &str) -> Option<i64> {
    let trimmed = text.trim();
    let digits = match trimmed.split_once('.') {
        Some((digits, noughts)) => {
            let is_nought = !noughts.is_empty() && noughts.bytes().all(|byte| byte == b'0');
            is_nought.then_some(digits)?
        }
        None => trimmed,
    };
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let parts_are_digits = unsigned
        .split('_')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let plain = digits.strip_prefix('+').unwrap_or(digits).replace('_', "");
    parts_are_digits.then(|| whole(&plain))
}

fn number(value: &Json, bound: Bound) -> Result<f64, Wrong> {
    let number = match value {
        Json::Bool(truth) => f64::from(u8::from(*truth)),
        Json::Int(digits) => digits.parse().unwrap_or(f64::INFINITY),
        Json::Float(float) => *float,
        Json::Text(text) => python_text::float(text).ok_or_else(|| {
            Wrong::new(
                "float_parsing",
                "Input should be a valid number, unable to parse string as a number",
            )
        })?,
        _ => return Err(Wrong::new("float_type", "Input should be a valid number")),
    };
    if bound.admits(number) {
        return Ok(number);
    }
    Err(match bound {
        Bound::Above(bound) => Wrong::below(
            "greater_than",
            "greater than",
            "gt",
            &python_text::float_repr(bound),
            &bound.to_string(),
        ),
        Bound::AtLeast(least) => Wrong::below(
            "greater_than_equal",
            "greater than or equal to",
            "ge",
            &python_text::float_repr(least),
            &least.to_string(),
        ),
        Bound::None => Wrong::new("float_type", "Input should be a valid number"),
    })
}

fn boolean(value: &Json) -> Result<bool, Wrong> {
    let unclear = || {
        Wrong::new(
            "bool_parsing",
            "Input should be a valid boolean, unable to interpret input",
        )
    };
    match value {
        Json::Bool(truth) => Ok(*truth),
        Json::Int(digits) => match digits.as_str() {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(unclear()),
        },
        Json::Float(0.0) => Ok(false),
        Json::Float(1.0) => Ok(true),
        Json::Text(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "off" | "f" | "false" | "n" | "no" => Ok(false),
            "1" | "on" | "t" | "true" | "y" | "yes" => Ok(true),
            _ => Err(unclear()),
        },
        Json::Float(_) => Err(unclear()),
        _ => Err(Wrong::new("bool_type", "Input should be a valid boolean")),
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

/// A body of another media type is a text to FastAPI, which is no object.
#[cold]
pub fn refuse_text(body: &[u8]) -> Refusal {
    if body.is_empty() {
        return missing_body();
    }
    match std::str::from_utf8(body) {
        Ok(text) => {
            let document = JsonDocument {
                value: Json::Text(text.into()),
                lone_surrogate: None,
            };
            let mut issues = Issues::of(&document);
            issues.check_object(&Schema(&[]), &document.value);
            issues.refuse().err().unwrap_or(Refusal::Unreadable)
        }
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
