//! How a shop recovers from a spike: its figures before it, in it, and after it until they are back.
//!
//! Figures of a stretch come from its merged histogram; how they go on is seen in windows of
//! [`WINDOW_S`] seconds, one beginning every second, each taken from the merged histogram of its
//! seconds. No percentile is averaged. Of bounded size, however long the run.

mod chance;
mod settling;

pub use chance::ConfidenceInterval;
pub use settling::{HELD_S, Settling, TOLERANCE, Tolerance};

use super::{LatencyCounts, LatencyTotal, MergedInterval};
use crate::plan::{Excursion, FailureRule};
use std::collections::VecDeque;

/// Length of a window in seconds.
pub const WINDOW_S: usize = 3;
const SECOND_US: u64 = 1_000_000;
/// Least tolerance of a latency, in microseconds: below it differences are the machine's.
const LATENCY_FLOOR_US: f64 = 100.0;
/// Least tolerance of requests a second.
const RATE_FLOOR_PER_S: f64 = 1.0;
/// Least tolerance of the share of failures.
const SHARE_FLOOR: f64 = 0.001;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryMeasure {
    /// Median of the response time, in microseconds.
    ResponseP50,
    /// Its 99th percentile, in microseconds.
    ResponseP99,
    /// Requests that ended, a second.
    Requests,
    /// Requests that count as failures, as a share of all, 0 to 1.
    Failures,
}

impl RecoveryMeasure {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 4] = [
        Self::ResponseP50,
        Self::ResponseP99,
        Self::Requests,
        Self::Failures,
    ];

    /// Least difference that counts, in the measure's unit.
    #[must_use]
    pub fn floor(self) -> f64 {
        match self {
            Self::ResponseP50 | Self::ResponseP99 => LATENCY_FLOOR_US,
            Self::Requests => RATE_FLOOR_PER_S,
            Self::Failures => SHARE_FLOOR,
        }
    }

    /// How far it may be from `baseline`, when the worst window of the baseline had `worst`.
    fn tolerance(self, baseline: f64, worst: f64) -> Tolerance {
        match self {
            Self::Requests => Tolerance::bottom(baseline, worst, self.floor()),
            _ => Tolerance::ceiling(baseline, worst, self.floor()),
        }
    }

    /// The worse of two values.
    fn worse(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Requests => one.min(other),
            _ => one.max(other),
        }
    }
}

/// A value for each [`RecoveryMeasure`]; `None` where there is nothing to take it from.
type RecoveryValues = [Option<f64>; RecoveryMeasure::ALL.len()];

/// The figures of a stretch of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StretchFigures {
    /// Start of its first second, in seconds from the start of the run.
    pub start_s: f64,
    /// End of its last second.
    pub end_s: f64,
    /// Requests that ended in it.
    pub requests: u64,
    values: RecoveryValues,
    spans: [Option<ConfidenceInterval>; RecoveryMeasure::ALL.len()],
}

impl StretchFigures {
    /// The value of `measure`; `None` without a request, or without any time.
    #[must_use]
    pub fn value(&self, measure: RecoveryMeasure) -> Option<f64> {
        self.values[measure as usize]
    }

    /// How far from its value `measure` may be by chance, with 95 % confidence.
    #[must_use]
    pub fn span(&self, measure: RecoveryMeasure) -> Option<ConfidenceInterval> {
        self.spans[measure as usize]
    }
}

/// How one measure fared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoveryStanding {
    /// The limit within which it is back; `None` before there is one.
    pub tolerance: Option<Tolerance>,
    /// How it went on after the load was back.
    pub settling: Settling,
}

/// See the module's documentation.
pub struct Recovery {
    excursion: Excursion,
    baseline: Stretch,
    peak: Stretch,
    last: Stretch,
    window: RecoveryWindow,
    /// The worst window of the baseline, by measure.
    worst: RecoveryValues,
    tolerances: Option<[Option<Tolerance>; RecoveryMeasure::ALL.len()]>,
    settling: [Settling; RecoveryMeasure::ALL.len()],
    watched_until_us: u64,
}

