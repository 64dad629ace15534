//! What a run on several machines is called, and what nobody else is called.

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most characters of a run's name.
pub const MOST_NAME_CHARACTERS: usize = 64;
/// Bytes of a token.
pub const TOKEN_BYTES: usize = 16;

/// The name that leader and joins are given: letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunName(String);

/// A text that is no name of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a run's name has 1 to {MOST_NAME_CHARACTERS} letters, digits, dots, underscores and hyphens, like nightly-7"
)]
pub struct NoRunName;

impl RunName {
    /// Takes a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Result<Self, NoRunName> {
        let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let is_name =
            !text.is_empty() && text.len() <= MOST_NAME_CHARACTERS && text.chars().all(is_fit);
        is_name.then(|| Self(text.to_owned())).ok_or(NoRunName)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunName {
    type Error = NoRunName;

    fn try_from(text: String) -> Result<Self, NoRunName> {
        Self::parse(&text)
    }
}

impl From<RunName> for String {
    fn from(name: RunName) -> Self {
        name.0
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// 128 bits at random: a leader's session, or a member. Two of them are never the same, so that nothing
/// of an earlier run of the same name can be taken for this one's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token([u8; TOKEN_BYTES]);

/// The machine has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this machine gives no random numbers (getrandom)")]
pub struct NoRandomness;

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no token: 32 hexadecimal digits")]
pub struct NoToken;

impl Token {
    /// One that nobody else has.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn new() -> Result<Self, NoRandomness> {
        let mut bytes = [0; TOKEN_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The one of these bytes.
    #[must_use]
    pub fn of(bytes: [u8; TOKEN_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; TOKEN_BYTES] {
        &self.0
    }
}

impl TryFrom<String> for Token {
    type Error = NoToken;

    fn try_from(text: String) -> Result<Self, NoToken> {
        let mut bytes = [0; TOKEN_BYTES];
        let digits = text.as_bytes();
        if digits.len() != 2 * TOKEN_BYTES {
            return Err(NoToken);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(NoToken);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_letter_that_means_something_to_redis_or_a_shell() {
        for name in ["a", "nightly-7", "A.b_c-9", &"x".repeat(64)] {
            assert_eq!(RunName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "a:b", "a*", "{a}", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(RunName::parse(name), Err(NoRunName), "{name}");
        }
    }

    #[test]
    fn a_token_is_read_as_it_is_written() {
        let token = Token::new().unwrap();
        assert_ne!(token, Token::new().unwrap());
        assert_eq!(Token::try_from(token.to_string()), Ok(token));
        for text in ["", "0", &"g".repeat(32), &"0".repeat(33), &"ä".repeat(16)] {
            assert_eq!(Token::try_from(text.to_owned()), Err(NoToken), "{text}");
        }
    }
}
