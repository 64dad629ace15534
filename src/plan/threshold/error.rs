//! Why a text is no threshold, and where.

use std::fmt;

/// Why a text is no threshold. Shows the text with a mark under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdError {
    /// The text, in one line.
    pub text: String,
    /// Byte of the text at which it stops making sense, at most its length.
    pub at: usize,
    /// What is wrong, and what would do.
    pub why: String,
}

impl std::error::Error for ThresholdError {}

impl fmt::Display for ThresholdError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text[..self.text.floor_char_boundary(self.at)].chars();
        let indent = " ".repeat(before.count());
        write!(formatter, "{}\n  {}\n  {indent}^", self.why, self.text)
    }
}
