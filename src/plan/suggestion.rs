//! "Did you mean …?": the known word that is closest to a mistyped one.

use std::fmt;

/// How alike two words must be, from 0 to 1, to be worth a suggestion (Jaro–Winkler similarity;
/// the threshold is the one that clap uses for flags with plain Jaro, a little stricter).
const ALIKE: f64 = 0.75;

/// The suggestion for a mistyped word; shows as `; did you mean …?`, or as nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion(Option<String>);

impl Suggestion {
    /// The one of `known` that is most like `word`, whatever the case.
    pub fn for_word<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let lower = word.to_lowercase();
        let closest = known
            .into_iter()
            .map(|candidate| {
                let similarity = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
                (similarity, candidate)
            })
            .filter(|(similarity, _)| *similarity >= ALIKE)
            .max_by(|(left, _), (right, _)| left.total_cmp(right));
        Self(closest.map(|(_, candidate)| candidate.to_owned()))
    }

    /// The suggestion with its word, if there is one, spelt by `spell`.
    #[must_use]
    pub fn map(self, spell: impl FnOnce(&str) -> String) -> Self {
        Self(self.0.map(|word| spell(&word)))
    }

    /// The suggested word.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(word) => write!(formatter, "; did you mean `{word}`?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_suggested() {
        let known = ["users", "max_users", "spawn_rate"];
        let suggested = |word| Suggestion::for_word(word, known);
        assert_eq!(suggested("user").word(), Some("users"));
        assert_eq!(suggested("USRES").word(), Some("users"));
        assert_eq!(suggested("spawnrate").word(), Some("spawn_rate"));
        assert_eq!(suggested("colour").word(), None);
        assert_eq!(suggested("user").to_string(), "; did you mean `users`?");
        assert_eq!(suggested("").to_string(), "");
    }
}
