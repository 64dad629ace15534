//! The races that journeys run.

use super::RaceJourney;
use super::raced::{ADDRESSES, CHECKOUTS, REFUNDS, REGISTRATIONS, RESERVATIONS};
use crate::shop::races::{
    CANCEL_AGAINST_PAID, CANCEL_DURING_PAYMENT, CONCURRENT_CHECKOUT, CONCURRENT_REFUNDS,
    CONTRADICTING_WEBHOOKS, DOUBLE_SUSPEND, DUPLICATE_REFUND_WEBHOOK, DUPLICATE_WEBHOOK,
    ELEVEN_ADDRESSES, FLASH_SALE, LAST_PIECES, MODIFY_DURING_CONFIRM, SAME_EXTERNAL_ID,
    SAME_IDEMPOTENCY_KEY,
};
use crate::stats::Race;

impl RaceJourney {
    /// The race that the journey runs, and its racers; 0 for one across users.
    #[must_use]
    pub fn race(self) -> (&'static Race, usize) {
        match self {
            Self::FlashSaleStampede => (FLASH_SALE, 0),
            Self::LastPieces => (LAST_PIECES, RESERVATIONS),
            Self::CancelDuringPayment => (CANCEL_DURING_PAYMENT, 2),
            Self::CancelAgainstPaid => (CANCEL_AGAINST_PAID, 2),
            Self::ConcurrentOrderModification => (MODIFY_DURING_CONFIRM, 3),
            Self::DuplicateWebhook => (DUPLICATE_WEBHOOK, 2),
            Self::ContradictingWebhooks => (CONTRADICTING_WEBHOOKS, 2),
            Self::ConcurrentRefunds => (CONCURRENT_REFUNDS, REFUNDS),
            Self::DuplicateRefundWebhook => (DUPLICATE_REFUND_WEBHOOK, 2),
            Self::SameIdempotencyKey => (SAME_IDEMPOTENCY_KEY, 2),
            Self::SameExternalId => (SAME_EXTERNAL_ID, REGISTRATIONS),
            Self::ConcurrentCheckout => (CONCURRENT_CHECKOUT, CHECKOUTS),
            Self::ElevenAddresses => (ELEVEN_ADDRESSES, ADDRESSES),
            Self::DoubleSuspend => (DOUBLE_SUSPEND, 2),
        }
    }
}
