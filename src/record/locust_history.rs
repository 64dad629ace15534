//! `PREFIX_stats_history.csv`: a row a second, or a row a second and name.
//!
//! Rates and percentiles are those of the last ten seconds, totals those of the run so far.

use super::growing_file::GrowingFile;
use super::locust_figures::{
    AGGREGATED, QUANTILES, header, python_csv, response_columns, rounded_ms, written,
};
use super::rewrite::naming;
use crate::plan::FailureRule;
use crate::stats::{LatencyCounts, LatencyTotal, Measured, MergedInterval, StatName, Totals};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds that moving figures are over.
const WINDOW: usize = 10;

/// What a row saw in one second, without empty buckets.
struct SparseSecond {
    requests: u64,
    failures: u64,
    length_s: f64,
    max_us: u64,
    buckets: Vec<(u64, u32)>,
}

impl SparseSecond {
    fn of(name: &Measured<LatencyCounts>, length_s: f64, rule: FailureRule) -> Self {
        Self {
            requests: name.requests(),
            failures: name.failures(rule),
            length_s,
            max_us: name.response.max_us(),
            buckets: name.response.buckets().collect(),
        }
    }
}

/// The last ten seconds of one row.
#[derive(Default)]
struct TenSecondWindow {
    seconds: VecDeque<SparseSecond>,
}

impl TenSecondWindow {
    fn push(&mut self, second: SparseSecond) {
        if self.seconds.len() == WINDOW {
            self.seconds.pop_front();
        }
        self.seconds.push_back(second);
    }

    /// Requests and failures a second.
    fn rates_per_s(&self) -> (f64, f64) {
        let length_s: f64 = self.seconds.iter().map(|second| second.length_s).sum();
        let requests: u64 = self.seconds.iter().map(|second| second.requests).sum();
        let failures: u64 = self.seconds.iter().map(|second| second.failures).sum();
        (requests as f64 / length_s, failures as f64 / length_s)
    }

    /// Percentiles in whole ms; 0 when there was no request in the window.
    fn percentiles(&self) -> impl Iterator<Item = String> + use<> {
        let mut merged = LatencyCounts::histogram();
        for &(value_us, count) in self.seconds.iter().flat_map(|second| &second.buckets) {
            merged.saturating_record_n(value_us, u64::from(count));
        }
        let max_us = self
            .seconds
            .iter()
            .map(|second| second.max_us)
            .max()
            .unwrap_or_default();
        QUANTILES.into_iter().map(move |quantile| {
            rounded_ms(merged.value_at_quantile(quantile).min(max_us)).to_string()
        })
    }
}

/// Appends to the history file, flushed each second.
pub(crate) struct LocustHistory {
    file: GrowingFile,
    start_epoch: Duration,
    all: TenSecondWindow,
    /// One a name with full history, else none.
    names: Vec<TenSecondWindow>,
}

impl LocustHistory {
    pub(crate) fn create(
        path: &Path,
        names: &[StatName],
        full: bool,
        start: SystemTime,
    ) -> io::Result<Self> {
        let columns = header(
            "Timestamp,User Count,Type,Name,Requests/s,Failures/s",
            "Total Request Count,Total Failure Count,Total Median Response Time,\
             Total Average Response Time,Total Min Response Time,Total Max Response Time,\
             Total Average Content Size",
        );
        let file = GrowingFile::create(path, format!("{columns}\r\n").as_bytes());
        let windows = if full { names.len() } else { 0 };
        Ok(Self {
            file: file.map_err(|error| naming(path, &error))?,
            start_epoch: start.duration_since(UNIX_EPOCH).unwrap_or_default(),
            all: TenSecondWindow::default(),
            names: (0..windows).map(|_| TenSecondWindow::default()).collect(),
        })
    }

    pub(crate) fn append(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let (length_s, rule) = (interval.length_s(), totals.context.failures);
        self.all
            .push(SparseSecond::of(&interval.all, length_s, rule));
        for (window, name) in self.names.iter_mut().zip(&interval.names) {
            window.push(SparseSecond::of(name, length_s, rule));
        }
        let lines = self.lines(interval, totals)?;
        let appended = self.file.append(&lines);
        appended.map_err(|error| naming(self.file.path(), &error))
    }

    /// Brings in what waits for room.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let finished = self.file.finish();
        finished.map_err(|error| naming(self.file.path(), &error))
    }

    fn lines(&self, interval: &MergedInterval, totals: &Totals) -> io::Result<Vec<u8>> {
        let rule = totals.context.failures;
        let timestamp = (self.start_epoch + Duration::from_micros(interval.end_us)).as_secs();
        let start = [timestamp.to_string(), interval.users.to_string()];
        let mut writer = python_csv();
        let named = totals
            .context
            .names
            .iter()
            .zip(&totals.names)
            .zip(&self.names);
        for ((name, total), window) in named.filter(|((_, total), _)| total.requests() > 0) {
            writer.write_record(row(&start, (name.method, name.name), window, total, rule))?;
        }
        writer.write_record(row(&start, ("", AGGREGATED), &self.all, &totals.all, rule))?;
        written(writer)
    }
}

fn row(
    start: &[String; 2],
    (method, name): (&str, &str),
    window: &TenSecondWindow,
    total: &Measured<LatencyTotal>,
    rule: FailureRule,
) -> Vec<String> {
    let (requests_per_s, failures_per_s) = window.rates_per_s();
    let mut row = start.to_vec();
    row.extend([method.to_owned(), name.to_owned()]);
    row.extend([
        format!("{requests_per_s:.6}"),
        format!("{failures_per_s:.6}"),
    ]);
    if total.requests() == 0 {
        row.extend(QUANTILES.map(|_| "N/A".to_owned()));
    } else {
        row.extend(window.percentiles());
    }
    row.extend([
        total.requests().to_string(),
        total.failures(rule).to_string(),
    ]);
    row.extend(response_columns(total));
    row
}
