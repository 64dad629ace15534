//! What a request's fields hold, once the schema has let them pass.

use crate::sandbox::json_text::Json;

/// Most fields that an endpoint's schema has.
pub const MAX_FIELDS: usize = 16;

/// What a field holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FieldValue<'a> {
    /// It is absent or null.
    #[default]
    Nothing,
    Text(&'a str),
    /// A whole number; one that is too large for 64 bits is the largest that is not.
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Texts(Vec<&'a str>),
    Object(Box<Fields<'a>>),
    Objects(Vec<Fields<'a>>),
    /// Objects of any members.
    Dictionaries(Vec<Json>),
}

/// The values of a body's fields, in the schema's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields<'a>([FieldValue<'a>; MAX_FIELDS]);

impl<'a> Fields<'a> {
    /// Of an endpoint without a body.
    pub const NONE: Fields<'static> = Fields([const { FieldValue::Nothing }; MAX_FIELDS]);

    pub(super) fn set(&mut self, index: usize, value: FieldValue<'a>) {
        self.0[index] = value;
    }

    /// The string in the field at `index`; `None` when it is absent or null.
    pub fn text(&self, index: usize) -> Option<&'a str> {
        match self.0[index] {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
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

    /// The whole number in the field at `index`; `None` when it is absent or null.
    pub fn integer(&self, index: usize) -> Option<i64> {
        match self.0[index] {
            FieldValue::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number in a field that is required or has a default.
    pub fn required_integer(&self, index: usize) -> i64 {
        self.integer(index).unwrap_or_default()
    }

    /// The number in the field at `index`; `None` when it is absent or null.
    pub fn number(&self, index: usize) -> Option<f64> {
        match self.0[index] {
            FieldValue::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number in a field that is required or has a default.
    pub fn required_number(&self, index: usize) -> f64 {
        self.number(index).unwrap_or_default()
    }

    /// What the field at `index` says, when it is required or has a default.
    pub fn boolean(&self, index: usize) -> bool {
        self.0[index] == FieldValue::Boolean(true)
    }

    /// What the field at `index` says; `None` when it is absent or null.
    pub fn optional_boolean(&self, index: usize) -> Option<bool> {
        match self.0[index] {
            FieldValue::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// The objects in the list at `index`; none when it is absent or null.
    pub fn dictionaries(&self, index: usize) -> &[Json] {
        match &self.0[index] {
            FieldValue::Dictionaries(objects) => objects,
            _ => &[],
        }
    }

    /// The strings in the list at `index`; `None` when it is absent or null.
    pub fn texts(&self, index: usize) -> Option<&[&'a str]> {
        match &self.0[index] {
            FieldValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The fields of the object at `index`; `None` when it is absent or null.
    pub fn object(&self, index: usize) -> Option<&Fields<'a>> {
        match &self.0[index] {
            FieldValue::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The fields of each object in the list at `index`; none when it is absent or null.
    pub fn objects(&self, index: usize) -> &[Fields<'a>] {
        match &self.0[index] {
            FieldValue::Objects(objects) => objects,
            _ => &[],
        }
    }
}
