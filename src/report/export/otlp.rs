//! Metrics as an export request of OTLP (OpenTelemetry protocol 1.x) in JSON, for
//! `POST /v1/metrics`: cumulative sums, gauges and histograms with explicit bounds.

use super::metric_families::{FamilyLabels, MetricFamily, MetricPoints, RUN_FAMILY};
use crate::stats::BUCKET_EDGES_US;
use serde_json::{Value, json};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u8 = 2;

/// The body of the request: figures from `start_unix_ns` to `now_unix_ns`, in nanoseconds since
/// 1970. 64-bit numbers are texts, as the protocol's JSON has them.
#[must_use]
pub fn otlp_json(families: &[MetricFamily], start_unix_ns: u64, now_unix_ns: u64) -> Value {
    let times = Times {
        start: start_unix_ns.to_string(),
        now: now_unix_ns.to_string(),
    };
    let metrics: Vec<Value> = families
        .iter()
        .filter_map(|family| metric(family, &times))
        .collect();
    let resource = attributes(&resource(families));
    json!({"resourceMetrics": [{
        "resource": {"attributes": resource},
        "scopeMetrics": [{"scope": {"name": "shopblast"}, "metrics": metrics}],
    }]})
}

/// What the figures are of: the program, and the run that its family tells.
fn resource(families: &[MetricFamily]) -> FamilyLabels {
    let run = families.iter().find_map(|family| match &family.points {
        MetricPoints::Gauges(points) if family.name == RUN_FAMILY => points.first(),
        _ => None,
    });
    let label = |name: &str| {
        let (labels, _) = run?;
        let found = labels.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    let mut resource = vec![
        ("service.name", "shopblast".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    // A process of the page has many runs, so that the instance is the run.
    for (key, name) in [
        ("service.instance.id", "run_id"),
        ("shopblast.run_id", "run_id"),
        ("shopblast.profile", "profile"),
    ] {
        resource.extend(label(name).map(|value| (key, value)));
    }
    resource
}

struct Times {
    start: String,
    now: String,
}

/// `None` for a family without points: the protocol has no use for it.
fn metric(family: &MetricFamily, times: &Times) -> Option<Value> {
    let sum = |points: Vec<Value>| {
        let is_empty = points.is_empty();
        let data = json!({
            "dataPoints": points,
            "aggregationTemporality": CUMULATIVE,
            "isMonotonic": true,
        });
        (!is_empty).then_some(("sum", data))
    };
    let (kind, data) = match &family.points {
        MetricPoints::Counters(points) => sum(each(
            points,
            times,
            |count| json!({"asInt": count.to_string()}),
        ))?,
        MetricPoints::Sums(points) => sum(each(points, times, |sum| json!({"asDouble": sum})))?,
        MetricPoints::Gauges(points) if points.is_empty() => return None,
        MetricPoints::Gauges(points) => {
            let points = each(points, times, |level| json!({"asDouble": level}));
            ("gauge", json!({"dataPoints": points}))
        }
        MetricPoints::Histograms(points) if points.is_empty() => return None,
        MetricPoints::Histograms(points) => {
            let bounds_s = BUCKET_EDGES_US.map(|us| us as f64 / 1e6);
            let points = each(points, times, |buckets| {
                json!({
                    "count": buckets.count().to_string(),
                    "sum": buckets.sum_us as f64 / 1e6,
                    "bucketCounts": buckets.counts.map(|count| count.to_string()),
                    "explicitBounds": bounds_s,
                })
            });
            let data = json!({"dataPoints": points, "aggregationTemporality": CUMULATIVE});
            ("histogram", data)
        }
    };
    let unit = match family.unit {
        "seconds" => "s",
        "bytes" => "By",
        _ => "1",
    };
    let mut metric = json!({"name": family.name, "description": family.help, "unit": unit});
    metric[kind] = data;
    Some(metric)
}

fn each<T>(points: &[(FamilyLabels, T)], times: &Times, value: impl Fn(&T) -> Value) -> Vec<Value> {
    let points = points.iter();
    points
        .map(|(labels, of)| {
            let mut point = value(of);
            point["attributes"] = attributes(labels).into();
            point["startTimeUnixNano"] = times.start.clone().into();
            point["timeUnixNano"] = times.now.clone().into();
            point
        })
        .collect()
}

fn attributes(labels: &FamilyLabels) -> Vec<Value> {
    let labels = labels.iter();
    labels
        .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::export::metric_families::made_up_families;

    #[test]
    fn the_request_has_the_shape_of_the_protocol() {
        let request = otlp_json(&made_up_families(), 1, 2_000_000_000);
        let resource = request["resourceMetrics"][0]["resource"]["attributes"].to_string();
        for (key, value) in [
            ("service.name", "shopblast"),
            ("service.instance.id", "0123456789abcdef"),
            ("shopblast.run_id", "0123456789abcdef"),
            ("shopblast.profile", "spike"),
        ] {
            let attribute = json!({"key": key, "value": {"stringValue": value}}).to_string();
            assert!(resource.contains(&attribute), "{attribute}: {resource}");
        }
        let scope = &request["resourceMetrics"][0]["scopeMetrics"][0];
        let metrics = scope["metrics"].as_array().unwrap();
        let metric = |name: &str| {
            metrics
                .iter()
                .find(|metric| metric["name"] == name)
                .unwrap()
        };
        let requests = &metric("shopblast_requests")["sum"];
        assert_eq!(requests["aggregationTemporality"], 2);
        assert_eq!(requests["isMonotonic"], true);
        let point = &requests["dataPoints"][0];
        assert_eq!(point["asInt"], "983");
        assert_eq!(point["timeUnixNano"], "2000000000");
        assert_eq!(point["attributes"][1]["key"], "name");
        assert_eq!(
            point["attributes"][1]["value"]["stringValue"],
            "POST /customers"
        );
        let times = metric("shopblast_response_time");
        assert_eq!(times["unit"], "s");
        let point = &times["histogram"]["dataPoints"][0];
        assert_eq!(point["count"], "1001");
        let counts = point["bucketCounts"].as_array().unwrap();
        let bounds = point["explicitBounds"].as_array().unwrap();
        assert_eq!(counts.len(), bounds.len() + 1);
        assert_eq!(
            metric("shopblast_threshold_crossed")["gauge"]["dataPoints"][0]["asDouble"],
            1.0
        );
        assert!(
            metrics
                .iter()
                .all(|metric| metric["name"] != "shopblast_races"),
            "no points"
        );
    }
}
