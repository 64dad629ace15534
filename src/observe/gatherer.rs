//! The thread that gathers what the sources' threads read, makes backlogs of it, and hands samples on.

use super::backlog::{LatestFigure, backlog_of};
use super::history::{Observation, SourceHistory};
use super::progress::{DrainProgress, WatchSink};
use super::roster::Roster;
use super::source::{ObservedFigure, Readout};
use super::{Account, Problem, SourceAccount, aliases};
use crate::engine::{ThreadGauge, now_ns};
use crate::plan::ObservedMetric;
use crate::stats::{Amount, ObservedSample, ObservedTable};
use crossbeam_channel::{Receiver, Sender, never, select, tick};
use std::sync::Arc;
use std::time::Duration;

/// A source that has not answered for so long is named, in nanoseconds. Longer than any source's own
/// limits.
const SILENT_NS: u64 = 6_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
/// From a whole second until the backlogs of that second are made, so that all quick sources have
/// been read.
const BACKLOG_AFTER_NS: u64 = 500_000_000;
const TICK: Duration = Duration::from_millis(250);

/// What a source's thread tells.
pub(super) enum SourceEvent {
    /// It begins to read.
    Begun { source: usize },
    /// It has read.
    Read {
        source: usize,
        began_ns: u64,
        ended_ns: u64,
        cpu_ns: u64,
        result: Result<Readout, Problem>,
    },
    /// It has given its account of the run, if it keeps one.
    Accounted {
        source: usize,
        cpu_ns: u64,
        account: Option<Result<Account, Problem>>,
    },
}

/// What a source's thread is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum SourceOrder {
    /// The clock starts at this moment: read at every whole second.
    Start(u64),
    /// Read once more, now.
    ReadNow,
    /// Give an account of the run.
    Account,
}

/// What the gatherer is told.
pub(super) enum Control {
    /// The clock starts at this moment: samples count from here.
    Start {
        start_ns: u64,
        table: ObservedTable,
        sink: WatchSink,
    },
    /// The load has ended, so many seconds after the start: read everything once more.
    LoadEnded(f64),
    /// Nothing more is to be read: have every source give its account of the run.
    TakeAccounts,
}

/// The gatherer's view of one source.
struct Watched {
    orders: Sender<SourceOrder>,
    reading_since_ns: Option<u64>,
    told_silent: bool,
    has_answered: bool,
    answered_after_load: bool,
    has_accounted: bool,
    /// Left out because it may be missing, and is.
    dismissed: bool,
    may_be_missing: bool,
}

impl Watched {
    /// Whether it has given its account, or nobody can wait for it: its thread is stuck.
    fn is_done_accounting(&self) -> bool {
        self.has_accounted || self.told_silent
    }
}

pub(super) struct Gatherer {
    watched: Vec<Watched>,
    observation: Observation,
    latest: Vec<LatestFigure>,
    roster: Roster,
    /// Domains with a figure that came since their last backlog.
    changed: Vec<Arc<str>>,
    start_ns: Option<u64>,
    table: ObservedTable,
    sink: Option<WatchSink>,
    load_ended: bool,
    all_read_after_load: bool,
    /// When the next backlogs are made, on the engine's clock.
    backlogs_due_ns: u64,
    gauge: ThreadGauge,
}

/// A source as the gatherer is to know it.
pub(super) struct Introduced {
    pub name: Arc<str>,
    pub address: String,
    pub may_be_missing: bool,
    pub orders: Sender<SourceOrder>,
}

impl Gatherer {
    /// To be made on the thread that it runs on.
    pub fn new(sources: Vec<Introduced>) -> Self {
        let mut observation = Observation::default();
        let mut watched = Vec::with_capacity(sources.len());
        for source in sources {
            observation
                .sources
                .push(SourceHistory::new(source.name, source.address));
            watched.push(Watched {
                orders: source.orders,
                reading_since_ns: None,
                told_silent: false,
                has_answered: false,
                answered_after_load: false,
                has_accounted: false,
                dismissed: false,
                may_be_missing: source.may_be_missing,
            });
        }
        Self {
            watched,
            observation,
            latest: Vec::new(),
            roster: Roster::default(),
            changed: Vec::new(),
            start_ns: None,
            table: ObservedTable::default(),
            sink: None,
            load_ended: false,
            all_read_after_load: false,
            backlogs_due_ns: 0,
            gauge: ThreadGauge::start(),
        }
    }

