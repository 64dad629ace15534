//! `--summary-export`: a summary as k6's option of that name writes it, for scripts that read those.
//!
//! Times are in milliseconds. `http_req_duration` is what it is in k6, from sending to the whole
//! reply; response time and send lag stand beside it. As in k6, a threshold's value is `true` when
//! it was **crossed**.

use crate::record::{Figures, RunRecord, ThresholdRecord};
use crate::stats::{LatencySummary, ThresholdVerdict};
use serde_json::{Map, Value, json};

/// The text of the file, with a final line end.
#[must_use]
pub fn k6_summary_text(record: &RunRecord) -> String {
    let summary = json!({
        "root_group": {
            "name": "",
            "path": "",
            "groups": {},
            "checks": checks(record),
        },
        "metrics": metrics(record),
        "shopblast": {
            "version": record.shopblast,
            "profile": record.profile,
            "run_id": record.run_id,
            "finished": record.finished,
            "verdict": record.verdict,
            "exit_code": record.exit_code,
            "undecided_thresholds": undecided(record),
        },
    });
    let mut text = serde_json::to_string_pretty(&summary).expect("keys are texts");
    text.push('\n');
    text
}

/// The rules that were checked.
fn checks(record: &RunRecord) -> Map<String, Value> {
    let rules = record.invariants.iter();
    rules
        .map(|rule| {
            let check = json!({
                "name": rule.name,
                "path": format!("::{}", rule.name),
                "passes": rule.checked.saturating_sub(rule.violated),
                "fails": rule.violated,
            });
            (rule.name.clone(), check)
        })
        .collect()
}

fn metrics(record: &RunRecord) -> Map<String, Value> {
    let mut metrics = Map::new();
    let mut put = |name: String, value: Value| {
        metrics.insert(name, value);
    };
    for (selector, figures) in figures_by_selector(record) {
        put(
            format!("http_reqs{selector}"),
            counter(figures.requests, figures.requests_per_s),
        );
        put(format!("http_req_failed{selector}"), rate(figures));
        put(
            format!("http_req_duration{selector}"),
            trend(&figures.service_us),
        );
        put(
            format!("response_time{selector}"),
            trend(&figures.response_us),
        );
        put(format!("send_lag{selector}"), trend(&figures.lag_us));
    }
    let per_s = |count: u64| match record.measured_s > 0.0 {
        true => count as f64 / record.measured_s,
        false => 0.0,
    };
    let journeys: u64 = record
        .journeys
        .iter()
        .map(|journey| journey.completed)
        .sum();
    put("iterations".to_owned(), counter(journeys, per_s(journeys)));
    put(
        "dropped_iterations".to_owned(),
        counter(record.shed, per_s(record.shed)),
    );
    let totals = &record.totals;
    put(
        "data_received".to_owned(),
        counter(totals.bytes_in, per_s(totals.bytes_in)),
    );
    put(
        "data_sent".to_owned(),
        counter(totals.bytes_out, per_s(totals.bytes_out)),
    );
    put(
        "http_req_connecting".to_owned(),
        trend(&record.connections.connect_us),
    );
    if let Some(took_us) = &record.connections.handshake_us {
        put("http_req_tls_handshaking".to_owned(), trend(took_us));
    }
    put(
        "vus_max".to_owned(),
        json!({"value": record.peak_users, "min": record.peak_users, "max": record.peak_users}),
    );
    for threshold in &record.thresholds {
        add_threshold(&mut metrics, threshold);
    }
    metrics
}

/// All requests, then each name as k6 writes a sub-metric.
fn figures_by_selector(record: &RunRecord) -> impl Iterator<Item = (String, &Figures)> {
    let names = record.names.iter();
    let of_names = names.map(|name| (format!("{{name:{}}}", name.name), &name.figures));
    std::iter::once((String::new(), &record.totals)).chain(of_names)
}

fn counter(count: u64, per_s: f64) -> Value {
    json!({"count": count, "rate": per_s})
}

/// In k6, what *passes* here is that a request failed.
fn rate(figures: &Figures) -> Value {
    let failures = figures.failures;
    json!({
        "passes": failures,
        "fails": figures.requests.saturating_sub(failures),
        "value": failures as f64 / figures.requests.max(1) as f64,
    })
}

