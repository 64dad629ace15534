//! Rules in a closed vocabulary: what must hold of one race, whatever was contended for. They are judged by
//! what was asked and answered alone; what nobody knows the outcome of is never held against a target.
//!
//! A rule is data: a record keeps it with its witness, so that it is judged again when the witness is fired
//! again.

mod contest;
mod judge;
mod reached;

pub use contest::{Contender, Contest, Fate, Told, ToldPlace};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// So many succeed at most.
    AtMost,
    /// The sum of a field of the successes is no more than the upper bound.
    SumAtMost,
    /// Once one side has succeeded nothing of the others that is sent afterwards does.
    Excludes,
    /// Successes with one key name one id.
    OneId,
    /// What is read after the race, with the sum of a field of the successes if there is one, lies within
    /// the bounds.
    Within,
    /// What is read after the race is what one of the successes names.
    Names,
}

/// A rule of a workload file. Places are written as the file has them; bounds are numbers, texts, or the
/// name of a value of the user in braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleCheck {
    /// What it says.
    pub kind: CheckKind,
    /// Sides of the race that it is about, by number from 0.
    pub of: Vec<u8>,
    /// Successes that there may be, for a rule that counts them.
    pub most: Option<u32>,
    /// The side after whose success nothing of the others succeeds.
    pub after: Option<u8>,
    /// The field that is added up.
    pub sum: Option<String>,
    /// What tells requests apart that may make one thing each.
    pub key: Option<String>,
    /// What names the thing that was made.
    pub id: Option<String>,
    /// What is read after the race.
    pub value: Option<String>,
    /// What of the successes it has to be.
    pub names: Option<String>,
    /// The lower bound.
    pub low: Option<String>,
    /// The upper bound.
    pub high: Option<String>,
}

impl RuleCheck {
    /// A rule of this kind about these sides, to be completed.
    #[must_use]
    pub fn of(kind: CheckKind, of: Vec<u8>) -> Self {
        Self {
            kind,
            of,
            most: None,
            after: None,
            sum: None,
            key: None,
            id: None,
            value: None,
            names: None,
            low: None,
            high: None,
        }
    }

    /// What stands at `place` of the file.
    #[must_use]
    pub fn place(&self, place: ToldPlace) -> Option<&str> {
        match place {
            ToldPlace::Sum => self.sum.as_deref(),
            ToldPlace::Key => self.key.as_deref(),
            ToldPlace::Id => self.id.as_deref(),
            ToldPlace::Value => self.value.as_deref(),
            ToldPlace::Names => self.names.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests;