impl Recovery {
    /// Nothing seen yet of a run with this spike.
    #[must_use]
    pub fn new(excursion: Excursion) -> Self {
        Self {
            excursion,
            baseline: Stretch::default(),
            peak: Stretch::default(),
            last: Stretch::default(),
            window: RecoveryWindow::default(),
            worst: RecoveryValues::default(),
            tolerances: None,
            settling: [Settling::default(); RecoveryMeasure::ALL.len()],
            watched_until_us: excursion.back_us,
        }
    }

    /// The spike.
    #[must_use]
    pub fn excursion(&self) -> &Excursion {
        &self.excursion
    }

    /// The whole seconds of the baseline.
    #[must_use]
    pub fn baseline(&self) -> StretchFigures {
        self.baseline.measured()
    }

    /// Whether the baseline holds a window: without one nothing can be compared with it.
    #[must_use]
    pub fn has_baseline(&self) -> bool {
        self.worst[RecoveryMeasure::Requests as usize].is_some()
    }

    /// The whole seconds at the spike's highest level.
    #[must_use]
    pub fn peak(&self) -> StretchFigures {
        self.peak.measured()
    }

    /// The whole seconds from [`Excursion::last_start_us`] on; `None` for less than a window.
    #[must_use]
    pub fn last(&self) -> Option<StretchFigures> {
        let is_enough = self.last.length_us >= WINDOW_S as u64 * SECOND_US;
        is_enough.then(|| self.last.measured())
    }

    /// How long the load was watched after it was back, in seconds: to the end of the last whole
    /// second.
    #[must_use]
    pub fn watched_s(&self) -> f64 {
        (self.watched_until_us - self.excursion.back_us) as f64 / 1e6
    }

    /// How `measure` fared.
    #[must_use]
    pub fn standing(&self, measure: RecoveryMeasure) -> RecoveryStanding {
        RecoveryStanding {
            tolerance: self.tolerances()[measure as usize],
            settling: self.settling[measure as usize],
        }
    }

    /// Adds a second; `rule` says what counts as a failure. Seconds must come in order.
    pub(crate) fn second(&mut self, interval: &MergedInterval, rule: FailureRule) {
        let excursion = self.excursion;
        let is_whole = interval.end_us - interval.start_us == SECOND_US;
        // Once a run was stopped before its time the last replies are no load.
        let is_stopped = interval.users == 0 && interval.end_us < excursion.end_us;
        if !is_whole || is_stopped {
            return;
        }
        let is_in =
            |start_us: u64, end_us: u64| interval.start_us >= start_us && interval.end_us <= end_us;
        if is_in(excursion.peak_start_us, excursion.peak_end_us) {
            self.peak.add(interval, rule);
        }
        if is_in(excursion.last_start_us(), excursion.end_us) {
            self.last.add(interval, rule);
        }
        if is_in(excursion.baseline_start_us, excursion.baseline_end_us) {
            self.baseline.add(interval, rule);
            if let Some((_, values)) = self.window.slide(interval, rule) {
                self.keep_worst(values);
            }
        } else if is_in(excursion.back_us, excursion.end_us) {
            self.watched_until_us = interval.end_us;
            if let Some((start_us, values)) = self.window.slide(interval, rule) {
                self.settle(start_us as f64 / 1e6, values);
            }
        }
    }

    fn keep_worst(&mut self, values: RecoveryValues) {
        for measure in RecoveryMeasure::ALL {
            let worst = &mut self.worst[measure as usize];
            *worst = match (*worst, values[measure as usize]) {
                (Some(worst), Some(value)) => Some(measure.worse(worst, value)),
                (known, new) => known.or(new),
            };
        }
    }

    fn settle(&mut self, start_s: f64, values: RecoveryValues) {
        let tolerances = self.tolerances();
        // The baseline is over: they change no more.
        self.tolerances = Some(tolerances);
        let figures = self.settling.iter_mut().zip(tolerances).zip(values);
        for ((settling, tolerance), value) in figures {
            // A window without a reply has no latency: that is not what it was.
            let is_within = tolerance
                .zip(value)
                .is_some_and(|(tolerance, value)| tolerance.admits(value));
            settling.observe(start_s, is_within);
        }
    }

