//! The journeys, one file a domain, and the table that names them.

mod identity;
mod spike;

use super::payloads::Payloads;
use super::steps;
use crate::engine::{Journey, Link, Session, Step};

/// Writes the table of journeys: kind, name in reports, function, and every step that it may take.
macro_rules! journeys {
    ($($kind:ident = $name:literal, $file:ident::$function:ident, [$($step:ident),+];)+) => {
        /// A journey that user classes can be made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JourneyKind {
            $(#[doc = concat!("`", $name, "`")] $kind),+
        }

        impl JourneyKind {
            /// Every journey.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Name as in the Locust suite.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            /// Every step that the journey may take.
            #[must_use]
            pub const fn steps(self) -> &'static [&'static Step] {
                match self {
                    $(Self::$kind => &[$(steps::$step),+]),+
                }
            }

            /// Whether the journey may take `step`.
            #[must_use]
            pub fn takes(self, step: &Step) -> bool {
                self.steps().iter().any(|taken| taken.index == step.index)
            }

            /// Carries the journey out once, from start to end.
            ///
            /// # Errors
            /// When a step that it depends on did not succeed, or the run is over.
            #[inline]
            pub async fn carry_out<L: Link>(
                self,
                user: &mut Session<L>,
                payloads: &Payloads,
            ) -> Journey {
                match self {
                    $(Self::$kind => $file::$function(user, payloads).await),+
                }
            }
        }
    };
}

journeys! {
    NewCustomer = "NewCustomerJourney", identity::new_customer,
        [REGISTER, UPDATE_PROFILE, ADD_ADDRESS, UPGRADE_TIER];
    AccountLifecycle = "AccountLifecycleJourney", identity::account_lifecycle,
        [REGISTER, SUSPEND, REACTIVATE, CLOSE];
    TierProgression = "TierProgressionJourney", identity::tier_progression,
        [REGISTER, UPGRADE_TIER];
    RapidRegistration = "rapid_registration", spike::rapid_registration,
        [SPIKE_REGISTER];
}