    /// Gathers until `controls` is closed. `progress` gets a look after every step until the start,
    /// and from the end of the load on.
    pub fn run(
        mut self,
        events: &Receiver<SourceEvent>,
        controls: &Receiver<Control>,
        progress: &Sender<DrainProgress>,
    ) -> Observation {
        let ticks = tick(TICK);
        let mut events = events.clone();
        loop {
            select! {
                recv(events) -> event => match event {
                    Ok(event) => self.event(event),
                    // Every source's thread has ended: a defect, but no reason to spin.
                    Err(_) => events = never(),
                },
                recv(controls) -> control => match control {
                    Ok(control) => self.control(control),
                    Err(_) => break,
                },
                recv(ticks) -> _ => self.look_for_silent_ones(),
            }
            if self.is_backlog_due() {
                self.make_backlogs();
            }
            if self.start_ns.is_none() || self.load_ended {
                // Nobody listening is the end, which `controls` tells.
                let _ = progress.send(self.progress());
            }
        }
        self.finish()
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Start {
                start_ns,
                table,
                sink,
            } => {
                self.start_ns = Some(start_ns);
                self.table = table;
                self.sink = Some(sink);
                self.move_baseline();
                self.backlogs_due_ns = start_ns + SECOND_NS + BACKLOG_AFTER_NS;
                self.order(SourceOrder::Start(start_ns));
            }
            Control::LoadEnded(load_end_s) => {
                self.load_ended = true;
                self.observation.load_end_s = load_end_s;
                // With the answers of all, or of those that came within a second.
                self.backlogs_due_ns = now_ns() + SECOND_NS;
                self.order(SourceOrder::ReadNow);
            }
            Control::TakeAccounts => self.order(SourceOrder::Account),
        }
    }

    /// What was read before the start is second 0.
    fn move_baseline(&mut self) {
        let second_0: Vec<ObservedSample> = self
            .latest
            .iter()
            .filter(|known| known.figure.detail.is_empty())
            .map(|known| sample(0, &known.source, &known.figure))
            .collect();
        self.hand_on(second_0);
        for known in &mut self.latest {
            (known.at_s, known.until_s) = (0.0, 0.0);
        }
        for source in &mut self.observation.sources {
            for problem in &mut source.problems {
                (problem.first_s, problem.last_s) = (0.0, 0.0);
            }
        }
        for domain in &mut self.observation.domains {
            domain.backlog.clear();
            domain.rows.iter_mut().for_each(|point| point.0 = 0.0);
            domain.published.iter_mut().for_each(|point| point.0 = 0.0);
        }
        self.changed = self.known_domains();
        self.make_backlogs();
    }

    fn order(&mut self, order: SourceOrder) {
        for watched in self.watched.iter().filter(|watched| !watched.dismissed) {
            // A source whose thread is stuck takes no orders; it is named as silent.
            let _ = watched.orders.try_send(order);
        }
    }

    fn event(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Begun { source } => {
                self.watched[source].reading_since_ns = Some(now_ns());
            }
            SourceEvent::Read {
                source,
                began_ns,
                ended_ns,
                cpu_ns,
                result,
            } => {
                let watched = &mut self.watched[source];
                watched.reading_since_ns = None;
                watched.told_silent = false;
                let is_first = !std::mem::replace(&mut watched.has_answered, true);
                watched.dismissed |= is_first && watched.may_be_missing && result.is_err();
                let load_end_s = self.observation.load_end_s;
                let at_s = self.seconds(began_ns);
                watched_after(&mut self.watched[source], self.load_ended, at_s, load_end_s);
                self.observation.cpu_s += cpu_ns as f64 / 1e9;
                let history = &mut self.observation.sources[source];
                history.took(ended_ns.saturating_sub(began_ns));
                match result {
                    Ok(mut readout) => {
                        let name = Arc::clone(&history.name);
                        self.roster.sift(&name, &mut readout);
                        history.readings += 1;
                        history.caveats_of(&readout);
                        self.take(&name, &readout, (at_s, self.seconds(ended_ns)));
                    }
                    Err(problem) => {
                        history.failed_readings += 1;
                        history.trouble(&problem, at_s.max(0.0));
                    }
                }
            }
            SourceEvent::Accounted {
                source,
                cpu_ns,
                account,
            } => {
                self.watched[source].has_accounted = true;
                self.observation.cpu_s += cpu_ns as f64 / 1e9;
                let source = Arc::clone(&self.observation.sources[source].name);
                let accounts = &mut self.observation.accounts;
                accounts.extend(account.map(|account| SourceAccount {
                    source,
                    account: account.map_err(|problem| problem.text().to_owned()),
                }));
            }
        }
    }

    /// Takes what a reading brought that began and ended at these moments.
    fn take(&mut self, source: &Arc<str>, readout: &Readout, (at_s, until_s): (f64, f64)) {
        self.observation.figures_of(source, readout);
        self.observation.rows_of(source, readout, at_s);
        // What a source showed once and shows no more is absent from now on.
        self.latest.retain(|known| known.source != *source);
        for figure in &readout.figures {
            self.latest.push(LatestFigure {
                source: Arc::clone(source),
                figure: figure.clone(),
                at_s,
                until_s,
            });
            if is_of_backlog(figure.metric) && !figure.domain.is_empty() {
                self.changed.push(Arc::clone(&figure.domain));
            }
        }
        // Exact sources stay before the others, whichever was read last.
        let rank = |name: &str| {
            let mut sources = self.observation.sources.iter();
            sources.position(|known| &*known.name == name)
        };
        self.latest.sort_by_key(|known| rank(&known.source));
        if self.start_ns.is_some() {
            let second = at_s.max(0.0) as u64;
            let samples = readout
                .figures
                .iter()
                .filter(|figure| figure.detail.is_empty())
                .map(|figure| sample(second, source, figure));
            let samples = samples.collect();
            self.hand_on(samples);
        }
    }

    /// Once a second, when quick sources have been read; and when all have been after the load.
    fn is_backlog_due(&mut self) -> bool {
        let now = now_ns();
        let all_read = self.load_ended
            && !self.all_read_after_load
            && self.live().all(|watched| watched.answered_after_load);
        self.all_read_after_load |= all_read;
        let is_due = all_read || now >= self.backlogs_due_ns;
        if is_due {
            let missed = now.saturating_sub(self.backlogs_due_ns) / SECOND_NS;
            self.backlogs_due_ns += (missed + 1) * SECOND_NS;
        }
        is_due
    }

    fn live(&self) -> impl Iterator<Item = &Watched> + Clone {
        self.watched.iter().filter(|watched| !watched.dismissed)
    }

    /// A new backlog of every domain that something new is known of.
    fn make_backlogs(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        let now_s = self.seconds(now_ns());
        let mut samples = Vec::new();
        for domain in changed {
            let Some(backlog) = backlog_of(&domain, &self.latest, now_s) else {
                continue;
            };
            self.observation.backlog_of(&domain, &backlog);
            samples.push(ObservedSample {
                second: backlog.at_s.max(0.0) as u64,
                source: backlog.source.as_str().into(),
                domain,
                metric: ObservedMetric::Backlog,
                amount: backlog.amount,
            });
        }
        if self.start_ns.is_some() {
            self.hand_on(samples);
        }
    }

    fn hand_on(&mut self, samples: Vec<ObservedSample>) {
        if samples.is_empty() {
            return;
        }
        if let Some(sink) = &mut self.sink {
            // What found no room is tried again with the next samples.
            self.observation.sink_failure = sink(&samples).err();
        }
        self.table.put(samples);
    }

    fn look_for_silent_ones(&mut self) {
        let now = now_ns();
        for (source, watched) in self.watched.iter_mut().enumerate() {
            let since = watched.reading_since_ns;
            let is_silent = since.is_some_and(|since| now.saturating_sub(since) >= SILENT_NS);
            if is_silent && !watched.told_silent {
                watched.told_silent = true;
                let start_ns = self.start_ns.unwrap_or(now);
                let at_s = now.saturating_sub(start_ns) as f64 / 1e9;
                let history = &mut self.observation.sources[source];
                let problem = Problem::new(format!(
                    "{} accepts connections but has not answered for {} s",
                    history.address,
                    SILENT_NS / 1_000_000_000
                ));
                history.failed_readings += 1;
                history.trouble(&problem, at_s);
            }
        }
    }

    fn progress(&self) -> DrainProgress {
        let live = self.live();
        let load_end_s = self.observation.load_end_s;
        let domains = &self.observation.domains;
        let drained = domains
            .iter()
            .all(|domain| domain.drained_at_s(load_end_s).is_some());
        let last = domains.iter().filter_map(|domain| {
            let point = domain.backlog.last()?;
            Some((Arc::clone(&domain.domain), point.amount))
        });
        DrainProgress {
            sources: live.clone().count(),
            all_have_answered: live.clone().all(|watched| watched.has_answered),
            all_have_accounted: live.clone().all(Watched::is_done_accounting),
            all_answered_after_load: live.clone().all(|watched| watched.answered_after_load),
            backlogs: last.collect::<Vec<(Arc<str>, Amount)>>(),
            drained,
            problems: self.problems(),
        }
    }

    /// The latest problem of each source that has had one.
    fn problems(&self) -> Vec<(Arc<str>, String)> {
        let named = self.observation.sources.iter().zip(&self.watched);
        named
            .filter(|(_, watched)| !watched.dismissed)
            .filter_map(|(source, _)| {
                let problem = source.problems.last()?;
                Some((Arc::clone(&source.name), problem.text.clone()))
            })
            .collect()
    }

    fn finish(mut self) -> Observation {
        self.observation.end_s = self.seconds(now_ns());
        self.observation.cpu_s += self.gauge.lap().cpu_ns() as f64 / 1e9;
        let dismissed: Vec<bool> = self
            .watched
            .iter()
            .map(|watched| watched.dismissed)
            .collect();
        let mut kept = dismissed.iter().map(|dismissed| !dismissed);
        self.observation
            .sources
            .retain(|_| kept.next().unwrap_or(true));
        self.observation
    }

    fn known_domains(&self) -> Vec<Arc<str>> {
        let of_backlog = self
            .latest
            .iter()
            .filter(|known| is_of_backlog(known.figure.metric) && !known.figure.domain.is_empty());
        of_backlog
            .map(|known| Arc::clone(&known.figure.domain))
            .collect()
    }

    /// Seconds since the start of the run; 0 before it.
    fn seconds(&self, at_ns: u64) -> f64 {
        let start_ns = self.start_ns.unwrap_or(u64::MAX);
        at_ns.saturating_sub(start_ns) as f64 / 1e9
    }
}

/// Notes whether the source has been read after the load.
fn watched_after(watched: &mut Watched, load_ended: bool, at_s: f64, load_end_s: f64) {
    watched.answered_after_load |= load_ended && at_s >= load_end_s;
}

fn is_of_backlog(metric: ObservedMetric) -> bool {
    aliases::is_outbox(metric)
        || matches!(
            metric,
            ObservedMetric::StreamLag | ObservedMetric::StreamPending
        )
}

fn sample(second: u64, source: &Arc<str>, figure: &ObservedFigure) -> ObservedSample {
    ObservedSample {
        second,
        source: Arc::clone(source),
        domain: Arc::clone(&figure.domain),
        metric: figure.metric,
        amount: figure.amount,
    }
}
