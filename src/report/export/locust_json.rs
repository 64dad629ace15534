//! What Locust's `/stats/requests` answers, with its keys (Locust 2.43, `web.py` and `stats.py`).
//!
//! Made from the same totals as Locust's CSV files, by the same rules, so that both always agree:
//! whole milliseconds for percentiles, failures by the run's rule. *Current* figures are those of
//! the latest second.

use crate::record::locust_figures::{AGGREGATED, error_text, rounded_ms};
use crate::record::{ErrorRecord, Figures, Live, LiveRow, RunRecord};
use crate::stats::{HistoryPoint, SpanLatency};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Rows and errors that are told at most, as Locust's.
const MOST_ROWS: usize = 500;

/// The figures of a run so far, in Locust's shape.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LocustStats<'a> {
    /// One row a statistic name that was requested, then *Aggregated*.
    pub stats: Vec<LocustRow<'a>>,
    /// What counts as failures, most frequent first.
    pub errors: Vec<LocustFailureRow<'a>>,
    /// Requests in the latest second.
    pub current_rps: f64,
    /// Failures in the latest second.
    pub current_fail_per_sec: f64,
    /// Requests a second of the measured time.
    pub total_rps: f64,
    /// Failures a second of the measured time.
    pub total_fail_per_sec: f64,
    /// Failures by requests, 0 to 1.
    pub fail_ratio: f64,
    /// Percentiles of the latest second in ms, by `response_time_percentile_0.5` and `_0.95`; null
    /// without requests.
    pub current_response_time_percentiles: Map<String, Value>,
}

/// A row of [`LocustStats`]. Times are in ms.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LocustRow<'a> {
    /// HTTP method; none for *Aggregated*.
    pub method: Option<&'a str>,
    /// Statistic name.
    pub name: &'a str,
    /// Requests that ended.
    pub num_requests: u64,
    /// Those that count as failures.
    pub num_failures: u64,
    /// Smallest response time.
    pub min_response_time: u64,
    /// Largest response time.
    pub max_response_time: u64,
    /// Requests in the latest second.
    pub current_rps: f64,
    /// Failures in the latest second.
    pub current_fail_per_sec: f64,
    /// Mean response time.
    pub avg_response_time: f64,
    /// Median response time.
    pub median_response_time: u64,
    /// Requests a second of the measured time.
    pub total_rps: f64,
    /// Failures a second of the measured time.
    pub total_fail_per_sec: f64,
    /// 95th percentile of the response time.
    #[serde(rename = "response_time_percentile_0.95")]
    pub p95: u64,
    /// 99th percentile of the response time.
    #[serde(rename = "response_time_percentile_0.99")]
    pub p99: u64,
    /// Mean bytes of reply bodies.
    pub avg_content_length: f64,
}

/// A row of the failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocustFailureRow<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Statistic name.
    pub name: &'a str,
    /// Status and reason.
    pub error: String,
    /// How often.
    pub occurrences: u64,
}

impl<'a> LocustStats<'a> {
    /// The figures that `live` shows.
    #[must_use]
    pub fn of(live: &'a Live) -> Self {
        let run = live.shown();
        let mut stats: Vec<LocustRow<'_>> = live
            .rows()
            .take(MOST_ROWS)
            .map(|(name, now)| row(Some(&name.method), &name.name, &name.figures, now, run))
            .collect();
        let all = row(None, AGGREGATED, &run.totals, &live.all, run);
        stats.push(all.clone());
        Self {
            errors: errors(live),
            current_rps: all.current_rps,
            current_fail_per_sec: all.current_fail_per_sec,
            total_rps: all.total_rps,
            total_fail_per_sec: all.total_fail_per_sec,
            fail_ratio: all.num_failures as f64 / all.num_requests.max(1) as f64,
            current_response_time_percentiles: current_percentiles(Some(&live.now)),
            stats,
        }
    }

