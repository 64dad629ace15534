//! One immutable picture of a live run, published each second.

use super::{
    ErrorRow, Interval, NameInterval, NameTotal, ObservedSample, Outcome, Phase, StatName, Totals,
    failures,
};
use crate::plan::FailureRule;

/// Shortest interval that a current rate is taken from; a shorter one keeps the rate before it.
const SHORTEST_RATED_S: f64 = 0.5;

/// What the faces show.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Seconds since the start of the run.
    pub elapsed_s: f64,
    /// Seconds that the run is to take.
    pub run_time_s: f64,
    /// The phase of the latest second.
    pub phase: Phase,
    /// Users active.
    pub users: u32,
    /// Journeys begun.
    pub journeys: u64,
    /// Events raised a second in the latest second.
    pub events_per_s: f64,
    /// Arrivals given up.
    pub shed: u64,
    /// One row a statistic name, in the plan's order.
    pub names: Vec<SnapshotRow>,
    /// All names together.
    pub all: SnapshotRow,
    /// What went wrong, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// Requests that went wrong in ways that found no row.
    pub errors_cut: u64,
    /// The generator in the latest second, one entry a worker that reported.
    pub cores: Vec<CoreSnapshot>,
    /// Whether the generator has been the limit so far.
    pub saturated: bool,
    /// The latest backlog of each domain that observers see.
    pub backlogs: Vec<ObservedSample>,
}

/// One row of the live table. Latencies are of the whole run so far, in microseconds.
#[derive(Clone, Debug)]
pub struct SnapshotRow {
    /// What the row is about; `None` for all names together.
    pub name: Option<StatName>,
    /// Requests that ended.
    pub requests: u64,
    /// Requests by [`Outcome`].
    pub outcomes: [u64; 5],
    /// Requests a second since the start.
    pub requests_per_s: f64,
    /// Requests a second in the latest second.
    pub current_requests_per_s: f64,
    /// Failed and unknown requests a second in the latest second.
    pub current_failures_per_s: f64,
    /// Median response time.
    pub response_p50_us: u64,
    /// 95th percentile of the response time.
    pub response_p95_us: u64,
    /// 99th percentile of the response time.
    pub response_p99_us: u64,
    /// Largest response time.
    pub response_max_us: u64,
    /// Mean response time.
    pub response_mean_us: f64,
    /// 99th percentile of the service time.
    pub service_p99_us: u64,
    /// 99th percentile of the send lag.
    pub lag_p99_us: u64,
}

impl SnapshotRow {
    /// Requests that ended so.
    #[must_use]
    pub fn with_outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize]
    }
}

/// One worker in the latest second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoreSnapshot {
    /// Kernel number of its CPU.
    pub cpu: usize,
    /// Share of the second that it worked, 0 to 1.
    pub cpu_share: f64,
    /// Share of the second that it was runnable but not running.
    pub run_queue_share: f64,
    /// 99 of 100 requests were sent at most this late by the generator's own fault.
    pub tardiness_p99_us: u64,
}

/// Events that the successes of one second raised.
fn events_in(interval: &Interval, totals: &Totals) -> u64 {
    let raised = interval.names.iter().zip(&totals.context.raises);
    raised
        .map(|(name, raises)| name.outcomes[Outcome::Success as usize] * raises.len() as u64)
        .sum()
}

impl Snapshot {
    /// The picture after `interval`, which is already part of `totals`.
    pub(crate) fn after(interval: &Interval, totals: &Totals, before: Option<&Self>) -> Self {
        let rated = interval.length_s() >= SHORTEST_RATED_S;
        let row = |name: Option<&StatName>,
                   total: &NameTotal,
                   now: &NameInterval,
                   was: Option<&SnapshotRow>| {
            let rates = match was {
                Some(was) if !rated => (was.current_requests_per_s, was.current_failures_per_s),
                _ => current_rates(now, interval.length_s(), totals.context.failures),
            };
            row_of(name, total, totals, rates)
        };
        let per_name = totals
            .context
            .names
            .iter()
            .zip(totals.names.iter().zip(&interval.names));
        Self {
            elapsed_s: interval.end_s(),
            run_time_s: totals.context.run_time_us as f64 / 1e6,
            phase: interval.phase,
            users: interval.users,
            journeys: totals.journeys_started(),
            events_per_s: if rated {
                events_in(interval, totals) as f64 / interval.length_s()
            } else {
                before.map_or(0.0, |before| before.events_per_s)
            },
            shed: totals.shed,
            names: per_name
                .enumerate()
                .map(|(index, (name, (total, now)))| {
                    row(
                        Some(name),
                        total,
                        now,
                        before.and_then(|before| before.names.get(index)),
                    )
                })
                .collect(),
            all: row(
                None,
                &totals.all,
                &interval.all,
                before.map(|before| &before.all),
            ),
            errors: totals.errors.sorted(),
            errors_cut: totals.errors.cut(),
            cores: cores_of(interval, totals),
            saturated: totals.self_check.saturation().saturated,
            backlogs: totals.context.observed.backlogs(),
        }
    }
}

/// Requests and failures a second of an interval.
fn current_rates(now: &NameInterval, length_s: f64, rule: FailureRule) -> (f64, f64) {
    let failures = failures(rule, &now.outcomes);
    (now.requests() as f64 / length_s, failures as f64 / length_s)
}

fn row_of(
    name: Option<&StatName>,
    total: &NameTotal,
    totals: &Totals,
    rates: (f64, f64),
) -> SnapshotRow {
    SnapshotRow {
        name: name.cloned(),
        requests: total.requests(),
        outcomes: total.outcomes,
        requests_per_s: totals.per_s(total.requests()),
        current_requests_per_s: rates.0,
        current_failures_per_s: rates.1,
        response_p50_us: total.response.quantile_us(0.5),
        response_p95_us: total.response.quantile_us(0.95),
        response_p99_us: total.response.quantile_us(0.99),
        response_max_us: total.response.max_us(),
        response_mean_us: total.response.mean_us(),
        service_p99_us: total.service.quantile_us(0.99),
        lag_p99_us: total.lag.quantile_us(0.99),
    }
}

fn cores_of(interval: &Interval, totals: &Totals) -> Vec<CoreSnapshot> {
    let cores = interval
        .cores
        .iter()
        .filter(|core| core.end_us > core.start_us);
    cores
        .map(|core| {
            let length_ns = (core.end_us - core.start_us) as f64 * 1e3;
            CoreSnapshot {
                cpu: totals
                    .context
                    .cpus
                    .get(core.core)
                    .copied()
                    .unwrap_or_default(),
                cpu_share: core.health.cpu_ns() as f64 / length_ns,
                run_queue_share: core.health.run_queue_ns as f64 / length_ns,
                tardiness_p99_us: core.tardiness_p99_us,
            }
        })
        .collect()
}
