//! The records in the results directory, as far as the page may show them: regular files directly
//! in a directory of a run. Everything else on this machine is out of reach, whatever is asked for.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Newest runs that the history shows.
const MOST_RUNS: usize = 100;
/// Largest `run.json` that the history reads.
const LARGEST_RECORD_BYTES: u64 = 32 << 20;

/// The results directory.
#[derive(Clone, Debug)]
pub struct Records {
    root: PathBuf,
}

/// A run that is over, or was cut off, in the history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PastRun {
    /// Name of its directory.
    pub run: String,
    /// What its `run.json` says; none when that cannot be read.
    pub record: Option<Brief>,
    /// Its files.
    pub files: Vec<RecordFile>,
}

/// What the history shows of a `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// False when the run goes on, or was cut off.
    pub finished: bool,
    /// Name of the profile.
    pub profile: String,
    /// When the clock started.
    pub started: String,
    /// Measured seconds.
    pub measured_s: f64,
    /// Most users.
    pub peak_users: u32,
    /// The sums.
    pub totals: BriefTotals,
    /// In one sentence.
    pub verdict: String,
    /// Exit code.
    pub exit_code: Option<i32>,
}

/// The sums that the history shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BriefTotals {
    /// Requests.
    pub requests: u64,
    /// Those that count as failures.
    pub failures: u64,
    /// Requests a second.
    pub requests_per_s: f64,
    /// Response times.
    pub response_us: BriefLatency,
}

/// The percentiles that the history shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BriefLatency {
    /// Median.
    pub p50: u64,
    /// 99th percentile.
    pub p99: u64,
}

/// A file of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordFile {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

impl Records {
    /// The records in `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The newest runs, newest first. Directories that are no records are left out.
    #[must_use]
    pub fn history(&self) -> Vec<PastRun> {
        let mut names = names_in(&self.root);
        names.sort_unstable_by(|one, other| other.cmp(one));
        let runs = names.into_iter().filter_map(|run| self.past_run(run));
        runs.take(MOST_RUNS).collect()
    }

    /// The files of `run`.
    #[must_use]
    pub fn files(&self, run: &str) -> Vec<RecordFile> {
        let mut names = self
            .directory(run)
            .map(|path| names_in(&path))
            .unwrap_or_default();
        names.sort_unstable();
        let files = names.into_iter().filter_map(|name| {
            let (_, bytes) = self.open(run, &name).ok()?;
            Some(RecordFile { name, bytes })
        });
        files.collect()
    }

    /// Opens a file of `run`, and tells its size.
    ///
    /// # Errors
    /// When there is no such file, or it is none of the record: a directory, a link, something
    /// elsewhere.
    pub fn open(&self, run: &str, file: &str) -> io::Result<(File, u64)> {
        if !is_plain(file) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let path = self.directory(run)?.join(file);
        // Neither a link, nor a pipe that would never be read to its end.
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        let metadata = opened.metadata()?;
        match metadata.is_file() {
            true => Ok((opened, metadata.len())),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The directory of `run`.
    ///
    /// # Errors
    /// When there is none, or it is a link.
    pub fn directory(&self, run: &str) -> io::Result<PathBuf> {
        let path = self.root.join(run);
        if !is_plain(run) || !fs::symlink_metadata(&path)?.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(path)
    }

    fn past_run(&self, run: String) -> Option<PastRun> {
        let files = self.files(&run);
        let json = files.iter().find(|file| file.name == "run.json")?;
        let readable = json.bytes <= LARGEST_RECORD_BYTES;
        let record = readable.then(|| self.brief(&run)).flatten();
        Some(PastRun { run, record, files })
    }

    fn brief(&self, run: &str) -> Option<Brief> {
        let (file, _) = self.open(run, "run.json").ok()?;
        serde_json::from_reader(io::BufReader::new(file)).ok()
    }
}

/// Whether `name` is one part of a path, and no hidden one.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    const RUN: &str = "20261122T093507Z-spike-abcdef";

    fn place() -> (tempfile::TempDir, Records) {
        let place = tempfile::tempdir().expect("a directory");
        let run = place.path().join("results").join(RUN);
        fs::create_dir_all(run.join("deep")).expect("made");
        fs::write(run.join("run.json"), "{}").expect("written");
        fs::write(run.join("stats_stats.csv"), "Type,Name\r\n").expect("written");
        fs::write(run.join(".hidden"), "x").expect("written");
        fs::write(run.join("deep/file"), "x").expect("written");
        fs::write(place.path().join("secret"), "secret").expect("written");
        symlink(place.path().join("secret"), run.join("link.csv")).expect("linked");
        symlink(
            place.path(),
            place.path().join("results/20270101T000000Z-link-x"),
        )
        .expect("linked");
        let records = Records::new(&place.path().join("results"));
        (place, records)
    }

    #[test]
    fn files_of_a_record_are_opened() {
        let (_place, records) = place();
        let (mut file, bytes) = records.open(RUN, "stats_stats.csv").expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        assert_eq!((text.as_str(), bytes), ("Type,Name\r\n", 11));
    }

    #[test]
    fn nothing_else_is_opened() {
        let (_place, records) = place();
        for (run, file) in [
            (RUN, "../../secret"),
            (RUN, "/etc/passwd"),
            (RUN, "link.csv"),
            (RUN, "deep"),
            (RUN, "deep/file"),
            (RUN, "."),
            (RUN, ".."),
            (RUN, ".hidden"),
            (RUN, ""),
            (RUN, "run.json\0.csv"),
            (RUN, "..\\..\\secret"),
            ("..", "secret"),
            (".", RUN),
            ("", "secret"),
            ("20270101T000000Z-link-x", "secret"),
            ("../results", RUN),
        ] {
            assert!(records.open(run, file).is_err(), "{run} {file}");
        }
    }

    #[test]
    fn the_history_holds_records_only() {
        let (place, records) = place();
        let results = place.path().join("results");
        fs::create_dir(results.join("20300101T000000Z-empty-x")).expect("made");
        let history = records.history();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].run, RUN);
        assert_eq!(history[0].record, None, "an empty record says nothing");
        let names: Vec<&str> = history[0]
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        assert_eq!(names, ["run.json", "stats_stats.csv"]);
        let missing = Records::new(&place.path().join("nowhere"));
        assert!(missing.history().is_empty());
    }
}
