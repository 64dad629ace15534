//! A record read back from its directory, whole or cut off in the middle of a line.

use super::bounded_file::{MOST_DOCUMENT_BYTES, read_text_bounded};
use super::caught_up::{Beside, catch_up};
use super::csv_columns::CsvColumns;
use super::distribution_again::{Logs, distribution_again};
use super::possible_figures::check_figures;
use super::request_log::RequestLog;
use super::run_record::RunRecord;
use crate::record::LatencyKind;
use std::path::{Path, PathBuf};

/// Everything that reports are made of.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Where it lies.
    pub directory: PathBuf,
    /// `run.json`.
    pub run: RunRecord,
    /// `series.csv`; empty in a record of an older version.
    pub series: CsvColumns,
    /// `bands.csv`: latencies over time by statistic name.
    pub bands: CsvColumns,
    /// `distribution.csv`: how latencies are distributed.
    pub distribution: CsvColumns,
    /// `events.csv`.
    pub events: CsvColumns,
    /// `observed.csv`; empty when nothing of the back end was observed.
    pub observed: CsvColumns,
    /// `response.hlog`.
    pub requests: RequestLog,
    /// `outcomes.csv`: requests that were no success.
    pub outcomes: CsvColumns,
    /// `rounds.csv`; empty without a flash sale.
    pub rounds: CsvColumns,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {why}; name the directory of a record, like results/…", path.display())]
pub struct UnreadableRecord {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl Recorded {
    /// Reads the record in the directory `path`, or beside the `run.json` at `path`. Every other file
    /// may be missing; without `run.json` the others tell what they can. The record of a run that was
    /// never finished holds everything that any of its files does.
    ///
    /// # Errors
    /// When there is no record, or `run.json` is not one.
    pub fn read(path: &Path) -> Result<Self, UnreadableRecord> {
        let run_json = match path.is_dir() {
            true => path.join("run.json"),
            false => path.to_owned(),
        };
        let unreadable = |why: String| UnreadableRecord {
            path: run_json.clone(),
            why,
        };
        let directory = run_json.parent().unwrap_or(Path::new(""));
        let text = read_text_bounded(&run_json, MOST_DOCUMENT_BYTES);
        let run = text.map_err(|error| error.to_string()).and_then(|text| {
            check_figures(&text)?;
            serde_json::from_str(&text).map_err(|error: serde_json::Error| error.to_string())
        });
        let run = match run {
            Ok(run) => run,
            // The record of a run that could not write it, or lost it.
            Err(_) if directory.join("series.csv").is_file() => RunRecord::without(directory),
            Err(why) => return Err(unreadable(why)),
        };
        Ok(Self::with(run, directory))
    }

    /// `run`, with what there is of the rest of its record in `directory`.
    #[must_use]
    pub fn with(run: RunRecord, directory: &Path) -> Self {
        let columns = |name: &str| CsvColumns::read(&directory.join(name));
        let mut recorded = Self {
            run,
            series: columns("series.csv"),
            bands: columns("bands.csv"),
            distribution: columns("distribution.csv"),
            events: columns("events.csv"),
            observed: columns("observed.csv"),
            rounds: columns("rounds.csv"),
            requests: RequestLog::read(&directory.join(LatencyKind::Response.file_name())),
            outcomes: columns("outcomes.csv"),
            directory: directory.to_owned(),
        };
        if !recorded.run.finished {
            recorded.catch_up();
        }
        recorded
    }

    /// Brings it up to the newest second that any of its files has.
    fn catch_up(&mut self) {
        let log = |kind: LatencyKind| RequestLog::read(&self.directory.join(kind.file_name()));
        let logs = Logs {
            response: self.requests.clone(),
            service: log(LatencyKind::Service),
            lag: log(LatencyKind::Lag),
        };
        let beside = Beside {
            directory: &self.directory,
            series: &self.series,
            outcomes: &self.outcomes,
            logs: &logs,
        };
        catch_up(&mut self.run, &beside);
        self.distribution = distribution_again(&self.distribution, &self.run.names, &logs);
    }
}
