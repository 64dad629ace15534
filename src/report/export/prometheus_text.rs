//! Metrics in Prometheus' own text format, version 0.0.4, for readers that ask for no other: counters
//! are declared by the name of their samples, and there are neither units nor an end mark.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use super::metric_families::{FamilyLabels, MetricFamily, MetricPoints};
use crate::stats::BUCKET_EDGES_US;
use std::fmt::Write;

/// Content type of [`prometheus_text`].
pub const PROMETHEUS_TEXT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text. A family without points is left out: there is nothing to declare.
#[must_use]
pub fn prometheus_text(families: &[MetricFamily]) -> String {
    let mut text = String::new();
    for family in families {
        let unit = match family.unit {
            "" => String::new(),
            unit => format!("_{unit}"),
        };
        let name = format!("{}{unit}", family.name);
        match &family.points {
            MetricPoints::Counters(points) => {
                let rows = points
                    .iter()
                    .map(|(labels, count)| (labels, count.to_string()));
                write_family(&mut text, family, &format!("{name}_total"), "counter", rows);
            }
            MetricPoints::Sums(points) => {
                let rows = points.iter().map(|(labels, sum)| (labels, number(*sum)));
                write_family(&mut text, family, &format!("{name}_total"), "counter", rows);
            }
            MetricPoints::Gauges(points) => {
                let rows = points
                    .iter()
                    .map(|(labels, level)| (labels, number(*level)));
                write_family(&mut text, family, &name, "gauge", rows);
            }
            MetricPoints::Histograms(points) => {
                if points.is_empty() {
                    continue;
                }
                declare(&mut text, family, &name, "histogram");
                for (labels, buckets) in points {
                    let edges = BUCKET_EDGES_US.iter().map(|us| number(*us as f64 / 1e6));
                    let mut sum = 0;
                    for (edge, count) in edges.chain(["+Inf".to_owned()]).zip(buckets.counts) {
                        sum += count;
                        let mut labels = labels.clone();
                        labels.push(("le", edge));
                        sample(
                            &mut text,
                            &format!("{name}_bucket"),
                            &labels,
                            &sum.to_string(),
                        );
                    }
                    let sum_s = number(buckets.sum_us as f64 / 1e6);
                    sample(&mut text, &format!("{name}_sum"), labels, &sum_s);
                    sample(
                        &mut text,
                        &format!("{name}_count"),
                        labels,
                        &sum.to_string(),
                    );
                }
            }
        }
    }
    text
}

fn write_family<'a>(
    text: &mut String,
    family: &MetricFamily,
    name: &str,
    kind: &str,
    rows: impl Iterator<Item = (&'a FamilyLabels, String)>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        declare(text, family, name, kind);
    }
    for (labels, value) in rows {
        sample(text, name, labels, &value);
    }
}

fn declare(text: &mut String, family: &MetricFamily, name: &str, kind: &str) {
    let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn sample(text: &mut String, name: &str, labels: &FamilyLabels, value: &str) {
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
        .collect();
    let labels = match labels.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", labels.join(",")),
    };
    let _ = writeln!(text, "{name}{labels} {value}");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// As Go writes floating-point numbers, so far as they occur.
fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::parse_prometheus;
    use crate::report::export::metric_families::made_up_families;
    use crate::report::open_metrics_text;
    use std::collections::BTreeMap;

    /// What a sample is of: its name without what histograms add to it.
    fn family_of<'a>(sample: &'a str, kinds: &BTreeMap<&str, &str>) -> &'a str {
        let parts = ["_bucket", "_sum", "_count"];
        let of_histogram = parts.iter().find_map(|part| sample.strip_suffix(part));
        of_histogram
            .filter(|family| kinds.get(family) == Some(&"histogram"))
            .unwrap_or(sample)
    }

    /// What `promtool check metrics` looks at.
    #[test]
    fn every_sample_is_declared_with_help_and_a_type_that_fits_its_name() {
        let text = prometheus_text(&made_up_families());
        let declared = |keyword: &'static str| -> BTreeMap<&str, &str> {
            let lines = text
                .lines()
                .filter_map(move |line| line.strip_prefix(keyword));
            lines.filter_map(|line| line.split_once(' ')).collect()
        };
        let (help, kinds) = (declared("# HELP "), declared("# TYPE "));
        assert_eq!(
            help.keys().collect::<Vec<_>>(),
            kinds.keys().collect::<Vec<_>>()
        );
        let samples = parse_prometheus(&text).expect("the format");
        assert!(samples.len() > 100, "{}", samples.len());
        for sample in &samples {
            let kind = kinds[family_of(&sample.name, &kinds)];
            assert_eq!(
                kind == "counter",
                sample.name.ends_with("_total"),
                "{}",
                sample.name
            );
        }
        for (name, kind) in &kinds {
            let is_sampled = samples
                .iter()
                .any(|sample| family_of(&sample.name, &kinds) == *name);
            assert!(is_sampled, "{name} is declared and has no sample");
            assert!(!help[name].is_empty(), "{name}");
            assert!(["counter", "gauge", "histogram"].contains(kind), "{name}");
        }
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"));
    }

    #[test]
    fn both_forms_have_the_same_samples() {
        let values = |text: &str| -> BTreeMap<String, f64> {
            let samples = parse_prometheus(text).expect("the format");
            let keyed = samples.into_iter().map(|mut sample| {
                sample.labels.sort();
                (
                    format!("{} {:?}", sample.name, le_as_number(sample.labels)),
                    sample.value,
                )
            });
            keyed.collect()
        };
        let families = made_up_families();
        let (own, open) = (prometheus_text(&families), open_metrics_text(&families));
        assert_eq!(values(&own), values(&open));
    }

    /// `1.0` and `1` are the same edge.
    fn le_as_number(labels: Vec<(String, String)>) -> Vec<(String, String)> {
        let same = |(name, value): (String, String)| match (name.as_str(), value.parse::<f64>()) {
            ("le", Ok(edge)) => (name, edge.to_string()),
            _ => (name, value),
        };
        labels.into_iter().map(same).collect()
    }

    #[test]
    fn labels_and_help_are_escaped() {
        let mut text = String::new();
        let labels = vec![("name", "a\\b\"c\nd".to_owned())];
        sample(&mut text, "x", &labels, "1");
        assert_eq!(text, "x{name=\"a\\\\b\\\"c\\nd\"} 1\n");
        let sample = parse_prometheus(&text).unwrap().remove(0);
        assert_eq!(sample.label("name"), Some("a\\b\"c\nd"));
    }
}
