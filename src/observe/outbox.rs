//! A domain's outbox table, counted exactly.

use super::account::{MOST_CHARACTERS, parted};
use super::aliases::{OUTBOX_STATUSES, metric_of_status};
use super::event_rows::EventRows;
use super::event_trail::EventTrail;
use super::postgres_session::PostgresSession;
use super::source::{FigureSource, ObservedFigure, Readout};
use super::{Account, OutboxRows, PostgresAddress, Problem, RepeatedId};
use crate::plan::{AddressPolicy, ObservedMetric, TlsSettings, shown_start};
use crate::stats::Amount;
use std::sync::Arc;

/// Rows by status, and the age of the oldest of each.
const COUNTS: &str = "SELECT status::text, count(*), \
    extract(epoch FROM now() - min(created_at))::float8 FROM outbox GROUP BY status";

/// The newest row. The shop's clock wrote it, and it is compared with that clock only.
const NEWEST: &str = "SELECT max(created_at)::text FROM outbox";

/// Whether rows tell what caused their event: those of `today` do.
const HAS_CAUSE: &str = "SELECT count(*) FROM information_schema.columns
    WHERE table_name = 'outbox' AND column_name = 'causation_id'
        AND table_schema = ANY (current_schemas(false))";

/// Rows since the mark by type, and those of them whose cause is an event: an engine's. Whether a
/// command was an engine's, an outbox cannot tell.
const TYPES: &str = "SELECT type, count(*), count(*) FILTER (WHERE CAUSE LIKE '%::%')
    FROM outbox WHERE ($1::text IS NULL OR created_at > $1::text::timestamp)
    GROUP BY type ORDER BY type LIMIT 1000";

/// Rows since the mark, and how many of them share their message id.
const REPEATED: &str = "SELECT coalesce(sum(rows), 0)::bigint, count(*),
        count(*) FILTER (WHERE rows > 1),
        coalesce(sum(rows) FILTER (WHERE rows > 1), 0)::bigint
    FROM (SELECT count(*) AS rows FROM outbox
        WHERE ($1::text IS NULL OR created_at > $1::text::timestamp)
        GROUP BY message_id) AS of_id";

/// Some of the message ids that rows share.
const EXAMPLES: &str = "SELECT message_id::text, count(*), min(stream_name::text),
        string_agg(DISTINCT type::text, ', ' ORDER BY type::text)
    FROM outbox WHERE ($1::text IS NULL OR created_at > $1::text::timestamp)
    GROUP BY message_id HAVING count(*) > 1
    ORDER BY count(*) DESC, message_id LIMIT 5";

/// The outbox of one domain.
pub struct OutboxSource {
    domain: String,
    session: PostgresSession,
    /// When the newest row was made before the load, if there was one; or why that is not known.
    mark: Option<Result<Option<String>, Problem>>,
    /// What follows events here, if anything does.
    events: Option<EventRows>,
}

impl OutboxSource {
    /// The outbox of `domain` in the database at `address`.
    #[must_use]
    pub fn new(
        domain: &str,
        address: PostgresAddress,
        policy: AddressPolicy,
        tls: TlsSettings,
    ) -> Self {
        Self::of(domain, PostgresSession::new(address, policy, tls))
    }

    /// The outbox of `domain` that `session` reads.
    pub(super) fn of(domain: &str, session: PostgresSession) -> Self {
        Self {
            domain: domain.to_owned(),
            session,
            mark: None,
            events: None,
        }
    }

    /// The same, following events on `trail`.
    pub(super) fn following(mut self, trail: Option<&Arc<EventTrail>>) -> Self {
        self.events = trail.map(|trail| EventRows::new(Arc::clone(trail), &self.domain));
        self
    }

    fn newest(&mut self) -> Result<Option<String>, Problem> {
        let rows = self.session.query(NEWEST)?;
        let newest = rows.first().map(|row| row.try_get(0)).transpose();
        newest
            .map(Option::flatten)
            .map_err(|error| self.unreadable(&error))
    }

