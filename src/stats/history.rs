//! How a live run went so far, second by second: what charts are drawn from. Of bounded size.

use super::{Interval, LatencyCounts, OutcomeCounts, Phase};
use crate::plan::FailureRule;
use std::collections::VecDeque;

/// Latest seconds that are kept one by one.
const RECENT_SECONDS: usize = 300;
/// Points of the whole run; when there are more, two neighbours become one.
const WHOLE_POINTS: usize = 600;
const _: () = assert!(WHOLE_POINTS.is_multiple_of(2));

/// Percentiles of one kind of latency in one span, in microseconds; 0 when nothing was measured.
/// Of several seconds those of the worst: percentiles are never averaged.
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

    fn worse(self, other: Self) -> Self {
        Self {
            p50_us: self.p50_us.max(other.p50_us),
            p95_us: self.p95_us.max(other.p95_us),
            p99_us: self.p99_us.max(other.p99_us),
        }
    }
}

/// A second of the run, or several that follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Start, in seconds from the start of the run.
    pub start_s: f64,
    /// End, in seconds from the start of the run.
    pub end_s: f64,
    /// Its phase: spawning when any of its seconds is.
    pub phase: Phase,
    /// Users active at its end.
    pub users: u32,
    /// Requests that ended in it.
    pub requests: u64,
    /// Those of them that count as failures.
    pub failures: u64,
    /// Requests by outcome.
    pub outcomes: OutcomeCounts,
    /// Checks that found a rule broken.
    pub violations: u64,
    /// Connections opened in place of one that was closed or broke.
    pub reconnects: u64,
    /// Response time.
    pub response: SpanLatency,
    /// Service time.
    pub service: SpanLatency,
    /// Send lag.
    pub lag: SpanLatency,
}

impl HistoryPoint {
    fn of(interval: &Interval, rule: FailureRule) -> Self {
        let all = &interval.all;
        let rules = interval.contests.ledger.rules.iter();
        Self {
            start_s: interval.start_s(),
            end_s: interval.end_s(),
            phase: interval.phase,
            users: interval.users,
            requests: all.requests(),
            failures: all.failures(rule),
            outcomes: all.outcomes,
            violations: rules.map(|counts| counts.broken).sum(),
            reconnects: interval.counters.reconnects,
            response: SpanLatency::of(&all.response),
            service: SpanLatency::of(&all.service),
            lag: SpanLatency::of(&all.lag),
        }
    }

    /// Length in seconds, more than 0.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.end_s - self.start_s
    }

    /// Requests a second.
    #[must_use]
    pub fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.length_s()
    }

    /// Failures a second.
    #[must_use]
    pub fn failures_per_s(&self) -> f64 {
        self.failures as f64 / self.length_s()
    }

    /// This point and the one after it.
    fn with_next(&self, next: &Self) -> Self {
        let mut outcomes = self.outcomes;
        outcomes.absorb(&next.outcomes);
        Self {
            start_s: self.start_s,
            end_s: next.end_s,
            phase: match self.phase {
                Phase::Spawning => Phase::Spawning,
                Phase::Steady => next.phase,
            },
            users: next.users,
            requests: self.requests + next.requests,
            failures: self.failures + next.failures,
            outcomes,
            violations: self.violations + next.violations,
            reconnects: self.reconnects + next.reconnects,
            response: self.response.worse(next.response),
            service: self.service.worse(next.service),
            lag: self.lag.worse(next.lag),
        }
    }
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    recent: VecDeque<HistoryPoint>,
    whole: Vec<HistoryPoint>,
    /// Seconds of each point of the whole run but the last, which is still filling up.
    stride: u32,
    /// Seconds of the last one.
    filled: u32,
}

impl Default for History {
    fn default() -> Self {
        Self {
            recent: VecDeque::new(),
            whole: Vec::new(),
            stride: 1,
            filled: 1,
        }
    }
}

impl History {
    /// The latest seconds, at most 300, oldest first.
    #[must_use]
    pub fn recent(&self) -> &VecDeque<HistoryPoint> {
        &self.recent
    }

    /// The whole run (since the last reset), at most 600 points, oldest first.
    #[must_use]
    pub fn whole(&self) -> &[HistoryPoint] {
        &self.whole
    }

    /// Adds a second.
    pub(crate) fn add(&mut self, interval: &Interval, rule: FailureRule) {
        let point = HistoryPoint::of(interval, rule);
        if self.recent.len() == RECENT_SECONDS {
            self.recent.pop_front();
        }
        self.recent.push_back(point);
        match self.whole.last_mut() {
            Some(last) if self.filled < self.stride => {
                *last = last.with_next(&point);
                self.filled += 1;
            }
            _ => {
                self.whole.push(point);
                self.filled = 1;
            }
        }
        if self.whole.len() > WHOLE_POINTS {
            self.halve();
        }
    }

    /// Makes pairs of the points. Their number is odd: the last one, still filling, stays alone.
    fn halve(&mut self) {
        let pairs = self.whole.chunks(2);
        self.whole = pairs
            .map(|pair| match pair {
                [first, second] => first.with_next(second),
                _ => pair[0],
            })
            .collect();
        self.stride *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::SetShape;

    fn history(seconds: u64) -> History {
        let mut history = History::default();
        for second in 0..seconds {
            let mut interval = Interval::new(SetShape::default());
            interval.start_us = second * 1_000_000;
            interval.end_us = interval.start_us + 1_000_000;
            interval.users = second as u32;
            interval.all.outcomes = [3, 0, 0, 1, 0].into();
            interval.all.response.record_us(second + 1);
            history.add(&interval, FailureRule::Default);
        }
        history
    }

    #[test]
    fn the_whole_run_stays_bounded_and_complete() {
        for seconds in [1, 599, 600, 601, 602, 1_199, 1_201, 1_202, 5_000] {
            let history = history(seconds);
            let whole = history.whole();
            assert!(whole.len() <= WHOLE_POINTS);
            let requests: u64 = whole.iter().map(|point| point.requests).sum();
            let failures: u64 = whole.iter().map(|point| point.failures).sum();
            assert_eq!((requests, failures), (4 * seconds, seconds));
            assert!(
                whole
                    .windows(2)
                    .all(|pair| pair[0].end_s == pair[1].start_s)
            );
            let lengths: Vec<f64> = whole.iter().map(HistoryPoint::length_s).collect();
            let (last, full) = lengths.split_last().unwrap();
            assert!(
                full.iter()
                    .all(|length| *length == f64::from(history.stride))
            );
            assert_eq!(*last, f64::from(history.filled), "{seconds}");
            let last = whole.last().unwrap();
            assert_eq!(
                (last.end_s, last.users),
                (seconds as f64, seconds as u32 - 1)
            );
            assert!((last.requests_per_s() - 4.0).abs() < 1e-9);
            assert!((last.failures_per_s() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_worst_second_stands_for_its_neighbours() {
        let point = history(1_000).whole()[0];
        assert_eq!((point.length_s(), point.response.p99_us), (2.0, 2));
    }

    #[test]
    fn recent_seconds_are_kept_one_by_one() {
        let history = history(1_000);
        assert_eq!(history.recent().len(), RECENT_SECONDS);
        assert_eq!(history.recent()[0].start_s, 700.0);
        assert_eq!(history.recent()[299].response.p50_us, 1_000);
    }
}
