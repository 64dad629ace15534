//! Events raised, told from what came of requests: what a step raises when it succeeds, and what it
//! leaves behind when it does not, is a fact of the step; what a reply cannot tell is a range.
//!
//! The shop is not asked. Which events go through the outbox to the pipeline depends on its
//! generation.

use super::run_record::{DomainRecord, EventRecord};
use crate::stats::{Absorb, Event, Raising, ToldEvents, Totals, told, told_in_all};

/// Every event that the plan can raise, and how often it was, in the order of the steps that raise
/// it.
pub fn event_records(totals: &Totals) -> Vec<EventRecord> {
    let mut kinds: Vec<(&Event, ToldEvents)> = Vec::new();
    for (raises, name) in totals.context.raises.iter().zip(&totals.names) {
        for (event, told) in told(raises, name) {
            match kinds.iter_mut().find(|(known, _)| *known == event) {
                Some((_, sum)) => sum.absorb(&told),
                None => kinds.push((event, told)),
            }
        }
    }
    let record = |(event, told): (&Event, ToldEvents)| {
        let count = natural(told.count);
        EventRecord {
            domain: event.domain.to_owned(),
            name: event.name.to_owned(),
            outbox: event.outbox,
            count,
            at_least: Some(natural(told.at_least())),
            at_most: Some(natural(told.at_most())),
            per_s: totals.per_s(count),
        }
    };
    kinds.into_iter().map(record).collect()
}

/// The same by domain.
pub fn domain_records(totals: &Totals) -> Vec<DomainRecord> {
    domains(&totals.context.raises)
        .into_iter()
        .map(|domain| {
            let told = raised(domain, &totals.context.raises, &totals.names);
            let (events, outbox) = (natural(told.count), natural(told.outbox));
            DomainRecord {
                domain: domain.to_owned(),
                events,
                events_at_least: Some(natural(told.at_least())),
                events_at_most: Some(natural(told.at_most())),
                events_per_s: totals.per_s(events),
                outbox_events: outbox,
                outbox_events_at_most: Some(natural(told.outbox + told.outbox_may_be_more)),
                outbox_events_per_s: totals.per_s(outbox),
            }
        })
        .collect()
}

/// Over a whole run nothing is below zero.
fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// Names of the domains that `raises` speaks of, in the order in which they come.
pub fn domains(raises: &[Vec<Event>]) -> Vec<&'static str> {
    let mut domains = Vec::new();
    for event in raises.iter().flatten() {
        if !domains.contains(&event.domain) {
            domains.push(event.domain);
        }
    }
    domains
}

/// What `requests`, name by name, raised in `domain`.
pub fn raised<'a, R: Raising + 'a>(
    domain: &str,
    raises: &[Vec<Event>],
    requests: impl IntoIterator<Item = &'a R>,
) -> ToldEvents {
    told_in_all(raises, requests, |event| event.domain == domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Correction, LatencyCounts, Measured, Outcome};

    const fn event(domain: &'static str, name: &'static str, outbox: bool) -> Event {
        Event {
            domain,
            name,
            outbox,
        }
    }
    const CHECKOUT: &[Event] = &[
        event("Ordering", "OrderCreated", false),
        event("Ordering", "CartConverted", true),
    ];
    const ORDER: &[Event] = &[event("Ordering", "OrderCreated", false)];
    const PAYMENT: &[Event] = &[event("Payments", "PaymentInitiated", false)];

    fn requests(successes: u64) -> Measured<LatencyCounts> {
        let mut requests = Measured::default();
        requests.outcomes[Outcome::Success] = successes;
        requests
    }

    #[test]
    fn a_success_raises_what_its_step_raises() {
        let raises = [CHECKOUT, PAYMENT, &[], ORDER].map(<[Event]>::to_vec);
        assert_eq!(domains(&raises), ["Ordering", "Payments"]);
        let mut counted = [10, 3, 99, 5].map(requests);
        let ordering = raised("Ordering", &raises, &counted);
        assert_eq!((ordering.count, ordering.outbox), (25, 10));
        let payments = raised("Payments", &raises, &counted);
        assert_eq!((payments.count, payments.outbox), (3, 0));

        counted[0].corrections[0].beside += 2;
        counted[3].corrections[0].absorb(&Correction {
            may_be_less: 1,
            ..Correction::default()
        });
        let ordering = raised("Ordering", &raises, &counted);
        assert_eq!((ordering.count, ordering.at_least()), (27, 26));
    }
}
