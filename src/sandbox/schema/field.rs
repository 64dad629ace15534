//! What a body may consist of.

use super::value::FieldValue;

/// The limit that the domain sets to a text without one of its own.
const DOMAIN_MAX_CHARS: usize = 255;

/// One field of a request body.
#[derive(Clone, Copy)]
pub struct SchemaField {
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
    absence: Absence,
    /// Limit that only the command knows; breaking it is a 400, not a 422.
    pub(super) command_max_chars: Option<usize>,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum FieldKind {
    /// A string of at least and at most so many characters; numbers are not taken for strings.
    Text {
        min_chars: usize,
        max_chars: Option<usize>,
    },
    /// A whole number of at least and at most so much.
    Integer {
        at_least: Option<i64>,
        at_most: Option<i64>,
    },
    /// A string of two digits, a colon, and two digits.
    HourAndMinute,
    /// A moment, as microseconds after 1970; without a zone it is UTC.
    Moment,
    Number(Bound),
    Boolean,
    /// A list of strings.
    Texts,
    Object(&'static Schema),
    Objects(&'static Schema),
    /// An object of any members, which no handler looks at.
    Dictionary,
    /// A list of objects of any members, which are kept.
    Dictionaries,
}

/// The lower bound of a number.
#[derive(Clone, Copy)]
pub(super) enum Bound {
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

impl SchemaField {
    const fn new(name: &'static str, kind: FieldKind) -> Self {
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
        Self::new(
            name,
            FieldKind::Text {
                min_chars: 0,
                max_chars,
            },
        )
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
        Self::new(
            name,
            FieldKind::Text {
                min_chars: 0,
                max_chars: None,
            },
        )
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
        Self::new(
            name,
            FieldKind::Integer {
                at_least: None,
                at_most: None,
            },
        )
    }

    /// A whole number of at least `least`.
    pub const fn integer_from(name: &'static str, least: i64) -> Self {
        Self::new(
            name,
            FieldKind::Integer {
                at_least: Some(least),
                at_most: None,
            },
        )
    }

    /// A whole number from `least` to `most`.
    pub const fn integer_between(name: &'static str, least: i64, most: i64) -> Self {
        Self::new(
            name,
            FieldKind::Integer {
                at_least: Some(least),
                at_most: Some(most),
            },
        )
    }

    /// A time of day as `22:00`; the schema only wants digits.
    pub const fn hour_and_minute(name: &'static str) -> Self {
        Self::new(name, FieldKind::HourAndMinute)
    }

    /// A moment, or nothing.
    pub const fn optional_moment(name: &'static str) -> Self {
        Self::new(name, FieldKind::Moment).optional()
    }

    /// A list of objects of any members, which are kept.
    pub const fn dictionaries(name: &'static str) -> Self {
        Self::new(name, FieldKind::Dictionaries)
    }

    /// The same string field, of at least so many characters.
    pub const fn with_least_chars(self, min_chars: usize) -> Self {
        let max_chars = match self.kind {
            FieldKind::Text { max_chars, .. } => max_chars,
            _ => None,
        };
        let kind = FieldKind::Text {
            min_chars,
            max_chars,
        };
        Self { kind, ..self }
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Self::new(name, FieldKind::Number(Bound::None))
    }

    /// A number of at least `least`.
    pub const fn number_from(name: &'static str, least: f64) -> Self {
        Self::new(name, FieldKind::Number(Bound::AtLeast(least)))
    }

    /// A number above `bound`.
    pub const fn number_above(name: &'static str, bound: f64) -> Self {
        Self::new(name, FieldKind::Number(Bound::Above(bound)))
    }

    /// True or false.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, FieldKind::Boolean)
    }

    /// A list of strings.
    pub const fn texts(name: &'static str) -> Self {
        Self::new(name, FieldKind::Texts)
    }

    /// An object.
    pub const fn object(name: &'static str, schema: &'static Schema) -> Self {
        Self::new(name, FieldKind::Object(schema))
    }

    /// A list of objects.
    pub const fn objects(name: &'static str, schema: &'static Schema) -> Self {
        Self::new(name, FieldKind::Objects(schema))
    }

    /// An object of any members, or nothing.
    pub const fn optional_dictionary(name: &'static str) -> Self {
        Self::new(name, FieldKind::Dictionary).optional()
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
    pub(super) fn when_absent<'a>(&self) -> Option<FieldValue<'a>> {
        match self.absence {
            Absence::Fault | Absence::UnseenFault => None,
            Absence::Nothing => Some(FieldValue::Nothing),
            Absence::Default(fallback) | Absence::NullableDefault(fallback) => {
                Some(match fallback {
                    Fallback::Text(text) => FieldValue::Text(text),
                    Fallback::Integer(number) => FieldValue::Integer(number),
                    Fallback::Number(number) => FieldValue::Number(number),
                    Fallback::Boolean(truth) => FieldValue::Boolean(truth),
                })
            }
        }
    }

    pub(super) fn may_be_null(&self) -> bool {
        matches!(self.absence, Absence::Nothing | Absence::NullableDefault(_))
    }

    pub(super) fn is_required(&self) -> bool {
        matches!(self.absence, Absence::Fault)
    }
}

/// The fields of an endpoint's body, in the order in which faults are listed.
pub struct Schema(pub &'static [SchemaField]);

impl Bound {
    /// Whether `number` is within it; what is not a number is within none.
    pub(super) fn admits(self, number: f64) -> bool {
        match self {
            Self::None => true,
            Self::AtLeast(least) => number >= least,
            Self::Above(bound) => number > bound,
        }
    }
}

pub(super) fn is_shorter(text: &str, min_chars: usize) -> bool {
    min_chars > 0 && text.chars().take(min_chars).count() < min_chars
}

pub(super) fn is_longer(text: &str, max_chars: usize) -> bool {
    text.len() > max_chars && text.chars().count() > max_chars
}
