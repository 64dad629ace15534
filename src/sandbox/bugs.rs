//! Faults that the shop can be given, each a plausible slip of somebody who writes concurrent code:
//! a check outside the lock, a version check that is missing. Each breaks one rule and no other.

use crate::plan::Suggestion;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A reservation is accepted although there is not enough stock.
    Oversell,
    /// The loser of a version race over stock leaves its pieces reserved, for nobody.
    Undersell,
    /// A change of an account's status that would lose a version race is written all the same.
    LostUpdate,
    /// A refund is completed again.
    DoubleRefund,
    /// A cart is checked out again.
    DoubleCheckout,
    /// An external id is registered again.
    DuplicateCustomer,
    /// The payment of an order is recorded over its cancellation.
    CancelledAndPaid,
    /// A cancelled order is processed.
    Resurrect,
    /// A shipment is handed over to a carrier again.
    DoubleHandoff,
    /// A fulfillment is handed over that was cancelled, or the other way round.
    CancelledAndShipped,
    /// A customer reviews a product again.
    DuplicateReview,
    /// A customer votes on a review again.
    DoubleVote,
    /// A seller replies to a review again.
    DoubleReply,
    /// A customer gives up a type of messages again.
    DoubleUnsubscribe,
    /// A message is cancelled again.
    DoubleCancel,
}

/// A word that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault `{word}`{suggestion} (faults: {})", Bug::words())]
pub struct UnknownBug {
    /// The word given.
    pub word: String,
    /// The fault that is most like it.
    pub suggestion: Suggestion,
}

impl Bug {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::Oversell,
        Self::Undersell,
        Self::LostUpdate,
        Self::DoubleRefund,
        Self::DoubleCheckout,
        Self::DuplicateCustomer,
        Self::CancelledAndPaid,
        Self::Resurrect,
        Self::DoubleHandoff,
        Self::CancelledAndShipped,
        Self::DuplicateReview,
        Self::DoubleVote,
        Self::DoubleReply,
        Self::DoubleUnsubscribe,
        Self::DoubleCancel,
    ];

    /// The word that users write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Oversell => "oversell",
            Self::Undersell => "undersell",
            Self::LostUpdate => "lost-update",
            Self::DoubleRefund => "double-refund",
            Self::DoubleCheckout => "double-checkout",
            Self::DuplicateCustomer => "duplicate-customer",
            Self::CancelledAndPaid => "cancelled-and-paid",
            Self::Resurrect => "resurrect",
            Self::DoubleHandoff => "double-handoff",
            Self::CancelledAndShipped => "cancelled-and-shipped",
            Self::DuplicateReview => "duplicate-review",
            Self::DoubleVote => "double-vote",
            Self::DoubleReply => "double-reply",
            Self::DoubleUnsubscribe => "double-unsubscribe",
            Self::DoubleCancel => "double-cancel",
        }
    }

    /// Reads the word of a fault.
    ///
    /// # Errors
    /// When there is no such fault.
    pub fn parse(word: &str) -> Result<Self, UnknownBug> {
        let named = Self::ALL.into_iter().find(|bug| bug.word() == word);
        named.ok_or_else(|| UnknownBug {
            word: word.to_owned(),
            suggestion: Suggestion::for_word(word, Self::ALL.map(Self::word)),
        })
    }

    fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }
}

/// How likely each fault is to strike where it can. None does by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bugs {
    probabilities: [f64; Bug::ALL.len()],
}

impl Bugs {
    /// The same, with this fault striking with this probability, 0 to 1.
    #[must_use]
    pub fn with(mut self, bug: Bug, probability: f64) -> Self {
        self.probabilities[bug as usize] = probability;
        self
    }

    /// How likely the fault is to strike.
    #[must_use]
    pub fn probability(&self, bug: Bug) -> f64 {
        self.probabilities[bug as usize]
    }

    /// Whether the fault strikes now.
    pub fn strike(&self, bug: Bug) -> bool {
        let probability = self.probabilities[bug as usize];
        probability > 0.0 && fastrand::f64() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_strike_as_often_as_told() {
        for bug in Bug::ALL {
            assert_eq!(Bug::parse(bug.word()), Ok(bug));
        }
        let message = Bug::parse("oversel").unwrap_err().to_string();
        assert!(message.contains("did you mean `oversell`?"), "{message}");
        let bugs = Bugs::default().with(Bug::Resurrect, 1.0);
        assert!(bugs.strike(Bug::Resurrect) && !bugs.strike(Bug::Oversell));
    }
}
