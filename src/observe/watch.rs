//! The observers of one run: started before it, told when it starts and ends, joined after it.

use super::cadence;
use super::config::{Chosen, ObserverConfig};
use super::event_trail::EventTrail;
use super::gatherer::{Control, Gatherer, Introduced, SourceEvent, SourceOrder};
use super::history::Observation;
use super::progress::{DrainProgress, WatchSink};
use super::source::FigureSource;
use crate::engine::{ThreadGauge, confine, now_ns};
use crate::plan::AddressPolicy;
use crate::stats::{LiveEvents, ObservedTable};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longest wait for what the sources say before the load, and again after it: as long as the Locust
/// suite waits for the Observatory.
const READING_WAIT: Duration = Duration::from_secs(5);

/// Longest wait for the sources' accounts of the run. A database gives each of their queries up after
/// 15 s.
const ACCOUNT_WAIT: Duration = Duration::from_secs(20);

/// Observers at work.
pub struct Watch {
    controls: Sender<Control>,
    progress: Receiver<DrainProgress>,
    gatherer: JoinHandle<Observation>,
    problems: Vec<(Arc<str>, String)>,
    trail: Option<Arc<EventTrail>>,
}

impl Watch {
    /// Starts the observers that `config` asks for, and waits until each has read its source once,
    /// or has not within 5 s. Their threads run on the CPUs `off_cpus` when there are any.
    /// `None` when there is nothing to observe.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn prepare(
        config: &ObserverConfig,
        trail: Option<Arc<EventTrail>>,
        policy: &AddressPolicy,
        off_cpus: &[usize],
    ) -> io::Result<Option<Self>> {
        let chosen = config.sources(policy, trail.as_ref());
        if chosen.is_empty() {
            return Ok(None);
        }
        let (event_sender, events) = unbounded();
        let mut introduced = Vec::with_capacity(chosen.len());
        let cpus: Arc<[usize]> = off_cpus.into();
        for (
            number,
            Chosen {
                source,
                may_be_missing,
            },
        ) in chosen.into_iter().enumerate()
        {
            // Room for every order of a run.
            let (orders, order_receiver) = bounded(4);
            introduced.push(Introduced {
                name: source.name(),
                address: source.address(),
                may_be_missing,
                orders,
            });
            let events = event_sender.clone();
            spawn("observer", Arc::clone(&cpus), move || {
                observe(number, source, &order_receiver, &events);
            })?;
        }
        drop(event_sender);
        let (controls, control_receiver) = unbounded();
        let (progress_sender, progress) = unbounded();
        let gatherer = spawn("observations", cpus, move || {
            Gatherer::new(introduced).run(&events, &control_receiver, &progress_sender)
        })?;
        let mut watch = Self {
            controls,
            progress,
            gatherer,
            problems: Vec::new(),
            trail,
        };
        let deadline = Instant::now() + READING_WAIT;
        let first = watch.progress_until(deadline, |progress| progress.all_have_answered);
        // Without a word from anyone there may still be something to see later.
        let sources = first.as_ref().map_or(1, |progress| progress.sources);
        watch.problems = first.map(|progress| progress.problems).unwrap_or_default();
        Ok((sources > 0).then_some(watch))
    }

    /// Sources that could not be read so far, each with its name and why.
    #[must_use]
    pub fn problems(&self) -> &[(Arc<str>, String)] {
        &self.problems
    }

    /// The clock starts at `start_ns`, on the engine's clock. What was read before is second 0.
    /// Samples go to `table` and `sink` from now on.
    pub fn start(&self, start_ns: u64, table: ObservedTable, sink: WatchSink) {
        if let Some(trail) = &self.trail {
            table.tell_events(Arc::clone(trail) as Arc<dyn LiveEvents>);
        }
        // A gatherer that is gone is met when it is joined.
        let _ = self.controls.send(Control::Start {
            start_ns,
            table,
            sink,
        });
    }

    /// The load has ended, `load_end_s` after the start. Every source is read once more, for at most
    /// 5 s; then the back end is watched until every backlog is down to what it was before the load and
    /// no followed event is known to be on its way, for at most `drain_wait`, or until `goes_on` says no.
    /// It is asked about once a second.
    #[must_use]
    pub fn finish(
        self,
        load_end_s: f64,
        drain_wait: Duration,
        mut goes_on: impl FnMut(&DrainProgress) -> bool,
    ) -> Observation {
        // Looks from before the start tell nothing of now.
        while self.progress.try_recv().is_ok() {}
        let _ = self.controls.send(Control::LoadEnded(load_end_s));
        let deadline = Instant::now() + READING_WAIT;
        let after_load = self.progress_until(deadline, |progress| progress.all_answered_after_load);
        let deadline = Instant::now() + drain_wait;
        let mut drained = after_load.is_some_and(|progress| progress.drained);
        // Older events than ours may have made up for those that went since: a backlog that is what it was
        // before can still hold ours.
        let are_under_way = || {
            let trail = self.trail.as_ref();
            trail.is_some_and(|trail| trail.are_under_way())
        };
        while (!drained || are_under_way()) && Instant::now() < deadline {
            let until = deadline.min(Instant::now() + Duration::from_secs(1));
            let is_enough = |progress: &DrainProgress| progress.drained && !are_under_way();
            match self.progress_until(until, is_enough) {
                Some(progress) if !is_enough(&progress) && !goes_on(&progress) => break,
                Some(progress) => drained = progress.drained,
                None => {}
            }
        }
        let _ = self.controls.send(Control::TakeAccounts);
        let deadline = Instant::now() + ACCOUNT_WAIT;
        let _ = self.progress_until(deadline, |progress| progress.all_have_accounted);
        drop(self.controls);
        let mut observation = self
            .gatherer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        observation.followed = self.trail.map(|trail| trail.end());
        observation
    }

    /// The first look that is `enough`, or else the last one until `deadline`.
    fn progress_until(
        &self,
        deadline: Instant,
        enough: impl Fn(&DrainProgress) -> bool,
    ) -> Option<DrainProgress> {
        let mut last = None;
        while let Ok(progress) = self.progress.recv_deadline(deadline) {
            if enough(&progress) {
                return Some(progress);
            }
            last = Some(progress);
        }
        last
    }
}

