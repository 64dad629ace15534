//! Events raised, derived from successes: what a step raises when it succeeds is a fact of the step.
//!
//! The shop is not asked. An event of a relational aggregate goes through the outbox to the pipeline;
//! the others stay in the event store.

use super::run_record::{DomainRecord, EventRecord};
use crate::stats::{Event, Outcome, Totals};

/// Every event that the plan can raise, and how often it was, in the order of the steps that raise
/// it.
pub fn event_records(totals: &Totals) -> Vec<EventRecord> {
    let mut records: Vec<EventRecord> = Vec::new();
    let counted = totals
        .names
        .iter()
        .map(|name| name.with_outcome(Outcome::Success));
    for (raises, count) in totals.context.raises.iter().zip(counted) {
        for event in *raises {
            let known = records
                .iter_mut()
                .find(|record| record.domain == event.domain && record.name == event.name);
            match known {
                Some(record) => record.count += count,
                None => records.push(EventRecord {
                    domain: event.domain.to_owned(),
                    name: event.name.to_owned(),
                    outbox: event.outbox,
                    count,
                    per_s: 0.0,
                }),
            }
        }
    }
    for record in &mut records {
        record.per_s = totals.per_s(record.count);
    }
    records
}

/// The same by domain.
pub fn domain_records(totals: &Totals) -> Vec<DomainRecord> {
    let successes: Vec<u64> = totals
        .names
        .iter()
        .map(|name| name.with_outcome(Outcome::Success))
        .collect();
    domains(&totals.context.raises)
        .into_iter()
        .map(|domain| {
            let Raised { events, outbox } = raised(domain, &totals.context.raises, &successes);
            DomainRecord {
                domain: domain.to_owned(),
                events,
                events_per_s: totals.per_s(events),
                outbox_events: outbox,
                outbox_events_per_s: totals.per_s(outbox),
            }
        })
        .collect()
}

/// Names of the domains that `raises` speaks of, in the order in which they come.
pub fn domains(raises: &[&'static [Event]]) -> Vec<&'static str> {
    let mut domains = Vec::new();
    for event in raises.iter().copied().flatten() {
        if !domains.contains(&event.domain) {
            domains.push(event.domain);
        }
    }
    domains
}

/// Events of a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// All of them.
    pub events: u64,
    /// Those that go through the outbox.
    pub outbox: u64,
}

/// What so many successes of each step raised in `domain`.
pub fn raised(domain: &str, raises: &[&'static [Event]], successes: &[u64]) -> Raised {
    let mut sum = Raised::default();
    for (raises, count) in raises.iter().zip(successes) {
        for event in raises.iter().filter(|event| event.domain == domain) {
            sum.events += count;
            sum.outbox += if event.outbox { *count } else { 0 };
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_success_raises_what_its_step_raises() {
        let raises = [CHECKOUT, PAYMENT, &[], ORDER];
        assert_eq!(domains(&raises), ["Ordering", "Payments"]);
        let successes = [10, 3, 99, 5];
        let ordering = raised("Ordering", &raises, &successes);
        assert_eq!((ordering.events, ordering.outbox), (25, 10));
        let payments = raised("Payments", &raises, &successes);
        assert_eq!((payments.events, payments.outbox), (3, 0));
    }
}
