//! The Observatory: what Protean shows of the pipeline, over HTTP on a port of its own.
//!
//! A request's way: `server` receives and sends, `request_handler` finds the endpoint, `metrics`,
//! `snapshots` and `traces` tell what the pipeline looks like at that moment. It has plain threads
//! of its own, so that whoever looks does not disturb the shop's. Measured on Protean 0fbb7582 and
//! ca9c7fdc.

mod client_socket;
mod in_order;
mod metrics;
mod query;
mod request_handler;
mod server;
mod snapshots;
mod streams;
mod subscriptions;
mod trace_filter;
mod traces;

pub use server::{MOST_CONNECTIONS, ObservatoryServer};

use super::pipeline::{Domain, OutboxBacklog, Pipeline};
use crate::shop::Generation;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Which figures the Observatory shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As measured on Protean 0fbb7582, with its faults: counts stop at 100, stream figures are 0,
    /// and a sample has another name than its HELP and TYPE say.
    Five,
    /// As it should be: exact counts, stream figures a domain, samples named as declared.
    Newer,
    /// As measured on Protean ca9c7fdc: exact counts, and figures of every subscription, among which
    /// the outboxes are told again; those of streams as a whole are 0 still.
    Today,
}

impl Names {
    /// The word that users write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Five => "five",
            Self::Newer => "newer",
            Self::Today => "today",
        }
    }

    /// Those of the Observatory that belongs to a shop of `generation`.
    #[must_use]
    pub const fn of(generation: Generation) -> Self {
        match generation {
            Generation::Five => Self::Five,
            Generation::Today => Self::Today,
        }
    }
}

/// How the Observatory is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservatoryConfig {
    /// Where to listen; port 0 lets the kernel choose.
    pub address: SocketAddr,
    /// What to show.
    pub names: Names,
}

/// What is shown, and since when.
struct ObservatoryView {
    pipeline: Arc<Pipeline>,
    names: Names,
    /// Traces before this moment were deleted.
    traced_from_ns: AtomicU64,
}

/// Counts of the older Observatory are lengths of a query whose pages hold so many rows.
const PAGE: u64 = 100;
/// Broker figures, as the measured one had them.
const BROKER_VERSION: &str = "7.0.15";
const BROKER_CLIENTS: u32 = 45;
const BROKER_MEMORY_BYTES: u32 = 2_678_064;
const BROKER_MEMORY: &str = "2.55M";

impl ObservatoryView {
    fn new(pipeline: Arc<Pipeline>, names: Names) -> Self {
        Self {
            pipeline,
            names,
            traced_from_ns: AtomicU64::new(0),
        }
    }

    /// The backlogs as they are shown, with their domains.
    fn backlogs(&self, at_ns: u64) -> impl Iterator<Item = (Domain, OutboxBacklog)> {
        self.pipeline.domains().iter().map(move |&domain| {
            let exact = self.pipeline.backlog_at(domain, at_ns);
            let shown = match self.names {
                Names::Five => OutboxBacklog {
                    pending: exact.pending.min(PAGE),
                    published: exact.published.min(PAGE),
                    lag: 0,
                    ..exact
                },
                Names::Newer | Names::Today => exact,
            };
            (domain, shown)
        })
    }
}

/// A backlog's rows by status, in the order in which they are shown.
fn by_status(backlog: &OutboxBacklog) -> [(&'static str, u64); 5] {
    [
        ("pending", backlog.pending),
        ("processing", backlog.processing),
        ("published", backlog.published),
        ("failed", backlog.failed),
        ("abandoned", backlog.abandoned),
    ]
}

#[cfg(test)]
mod tests;
