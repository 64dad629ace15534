//! What a workload consists of, once it is read and checked: names have become positions, and every
//! position is one that there is.

use super::json_pointer::JsonPointer;
use super::race_model::{Probe, Race, RaceRule, RaceSide};
use super::replies::{Check, NotRaised, Raised, Read, Refusal};
use super::statuses::Statuses;
use super::table::Table;
use super::texts::Part;
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
    /// Path at which the target has its description; `None` when nothing says another than the usual one.
    pub described_at: Option<String>,
    /// Names of the values that users keep, by position.
    pub values: Vec<String>,
    /// Rows that users are given.
    pub data: Vec<Data>,
    /// Ways in which a run may differ, by position.
    pub options: Vec<RunOption>,
    /// What is drawn for several bodies together.
    pub draws: Vec<DrawSet>,
    /// Names in statistics that come before all others, in their order.
    pub rows: Vec<String>,
    /// Names of what journeys count, by position.
    pub tallies: Vec<String>,
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
    /// Requests that leave together.
    pub races: Vec<Race>,
    /// What must hold of them.
    pub rules: Vec<RaceRule>,
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

/// A way in which a run may differ, when it is asked to.
#[derive(Clone, Debug)]
pub struct RunOption {
    /// The word for it.
    pub name: String,
    /// What it changes, in one line.
    pub about: String,
}

/// What is drawn for several bodies, so that they agree: the first body of each kind with the first of
/// these, and so on.
#[derive(Clone, Debug)]
pub struct DrawSet {
    /// What the file calls it; it has a random stream of that name.
    pub name: String,
    /// How many are drawn; `None` for as many as there are bodies of a kind.
    pub count: Option<u32>,
    /// Names of what is drawn.
    pub names: Vec<String>,
    /// What is drawn, in order.
    pub draws: Vec<Vec<Part>>,
}

/// Something that may be called.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What the file calls it.
    pub key: String,
    /// Name in statistics.
    pub label: String,
    /// Words by which its figures are added up with those of others.
    pub tags: Vec<String>,
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
    /// Where a reply that is no success says why: the first that is there counts.
    pub reasons: Vec<JsonPointer>,
    /// What is kept of a success.
    pub reads: Vec<Read>,
    /// What a success has to say.
    pub checks: Vec<Check>,
    /// Whether a user rests as long as a reply's `retry-after` says.
    pub heeds_retry_after: bool,
    /// What a success raises.
    pub raises: Vec<Raised>,
    /// Path of the read that succeeds once what was made can be seen.
    pub visible: Option<String>,
}

/// What a request sends.
#[derive(Clone, Debug)]
pub struct Body {
    /// What the file calls it, which is what its random stream is called; `None` of an operation's own.
    pub name: Option<String>,
    /// How many are made; `None` for as many as usual.
    pub count: Option<u32>,
    /// Position of the draws that it shares with others; theirs come before its own.
    pub tied: Option<usize>,
    /// Whether a pass of a journey sends the same one each time.
    pub is_same_in_pass: bool,
    /// Names of all that is drawn for it, of what it shares first.
    pub names: Vec<String>,
    /// What is drawn once a body and stands in several of its places, beside what it shares.
    pub draws: Vec<Vec<Part>>,
    /// The body itself.
    pub kind: BodyKind,
}

impl Body {
    /// All that its texts consist of, its own draws first.
    #[must_use]
    pub fn parts(&self) -> Vec<&Part> {
        fn add<'b>(node: &'b Node, parts: &mut Vec<&'b Part>) {
            match node {
                Node::Object(members) => members.iter().for_each(|(_, node)| add(node, parts)),
                Node::Array(elements) => elements.iter().for_each(|node| add(node, parts)),
                Node::Several { element, .. } | Node::Repeated { element, .. } => {
                    add(element, parts)
                }
                Node::Either { with, without, .. } => {
                    add(with, parts);
                    add(without, parts);
                }
                Node::Text(own) => parts.extend(own),
                Node::Literal(_) => {}
            }
        }
        let mut parts: Vec<&Part> = self.draws.iter().flatten().collect();
        match &self.kind {
            BodyKind::Json(node) => add(node, &mut parts),
            BodyKind::Form(fields) => parts.extend(fields.iter().flat_map(|(_, value)| value)),
            BodyKind::Text(own) => parts.extend(own),
        }
        parts
    }
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
    /// An array of as many elements as are drawn between these.
    Several {
        /// Fewest.
        least: u32,
        /// Most.
        most: u32,
        /// Each of them.
        element: Box<Node>,
    },
    /// As many elements as are drawn between these, in an array with others.
    Repeated {
        /// Fewest.
        least: u32,
        /// Most.
        most: u32,
        /// Each of them.
        element: Box<Node>,
    },
    /// One or the other.
    Either {
        /// Position of the option that decides.
        option: u16,
        /// When the run has it.
        with: Box<Node>,
        /// When it has not.
        without: Box<Node>,
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
    /// Whether it is no journey of the file's, but one of the program's that is called so.
    pub is_built_in: bool,
}

