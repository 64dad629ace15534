//! message-db: every event that was raised and every command that was accepted, by category.

use super::postgres_session::PostgresSession;
use super::source::{Figure, Readout, Source};
use super::{PostgresAddress, Problem};
use crate::plan::{AddressPolicy, ObservedMetric};
use crate::stats::Amount;
use std::sync::Arc;

/// Messages by category: what stands before the first `-` of a stream's name.
const COUNTS: &str = "SELECT split_part(stream_name, '-', 1), count(*) \
    FROM message_store.messages GROUP BY 1";

/// The message store of all domains.
pub struct MessageStore {
    session: PostgresSession,
}

impl MessageStore {
    /// The one in the database at `address`.
    #[must_use]
    pub fn new(address: PostgresAddress, policy: AddressPolicy) -> Self {
        Self {
            session: PostgresSession::new(address, policy),
        }
    }
}

impl Source for MessageStore {
    fn name(&self) -> Arc<str> {
        "message-db".into()
    }

    fn address(&self) -> String {
        self.session.address()
    }

    fn read(&mut self) -> Result<Readout, Problem> {
        let rows = self.session.query(COUNTS)?;
        let mut readout = Readout::default();
        for row in rows {
            let unreadable = |error: postgres::Error| {
                let address = self.session.address();
                Problem::new(format!(
                    "{address}: the messages have another shape: {error}"
                ))
            };
            let category: String = row.try_get(0).map_err(unreadable)?;
            let count: i64 = row.try_get(1).map_err(unreadable)?;
            let Some((metric, domain)) = kind_of(&category) else {
                continue;
            };
            let amount = Amount::exact(count as f64);
            readout.add(Figure::of(metric, domain, amount));
            readout.add(Figure::of_part(metric, domain, &category, amount));
        }
        Ok(readout)
    }
}

/// Whether a category holds events or commands, and of which domain: `<domain>::<aggregate>` or
/// `<domain>::<aggregate>:command`. Others (positions, snapshots) hold neither.
fn kind_of(category: &str) -> Option<(ObservedMetric, &str)> {
    let (domain, aggregate) = category.split_once("::")?;
    match aggregate.split_once(':') {
        None => Some((ObservedMetric::StoredEvents, domain)),
        Some((_, "command")) => Some((ObservedMetric::StoredCommands, domain)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_tell_events_from_commands() {
        use ObservedMetric::{StoredCommands, StoredEvents};
        assert_eq!(
            kind_of("identity::customer"),
            Some((StoredEvents, "identity"))
        );
        assert_eq!(
            kind_of("ordering::order:command"),
            Some((StoredCommands, "ordering"))
        );
        assert_eq!(kind_of("ordering::order:snapshot"), None);
        assert_eq!(kind_of("position"), None);
    }
}
