//! The five domains, each with an outbox, engines and streams of its own.

use crate::shop::events::EVENTS;
use crate::stats::Event;
use std::ops::Range;

/// A domain of the shop.
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
}

/// Number of domains.
pub const DOMAINS: usize = 5;

impl Domain {
    /// All of them, in the order in which the Observatory lists them.
    pub const ALL: [Self; DOMAINS] = [
        Self::Identity,
        Self::Catalogue,
        Self::Ordering,
        Self::Inventory,
        Self::Payments,
    ];

    /// As the Observatory spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Catalogue => "catalogue",
            Self::Ordering => "ordering",
            Self::Inventory => "inventory",
            Self::Payments => "payments",
        }
    }

    /// As events spell it.
    fn event_name(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Catalogue => "Catalogue",
            Self::Ordering => "Ordering",
            Self::Inventory => "Inventory",
            Self::Payments => "Payments",
        }
    }

    /// The domain that raises `event`.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|domain| domain.event_name() == event.domain)
    }

    /// Where the domain's events stand in [`EVENTS`].
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
            assert!(!kinds.is_empty());
            end = kinds.end;
            for event in &EVENTS[kinds] {
                assert_eq!(Domain::of(event), Some(domain));
            }
        }
        assert_eq!(end, EVENTS.len());
    }
}
