//! What happens behind the shop: outboxes, engines that drain them, and what is left to do.
//!
//! Each domain has one outbox and a number of engines. An engine takes the oldest row, publishes it
//! to its stream and has it processed by the projectors; that takes it 1/rate seconds. The engines
//! of a domain work as one that is so many times faster. So the backlog of a domain, rows pending
//! and messages published but not yet processed (lag), has a known answer: what was accepted less
//! ⌊engines × rate × busy time⌋; of it, as many as there are engines are lag.
//!
//! Nothing ticks: see `queue`. In the shop of five contexts events of event-sourced aggregates are
//! kept in the event store and never published; in today's all events go through the outbox. Both
//! as measured.

mod domain;
mod pace;
mod queue;
mod truth;
mod window;

pub use domain::{DOMAINS, Domain};
pub use pace::{DrainRate, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES};
pub use truth::{EventTruth, Truths};
pub use window::CAPACITY as TRACED_MESSAGES;

use crate::engine::now_ns;
use crate::shop::Generation;
use crate::shop::events::EVENTS;
use crate::stats::Event;
use crossbeam_channel::Sender;
use crossbeam_utils::CachePadded;
use jiff::{SignedDuration, Timestamp};
use pace::EnginePace;
use queue::{Queue, QueuePlace};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use truth::Rest;
use uuid::Uuid;
use window::EventWindow;

/// How the pipeline works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineConfig {
    /// Engines of each domain, in the order of [`Domain::ALL`], from 0 (stopped) to
    /// [`MOST_ENGINES`]; those of domains that the shop's generation has not mean nothing.
    pub engines: [u32; DOMAINS],
    /// What each engine drains.
    pub drain_rate: DrainRate,
}

impl Default for PipelineConfig {
    /// The measured shop: one engine a domain, 8 events a second each; none for notifications, as on the
    /// stack that the shop's load tests start, where every registration would make three events more.
    fn default() -> Self {
        let mut engines = [1; DOMAINS];
        engines[Domain::Notifications as usize] = 0;
        Self {
            engines,
            drain_rate: DrainRate::MEASURED,
        }
    }
}

/// See the module's documentation. Shared by all server threads.
pub struct Pipeline {
    domains: [CachePadded<DomainPipeline>; DOMAINS],
    generation: Generation,
    started_ns: u64,
    started: Timestamp,
    rest: Rest,
    told: Option<Sender<EventTruth>>,
}

/// One domain.
struct DomainPipeline {
    queue: Queue,
    /// Events that are kept and never published.
    stored: AtomicU64,
    window: EventWindow,
    engines: u32,
    kinds: Range<usize>,
    /// Events accepted, by kind.
    counts: Box<[AtomicU64]>,
}

/// A domain's outbox and streams at one moment, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxBacklog {
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

impl OutboxBacklog {
    /// What is left to do: rows pending and messages not yet processed.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.pending + self.processing + self.lag
    }
}

