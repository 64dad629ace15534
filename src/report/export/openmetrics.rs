//! Metrics as text for Prometheus: OpenMetrics 1.0, which it and its kin read.

use super::metric_families::{FamilyLabels, MetricFamily, MetricPoints};
use crate::stats::{BUCKET_EDGES_US, Buckets};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;

/// Content type of [`open_metrics_text`].
pub const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text, with its end mark.
#[must_use]
pub fn open_metrics_text(families: &[MetricFamily]) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families.to_vec())));
    let mut written = String::new();
    // Writing into a text never fails.
    let _ = text::encode(&mut written, &registry);
    written
}

#[derive(Debug)]
struct Families(Vec<MetricFamily>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            let unit = match family.unit {
                "seconds" => Some(Unit::Seconds),
                "bytes" => Some(Unit::Bytes),
                _ => None,
            };
            let kind = match family.points {
                MetricPoints::Counters(_) | MetricPoints::Sums(_) => MetricType::Counter,
                MetricPoints::Gauges(_) => MetricType::Gauge,
                MetricPoints::Histograms(_) => MetricType::Histogram,
            };
            let help = family.help.trim_end_matches('.');
            let encoder = encoder.encode_descriptor(family.name, help, unit.as_ref(), kind)?;
            encode_points(&family.points, encoder)?;
        }
        Ok(())
    }
}

fn encode_points(points: &MetricPoints, encoder: MetricEncoder<'_>) -> fmt::Result {
    match points {
        MetricPoints::Counters(points) => each(points, encoder, |count, mut encoder| {
            encoder.encode_counter::<NoLabelSet, _, u64>(count, None)
        }),
        MetricPoints::Sums(points) => each(points, encoder, |sum, mut encoder| {
            encoder.encode_counter::<NoLabelSet, _, u64>(sum, None)
        }),
        MetricPoints::Gauges(points) => each(points, encoder, |level, mut encoder| {
            encoder.encode_gauge(level)
        }),
        MetricPoints::Histograms(points) => each(points, encoder, encode_histogram),
    }
}

fn each<T>(
    points: &[(FamilyLabels, T)],
    mut encoder: MetricEncoder<'_>,
    encode: impl Fn(&T, MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    for (labels, value) in points {
        if labels.is_empty() {
            encode(value, encoder.encode_family(&NO_LABELS)?)?;
        } else {
            encode(value, encoder.encode_family(labels)?)?;
        }
    }
    Ok(())
}

const NO_LABELS: [(&str, &str); 0] = [];

fn encode_histogram(buckets: &Buckets, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    let edges = BUCKET_EDGES_US.iter().map(|us| *us as f64 / 1e6);
    let edges = edges.chain([f64::INFINITY]);
    let counts: Vec<(f64, u64)> = edges.zip(buckets.counts).collect();
    let sum_s = buckets.sum_us as f64 / 1e6;
    encoder.encode_histogram::<NoLabelSet>(sum_s, buckets.count(), &counts, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::golden::assert_golden;
    use crate::report::export::metric_families::made_up_families;

    #[test]
    fn the_text_of_a_run() {
        let text = open_metrics_text(&made_up_families());
        assert_golden("metrics.txt", text.as_bytes());
        let infinite = "\nshopblast_response_time_seconds_bucket{le=\"+Inf\",method=\"POST\",name=\"POST /customers\"} 1001\n";
        assert!(text.contains(infinite), "{text}");
        assert!(
            text.contains("name=\"PUT /customers/{id}/profile, \\\"odd\\\"\""),
            "{text}"
        );
        assert!(!text.contains("quantile"));
    }

    /// Queries of the dashboard name metrics that there are, and no others.
    #[test]
    fn the_dashboard_asks_for_these_metrics() {
        let dashboard = include_str!("../../../scripts/grafana-dashboard.json");
        let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
        let text = open_metrics_text(&made_up_families());
        let mut queries = Vec::new();
        collect_queries(&dashboard, &mut queries);
        assert!(queries.len() > 15, "{queries:?}");
        let mut asked = std::collections::BTreeSet::new();
        for query in &queries {
            for (start, _) in query.match_indices("shopblast_") {
                let rest = &query[start..];
                let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                asked.insert(&rest[..end.unwrap_or(rest.len())]);
            }
        }
        for metric in asked {
            let is_sample = |line: &str| {
                line.strip_prefix(metric)
                    .is_some_and(|rest| rest.starts_with(['{', ' ']))
            };
            let is_empty_family = || {
                let family = metric
                    .trim_end_matches("_total")
                    .trim_end_matches("_bucket");
                text.contains(&format!("# TYPE {family} "))
            };
            assert!(text.lines().any(is_sample) || is_empty_family(), "{metric}");
        }
    }

    fn collect_queries<'a>(value: &'a serde_json::Value, queries: &mut Vec<&'a str>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value.as_str()) {
                        ("expr" | "query" | "definition", Some(query)) => queries.push(query),
                        _ => collect_queries(value, queries),
                    }
                }
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| collect_queries(item, queries));
            }
            _ => {}
        }
    }
}
