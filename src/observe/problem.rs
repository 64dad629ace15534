//! Why a source could not be read.

use crate::plan::shown_start;
use std::fmt;

/// Characters of a sentence that are kept.
const MOST_CHARACTERS: usize = 500;

/// What happened when a source was read, and what to do about it: one sentence, without passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// From a sentence. The source may have written a part of it, so that it is made fit to be shown.
    #[must_use]
    pub fn new(says: impl AsRef<str>) -> Self {
        Self(shown_start(says.as_ref(), MOST_CHARACTERS).into_owned())
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
