//! The races that are written in Rust, one file a kind, and the table that names them: what must hold of
//! them is more than a workload file can say. All other journeys are in `workloads/shopstream`.

mod customer_races;
pub(super) mod flash_sale;
mod order_races;
mod payment_races;
mod raced;
mod races;
mod refund_races;
mod run_races;
mod stock_race;
mod taken;
mod timed_sale;

pub use taken::TakenStep;

use super::Supplies;
use crate::engine::{Journey, Link, Session};

/// Writes the table of races: kind, name in the files, function, and every step that it may take with its
/// number in a pass that goes well.
macro_rules! journeys {
    ($($kind:ident = $name:literal, $file:ident::$function:ident, [$($taken:expr),+];)+) => {
        /// A journey that is written in Rust.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RaceJourney {
            $(#[doc = concat!("`", $name, "`")] $kind),+
        }

        impl RaceJourney {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// What the files call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            /// The one that the files call so.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|race| race.name() == name)
            }

            /// Every step that the journey may take, each once.
            #[must_use]
            pub const fn steps(self) -> &'static [TakenStep] {
                #[allow(clippy::wildcard_imports, reason = "all steps, each named in the table")]
                use super::steps::*;
                use raced::{ADDRESSES, CHECKOUTS, REFUNDS, REGISTRATIONS, RESERVATIONS};
                use taken::{before, contended, in_vain, once, times};
                match self {
                    $(Self::$kind => const { &[$($taken),+] }),+
                }
            }

            /// Carries the journey out once, from start to end.
            ///
            /// # Errors
            /// When a step that it depends on did not succeed, or the run is over.
            #[inline]
            pub async fn carry_out<L: Link>(
                self,
                user: &mut Session<L>,
                supplies: &Supplies,
            ) -> Journey {
                match self {
                    $(Self::$kind => $file::$function(user, supplies).await),+
                }
            }
        }
    };
}

journeys! {
    FlashSaleStampede = "FlashSaleStampede", flash_sale::stampede,
        [before(FLASH_CREATE_WAREHOUSE), before(FLASH_INITIALIZE_STOCK), in_vain(FLASH_RESERVE)];
    CancelDuringPayment = "CancelDuringPaymentJourney", races::cancel_during_payment,
        [once(CANCEL_CREATE_ORDER), once(CANCEL_CONFIRM_ORDER), once(CANCEL_INITIATE_PAYMENT),
         once(CANCEL_RECORD_PAYMENT_PENDING), once(CANCEL_RACE_CANCEL), once(CANCEL_RACE_PAYMENT)];
    ConcurrentOrderModification = "ConcurrentOrderModificationJourney", races::concurrent_order_modification,
        [once(MODIFY_CREATE_ORDER), once(MODIFY_RACE_ITEM), once(MODIFY_RACE_CONFIRM),
         in_vain(MODIFY_RACE_LATE_ITEM)];
    LastPieces = "LastPiecesRace", stock_race::last_pieces,
        [once(LAST_INITIALIZE_STOCK), contended(RESERVATIONS, 2.0, LAST_RACE_RESERVE)];
    CancelAgainstPaid = "CancelAgainstPaidRace", order_races::cancel_against_paid,
        [once(PAID_CREATE_ORDER), once(PAID_CONFIRM_ORDER), once(PAID_RECORD_PENDING),
         once(PAID_RACE_CANCEL), contended(1, 0.5, PAID_RACE_SUCCESS)];
    DuplicateWebhook = "DuplicateWebhookRace", payment_races::duplicate_webhook,
        [once(WEBHOOK_INITIATE), contended(2, 1.0, WEBHOOK_RACE_SUCCESS)];
    ContradictingWebhooks = "ContradictingWebhooksRace", payment_races::contradicting_webhooks,
        [once(CONTRADICT_INITIATE), contended(1, 0.5, CONTRADICT_RACE_SUCCESS), contended(1, 0.5,
         CONTRADICT_RACE_FAILURE)];
    ConcurrentRefunds = "ConcurrentRefundsRace", refund_races::concurrent_refunds,
        [once(REFUNDS_INITIATE), once(REFUNDS_CONFIRM), contended(REFUNDS, 3.0,
         REFUNDS_RACE_REQUEST), times(3.0, REFUNDS_COMPLETE)];
    DuplicateRefundWebhook = "DuplicateRefundWebhookRace", refund_races::duplicate_refund_webhook,
        [once(TWICE_INITIATE), once(TWICE_CONFIRM), once(TWICE_REQUEST), contended(2, 1.0,
         TWICE_RACE_COMPLETE)];
    SameIdempotencyKey = "SameIdempotencyKeyRace", payment_races::same_idempotency_key,
        [contended(2, 2.0, KEY_RACE_INITIATE)];
    SameExternalId = "SameExternalIdRace", customer_races::same_external_id,
        [contended(REGISTRATIONS, 1.0, EXTERNAL_RACE_REGISTER)];
    ConcurrentCheckout = "ConcurrentCheckoutRace", order_races::concurrent_checkout,
        [once(CHECKOUT_CREATE_CART), once(CHECKOUT_ADD_ITEM), contended(CHECKOUTS, 1.0,
         CHECKOUT_RACE)];
    ElevenAddresses = "ElevenAddressesRace", customer_races::eleven_addresses,
        [once(ADDRESSES_REGISTER), contended(ADDRESSES, 10.0, ADDRESSES_RACE_ADD)];
    DoubleSuspend = "DoubleSuspendRace", customer_races::double_suspend,
        [once(SUSPEND_REGISTER), contended(2, 1.0, SUSPEND_RACE)];
}
