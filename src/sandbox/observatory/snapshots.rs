//! The JSON snapshots: health, outboxes, streams, queue depth, statistics. Names and their order
//! are as measured.

use super::streams::STREAMS;
use super::{BROKER_CLIENTS, BROKER_MEMORY, BROKER_VERSION, Names, View, by_status};
use crate::sandbox::pipeline::Domain;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    domains: [&'static str; 5],
    infrastructure: Infrastructure,
}

#[derive(Serialize)]
struct Infrastructure {
    redis: Broker,
}

#[derive(Serialize)]
struct Broker {
    healthy: bool,
    version: &'static str,
    connected_clients: u32,
    memory: &'static str,
    uptime_seconds: u64,
    ops_per_sec: u32,
}

/// An object whose members keep their order.
pub struct InOrder<T>(pub Vec<(&'static str, T)>);

impl<T: Serialize> Serialize for InOrder<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Outbox {
    status: &'static str,
    counts: InOrder<u64>,
}

#[derive(Serialize)]
struct MessageCounts {
    total_messages: u64,
    in_flight: u64,
    failed: u64,
    dlq: u64,
}

#[derive(Serialize)]
struct StreamList {
    count: usize,
    names: Vec<&'static str>,
}

#[derive(Serialize)]
struct Streams {
    message_counts: MessageCounts,
    streams: StreamList,
    consumer_groups: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Stats {
    outbox: InOrder<Outbox>,
    message_counts: MessageCounts,
    streams: StreamList,
}

#[derive(Serialize)]
struct QueueDepth {
    timestamp: f64,
    outbox: InOrder<InOrder<u64>>,
    streams: InOrder<u64>,
    totals: Totals,
}

#[derive(Serialize)]
struct Totals {
    outbox_pending: u64,
    stream_depth: u64,
    consumer_pending: u64,
}

/// JSON without spaces, as FastAPI writes it.
pub fn json(value: &impl Serialize) -> String {
    // Numbers, texts and maps with texts as keys always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}

impl View {
    /// `GET /api/health`
    pub(super) fn health(&self, at_ns: u64) -> String {
        json(&Health {
            status: "healthy",
            domains: Domain::ALL.map(Domain::name),
            infrastructure: Infrastructure {
                redis: Broker {
                    healthy: true,
                    version: BROKER_VERSION,
                    connected_clients: BROKER_CLIENTS,
                    memory: BROKER_MEMORY,
                    uptime_seconds: at_ns / 1_000_000_000,
                    ops_per_sec: 0,
                },
            },
        })
    }

    /// `GET /api/outbox`
    pub(super) fn outbox(&self, at_ns: u64) -> String {
        json(&self.outboxes(at_ns))
    }

    /// `GET /api/streams`
    pub(super) fn streams(&self, at_ns: u64) -> String {
        let groups = match self.names {
            Names::Today => BTreeMap::new(),
            Names::Newer => self
                .backlogs(at_ns)
                .map(|(domain, backlog)| (domain.name(), backlog.lag))
                .collect(),
        };
        json(&Streams {
            message_counts: self.message_counts(at_ns),
            streams: self.stream_list(),
            consumer_groups: groups,
        })
    }

    /// `GET /api/stats`
    pub(super) fn stats(&self, at_ns: u64) -> String {
        json(&Stats {
            outbox: self.outboxes(at_ns),
            message_counts: self.message_counts(at_ns),
            streams: self.stream_list(),
        })
    }

    /// `GET /api/queue-depth`
    pub(super) fn queue_depth(&self, at_ns: u64) -> String {
        let counts = self.message_counts(at_ns);
        let outbox = self.backlogs(at_ns);
        let streams = match self.names {
            Names::Today => Vec::new(),
            Names::Newer => self
                .backlogs(at_ns)
                .map(|(domain, backlog)| (domain.name(), backlog.published))
                .collect(),
        };
        json(&QueueDepth {
            timestamp: self.pipeline.time_of(at_ns).as_microsecond() as f64 / 1e3,
            outbox: InOrder(
                outbox
                    .map(|(domain, backlog)| (domain.name(), InOrder(by_status(&backlog).into())))
                    .collect(),
            ),
            streams: InOrder(streams),
            totals: Totals {
                outbox_pending: self.backlogs(at_ns).map(|(_, b)| b.pending).sum(),
                stream_depth: counts.total_messages,
                consumer_pending: counts.in_flight,
            },
        })
    }

    fn outboxes(&self, at_ns: u64) -> InOrder<Outbox> {
        let outboxes = self.backlogs(at_ns).map(|(domain, backlog)| {
            let outbox = Outbox {
                status: "ok",
                counts: InOrder(by_status(&backlog).into()),
            };
            (domain.name(), outbox)
        });
        InOrder(outboxes.collect())
    }

    fn message_counts(&self, at_ns: u64) -> MessageCounts {
        let exact = self.names == Names::Newer;
        let sum = |count: fn(&super::Backlog) -> u64| {
            let counts = self.backlogs(at_ns).map(|(_, backlog)| count(&backlog));
            counts.filter(|_| exact).sum()
        };
        MessageCounts {
            total_messages: sum(|backlog| backlog.published),
            in_flight: sum(|backlog| backlog.lag),
            failed: 0,
            dlq: 0,
        }
    }

    fn stream_list(&self) -> StreamList {
        let names: Vec<_> = match self.names {
            Names::Today => Vec::new(),
            Names::Newer => STREAMS.iter().map(|stream| stream.name).collect(),
        };
        StreamList {
            count: names.len(),
            names,
        }
    }
}
