//! Request bodies: one table of fields an endpoint, read fast when all is well and exactly when
//! it is not.
//!
//! A body passes two layers, as in the real shop: the schema (422, all faults of all fields at
//! once) and the command's own field limits (400, likewise).

mod exact;
mod value;

pub use value::{Fields, Value};

use super::refusal::Refusal;
pub use exact::read_parameter;
use exact::{read_exactly, refuse_text};
use simd_json::Buffers;
use simd_json::prelude::*;
use simd_json::tape::{self, Tape};

/// Most fields that an endpoint's schema has.
pub const MAX_FIELDS: usize = 16;
/// The limit that the domain sets to a text without one of its own.
const DOMAIN_MAX_CHARS: usize = 255;

/// One field of a request body.
#[derive(Clone, Copy)]
pub struct Field {
    name: &'static str,
    kind: Kind,
    absence: Absence,
    /// Limit that only the command knows; breaking it is a 400, not a 422.
    command_max_chars: Option<usize>,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    /// A string of at most so many characters; numbers are not taken for strings.
    Text {
        max_chars: Option<usize>,
    },
    /// A whole number of at least so much.
    Integer {
        at_least: Option<i64>,
    },
    Number(Bound),
    Boolean,
    /// A list of strings.
    Texts,
    Object(&'static Schema),
    Objects(&'static Schema),
    /// An object of any members, which no handler looks at.
    Dictionary,
}

/// The lower bound of a number.
#[derive(Clone, Copy)]
enum Bound {
    None,
    AtLeast(f64),
    Above(f64),
}

/// What holds when a field is not there.
#[derive(Clone, Copy)]
enum Absence {
    /// It must be there, and not be null.
    Fault,
    /// The same, but no command sees it: it may be empty.
    UnseenFault,
    /// It may be absent or null.
    Nothing,
    /// It may be absent, but not be null.
    Default(Fallback),
    /// It may be absent or null, which differ.
    NullableDefault(Fallback),
}

/// The value of an absent field.
#[derive(Clone, Copy)]
enum Fallback {
    Text(&'static str),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            absence: Absence::Fault,
            command_max_chars: None,
        }
    }

    /// A string field that must be there and, says the command, must not be empty.
    pub const fn text(name: &'static str, max_chars: usize) -> Self {
        let max_chars = Some(max_chars);
        Self::new(name, Kind::Text { max_chars })
    }

    /// A string field that may be absent or null.
    pub const fn optional_text(name: &'static str, max_chars: usize) -> Self {
        Self::text(name, max_chars).optional()
    }

    /// A string field without a limit in the schema, that must be there and, says the command, have
    /// 1 to `command_max_chars` characters.
    pub const fn free_text(name: &'static str, command_max_chars: usize) -> Self {
        Self {
            command_max_chars: Some(command_max_chars),
            ..Self::unlimited_text(name)
        }
    }

    /// An optional string field without a limit in the schema: the command's default of 255
    /// characters holds.
    pub const fn optional_text_without_limit(name: &'static str) -> Self {
        Self::free_text(name, DOMAIN_MAX_CHARS).optional()
    }

    /// A string field that must be there, and that nothing limits.
    pub const fn unlimited_text(name: &'static str) -> Self {
        Self::new(name, Kind::Text { max_chars: None })
    }

    /// A string field that must be there, and is then ignored: no command sees it.
    pub const fn ignored_text(name: &'static str) -> Self {
        Self {
            absence: Absence::UnseenFault,
            ..Self::unlimited_text(name)
        }
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer { at_least: None })
    }

