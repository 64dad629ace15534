//! What one probe measured in its window: from the end of the warm-up to the end of the run time,
//! without the replies that came later.

use crate::stats::{Interval, IntervalSink, LatencyTotal, StatName, Totals, failures};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Parts that the window is cut into, to see whether response times grow.
const THIRDS: u64 = 3;

/// The span of a probe that counts, in microseconds from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its start: the end of the warm-up.
    pub start_us: u64,
    /// Its end: the end of the run time.
    pub end_us: u64,
}

impl Span {
    /// Length in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.end_us.saturating_sub(self.start_us) as f64 / 1e6
    }

    fn holds(&self, start_us: u64) -> bool {
        (self.start_us..self.end_us).contains(&start_us)
    }

    /// 0, 1 or 2: the third of the span that `start_us` is in.
    fn third(&self, start_us: u64) -> usize {
        let length_us = (self.end_us - self.start_us).max(1);
        let place = (start_us - self.start_us) * THIRDS / length_us;
        usize::try_from(place).unwrap_or_default()
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
pub struct Window {
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
    /// The same by thirds of the window.
    pub thirds: [LatencyTotal; THIRDS as usize],
    /// One entry a statistic name, in the plan's order.
    pub names: Vec<NameWindow>,
    /// Connection attempts that failed, in the whole run.
    pub connect_failures: u64,
    /// Start of the first second without a success, of the whole run, after seconds with successes,
    /// in seconds from the start.
    pub silent_from_s: Option<f64>,
    has_succeeded: bool,
}

impl Window {
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

    fn absorb(&mut self, interval: &Interval, totals: &Totals, span: &Span) {
        self.connect_failures += interval.connect_failures;
        let successes = interval.all.outcomes[0];
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
        self.failures += failures(rule, &interval.all.outcomes);
        self.shed += interval.shed;
        for journey in &interval.journeys {
            self.journeys_started += journey.started;
            self.journeys_ended += journey.completed + journey.aborted;
        }
        self.response.absorb(&interval.all.response);
        self.thirds[span.third(interval.start_us)].absorb(&interval.all.response);
        self.names
            .resize_with(interval.names.len(), NameWindow::default);
        for (name, more) in self.names.iter_mut().zip(&interval.names) {
            name.requests += more.requests();
            name.failures += failures(rule, &more.outcomes);
            name.service.absorb(&more.service);
        }
    }
}

/// What a probe measured, once it is over.
#[derive(Default)]
pub struct Measured {
    /// The figures.
    pub window: Window,
    /// The statistic names that the figures by name are of.
    pub names: Vec<StatName>,
}

/// Takes the seconds of a probe. Clones share what was taken.
#[derive(Clone)]
pub struct WindowSink {
    span: Span,
    measured: Arc<Mutex<Measured>>,
    path: PathBuf,
}

impl WindowSink {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self {
            span,
            measured: Arc::default(),
            path: PathBuf::from("(the probe's window)"),
        }
    }

    /// What was measured; nothing is left here.
    #[must_use]
    pub fn take(&self) -> Measured {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut measured)
    }

    /// Whether the target is gone, as far as was seen.
    #[must_use]
    pub fn fell_silent(&self) -> bool {
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.window.fell_silent()
    }
}

impl IntervalSink for WindowSink {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &Interval, totals: &Totals) -> io::Result<()> {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.window.absorb(interval, totals, &self.span);
        Ok(())
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.names.clone_from(&totals.context.names);
        Ok(())
    }
}
