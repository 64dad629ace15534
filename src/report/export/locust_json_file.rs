//! `--json-file`: what Locust's option of that name writes (Locust 2.43, `stats.py`): a list with an
//! entry a statistic name, without a sum and without errors. Times are in milliseconds.

use crate::plan::FailureRule;
use crate::record::{Figures, NameRecord, Recorded, tag_text};
use crate::stats::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// An entry, with Locust's keys.
#[derive(Debug, Serialize)]
struct LocustEntry<'a> {
    name: &'a str,
    method: &'a str,
    last_request_timestamp: f64,
    start_time: f64,
    num_requests: u64,
    /// Requests without a response time; every request here has one.
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: f64,
    min_response_time: f64,
    total_content_length: u64,
    response_times: BTreeMap<u64, u64>,
    num_reqs_per_sec: BTreeMap<i64, u64>,
    num_fail_per_sec: BTreeMap<i64, u64>,
}

/// The text of the file, with a final line end.
#[must_use]
pub fn locust_json_text(recorded: &Recorded) -> String {
    let started_s = started_s(&recorded.run.started);
    let failures = failures_per_second(recorded);
    let names = recorded.run.names.iter();
    let entries: Vec<LocustEntry<'_>> = names
        .map(|name| entry(name, recorded, started_s, &failures))
        .collect();
    let mut text = serde_json::to_string_pretty(&entries).expect("keys are numbers or texts");
    text.push('\n');
    text
}

/// Failures by name and second of the run.
type Failures = BTreeMap<(String, String), BTreeMap<u64, u64>>;

fn entry<'a>(
    name: &'a NameRecord,
    recorded: &Recorded,
    started_s: f64,
    failures: &Failures,
) -> LocustEntry<'a> {
    let figures = &name.figures;
    let log = recorded.requests.of(&tag_text(&name.method, &name.name));
    let key = (name.method.clone(), name.name.clone());
    let epoch = |(second, count): (&u64, &u64)| (started_s as i64 + *second as i64, *count);
    let ms = |us: u64| us as f64 / 1e3;
    LocustEntry {
        name: &name.name,
        method: &name.method,
        last_request_timestamp: started_s + log.map_or(0.0, |log| log.last_s),
        start_time: started_s + log.map_or(0.0, |log| log.first_s),
        num_requests: figures.requests,
        num_none_requests: 0,
        num_failures: figures.failures,
        total_response_time: total_ms(figures),
        max_response_time: ms(figures.response_us.max),
        min_response_time: ms(figures.response_us.min),
        total_content_length: figures.body_bytes_in,
        response_times: log.map_or_else(BTreeMap::new, |log| in_milliseconds(&log.latencies)),
        num_reqs_per_sec: log
            .map(|log| log.by_second.iter().map(epoch).collect())
            .unwrap_or_default(),
        num_fail_per_sec: failures
            .get(&key)
            .map(|seconds| seconds.iter().map(epoch).collect())
            .unwrap_or_default(),
    }
}

fn total_ms(figures: &Figures) -> f64 {
    figures.response_us.mean * figures.requests as f64 / 1e3
}

/// Counts by millisecond, rounded as Locust does: to 1 ms below 100, then to 10, 100 and 1000 ms.
fn in_milliseconds(latencies: &hdrhistogram::Histogram<u64>) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for bucket in latencies.iter_recorded() {
        let us = latencies.lowest_equivalent(bucket.value_iterated_to());
        *counts.entry(locust_rounded_ms(us)).or_default() += bucket.count_at_value();
    }
    counts
}

fn locust_rounded_ms(us: u64) -> u64 {
    let ms = (us + 500) / 1_000;
    let step = match ms {
        0..100 => 1,
        100..1_000 => 10,
        1_000..10_000 => 100,
        _ => 1_000,
    };
    (ms + step / 2) / step * step
}

/// Failures by the run's rule: `locust` and `default` count the same outcomes.
fn failures_per_second(recorded: &Recorded) -> Failures {
    let outcomes = &recorded.outcomes;
    let rule = match recorded.run.failure_rule.as_str() {
        "strict" => FailureRule::Strict,
        _ => FailureRule::Default,
    };
    let mut counts = vec![0_u64; outcomes.len()];
    for outcome in Outcome::ALL.into_iter().filter(|it| it.is_failure(rule)) {
        for (count, more) in counts.iter_mut().zip(outcomes.texts(outcome.word())) {
            *count = count.saturating_add(more.parse().unwrap_or_default());
        }
    }
    let mut failures = Failures::new();
    let methods = outcomes.texts("method");
    let keys = methods
        .zip(outcomes.texts("name"))
        .zip(outcomes.texts("second"));
    for (((method, name), second), count) in keys.zip(counts) {
        let (Ok(second), 1..) = (second.parse(), count) else {
            continue;
        };
        let seconds = failures.entry((method.to_owned(), name.to_owned()));
        let of_second = seconds.or_default().entry(second).or_default();
        *of_second = of_second.saturating_add(count);
    }
    failures
}

/// Seconds since 1970 of an RFC 3339 text; 0 for what is none.
fn started_s(started: &str) -> f64 {
    let timestamp: jiff::Timestamp = started.parse().unwrap_or_default();
    let time = SystemTime::from(timestamp);
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_times_are_rounded_as_locust_does() {
        let table = [
            (1, 0),
            (1_499, 1),
            (99_400, 99),
            (104_000, 100),
            (105_000, 110),
            (1_249_000, 1_200),
            (12_500_000, 13_000),
        ];
        for (us, ms) in table {
            assert_eq!(locust_rounded_ms(us), ms, "{us}");
        }
    }
}
