//! What a workload consists of, once it is read and checked: names have become positions, and every
//! position is one that there is.

use super::generators::Generator;
use super::json_pointer::JsonPointer;
use super::patterns::{JsonType, Pattern};
use super::statuses::Statuses;
use super::table::Table;
use crate::engine::Method;
use crate::plan::{Threshold, WaitTime};
use std::sync::Arc;

/// A workload as somebody wrote it down.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What it is called.
    pub name: String,
    /// What it is for, in one line; may be empty.
    pub about: String,
    /// Path of a read that changes nothing.
    pub health: String,
    /// Names of the values that users keep, by position.
    pub values: Vec<String>,
    /// Rows that users are given.
    pub data: Vec<Data>,
    /// What may be called.
    pub operations: Vec<Operation>,
    /// What is sent; an operation names one by its position.
    pub bodies: Vec<Body>,
    /// Errands of users.
    pub journeys: Vec<Journey>,
    /// What is done once before the load; all users have what it reads.
    pub set_up: Option<Journey>,
    /// What is done once after the load.
    pub tear_down: Option<Journey>,
    /// Whether users keep cookies.
    pub cookies: bool,
    /// What must hold of every run.
    pub thresholds: Vec<Threshold>,
    /// Kinds of users.
    pub classes: Vec<Class>,
}

/// Rows of which users are given one at a time.
#[derive(Clone, Debug)]
pub struct Data {
    /// What the file calls it.
    pub name: String,
    /// The rows, with the columns that requests hold.
    pub table: Arc<Table>,
    /// Positions of the values that take the columns, each with its column.
    pub columns: Vec<(u16, u16)>,
    /// In which order rows are given.
    pub order: Order,
    /// How long a user keeps one.
    pub per: Per,
    /// What happens when there are no more rows that nobody has; `None` when the file does not say.
    pub used_up: Option<UsedUp>,
}

/// In which order rows are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they stand there, from the first again after the last.
    Sequence,
    /// Any.
    Random,
    /// As they stand there, each once.
    Unique,
}

/// How long a user keeps a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// For one pass of a journey.
    Pass,
    /// For ever.
    User,
}

/// What happens when there are no more rows that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedUp {
    /// The user stops.
    Stop,
    /// They are given from the first again.
    Again,
}

/// A piece of a text that requests hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The same in every request.
    Text(String),
    /// The user's value at this position.
    Value(u16),
    /// What the body has drawn at this position.
    Drawn(u16),
    /// Something made up.
    Made(Generator),
}

/// Something that may be called.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What the file calls it.
    pub key: String,
    /// Name in statistics.
    pub label: String,
    /// HTTP method.
    pub method: Method,
    /// Path as it was written, to be shown.
    pub shown_path: String,
    /// Path and query.
    pub path: Vec<Part>,
    /// Headers beside those of every request.
    pub headers: Vec<(String, Vec<Part>)>,
    /// Position of the body.
    pub body: Option<u16>,
    /// Statuses of success.
    pub expect: Statuses,
    /// Statuses of a no that is none of the shop's faults, and why; the first that fits counts.
    pub refusals: Vec<Refusal>,
    /// What is kept of a success.
    pub reads: Vec<Read>,
    /// What a success has to say.
    pub checks: Vec<Check>,
    /// Whether a user rests as long as a reply's `retry-after` says.
    pub heeds_retry_after: bool,
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
}

/// A value that is read of a reply.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its position.
    pub value: u16,
    /// Where it stands.
    pub from: ReadFrom,
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
    pub test: Test,
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
pub enum Test {
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

/// What a request sends.
#[derive(Clone, Debug)]
pub struct Body {
    /// What is drawn once a body and stands in several of its places.
    pub draws: Vec<Vec<Part>>,
    /// The body itself.
    pub kind: BodyKind,
}

/// A body of one kind or another.
#[derive(Clone, Debug)]
pub enum BodyKind {
    /// JSON.
    Json(Node),
    /// Names and values of a form.
    Form(Vec<(String, Vec<Part>)>),
    /// Anything else.
    Text(Vec<Part>),
}

/// A value of JSON.
#[derive(Clone, Debug)]
pub enum Node {
    /// An object.
    Object(Vec<(String, Node)>),
    /// An array.
    Array(Vec<Node>),
    /// A text; one that is a single part becomes what that is: a number, perhaps.
    Text(Vec<Part>),
    /// What is the same in every body, as JSON.
    Literal(String),
    /// Several elements of an array.
    Several {
        /// Fewest.
        least: u32,
        /// Most.
        most: u32,
        /// Each of them.
        node: Box<Node>,
    },
}

/// An errand of a user.
#[derive(Clone, Debug)]
pub struct Journey {
    /// What it is called.
    pub name: String,
    /// What it is for, in one line; may be empty.
    pub about: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// A part of a journey.
#[derive(Clone, Debug)]
pub enum Step {
    /// An operation is called.
    Call {
        /// Its position.
        operation: usize,
        /// Name in statistics, where it is not the operation's.
        label: Option<String>,
        /// What happens when it does not succeed.
        on_failure: OnFailure,
    },
    /// The user does nothing for a time between these, in nanoseconds.
    Rest {
        /// Shortest.
        least_ns: u64,
        /// Longest.
        most_ns: u64,
    },
    /// Steps are done again and again.
    Repeat {
        /// Fewest times, perhaps never.
        least: u32,
        /// Most times.
        most: u32,
        /// What is done.
        steps: Vec<Step>,
    },
    /// Steps are done in this part of the passes, or not.
    Chance {
        /// Above 0, and below 1.
        share: f64,
        /// What is done.
        steps: Vec<Step>,
    },
}

/// What a step that does not succeed means to its journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It ends.
    #[default]
    Abort,
    /// It goes on.
    Continue,
}

/// A kind of user.
#[derive(Clone, Debug)]
pub struct Class {
    /// What it is called.
    pub name: String,
    /// What it is for, in one line; may be empty.
    pub about: String,
    /// Share of the users, where nobody says another.
    pub weight: u32,
    /// Positions of its journeys, each with its weight.
    pub journeys: Vec<(usize, u32)>,
    /// Position of the journey that each user makes before all others, once.
    pub first: Option<usize>,
    /// Wait after each step.
    pub wait: WaitTime,
}

impl Model {
    /// The class called `name`.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }
}
