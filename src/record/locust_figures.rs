//! Figures as Locust's files write them.

use crate::stats::{LatencyTotal, Measured};
use csv::{Terminator, Writer, WriterBuilder};
use std::io;

/// The percentiles of both statistics files, as shares.
pub(crate) const QUANTILES: [f64; 11] = [
    0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0,
];

/// Response times at each of [`QUANTILES`], in microseconds.
pub(crate) type Percentiles = [u64; QUANTILES.len()];

/// Their column names.
pub(crate) const QUANTILE_COLUMNS: &str = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";

/// Name of the row over all names.
pub(crate) const AGGREGATED: &str = "Aggregated";

/// A writer as Python's `csv` module is by default: `\r\n`, quotes only when needed.
pub(crate) fn python_csv() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new())
}

/// What was written so far.
pub(crate) fn written(writer: Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A header line: `columns`, then the percentiles, then `more`.
pub(crate) fn header(columns: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!("{columns},{QUANTILE_COLUMNS}{comma}{more}")
}

/// Median, average, minimum and maximum response time in ms, and average content size.
pub(crate) fn response_columns(total: &Measured<LatencyTotal>) -> [String; 5] {
    let response = &total.response;
    if response.is_empty() {
        return ["0"; 5].map(str::to_owned);
    }
    let ms = |us: u64| float(us as f64 / 1e3);
    [
        rounded_ms(response.quantile_us(0.5)).to_string(),
        float(response.mean_us() / 1e3),
        ms(response.min_us().unwrap_or_default()),
        ms(response.max_us()),
        float(total.body_bytes_in as f64 / total.replies().max(1) as f64),
    ]
}

/// The percentiles of the response time, at the cost of one pass; `None` without requests.
pub(crate) fn percentiles(total: &Measured<LatencyTotal>) -> Option<Percentiles> {
    let response = &total.response;
    let all = || response.quantiles_us(&QUANTILES).try_into().ok();
    (!response.is_empty()).then(all).flatten()
}

/// Their columns in whole ms.
pub(crate) fn percentile_columns(percentiles: Option<Percentiles>) -> [String; QUANTILES.len()] {
    match percentiles {
        None => QUANTILES.map(|_| "N/A".to_owned()),
        Some(percentiles) => percentiles.map(|us| rounded_ms(us).to_string()),
    }
}

/// Microseconds in whole milliseconds, halves up.
pub(crate) fn rounded_ms(us: u64) -> u64 {
    (us + 500) / 1_000
}

/// A float as Python prints it: shortest form, with a decimal point.
pub(crate) fn float(value: f64) -> String {
    format!("{value:?}")
}

/// How an error is told in one text.
pub(crate) fn error_text(status: Option<u16>, reason: &str) -> String {
    match status {
        Some(status) => format!("{status}: {reason}"),
        None => reason.to_owned(),
    }
}