    /// The figures before the first request.
    #[must_use]
    pub fn nothing() -> Self {
        let all = LocustRow {
            name: AGGREGATED,
            ..LocustRow::default()
        };
        Self {
            stats: vec![all],
            current_response_time_percentiles: current_percentiles(None),
            ..Self::default()
        }
    }
}

fn row<'a>(
    method: Option<&'a str>,
    name: &'a str,
    figures: &Figures,
    now: &LiveRow,
    run: &RunRecord,
) -> LocustRow<'a> {
    let response = &figures.response_us;
    LocustRow {
        method,
        name,
        num_requests: figures.requests,
        num_failures: figures.failures,
        min_response_time: rounded_ms(response.min),
        max_response_time: rounded_ms(response.max),
        current_rps: now.requests_per_s,
        current_fail_per_sec: now.failures_per_s,
        avg_response_time: response.mean / 1e3,
        median_response_time: rounded_ms(response.p50),
        total_rps: figures.requests_per_s,
        total_fail_per_sec: run.per_s(figures.failures),
        p95: rounded_ms(response.p95),
        p99: rounded_ms(response.p99),
        avg_content_length: figures.mean_body_bytes(),
    }
}

fn errors(live: &Live) -> Vec<LocustFailureRow<'_>> {
    let rule = live.context.failures;
    let rows = live.shown().errors.iter();
    let error = |row: &'_ ErrorRecord| error_text(row.status, &row.reason);
    rows.filter(|row| row.outcome.is_failure(rule))
        .take(MOST_ROWS)
        .map(|row| LocustFailureRow {
            method: &row.method,
            name: &row.name,
            error: error(row),
            occurrences: row.count,
        })
        .collect()
}

/// Of the requests of the second `now`; null without any.
fn current_percentiles(now: Option<&HistoryPoint>) -> Map<String, Value> {
    let response = now.map_or_else(SpanLatency::default, |now| now.response);
    let quantiles = [(0.5, response.p50_us), (0.95, response.p95_us)];
    quantiles
        .into_iter()
        .map(|(quantile, us)| {
            let value = match us {
                0 => Value::Null,
                us => json!(rounded_ms(us)),
            };
            (format!("response_time_percentile_{quantile}"), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;

    #[test]
    fn every_key_of_locust_is_there() {
        let live = made_up::live();
        let json = serde_json::to_value(LocustStats::of(&live)).expect("JSON");
        for key in [
            "stats",
            "errors",
            "total_rps",
            "total_fail_per_sec",
            "fail_ratio",
            "current_response_time_percentiles",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
        for key in [
            "method",
            "name",
            "num_requests",
            "num_failures",
            "min_response_time",
            "max_response_time",
            "current_rps",
            "current_fail_per_sec",
            "avg_response_time",
            "median_response_time",
            "total_rps",
            "total_fail_per_sec",
            "response_time_percentile_0.95",
            "response_time_percentile_0.99",
            "avg_content_length",
        ] {
            assert!(json["stats"][0].get(key).is_some(), "{key}");
        }
        for key in ["method", "name", "error", "occurrences"] {
            assert!(json["errors"][0].get(key).is_some(), "{key}");
        }
        for key in [
            "response_time_percentile_0.5",
            "response_time_percentile_0.95",
        ] {
            let current = &json["current_response_time_percentiles"];
            assert!(current.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn the_last_row_is_the_sum() {
        let (live, totals) = (made_up::live(), made_up::totals());
        let stats = LocustStats::of(&live);
        let (all, names) = stats.stats.split_last().expect("rows");
        assert_eq!((all.method, all.name), (None, "Aggregated"));
        assert_eq!(all.num_requests, totals.all.requests());
        let sum: u64 = names.iter().map(|row| row.num_requests).sum();
        assert_eq!(sum, all.num_requests);
        let failures: u64 = names.iter().map(|row| row.num_failures).sum();
        assert_eq!(failures, all.num_failures);
        let told: u64 = stats.errors.iter().map(|error| error.occurrences).sum();
        assert_eq!(told, all.num_failures);
    }
}
