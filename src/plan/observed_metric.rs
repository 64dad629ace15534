//! What can be observed of the shop's back end: one vocabulary for sources, reports and thresholds.

use super::Suggestion;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A figure of the back end. Most are told for each domain; those of the broker are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservedMetric {
    /// Events accepted but not yet processed: outbox rows that wait, and what consumers lag behind.
    Backlog,
    /// Outbox rows that wait.
    OutboxPending,
    /// Outbox rows that are being published.
    OutboxProcessing,
    /// Outbox rows that were published.
    OutboxPublished,
    /// Outbox rows whose publishing failed.
    OutboxFailed,
    /// Outbox rows that were given up.
    OutboxAbandoned,
    /// Age of the oldest row that waits, in seconds; absent when none waits.
    OutboxOldestPendingS,
    /// Messages in the streams, dead letters not counted.
    StreamMessages,
    /// Messages that consumer groups have not fetched yet, over all groups.
    StreamLag,
    /// Messages that consumer groups fetched and did not acknowledge yet, over all groups.
    StreamPending,
    /// What waits in lanes of low priority that no consumer reads, over all groups: no part of the
    /// backlog.
    Backfill,
    /// Messages that were put aside after they could not be processed.
    DeadLetters,
    /// Events in the message store.
    StoredEvents,
    /// Commands in the message store.
    StoredCommands,
    /// 1 while the broker is well, 0 when not.
    BrokerUp,
    /// Memory of the broker, in bytes.
    BrokerMemoryBytes,
    /// Clients that are connected to the broker.
    BrokerClients,
    /// Operations of the broker a second.
    BrokerOpsPerS,
}

/// A word that is no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no observed metric `{word}`{suggestion} (metrics: {})", ObservedMetric::names().join(", "))]
pub struct UnknownMetric {
    word: String,
    suggestion: Suggestion,
}

impl ObservedMetric {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Backlog,
        Self::OutboxPending,
        Self::OutboxProcessing,
        Self::OutboxPublished,
        Self::OutboxFailed,
        Self::OutboxAbandoned,
        Self::OutboxOldestPendingS,
        Self::StreamMessages,
        Self::StreamLag,
        Self::StreamPending,
        Self::Backfill,
        Self::DeadLetters,
        Self::StoredEvents,
        Self::StoredCommands,
        Self::BrokerUp,
        Self::BrokerMemoryBytes,
        Self::BrokerClients,
        Self::BrokerOpsPerS,
    ];

    /// As it is written in thresholds, `observed.csv` and `run.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::OutboxPending => "outbox_pending",
            Self::OutboxProcessing => "outbox_processing",
            Self::OutboxPublished => "outbox_published",
            Self::OutboxFailed => "outbox_failed",
            Self::OutboxAbandoned => "outbox_abandoned",
            Self::OutboxOldestPendingS => "outbox_oldest_pending_s",
            Self::StreamMessages => "stream_messages",
            Self::StreamLag => "stream_lag",
            Self::StreamPending => "stream_pending",
            Self::Backfill => "backfill",
            Self::DeadLetters => "dead_letters",
            Self::StoredEvents => "stored_events",
            Self::StoredCommands => "stored_commands",
            Self::BrokerUp => "broker_up",
            Self::BrokerMemoryBytes => "broker_memory_bytes",
            Self::BrokerClients => "broker_clients",
            Self::BrokerOpsPerS => "broker_ops_per_s",
        }
    }

    /// Finds a metric by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn parse(word: &str) -> Result<Self, UnknownMetric> {
        let mut all = Self::ALL.into_iter();
        all.find(|metric| metric.name() == word)
            .ok_or_else(|| UnknownMetric {
                word: word.to_owned(),
                suggestion: Suggestion::for_word(word, Self::names()),
            })
    }

    /// Whether the figures of several domains add up to one of the whole shop.
    #[must_use]
    pub fn adds_up(self) -> bool {
        self != Self::OutboxOldestPendingS
    }

    fn names() -> [&'static str; 18] {
        Self::ALL.map(Self::name)
    }
}

impl fmt::Display for ObservedMetric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_written_alike_everywhere() {
        for metric in ObservedMetric::ALL {
            assert_eq!(ObservedMetric::parse(metric.name()), Ok(metric));
            let json = serde_json::to_string(&metric).unwrap();
            assert_eq!(json, format!("\"{metric}\""));
        }
    }

    #[test]
    fn an_unknown_name_gets_a_suggestion() {
        let message = ObservedMetric::parse("outbox_pendng")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("did you mean `outbox_pending`?"),
            "{message}"
        );
        assert!(message.contains("stream_lag"), "{message}");
    }
}
