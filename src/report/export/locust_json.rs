//! What Locust's `/stats/requests` answers, with its keys (Locust 2.43, `web.py` and `stats.py`).
//!
//! Made from the same totals as Locust's CSV files, by the same rules, so that both always agree:
//! whole milliseconds for percentiles, failures by the run's rule. *Current* figures are those of
//! the latest second.

use crate::record::locust_figures::{AGGREGATED, error_text, rounded_ms};
use crate::stats::{Interval, LatencyCounts, LatencyTotal, Measured, Totals};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Rows and errors that are told at most, as Locust's.
const MOST_ROWS: usize = 500;
/// Shortest interval that a current rate is taken from; a shorter one keeps the rates before it.
const SHORTEST_RATED_S: f64 = 0.5;

/// The figures of a run so far, in Locust's shape.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LocustStats {
    /// One row a statistic name that was requested, then *Aggregated*.
    pub stats: Vec<LocustRow>,
    /// What counts as failures, most frequent first.
    pub errors: Vec<LocustError>,
    /// Requests in the latest second.
    pub total_rps: f64,
    /// Failures in the latest second.
    pub total_fail_per_sec: f64,
    /// Failures by requests, 0 to 1.
    pub fail_ratio: f64,
    /// Percentiles of the latest second in ms, by `response_time_percentile_0.5` and `_0.95`; null
    /// without requests.
    pub current_response_time_percentiles: Map<String, Value>,
}

/// A row of [`LocustStats`]. Times are in ms.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LocustRow {
    /// HTTP method; none for *Aggregated*.
    pub method: Option<&'static str>,
    /// Statistic name.
    pub name: &'static str,
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
pub struct LocustError {
    /// HTTP method.
    pub method: &'static str,
    /// Statistic name.
    pub name: &'static str,
    /// Status and reason.
    pub error: String,
    /// How often.
    pub occurrences: u64,
}

impl LocustStats {
    /// The figures after `interval`, which is part of `totals` already; `before` are those of the
    /// second before.
    #[must_use]
    pub fn after(interval: &Interval, totals: &Totals, before: Option<&Self>) -> Self {
        let rated = interval.length_s() >= SHORTEST_RATED_S;
        let named = totals.context.names.iter().zip(&totals.names);
        let mut stats: Vec<LocustRow> = named
            .zip(&interval.names)
            .filter(|((_, total), _)| total.requests() > 0)
            .take(MOST_ROWS)
            .map(|((name, total), now)| row(Some(name.method), name.name, total, now, totals))
            .collect();
        stats.push(row(None, AGGREGATED, &totals.all, &interval.all, totals));
        for row in &mut stats {
            let earlier = before.and_then(|before| before.row(row.method, row.name));
            match earlier {
                Some(was) if !rated => {
                    row.current_rps = was.current_rps;
                    row.current_fail_per_sec = was.current_fail_per_sec;
                }
                _ => {
                    row.current_rps /= interval.length_s();
                    row.current_fail_per_sec /= interval.length_s();
                }
            }
        }
        let all = stats.last().cloned().unwrap_or_default();
        Self {
            errors: errors(totals),
            total_rps: all.current_rps,
            total_fail_per_sec: all.current_fail_per_sec,
            fail_ratio: all.num_failures as f64 / all.num_requests.max(1) as f64,
            current_response_time_percentiles: current_percentiles(&interval.all.response),
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
            current_response_time_percentiles: current_percentiles(&LatencyCounts::default()),
            ..Self::default()
        }
    }

    /// The row called so.
    #[must_use]
    pub fn row(&self, method: Option<&str>, name: &str) -> Option<&LocustRow> {
        let mut rows = self.stats.iter();
        rows.find(|row| row.method == method && row.name == name)
    }
}

/// The row, with counts of the interval where its rates will be.
fn row(
    method: Option<&'static str>,
    name: &'static str,
    total: &Measured<LatencyTotal>,
    now: &Measured<LatencyCounts>,
    totals: &Totals,
) -> LocustRow {
    let rule = totals.context.failures;
    let num_failures = total.failures(rule);
    let response = &total.response;
    let ms = |quantile| rounded_ms(response.quantile_us(quantile));
    LocustRow {
        method,
        name,
        num_requests: total.requests(),
        num_failures,
        min_response_time: rounded_ms(response.min_us().unwrap_or_default()),
        max_response_time: rounded_ms(response.max_us()),
        current_rps: now.requests() as f64,
        current_fail_per_sec: now.failures(rule) as f64,
        avg_response_time: response.mean_us() / 1e3,
        median_response_time: ms(0.5),
        total_rps: totals.per_s(total.requests()),
        total_fail_per_sec: totals.per_s(num_failures),
        p95: ms(0.95),
        p99: ms(0.99),
        avg_content_length: total.body_bytes_in as f64 / total.replies().max(1) as f64,
    }
}

fn errors(totals: &Totals) -> Vec<LocustError> {
    let rule = totals.context.failures;
    let rows = totals.errors.sorted().into_iter();
    rows.filter(|row| row.outcome.is_failure(rule))
        .take(MOST_ROWS)
        .map(|row| {
            let name = totals.context.names.get(row.name);
            LocustError {
                method: name.map_or("", |name| name.method),
                name: name.map_or("", |name| name.name),
                occurrences: row.count,
                error: error_text(row.status, row.reason),
            }
        })
        .collect()
}

fn current_percentiles(response: &LatencyCounts) -> Map<String, Value> {
    let percentile = |quantile: f64| match response.is_empty() {
        true => Value::Null,
        false => json!(rounded_ms(response.quantile_us(quantile))),
    };
    [0.5, 0.95]
        .into_iter()
        .map(|quantile| {
            let key = format!("response_time_percentile_{quantile}");
            (key, percentile(quantile))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use std::sync::Arc;

    fn stats() -> (LocustStats, Totals) {
        let mut totals = Totals::new(Arc::new(made_up::context()));
        let mut latest = None;
        for second in made_up::seconds() {
            totals.absorb(&second);
            latest = Some(LocustStats::after(&second, &totals, latest.as_ref()));
        }
        (latest.expect("seconds"), totals)
    }

    #[test]
    fn every_key_of_locust_is_there() {
        let (stats, _) = stats();
        let json = serde_json::to_value(&stats).expect("JSON");
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
        let (stats, totals) = stats();
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
