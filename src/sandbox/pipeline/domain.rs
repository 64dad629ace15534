//! The domains, each with an outbox, engines and streams of its own.

use crate::shop::events::EVENTS;
use crate::shop::{CONTEXTS, Generation};
use crate::stats::Event;
use std::ops::Range;

/// A domain of the shop, of any generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Customers.
    Identity,
    /// Products and categories.
    Catalogue,
    /// Carts and orders.
    Ordering,
    /// Warehouses and stock.
    Inventory,
    /// Invoices and payments.
    Payments,
    /// Picking, packing and shipments.
    Fulfillment,
    /// Reviews of products.
    Reviews,
    /// Messages to customers.
    Notifications,
}

/// Number of domains of any generation.
pub const DOMAINS: usize = CONTEXTS.len();

impl Domain {
    /// All of them, in the order in which the Observatory lists them.
    pub const ALL: [Self; DOMAINS] = [
        Self::Identity,
        Self::Catalogue,
        Self::Ordering,
        Self::Inventory,
        Self::Payments,
        Self::Fulfillment,
        Self::Reviews,
        Self::Notifications,
    ];

    /// Those of a generation: a prefix of all.
    #[must_use]
    pub fn of_generation(generation: Generation) -> &'static [Self] {
        &Self::ALL[..generation.contexts().len()]
    }

    /// As the Observatory spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        CONTEXTS[self as usize].name
    }

    /// As events spell it.
    fn event_name(self) -> &'static str {
        CONTEXTS[self as usize].title
    }

    /// The domain that raises `event`.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|domain| domain.event_name() == event.domain)
    }

    /// Where the domain's events stand in [`EVENTS`]; at its end when there are none.
    pub(super) fn kinds(self) -> Range<usize> {
        let is_ours = |event: &Event| event.domain == self.event_name();
        let start = EVENTS.iter().position(is_ours).unwrap_or(EVENTS.len());
        let ours = EVENTS[start..].iter().take_while(|event| is_ours(event));
        start..start + ours.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_domain_and_its_place() {
        let mut end = 0;
        for domain in Domain::ALL {
            let kinds = domain.kinds();
            assert_eq!(kinds.start, end, "{domain:?}");
            assert!(!kinds.is_empty() || domain as usize >= 5);
            end = kinds.end;
            for event in &EVENTS[kinds] {
                assert_eq!(Domain::of(event), Some(domain));
            }
        }
        assert_eq!(end, EVENTS.len());
    }

    #[test]
    fn domains_are_named_as_the_contexts_of_their_generation() {
        for generation in Generation::ALL {
            let domains = Domain::of_generation(generation);
            let names: Vec<_> = domains.iter().map(|domain| domain.name()).collect();
            let contexts = generation.contexts().iter();
            assert_eq!(names, contexts.map(|one| one.name).collect::<Vec<_>>());
        }
    }
}
