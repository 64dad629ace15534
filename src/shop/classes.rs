//! The user classes: weighted journeys and a wait time each.

use super::JourneyKind;
use crate::plan::WaitTime;
use crate::shop::{JourneyOption, JourneyOptions};
use crate::stats::Event;

/// A kind of user.
#[derive(Debug)]
pub struct UserClass {
    /// Name as in the Locust suite, for example `SpikeUser`.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Wait after each step under `--pacing class`.
    pub wait: WaitTime,
    /// What its users do; at least one journey.
    pub journeys: &'static [WeightedJourney],
    /// The same with [`JourneyOption::ByRequest`], if that makes a difference.
    pub by_request: Option<&'static [WeightedJourney]>,
}

impl UserClass {
    /// What its users do in a run with `options`.
    #[must_use]
    pub fn journeys_with(&self, options: JourneyOptions) -> &'static [WeightedJourney] {
        match self.by_request {
            Some(journeys) if options.has(JourneyOption::ByRequest) => journeys,
            _ => self.journeys,
        }
    }

    /// Whether its users make this journey.
    #[must_use]
    pub fn makes(&self, journey: JourneyKind) -> bool {
        self.journeys.iter().any(|entry| entry.journey == journey)
    }

    /// Mean requests of a pass when all goes well.
    #[must_use]
    pub fn requests_per_pass(&self, options: JourneyOptions) -> f64 {
        self.mean(options, |journey| journey.requests_per_pass(options))
    }

    /// Mean events that a pass raises when all goes well, of those that `counts` picks.
    pub fn events_per_pass(&self, options: JourneyOptions, counts: impl Fn(&Event) -> bool) -> f64 {
        self.mean(options, |journey| journey.events_per_pass(options, &counts))
    }

    /// The mean of `figure` over passes.
    fn mean(&self, options: JourneyOptions, figure: impl Fn(JourneyKind) -> f64) -> f64 {
        let journeys = self.journeys_with(options);
        let weighted = journeys
            .iter()
            .map(|entry| f64::from(entry.weight) * figure(entry.journey));
        weighted.sum::<f64>() / f64::from(total_weight(journeys))
    }
}

/// A journey and its weight among those of a class.
#[derive(Clone, Copy, Debug)]
pub struct WeightedJourney {
    /// The journey.
    pub journey: JourneyKind,
    /// Share of the passes, at least 1.
    pub weight: u32,
}

/// The sum of all weights.
#[must_use]
pub fn total_weight(journeys: &[WeightedJourney]) -> u32 {
    journeys.iter().map(|entry| entry.weight).sum()
}

const fn weighted(weight: u32, journey: JourneyKind) -> WeightedJourney {
    WeightedJourney { journey, weight }
}

/// Uniform think time, in milliseconds.
const fn between(min_ms: u64, max_ms: u64) -> WaitTime {
    WaitTime::Between {
        min_us: min_ms * 1_000,
        max_us: max_ms * 1_000,
    }
}

/// A fixed interval from step to step, in milliseconds.
const fn every(interval_ms: u64) -> WaitTime {
    WaitTime::ConstantPacing {
        interval_us: interval_ms * 1_000,
    }
}

