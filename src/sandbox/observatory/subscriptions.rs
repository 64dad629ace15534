//! Who reads which stream in today's shop, and what is waiting for them.
//!
//! As measured, each domain's outbox is listed among its subscriptions, so that its rows are told
//! again as `lag` and `pending` there. A message that an engine is processing has been delivered to
//! all who read its stream, and none of them has confirmed it.

use super::ObservatoryView;
use super::in_order::{InOrder, json};
use super::streams::{Stream, TODAYS_STREAMS, stream_of};
use crate::sandbox::pipeline::{Domain, OutboxBacklog};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

/// All that were measured, by domain; a line each: domain, type, handler, stream, name.
const MEASURED: &str = include_str!("subscriptions.txt");
/// Names of all streams, sorted.
const NAMES: &str = include_str!("stream-names.txt");

/// What reads a stream.
#[derive(Debug)]
pub struct Subscription {
    pub domain: Domain,
    /// `stream`, or `broker` for those that read the broker's own messages.
    pub kind: &'static str,
    pub handler: &'static str,
    pub stream: &'static str,
    name: &'static str,
    /// The consumer group in the broker.
    pub group: String,
}

static SUBSCRIPTIONS: LazyLock<Vec<Subscription>> =
    LazyLock::new(|| MEASURED.lines().filter_map(Subscription::read).collect());

/// All of them, by domain.
pub fn subscriptions() -> &'static [Subscription] {
    &SUBSCRIPTIONS
}

/// Handlers of the messages of a stream, in the order in which they are listed; the broker's
/// subscribers leave no traces.
pub fn handlers(stream: &str) -> &'static [&'static str] {
    static HANDLERS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
        let mut handlers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for one in subscriptions().iter().filter(|one| one.kind == "stream") {
            handlers.entry(one.stream).or_default().push(one.handler);
        }
        handlers
    });
    HANDLERS.get(stream).map_or(&[], Vec::as_slice)
}

/// Names of all streams that today's broker has.
pub fn stream_names() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

impl Subscription {
    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (domain, kind, handler, stream, name) = (word()?, word()?, word()?, word()?, word()?);
        let domain = Domain::ALL.into_iter().find(|one| one.name() == domain)?;
        let group = match name.strip_prefix("commands:") {
            Some(commands) => format!("protean.server.engine.Commands:{commands}"),
            None => {
                let suffix = format!("-{stream}");
                name.strip_suffix(&suffix).unwrap_or(name).to_owned()
            }
        };
        Some(Self {
            domain,
            kind,
            handler,
            stream,
            name,
            group,
        })
    }

    /// What its consumers are called by the broker, but for their numbers.
    fn consumer(&self, number: u32) -> String {
        let seed = format!("{}{}{number}", self.group, self.stream);
        let tag = xxh3_64(seed.as_bytes()) & 0xff_ffff;
        if self.kind == "broker" {
            return format!("consumer-{}", 1_795_877_000_000 + tag % 1_000_000);
        }
        let name = match self.name.starts_with("commands:") {
            true => format!("Commands:{}", self.stream),
            false => self.handler.to_owned(),
        };
        let process = process_of(self.domain, number);
        format!("{name}-sandbox-{process}-{tag:06x}")
    }
}

/// Number of the process that an engine would be.
fn process_of(domain: Domain, number: u32) -> u32 {
    22_400 + 100 * domain as u32 + number
}

/// What is on a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLevel {
    /// Messages that were ever published.
    pub length: u64,
    /// Of these, those that are delivered and not yet processed.
    pub in_flight: u64,
}

/// A subscription's figures.
#[derive(Serialize)]
pub struct ShownSubscription {
    name: &'static str,
    pub handler_name: &'static str,
    pub subscription_type: &'static str,
    pub stream_category: &'static str,
    pub lag: u64,
    pub pending: u64,
    current_position: Option<String>,
    head_position: Option<String>,
    status: &'static str,
    consumer_count: u32,
    pub dlq_depth: u64,
}

impl ShownSubscription {
    /// Whether it has nothing to do.
    pub fn is_fine(&self) -> bool {
        self.lag == 0 && self.pending == 0
    }

    fn new(
        name: &'static str,
        handler: &'static str,
        kind: &'static str,
        stream: &'static str,
        [lag, pending, dlq_depth]: [u64; 3],
    ) -> Self {
        Self {
            name,
            handler_name: handler,
            subscription_type: kind,
            stream_category: stream,
            lag,
            pending,
            current_position: None,
            head_position: None,
            status: if lag + pending == 0 { "ok" } else { "lagging" },
            consumer_count: 0,
            dlq_depth,
        }
    }
}

