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

use super::csv_text::text_cell;
use super::locust_figures::{
    AGGREGATED, Percentiles, error_text, float, header, percentile_columns, percentiles,
    python_csv, response_columns, rounded_ms, written,
};
use super::locust_history::LocustHistory;
use super::recording::error_records;
use super::rewrite::{naming, rewrite};
use super::run_record::{ErrorRecord, Figures, RunRecord};
use crate::plan::FailureRule;
use crate::stats::{IntervalSink, LatencyTotal, Measured, MergedInterval, StatName, Totals};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What `PREFIX_exceptions.csv` holds.
pub const NO_EXCEPTIONS: &str = "Count,Message,Traceback,Nodes\r\n";

const STATS_COLUMNS: &str = "Type,Name,Request Count,Failure Count,Median Response Time,\
    Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,\
    Failures/s";

const FAILURE_COLUMNS: [&str; 6] = [
    "Method",
    "Name",
    "Error",
    "Occurrences",
    "First Seen",
    "Last Seen",
];

/// Writes the four files.
pub struct LocustCsv {
    prefix: PathBuf,
    history: LocustHistory,
    start: SystemTime,
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
            start,
        })
    }

    fn rewrite_totals(&self, totals: &Totals) -> io::Result<()> {
        rewrite(
            &with_suffix(&self.prefix, "_stats.csv"),
            &stats_text(totals)?,
        )?;
        rewrite(
            &with_suffix(&self.prefix, "_failures.csv"),
            &failures_text(&error_records(totals), totals.context.failures, self.start)?,
        )
    }
}

impl IntervalSink for LocustCsv {
    fn path(&self) -> &Path {
        &self.prefix
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let history = self.history.append(interval, totals);
        self.rewrite_totals(totals).and(history)
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        let history = self.history.finish();
        self.rewrite_totals(totals).and(history)
    }
}

/// What `PREFIX_stats.csv` holds.
///
/// # Errors
/// Never for what a run measures.
fn stats_text(totals: &Totals) -> io::Result<Vec<u8>> {
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

fn stats_header() -> String {
    header(STATS_COLUMNS, "")
}

fn stats_row(
    method: &str,
    name: &str,
    total: &Measured<LatencyTotal>,
    totals: &Totals,
) -> Vec<String> {
    let mut row: Vec<String> = [method, name].map(|text| text_cell(text).into()).into();
    let failures = total.failures(totals.context.failures);
    row.extend([total.requests().to_string(), failures.to_string()]);
    row.extend(response_columns(total));
    row.push(float(totals.per_s(total.requests())));
    row.push(float(totals.per_s(failures)));
    row.extend(percentile_columns(percentiles(total)));
    row
}

/// What `PREFIX_stats.csv` holds of the run of a record, whose names have these percentiles of the
/// response time and all of them together those; `None` without requests.
///
/// # Errors
/// Never for what a run measures.
pub fn recorded_stats_text(
    run: &RunRecord,
    names: impl IntoIterator<Item = Option<Percentiles>>,
    all: Option<Percentiles>,
) -> io::Result<Vec<u8>> {
    let mut writer = python_csv();
    writer.write_record(stats_header().split(','))?;
    for (name, quantiles_us) in run.names.iter().zip(names) {
        let label = [name.method.as_str(), name.name.as_str()];
        writer.write_record(recorded_row(label, &name.figures, quantiles_us, run))?;
    }
    writer.write_record(recorded_row(["", AGGREGATED], &run.totals, all, run))?;
    written(writer)
}

fn recorded_row(
    label: [&str; 2],
    figures: &Figures,
    quantiles_us: Option<Percentiles>,
    run: &RunRecord,
) -> Vec<String> {
    let response = &figures.response_us;
    let mut row: Vec<String> = label.map(|text| text_cell(text).into()).into();
    row.extend([figures.requests, figures.failures].map(|count| count.to_string()));
    row.extend(match quantiles_us {
        None => ["0"; 5].map(str::to_owned),
        Some([median_us, ..]) => [
            rounded_ms(median_us).to_string(),
            float(response.mean / 1e3),
            float(response.min as f64 / 1e3),
            float(response.max as f64 / 1e3),
            float(figures.mean_body_bytes()),
        ],
    });
    row.extend([figures.requests, figures.failures].map(|count| float(run.per_s(count))));
    row.extend(percentile_columns(quantiles_us));
    row
}

/// What `PREFIX_failures.csv` holds of a run that began at `start`. Moments are whole seconds of UTC, as
/// Locust writes them.
///
/// # Errors
/// Never for what a run measures.
pub fn failures_text(
    errors: &[ErrorRecord],
    rule: FailureRule,
    start: SystemTime,
) -> io::Result<Vec<u8>> {
    let moment = |after_s: f64| {
        let at = start + Duration::from_secs_f64(after_s.max(0.0));
        let at = jiff::Timestamp::try_from(at).unwrap_or_default();
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let mut writer = python_csv();
    writer.write_record(FAILURE_COLUMNS)?;
    for row in errors.iter().filter(|row| row.outcome.is_failure(rule)) {
        let error = error_text(row.status, &row.reason);
        let count = row.count.to_string();
        let (first, last) = (moment(row.first_s), moment(row.last_s));
        let texts = [&row.method, &row.name, &error].map(|text| text_cell(text));
        let rest = [count.as_str(), first.as_ref(), last.as_ref()];
        writer.write_record(texts.iter().map(|text| &**text).chain(rest))?;
    }
    written(writer)
}

/// The files that the four are for a prefix.
#[must_use]
pub fn locust_csv_paths(prefix: &Path) -> [PathBuf; 4] {
    [
        "_stats.csv",
        "_stats_history.csv",
        "_failures.csv",
        "_exceptions.csv",
    ]
    .map(|suffix| with_suffix(prefix, suffix))
}

/// `prefix` with `suffix` appended to its last part.
fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests;