/// Where an event waits to be processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingEvent {
    /// Its domain.
    pub domain: Domain,
    /// When it was raised, in nanoseconds after the pipeline's start.
    pub raised_ns: u64,
    /// Progress at which it is done.
    end: u64,
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
    /// An empty pipeline of a shop of `generation` that starts now.
    #[must_use]
    pub fn new(config: &PipelineConfig, generation: Generation) -> Self {
        let of_domain = |domain: Domain| DomainPipeline::new(domain, config);
        Self {
            domains: Domain::ALL.map(|domain| CachePadded::new(of_domain(domain))),
            generation,
            started_ns: now_ns(),
            started: Timestamp::now(),
            rest: Rest::default(),
            told: None,
        }
    }

    /// The same, telling the truth about its events.
    #[must_use]
    pub fn telling(self, truths: &Truths) -> Self {
        Self {
            rest: Rest::of(truths.rest.as_ref()),
            told: truths.told.clone(),
            ..self
        }
    }

    /// The shop's domains, in the order in which the Observatory lists them.
    #[must_use]
    pub fn domains(&self) -> &'static [Domain] {
        Domain::of_generation(self.generation)
    }

    /// Takes a raised event: it waits in its domain's outbox, or is only kept. Tells where it
    /// waits; `None` when it is only kept.
    pub fn accept(&self, event: &'static Event, thing: Option<Uuid>) -> Option<WaitingEvent> {
        let domain = Domain::of(event)?;
        let of_domain = self.of_domain(domain);
        if !event.outbox && self.generation == Generation::Five {
            of_domain.stored.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let raised_ns = self.at_ns();
        let place = of_domain.accept(event, self.rest.worked_ns(raised_ns));
        let waiting = WaitingEvent {
            domain,
            raised_ns,
            end: place.end,
        };
        if let Some(told) = &self.told {
            let _ = told.try_send(self.truth(event, thing, waiting, place.number));
        }
        Some(waiting)
    }

    fn truth(
        &self,
        event: &'static Event,
        thing: Option<Uuid>,
        waiting: WaitingEvent,
        number: u64,
    ) -> EventTruth {
        let us = |at_ns: u64| self.time_of(at_ns).as_microsecond();
        let pace = self.of_domain(waiting.domain).queue.pace();
        let reached = |progress: u64| {
            let worked_ns = pace.reached_ns(progress)?;
            Some(us(self.rest.at_ns(worked_ns).max(waiting.raised_ns)))
        };
        EventTruth {
            event,
            thing,
            number,
            raised_us: us(waiting.raised_ns),
            published_us: reached(waiting.end.saturating_sub(pace.work())),
            processed_us: reached(waiting.end),
        }
    }

    /// When a message that waits is processed, in nanoseconds after the pipeline's start; `None`
    /// when never.
    pub(super) fn processed_ns(&self, waiting: WaitingEvent) -> Option<u64> {
        let pace = self.of_domain(waiting.domain).queue.pace();
        pace.reached_ns(waiting.end)
            .map(|worked_ns| self.rest.at_ns(worked_ns))
    }

    /// The domain's backlog now.
    #[must_use]
    pub fn backlog(&self, domain: Domain) -> OutboxBacklog {
        self.backlog_at(domain, self.at_ns())
    }

    /// The domain's backlog `at_ns` after the pipeline's start.
    #[must_use]
    pub fn backlog_at(&self, domain: Domain, at_ns: u64) -> OutboxBacklog {
        let of_domain = self.of_domain(domain);
        let level = of_domain.queue.level(self.rest.worked_ns(at_ns));
        let lag = match of_domain.queue.pace() {
            EnginePace::Stopped => 0,
            EnginePace::Per1000S(_) | EnginePace::Unlimited => {
                level.unfinished.min(of_domain.engines.into())
            }
        };
        let pending = level.unfinished - lag;
        OutboxBacklog {
            pending,
            published: level.accepted - pending,
            lag,
            ..OutboxBacklog::default()
        }
    }

    /// Events of the domain that are kept in the event store and never published.
    #[must_use]
    pub fn stored(&self, domain: Domain) -> u64 {
        self.of_domain(domain).stored.load(Ordering::Relaxed)
    }

    /// Engines of the domain.
    #[must_use]
    pub fn engines(&self, domain: Domain) -> u32 {
        self.of_domain(domain).engines
    }

    /// How many events of each kind the domain's outbox has taken.
    pub(super) fn accepted(&self, domain: Domain) -> impl Iterator<Item = (&'static Event, u64)> {
        let of_domain = self.of_domain(domain);
        let counts = of_domain.counts.iter();
        EVENTS[of_domain.kinds.clone()]
            .iter()
            .zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }

    /// Events that the domain's engines have not processed at that moment, with whether they are
    /// published. (Only those that are remembered; see `window`.)
    pub(super) fn unfinished(
        &self,
        domain: Domain,
        at_ns: u64,
    ) -> impl Iterator<Item = (&'static Event, bool)> {
        let of_domain = self.of_domain(domain);
        let pace = of_domain.queue.pace();
        let worked_ns = self.rest.worked_ns(at_ns);
        let progress = pace.progress(worked_ns);
        let level = of_domain.queue.level(worked_ns);
        // With several engines, so many have begun together; the share of one tells nothing.
        let begun = match pace {
            EnginePace::Stopped => 0,
            _ => pace.work().saturating_mul(of_domain.engines.into()),
        };
        let first = of_domain
            .queue
            .end()
            .saturating_sub(level.unfinished.saturating_mul(pace.work()));
        let entries = of_domain.window.entries();
        entries
            .filter(move |entry| entry.end > progress)
            .map(move |entry| (entry.event, entry.end <= first.saturating_add(begun)))
    }

    /// Whether the domain's engines ever get anything done.
    #[must_use]
    pub fn drains(&self, domain: Domain) -> bool {
        self.of_domain(domain).queue.pace() != EnginePace::Stopped
    }

    /// The newest messages of the domain that were published until `at_ns`, in no order. (Exact for
    /// one engine; with more, a message is shown as published when its share of their time begins.)
    pub(super) fn messages(&self, domain: Domain, at_ns: u64) -> impl Iterator<Item = Message> {
        let of_domain = self.of_domain(domain);
        let pace = of_domain.queue.pace();
        of_domain.window.entries().filter_map(move |entry| {
            let start = entry.end.saturating_sub(pace.work());
            let published_ns = self.rest.at_ns(pace.reached_ns(start)?);
            (published_ns <= at_ns).then_some(Message {
                domain,
                event: entry.event,
                end: entry.end,
                slot: entry.slot,
                published_ns,
                processed_ns: self.rest.at_ns(pace.reached_ns(entry.end)?),
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

    fn of_domain(&self, domain: Domain) -> &DomainPipeline {
        &self.domains[domain as usize]
    }
}

impl DomainPipeline {
    fn new(domain: Domain, config: &PipelineConfig) -> Self {
        let engines = config.engines[domain as usize].min(MOST_ENGINES);
        Self {
            queue: Queue::new(EnginePace::of(config.drain_rate, engines)),
            stored: AtomicU64::new(0),
            window: EventWindow::new(),
            engines,
            counts: domain.kinds().map(|_| AtomicU64::new(0)).collect(),
            kinds: domain.kinds(),
        }
    }

    fn accept(&self, event: &Event, at_ns: u64) -> QueuePlace {
        let place = self.queue.accept(at_ns);
        let mut kinds = self.kinds.clone();
        if let Some(kind) = kinds.find(|&kind| EVENTS[kind].name == event.name) {
            self.counts[kind - self.kinds.start].fetch_add(1, Ordering::Relaxed);
            self.window.remember(place, kind);
        }
        place
    }
}

#[cfg(test)]
impl Pipeline {
    /// Takes an event of the outbox at a moment of a test's own time.
    pub(super) fn accept_at(&self, event: &'static Event, at_ns: u64) {
        let domain = Domain::of(event).expect("events have a domain");
        self.of_domain(domain).accept(event, at_ns);
    }

    /// A pipeline that started at a known time of day.
    pub(super) fn started_at(
        config: &PipelineConfig,
        generation: Generation,
        started: Timestamp,
    ) -> Self {
        Self {
            started,
            ..Self::new(config, generation)
        }
    }
}

#[cfg(test)]
mod tests;
