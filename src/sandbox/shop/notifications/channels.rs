//! What is told over which channels.

use crate::sandbox::shop::projections::MessageKind;

/// A way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Email,
    Push,
    Slack,
}

impl Channel {
    /// As the shop writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Push => "Push",
            Self::Slack => "Slack",
        }
    }
}

impl MessageKind {
    /// As the shop writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::OrderConfirmation => "OrderConfirmation",
            Self::ReviewPrompt => "ReviewPrompt",
            Self::PaymentReceipt => "PaymentReceipt",
            Self::ReviewPublished => "ReviewPublished",
            Self::ReviewRejected => "ReviewRejected",
            Self::LowStockAlert => "LowStockAlert",
        }
    }

    /// The channels that it may go over.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::ReviewPrompt => &[Channel::Email, Channel::Push],
            Self::LowStockAlert => &[Channel::Slack],
            _ => &[Channel::Email],
        }
    }

    /// Whether it goes to the shop's own people, who have no preferences.
    pub fn is_internal(self) -> bool {
        self == Self::LowStockAlert
    }

    /// How long it waits before it is sent, if it does.
    pub fn waits_ns(self) -> Option<u64> {
        const WEEK_NS: u64 = 7 * 24 * 3_600 * 1_000_000_000;
        (self == Self::ReviewPrompt).then_some(WEEK_NS)
    }
}
