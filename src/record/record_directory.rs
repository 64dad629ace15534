//! The directory that a run is recorded in: `results/<time>-<profile>-<id>/`.

use crate::plan::Unwritable;
use crate::record::{IntervalLog, LatencyKind, NotWritten};
use crate::stats::{IntervalSink, RunContext, Totals};
use jiff::tz::TimeZone;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::bands_csv::BandsCsv;
use super::distribution_csv::DistributionCsv;
use super::document::Record;
use super::events_csv::EventsCsv;
use super::ledger_log::{LedgerLog, RoundsCsv};
use super::locust_csv::LocustCsv;
use super::outcomes_csv::OutcomesCsv;
use super::recording::RunFacts;
use super::series_csv::SeriesCsv;
use super::shard_log::{INTERVALS_BIN, ShardLog};
use super::tags_csv::TagsCsv;
use crate::record::ObservedCsv;

const OBSERVED_CSV: &str = "observed.csv";
const STORED_EVENTS_CSV: &str = "stored_events.csv";
/// Files of a record that tell of the shop's back end, whoever sent the load.
pub const BACK_END_CSVS: [&str; 2] = [OBSERVED_CSV, STORED_EVENTS_CSV];

/// Characters of the run id in the directory's name: the random end of it.
const SHORT_ID_CHARACTERS: usize = 6;
/// Names tried before giving up.
const ATTEMPTS: u32 = 100;

/// A run's own directory. It exists and was empty when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDirectory {
    path: PathBuf,
}

/// Why a run cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The directory cannot be made.
    #[error("{}", Unwritable { flag: "--results", path, error })]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file in it cannot be made.
    #[error("{}", Unwritable { flag: "--results", path, error })]
    File {
        /// The file (or the prefix of several).
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl RecordDirectory {
    /// Makes `<results>/<YYYYmmddTHHMMSSZ>-<profile>-<short id>/`, and `results` itself when it is
    /// missing. Never takes a directory that is there already: a number is appended then.
    /// `profile` may be a path; its file name without extension counts.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(
        results: &Path,
        profile: &str,
        run_id: &str,
        start: SystemTime,
    ) -> Result<Self, RecordError> {
        let failed = |path: &Path, error| RecordError::Create {
            path: path.to_owned(),
            error,
        };
        std::fs::create_dir_all(results).map_err(|error| failed(results, error))?;
        let name = directory_name(profile, run_id, start);
        let mut path = results.join(&name);
        for attempt in 2..=ATTEMPTS {
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    path = results.join(format!("{name}-{attempt}"));
                }
                Err(error) => return Err(failed(&path, error)),
            }
        }
        Err(failed(&path, io::Error::from(io::ErrorKind::AlreadyExists)))
    }

    /// Makes the directory at `path` itself, which must not hold anything yet.
    ///
    /// # Errors
    /// When it cannot be made, or holds something.
    pub fn at(path: &Path) -> Result<Self, RecordError> {
        let failed = |error| RecordError::Create {
            path: path.to_owned(),
            error,
        };
        std::fs::create_dir_all(path).map_err(failed)?;
        if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(failed(io::Error::from(io::ErrorKind::DirectoryNotEmpty)));
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes it away, with all that is in it: nothing was measured.
    pub fn remove(&self) {
        // What cannot be taken away stays.
        let _ = std::fs::remove_dir_all(&self.path);
    }

    /// `report.html` in it.
    #[must_use]
    pub fn report_html(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// `run.json` in it.
    #[must_use]
    pub fn run_json(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// Prefix of Locust's four CSV files when no other was asked for: `stats`, so that they are
    /// `stats_stats.csv`, `stats_stats_history.csv` and so on.
    #[must_use]
    pub fn csv_prefix(&self) -> PathBuf {
        self.path.join("stats")
    }

    /// `stored_events.csv` in it.
    #[must_use]
    pub fn stored_events_csv(&self) -> PathBuf {
        self.path.join(STORED_EVENTS_CSV)
    }

    /// Begins `observed.csv`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn observed_csv(&self) -> Result<ObservedCsv, RecordError> {
        let path = self.path.join(OBSERVED_CSV);
        ObservedCsv::create(&path).map_err(|error| RecordError::File { path, error })
    }

    /// Writes `run.json`, which the last sink keeps up to date ([`super::LiveSink`]), and gives the sinks
    /// that write the rest of the record: the three interval logs, `events.csv`,
    /// `outcomes.csv`, `series.csv`, `bands.csv`, `distribution.csv`, `tags.csv` where there are any, `ledger.jsonl`, `rounds.csv` and
    /// Locust's four CSV files, the latter at `csv_prefix` when one is given.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn sinks(
        &self,
        facts: &RunFacts,
        context: &RunContext,
        csv_prefix: Option<&Path>,
        csv_full_history: bool,
    ) -> Result<Vec<Box<dyn IntervalSink>>, RecordError> {
        // First: a run that is killed before its first second is over has one, too.
        let begun = facts.record(&Totals::new(Arc::new(context.clone())));
        begun.write(&self.run_json()).map_err(|not_written| {
            let NotWritten { path, error } = not_written;
            RecordError::File { path, error }
        })?;
        let names = &context.names;
        let mut sinks: Vec<Box<dyn IntervalSink>> = Vec::new();
        for kind in LatencyKind::ALL {
            let path = self.path.join(kind.file_name());
            let log = IntervalLog::create(&path, kind, facts.started, names)
                .map_err(|error| RecordError::File { path, error })?;
            sinks.push(Box::new(log));
        }
        let prefix = csv_prefix.map_or_else(|| self.csv_prefix(), Path::to_owned);
        let csv = LocustCsv::create(&prefix, names, csv_full_history, facts.started).map_err(
            |error| RecordError::File {
                path: prefix,
                error,
            },
        )?;
        sinks.push(Box::new(csv));
        let path = self.path.join("events.csv");
        let events = EventsCsv::create(&path, &context.raises, facts.started)
            .map_err(|error| RecordError::File { path, error })?;
        sinks.push(Box::new(events));
        let path = self.path.join("outcomes.csv");
        let outcomes =
            OutcomesCsv::create(&path, names).map_err(|error| RecordError::File { path, error })?;
        sinks.push(Box::new(outcomes));
        let path = self.path.join("series.csv");
        let series = SeriesCsv::of_cores(&path, context.core_names())
            .map_err(|error| RecordError::File { path, error })?;
        sinks.push(Box::new(series));
        let path = self.path.join("bands.csv");
        let bands =
            BandsCsv::create(&path, names).map_err(|error| RecordError::File { path, error })?;
        sinks.push(Box::new(bands));
        let path = self.path.join("distribution.csv");
        sinks.push(Box::new(DistributionCsv::new(&path)));
        if !context.tags.is_empty() {
            sinks.push(Box::new(TagsCsv::new(&self.path.join("tags.csv"))));
        }
        let path = self.path.join("ledger.jsonl");
        let ledger = LedgerLog::create(&path).map_err(|error| RecordError::File { path, error })?;
        sinks.push(Box::new(ledger));
        sinks.push(Box::new(RoundsCsv::new(&self.path.join("rounds.csv"))));
        if let Some(head) = &facts.shard {
            let path = self.path.join(INTERVALS_BIN);
            let log =
                ShardLog::create(&path, head).map_err(|error| RecordError::File { path, error })?;
            sinks.push(Box::new(log));
        }
        Ok(sinks)
    }
}

