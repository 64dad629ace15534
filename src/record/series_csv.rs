//! `series.csv`: one row a second about all statistic names together, for charts over time.
//!
//! A row is the point that the charts of a live run have of the second, and the counts beside it.
//! Latencies are those of the row's own second, in microseconds, 0 when nothing was measured in it.

use super::growing_file::GrowingFile;
use super::locust_figures::written;
use crate::stats::{HistoryPoint, IntervalSink, MergedInterval, Outcome, Totals};
use std::io;
use std::path::Path;

/// Columns beside those of the cores.
const COLUMNS: [&str; 37] = [
    "second",
    "length_s",
    "phase",
    "users",
    "requests",
    Outcome::Success.word(),
    Outcome::Refused.word(),
    Outcome::Conflict.word(),
    Outcome::Failed.word(),
    Outcome::Unknown.word(),
    "failures",
    "bytes_in",
    "bytes_out",
    "response_p50_us",
    "response_p95_us",
    "response_p99_us",
    "response_max_us",
    "service_p50_us",
    "service_p95_us",
    "service_p99_us",
    "lag_p50_us",
    "lag_p99_us",
    "tardiness_p99_us",
    "journeys",
    "events",
    "connects",
    "reconnects",
    "connect_failures",
    "shed",
    "races",
    "violations",
    "known_violations",
    "closed_between_requests",
    "unsolicited",
    "answered_early",
    "handshakes_full",
    "handshakes_resumed",
];

/// Appends a row a second, flushed each second.
pub struct SeriesCsv {
    file: GrowingFile,
    workers: usize,
}

impl SeriesCsv {
    /// Makes the file at `path` and writes its header, for workers on these CPUs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, cpus: &[usize]) -> io::Result<Self> {
        Self::of_cores(path, cpus.iter().map(ToString::to_string))
    }

    /// The same for workers whose cores have these names.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn of_cores(path: &Path, names: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names: Vec<String> = names.collect();
        let of_cores = names.iter().flat_map(|cpu| {
            [
                format!("cpu{cpu}_share"),
                format!("cpu{cpu}_run_queue_share"),
            ]
        });
        let common = COLUMNS.into_iter().map(str::to_owned);
        writer.write_record(common.chain(of_cores))?;
        Ok(Self {
            file: GrowingFile::create(path, &written(writer)?)?,
            workers: names.len(),
        })
    }
}

impl IntervalSink for SeriesCsv {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let common = row(interval, totals);
        debug_assert_eq!(common.len(), COLUMNS.len());
        let shares = core_shares(interval, self.workers);
        let shares = shares.iter().map(|share| format!("{share:.4}"));
        writer.write_record(common.into_iter().chain(shares))?;
        self.file.append(&written(writer)?)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

fn row(interval: &MergedInterval, totals: &Totals) -> Vec<String> {
    let all = &interval.all;
    let point = HistoryPoint::of(interval, &totals.context, None);
    let HistoryPoint {
        response,
        service,
        lag,
        ..
    } = point;
    let mut row = vec![
        (interval.start_us / 1_000_000).to_string(),
        format!("{:.3}", point.length_s()),
        point.phase.word().to_owned(),
        point.users.to_string(),
    ];
    let mut counts = vec![point.requests()];
    counts.extend(point.outcomes.iter().map(|(_, count)| count));
    counts.extend([point.failures, all.bytes_in, all.bytes_out]);
    counts.extend([response.p50_us, response.p95_us, response.p99_us]);
    counts.push(all.response.max_us());
    counts.extend([service.p50_us, service.p95_us, service.p99_us]);
    counts.extend([lag.p50_us, lag.p99_us]);
    counts.push(interval.timings.tardiness.quantile_us(0.99));
    let journeys = interval.journeys.iter().map(|journey| journey.started);
    let races = interval.contests.races.iter().map(|race| race.counts.count);
    let [violations, known] = [true, false].map(|enforced| broken(interval, totals, enforced));
    counts.extend([
        journeys.sum(),
        point.events,
        interval.counters.connects,
        interval.counters.reconnects,
        interval.counters.connect_failures,
        interval.counters.shed,
        races.sum(),
        violations,
        known,
        interval.counters.closed_between_requests,
        interval.counters.unsolicited,
        interval.counters.answered_early,
        interval.counters.handshakes_full,
        interval.counters.handshakes_resumed,
    ]);
    row.extend(counts.into_iter().map(|count| count.to_string()));
    row
}

/// How often rules were found broken that today's shop enforces, or does not.
fn broken(interval: &MergedInterval, totals: &Totals, enforced: bool) -> u64 {
    let counts = interval.contests.ledger.rules.iter();
    let rules = totals.context.rules.iter().zip(counts);
    let of_kind = rules.filter(|(rule, _)| rule.enforced == enforced);
    of_kind.map(|(_, counts)| counts.broken).sum()
}

/// By worker: the share of its time that it worked, and the share that it was runnable but not
/// running. 0 for a worker that reported nothing in the second.
fn core_shares(interval: &MergedInterval, workers: usize) -> Vec<f64> {
    let mut shares = vec![0.0; workers * 2];
    for core in &interval.cores {
        if core.length_us() > 0 && core.core < workers {
            shares[core.core * 2] = core.cpu_share();
            shares[core.core * 2 + 1] = core.run_queue_share();
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CsvColumns, made_up};

    #[test]
    fn every_second_has_a_row_and_the_rows_add_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("series.csv");
        let mut csv = SeriesCsv::create(&path, &[1]).expect("created");
        let totals = made_up::totals();
        for second in made_up::seconds() {
            csv.second(&second, &totals).expect("written");
        }
        csv.finish(&totals).expect("finished");
        let columns = CsvColumns::read(&path);
        let sum = |name: &str| columns.numbers(name).iter().sum::<f64>();
        assert_eq!(columns.numbers("second"), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(columns.texts("phase").next(), Some("spawning"));
        assert_eq!(sum("requests"), totals.all.requests() as f64);
        assert_eq!(sum("length_s"), 3.25);
        let outcomes = ["success", "refused", "conflict", "failed", "unknown"];
        let by_outcome = outcomes.map(|word| sum(word) as u64);
        assert_eq!(totals.all.outcomes, by_outcome.into());
        let longest = columns.numbers("response_max_us");
        assert_eq!(
            longest.into_iter().fold(0.0, f64::max) as u64,
            totals.all.response.max_us()
        );
        let share = columns.numbers("cpu1_share")[1];
        assert!((share - 600.0 * 2_000.0 / 1e9).abs() < 1e-4, "{share}");
    }
}
