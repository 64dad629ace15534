//! How a live run went so far, second by second: what charts are drawn from. Of bounded size.

use super::told_in_all;
use super::{
    Amount, CoreHealth, Event, LatencyCounts, MergedInterval, OutcomeCounts, Phase, RunContext,
};
use std::sync::Arc;

/// Seconds that are kept. When there are more, every second one of the older half goes.
const MOST_POINTS: usize = 7_200;
/// Seconds that one more is copied with, while those who look at the history hold the last of them.
const POINTS_TOGETHER: usize = 120;
/// Shortest interval that rates are taken from: those of a shorter one would mislead.
const SHORTEST_RATED_S: f64 = 0.5;

/// Percentiles of one kind of latency in one second, in microseconds; 0 when nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanLatency {
    /// Median.
    pub p50_us: u64,
    /// 95th percentile.
    pub p95_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
}

impl SpanLatency {
    fn of(counts: &LatencyCounts) -> Self {
        Self {
            p50_us: counts.quantile_us(0.5),
            p95_us: counts.quantile_us(0.95),
            p99_us: counts.quantile_us(0.99),
        }
    }
}

/// A second of the run. The last one may be shorter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Start, in microseconds from the start of the run.
    pub start_us: u64,
    /// End, in microseconds from the start of the run.
    pub end_us: u64,
    /// The phase that it belongs to.
    pub phase: Phase,
    /// Users active at its end.
    pub users: u32,
    /// Requests that ended in it, by outcome.
    pub outcomes: OutcomeCounts,
    /// Those of them that count as failures.
    pub failures: u64,
    /// Events that they raised.
    pub events: u64,
    /// Those of them that go through an outbox.
    pub outbox_events: u64,
    /// Response time.
    pub response: SpanLatency,
    /// Service time.
    pub service: SpanLatency,
    /// Send lag.
    pub lag: SpanLatency,
    /// Share of it that the busiest worker worked, 0 to 1.
    pub cpu_share: f64,
    /// Events accepted and not processed yet at its end, all domains together; `None` when nobody
    /// could tell.
    pub backlog: Option<Amount>,
}

impl HistoryPoint {
    /// The point of `interval`, with the `backlog` that was read last.
    #[must_use]
    pub fn of(interval: &MergedInterval, context: &RunContext, backlog: Option<Amount>) -> Self {
        let all = &interval.all;
        let raised = |counts: fn(&Event) -> bool| {
            let told = told_in_all(&context.raises, &interval.names, counts);
            told.count.max(0) as u64
        };
        let shares = interval.cores.iter().map(CoreHealth::cpu_share);
        Self {
            start_us: interval.start_us,
            end_us: interval.end_us,
            phase: interval.phase,
            users: interval.users,
            outcomes: all.outcomes,
            failures: all.failures(context.failures),
            events: raised(|_| true),
            outbox_events: raised(|event| event.outbox),
            response: SpanLatency::of(&all.response),
            service: SpanLatency::of(&all.service),
            lag: SpanLatency::of(&all.lag),
            cpu_share: shares.fold(0.0, f64::max),
            backlog,
        }
    }

    /// End, in seconds from the start of the run.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.end_us as f64 / 1e6
    }

    /// Length in seconds, more than 0.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        (self.end_us - self.start_us) as f64 / 1e6
    }

    /// Whether it is long enough to have rates.
    #[must_use]
    pub fn is_rated(&self) -> bool {
        self.length_s() >= SHORTEST_RATED_S
    }

    /// Requests that ended in it.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.outcomes.requests()
    }

    /// `count` of its things, a second.
    #[must_use]
    pub fn per_s(&self, count: u64) -> f64 {
        count as f64 / self.length_s()
    }

    /// Requests a second.
    #[must_use]
    pub fn requests_per_s(&self) -> f64 {
        self.per_s(self.requests())
    }

    /// Failures a second.
    #[must_use]
    pub fn failures_per_s(&self) -> f64 {
        self.per_s(self.failures)
    }
}

/// See the module's documentation. Clones share all but the latest seconds.
#[derive(Clone, Debug, Default)]
pub struct History {
    points: Vec<Arc<Vec<HistoryPoint>>>,
}

