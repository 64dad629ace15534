//! What one probe measured in its window: from the end of the warm-up to the end of the run time,
//! without the replies that came later.

use super::reading::{Reading, Scales};
use crate::plan::ArrivalSchedule;
use crate::stats::{
    Flow, IntervalSink, LatencyTotal, MergedInterval, Outcome, StatName, TailWatch, Totals,
    WindowAnswer,
};
use std::io;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Microseconds in a second.
const SECOND_US: u64 = 1_000_000;
/// When a window that could not tell is looked at again: halves and doublings of its length, so that
/// few looks are taken. A look more is a chance more to be wrong.
const LOOKS: [f64; 2] = [1.0, 1.5];

/// The span of a probe that counts, in microseconds from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSpan {
    /// Its start: the end of the warm-up.
    pub start_us: u64,
    /// Its end, when its counts tell enough by then.
    pub least_end_us: u64,
    /// Its end at the latest: the end of the run time.
    pub end_us: u64,
}

impl WindowSpan {
    fn holds(&self, start_us: u64) -> bool {
        (self.start_us..self.end_us).contains(&start_us)
    }

    /// Whether the counts are looked at when the second before `end_us` is over.
    fn is_look(&self, end_us: u64) -> bool {
        if end_us >= self.end_us {
            return true;
        }
        let least_us = self.least_end_us.saturating_sub(self.start_us).max(1);
        let length_us = end_us.saturating_sub(self.start_us);
        let second_us = SECOND_US as f64;
        let times = (length_us as f64 / least_us as f64).max(1.0);
        let doubled = 2_f64.powf(times.log2().floor());
        LOOKS.iter().any(|look| {
            let due_us = (look * doubled * least_us as f64 / second_us).ceil() * second_us;
            (due_us - length_us as f64).abs() < second_us / 2.0
        })
    }
}

/// What was measured of one statistic name.
#[derive(Default)]
pub struct NameWindow {
    /// Requests that ended.
    pub requests: u64,
    /// Those of them that count as failures.
    pub failures: u64,
    /// done − sent.
    pub service: LatencyTotal,
}

/// What was measured in the window.
#[derive(Default)]
pub struct ProbeWindow {
    /// Length of its seconds.
    pub length_us: u64,
    /// Requests that ended.
    pub requests: u64,
    /// Those of them that count as failures.
    pub failures: u64,
    /// Journeys whose first request was sent.
    pub journeys_started: u64,
    /// Journeys that ended, completed or aborted.
    pub journeys_ended: u64,
    /// Arrivals that were given up.
    pub shed: u64,
    /// Response time: done − due.
    pub response: LatencyTotal,
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<NameWindow>,
    /// Connection attempts that failed, in the whole run.
    pub connect_failures: u64,
    /// Start of the first second without a success, of the whole run, after seconds with successes,
    /// in seconds from the start.
    pub silent_from_s: Option<f64>,
    has_succeeded: bool,
    /// Journeys that ended so far, in the whole run.
    ended: u64,
    /// Journeys that were due so far, in the whole run.
    due: u64,
    /// Journeys that were due in the window.
    offered: u64,
    /// Journeys in flight (due, and not ended) at the window's start and after each second.
    in_flight: Vec<f64>,
    /// Mean response times of its seconds, without those in which nothing ended.
    delays_s: Vec<f64>,
    /// Requests that ended in each second.
    per_second: Vec<f64>,
}

impl ProbeWindow {
    /// The counts that decide.
    fn reading(&self, tails: &[TailWatch], is_open: bool) -> Reading {
        Reading {
            flow: is_open.then(|| Flow::of(self.offered, &self.in_flight, &self.delays_s)),
            tails: tails.iter().map(TailWatch::tail).collect(),
            per_second: self.per_second.clone(),
            failures: self.failures as f64,
        }
    }

    fn in_flight_now(&self) -> f64 {
        self.due as f64 - self.ended as f64
    }

