//! What can go wrong between the shop and its clients: replies that are lost or late.

use crate::plan::Suggestion;
use crate::shop::{HEALTH_PATH, OPENAPI_PATH};

/// A mishap of one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The connection is reset instead.
    Reset,
    /// No reply ever comes.
    Stall,
    /// It comes 50 ms later.
    Slow,
}

/// How late a slow reply is.
pub const SLOW_NS: u64 = 50_000_000;

/// A word that is no mishap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mishap `{word}`{suggestion} (mishaps: reset, stall, slow)")]
pub struct UnknownMishap {
    /// The word given.
    pub word: String,
    /// The mishap that is most like it.
    pub suggestion: Suggestion,
}

impl Mishap {
    /// Every mishap.
    pub const ALL: [Self; 3] = [Self::Reset, Self::Stall, Self::Slow];

    /// The word that users write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Stall => "stall",
            Self::Slow => "slow",
        }
    }

    /// Reads the word of a mishap.
    ///
    /// # Errors
    /// When there is no such mishap.
    pub fn parse(word: &str) -> Result<Self, UnknownMishap> {
        let named = Self::ALL.into_iter().find(|mishap| mishap.word() == word);
        named.ok_or_else(|| UnknownMishap {
            word: word.to_owned(),
            suggestion: Suggestion::for_word(word, Self::ALL.map(Self::word)),
        })
    }
}

/// How likely each mishap is. None happens by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chaos {
    probabilities: [f64; 3],
}

impl Chaos {
    /// The same, with this mishap happening with this probability, 0 to 1.
    #[must_use]
    pub fn with(mut self, mishap: Mishap, probability: f64) -> Self {
        self.probabilities[mishap as usize] = probability;
        self
    }

    /// How likely the mishap is.
    #[must_use]
    pub fn probability(&self, mishap: Mishap) -> f64 {
        self.probabilities[mishap as usize]
    }

    /// What happens to the reply to a request for `target`. A run's first looks at its target
    /// are spared.
    #[inline]
    #[must_use]
    pub fn draw(&self, target: &str) -> Option<Mishap> {
        if self.probabilities == [0.0; 3] || matches!(target, HEALTH_PATH | OPENAPI_PATH) {
            return None;
        }
        let mut drawn = fastrand::f64();
        Mishap::ALL.into_iter().find(|&mishap| {
            drawn -= self.probabilities[mishap as usize];
            drawn < 0.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mishaps_are_read_and_as_frequent_as_told() {
        for mishap in Mishap::ALL {
            assert_eq!(Mishap::parse(mishap.word()), Ok(mishap));
        }
        assert!(Mishap::parse("crash").is_err());
        let chaos = Chaos::default()
            .with(Mishap::Reset, 0.25)
            .with(Mishap::Slow, 0.5);
        let drawn: Vec<_> = (0..10_000).map(|_| chaos.draw("/orders")).collect();
        let share = |mishap| drawn.iter().filter(|one| **one == mishap).count() as f64 / 1e4;
        assert!((share(Some(Mishap::Reset)) - 0.25).abs() < 0.05);
        assert!((share(Some(Mishap::Slow)) - 0.5).abs() < 0.05);
        assert_eq!(share(Some(Mishap::Stall)), 0.0);
        assert_eq!(chaos.draw(HEALTH_PATH), None);
        assert_eq!(chaos.draw(OPENAPI_PATH), None);
        assert_eq!(Chaos::default().draw("/orders"), None);
    }
}