fn directory_name(profile: &str, run_id: &str, start: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(start)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let profile = Path::new(profile)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("custom");
    let profile: String = profile
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let skipped = run_id.chars().count().saturating_sub(SHORT_ID_CHARACTERS);
    let short_id: String = run_id.chars().skip(skipped).collect();
    format!("{time}-{profile}-{short_id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn start() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_107)
    }

    #[test]
    fn the_name_holds_time_profile_and_the_end_of_the_id() {
        let name = directory_name("profiles/spike.toml", "0123456789abcdef", start());
        assert_eq!(name, "20261122T093507Z-spike-abcdef");
        assert_eq!(
            directory_name("a b/..", "x", start()),
            "20261122T093507Z-custom-x"
        );
        assert_eq!(
            directory_name("fünf %", "x", start()),
            "20261122T093507Z-fünf---x"
        );
    }

    #[test]
    fn two_runs_never_share_a_directory() {
        let results = tempfile::tempdir().expect("a directory");
        let missing = results.path().join("deep/results");
        let make = || RecordDirectory::create(&missing, "spike", "abc", start()).expect("made");
        let (first, second, third) = (make(), make(), make());
        assert!(first.path().ends_with("20261122T093507Z-spike-abc"));
        assert!(second.path().ends_with("20261122T093507Z-spike-abc-2"));
        assert!(third.path().ends_with("20261122T093507Z-spike-abc-3"));
    }

    #[test]
    fn a_directory_that_cannot_be_made_says_what_to_do() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = RecordDirectory::create(file.path(), "spike", "abc", start())
            .expect_err("a file is there");
        let message = error.to_string();
        assert!(
            message.contains(&file.path().display().to_string()),
            "{message}"
        );
        let says = "--results: cannot write ";
        assert!(message.starts_with(says), "{message}");
        assert!(message.ends_with("; choose another place"), "{message}");
    }
}
