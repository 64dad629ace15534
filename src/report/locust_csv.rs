//! Locust's four CSV files, with its headers and conventions (Locust 2.43, `stats.py`).
//!
//! `PREFIX_stats.csv` and `PREFIX_failures.csv` are rewritten each second as a whole,
//! `PREFIX_stats_history.csv` grows by a second at a time, `PREFIX_exceptions.csv` has a header
//! only (shopblast runs no scripts that could raise one).
//!
//! Where shopblast knows better than Locust: percentiles are truly rounded to whole milliseconds
//! (Locust rounds to two digits), rates are over the measured time, and the last partial second is
//! in. *Failure Count* is failed + unknown: refusals and conflicts are answers of the business and
//! not failures. *Average Content Size* is reply body bytes by replies.

use super::locust_history::LocustHistory;
use super::rewrite::{naming, rewrite};
use crate::stats::{Interval, IntervalSink, LatencyTotal, Measured, StatName, Totals};
use csv::{Terminator, Writer, WriterBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The percentiles of both statistics files, as shares.
pub(super) const QUANTILES: [f64; 11] = [
    0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0,
];
/// Their column names.
pub(super) const QUANTILE_COLUMNS: &str = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
/// Name of the row over all names.
pub(super) const AGGREGATED: &str = "Aggregated";

/// What `PREFIX_exceptions.csv` holds.
pub const NO_EXCEPTIONS: &str = "Count,Message,Traceback,Nodes\r\n";

const STATS_COLUMNS: &str = "Type,Name,Request Count,Failure Count,Median Response Time,\
    Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,\
    Failures/s";

/// Writes the four files.
pub struct LocustCsv {
    prefix: PathBuf,
    history: LocustHistory,
}

impl LocustCsv {
    /// Starts the files `PREFIX_stats.csv`, `PREFIX_stats_history.csv`, `PREFIX_failures.csv` and
    /// `PREFIX_exceptions.csv` of a run that begins at `start`. The directory of the prefix is
    /// made when it is missing. With `full_history` the history has a row a name and second.
    ///
    /// # Errors
    /// When a file cannot be written; the message names it.
    pub fn create(
        prefix: &Path,
        names: &[StatName],
        full_history: bool,
        start: SystemTime,
    ) -> io::Result<Self> {
        if let Some(directory) = prefix.parent() {
            std::fs::create_dir_all(directory).map_err(|error| naming(directory, &error))?;
        }
        rewrite(
            &with_suffix(prefix, "_exceptions.csv"),
            NO_EXCEPTIONS.as_bytes(),
        )?;
        let history_path = with_suffix(prefix, "_stats_history.csv");
        Ok(Self {
            prefix: prefix.to_owned(),
            history: LocustHistory::create(&history_path, names, full_history, start)?,
        })
    }

    fn rewrite_totals(&self, totals: &Totals) -> io::Result<()> {
        rewrite(
            &with_suffix(&self.prefix, "_stats.csv"),
            &stats_text(totals)?,
        )?;
        rewrite(
            &with_suffix(&self.prefix, "_failures.csv"),
            &failures_text(totals)?,
        )
    }
}

impl IntervalSink for LocustCsv {
    fn path(&self) -> &Path {
        &self.prefix
    }

    fn second(&mut self, interval: &Interval, totals: &Totals) -> io::Result<()> {
        self.history.append(interval, totals)?;
        self.rewrite_totals(totals)
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        self.rewrite_totals(totals)
    }
}

/// A writer as Python's `csv` module is by default: `\r\n`, quotes only when needed.
pub(super) fn python_csv() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new())
}

/// What was written so far.
pub(super) fn written(writer: Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A header line: `columns`, then the percentiles, then `more`.
pub(super) fn header(columns: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!("{columns},{QUANTILE_COLUMNS}{comma}{more}")
}

/// What `PREFIX_stats.csv` holds.
///
/// # Errors
/// Never for what a run measures.
pub fn stats_text(totals: &Totals) -> io::Result<Vec<u8>> {
    let mut writer = python_csv();
    writer.write_record(stats_header().split(','))?;
    for (name, total) in totals.context.names.iter().zip(&totals.names) {
        if total.requests() > 0 {
            writer.write_record(stats_row(name.method, name.name, total, totals))?;
        }
    }
    writer.write_record(stats_row("", AGGREGATED, &totals.all, totals))?;
    written(writer)
}

/// The header of the statistics file.
pub(super) fn stats_header() -> String {
    header(STATS_COLUMNS, "")
}

fn stats_row(
    method: &str,
    name: &str,
    total: &Measured<LatencyTotal>,
    totals: &Totals,
) -> Vec<String> {
    let mut row = vec![method.to_owned(), name.to_owned()];
    let failures = total.failures(totals.context.failures);
    row.extend([total.requests().to_string(), failures.to_string()]);
    row.extend(response_columns(total));
    row.push(float(totals.per_s(total.requests())));
    row.push(float(totals.per_s(failures)));
    row.extend(QUANTILES.map(|quantile| whole_ms(total, quantile)));
    row
}

/// Median, average, minimum and maximum response time in ms, and average content size.
pub(super) fn response_columns(total: &Measured<LatencyTotal>) -> [String; 5] {
    let response = &total.response;
    if response.is_empty() {
        return ["0"; 5].map(str::to_owned);
    }
    let ms = |us: u64| float(us as f64 / 1e3);
    [
        whole_ms(total, 0.5),
        float(response.mean_us() / 1e3),
        ms(response.min_us().unwrap_or_default()),
        ms(response.max_us()),
        float(total.body_bytes_in as f64 / total.replies().max(1) as f64),
    ]
}

fn whole_ms(total: &Measured<LatencyTotal>, quantile: f64) -> String {
    if total.response.is_empty() {
        return "N/A".to_owned();
    }
    rounded_ms(total.response.quantile_us(quantile)).to_string()
}

/// Microseconds in whole milliseconds, halves up.
pub(super) fn rounded_ms(us: u64) -> u64 {
    (us + 500) / 1_000
}

/// A float as Python prints it: shortest form, with a decimal point.
pub(super) fn float(value: f64) -> String {
    format!("{value:?}")
}

/// What `PREFIX_failures.csv` holds.
///
/// # Errors
/// Never for what a run measures.
pub fn failures_text(totals: &Totals) -> io::Result<Vec<u8>> {
    let mut writer = python_csv();
    writer.write_record(["Method", "Name", "Error", "Occurrences"])?;
    for row in totals.errors.sorted() {
        if !row.outcome.is_failure(totals.context.failures) {
            continue;
        }
        let name = totals.context.names.get(row.name);
        let error = error_text(row.status, row.reason);
        writer.write_record([
            name.map_or("", |name| name.method),
            name.map_or("", |name| name.name),
            &error,
            &row.count.to_string(),
        ])?;
    }
    written(writer)
}

/// How an error is told in one text.
pub(super) fn error_text(status: Option<u16>, reason: String) -> String {
    match status {
        Some(status) => format!("{status}: {reason}"),
        None => reason,
    }
}

/// `prefix` with `suffix` appended to its last part.
fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests;