impl History {
    /// The seconds of the run (since the last reset), at most 7,200, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &HistoryPoint> {
        self.points.iter().flat_map(|together| together.iter())
    }

    /// The last `most` of them, oldest first.
    pub fn latest(&self, most: usize) -> impl DoubleEndedIterator<Item = &HistoryPoint> {
        let (mut from, mut found) = (self.points.len(), 0);
        while from > 0 && found < most {
            from -= 1;
            found += self.points[from].len();
        }
        let shown = self.points[from..].iter();
        let points = shown.flat_map(|together| together.iter());
        let mut points = points;
        if found > most {
            points.nth(found - most - 1);
        }
        points
    }

    fn len(&self) -> usize {
        self.points.iter().map(|together| together.len()).sum()
    }

    /// Adds a second.
    pub fn push(&mut self, point: HistoryPoint) {
        if self.len() >= MOST_POINTS {
            self.thin_out();
        }
        match self.points.last_mut() {
            Some(last) if last.len() < POINTS_TOGETHER => Arc::make_mut(last).push(point),
            _ => self.points.push(Arc::new(vec![point])),
        }
    }

    /// Points are dropped, never averaged: no percentile is made up.
    fn thin_out(&mut self) {
        let older = MOST_POINTS / 2;
        let kept = self.points().enumerate();
        let kept = kept.filter(|(place, _)| *place >= older || place % 2 == 1);
        let kept: Vec<HistoryPoint> = kept.map(|(_, point)| *point).collect();
        let together = kept.chunks(POINTS_TOGETHER);
        self.points = together.map(|points| Arc::new(points.to_vec())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FailureRule;
    use crate::stats::{LiveContext, ObservedTable, SetShape};

    fn context() -> RunContext {
        RunContext {
            names: Vec::new(),
            raises: Vec::new(),
            tags: Vec::new(),
            journeys: Vec::new(),
            races: Vec::new(),
            rules: &[],
            cpus: Vec::new(),
            spawned_us: 0,
            run_time_us: u64::MAX,
            excursion: None,
            failures: FailureRule::Default,
            paced: true,
            user_shares: Vec::new(),
            thresholds: Vec::new(),
            observed: ObservedTable::default(),
            live: LiveContext::default(),
        }
    }

    fn second(ordinal: u64) -> HistoryPoint {
        let mut interval = MergedInterval::new(SetShape::default());
        interval.start_us = ordinal * 1_000_000;
        interval.end_us = interval.start_us + 1_000_000;
        interval.users = ordinal as u32;
        interval.all.outcomes = [3, 0, 0, 1, 0].into();
        interval.all.response.record_us(ordinal + 1);
        HistoryPoint::of(&interval, &context(), None)
    }

    fn history(seconds: usize) -> History {
        let first = second(0);
        let mut history = History::default();
        for ordinal in 0..seconds as u64 {
            history.push(HistoryPoint {
                start_us: ordinal * 1_000_000,
                end_us: (ordinal + 1) * 1_000_000,
                users: ordinal as u32,
                ..first
            });
        }
        history
    }

    #[test]
    fn a_point_tells_its_second() {
        let mut point = second(6);
        let rates = (point.requests_per_s(), point.failures_per_s());
        assert_eq!((rates, point.end_s(), point.users), ((4.0, 1.0), 7.0, 6));
        assert_eq!((point.response.p50_us, point.service.p99_us), (7, 0));
        assert!(point.is_rated());
        point.end_us = point.start_us + 250_000;
        assert_eq!((point.is_rated(), point.requests_per_s()), (false, 16.0));
    }

    #[test]
    fn long_runs_keep_their_beginning_and_all_of_the_newer_half() {
        let history = history(MOST_POINTS + 10);
        let points: Vec<f64> = history.points().map(HistoryPoint::end_s).collect();
        assert!(points.len() <= MOST_POINTS);
        assert_eq!(points[..2], [2.0, 4.0]);
        let newest: Vec<f64> = points.iter().rev().take(3_600).copied().collect();
        assert!(newest.windows(2).all(|pair| pair[0] - pair[1] == 1.0));
        assert!(points.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn whatever_its_length_it_stays_bounded_and_ends_with_the_latest() {
        for seconds in [1, 119, 120, 121, 7_199, 7_200, 7_201, 12_000, 30_000] {
            let history = history(seconds);
            assert_eq!(history.points().count(), history.len());
            assert!(history.len() <= MOST_POINTS.min(seconds), "{seconds}");
            let last = history.points().next_back().unwrap();
            assert_eq!(
                (last.end_s(), last.users),
                (seconds as f64, seconds as u32 - 1)
            );
        }
    }

    #[test]
    fn recent_seconds_are_kept_one_by_one() {
        let history = history(1_000);
        let recent: Vec<&HistoryPoint> = history.latest(300).collect();
        assert_eq!(recent.len(), 300);
        assert_eq!(recent[0].start_us, 700_000_000);
        assert_eq!(recent[299].end_us, 1_000_000_000);
        assert_eq!(history.latest(2_000).count(), 1_000);
        assert_eq!(History::default().latest(300).count(), 0);
    }

    #[test]
    fn what_somebody_holds_does_not_change() {
        let mut history = history(125);
        let held = history.clone();
        history.push(second(125));
        assert_eq!((held.len(), history.len()), (125, 126));
        assert!(Arc::ptr_eq(&held.points[0], &history.points[0]), "shared");
    }
}