/// A part of a journey.
#[derive(Clone, Debug)]
pub enum Step {
    /// An operation is called.
    Call(Box<Call>),
    /// Values are made up, or taken over from others.
    Set(Vec<(u16, Vec<Part>)>),
    /// A count begins with this number.
    Tally {
        /// Position of the count.
        tally: u16,
        /// What it begins with.
        start: i64,
    },
    /// Steps are done where this is so.
    When {
        /// What is looked at.
        test: Test,
        /// What is done.
        steps: Vec<Step>,
    },
    /// A race is run.
    Race {
        /// Its position.
        race: usize,
    },
    /// The user does nothing for a time between these, in nanoseconds.
    Rest {
        /// Shortest.
        least_ns: u64,
        /// Longest.
        most_ns: u64,
        /// Whether it does so where users do not wait, too.
        is_always: bool,
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

/// A call of an operation, as a step has it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Position of the operation.
    pub operation: usize,
    /// Name in statistics, where it is not the operation's.
    pub label: Option<String>,
    /// Words by which the figures of its name are added up, where they are not the operation's.
    pub tags: Option<Vec<String>>,
    /// Position of the body, where it is not the operation's.
    pub body: Option<u16>,
    /// Statuses of success, where they are not the operation's.
    pub expect: Option<Statuses>,
    /// What is no success and no fault, where it is not as with the operation.
    pub refusals: Option<Vec<Refusal>>,
    /// What is kept of a success, where it is not as with the operation.
    pub reads: Option<Vec<Read>>,
    /// What a success has to say, where it is not as with the operation.
    pub checks: Option<Vec<Check>>,
    /// What a success raises, where it is not as with the operation.
    pub raises: Option<Vec<Raised>>,
    /// Values where the reply gave none, because the call did not succeed.
    pub otherwise: Vec<(u16, Vec<Part>)>,
    /// Whether it follows the reply before it at once.
    pub at_once: AtOnce,
    /// What a success adds to counts: the position of each, and that of the draw of the body.
    pub adds: Vec<(u16, u16)>,
    /// What a success does not always raise.
    pub not_raised: Option<NotRaised>,
    /// The body is the one whose draw is the count: the position of the draw, and that of the count.
    pub picks: Option<(u16, u16)>,
    /// What happens when it does not succeed.
    pub on_failure: OnFailure,
}

impl Call {
    /// A call of the operation at this position, as that says.
    #[must_use]
    pub fn of(operation: usize) -> Self {
        Self {
            operation,
            label: None,
            tags: None,
            body: None,
            expect: None,
            refusals: None,
            reads: None,
            checks: None,
            raises: None,
            otherwise: Vec::new(),
            at_once: AtOnce::No,
            adds: Vec::new(),
            not_raised: None,
            picks: None,
            on_failure: OnFailure::Abort,
        }
    }
}

impl From<&RaceSide> for Call {
    fn from(side: &RaceSide) -> Self {
        Self {
            label: side.label.clone(),
            tags: side.tags.clone(),
            body: side.body,
            ..Self::of(side.operation)
        }
    }
}

impl From<&Probe> for Call {
    fn from(probe: &Probe) -> Self {
        Self::of(probe.operation)
    }
}

/// Whether a call follows the reply before it at once, as a part of the same step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtOnce {
    /// It is a step of its own.
    #[default]
    No,
    /// It follows.
    Yes,
    /// It follows where it is repeated, but for the first time.
    Again,
}

/// What a step depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Whether it is done where that is not so.
    pub is_not: bool,
    /// What is looked at.
    pub of: Tested,
}

/// What a step may depend on.
#[derive(Clone, Debug, PartialEq)]
pub enum Tested {
    /// Whether the run has the option at this position.
    Option(u16),
    /// Whether there is a value at this position.
    Value(u16),
    /// Whether that value is this text.
    Is(u16, String),
    /// Whether the operation at this position succeeded in this pass.
    Done(usize),
}

/// What a step that does not succeed means to its journey.
#[derive(Clone, Debug, Default)]
pub enum OnFailure {
    /// It ends.
    #[default]
    Abort,
    /// It goes on.
    Continue,
    /// The repetition that the step is in ends, and the journey goes on.
    Break,
    /// These are done, and then it ends.
    Instead(Vec<Step>),
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
    /// The same in a run with the option at this position.
    pub journeys_with: Vec<(u16, Vec<(usize, u32)>)>,
    /// Position of the journey that each user makes before all others, once.
    pub first: Option<usize>,
    /// Wait after each step.
    pub wait: WaitTime,
}

impl Class {
    /// Whether its users make the journey at `place` in a run with any options, after the first one.
    #[must_use]
    pub fn may_make(&self, place: usize) -> bool {
        let with = self.journeys_with.iter().map(|(_, journeys)| journeys);
        let mut all = with.chain([&self.journeys]).flatten();
        all.any(|(made, _)| *made == place)
    }

    /// Positions of its journeys, each with its weight, in a run with the options of these bits.
    #[must_use]
    pub fn made_with(&self, options: u32) -> &[(usize, u32)] {
        let mut with = self.journeys_with.iter();
        let with = with.find(|(option, _)| options & (1 << option) != 0);
        with.map_or(&self.journeys, |(_, journeys)| journeys)
    }
}

impl OnFailure {
    /// What is done before the journey ends.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Instead(steps) => steps,
            _ => &[],
        }
    }
}

impl Model {
    /// Position of the body that `call` sends.
    #[must_use]
    pub fn body_of(&self, call: &Call) -> Option<u16> {
        call.body.or(self.operations[call.operation].body)
    }

    /// The group of bodies that the one at `position` agrees with in a pass, if there is one.
    #[must_use]
    pub fn tie_of(&self, position: usize) -> Option<usize> {
        let body = self.bodies.get(position)?;
        if body.tied.is_some() || !body.is_same_in_pass {
            return body.tied;
        }
        let before = self.bodies.iter().take(position);
        let before = before.filter(|body| body.tied.is_none() && body.is_same_in_pass);
        Some(self.draws.len() + before.count())
    }

    /// What is drawn for `body`, in the order of its names: what it shares with others first.
    #[must_use]
    pub fn draws_of(&self, body: &Body) -> Vec<Vec<Part>> {
        let shared = body.tied.and_then(|position| self.draws.get(position));
        let shared = shared.into_iter().flat_map(|set| &set.draws);
        shared.chain(&body.draws).cloned().collect()
    }

    /// The class called `name`.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }
}
