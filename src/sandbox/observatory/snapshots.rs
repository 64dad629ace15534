//! The JSON snapshots: health, outboxes, streams, queue depth, statistics. Names and their order
//! are as measured.

use super::in_order::{InOrder, json};
use super::streams::STREAMS;
use super::subscriptions::{StreamLevel, stream_names, subscriptions};
use super::{BROKER_CLIENTS, BROKER_MEMORY, BROKER_VERSION, Names, ObservatoryView, by_status};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct ShownHealth {
    status: &'static str,
    domains: Vec<&'static str>,
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

#[derive(Serialize)]
struct ShownOutbox {
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
    consumer_groups: ShownGroups,
}

/// Consumer groups as a snapshot shows them.
#[derive(Serialize)]
#[serde(untagged)]
enum ShownGroups {
    /// What is left to do, by domain.
    Lags(BTreeMap<&'static str, u64>),
    /// By group alone, so that of one on several streams only the last shows: the one that is never
    /// read.
    Last(BTreeMap<&'static str, LastStream>),
}

/// A group's last stream.
#[derive(Serialize)]
struct LastStream {
    stream: String,
    pending: u64,
    lag: u64,
}

/// A stream of the queue depth.
#[derive(Serialize)]
#[serde(untagged)]
enum Depth {
    Length(u64),
    Groups {
        length: u64,
        consumer_groups: BTreeMap<&'static str, WaitingInGroup>,
    },
}

/// What waits for a group on a stream.
#[derive(Serialize)]
struct WaitingInGroup {
    pending: u64,
    lag: u64,
}

#[derive(Serialize)]
struct Stats {
    outbox: InOrder<ShownOutbox>,
    message_counts: MessageCounts,
    streams: StreamList,
}

#[derive(Serialize)]
struct QueueDepth {
    timestamp: f64,
    outbox: InOrder<InOrder<u64>>,
    streams: InOrder<Depth>,
    totals: QueueTotals,
}

#[derive(Serialize)]
struct QueueTotals {
    outbox_pending: u64,
    stream_depth: u64,
    consumer_pending: u64,
}

impl ObservatoryView {
    /// `GET /api/health`
    pub(super) fn health(&self, at_ns: u64) -> String {
        json(&ShownHealth {
            status: "healthy",
            domains: self
                .pipeline
                .domains()
                .iter()
                .map(|one| one.name())
                .collect(),
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
            Names::Five => ShownGroups::Lags(BTreeMap::new()),
            Names::Newer => ShownGroups::Lags(
                self.backlogs(at_ns)
                    .map(|(domain, backlog)| (domain.name(), backlog.lag))
                    .collect(),
            ),
            Names::Today => ShownGroups::Last(self.last_streams(at_ns)),
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
            Names::Five => Vec::new(),
            Names::Newer => self
                .backlogs(at_ns)
                .map(|(domain, backlog)| (domain.name(), Depth::Length(backlog.published)))
                .collect(),
            Names::Today => self.depths(at_ns),
        };
        let (stream_depth, consumer_pending) = match self.names {
            Names::Today => self.totals(at_ns),
            _ => (counts.total_messages, counts.in_flight),
        };
        json(&QueueDepth {
            timestamp: self.pipeline.time_of(at_ns).as_microsecond() as f64 / 1e3,
            outbox: InOrder(
                outbox
                    .map(|(domain, backlog)| (domain.name(), InOrder(by_status(&backlog).into())))
                    .collect(),
            ),
            streams: InOrder(streams),
            totals: QueueTotals {
                outbox_pending: self.backlogs(at_ns).map(|(_, b)| b.pending).sum(),
                stream_depth,
                consumer_pending,
            },
        })
    }

    /// Each group with the lane of its stream that nobody reads; the broker's own subscribers have
    /// none.
    fn last_streams(&self, at_ns: u64) -> BTreeMap<&'static str, LastStream> {
        let levels = self.levels(at_ns);
        let groups = subscriptions().iter().map(|one| {
            let (stream, pending) = match one.kind {
                "broker" => {
                    let level = levels.get(one.stream).copied().unwrap_or_default();
                    (one.stream.to_owned(), level.in_flight)
                }
                _ => (format!("{}:backfill", one.stream), 0),
            };
            let last = LastStream {
                stream,
                pending,
                lag: 0,
            };
            (one.group.as_str(), last)
        });
        groups.collect()
    }

    /// Each stream with its groups.
    fn depths(&self, at_ns: u64) -> Vec<(&'static str, Depth)> {
        let levels = self.levels(at_ns);
        let depth = |name: &'static str| {
            let read = name.strip_suffix(":backfill").unwrap_or(name);
            let level = match read == name {
                true => levels.get(name).copied().unwrap_or_default(),
                false => StreamLevel::default(),
            };
            let readers = subscriptions()
                .iter()
                .filter(|one| one.stream == read && (one.kind == "stream" || read == name));
            let groups = readers.map(|one| {
                let pending = level.in_flight;
                (one.group.as_str(), WaitingInGroup { pending, lag: 0 })
            });
            let consumer_groups = groups.collect();
            let length = level.length;
            (
                name,
                Depth::Groups {
                    length,
                    consumer_groups,
                },
            )
        };
        stream_names().map(depth).collect()
    }

    /// The sum over streams of the largest lag of a group, and of all that groups have not
    /// confirmed.
    fn totals(&self, at_ns: u64) -> (u64, u64) {
        let levels = self.levels(at_ns);
        let readers = subscriptions().iter();
        let in_flight =
            readers.map(|one| levels.get(one.stream).map_or(0, |level| level.in_flight));
        (0, in_flight.sum())
    }

    fn outboxes(&self, at_ns: u64) -> InOrder<ShownOutbox> {
        let outboxes = self.backlogs(at_ns).map(|(domain, backlog)| {
            let outbox = ShownOutbox {
                status: "ok",
                counts: InOrder(by_status(&backlog).into()),
            };
            (domain.name(), outbox)
        });
        InOrder(outboxes.collect())
    }

    fn message_counts(&self, at_ns: u64) -> MessageCounts {
        let exact = self.names != Names::Five;
        let sum = |count: fn(&super::OutboxBacklog) -> u64| {
            let counts = self.backlogs(at_ns).map(|(_, backlog)| count(&backlog));
            counts.filter(|_| exact).sum()
        };
        MessageCounts {
            total_messages: sum(|backlog| backlog.published),
            in_flight: match self.names {
                Names::Today => self.totals(at_ns).1,
                _ => sum(|backlog| backlog.lag),
            },
            failed: 0,
            dlq: 0,
        }
    }

    fn stream_list(&self) -> StreamList {
        let names: Vec<_> = match self.names {
            Names::Five => Vec::new(),
            Names::Newer => STREAMS.iter().map(|stream| stream.name).collect(),
            Names::Today => stream_names().collect(),
        };
        StreamList {
            count: names.len(),
            names,
        }
    }
}
