//! The domains, each with an outbox, engines and streams of its own.

pub use crate::shop::Domain;
use crate::shop::events::EVENTS;
use crate::shop::{CONTEXTS, Generation};
use crate::stats::Event;
use std::ops::Range;

/// Number of domains of any generation.
pub const DOMAINS: usize = CONTEXTS.len();

impl Domain {
    /// Those of a generation: a prefix of all.
    #[must_use]
    pub fn of_generation(generation: Generation) -> &'static [Self] {
        &Self::ALL[..generation.contexts().len()]
    }

    /// The domain that raises `event`.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|domain| domain.title() == event.domain)
    }

    /// Where the domain's events stand in [`EVENTS`]; at its end when there are none.
    pub(super) fn kinds(self) -> Range<usize> {
        let is_ours = |event: &Event| event.domain == self.title();
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
            assert!(!kinds.is_empty(), "{domain:?}");
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
