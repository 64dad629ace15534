//! The records of shards, read and found to be of one run.

use crate::plan::{RaceOffset, RaceRules};
use crate::record::{
    BACK_END_CSVS, HostFacts, RecordError, Recorded, RunFacts, RunRecord, ShardHead, ShardLogError,
    ShardLogReader, UnreadableRecord,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Why records cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] UnreadableRecord),
    /// The seconds of a shard cannot be read.
    #[error(transparent)]
    Log(#[from] ShardLogError),
    /// The merged record cannot be written.
    #[error("{}", .0.to_string().replace("--results", "--out"))]
    Out(#[from] RecordError),
    /// A record of a whole run, or one that was merged already.
    #[error(
        "{} is no part of a run: merge takes the records of runs with --shard I/N, or of machines of a fleet",
        .0.display()
    )]
    NoShard(PathBuf),
    /// No directory was named.
    #[error("name the directories of the shards' records")]
    Nothing,
    /// Shards of different runs.
    #[error(
        "{} and {} are of different runs: {what} {theirs} and {ours}; merge what was started with the same flags, \
         --run-id and --seed",
        other.display(), first.display()
    )]
    Different {
        /// What is different.
        what: &'static str,
        /// A record.
        first: PathBuf,
        /// What it has.
        ours: String,
        /// The one that does not go with it.
        other: PathBuf,
        /// What that has.
        theirs: String,
    },
    /// One shard twice.
    #[error("{} and {} are both shard {number} of {of}; name each once", one.display(), other.display())]
    Twice {
        /// A record.
        one: PathBuf,
        /// The other one.
        other: PathBuf,
        /// Which shard.
        number: u32,
        /// Of how many.
        of: u32,
    },
}

/// The record of one shard.
pub struct Part {
    path: PathBuf,
    directory: PathBuf,
    /// `run.json`.
    pub record: RunRecord,
    /// Its seconds.
    pub log: ShardLogReader,
}

impl Part {
    /// Which shard it is, and what is counted.
    pub fn head(&self) -> &ShardHead {
        self.log.head()
    }

    /// When its clock started, in nanoseconds since 1970 of the clock that all shards go by.
    pub fn started_ns(&self) -> Option<i128> {
        let started: jiff::Timestamp = self.record.started.parse().ok()?;
        let ahead_us = self.head().shard.clock.map_or(0, |clock| clock.offset_us);
        Some(started.as_nanosecond() - 1_000 * i128::from(ahead_us))
    }

    /// What it kept of the back end, each with its name.
    pub fn back_end_files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let named = BACK_END_CSVS.map(|name| (name, self.directory.join(name)));
        let is_file = |path: &Path| std::fs::metadata(path).is_ok_and(|it| it.is_file());
        named.into_iter().filter(move |(_, path)| is_file(path))
    }
}

/// The shards that are recorded in `directories`, in the order of their numbers.
///
/// # Errors
/// When they are not parts of one run, or one is there twice.
pub fn read_parts(directories: &[PathBuf]) -> Result<Vec<Part>, MergeError> {
    let mut parts = Vec::with_capacity(directories.len());
    for path in directories {
        parts.push(read_part(path)?);
    }
    parts.sort_by_key(|part| part.head().shard.number);
    let Some(first) = parts.first() else {
        return Err(MergeError::Nothing);
    };
    for other in &parts[1..] {
        same_run(first, other)?;
    }
    for pair in parts.windows(2) {
        let shard = &pair[0].head().shard;
        if shard.number == pair[1].head().shard.number {
            return Err(MergeError::Twice {
                one: pair[0].path.clone(),
                other: pair[1].path.clone(),
                number: shard.number,
                of: shard.of,
            });
        }
    }
    Ok(parts)
}

fn read_part(path: &Path) -> Result<Part, MergeError> {
    let recorded = Recorded::read(path)?;
    let Some(shard) = recorded.run.shard.clone().filter(|it| it.shard().is_some()) else {
        return Err(MergeError::NoShard(path.to_owned()));
    };
    let log = ShardLogReader::open(&recorded.directory)?;
    if log.head().shard != shard {
        return Err(MergeError::NoShard(path.to_owned()));
    }
    Ok(Part {
        path: path.to_owned(),
        directory: recorded.directory,
        record: recorded.run,
        log,
    })
}

fn same_run(first: &Part, other: &Part) -> Result<(), MergeError> {
    let (ours, theirs) = (first.head(), other.head());
    let compared = [
        (
            "the plans have the hashes",
            ours.shard.plan_hash.clone(),
            theirs.shard.plan_hash.clone(),
        ),
        (
            "the run ids are",
            ours.run_id.clone(),
            theirs.run_id.clone(),
        ),
        (
            "the seeds are",
            ours.seed.to_string(),
            theirs.seed.to_string(),
        ),
        (
            "the numbers of shards are",
            ours.shard.of.to_string(),
            theirs.shard.of.to_string(),
        ),
        (
            "the histograms have the digits",
            ours.digits.to_string(),
            theirs.digits.to_string(),
        ),
        ("what they count is", fingerprint(ours), fingerprint(theirs)),
    ];
    for (what, ours, theirs) in compared {
        if ours != theirs {
            return Err(MergeError::Different {
                what,
                first: first.path.clone(),
                ours,
                other: other.path.clone(),
                theirs,
            });
        }
    }
    Ok(())
}

/// Stands for what is counted: names, rules, thresholds and all that a run is judged by.
fn fingerprint(head: &ShardHead) -> String {
    let text = serde_json::to_string(&head.counted).unwrap_or_default();
    format!("{:016x}", crate::plan::fnv1a(text.as_bytes()))
}

/// The facts of the run of all `parts`.
pub fn facts(parts: &[Part]) -> RunFacts {
    let first = &parts[0];
    let started_ns = parts.iter().filter_map(Part::started_ns).min();
    let started = started_ns.and_then(|ns| u64::try_from(ns).ok());
    let started = started.map(Duration::from_nanos);
    let record = &first.record;
    let own = format!(
        " --shard {}/{}",
        first.head().shard.number,
        first.head().shard.of
    );
    let offset = first.head().offset_us;
    RunFacts {
        profile: record.profile.clone(),
        run_id: record.run_id.clone(),
        started: SystemTime::UNIX_EPOCH + started.unwrap_or_default(),
        command: record.command.replace(&own, ""),
        plan: record.plan.clone(),
        plan_hash: record.plan_hash.clone(),
        asked_users: None,
        seed: record.seed,
        host: host(parts),
        races: RaceRules {
            offset: offset.map(|(from_us, to_us)| RaceOffset { from_us, to_us }),
            strict: first.head().counted.is_strict(),
            ..RaceRules::default()
        },
        target: record.target.clone(),
        processes: record.processes,
        shard: None,
    }
}

/// All machines together.
fn host(parts: &[Part]) -> HostFacts {
    let hosts = || parts.iter().map(|part| &part.record.host);
    let joined = |text: fn(&HostFacts) -> &String| {
        let mut texts: Vec<&String> = hosts().map(text).collect();
        texts.dedup();
        let texts: Vec<&str> = texts.into_iter().map(String::as_str).collect();
        texts.join(", ")
    };
    let first = &parts[0].record.host;
    HostFacts {
        cpu: joined(|host| &host.cpu),
        cores: hosts().map(|host| host.cores).sum(),
        workers: hosts().flat_map(|host| host.workers.clone()).collect(),
        placement: first.placement.clone(),
        kernel: joined(|host| &host.kernel),
        driver: joined(|host| &host.driver),
        ring_flags: first.ring_flags.clone(),
    }
}
