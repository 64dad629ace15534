//! Locust's statistics file made again from a record: the same text that the run wrote.

use crate::record::locust_figures::{Percentiles, QUANTILES};
use crate::record::{Figures, Recorded, recorded_stats_text, tag_text};
use hdrhistogram::Histogram;
use std::io;

/// `PREFIX_stats.csv` of a record.
///
/// # Errors
/// When the text cannot be made; writing into memory does not fail.
pub fn stats_text_again(recorded: &Recorded) -> io::Result<String> {
    let run = &recorded.run;
    let names = run.names.iter().map(|name| {
        let log = recorded.requests.of(&tag_text(&name.method, &name.name));
        log.and_then(|log| percentiles(&log.latencies, &name.figures))
    });
    let all = percentiles(&recorded.requests.all(), &run.totals);
    let bytes = recorded_stats_text(run, names, all)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `None` without latencies.
fn percentiles(latencies: &Histogram<u64>, figures: &Figures) -> Option<Percentiles> {
    let max_us = figures.response_us.max;
    let at = |quantile: f64| latencies.value_at_quantile(quantile).min(max_us);
    (!latencies.is_empty()).then(|| QUANTILES.map(at))
}
