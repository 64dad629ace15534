//! Faults that the shop can be given, each a plausible slip of somebody who writes concurrent code:
//! a check outside the lock, a version check that is missing. Each breaks one rule and no other.

use crate::plan::Suggestion;

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $word:literal;)+) => {
        /// A fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug {
            $($(#[$doc])* $fault,)+
        }

        impl Bug {
            /// Every fault.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$fault),+];

            /// The word that users write.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$fault => $word,)+
                }
            }
        }
    };
}

faults! {
    /// A reservation is accepted although there is not enough stock.
    Oversell = "oversell";
    /// The loser of a version race over stock leaves its pieces reserved, for nobody.
    Undersell = "undersell";
    /// A change of an account's status that would lose a version race is written all the same.
    LostUpdate = "lost-update";
    /// A refund is completed again.
    DoubleRefund = "double-refund";
    /// A cart is checked out again.
    DoubleCheckout = "double-checkout";
    /// An external id is registered again.
    DuplicateCustomer = "duplicate-customer";
    /// The payment of an order is recorded over its cancellation.
    CancelledAndPaid = "cancelled-and-paid";
    /// A cancelled order is processed.
    Resurrect = "resurrect";
    /// A shipment is handed over to a carrier again.
    DoubleHandoff = "double-handoff";
    /// A fulfillment is handed over that was cancelled, or the other way round.
    CancelledAndShipped = "cancelled-and-shipped";
    /// A customer reviews a product again.
    DuplicateReview = "duplicate-review";
    /// A customer votes on a review again.
    DoubleVote = "double-vote";
    /// A seller replies to a review again.
    DoubleReply = "double-reply";
    /// A customer gives up a type of messages again.
    DoubleUnsubscribe = "double-unsubscribe";
    /// A message is cancelled again.
    DoubleCancel = "double-cancel";
    /// A fulfillment is given to another picker.
    DoublePicker = "double-picker";
    /// A pick list is completed again.
    DoublePicking = "double-picking";
    /// A parcel is given another label.
    DoubleLabel = "double-label";
    /// A fulfillment is cancelled again.
    CancelledTwice = "cancelled-twice";
    /// A fulfillment that was cancelled is given to a picker.
    PickedAfterCancel = "picked-after-cancel";
    /// A shipment that something went wrong with goes wrong again, without having moved.
    DoubleException = "double-exception";
    /// A delivery is confirmed again.
    DoubleDelivery = "double-delivery";
    /// What was delivered is tracked on.
    TrackedAfterDelivery = "tracked-after-delivery";
    /// A review that was approved or rejected is so again, or the other way round.
    DoubleVerdict = "double-verdict";
    /// A review is removed again.
    DoubleRemoval = "double-removal";
    /// A review that is published is changed by its author.
    EditedAfterApproval = "edited-after-approval";
    /// A seller replies to a review that was removed.
    RepliedAfterRemoval = "replied-after-removal";
    /// A customer wants a type of messages again that is wanted.
    DoubleResubscribe = "double-resubscribe";
    /// Quiet hours that would lose a version race are written all the same, over the channels chosen meanwhile.
    LostChannels = "lost-channels";
    /// Channels that would lose a version race are written all the same, over the quiet hours set meanwhile.
    LostQuietHours = "lost-quiet-hours";
    /// A message that was cancelled is sent again.
    RetriedAfterCancel = "retried-after-cancel";
    /// A warehouse is closed again.
    DoubleDeactivation = "double-deactivation";
    /// More pieces are written off than are damaged.
    OverWriteOff = "over-write-off";
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bugs {
    probabilities: [f64; Bug::ALL.len()],
}

impl Default for Bugs {
    fn default() -> Self {
        Self {
            probabilities: [0.0; Bug::ALL.len()],
        }
    }
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
