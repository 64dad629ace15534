//! Rows of an outbox that followed events are.

use super::Problem;
use super::clock_offset::{ClockOffset, offset_of};
use super::event_trail::{Asked, EventTrail};
use super::followed_event::KeptEvent;
use super::postgres_session::PostgresSession;
use std::sync::Arc;

/// Aggregates that are asked for at once, at most: a busy outbox is read once a second or less.
const MOST_ASKED: usize = 4_000;
/// Rows of an answer, of about 150 bytes each: a session takes no more than 2 MiB.
const MOST_ROWS: usize = 8_000;
/// Rounds of the last look.
const LAST_ROUNDS: usize = 200;
/// Readings between two looks at the clock.
const CLOCK_EVERY: u32 = 30;
const CLOCK_TRIPS: u32 = 5;

const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// What stands of these aggregates since a moment, in microseconds since 1970. There is no index for it:
/// the table is read once, as for the counts.
const ROWS: &str = "SELECT message_id::text, type::text,
        (extract(epoch FROM created_at) * 1000000)::bigint,
        CASE WHEN status::text = 'published'
            THEN (extract(epoch FROM published_at) * 1000000)::bigint END
    FROM outbox WHERE created_at >= to_timestamp($2::float8) AT TIME ZONE 'UTC'
        AND substr(stream_name, strpos(stream_name, '-') + 1) = ANY ($1::text[])
    LIMIT 8000";

/// The part of an outbox's source that follows events.
pub(super) struct EventRows {
    trail: Arc<EventTrail>,
    domain: String,
    clock: Option<ClockOffset>,
    readings: u32,
    /// Aggregates that are asked for at once.
    most_asked: usize,
}

impl EventRows {
    pub fn new(trail: Arc<EventTrail>, domain: &str) -> Self {
        Self {
            trail,
            domain: domain.to_owned(),
            clock: None,
            readings: 0,
            most_asked: MOST_ASKED,
        }
    }

    /// Looks for followed events once. Costs one query, and none while nothing is followed.
    pub fn look(&mut self, session: &mut PostgresSession) -> Result<(), Problem> {
        let clock = match self.clock {
            Some(clock) if !self.readings.is_multiple_of(CLOCK_EVERY) => clock,
            _ => self.read_clock(session)?,
        };
        self.readings = self.readings.wrapping_add(1);
        let Some(asked) = self.trail.asked_of(&self.domain, self.most_asked) else {
            return Ok(());
        };
        self.read_rows(session, clock, &asked)
    }

    /// Looks for all that is still followed.
    pub fn look_last(&mut self, session: &mut PostgresSession) -> Result<(), Problem> {
        let clock = self.read_clock(session)?;
        let mut looked_at = 0;
        let mut all = None;
        for _ in 0..LAST_ROUNDS {
            let Some(asked) = self.trail.asked_of(&self.domain, self.most_asked) else {
                break;
            };
            // Those that stay come again when all had their turn.
            if all.is_some_and(|all: usize| looked_at >= all) {
                break;
            }
            looked_at += asked.ids.len();
            all.get_or_insert_with(|| self.trail.open_of(&self.domain));
            self.read_rows(session, clock, &asked)?;
        }
        Ok(())
    }

    fn read_clock(&mut self, session: &mut PostgresSession) -> Result<ClockOffset, Problem> {
        let offset = offset_of(self.trail.own(), CLOCK_TRIPS, || {
            let rows = session.query(CLOCK)?;
            let read = rows.first().map(|row| row.try_get::<_, i64>(0));
            read.transpose()
                .map_err(|error| unreadable(session, &error))
                .map(Option::unwrap_or_default)
        })?;
        let clock = offset.or(self.clock).unwrap_or(ClockOffset {
            ahead_us: 0,
            within_us: i64::MAX,
        });
        self.clock = Some(clock);
        self.trail
            .tell_source(&format!("outbox:{}", self.domain), clock, 1, 0);
        Ok(clock)
    }

    fn read_rows(
        &mut self,
        session: &mut PostgresSession,
        clock: ClockOffset,
        asked: &Asked,
    ) -> Result<(), Problem> {
        let correction_us = clock.correction_us();
        let since_s = (asked.since_us + correction_us) as f64 / 1e6;
        let rows = session.query_with(ROWS, &[&asked.ids, &since_s])?;
        if rows.len() >= MOST_ROWS {
            // A row that was left out could be the one that is meant: less is asked for from now on. A
            // reply names two aggregates at most.
            self.most_asked = (self.most_asked / 2).max(2);
            return Ok(());
        }
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let read = || -> Result<KeptEvent, tokio_postgres::Error> {
                let ours = |us: i64| us.saturating_sub(correction_us);
                Ok(KeptEvent {
                    message_id: row.try_get(0)?,
                    kind: row.try_get(1)?,
                    raised_us: ours(row.try_get(2)?),
                    published_us: row.try_get::<_, Option<i64>>(3)?.map(ours),
                })
            };
            events.push(read().map_err(|error| unreadable(session, &error))?);
        }
        self.trail.kept(asked, &events);
        Ok(())
    }
}

fn unreadable(session: &PostgresSession, error: &tokio_postgres::Error) -> Problem {
    let address = session.address();
    Problem::new(format!(
        "{address}: the outbox has another shape, so that no event can be followed: {error}"
    ))
}
