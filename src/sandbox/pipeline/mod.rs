//! What happens behind the shop: outboxes, engines that drain them, and what is left to do.
//!
//! Each domain has one outbox and a number of engines. An engine takes the oldest row, publishes it
//! to its stream and has it processed by the projectors; that takes it 1/rate seconds. The engines
//! of a domain work as one that is so many times faster. So the backlog of a domain, rows pending
//! and messages published but not yet processed (lag), has a known answer: what was accepted less
//! ⌊engines × rate × busy time⌋; of it, as many as there are engines are lag.
//!
//! Nothing ticks: see `queue`. Events of event-sourced aggregates are kept in the event store and
//! never published, as in the measured shop.

mod domain;
mod pace;
mod queue;
mod window;

pub use domain::{DOMAINS, Domain};
pub use pace::{DrainRate, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES};
pub use window::CAPACITY as TRACED_MESSAGES;

use crate::engine::now_ns;
use crate::shop::events::EVENTS;
use crate::stats::Event;
use crossbeam_utils::CachePadded;
use jiff::{SignedDuration, Timestamp};
use pace::Pace;
use queue::Queue;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use window::Window;

/// How the pipeline works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineConfig {
    /// Engines of each domain, in the order of [`Domain::ALL`], from 0 (stopped) to
    /// [`MOST_ENGINES`].
    pub engines: [u32; DOMAINS],
    /// What each engine drains.
    pub drain_rate: DrainRate,
}

impl Default for PipelineConfig {
    /// The measured shop: one engine a domain, 8 events a second each.
    fn default() -> Self {
        Self {
            engines: [1; DOMAINS],
            drain_rate: DrainRate::MEASURED,
        }
    }
}

/// See the module's documentation. Shared by all server threads.
pub struct Pipeline {
    lanes: [CachePadded<Lane>; DOMAINS],
    started_ns: u64,
    started: Timestamp,
}

/// One domain.
struct Lane {
    queue: Queue,
    /// Events that are kept and never published.
    stored: AtomicU64,
    window: Window,
    engines: u32,
    kinds: Range<usize>,
}

/// A domain's outbox and streams at one moment, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Outbox rows that no engine has taken yet.
    pub pending: u64,
    /// Outbox rows that are being published: always 0, publishing is no time of its own.
    pub processing: u64,
    /// Outbox rows that were published.
    pub published: u64,
    /// Outbox rows whose publishing failed: always 0.
    pub failed: u64,
    /// Outbox rows that were given up: always 0.
    pub abandoned: u64,
    /// Published messages that the projectors have not processed yet.
    pub lag: u64,
}

impl Backlog {
    /// What is left to do: rows pending and messages not yet processed.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.pending + self.processing + self.lag
    }
}

/// A message that was published, with the life that it has had or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its domain.
    pub domain: Domain,
    /// What happened.
    pub event: &'static Event,
    /// Tells it from the others of its domain.
    pub end: u64,
    /// Where it is remembered, below [`TRACED_MESSAGES`].
    pub slot: usize,
    /// When it was published, in nanoseconds after the pipeline's start.
    pub published_ns: u64,
    /// When it is processed.
    pub processed_ns: u64,
}

impl Pipeline {
    /// An empty pipeline that starts now.
    #[must_use]
    pub fn new(config: &PipelineConfig) -> Self {
        let lane = |domain: Domain| Lane::new(domain, config);
        Self {
            lanes: Domain::ALL.map(|domain| CachePadded::new(lane(domain))),
            started_ns: now_ns(),
            started: Timestamp::now(),
        }
    }

    /// Takes a raised event: it waits in its domain's outbox, or is only kept.
    pub fn accept(&self, event: &'static Event) {
        let Some(lane) = Domain::of(event).map(|domain| self.lane(domain)) else {
            return;
        };
        if event.outbox {
            lane.accept(event, self.at_ns());
        } else {
            lane.stored.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The domain's backlog now.
    #[must_use]
    pub fn backlog(&self, domain: Domain) -> Backlog {
        self.backlog_at(domain, self.at_ns())
    }

    /// The domain's backlog `at_ns` after the pipeline's start.
    #[must_use]
    pub fn backlog_at(&self, domain: Domain, at_ns: u64) -> Backlog {
        let lane = self.lane(domain);
        let level = lane.queue.level(at_ns);
        let lag = match lane.queue.pace() {
            Pace::Stopped => 0,
            Pace::Per1000S(_) | Pace::Unlimited => level.unfinished.min(lane.engines.into()),
        };
        let pending = level.unfinished - lag;
        Backlog {
            pending,
            published: level.accepted - pending,
            lag,
            ..Backlog::default()
        }
    }

    /// Events of the domain that are kept in the event store and never published.
    #[must_use]
    pub fn stored(&self, domain: Domain) -> u64 {
        self.lane(domain).stored.load(Ordering::Relaxed)
    }

    /// Engines of the domain.
    #[must_use]
    pub fn engines(&self, domain: Domain) -> u32 {
        self.lane(domain).engines
    }

    /// The newest messages of the domain that were published until `at_ns`, in no order. (Exact for
    /// one engine; with more, a message is shown as published when its share of their time begins.)
    pub(super) fn messages(&self, domain: Domain, at_ns: u64) -> impl Iterator<Item = Message> {
        let lane = self.lane(domain);
        let pace = lane.queue.pace();
        lane.window.entries().filter_map(move |entry| {
            let start = entry.end.saturating_sub(pace.work());
            let published_ns = pace.reached_ns(start)?;
            (published_ns <= at_ns).then_some(Message {
                domain,
                event: entry.event,
                end: entry.end,
                slot: entry.slot,
                published_ns,
                processed_ns: pace.reached_ns(entry.end)?,
            })
        })
    }

    /// Now, in nanoseconds after the pipeline's start.
    pub(super) fn at_ns(&self) -> u64 {
        now_ns().saturating_sub(self.started_ns)
    }

    /// The time of day `at_ns` after the start.
    pub(super) fn time_of(&self, at_ns: u64) -> Timestamp {
        let passed = SignedDuration::from_nanos(i64::try_from(at_ns).unwrap_or(i64::MAX));
        self.started.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn lane(&self, domain: Domain) -> &Lane {
        &self.lanes[domain as usize]
    }
}

impl Lane {
    fn new(domain: Domain, config: &PipelineConfig) -> Self {
        let engines = config.engines[domain as usize].min(MOST_ENGINES);
        Self {
            queue: Queue::new(Pace::of(config.drain_rate, engines)),
            stored: AtomicU64::new(0),
            window: Window::new(),
            engines,
            kinds: domain.kinds(),
        }
    }

    fn accept(&self, event: &Event, at_ns: u64) {
        let place = self.queue.accept(at_ns);
        let mut kinds = self.kinds.clone();
        if let Some(kind) = kinds.find(|&kind| EVENTS[kind].name == event.name) {
            self.window.remember(place, kind);
        }
    }
}

#[cfg(test)]
impl Pipeline {
    /// Takes an event of the outbox at a moment of a test's own time.
    pub(super) fn accept_at(&self, event: &'static Event, at_ns: u64) {
        let domain = Domain::of(event).expect("events have a domain");
        self.lane(domain).accept(event, at_ns);
    }

    /// A pipeline that started at a known time of day.
    pub(super) fn started_at(config: &PipelineConfig, started: Timestamp) -> Self {
        Self {
            started,
            ..Self::new(config)
        }
    }
}

#[cfg(test)]
mod tests;
