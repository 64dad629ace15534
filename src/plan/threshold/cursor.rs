//! A place in a text that is being read.

use super::ThresholdError;

/// Reads a text from its start to its end.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Byte of the text that is next.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes `token`, if it is next.
    pub fn take(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        if is_next {
            self.at += token.len();
        }
        is_next
    }

    /// Takes what is next as long as `belongs` says so.
    pub fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Letters, digits and `_`.
    pub fn take_word(&mut self) -> &'a str {
        self.take_while(|letter| letter.is_alphanumeric() || letter == '_')
    }

    /// One character.
    pub fn take_letter(&mut self) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// An error at the place that is next.
    pub fn error(&self, why: impl Into<String>) -> ThresholdError {
        self.error_at(self.at, why)
    }

    /// An error at byte `at`.
    pub fn error_at(&self, at: usize, why: impl Into<String>) -> ThresholdError {
        ThresholdError {
            text: self.text.to_owned(),
            at,
            why: why.into(),
        }
    }
}