/// Every user class.
pub static USER_CLASSES: &[UserClass] = &[
    UserClass {
        name: "IdentityUser",
        summary: "registrations, account lifecycles and tier upgrades",
        wait: between(500, 2_000),
        journeys: &[
            weighted(5, JourneyKind::NewCustomer),
            weighted(3, JourneyKind::AccountLifecycle),
            weighted(2, JourneyKind::TierProgression),
        ],
        by_request: None,
    },
    UserClass {
        name: "CatalogueUser",
        summary: "products with variants and images, categories",
        wait: between(500, 2_000),
        journeys: &[
            weighted(5, JourneyKind::ProductCatalog),
            weighted(2, JourneyKind::ProductLifecycle),
            weighted(3, JourneyKind::CategoryHierarchy),
        ],
        by_request: None,
    },
    UserClass {
        name: "OrderingUser",
        summary: "carts, and orders to completion, cancellation or return",
        wait: between(500, 2_000),
        journeys: &[
            weighted(6, JourneyKind::CartLifecycle),
            weighted(5, JourneyKind::OrderFullLifecycle),
            weighted(3, JourneyKind::CartToCheckout),
            weighted(3, JourneyKind::OrderCancellation),
            weighted(3, JourneyKind::OrderReturn),
        ],
        by_request: None,
    },
    UserClass {
        name: "InventoryUser",
        summary: "stock put in, received, counted, reserved and written off",
        wait: between(500, 2_000),
        journeys: &[
            weighted(7, JourneyKind::StockInitAndReceive),
            weighted(5, JourneyKind::ReservationLifecycle),
            weighted(4, JourneyKind::ReservationRelease),
            weighted(4, JourneyKind::DamageWriteOff),
        ],
        by_request: None,
    },
    UserClass {
        name: "PaymentsUser",
        summary: "payments confirmed, refused and refunded, invoices",
        wait: between(500, 2_000),
        journeys: &[
            weighted(8, JourneyKind::PaymentSuccess),
            weighted(4, JourneyKind::PaymentFailureRetry),
            weighted(4, JourneyKind::PaymentRefund),
            weighted(4, JourneyKind::Invoice),
        ],
        by_request: None,
    },
    UserClass {
        name: "MixedWorkloadUser",
        summary: "18 journeys of all domains, as a shop sees them in a day",
        wait: between(500, 3_000),
        journeys: &[
            weighted(8, JourneyKind::NewCustomer),
            weighted(3, JourneyKind::AccountLifecycle),
            weighted(2, JourneyKind::TierProgression),
            weighted(5, JourneyKind::ProductCatalog),
            weighted(2, JourneyKind::ProductLifecycle),
            weighted(2, JourneyKind::CategoryHierarchy),
            weighted(6, JourneyKind::CartLifecycle),
            weighted(5, JourneyKind::OrderFullLifecycle),
            weighted(3, JourneyKind::CartToCheckout),
            weighted(3, JourneyKind::OrderCancellation),
            weighted(2, JourneyKind::OrderReturn),
            weighted(4, JourneyKind::StockInitAndReceive),
            weighted(3, JourneyKind::ReservationLifecycle),
            weighted(2, JourneyKind::DamageWriteOff),
            weighted(5, JourneyKind::PaymentSuccess),
            weighted(3, JourneyKind::PaymentFailureRetry),
            weighted(2, JourneyKind::PaymentRefund),
            weighted(2, JourneyKind::Invoice),
        ],
        by_request: None,
    },
    UserClass {
        name: "CrossDomainUser",
        summary: "whole orders through all domains, sagas, races",
        wait: between(1_000, 3_000),
        journeys: &[
            weighted(8, JourneyKind::EndToEndOrder),
            weighted(6, JourneyKind::SagaOrderCheckout),
            weighted(3, JourneyKind::CancelDuringPayment),
            weighted(3, JourneyKind::ConcurrentOrderModification),
        ],
        by_request: None,
    },
    UserClass {
        name: "RaceConditionUser",
        summary: "the three races",
        wait: between(300, 1_000),
        journeys: &[
            weighted(4, JourneyKind::CancelDuringPayment),
            weighted(4, JourneyKind::ConcurrentOrderModification),
            weighted(2, JourneyKind::FlashSaleStampede),
        ],
        by_request: None,
    },
    UserClass {
        name: "RaceAuditUser",
        summary: "every race of one user against itself, each with its rule",
        wait: WaitTime::None,
        journeys: &[
            weighted(1, JourneyKind::LastPieces),
            weighted(1, JourneyKind::CancelDuringPayment),
            weighted(1, JourneyKind::CancelAgainstPaid),
            weighted(1, JourneyKind::ConcurrentOrderModification),
            weighted(1, JourneyKind::DuplicateWebhook),
            weighted(1, JourneyKind::ContradictingWebhooks),
            weighted(1, JourneyKind::ConcurrentRefunds),
            weighted(1, JourneyKind::DuplicateRefundWebhook),
            weighted(1, JourneyKind::SameIdempotencyKey),
            weighted(1, JourneyKind::SameExternalId),
            weighted(1, JourneyKind::ConcurrentCheckout),
            weighted(1, JourneyKind::ElevenAddresses),
            weighted(1, JourneyKind::DoubleSuspend),
        ],
        by_request: None,
    },
    UserClass {
        name: "FlashSaleUser",
        summary: "reservations of one item, at most 5 a second and user",
        wait: every(200),
        journeys: &[weighted(1, JourneyKind::FlashSaleStampede)],
        by_request: None,
    },
    UserClass {
        name: "EventFloodUser",
        summary: "new things in all domains, at most 10 tasks a second and user",
        wait: every(100),
        journeys: &[
            weighted(5, JourneyKind::FloodCustomer),
            weighted(3, JourneyKind::FloodProduct),
            weighted(2, JourneyKind::FloodCategory),
            weighted(4, JourneyKind::FloodProductVariant),
            weighted(3, JourneyKind::FloodOrder),
            weighted(3, JourneyKind::FloodStock),
            weighted(2, JourneyKind::FloodPayment),
            weighted(2, JourneyKind::FloodWarehouse),
        ],
        by_request: None,
    },
    UserClass {
        name: "SpikeUser",
        summary: "rapid registrations, at most 20 a second and user",
        wait: every(50),
        journeys: &[weighted(1, JourneyKind::RapidRegistration)],
        by_request: None,
    },
    UserClass {
        name: "CrossDomainFloodUser",
        summary: "one task a domain, at most 10 tasks a second and user",
        wait: every(100),
        journeys: &[
            weighted(4, JourneyKind::CrossFloodCustomer),
            weighted(4, JourneyKind::CrossFloodProduct),
            weighted(4, JourneyKind::CrossFloodOrder),
            weighted(4, JourneyKind::CrossFloodStock),
            weighted(4, JourneyKind::CrossFloodPayment),
        ],
        // A registration is one request, every other task two.
        by_request: Some(&[
            weighted(8, JourneyKind::CrossFloodCustomer),
            weighted(4, JourneyKind::CrossFloodProduct),
            weighted(4, JourneyKind::CrossFloodOrder),
            weighted(4, JourneyKind::CrossFloodStock),
            weighted(4, JourneyKind::CrossFloodPayment),
        ]),
    },
];

