//! Samples of the shop's back end, and the table of the latest ones that control threads share.

use super::{Amount, EventNow, LiveEvents};
use crate::plan::ObservedMetric;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// One figure of the back end at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSample {
    /// Whole seconds since the start of the run; 0 is before any load.
    pub second: u64,
    /// Where it was read: `observatory`, `redis`, `outbox:identity`, `message-db`; a backlog names
    /// all that it was made of.
    pub source: Arc<str>,
    /// The domain, in lower case; empty for the broker's own figures.
    pub domain: Arc<str>,
    /// What it is.
    pub metric: ObservedMetric,
    /// The figure.
    pub amount: Amount,
}

/// Events of a domain that were accepted and are not processed yet, as it was read last.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainBacklog {
    /// The domain, in lower case.
    pub domain: Arc<str>,
    /// All of them.
    pub amount: Amount,
    /// Those of them that wait in the outbox; `None` when no source has told it.
    pub outbox_pending: Option<u64>,
    /// Those that consumers have not fetched yet; `None` when no source has told it.
    pub stream_lag: Option<u64>,
}

/// The latest sample of each source, domain and metric. Clones share one table. It is for the
/// threads that control and show a run; workers never touch it.
#[derive(Clone, Default)]
pub struct ObservedTable {
    rows: Arc<Mutex<Vec<ObservedSample>>>,
    events: Arc<OnceLock<Arc<dyn LiveEvents>>>,
}

impl fmt::Debug for ObservedTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.latest()).finish()
    }
}

impl ObservedTable {
    /// Replaces what is known of the samples' figures.
    pub fn put(&self, samples: impl IntoIterator<Item = ObservedSample>) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for sample in samples {
            let is_same = |row: &&mut ObservedSample| {
                // A backlog's source tells how it was made up, which may change.
                row.metric == sample.metric
                    && row.domain == sample.domain
                    && (row.source == sample.source || row.metric == ObservedMetric::Backlog)
            };
            match rows.iter_mut().find(is_same) {
                Some(row) => *row = sample,
                None => rows.push(sample),
            }
        }
    }

    /// From now on event latencies are told by `events`, if nobody told them before.
    pub fn tell_events(&self, events: Arc<dyn LiveEvents>) {
        // One run has one who tells.
        let _ = self.events.set(events);
    }

    /// Event latencies; `None` when nobody follows events.
    #[must_use]
    pub fn events(&self) -> Option<&dyn LiveEvents> {
        self.events.get().map(|events| &**events)
    }

    /// What events took so far, as it is shown; nothing when nobody follows events.
    #[must_use]
    pub fn events_now(&self) -> Arc<[EventNow]> {
        self.events().map(LiveEvents::now).unwrap_or_default()
    }

    /// Every latest sample, in the order in which their figures came first.
    #[must_use]
    pub fn latest(&self) -> Vec<ObservedSample> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.clone()
    }

    /// The latest figure of a domain, exact ones first; without a domain, that of the whole shop:
    /// the sum over its domains. `None` when no source has told it: absent is not zero.
    #[must_use]
    pub fn amount(&self, metric: ObservedMetric, domain: Option<&str>) -> Option<Amount> {
        let rows = self.latest();
        let of_metric = rows.iter().filter(|row| row.metric == metric);
        let of_domain = |domain: &str| {
            let mut amounts: Vec<Amount> = of_metric
                .clone()
                .filter(|row| &*row.domain == domain)
                .map(|row| row.amount)
                .collect();
            amounts.sort_by_key(|amount| amount.at_least);
            amounts.first().copied()
        };
        if let Some(domain) = domain {
            return of_domain(domain);
        }
        let mut domains: Vec<&str> = of_metric.clone().map(|row| &*row.domain).collect();
        domains.sort_unstable();
        domains.dedup();
        let amounts = domains.into_iter().filter_map(of_domain);
        amounts.reduce(|sum, next| {
            if metric.adds_up() {
                sum.plus(next)
            } else if next.value > sum.value {
                next
            } else {
                sum
            }
        })
    }

    /// The latest backlog of each domain.
    #[must_use]
    pub fn backlogs(&self) -> Vec<DomainBacklog> {
        let mut rows = self.latest();
        rows.retain(|row| row.metric == ObservedMetric::Backlog);
        let backlog = |row: ObservedSample| {
            let part = |metric| {
                let amount = self.amount(metric, Some(&*row.domain));
                amount.map(|amount| amount.value as u64)
            };
            DomainBacklog {
                outbox_pending: part(ObservedMetric::OutboxPending),
                stream_lag: part(ObservedMetric::StreamLag),
                amount: row.amount,
                domain: row.domain,
            }
        };
        rows.into_iter().map(backlog).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservedMetric::{Backlog, OutboxOldestPendingS, OutboxPending, StreamLag};

    fn sample(
        source: &str,
        domain: &str,
        metric: ObservedMetric,
        value: f64,
        at_least: bool,
    ) -> ObservedSample {
        ObservedSample {
            second: 1,
            source: source.into(),
            domain: domain.into(),
            metric,
            amount: Amount { value, at_least },
        }
    }

    #[test]
    fn exact_figures_win_and_domains_add_up() {
        let table = ObservedTable::default();
        table.put([
            sample("observatory", "identity", OutboxPending, 100.0, true),
            sample("outbox:identity", "identity", OutboxPending, 734.0, false),
            sample("observatory", "ordering", OutboxPending, 100.0, true),
            sample(
                "outbox:identity",
                "identity",
                OutboxOldestPendingS,
                9.0,
                false,
            ),
            sample(
                "outbox:ordering",
                "ordering",
                OutboxOldestPendingS,
                12.0,
                false,
            ),
        ]);
        let exact = Some(Amount::exact(734.0));
        assert_eq!(table.amount(OutboxPending, Some("identity")), exact);
        let all = table.amount(OutboxPending, None).unwrap();
        assert_eq!(all.to_string(), "≥ 834");
        let oldest = table.amount(OutboxOldestPendingS, None);
        assert_eq!(oldest, Some(Amount::exact(12.0)));
        assert_eq!(table.amount(OutboxPending, Some("payments")), None);
        assert_eq!(table.amount(StreamLag, None), None);
    }

    #[test]
    fn a_later_sample_takes_the_place_of_an_earlier_one() {
        let table = ObservedTable::default();
        table.put([sample("observatory", "identity", Backlog, 3.0, true)]);
        let same_rows = table.clone();
        same_rows.put([sample(
            "outbox:identity + redis",
            "identity",
            Backlog,
            5.0,
            false,
        )]);
        assert_eq!(table.latest().len(), 1);
        assert_eq!(table.backlogs()[0].amount, Amount::exact(5.0));
        assert_eq!(&*table.latest()[0].source, "outbox:identity + redis");
    }

    #[test]
    fn a_backlog_comes_with_what_is_known_of_its_parts() {
        let table = ObservedTable::default();
        table.put([
            sample("observatory", "ordering", Backlog, 7.0, true),
            sample("observatory", "ordering", OutboxPending, 7.0, false),
            sample("observatory", "identity", StreamLag, 2.0, false),
        ]);
        let at_least = true;
        let expected = DomainBacklog {
            domain: "ordering".into(),
            amount: Amount {
                value: 7.0,
                at_least,
            },
            outbox_pending: Some(7),
            stream_lag: None,
        };
        assert_eq!(table.backlogs(), [expected]);
    }
}
