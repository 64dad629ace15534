//! Patterns that are looked for in replies, and the types that values of JSON have.

use crate::engine::uncounted;
use regex_lite::{Regex, RegexBuilder};
use std::cell::RefCell;

/// Most bytes that a pattern is looked for in.
pub const MOST_MATCHED_BYTES: usize = 16 << 10;
/// Longest pattern, and what it may grow to, in bytes.
const LONGEST_PATTERN: usize = 200;
const LARGEST_PATTERN: usize = 128 << 10;

/// A pattern: a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// A type of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A number without a point.
    Integer,
    /// True or false.
    Boolean,
    /// Null.
    Null,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// What types are called.
pub const TYPES: [(&str, JsonType); 7] = [
    ("string", JsonType::Text),
    ("number", JsonType::Number),
    ("integer", JsonType::Integer),
    ("boolean", JsonType::Boolean),
    ("null", JsonType::Null),
    ("array", JsonType::Array),
    ("object", JsonType::Object),
];

thread_local! {
    /// The patterns of this thread, each by its place in memory: one that threads share has a lock.
    static PATTERNS: RefCell<Vec<(usize, Regex)>> = const { RefCell::new(Vec::new()) };
}

impl Pattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// When it is none, or a large one: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST_PATTERN {
            return Err(format!("a pattern has at most {LONGEST_PATTERN} bytes"));
        }
        match compiled(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(format!("`{text}` is no pattern: {error}")),
        }
    }

    /// Whether it matches anything in `text`; never in what is long, or no text.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            return false;
        };
        if text.len() > MOST_MATCHED_BYTES {
            return false;
        }
        let place = self.0.as_ptr() as usize;
        PATTERNS.with_borrow_mut(|patterns| {
            let known = patterns.iter().position(|(known, _)| *known == place);
            match known {
                Some(known) => patterns[known].1.is_match(text),
                // Once a pattern and thread, with what it needs to match.
                None => uncounted(|| match compiled(&self.0) {
                    Ok(pattern) => {
                        let is_match = pattern.is_match(text);
                        patterns.push((place, pattern));
                        is_match
                    }
                    Err(_) => false,
                }),
            }
        })
    }
}

fn compiled(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stay_small() {
        assert!(Pattern::parse("(").unwrap_err().contains("is no pattern"));
        assert!(Pattern::parse(&"a".repeat(201)).is_err());
        assert!(Pattern::parse("(a{100}){100}{100}").is_err());
        let long = vec![b'a'; MOST_MATCHED_BYTES + 1];
        let pattern = Pattern::parse("a").unwrap();
        assert!(!pattern.matches(&long) && pattern.matches(&long[1..]));
        assert!(!pattern.matches(b"a\xff"));
    }
}
