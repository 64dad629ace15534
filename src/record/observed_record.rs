//! The back end's part of `run.json`: what its own stores said during the run.

use super::event_latency_record::EventLatencyRecord;
use super::stored_events_record::StoredEventsRecord;
use crate::plan::ObservedMetric;
use crate::stats::{Amount, Trend};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was seen of the shop's back end. Figures a second are in `observed.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedRecord {
    /// Where figures came from, and how reading them went.
    pub sources: Vec<SourceRecord>,
    /// Events accepted but not yet processed, by domain.
    pub backlogs: Vec<BacklogRecord>,
    /// Every figure that was read: its first, last and largest value.
    pub figures: Vec<FigureRecord>,
    /// Events told and stored; null when no store was counted.
    #[serde(default)]
    pub events: Option<StoredEventsRecord>,
    /// How long events took until they were done; null when none was followed.
    #[serde(default)]
    pub event_latency: Option<EventLatencyRecord>,
    /// What the Observatory said last of outboxes, streams and broker, in its own lines.
    pub last_lines: Vec<String>,
    /// How long the back end was watched after the load, in seconds.
    pub watched_after_s: f64,
    /// CPU time of all threads that observed, in seconds.
    pub cpu_s: f64,
}

/// One place that figures were read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRecord {
    /// `observatory`, `redis`, `outbox:identity` and so on, `message-db`.
    pub name: String,
    /// Where it is; without user names' passwords.
    pub address: String,
    /// Readings that brought figures.
    pub readings: u64,
    /// Readings that did not.
    pub failed_readings: u64,
    /// Mean length of a reading, in milliseconds.
    pub mean_ms: f64,
    /// Longest reading, in milliseconds.
    pub slowest_ms: f64,
    /// Why readings failed.
    pub problems: Vec<ProblemRecord>,
    /// What its figures do not show; a sentence each.
    pub caveats: Vec<String>,
}

/// Why a source could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemRecord {
    /// What happened, and what to do about it.
    pub text: String,
    /// How often.
    pub count: u64,
    /// When it happened first, in seconds from the start of the run.
    pub first_s: f64,
    /// When it happened last.
    pub last_s: f64,
}

/// What a domain had accepted and not yet processed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BacklogRecord {
    /// Name of the domain, in lower case.
    pub domain: String,
    /// The sources that it was made of, like `outbox:identity + redis`.
    pub source: String,
    /// The part that no source showed: `outbox` or `streams`; empty when all is there.
    pub not_seen: String,
    /// Before the load.
    pub before: Option<Amount>,
    /// When the load ended.
    pub at_load_end: Option<Amount>,
    /// The largest.
    pub peak: Amount,
    /// The last.
    pub last: Amount,
    /// Events that came into the outbox, a second of the load.
    pub intake_per_s: Option<f64>,
    /// What told the intake: a source, or `accepted requests`.
    pub intake_source: String,
    /// Outbox rows that were published, a second of the load; where no source counts them, the intake
    /// less the backlog's growth.
    pub drain_per_s: Option<f64>,
    /// How fast the backlog grew in the steady state (all of the load when there was none), in
    /// events a second; null when it is not known well enough.
    pub slope_per_s: Option<Trend>,
    /// Age of the oldest outbox row that waited, at its largest, in seconds.
    pub oldest_pending_s: Option<f64>,
    /// Seconds after the load until the backlog was no larger than before it; null when that was
    /// not seen.
    pub drained_after_s: Option<f64>,
    /// The same as estimated from the backlog at the end of the load and the drain rate.
    pub drain_estimate_s: Option<f64>,
}

/// One figure over the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureRecord {
    /// The source that told it.
    pub source: String,
    /// Name of the domain, in lower case; empty for the broker's own figures.
    pub domain: String,
    /// The stream, consumer group or category it is about; empty for a whole domain.
    pub detail: String,
    /// What it is.
    #[schemars(with = "String")]
    pub metric: ObservedMetric,
    /// Its first value.
    pub first: Amount,
    /// Its last value.
    pub last: Amount,
    /// Its largest value.
    pub largest: Amount,
}
