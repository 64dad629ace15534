//! Why a source could not be read.

use std::fmt;

/// What happened when a source was read, and what to do about it: one sentence, without passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// From a sentence.
    #[must_use]
    pub fn new(says: impl Into<String>) -> Self {
        Self(says.into())
    }

    /// The sentence.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
