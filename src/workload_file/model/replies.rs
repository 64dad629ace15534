//! What workloads say of replies: what is kept of a success and asked of it, what other statuses mean, and
//! which events are raised.

use super::json_pointer::JsonPointer;
use super::patterns::{JsonType, Pattern};
use super::statuses::Statuses;
use super::texts::Part;

/// An event that the target raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The part of the target that raises it.
    pub domain: String,
    /// What it is called there.
    pub name: String,
    /// Whether it stays when the request is refused after all.
    pub stays: bool,
}

/// Statuses that mean no.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Which.
    pub statuses: Statuses,
    /// Whether they tell of a lost race rather than of a rule.
    pub is_conflict: bool,
    /// Why; without it the reply says.
    pub reason: Option<String>,
    /// What the reply has to say for it to be so.
    pub checks: Vec<Check>,
}

/// An event that a success does not raise where two counts of the pass are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRaised {
    /// Its place among those that a success raises.
    pub event: u16,
    /// Positions of the counts.
    pub equal: (u16, u16),
}

/// A value that is read of a reply.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its position.
    pub value: u16,
    /// Where it stands.
    pub from: ReadFrom,
    /// Whether a success may be without it.
    pub is_optional: bool,
}

/// Where a value stands in a reply.
#[derive(Clone, Debug)]
pub enum ReadFrom {
    /// In the body, which is JSON.
    Json(JsonPointer),
    /// In a header of this name.
    Header(String),
    /// It is the whole body.
    Body,
}

/// A place of a reply and what has to be there.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where.
    pub place: Place,
    /// What.
    pub asked: Asked,
    /// Why a reply has failed that has something else there.
    pub says: String,
}

/// A place of a reply.
#[derive(Clone, Debug)]
pub enum Place {
    /// In the body, which is JSON.
    Json(JsonPointer),
    /// In a header of this name.
    Header(String),
    /// The whole body.
    Body,
    /// The size of the body, in bytes.
    Size,
}

/// What has to be somewhere.
#[derive(Clone, Debug)]
pub enum Asked {
    /// This text, or what is written so.
    Equals(Vec<Part>),
    /// This number, boolean or null of JSON.
    Is(String),
    /// This text somewhere in it.
    Contains(Vec<Part>),
    /// Something that the pattern matches.
    Matches(Pattern),
    /// A value of this type of JSON.
    Type(JsonType),
    /// Anything, or nothing at all.
    Exists(bool),
    /// A number between these, both included.
    Between(f64, f64),
}