    /// A whole number of at least `least`.
    pub const fn integer_from(name: &'static str, least: i64) -> Self {
        let at_least = Some(least);
        Self::new(name, Kind::Integer { at_least })
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number(Bound::None))
    }

    /// A number of at least `least`.
    pub const fn number_from(name: &'static str, least: f64) -> Self {
        Self::new(name, Kind::Number(Bound::AtLeast(least)))
    }

    /// A number above `bound`.
    pub const fn number_above(name: &'static str, bound: f64) -> Self {
        Self::new(name, Kind::Number(Bound::Above(bound)))
    }

    /// True or false.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A list of strings.
    pub const fn texts(name: &'static str) -> Self {
        Self::new(name, Kind::Texts)
    }

    /// An object.
    pub const fn object(name: &'static str, schema: &'static Schema) -> Self {
        Self::new(name, Kind::Object(schema))
    }

    /// A list of objects.
    pub const fn objects(name: &'static str, schema: &'static Schema) -> Self {
        Self::new(name, Kind::Objects(schema))
    }

    /// An object of any members, or nothing.
    pub const fn optional_dictionary(name: &'static str) -> Self {
        Self::new(name, Kind::Dictionary).optional()
    }

    /// The same, but it may be absent or null.
    pub const fn optional(self) -> Self {
        Self {
            absence: Absence::Nothing,
            ..self
        }
    }

    /// The same, but it may be absent, and is then this text. The command knows no limit.
    pub const fn or_text(self, text: &'static str) -> Self {
        self.or(Fallback::Text(text))
    }

    /// The same, but it may be absent, and is then this number.
    pub const fn or_integer(self, number: i64) -> Self {
        self.or(Fallback::Integer(number))
    }

    /// The same, but it may be absent, and is then this number.
    pub const fn or_number(self, number: f64) -> Self {
        self.or(Fallback::Number(number))
    }

    /// The same, but it may be absent, and is then so.
    pub const fn or_boolean(self, truth: bool) -> Self {
        self.or(Fallback::Boolean(truth))
    }

    /// The same, but it may be absent, and is then this number; or it may be null.
    pub const fn or_integer_or_null(self, number: i64) -> Self {
        Self {
            absence: Absence::NullableDefault(Fallback::Integer(number)),
            ..self
        }
    }

    /// The same, with a limit that the command sets.
    pub const fn with_command_limit(self, max_chars: usize) -> Self {
        Self {
            command_max_chars: Some(max_chars),
            ..self
        }
    }

    const fn or(self, fallback: Fallback) -> Self {
        Self {
            absence: Absence::Default(fallback),
            ..self
        }
    }

    /// The value of the field when it is absent; `None` when that is a fault.
    fn when_absent<'a>(&self) -> Option<Value<'a>> {
        match self.absence {
            Absence::Fault | Absence::UnseenFault => None,
            Absence::Nothing => Some(Value::Nothing),
            Absence::Default(fallback) | Absence::NullableDefault(fallback) => {
                Some(match fallback {
                    Fallback::Text(text) => Value::Text(text),
                    Fallback::Integer(number) => Value::Integer(number),
                    Fallback::Number(number) => Value::Number(number),
                    Fallback::Boolean(truth) => Value::Boolean(truth),
                })
            }
        }
    }

    fn may_be_null(&self) -> bool {
        matches!(self.absence, Absence::Nothing | Absence::NullableDefault(_))
    }

    fn is_required(&self) -> bool {
        matches!(self.absence, Absence::Fault)
    }
}

/// The fields of an endpoint's body, in the order in which faults are listed.
pub struct Schema(pub &'static [Field]);

/// Buffers of the fast parser, kept between requests.
#[derive(Default)]
pub struct Reader {
    body: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl Reader {
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
                    Some(value) if value.is_null() && field.may_be_null() => Value::Nothing,
                    Some(value) => field.kind.value_of(value)?,
                },
            );
        }
        Some(fields)
    }

    /// The second layer: the command's limits. Those of nested objects are the handlers' business.
    ///
    /// # Errors
    /// When limits are broken: all of them at once.
    pub fn check_command(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let broken = |(index, field): (usize, &Field)| {
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

impl Kind {
    fn value_of<'a>(self, value: tape::Value<'_, 'a>) -> Option<Value<'a>> {
        Some(match self {
            Self::Text { max_chars } => {
                let text = value.into_string()?;
                if max_chars.is_some_and(|max| is_longer(text, max)) {
                    return None;
                }
                Value::Text(text)
            }
            Self::Integer { at_least } => {
                let number = value.as_i64()?;
                if at_least.is_some_and(|least| number < least) {
                    return None;
                }
                Value::Integer(number)
            }
            Self::Number(bound) => {
                let number = value.cast_f64()?;
                bound.admits(number).then_some(Value::Number(number))?
            }
            Self::Boolean => Value::Boolean(value.as_bool()?),
            Self::Texts => {
                let texts = value.as_array()?;
                let texts = texts.iter().map(|text| text.into_string());
                Value::Texts(texts.collect::<Option<_>>()?)
            }
            Self::Object(schema) => Value::Object(Box::new(schema.fields_of(value)?)),
            Self::Dictionary => {
                value.as_object()?;
                Value::Nothing
            }
            Self::Objects(schema) => {
                let objects = value.as_array()?;
                let objects = objects.iter().map(|object| schema.fields_of(object));
                Value::Objects(objects.collect::<Option<_>>()?)
            }
        })
    }
}

impl Bound {
    /// Whether `number` is within it; what is not a number is within none.
    fn admits(self, number: f64) -> bool {
        match self {
            Self::None => true,
            Self::AtLeast(least) => number >= least,
            Self::Above(bound) => number > bound,
        }
    }
}

fn is_longer(text: &str, max_chars: usize) -> bool {
    text.len() > max_chars && text.chars().count() > max_chars
}

#[cfg(test)]
mod kind_tests;
#[cfg(test)]
mod tests;
