//! Request bodies: one table of fields an endpoint, read fast when all is well and exactly when
//! it is not.
//!
//! A body passes two layers, as in the real shop: the schema (422, all faults of all fields at
//! once) and the command's own field limits (400, likewise).

mod exact;
mod field;
mod value;

pub use field::{Schema, SchemaField};
pub use value::{FieldValue, Fields};

use super::refusal::Refusal;
pub use exact::read_parameter;
use exact::{is_hour_and_minute, read_exactly, refuse_text};
use field::{FieldKind, is_longer, is_shorter};
use simd_json::Buffers;
use simd_json::prelude::*;
use simd_json::tape::{self, Tape};
use value::MAX_FIELDS;

/// Buffers of the fast parser, kept between requests.
#[derive(Default)]
pub struct BodyReader {
    body: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl BodyReader {
    /// Reads `body` by `schema`, and hands the fields to `then` when both layers pass. `admit` is
    /// asked between the two.
    ///
    /// # Errors
    /// The refusal of the layer that was not passed.
    pub fn read<T>(
        &mut self,
        schema: &Schema,
        body: &[u8],
        content_type: Option<&[u8]>,
        admit: impl FnOnce() -> Result<(), Refusal>,
        then: impl FnOnce(&Fields<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if !content_type.is_none_or(is_json) {
            return Err(refuse_text(body));
        }
        self.body.clear();
        self.body.extend_from_slice(body);
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let parsed = simd_json::fill_tape(&mut self.body, &mut self.buffers, &mut tape);
        let fields = parsed.ok().and_then(|()| schema.fields_of(tape.as_value()));
        let result = match fields {
            Some(fields) => admit()
                .and_then(|()| schema.check_command(&fields))
                .and_then(|()| then(&fields)),
            None => read_exactly(schema, body, admit, then),
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
    /// The fields when all of them are in order, without any need for Python's leniency; unknown
    /// members are ignored, and of a name that comes twice the last value counts.
    fn fields_of<'a>(&self, value: tape::Value<'_, 'a>) -> Option<Fields<'a>> {
        let mut found: [Option<tape::Value<'_, 'a>>; MAX_FIELDS] = [None; MAX_FIELDS];
        for (name, value) in value.as_object()?.iter() {
            if let Some(index) = self.0.iter().position(|field| field.name == name) {
                found[index] = Some(value);
            }
        }
        let mut fields = Fields::NONE;
        for (index, field) in self.0.iter().enumerate() {
            fields.set(
                index,
                match found[index] {
                    None => field.when_absent()?,
                    Some(value) if value.is_null() && field.may_be_null() => FieldValue::Nothing,
                    Some(value) => field.kind.value_of(value)?,
                },
            );
        }
        Some(fields)
    }

    /// Names of the fields, and whether each has to be there: as a description of the shop tells it.
    #[cfg(test)]
    pub fn described(&self) -> Vec<(&'static str, bool)> {
        let fields = self.0.iter();
        fields
            .map(|field| (field.name, field.when_absent().is_none()))
            .collect()
    }

    /// The second layer: the command's limits. Those of nested objects are the handlers' business.
    ///
    /// # Errors
    /// When limits are broken: all of them at once.
    pub fn check_command(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let broken = |(index, field): (usize, &SchemaField)| {
            let text = fields.text(index)?;
            if field.is_required() && text.is_empty() {
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
        let mut rules = self.0.iter().enumerate().filter_map(broken).peekable();
        if rules.peek().is_none() {
            return Ok(());
        }
        Err(Refusal::Rules(rules.collect()))
    }
}

impl FieldKind {
    fn value_of<'a>(self, value: tape::Value<'_, 'a>) -> Option<FieldValue<'a>> {
        Some(match self {
            Self::Text {
                min_chars,
                max_chars,
            } => {
                let text = value.into_string()?;
                if is_shorter(text, min_chars) || max_chars.is_some_and(|max| is_longer(text, max))
                {
                    return None;
                }
                FieldValue::Text(text)
            }
            Self::Integer { at_least, at_most } => {
                let number = value.as_i64()?;
                if at_least.is_some_and(|least| number < least)
                    || at_most.is_some_and(|most| number > most)
                {
                    return None;
                }
                FieldValue::Integer(number)
            }
            Self::HourAndMinute => {
                let text = value.into_string()?;
                is_hour_and_minute(text).then_some(FieldValue::Text(text))?
            }
            // Rare enough to be read exactly.
            Self::Moment | Self::Dictionaries => return None,
            Self::Number(bound) => {
                let number = value.cast_f64()?;
                bound.admits(number).then_some(FieldValue::Number(number))?
            }
            Self::Boolean => FieldValue::Boolean(value.as_bool()?),
            Self::Texts => {
                let texts = value.as_array()?;
                let texts = texts.iter().map(|text| text.into_string());
                FieldValue::Texts(texts.collect::<Option<_>>()?)
            }
            Self::Object(schema) => FieldValue::Object(Box::new(schema.fields_of(value)?)),
            Self::Dictionary => {
                value.as_object()?;
                FieldValue::Nothing
            }
            Self::Objects(schema) => {
                let objects = value.as_array()?;
                let objects = objects.iter().map(|object| schema.fields_of(object));
                FieldValue::Objects(objects.collect::<Option<_>>()?)
            }
        })
    }
}

#[cfg(test)]
mod kind_tests;
#[cfg(test)]
mod tests;
