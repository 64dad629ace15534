//! Races and rules of a workload, once they are read and checked.

use super::generators::Generator;
use super::json_pointer::JsonPointer;
use crate::stats::{RuleCheck, ToldPlace};

/// Requests that leave together.
#[derive(Clone, Debug)]
pub struct Race {
    /// What it is called.
    pub name: String,
    /// What it is for, in one line; may be empty.
    pub about: String,
    /// What is made up once a race: the value that takes it, and what it is.
    pub draws: Vec<(u16, Generator)>,
    /// Who takes part, at most three sides.
    pub sides: Vec<RaceSide>,
    /// What is asked afterwards.
    pub probes: Vec<Probe>,
}

/// A side of a race.
#[derive(Clone, Debug)]
pub struct RaceSide {
    /// What it is called.
    pub name: String,
    /// Position of the operation that each of its racers calls.
    pub operation: usize,
    /// Name in statistics, where it is not the operation's.
    pub label: Option<String>,
    /// Words by which the figures of its name are added up, where they are not the operation's.
    pub tags: Option<Vec<String>>,
    /// Position of the body, where it is not the operation's.
    pub body: Option<u16>,
    /// How many they are.
    pub racers: u32,
}

/// What is asked once all racers are answered, without being load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Position of the operation.
    pub operation: usize,
    /// It is asked only when a racer of this side succeeded.
    pub after: Option<u8>,
}

/// What must hold of a race.
#[derive(Clone, Debug)]
pub struct RaceRule {
    /// What it is called.
    pub name: String,
    /// What must hold, in one clause.
    pub text: String,
    /// Position of the race.
    pub race: usize,
    /// What it says.
    pub check: RuleCheck,
    /// Whether the target promises it: of what it does not, a breach fails a run only that is strict.
    pub is_promised: bool,
    /// Position among the race's probes of the one that it is judged by.
    pub probe: Option<usize>,
    /// Where what it compares stands.
    pub places: RulePlaces,
}

/// Where what a rule compares stands.
#[derive(Clone, Debug, Default)]
pub struct RulePlaces {
    /// The field that is added up.
    pub sum: Option<RulePlace>,
    /// The key.
    pub key: Option<RulePlace>,
    /// The id.
    pub id: Option<RulePlace>,
    /// What the probe tells.
    pub value: Option<RulePlace>,
    /// What that has to name.
    pub names: Option<RulePlace>,
    /// The lower bound.
    pub low: Option<Bound>,
    /// The upper bound.
    pub high: Option<Bound>,
}

/// A place in a request or a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulePlace {
    /// In the body of the request, which is JSON.
    Request(JsonPointer),
    /// In a header of the request.
    RequestHeader(String),
    /// In the body of the reply, which is JSON.
    Reply(JsonPointer),
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This.
    Constant {
        /// As it is written, without quotes.
        text: String,
        /// Whether it is a text.
        is_text: bool,
    },
    /// The user's value at this position.
    Value(u16),
}

impl RulePlaces {
    /// What stands for `place`.
    #[must_use]
    pub fn of(&self, place: ToldPlace) -> Option<&RulePlace> {
        match place {
            ToldPlace::Sum => self.sum.as_ref(),
            ToldPlace::Key => self.key.as_ref(),
            ToldPlace::Id => self.id.as_ref(),
            ToldPlace::Value => self.value.as_ref(),
            ToldPlace::Names => self.names.as_ref(),
        }
    }

    /// The user's values that it is compared with.
    pub fn values(&self) -> impl Iterator<Item = u16> + '_ {
        let bounds = self.low.iter().chain(&self.high);
        bounds.filter_map(|bound| match bound {
            Bound::Value(position) => Some(*position),
            Bound::Constant { .. } => None,
        })
    }
}