    /// Length in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.length_us as f64 / 1e6
    }

    /// Requests that ended, a second.
    #[must_use]
    pub fn requests_per_s(&self) -> f64 {
        if self.length_us == 0 {
            return 0.0;
        }
        self.requests as f64 / self.length_s()
    }

    /// Whether the target stopped answering and did not take connections any more.
    #[must_use]
    pub fn fell_silent(&self) -> bool {
        self.silent_from_s.is_some() && self.connect_failures > 0
    }

    fn absorb(&mut self, interval: &MergedInterval, totals: &Totals, span: &WindowSpan, due: u64) {
        let is_first = self.in_flight.is_empty() && span.holds(interval.start_us);
        if is_first {
            self.in_flight.push(self.in_flight_now());
        }
        for journey in &interval.journeys {
            self.ended += journey.completed + journey.aborted;
        }
        let newly_due = due - std::mem::replace(&mut self.due, due);
        self.connect_failures += interval.counters.connect_failures;
        let successes = interval.all.outcomes[Outcome::Success];
        if successes > 0 {
            self.has_succeeded = true;
        } else if self.has_succeeded && interval.start_us < span.end_us && interval.length_s() > 0.9
        {
            self.silent_from_s.get_or_insert(interval.start_s());
        }
        if !span.holds(interval.start_us) {
            return;
        }
        let rule = totals.context.failures;
        self.length_us += interval.end_us.min(span.end_us) - interval.start_us;
        self.requests += interval.all.requests();
        self.per_second.push(interval.all.requests() as f64);
        self.offered += newly_due;
        self.in_flight.push(self.in_flight_now());
        let response = &interval.all.response;
        if !response.is_empty() {
            let mean_us = response.sum_us() as f64 / response.len() as f64;
            self.delays_s.push(mean_us / 1e6);
        }
        self.failures += interval.all.failures(rule);
        self.shed += interval.counters.shed;
        for journey in &interval.journeys {
            self.journeys_started += journey.started;
            self.journeys_ended += journey.completed + journey.aborted;
        }
        self.response.absorb(response);
        self.names
            .resize_with(interval.names.len(), NameWindow::default);
        for (name, more) in self.names.iter_mut().zip(&interval.names) {
            name.requests += more.requests();
            name.failures += more.failures(rule);
            name.service.absorb(&more.service);
        }
    }
}

/// What a probe measured, once it is over.
#[derive(Default)]
pub struct WindowFigures {
    /// The figures.
    pub window: ProbeWindow,
    /// The statistic names that the figures by name are of.
    pub names: Vec<StatName>,
    /// The counts that decide.
    pub reading: Reading,
}

/// Takes the seconds of a probe. Clones share what was taken.
#[derive(Clone)]
pub struct WindowSink {
    watch: Arc<Mutex<WindowWatch>>,
    path: PathBuf,
}

struct WindowWatch {
    span: WindowSpan,
    scales: Scales,
    /// When journeys are due; `None` for users.
    schedule: Option<Peekable<ArrivalSchedule>>,
    tails: Option<Vec<TailWatch>>,
    is_decided: bool,
    measured: WindowFigures,
}

impl WindowSink {
    /// Nothing measured yet. Journeys are due by `schedule`; counts are weighed with `scales` to see
    /// whether they tell enough.
    #[must_use]
    pub fn new(span: WindowSpan, schedule: Option<ArrivalSchedule>, scales: Scales) -> Self {
        let watch = WindowWatch {
            span,
            scales,
            schedule: schedule.map(Iterator::peekable),
            tails: None,
            is_decided: false,
            measured: WindowFigures::default(),
        };
        Self {
            watch: Arc::new(Mutex::new(watch)),
            path: PathBuf::from("(the probe's window)"),
        }
    }

    /// What was measured; nothing is left here.
    #[must_use]
    pub fn take(&self) -> WindowFigures {
        let mut watch = self.lock();
        let is_open = watch.schedule.is_some();
        let tails = watch.tails.take().unwrap_or_default();
        let mut measured = std::mem::take(&mut watch.measured);
        measured.reading = measured.window.reading(&tails, is_open);
        measured
    }

    /// Whether nothing more has to be measured: the target is gone, as far as was seen, or its counts
    /// tell enough.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let watch = self.lock();
        watch.is_decided || watch.measured.window.fell_silent()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, WindowWatch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WindowWatch {
    fn second(&mut self, interval: &MergedInterval, totals: &Totals) {
        let due = self.due_before(interval.end_us);
        let context = &totals.context;
        let tails = self.tails.get_or_insert_with(|| {
            let thresholds = context.thresholds.iter();
            thresholds
                .filter_map(|threshold| TailWatch::new(threshold, context))
                .collect()
        });
        let window = &mut self.measured.window;
        window.absorb(interval, totals, &self.span, due);
        if !self.span.holds(interval.start_us) {
            return;
        }
        for tail in tails.iter_mut() {
            tail.second(interval, context);
        }
        if interval.end_us >= self.span.least_end_us && self.span.is_look(interval.end_us) {
            let reading = window.reading(tails, self.schedule.is_some());
            let answer = self.scales.weigh(&reading).answer();
            if answer != WindowAnswer::CannotTell {
                self.is_decided = true;
                self.span.end_us = self.span.end_us.min(interval.end_us);
            }
        }
    }

    /// Journeys that are due before `end_us`.
    fn due_before(&mut self, end_us: u64) -> u64 {
        let Some(schedule) = &mut self.schedule else {
            return 0;
        };
        let mut due = self.measured.window.due;
        while schedule
            .next_if(|arrival| arrival.due_ns < end_us * 1_000)
            .is_some()
        {
            due += 1;
        }
        due
    }
}

impl IntervalSink for WindowSink {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        self.lock().second(interval, totals);
        Ok(())
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        let names = &totals.context.names;
        self.lock().measured.names.clone_from(names);
        Ok(())
    }
}
