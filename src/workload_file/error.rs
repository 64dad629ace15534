//! What is wrong with a workload file, and where: all of it at once, so that it can be put right at once.

use crate::plan::TextPosition;
use std::fmt;

/// Mistakes that are told.
const MOST_TOLD: usize = 20;

/// Why a text is no workload. Shows one mistake a line, as `mine.toml:3:1: unknown key …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// Where the text came from.
    pub origin: String,
    /// What is wrong, at least one thing, in the order of the text.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which text it is in.
    pub origin: String,
    /// Where.
    pub position: TextPosition,
    /// What, and what would be right.
    pub says: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.mistakes.iter().take(MOST_TOLD).enumerate() {
            let end = if place > 0 { "\n" } else { "" };
            let Mistake {
                origin,
                position,
                says,
            } = mistake;
            write!(formatter, "{end}{origin}:{position}: {says}")?;
        }
        match self.mistakes.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}
