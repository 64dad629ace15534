//! Locust's statistics file made again from a record: the same text that the run wrote.

use crate::record::locust_csv::stats_header;
use crate::record::locust_figures::{
    AGGREGATED, QUANTILES, float, python_csv, rounded_ms, written,
};
use crate::record::{Figures, Recorded, tag_text};
use crate::stats::LatencyCounts;
use hdrhistogram::Histogram;
use std::io;

/// `PREFIX_stats.csv` of a record.
///
/// # Errors
/// When the text cannot be made; writing into memory does not fail.
pub fn recorded_stats_text(recorded: &Recorded) -> io::Result<String> {
    let run = &recorded.run;
    let mut writer = python_csv();
    writer.write_record(stats_header().split(','))?;
    for name in &run.names {
        let log = recorded.requests.of(&tag_text(&name.method, &name.name));
        let empty = LatencyCounts::histogram();
        let latencies = log.map_or(&empty, |log| &log.latencies);
        let label = [name.method.as_str(), name.name.as_str()];
        writer.write_record(row(label, &name.figures, latencies, run.measured_s))?;
    }
    let all = recorded.requests.all();
    writer.write_record(row(["", AGGREGATED], &run.totals, &all, run.measured_s))?;
    let bytes = written(writer)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(
    label: [&str; 2],
    figures: &Figures,
    latencies: &Histogram<u64>,
    measured_s: f64,
) -> Vec<String> {
    let response = &figures.response_us;
    let per_s = |count: u64| match measured_s > 0.0 {
        true => float(count as f64 / measured_s),
        false => float(0.0),
    };
    let whole_ms = |quantile: f64| match latencies.is_empty() {
        true => "N/A".to_owned(),
        false => rounded_ms(latencies.value_at_quantile(quantile).min(response.max)).to_string(),
    };
    let mut row: Vec<String> = label.map(str::to_owned).into();
    row.extend([figures.requests, figures.failures].map(|count| count.to_string()));
    row.extend(match latencies.is_empty() {
        true => ["0"; 5].map(str::to_owned),
        false => [
            whole_ms(0.5),
            float(response.mean / 1e3),
            float(response.min as f64 / 1e3),
            float(response.max as f64 / 1e3),
            float(figures.body_bytes_in as f64 / figures.replies.max(1) as f64),
        ],
    });
    row.extend([figures.requests, figures.failures].map(per_s));
    row.extend(QUANTILES.map(whole_ms));
    row
}