    fn tolerances(&self) -> [Option<Tolerance>; RecoveryMeasure::ALL.len()] {
        if let Some(known) = self.tolerances {
            return known;
        }
        let baseline = self.baseline.measured();
        RecoveryMeasure::ALL.map(|measure| {
            let worst = self.worst[measure as usize]?;
            Some(measure.tolerance(baseline.value(measure)?, worst))
        })
    }
}

/// Seconds put together.
#[derive(Default)]
struct Stretch {
    start_us: Option<u64>,
    end_us: u64,
    length_us: u64,
    response: LatencyTotal,
    requests: u64,
    failures: u64,
}

impl Stretch {
    fn add(&mut self, interval: &MergedInterval, rule: FailureRule) {
        self.start_us.get_or_insert(interval.start_us);
        self.end_us = interval.end_us;
        self.length_us += interval.end_us - interval.start_us;
        self.response.absorb(&interval.all.response);
        self.requests += interval.all.requests();
        self.failures += interval.all.failures(rule);
    }

    fn measured(&self) -> StretchFigures {
        let quantile = |share| {
            let us = self.response.quantile_us(share);
            (!self.response.is_empty()).then_some(us as f64)
        };
        let length_s = self.length_us as f64 / 1e6;
        StretchFigures {
            spans: [
                ConfidenceInterval::of_quantile(&self.response, 0.5),
                ConfidenceInterval::of_quantile(&self.response, 0.99),
                ConfidenceInterval::of_rate(self.requests, length_s),
                ConfidenceInterval::of_share(self.failures, self.requests),
            ],
            start_s: self.start_us.unwrap_or_default() as f64 / 1e6,
            end_s: self.end_us as f64 / 1e6,
            requests: self.requests,
            values: values(
                [quantile(0.5), quantile(0.99)],
                (self.requests, self.failures),
                self.length_us,
            ),
        }
    }
}

fn values(
    [p50, p99]: [Option<f64>; 2],
    (requests, failures): (u64, u64),
    length_us: u64,
) -> RecoveryValues {
    let per_s = requests as f64 * SECOND_US as f64 / length_us as f64;
    let share = failures as f64 / requests as f64;
    [
        p50,
        p99,
        (length_us > 0).then_some(per_s),
        (requests > 0).then_some(share),
    ]
}

/// The latest seconds, merged.
#[derive(Default)]
struct RecoveryWindow {
    seconds: VecDeque<WindowSecond>,
    merged: LatencyCounts,
}

/// One of them.
#[derive(Default)]
struct WindowSecond {
    start_us: u64,
    response: LatencyCounts,
    requests: u64,
    failures: u64,
}

impl RecoveryWindow {
    /// Takes a whole second in. Its start and values once there are [`WINDOW_S`] seconds that follow
    /// each other.
    fn slide(
        &mut self,
        interval: &MergedInterval,
        rule: FailureRule,
    ) -> Option<(u64, RecoveryValues)> {
        let latest = self.seconds.back();
        if latest.is_some_and(|latest| latest.start_us + SECOND_US != interval.start_us) {
            self.seconds.clear();
        }
        let mut second = match self.seconds.len() {
            WINDOW_S => self.seconds.pop_front().unwrap_or_default(),
            _ => WindowSecond::default(),
        };
        second.start_us = interval.start_us;
        second.response.clear();
        second.response.absorb(&interval.all.response);
        second.requests = interval.all.requests();
        second.failures = interval.all.failures(rule);
        self.seconds.push_back(second);
        if self.seconds.len() < WINDOW_S {
            return None;
        }
        self.merged.clear();
        let (mut requests, mut failed) = (0, 0);
        for second in &self.seconds {
            self.merged.absorb(&second.response);
            requests += second.requests;
            failed += second.failures;
        }
        let quantile = |share| {
            let us = self.merged.quantile_us(share);
            (!self.merged.is_empty()).then_some(us as f64)
        };
        let values = values(
            [quantile(0.5), quantile(0.99)],
            (requests, failed),
            WINDOW_S as u64 * SECOND_US,
        );
        let start_us = self.seconds.front()?.start_us;
        Some((start_us, values))
    }
}

#[cfg(test)]
mod tests;