/// The outbox of a domain as it is listed again among the subscriptions: once with what it holds,
/// once with nothing.
fn outboxes(backlog: &OutboxBacklog) -> [ShownSubscription; 2] {
    let rows = [
        backlog.pending + backlog.processing,
        backlog.pending,
        backlog.failed + backlog.abandoned,
    ];
    let shown = |name, stream, rows| {
        ShownSubscription::new(name, "OutboxProcessor", "outbox", stream, rows)
    };
    [
        shown(
            "outbox-processor-default-to-default",
            "default → default",
            rows,
        ),
        shown(
            "outbox-processor-memory-to-default",
            "memory → default",
            [0; 3],
        ),
    ]
}

#[derive(Serialize)]
struct DomainSubscriptions {
    status: &'static str,
    subscriptions: Vec<ShownSubscription>,
    summary: Summary,
}

/// All subscriptions of a domain together; the outbox counts again.
#[derive(Serialize)]
struct Summary {
    total: usize,
    ok: usize,
    lagging: usize,
    unknown: usize,
    total_lag: u64,
    total_pending: u64,
    total_dlq: u64,
}

impl Summary {
    fn of(subscriptions: &[ShownSubscription]) -> Self {
        let sum = |count: fn(&ShownSubscription) -> u64| subscriptions.iter().map(count).sum();
        let ok = subscriptions.iter().filter(|shown| shown.is_fine()).count();
        Self {
            total: subscriptions.len(),
            ok,
            lagging: subscriptions.len() - ok,
            unknown: 0,
            total_lag: sum(|shown| shown.lag),
            total_pending: sum(|shown| shown.pending),
            total_dlq: sum(|shown| shown.dlq_depth),
        }
    }
}

#[derive(Serialize)]
struct Consumers {
    consumers: Vec<Consumer>,
}

/// A consumer as the broker lists it.
#[derive(Clone, Serialize)]
pub struct Consumer {
    pub consumer_name: String,
    pub group: &'static str,
    pub stream: &'static str,
    pub pending: u64,
    pub idle_ms: u64,
}

#[derive(Serialize)]
struct Workers {
    workers: Vec<Worker>,
    count: usize,
    timestamp: f64,
}

#[derive(Serialize)]
struct Worker {
    worker_id: String,
    hostname: &'static str,
    pid: u32,
    subscriptions: Vec<Consumer>,
}