/// The class called `name`.
#[must_use]
pub fn user_class(name: &str) -> Option<&'static UserClass> {
    USER_CLASSES.iter().find(|class| class.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_found() {
        let mut names = HashSet::new();
        for class in USER_CLASSES {
            assert!(names.insert(class.name));
            assert_eq!(
                user_class(class.name).map(|found| found.name),
                Some(class.name)
            );
        }
        assert!(user_class("spikeuser").is_none());
    }

    #[test]
    fn every_class_has_journeys_with_weights() {
        for class in USER_CLASSES {
            assert!(!class.journeys.is_empty(), "{}", class.name);
            assert!(
                class.journeys.iter().all(|entry| entry.weight > 0),
                "{}",
                class.name
            );
        }
    }

    #[test]
    fn other_weights_are_of_the_same_journeys() {
        for class in USER_CLASSES {
            let kinds = |journeys: &[WeightedJourney]| -> Vec<JourneyKind> {
                journeys.iter().map(|entry| entry.journey).collect()
            };
            let by_request = class.by_request.unwrap_or(class.journeys);
            assert_eq!(kinds(by_request), kinds(class.journeys), "{}", class.name);
        }
    }

    #[test]
    fn every_journey_belongs_to_a_class() {
        let used: HashSet<_> = USER_CLASSES
            .iter()
            .flat_map(|class| class.journeys)
            .map(|entry| entry.journey)
            .collect();
        for journey in JourneyKind::ALL {
            assert!(used.contains(journey), "{}", journey.name());
        }
    }
}
