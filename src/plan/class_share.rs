//! A user class of the run and its share of the users, as a user writes it: `IdentityUser=3`.

use serde::Serialize;

/// One user class of the run and its share of the users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassShare {
    /// The class's name, for example `SpikeUser`.
    pub class: String,
    /// Weight among the classes of the run, at least 1.
    pub weight: u32,
}

/// Why a text is no share of a user class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassShareError {
    /// No name before the weight.
    #[error("`{text}` names no user class; write it like SpikeUser or IdentityUser=3")]
    NoName {
        /// What was given.
        text: String,
    },
    /// A weight that is not a whole number from 1 to [`ClassShare::LARGEST_WEIGHT`].
    #[error(
        "`{text}`: the weight must be a whole number from 1 to {}, like IdentityUser=3",
        ClassShare::LARGEST_WEIGHT
    )]
    Weight {
        /// What was given.
        text: String,
    },
}

impl ClassShare {
    /// Largest weight: thousands of classes stay within 32 bits together.
    pub const LARGEST_WEIGHT: u32 = 1_000_000;

    /// Parses `NAME` (weight 1) or `NAME=WEIGHT`. Whether there is such a class is for the caller
    /// to say.
    ///
    /// # Errors
    /// When the name is missing or the weight is no whole number from 1 to
    /// [`Self::LARGEST_WEIGHT`].
    pub fn parse(text: &str) -> Result<Self, ClassShareError> {
        let (class, weight) = match text.split_once('=') {
            None => (text.trim(), Some(1)),
            Some((class, weight)) => (class.trim(), weight.trim().parse().ok()),
        };
        if class.is_empty() {
            return Err(ClassShareError::NoName {
                text: text.to_owned(),
            });
        }
        let weight = weight
            .filter(|weight| (1..=Self::LARGEST_WEIGHT).contains(weight))
            .ok_or_else(|| ClassShareError::Weight {
                text: text.to_owned(),
            })?;
        Ok(Self {
            class: class.to_owned(),
            weight,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_weights_are_read() {
        let share = |class: &str, weight| ClassShare {
            class: class.to_owned(),
            weight,
        };
        assert_eq!(ClassShare::parse("SpikeUser"), Ok(share("SpikeUser", 1)));
        assert_eq!(
            ClassShare::parse("IdentityUser=3"),
            Ok(share("IdentityUser", 3))
        );
        assert_eq!(
            ClassShare::parse(" A = 1000000 "),
            Ok(share("A", 1_000_000))
        );
    }

    #[test]
    fn wrong_shares_are_refused() {
        for text in ["", "=3", " =1"] {
            assert!(
                matches!(ClassShare::parse(text), Err(ClassShareError::NoName { .. })),
                "{text}"
            );
        }
        for text in ["A=", "A=0", "A=-1", "A=x", "A=1.5", "A=1000001", "A=1=2"] {
            assert!(
                matches!(ClassShare::parse(text), Err(ClassShareError::Weight { .. })),
                "{text}"
            );
        }
    }
}
