//! What can be wrong with a profile, and where.

use crate::plan::{LoadError, Suggestion, TextPosition};
use std::fmt;

/// Why a text is no profile. Shows as `profiles/x.toml:3:1: unknown key …`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{fault}", ProfilePlace { origin, position: *position })]
pub struct ProfileError {
    /// Where the text came from.
    pub origin: String,
    /// Where the fault is, when it is at one place.
    pub position: Option<TextPosition>,
    /// What is wrong.
    pub fault: ProfileFault,
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProfileFault {
    /// Not TOML.
    #[error("this is not TOML: {why}")]
    Syntax {
        /// What the parser said.
        why: String,
    },
    /// A key that profiles do not have.
    #[error("unknown key `{key}`{suggestion} (known keys: {})", known.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
        /// The known key that is most like it.
        suggestion: Suggestion,
        /// The keys that may stand there.
        known: &'static [&'static str],
    },
    /// A key that every profile needs.
    #[error("the key `{key}` is missing; add a line like {example}")]
    Missing {
        /// The key.
        key: &'static str,
        /// A line that would do.
        example: &'static str,
    },
    /// A value that the key cannot have.
    #[error("`{key}`: {why}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong with the value.
        why: String,
    },
    /// Two keys that exclude each other.
    #[error("`{key}` does not go with `{other}`; keep one of the two")]
    Together {
        /// The key at the position.
        key: &'static str,
        /// The key that it does not go with.
        other: &'static str,
    },
    /// A key without the one that gives it a meaning.
    #[error("`{key}` means nothing without `{needed}`; add `{needed}` or drop `{key}`")]
    Alone {
        /// The key.
        key: &'static str,
        /// The key that it needs.
        needed: &'static str,
    },
    /// Stages that make no load.
    #[error("`stages`: {0}")]
    Stages(LoadError),
}

struct ProfilePlace<'a> {
    origin: &'a str,
    position: Option<TextPosition>,
}

impl fmt::Display for ProfilePlace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "{}:{position}: ", self.origin),
            None => write!(formatter, "{}: ", self.origin),
        }
    }
}
