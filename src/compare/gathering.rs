//! From paths to runs: records, directories of records, and Locust's files.

use super::evidence::RunEvidence;
use super::locust::{self, LocustFile};
use crate::record::{MOST_TABLE_BYTES, RunRecord, read_bounded};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const RECORD: &str = "run.json";
const STATS: &str = "_stats.csv";
const HISTORY: &str = "_stats_history.csv";

/// Why a path holds no run.
#[derive(Debug, thiserror::Error)]
pub enum GatheringError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is no record.
    #[error("{} is no record of this version of shopblast: {error}; make the run again", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// It is none of Locust's files.
    #[error("{}: {error}", path.display())]
    Locust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: locust::LocustFileError,
    },
    /// There is nothing of the kind.
    #[error(
        "{} holds no run: name the directory of a record (with its run.json), a directory of such directories, or Locust's PREFIX_stats.csv or PREFIX_stats_history.csv",
        path.display()
    )]
    NoRun {
        /// What was named.
        path: PathBuf,
    },
}

/// All runs that the paths name, in their order; those of a directory in order of their names.
///
/// # Errors
/// When a path holds none, or one cannot be read.
pub fn gather(paths: &[PathBuf]) -> Result<Vec<RunEvidence>, GatheringError> {
    let mut runs = Vec::new();
    for path in paths {
        runs.extend(runs_at(path)?);
    }
    Ok(runs)
}

fn runs_at(path: &Path) -> Result<Vec<RunEvidence>, GatheringError> {
    let name = path.as_os_str().as_bytes();
    if name.ends_with(HISTORY.as_bytes()) {
        return Ok(vec![read_locust(path, LocustFile::History)?]);
    }
    if name.ends_with(STATS.as_bytes()) {
        return Ok(vec![read_locust(path, LocustFile::Stats)?]);
    }
    if path.is_file() {
        return Ok(vec![read_record(path)?]);
    }
    if path.join(RECORD).is_file() {
        return Ok(vec![read_record(&path.join(RECORD))?]);
    }
    let stats = followed(name, STATS);
    if stats.is_file() {
        return Ok(vec![read_locust(&stats, LocustFile::Stats)?]);
    }
    let records = records_below(path)?;
    if records.is_empty() {
        return Err(GatheringError::NoRun {
            path: path.to_owned(),
        });
    }
    records.iter().map(|record| read_record(record)).collect()
}

/// The records in the directories of a directory, by name.
fn records_below(path: &Path) -> Result<Vec<PathBuf>, GatheringError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(path).map_err(|error| GatheringError::Read {
        path: path.to_owned(),
        error,
    })?;
    let mut records: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path().join(RECORD))
        .filter(|record| record.is_file())
        .collect();
    records.sort();
    Ok(records)
}

/// The path of these bytes with `suffix` at its end: names need not be text.
fn followed(prefix: &[u8], suffix: &str) -> PathBuf {
    let mut path = OsStr::from_bytes(prefix).to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, GatheringError> {
    read_bounded(path, MOST_TABLE_BYTES).map_err(|error| GatheringError::Read {
        path: path.to_owned(),
        error,
    })
}

fn read_record(path: &Path) -> Result<RunEvidence, GatheringError> {
    let record: RunRecord =
        serde_json::from_slice(&read_bytes(path)?).map_err(|error| GatheringError::Record {
            path: path.to_owned(),
            error,
        })?;
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let evidence = RunEvidence::of_record(directory.unwrap_or(path), &record);
    Ok(evidence.with_events(&record))
}

fn read_locust(path: &Path, file: LocustFile) -> Result<RunEvidence, GatheringError> {
    let wrong = |path: &Path, error| GatheringError::Locust {
        path: path.to_owned(),
        error,
    };
    let bytes = read_bytes(path)?;
    let run = locust::read(&bytes, file).map_err(|error| wrong(path, error))?;
    let history = match file {
        LocustFile::History => path.to_owned(),
        LocustFile::Stats => {
            let name = path.as_os_str().as_bytes();
            followed(name.strip_suffix(STATS.as_bytes()).unwrap_or(name), HISTORY)
        }
    };
    let span = if history.is_file() {
        locust::span(&read_bytes(&history)?).map_err(|error| wrong(&history, error))?
    } else {
        None
    };
    let second = |span: locust::LocustSpan| jiff::Timestamp::from_second(span.start_s as i64).ok();
    Ok(RunEvidence {
        path: path.to_owned(),
        started: span.and_then(second).map(|time| time.to_string()),
        measured_s: span.map(|span| span.length_s).or(run.measured_s),
        ..run
    })
}
