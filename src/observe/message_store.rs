//! message-db: every event that was raised and every command that was accepted, by category.

use super::account::parted;
use super::postgres_session::PostgresSession;
use super::source::{FigureSource, ObservedFigure, Readout};
use super::{Account, PostgresAddress, Problem};
use crate::plan::{AddressPolicy, ObservedMetric, TlsSettings};
use crate::stats::Amount;
use std::sync::Arc;

/// Messages by category: what stands before the first `-` of a stream's name.
const COUNTS: &str = "SELECT split_part(stream_name, '-', 1), count(*) \
    FROM message_store.messages GROUP BY 1";

/// Where the store ends.
const END: &str = "SELECT coalesce(max(global_position), 0) FROM message_store.messages";

/// Events that were stored after a position, by type, and how many of them engines added.
///
/// A request is carried out by a command that nothing caused. An event is an engine's when its cause
/// is another event, or a command that an event caused: `today` (Protean ca9c7fdc) writes the cause
/// down (`causation_id`), `five` (0fbb7582) the stream of the event that caused the command
/// (`origin_stream`). Commands have a category that ends in `:command`.
const STORED: &str = "
    WITH since AS MATERIALIZED (
        SELECT split_part(stream_name, '-', 1) AS category, type,
            metadata->'headers'->>'id' AS id,
            metadata->'domain'->>'causation_id' AS cause,
            metadata->'domain'->>'origin_stream' AS origin
        FROM message_store.messages WHERE global_position > $1),
    asked AS (SELECT DISTINCT id FROM since WHERE category LIKE '%:command' AND cause IS NULL)
    SELECT event.type, count(*), count(*) FILTER (WHERE event.origin IS NOT NULL
        OR (event.cause IS NOT NULL AND asked.id IS NULL))
    FROM since AS event LEFT JOIN asked ON asked.id = event.cause
    WHERE event.category LIKE '%::%' AND event.category NOT LIKE '%::%:%'
    GROUP BY event.type ORDER BY event.type LIMIT 1000";

/// The message store of all domains.
pub struct MessageStore {
    session: PostgresSession,
    /// Where the store ended before the load; why that is not known.
    mark: Option<Result<i64, Problem>>,
}

impl MessageStore {
    /// The one in the database at `address`.
    #[must_use]
    pub fn new(address: PostgresAddress, policy: AddressPolicy, tls: TlsSettings) -> Self {
        Self::of(PostgresSession::new(address, policy, tls))
    }

    /// The one that `session` reads.
    pub(super) fn of(session: PostgresSession) -> Self {
        Self {
            session,
            mark: None,
        }
    }

    fn end(&mut self) -> Result<i64, Problem> {
        let rows = self.session.query(END)?;
        let end = rows.first().map(|row| row.try_get(0)).transpose();
        end.map(Option::unwrap_or_default)
            .map_err(|error| self.unreadable(&error))
    }

    fn stored_since(&mut self, mark: i64) -> Result<Account, Problem> {
        let rows = self.session.query_once(STORED, &[&mark])?;
        let mut account = Account {
            engines_told: true,
            ..Account::default()
        };
        for row in rows {
            let read = || -> Result<(String, i64, i64), tokio_postgres::Error> {
                Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
            };
            let (kind, all, by_engines) = read().map_err(|error| self.unreadable(&error))?;
            let (by_requests, by_engines) = parted(all, by_engines).ok_or_else(|| {
                let address = self.session.address();
                Problem::new(format!("{address}: it counts messages that cannot be"))
            })?;
            account.add(&kind, by_requests, by_engines);
        }
        Ok(account)
    }

    fn unreadable(&self, error: &tokio_postgres::Error) -> Problem {
        let address = self.session.address();
        Problem::new(format!(
            "{address}: the messages have another shape: {error}"
        ))
    }
}

impl FigureSource for MessageStore {
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
            let unreadable = |error: tokio_postgres::Error| self.unreadable(&error);
            let category: String = row.try_get(0).map_err(unreadable)?;
            let count: i64 = row.try_get(1).map_err(unreadable)?;
            let Some((metric, domain)) = kind_of(&category) else {
                continue;
            };
            let amount = Amount::exact(count as f64);
            readout.add(ObservedFigure::of(metric, domain, amount));
            readout.add(ObservedFigure::of_part(metric, domain, &category, amount));
        }
        Ok(readout)
    }

    fn mark(&mut self) {
        self.mark = Some(self.end());
    }

    fn account(&mut self) -> Option<Result<Account, Problem>> {
        Some(match self.mark.clone()? {
            Ok(mark) => self.stored_since(mark),
            Err(problem) => Err(problem),
        })
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
