//! A domain's outbox table, counted exactly.

use super::aliases::{OUTBOX_STATUSES, metric_of_status};
use super::postgres_session::PostgresSession;
use super::source::{Figure, Readout, Source};
use super::{PostgresAddress, Problem};
use crate::plan::{AddressPolicy, ObservedMetric};
use crate::stats::Amount;
use std::sync::Arc;

/// Rows by status, and the age of the oldest of each.
const COUNTS: &str = "SELECT status::text, count(*), \
    extract(epoch FROM now() - min(created_at))::float8 FROM outbox GROUP BY status";

/// The outbox of one domain.
pub struct Outbox {
    domain: String,
    session: PostgresSession,
}

impl Outbox {
    /// The outbox of `domain` in the database at `address`.
    #[must_use]
    pub fn new(domain: &str, address: PostgresAddress, policy: AddressPolicy) -> Self {
        Self {
            domain: domain.to_owned(),
            session: PostgresSession::new(address, policy),
        }
    }
}

impl Source for Outbox {
    fn name(&self) -> Arc<str> {
        format!("outbox:{}", self.domain).into()
    }

    fn address(&self) -> String {
        self.session.address()
    }

    fn read(&mut self) -> Result<Readout, Problem> {
        let rows = self.session.query(COUNTS)?;
        let mut readout = Readout::default();
        // A status without rows has none: the whole table was counted.
        for metric in OUTBOX_STATUSES {
            readout.add(Figure::of(metric, &self.domain, Amount::exact(0.0)));
        }
        for row in rows {
            let unreadable = |error: postgres::Error| {
                let address = self.session.address();
                Problem::new(format!("{address}: the outbox has another shape: {error}"))
            };
            let status: String = row.try_get(0).map_err(unreadable)?;
            let count: i64 = row.try_get(1).map_err(unreadable)?;
            let oldest_s: Option<f64> = row.try_get(2).map_err(unreadable)?;
            let Some(metric) = metric_of_status(&status) else {
                readout.caveats.push(format!(
                    "the outbox has rows with the status `{status}`, which are in no figure"
                ));
                continue;
            };
            readout.add(Figure::of(
                metric,
                &self.domain,
                Amount::exact(count as f64),
            ));
            if let (ObservedMetric::OutboxPending, Some(oldest_s)) = (metric, oldest_s) {
                // The database's clock may be behind that of the shop.
                let age = Amount::exact(oldest_s.max(0.0));
                readout.add(Figure::of(
                    ObservedMetric::OutboxOldestPendingS,
                    &self.domain,
                    age,
                ));
            }
        }
        Ok(readout)
    }
}
