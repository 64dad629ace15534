//! What becomes of a request, and the words for it.

use super::FailureRule;
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
    /// How many there are.
    pub const COUNT: usize = 5;

    /// Every outcome, in the order of their discriminants.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Success,
        Self::Refused,
        Self::Conflict,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a request that ended so counts as a failure.
    #[must_use]
    pub fn is_failure(self, rule: FailureRule) -> bool {
        match self {
            Self::Success => false,
            Self::Failed | Self::Unknown => true,
            Self::Refused | Self::Conflict => rule == FailureRule::Strict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_json() {
        for outcome in Outcome::ALL {
            let json = serde_json::to_value(outcome).unwrap();
            assert_eq!(json, outcome.word());
        }
    }
}