    fn written_since(&mut self, mark: Option<&str>) -> Result<Account, Problem> {
        let mut account = Account {
            outbox: Some(self.repeated_since(mark)?),
            ..Account::default()
        };
        let has_cause = self.session.query(HAS_CAUSE)?;
        let columns = has_cause.first().map(|row| row.try_get::<_, i64>(0));
        let columns = columns
            .transpose()
            .map_err(|error| self.unreadable(&error))?;
        let has_cause = columns.is_some_and(|columns| columns > 0);
        let cause = if has_cause { "causation_id" } else { "NULL" };
        let types = TYPES.replace("CAUSE", cause);
        for row in self.session.query_once(&types, &[&mark])? {
            let read = || -> Result<(Option<String>, i64, i64), tokio_postgres::Error> {
                Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
            };
            let (kind, all, by_engines) = read().map_err(|error| self.unreadable(&error))?;
            let kind = kind.unwrap_or_default();
            let (by_requests, by_engines) =
                parted(all, by_engines).ok_or_else(|| self.impossible("events of a type"))?;
            account.add(&kind, by_requests, by_engines);
        }
        Ok(account)
    }

    fn repeated_since(&mut self, mark: Option<&str>) -> Result<OutboxRows, Problem> {
        let mut rows = OutboxRows::default();
        for row in self.session.query_once(REPEATED, &[&mark])? {
            // A count below 0 is none.
            let number = |place: usize| {
                let number = row.try_get::<_, i64>(place)?;
                Ok(u64::try_from(number).unwrap_or(u64::MAX))
            };
            let read = || -> Result<OutboxRows, tokio_postgres::Error> {
                Ok(OutboxRows {
                    rows: number(0)?,
                    message_ids: number(1)?,
                    repeated: number(2)?,
                    rows_of_repeated: number(3)?,
                    examples: Vec::new(),
                })
            };
            rows = read().map_err(|error| self.unreadable(&error))?;
        }
        let is_possible = rows.repeated <= rows.message_ids
            && rows.rows_of_repeated <= rows.rows
            && rows.rows < u64::MAX
            && rows.message_ids <= rows.rows;
        if !is_possible {
            return Err(self.impossible("rows and message ids"));
        }
        if rows.repeated == 0 {
            return Ok(rows);
        }
        for row in self.session.query_once(EXAMPLES, &[&mark])? {
            let text = |place: usize| {
                let text = row.try_get::<_, Option<&str>>(place)?;
                let kept = shown_start(text.unwrap_or_default(), MOST_CHARACTERS);
                Ok::<_, tokio_postgres::Error>(kept.into_owned())
            };
            let read = || -> Result<RepeatedId, tokio_postgres::Error> {
                Ok(RepeatedId {
                    message_id: text(0)?,
                    rows: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default(),
                    stream: text(2)?,
                    types: text(3)?,
                })
            };
            rows.examples
                .push(read().map_err(|error| self.unreadable(&error))?);
        }
        Ok(rows)
    }

    fn impossible(&self, what: &str) -> Problem {
        let address = self.session.address();
        Problem::new(format!("{address}: it counts {what} that cannot be"))
    }

    fn unreadable(&self, error: &tokio_postgres::Error) -> Problem {
        let address = self.session.address();
        Problem::new(format!("{address}: the outbox has another shape: {error}"))
    }
}

impl FigureSource for OutboxSource {
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
            readout.add(ObservedFigure::of(metric, &self.domain, Amount::exact(0.0)));
        }
        for row in rows {
            let unreadable = |error: tokio_postgres::Error| self.unreadable(&error);
            let status: String = row.try_get(0).map_err(unreadable)?;
            let count: i64 = row.try_get(1).map_err(unreadable)?;
            let oldest_s: Option<f64> = row.try_get(2).map_err(unreadable)?;
            let Some(metric) = metric_of_status(&status) else {
                readout.caveat(format!(
                    "the outbox has rows with the status `{status}`, which are in no figure"
                ));
                continue;
            };
            readout.add(ObservedFigure::of(
                metric,
                &self.domain,
                Amount::exact(count as f64),
            ));
            if let (ObservedMetric::OutboxPending, Some(oldest_s)) = (metric, oldest_s) {
                // The database's clock may be behind that of the shop.
                let age = Amount::exact(oldest_s.max(0.0));
                readout.add(ObservedFigure::of(
                    ObservedMetric::OutboxOldestPendingS,
                    &self.domain,
                    age,
                ));
            }
        }
        if let Some(events) = &mut self.events
            && let Err(problem) = events.look(&mut self.session)
        {
            readout.caveat(format!("events are not followed: {}", problem.text()));
        }
        Ok(readout)
    }

    fn mark(&mut self) {
        self.mark = Some(self.newest());
    }

    fn account(&mut self) -> Option<Result<Account, Problem>> {
        if let Some(events) = &mut self.events {
            // What is not seen now is told as such.
            let _ = events.look_last(&mut self.session);
        }
        Some(match self.mark.clone()? {
            Ok(mark) => self.written_since(mark.as_deref()),
            Err(problem) => Err(problem),
        })
    }
}