/// A named thread on `cpus`, when there are any.
fn spawn<T: Send + 'static>(
    name: &str,
    cpus: Arc<[usize]>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(move || {
        // Where that cannot be, the kernel's own choice is no mistake.
        let _ = confine(&cpus);
        work()
    })
}

/// A source's thread: reads once, waits for the start, then reads at every whole second; gives its
/// account when it is asked to.
fn observe(
    number: usize,
    source: Box<dyn FigureSource>,
    orders: &Receiver<SourceOrder>,
    events: &Sender<SourceEvent>,
) {
    let mut reader = SourceReader {
        number,
        source,
        events,
        gauge: ThreadGauge::start(),
        failures: 0,
    };
    if reader.read(true).is_none() {
        return;
    }
    let mut start_ns = None;
    let mut due_ns = 1_000_000_000;
    loop {
        let order = match start_ns {
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(start_ns) => {
                let wait_ns = u64::saturating_sub(start_ns + due_ns, now_ns());
                orders.recv_timeout(Duration::from_nanos(wait_ns))
            }
        };
        match order {
            Ok(SourceOrder::Start(at_ns)) => {
                start_ns = Some(at_ns);
                continue;
            }
            Ok(SourceOrder::Account) => {
                if reader.account().is_none() {
                    return;
                }
                continue;
            }
            Ok(SourceOrder::ReadNow) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some((ended_ns, took_ns)) = reader.read(false) else {
            return;
        };
        let since_start_ns = ended_ns.saturating_sub(start_ns.unwrap_or(ended_ns));
        due_ns = cadence::next_due_ns(since_start_ns, took_ns, reader.failures);
    }
}

/// A source and whom to tell what it says. Its methods give `None` when nobody listens any more.
struct SourceReader<'a> {
    number: usize,
    source: Box<dyn FigureSource>,
    events: &'a Sender<SourceEvent>,
    gauge: ThreadGauge,
    failures: u32,
}

impl SourceReader<'_> {
    /// Reads once. When that ended, and how long it took. With `mark` the source remembers where it
    /// is, before anybody hears that it was read.
    fn read(&mut self, mark: bool) -> Option<(u64, u64)> {
        let source = self.number;
        self.events.send(SourceEvent::Begun { source }).ok()?;
        let began_ns = now_ns();
        let result = self.source.read();
        let ended_ns = now_ns();
        if mark && result.is_ok() {
            self.source.mark();
        }
        self.failures = if result.is_ok() { 0 } else { self.failures + 1 };
        let event = SourceEvent::Read {
            source,
            began_ns,
            ended_ns,
            cpu_ns: self.gauge.lap().cpu_ns(),
            result,
        };
        self.events.send(event).ok()?;
        Some((ended_ns, ended_ns - began_ns))
    }

    fn account(&mut self) -> Option<()> {
        let source = self.number;
        let account = self.source.account();
        let cpu_ns = self.gauge.lap().cpu_ns();
        let event = SourceEvent::Accounted {
            source,
            cpu_ns,
            account,
        };
        self.events.send(event).ok()
    }
}
