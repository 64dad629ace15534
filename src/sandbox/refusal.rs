//! The ways in which the shop says no, and their bodies.

use super::json_text::write_text;
use super::version_conflict::VersionConflict;

/// A refusal; its status and body follow from the layer that refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request's shape is wrong (422): pydantic's error objects, comma-separated.
    Schema(String),
    /// A business rule or a command's limit was broken (400): messages by field.
    Rules(Vec<(&'static str, String)>),
    /// The same of members that the client named itself.
    NamedRules(Vec<(String, String)>),
    /// A plain `ValueError` inside the shop (400): its text.
    Value(String),
    /// The body's bytes are no text, or no JSON that Python could hold (400).
    Unreadable,
    /// There is no such thing (404).
    Unknown {
        /// The kind of thing, for example `Customer`.
        aggregate: &'static str,
        /// Its identifier, from the path or the body.
        id: String,
    },
    /// There is nothing to show (404), in the words of the operation.
    Absent(&'static str),
    /// The gateway's signature is missing or wrong (401).
    Unsigned,
    /// A commit came too late, in a shop that says so (409): what was expected and found.
    Late(VersionConflict),
    /// An exception that nothing handles (500): the connection is closed after it.
    Crash,
}

impl Refusal {
    /// What a required text says when it is empty.
    pub const EMPTY_TEXT: &str = "String should have at least 1 character";
    /// How the body of a schema refusal starts.
    pub const SCHEMA_START: &str = "{\"detail\":[";

    /// One broken rule.
    #[cold]
    pub fn rule(field: &'static str, message: impl Into<String>) -> Self {
        Self::Rules(vec![(field, message.into())])
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Schema(_) => 422,
            Self::Rules(_) | Self::NamedRules(_) | Self::Value(_) | Self::Unreadable => 400,
            Self::Unknown { .. } | Self::Absent(_) => 404,
            Self::Unsigned => 401,
            Self::Late(_) => 409,
            Self::Crash => 500,
        }
    }

    /// The body: JSON, but for a crash.
    pub fn body(&self) -> String {
        let error = |text: &str| {
            let mut body = String::from("{\"error\":");
            write_text(text, &mut body);
            body.push('}');
            body
        };
        match self {
            Self::Schema(list) => format!("{}{list}]}}", Self::SCHEMA_START),
            Self::Rules(rules) => told(rules.iter().map(|(field, message)| (*field, message))),
            Self::NamedRules(rules) => {
                told(rules.iter().map(|(name, message)| (name.as_str(), message)))
            }
            Self::Value(text) => error(text),
            Self::Unreadable => r#"{"detail":"There was an error parsing the body"}"#.into(),
            Self::Unknown { aggregate, id } => error(&format!(
                "`{aggregate}` object with identifier {id} does not exist."
            )),
            Self::Absent(what) => format!(r#"{{"detail":"{what}"}}"#),
            Self::Unsigned => r#"{"detail":"Invalid webhook signature"}"#.into(),
            Self::Late(VersionConflict { expected, found }) => error(&format!(
                "Wrong expected version: {expected} (Stream Version: {found})"
            )),
            Self::Crash => "Internal Server Error".into(),
        }
    }
}

/// Broken rules as a body tells them.
fn told<'a>(rules: impl Iterator<Item = (&'a str, &'a String)>) -> String {
    let mut body = String::from("{\"error\":{");
    for (index, (field, message)) in rules.enumerate() {
        if index > 0 {
            body.push(',');
        }
        write_text(field, &mut body);
        body.push_str(":[");
        write_text(message, &mut body);
        body.push(']');
    }
    body.push_str("}}");
    body
}