fn trend(latency: &LatencySummary) -> Value {
    let ms = |us: u64| us as f64 / 1e3;
    json!({
        "avg": latency.mean / 1e3,
        "min": ms(latency.min),
        "med": ms(latency.p50),
        "max": ms(latency.max),
        "p(90)": ms(latency.p90),
        "p(95)": ms(latency.p95),
        "p(99)": ms(latency.p99),
        "p(99.9)": ms(latency.p999),
    })
}

/// Below the metric that it begins with; k6's names find their figures, others stand alone.
fn add_threshold(metrics: &mut Map<String, Value>, threshold: &ThresholdRecord) {
    let (metric, measure) = parts(&threshold.expression);
    let entry = metrics.entry(metric).or_insert_with(|| json!({}));
    let Some(entry) = entry.as_object_mut() else {
        return;
    };
    let thresholds = entry.entry("thresholds").or_insert_with(|| json!({}));
    if let Some(thresholds) = thresholds.as_object_mut() {
        let crossed = threshold.verdict == ThresholdVerdict::Crossed;
        thresholds.insert(measure, crossed.into());
    }
}

/// Metric with selector, and what is said of it.
fn parts(expression: &str) -> (String, String) {
    let mut depth = 0_u32;
    let mut quote = None;
    for (at, letter) in expression.char_indices() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => {}
            ('{' | '(', None) => depth += 1,
            ('}' | ')', None) => depth = depth.saturating_sub(1),
            (':', None) if depth == 0 => {
                let (metric, measure) = (&expression[..at], &expression[at + 1..]);
                return (metric.trim().to_owned(), measure.trim().to_owned());
            }
            _ => {}
        }
    }
    let end = expression
        .find(['<', '>', '=', '!'])
        .unwrap_or(expression.len());
    let (metric, measure) = expression.split_at(end);
    (metric.trim().to_owned(), measure.trim().to_owned())
}

fn undecided(record: &RunRecord) -> Vec<&str> {
    let thresholds = record.thresholds.iter();
    thresholds
        .filter(|threshold| threshold.verdict == ThresholdVerdict::Undecided)
        .map(|threshold| threshold.expression.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Threshold;
    use crate::record::made_up;

    #[test]
    fn thresholds_stand_below_their_metric() {
        let table = [
            (
                "response: p(99) < 1ms over 1s",
                "response",
                "p(99) < 1ms over 1s",
            ),
            (
                "http_req_duration{name:\"a:b\"}: p(95)<500",
                "http_req_duration{name:\"a:b\"}",
                "p(95)<500",
            ),
            ("observed(backlog) < 10", "observed(backlog)", "< 10"),
            (
                "observed(backlog{domain=\"x\"}): max < 10",
                "observed(backlog{domain=\"x\"})",
                "max < 10",
            ),
        ];
        for (expression, metric, measure) in table {
            assert!(Threshold::parse(expression).is_ok());
            assert_eq!(parts(expression), (metric.to_owned(), measure.to_owned()));
        }
    }

    #[test]
    fn the_figures_are_k6s_and_the_thresholds_say_whether_they_were_crossed() {
        let text = k6_summary_text(&made_up::watched_record());
        let summary: Value = serde_json::from_str(&text).unwrap();
        let metrics = &summary["metrics"];
        assert_eq!(metrics["http_reqs"]["count"], 1_500);
        assert_eq!(metrics["http_reqs{name:POST /customers}"]["count"], 1_001);
        assert_eq!(metrics["http_req_failed"]["passes"], 5);
        assert_eq!(metrics["http_req_failed"]["fails"], 1_495);
        assert_eq!(metrics["http_req_duration"]["p(99)"], 1.186);
        assert_eq!(
            metrics["response"]["thresholds"]["p(99) < 1ms over 1s abort"],
            true
        );
        assert_eq!(metrics["lag"]["thresholds"]["p(99) < 1ms"], false);
        assert_eq!(
            summary["shopblast"]["undecided_thresholds"][0],
            "observed(backlog) < 1000"
        );
    }
}
