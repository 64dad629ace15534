//! What a store holds of the run as a whole, counted once after it: its events by type, and outbox
//! rows that say that they are the same event.

use crate::plan::shown_start;
use std::sync::Arc;

/// Characters of a type or an id that are kept.
pub(super) const MOST_CHARACTERS: usize = 200;

/// Events of one type that were stored during the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvents {
    /// The domain, in lower case.
    pub domain: Arc<str>,
    /// The event's name, like `OrderCreated`.
    pub name: Arc<str>,
    /// Those that a request raised, or may have raised.
    pub by_requests: u64,
    /// Those that the shop's engines added by themselves, as far as the store tells.
    pub by_engines: u64,
}

/// Rows of one outbox that were written during the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxRows {
    /// All of them.
    pub rows: u64,
    /// Different message ids among them.
    pub message_ids: u64,
    /// Message ids that more than one row has.
    pub repeated: u64,
    /// The rows that have one of these.
    pub rows_of_repeated: u64,
    /// The message ids that most rows have; not all of them.
    pub examples: Vec<RepeatedId>,
}

/// A message id that more than one row has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedId {
    /// The message id.
    pub message_id: String,
    /// Its rows.
    pub rows: u64,
    /// The stream that they name.
    pub stream: String,
    /// The types of event that they say they are, in the order of the alphabet.
    pub types: String,
}

/// What one source counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Events by domain and type.
    pub events: Vec<StoredEvents>,
    /// Whether the events that engines added are all told apart.
    pub engines_told: bool,
    /// Rows of the outbox, when the source is one.
    pub outbox: Option<OutboxRows>,
}

/// The account of one source, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAccount {
    /// Name of the source.
    pub source: Arc<str>,
    /// What it counted; or why it did not.
    pub account: Result<Account, String>,
}

/// The name of an event in its type, `<Domain>.<Name>.<version>`; and the domain, in lower case.
pub(super) fn domain_and_name(kind: &str) -> Option<(String, &str)> {
    let mut parts = kind.split('.');
    let (domain, name) = (parts.next()?, parts.next()?);
    (!domain.is_empty() && !name.is_empty()).then(|| (domain.to_ascii_lowercase(), name))
}

/// Of so many events those that are an engine's, and the others; `None` when that cannot be.
pub(super) fn parted(all: i64, by_engines: i64) -> Option<(u64, u64)> {
    let by_engines = u64::try_from(by_engines).ok()?;
    let by_requests = u64::try_from(all).ok()?.checked_sub(by_engines)?;
    Some((by_requests, by_engines))
}

impl Account {
    /// Adds events of a type that is written like `Ordering.OrderCreated.v1`; versions of one event
    /// are the same. What is no type of an event is left out.
    pub(super) fn add(&mut self, kind: &str, by_requests: u64, by_engines: u64) {
        let kind = shown_start(kind, MOST_CHARACTERS);
        let Some((domain, name)) = domain_and_name(&kind) else {
            return;
        };
        let mut known = self.events.iter_mut();
        match known.find(|known| *known.domain == *domain && &*known.name == name) {
            Some(known) => {
                known.by_requests = known.by_requests.saturating_add(by_requests);
                known.by_engines = known.by_engines.saturating_add(by_engines);
            }
            None => self.events.push(StoredEvents {
                domain: domain.into(),
                name: name.into(),
                by_requests,
                by_engines,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_events_of_engines_than_there_are_cannot_be() {
        assert_eq!(parted(5, 2), Some((3, 2)));
        for (all, by_engines) in [(1, 2), (-1, 0), (0, -1), (i64::MAX, i64::MIN)] {
            assert_eq!(parted(all, by_engines), None, "{all} {by_engines}");
        }
    }

    #[test]
    fn versions_of_an_event_are_the_same_event() {
        let mut account = Account::default();
        account.add("Ordering.OrderCreated.v1", 3, 0);
        account.add("Ordering.OrderCreated.v2", 1, 2);
        account.add("Payments.OrderCreated.v1", 5, 0);
        account.add("nothing", 9, 9);
        let told: Vec<_> = account
            .events
            .iter()
            .map(|row| (&*row.domain, &*row.name, row.by_requests, row.by_engines))
            .collect();
        assert_eq!(
            told,
            [
                ("ordering", "OrderCreated", 4, 2),
                ("payments", "OrderCreated", 5, 0)
            ]
        );
    }
}
