//! What becomes of a request.

use crate::plan::FailureRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of a request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Outcome {
    /// The expected status.
    Success,
    /// The business said no: stock gone, illegal transition.
    Refused,
    /// A version race was lost.
    Conflict,
    /// Anything unexpected, the request certainly answered or certainly not sent.
    Failed,
    /// Timed out, broken or unreadable after the request left: it may have happened.
    Unknown,
}

impl Outcome {
    /// Every outcome, in the order of their discriminants.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Refused,
        Self::Conflict,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// How many of the requests that ended so count as failures, by [`Outcome`].
#[must_use]
pub fn failures(rule: FailureRule, outcomes: &[u64; 5]) -> u64 {
    let counted = |outcome: &&Outcome| match outcome {
        Outcome::Success => false,
        Outcome::Failed | Outcome::Unknown => true,
        Outcome::Refused | Outcome::Conflict => rule == FailureRule::Strict,
    };
    Outcome::ALL
        .iter()
        .filter(counted)
        .map(|outcome| outcomes[*outcome as usize])
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_other_outcomes_as_failures() {
        let outcomes = [1_000, 100, 10, 5, 2];
        assert_eq!(failures(FailureRule::Default, &outcomes), 7);
        assert_eq!(failures(FailureRule::Locust, &outcomes), 7);
        assert_eq!(failures(FailureRule::Strict, &outcomes), 117);
    }
}
