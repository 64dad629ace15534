//! `distribution.csv`: how the latencies of the whole run are distributed, a row for each kind and
//! name: percentiles that get closer and closer to the largest value, and counts by band.

use super::interval_log::LatencyKind;
use super::latency_bands::bands_text;
use super::rewrite::rewrite;
use crate::stats::{IntervalSink, LatencyTotal, MergedInterval, Totals};
use std::io;
use std::path::{Path, PathBuf};

/// Percentiles that are written down, the last one is the largest value.
pub const PERCENTILES: [f64; 31] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0, 92.5, 95.0,
    96.25, 97.5, 98.0, 98.5, 99.0, 99.25, 99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.995, 99.999,
    100.0,
];
/// Seconds until the rows of the names are made anew while the run goes on. They are many, and interval logs
/// have the same.
const NAMES_EVERY_S: u64 = 10;

/// Keeps the file up to date while the run goes on; written whole each second.
pub struct DistributionCsv {
    path: PathBuf,
    names_due_s: u64,
    /// Rows of the statistic names, as they were last made.
    of_names: Vec<Vec<String>>,
}

impl DistributionCsv {
    /// Writes to `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            names_due_s: 0,
            of_names: Vec::new(),
        }
    }
}

impl IntervalSink for DistributionCsv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let second = interval.start_us / 1_000_000;
        if second >= self.names_due_s {
            self.names_due_s = second + NAMES_EVERY_S;
            self.of_names = rows_of_names(totals);
        }
        rewrite(&self.path, &content(totals, &self.of_names)?)
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        self.of_names = rows_of_names(totals);
        rewrite(&self.path, &content(totals, &self.of_names)?)
    }
}

/// Names of the columns.
pub(super) fn header() -> Vec<String> {
    let percentiles = PERCENTILES.map(|percentile| format!("p{percentile}"));
    let names = ["kind", "method", "name", "count"].map(str::to_owned);
    let header = names.into_iter().chain(percentiles);
    header.chain(["bands".to_owned()]).collect()
}

fn content(totals: &Totals, of_names: &[Vec<String>]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header())?;
    for (kind, latencies) in [
        ("response", &totals.all.response),
        ("service", &totals.all.service),
        ("lag", &totals.all.lag),
        ("tardiness", &totals.timings.tardiness),
        ("connect", &totals.timings.connect),
        ("handshake", &totals.timings.handshake),
    ] {
        if let Some(row) = row_of([kind, "", ""], latencies) {
            writer.write_record(row)?;
        }
    }
    for row in of_names {
        writer.write_record(row)?;
    }
    for (race, total) in totals.context.races.iter().zip(&totals.contests.races) {
        if let Some(row) = row_of(["spread", "", race.name], &total.spread) {
            writer.write_record(row)?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn rows_of_names(totals: &Totals) -> Vec<Vec<String>> {
    let names = totals.context.names.iter().zip(&totals.names);
    let rows = names.flat_map(|(name, total)| {
        LatencyKind::ALL.map(|kind| {
            let latencies = match kind {
                LatencyKind::Response => &total.response,
                LatencyKind::Service => &total.service,
                LatencyKind::Lag => &total.lag,
            };
            row_of([kind.word(), name.method, name.name], latencies)
        })
    });
    rows.flatten().collect()
}

/// How the latencies of one row are distributed.
pub(super) struct Distribution {
    /// Their number.
    pub count: u64,
    /// Those of [`PERCENTILES`].
    pub values_us: Vec<u64>,
    /// Counts by band.
    pub bands: String,
}

/// The row of this kind, method and name; `None` when nothing was measured.
fn row_of(key: [&str; 3], latencies: &LatencyTotal) -> Option<Vec<String>> {
    if latencies.is_empty() {
        return None;
    }
    let quantiles = PERCENTILES.map(|percentile| percentile / 100.0);
    let recorded = latencies.histogram().iter_recorded();
    let buckets = recorded.map(|value| (value.value_iterated_to(), value.count_at_value()));
    Some(row(
        key,
        &Distribution {
            count: latencies.len(),
            values_us: latencies.quantiles_us(&quantiles),
            bands: bands_text(buckets),
        },
    ))
}

/// The same of what is known already.
pub(super) fn row(key: [&str; 3], distribution: &Distribution) -> Vec<String> {
    let mut row: Vec<String> = key.map(str::to_owned).into();
    row.push(distribution.count.to_string());
    row.extend(distribution.values_us.iter().map(u64::to_string));
    row.push(distribution.bands.clone());
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CsvColumns, made_up};

    #[test]
    fn percentiles_are_those_of_the_record() {
        let totals = made_up::totals();
        let record = made_up::record();
        let columns = CsvColumns::parse(&content(&totals, &rows_of_names(&totals)).unwrap());
        let service = columns.texts("kind").position(|kind| kind == "service");
        let of = |column: &str| columns.numbers(column)[service.unwrap()] as u64;
        let expected = record.totals.service_us;
        assert_eq!(of("p50"), expected.p50);
        assert_eq!(of("p99"), expected.p99);
        assert_eq!(of("p99.9"), expected.p999);
        assert_eq!(of("p100"), expected.max);
        assert_eq!(of("count"), totals.all.service.len());
        assert_eq!(columns.len(), 5 + 2 * 3);
    }
}