impl ObservatoryView {
    /// What is on each of the streams that events go to. Exact as long as the pipeline remembers
    /// what waits; what it does not is counted to the domain's first stream.
    pub(super) fn levels(&self, at_ns: u64) -> BTreeMap<&'static str, StreamLevel> {
        let mut levels: BTreeMap<&str, StreamLevel> = BTreeMap::new();
        for &domain in self.pipeline.domains() {
            let backlog = self.pipeline.backlog_at(domain, at_ns);
            let streams = TODAYS_STREAMS.iter().filter(|one| one.domain == domain);
            let mut ours: Vec<(&Stream, StreamLevel)> =
                streams.map(|one| (one, StreamLevel::default())).collect();
            let mut add = |event, count: i64, part: fn(&mut StreamLevel) -> &mut u64| {
                let stream = stream_of(domain, event).name;
                if let Some((_, level)) = ours.iter_mut().find(|(one, _)| one.name == stream) {
                    let sum = part(level);
                    *sum = sum.saturating_add_signed(count);
                }
            };
            for (event, accepted) in self.pipeline.accepted(domain) {
                add(event, accepted as i64, |level| &mut level.length);
            }
            let mut waiting = 0;
            let mut in_flight = 0;
            for (event, is_published) in self.pipeline.unfinished(domain, at_ns) {
                if is_published {
                    in_flight += 1;
                    add(event, 1, |level| &mut level.in_flight);
                } else {
                    waiting += 1;
                    add(event, -1, |level| &mut level.length);
                }
            }
            if let Some((_, first)) = ours.first_mut() {
                let unknown = backlog.pending.saturating_sub(waiting);
                first.length = first.length.saturating_sub(unknown);
                first.in_flight += backlog.lag.saturating_sub(in_flight);
            }
            levels.extend(ours.into_iter().map(|(one, level)| (one.name, level)));
        }
        levels
    }

    /// All subscriptions of each domain, with what is waiting for them.
    pub(super) fn shown_subscriptions(&self, at_ns: u64) -> Vec<(Domain, Vec<ShownSubscription>)> {
        let levels = self.levels(at_ns);
        let of_domain = |&domain: &Domain| {
            let ours = subscriptions().iter().filter(|one| one.domain == domain);
            let mut shown: Vec<ShownSubscription> = ours
                .map(|one| {
                    let level = levels.get(one.stream).copied().unwrap_or_default();
                    let rows = [0, level.in_flight, 0];
                    // Both are read while engines go on.
                    let processed = level.length.saturating_sub(level.in_flight);
                    let position = match processed {
                        0 => "0-0".to_owned(),
                        count => {
                            let time = self.pipeline.time_of(at_ns).as_millisecond();
                            format!("{time}-{count}")
                        }
                    };
                    ShownSubscription {
                        current_position: Some(position),
                        head_position: Some(level.length.to_string()),
                        consumer_count: self.pipeline.engines(domain),
                        ..ShownSubscription::new(one.name, one.handler, one.kind, one.stream, rows)
                    }
                })
                .collect();
            shown.extend(outboxes(&self.pipeline.backlog_at(domain, at_ns)));
            (domain, shown)
        };
        self.pipeline.domains().iter().map(of_domain).collect()
    }

    /// `GET /api/subscriptions`
    pub(super) fn subscriptions(&self, at_ns: u64) -> String {
        let domains = self.shown_subscriptions(at_ns).into_iter();
        json(&InOrder(
            domains
                .map(|(domain, subscriptions)| {
                    let status = "ok";
                    let shown = DomainSubscriptions {
                        status,
                        summary: Summary::of(&subscriptions),
                        subscriptions,
                    };
                    (domain.name(), shown)
                })
                .collect(),
        ))
    }

    /// All consumers, one an engine and subscription.
    pub(super) fn shown_consumers(&self, at_ns: u64) -> Vec<(Domain, u32, Consumer)> {
        let levels = self.levels(at_ns);
        let mut shown = Vec::new();
        for one in subscriptions() {
            let engines = match self.pipeline.domains().contains(&one.domain) {
                true => self.pipeline.engines(one.domain),
                false => 0,
            };
            for number in 0..engines {
                let in_flight = levels.get(one.stream).map_or(0, |level| level.in_flight);
                // They are shared out evenly.
                let pending = (in_flight + u64::from(engines - 1 - number)) / u64::from(engines);
                let consumer = Consumer {
                    consumer_name: one.consumer(number),
                    group: &one.group,
                    stream: one.stream,
                    pending,
                    idle_ms: if pending > 0 { 0 } else { at_ns / 1_000_000 },
                };
                shown.push((one.domain, number, consumer));
            }
        }
        shown.sort_by_key(|(.., consumer)| (consumer.stream, consumer.group));
        shown
    }

    /// `GET /api/consumers`
    pub(super) fn consumers(&self, at_ns: u64) -> String {
        let consumers = self.shown_consumers(at_ns).into_iter();
        json(&Consumers {
            consumers: consumers.map(|(.., consumer)| consumer).collect(),
        })
    }

    /// `GET /api/workers`
    pub(super) fn workers(&self, at_ns: u64) -> String {
        let mut workers: BTreeMap<u32, Vec<Consumer>> = BTreeMap::new();
        for (domain, number, consumer) in self.shown_consumers(at_ns) {
            // The broker's own consumers do not tell whose they are.
            if !consumer.consumer_name.starts_with("consumer-") {
                let worker = workers.entry(process_of(domain, number)).or_default();
                worker.push(consumer);
            }
        }
        let workers: Vec<Worker> = workers
            .into_iter()
            .map(|(pid, subscriptions)| Worker {
                worker_id: format!("sandbox-{pid}"),
                hostname: "sandbox",
                pid,
                subscriptions,
            })
            .collect();
        json(&Workers {
            count: workers.len(),
            workers,
            timestamp: self.pipeline.time_of(at_ns).as_microsecond() as f64 / 1e3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_measured_is_read() {
        assert_eq!(subscriptions().len(), 82);
        assert_eq!(subscriptions().len(), MEASURED.lines().count());
        assert_eq!(stream_names().count(), 49);
        let of = |stream| handlers(stream).len();
        assert_eq!((of("identity::customer"), of("ordering::order")), (7, 11));
        for one in subscriptions() {
            assert!(stream_names().any(|name| name == one.stream), "{one:?}");
        }
    }
}
