//! What the page's charts are drawn from: one point a second, of bounded number.

use crate::record::{RunRecord, ThresholdRecord};
use crate::report::LocustStats;
use crate::stats::{Amount, DomainBacklog, Interval, Totals, told_in_all};
use serde::Serialize;

/// Points kept. When there are more, every second one of the older half goes.
const MOST_POINTS: usize = 7_200;
/// Shorter intervals (the end of a run) make no point: their rates would mislead.
const SHORTEST_S: f64 = 0.5;

/// One second. Latencies are those of the second's own requests, in ms; null without any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// End of the second, from the start of the run.
    pub at_s: f64,
    /// Users active at its end.
    pub users: u32,
    /// Requests a second.
    pub requests_per_s: f64,
    /// Failures a second.
    pub failures_per_s: f64,
    /// Median response time.
    pub p50_ms: Option<f64>,
    /// 95th percentile of the response time.
    pub p95_ms: Option<f64>,
    /// 99th percentile of the response time.
    pub p99_ms: Option<f64>,
    /// 99th percentile of the service time.
    pub service_p99_ms: Option<f64>,
    /// 99th percentile of the send lag.
    pub lag_p99_ms: Option<f64>,
    /// Events raised a second.
    pub events_per_s: f64,
    /// Those of them that go through an outbox.
    pub outbox_events_per_s: f64,
    /// Events accepted and not processed yet, all domains together; null when nobody could tell.
    pub backlog: Option<u64>,
    /// Share of the second that the busiest worker worked, in percent.
    pub cpu_percent: f64,
}

/// The backlog of all domains together; `None` when nobody could tell of any.
fn backlog(domains: &[DomainBacklog]) -> Option<u64> {
    let amounts = domains.iter().map(|domain| domain.amount);
    let all = amounts.reduce(Amount::plus);
    all.map(|amount| amount.value as u64)
}

impl Point {
    /// The point of `interval`, with the `backlogs` that were read last; `None` when it is too short
    /// to have rates.
    #[must_use]
    pub fn of(interval: &Interval, totals: &Totals, backlogs: &[DomainBacklog]) -> Option<Self> {
        let length_s = interval.length_s();
        if length_s < SHORTEST_S {
            return None;
        }
        let all = &interval.all;
        let ms = |empty: bool, us: u64| (!empty).then_some(us as f64 / 1e3);
        let response = |quantile| ms(all.response.is_empty(), all.response.quantile_us(quantile));
        let raised = |counts: fn(&crate::stats::Event) -> bool| -> f64 {
            let told = told_in_all(&totals.context.raises, &interval.names, counts);
            told.count.max(0) as f64 / length_s
        };
        let busiest = interval
            .cores
            .iter()
            .filter(|core| core.end_us > core.start_us);
        let shares = busiest
            .map(|core| core.health.cpu_ns() as f64 / ((core.end_us - core.start_us) as f64 * 1e3));
        Some(Self {
            at_s: interval.end_s(),
            users: interval.users,
            requests_per_s: all.requests() as f64 / length_s,
            failures_per_s: all.failures(totals.context.failures) as f64 / length_s,
            p50_ms: response(0.5),
            p95_ms: response(0.95),
            p99_ms: response(0.99),
            service_p99_ms: ms(all.service.is_empty(), all.service.quantile_us(0.99)),
            lag_p99_ms: ms(all.lag.is_empty(), all.lag.quantile_us(0.99)),
            events_per_s: raised(|_| true),
            outbox_events_per_s: raised(|event| event.outbox),
            backlog: backlog(backlogs),
            cpu_percent: 100.0 * shares.fold(0.0, f64::max),
        })
    }
}

/// The points of a run.
#[derive(Debug, Default)]
pub struct Series {
    points: Vec<Point>,
}

impl Series {
    /// Adds the latest second.
    pub fn push(&mut self, point: Point) {
        if self.points.len() == MOST_POINTS {
            self.thin_out();
        }
        self.points.push(point);
    }

    /// All points, oldest first.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Points are dropped, never averaged: no percentile is made up.
    fn thin_out(&mut self) {
        let older = MOST_POINTS / 2;
        let mut position = 0;
        self.points.retain(|_| {
            position += 1;
            position > older || position % 2 == 0
        });
    }
}

/// What a run is known by after its latest second.
#[derive(Clone, Debug)]
pub struct Second {
    /// Seconds since the start.
    pub elapsed_s: f64,
    /// Where the figures begin, in seconds since the start.
    pub since_s: f64,
    /// Users active.
    pub users: u32,
    /// The point of the latest second that had rates.
    pub point: Option<Point>,
    /// Whether users are still being started.
    pub spawning: bool,
    /// The run so far.
    pub record: RunRecord,
    /// The same in Locust's shape.
    pub locust: LocustStats,
    /// How the thresholds fare over the whole run, resets or not.
    pub thresholds: Vec<ThresholdRecord>,
    /// What the shop has not worked off.
    pub backlogs: Vec<DomainBacklog>,
    /// What Locust's CSV of requests holds.
    pub requests_csv: Vec<u8>,
    /// What Locust's CSV of failures holds.
    pub failures_csv: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_keep_their_beginning_and_all_of_the_newer_half() {
        let mut series = Series::default();
        for second in 0..MOST_POINTS + 10 {
            series.push(Point {
                at_s: second as f64,
                ..Point::default()
            });
        }
        let points = series.points();
        assert!(points.len() <= MOST_POINTS);
        assert_eq!(points[0].at_s, 1.0);
        assert_eq!(points[1].at_s, 3.0);
        let newest: Vec<f64> = points
            .iter()
            .rev()
            .take(3_600)
            .map(|point| point.at_s)
            .collect();
        assert!(newest.windows(2).all(|pair| pair[0] - pair[1] == 1.0));
        assert!(points.windows(2).all(|pair| pair[0].at_s < pair[1].at_s));
    }
}
