//! `distribution.csv`: how the latencies of the whole run are distributed, a row for each kind and
//! name: percentiles that get closer and closer to the largest value, and counts by band.

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
/// Seconds between two writes while the run goes on.
const WRITE_EVERY_S: u64 = 10;

/// Keeps the file up to date while the run goes on; written whole each time.
pub struct DistributionCsv {
    path: PathBuf,
    due_s: u64,
}

impl DistributionCsv {
    /// Writes to `path` after the first second and every ten seconds.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            due_s: 0,
        }
    }
}

impl IntervalSink for DistributionCsv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        if interval.start_us / 1_000_000 < self.due_s {
            return Ok(());
        }
        self.due_s = interval.start_us / 1_000_000 + WRITE_EVERY_S;
        self.finish(totals)
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        rewrite(&self.path, &content(totals)?)
    }
}

fn content(totals: &Totals) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let percentiles = PERCENTILES.map(|percentile| format!("p{percentile}"));
    let names = ["kind", "method", "name", "count"].map(str::to_owned);
    let header = names.into_iter().chain(percentiles);
    writer.write_record(header.chain(["bands".to_owned()]))?;
    let mut write = |kind: &str, method: &str, name: &str, latencies: &LatencyTotal| {
        if latencies.is_empty() {
            return Ok(());
        }
        writer.write_record(row([kind, method, name], latencies))
    };
    write("response", "", "", &totals.all.response)?;
    write("service", "", "", &totals.all.service)?;
    write("lag", "", "", &totals.all.lag)?;
    write("tardiness", "", "", &totals.timings.tardiness)?;
    write("connect", "", "", &totals.timings.connect)?;
    for (name, total) in totals.context.names.iter().zip(&totals.names) {
        write("response", name.method, name.name, &total.response)?;
        write("service", name.method, name.name, &total.service)?;
        write("lag", name.method, name.name, &total.lag)?;
    }
    for (race, total) in totals.context.races.iter().zip(&totals.contests.races) {
        write("spread", "", race.name, &total.spread)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn row(key: [&str; 3], latencies: &LatencyTotal) -> Vec<String> {
    let mut row: Vec<String> = key.map(str::to_owned).into();
    row.push(latencies.len().to_string());
    let quantiles = PERCENTILES.map(|percentile| percentile / 100.0);
    let values_us = latencies.quantiles_us(&quantiles);
    row.extend(values_us.iter().map(u64::to_string));
    let recorded = latencies.histogram().iter_recorded();
    let buckets = recorded.map(|value| (value.value_iterated_to(), value.count_at_value()));
    row.push(bands_text(buckets));
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
        let columns = CsvColumns::parse(&content(&totals).unwrap());
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
