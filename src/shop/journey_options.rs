//! Options of journeys: how they may differ from those of the Locust suite, all off by default.

use super::Suite;
use crate::plan::Suggestion;
use serde::{Serialize, Serializer};
use std::fmt;

/// One way in which journeys may differ from those of the Locust suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JourneyOption {
    /// Every failed step ends its journey.
    Strict,
    /// A release of a reservation that does not exist, which the shop has to refuse.
    ReleaseProbe,
    /// Stock is counted as it is, so that the shop finds no discrepancy.
    MatchingCount,
    /// A payment is sent twice under one idempotency key.
    RepeatedKey,
    /// The saga's payment steps may be refused, because the shop runs the saga itself.
    TolerantSaga,
    /// Requests, instead of task runs, are even over the domains of the flood.
    ByRequest,
    /// What cannot succeed in today's suite is done as it is written there.
    AsWritten,
    /// Journeys and weights are those of today's suite. No word of users: they name the [`Suite`].
    SuiteToday,
}

/// A word that is no option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no option `{word}`{suggestion} (options: {})",
    JourneyOption::words()
)]
pub struct UnknownOption {
    /// The word given.
    pub word: String,
    /// The option that is most like it.
    pub suggestion: Suggestion,
}

impl JourneyOption {
    /// Every option that users may name.
    pub const ALL: [Self; 7] = [
        Self::Strict,
        Self::ReleaseProbe,
        Self::MatchingCount,
        Self::RepeatedKey,
        Self::TolerantSaga,
        Self::ByRequest,
        Self::AsWritten,
    ];

    /// The word that users write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::ReleaseProbe => "release-probe",
            Self::MatchingCount => "matching-count",
            Self::RepeatedKey => "repeated-key",
            Self::TolerantSaga => "tolerant-saga",
            Self::ByRequest => "by-request",
            Self::AsWritten => "as-written",
            Self::SuiteToday => "suite-today",
        }
    }

    /// One line for lists.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Strict => "every failed step ends its journey",
            Self::ReleaseProbe => {
                "ReservationReleaseJourney releases a reservation that there is not, and expects 400"
            }
            Self::MatchingCount => {
                "StockInitAndReceiveJourney counts right, so the shop adjusts nothing"
            }
            Self::RepeatedKey => {
                "PaymentSuccessJourney sends each payment twice under one idempotency key"
            }
            Self::TolerantSaga => {
                "SagaOrderCheckoutJourney may be refused where the shop's own saga is faster"
            }
            Self::ByRequest => "CrossDomainFloodUser sends each domain as many requests",
            Self::AsWritten => {
                "journeys of today's suite go as they are written there, where that cannot succeed"
            }
            Self::SuiteToday => {
                "journeys and their weights are those of today's suite; --suite says it"
            }
        }
    }

    /// Reads the word of an option.
    ///
    /// # Errors
    /// When there is no such option.
    pub fn parse(word: &str) -> Result<Self, UnknownOption> {
        let named = Self::ALL.into_iter().find(|option| option.word() == word);
        named.ok_or_else(|| UnknownOption {
            word: word.to_owned(),
            suggestion: Suggestion::for_word(word, Self::ALL.map(Self::word)),
        })
    }

    fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of options.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct JourneyOptions {
    bits: u8,
}

impl JourneyOptions {
    /// Whether `option` is one of them.
    #[inline]
    #[must_use]
    pub const fn has(self, option: JourneyOption) -> bool {
        self.bits & option.bit() != 0
    }

    /// Their words, as a plan has them.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        self.iter().map(JourneyOption::word).collect()
    }

    /// The same in runs of `suite`.
    #[must_use]
    pub fn in_suite(self, suite: Suite) -> Self {
        let bit = JourneyOption::SuiteToday.bit();
        let bits = match suite {
            Suite::Five => self.bits & !bit,
            Suite::Today => self.bits | bit,
        };
        Self { bits }
    }

    /// The options of the set that users may name, in the order of [`JourneyOption::ALL`].
    pub fn iter(self) -> impl Iterator<Item = JourneyOption> {
        JourneyOption::ALL
            .into_iter()
            .filter(move |option| self.has(*option))
    }
}

impl FromIterator<JourneyOption> for JourneyOptions {
    fn from_iter<T: IntoIterator<Item = JourneyOption>>(options: T) -> Self {
        let bits = options
            .into_iter()
            .fold(0, |bits, option| bits | option.bit());
        Self { bits }
    }
}

impl fmt::Debug for JourneyOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for JourneyOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(JourneyOption::word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_a_wrong_one_gets_a_suggestion() {
        for option in JourneyOption::ALL {
            assert_eq!(JourneyOption::parse(option.word()), Ok(option));
            assert!(!option.summary().is_empty());
        }
        let message = JourneyOption::parse("stict").unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no option `stict`; did you mean `strict`? (options: strict, release-probe, \
             matching-count, repeated-key, tolerant-saga, by-request, as-written)"
        );
        assert!(JourneyOption::parse("").is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let none = JourneyOptions::default();
        assert_eq!(none.iter().count(), 0);
        let all = JourneyOptions::from_iter(JourneyOption::ALL);
        assert_eq!(all.iter().collect::<Vec<_>>(), JourneyOption::ALL);
        let two: JourneyOptions = [JourneyOption::ByRequest, JourneyOption::Strict]
            .into_iter()
            .collect();
        for option in JourneyOption::ALL {
            assert!(!none.has(option) && all.has(option));
            let is_in = [JourneyOption::Strict, JourneyOption::ByRequest].contains(&option);
            assert_eq!(two.has(option), is_in, "{option:?}");
        }
        assert_eq!(
            serde_json::to_string(&two).unwrap(),
            r#"["strict","by-request"]"#
        );
        assert_eq!(format!("{two:?}"), "{Strict, ByRequest}");
    }
}
