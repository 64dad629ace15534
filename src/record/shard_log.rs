//! `intervals.bin`: the seconds of a shard as it merged them itself, for whoever joins them with those of
//! the other shards. Nothing is lost in it.
//!
//! ```text
//! "shopblast shard\n"                      16 bytes
//! length (4 bytes, highest first)          head: JSON
//! length (4 bytes, highest first)          second: see MergedInterval::encode
//! …
//! ```
//!
//! A file that was cut off (its shard was killed) holds the seconds that are whole.

use super::growing_file::GrowingFile;
use super::shard_head::{SHARD_LAYOUT, ShardHead};
use crate::stats::{Garbled, IntervalSink, MOST_INTERVAL_BYTES, MergedInterval, Totals};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Name of the file in the record of a shard.
pub const INTERVALS_BIN: &str = "intervals.bin";
/// What it begins with.
const MARK: &[u8; 16] = b"shopblast shard\n";
/// Longest head.
const MOST_HEAD_BYTES: usize = 8 << 20;

/// Appends a message a second, flushed each second.
pub struct ShardLog {
    file: GrowingFile,
    message: Vec<u8>,
}

impl ShardLog {
    /// Makes the file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path, head: &ShardHead) -> io::Result<Self> {
        let mut begun = MARK.to_vec();
        append(&mut begun, |out| {
            out.extend_from_slice(&serde_json::to_vec(head)?);
            Ok(())
        })?;
        Ok(Self {
            file: GrowingFile::create(path, &begun)?,
            message: Vec::new(),
        })
    }
}

/// Appends what `write` does, with its length before it.
fn append(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out)?;
    let length = u32::try_from(out.len() - at - 4).map_err(io::Error::other)?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

impl IntervalSink for ShardLog {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        self.message.clear();
        append(&mut self.message, |out| {
            interval.encode(out);
            Ok(())
        })?;
        self.file.append(&self.message)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

/// Why the seconds of a shard cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ShardLogError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is something else.
    #[error("{} holds no seconds of a shard: {why}", path.display())]
    Garbled {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another version wrote it.
    #[error(
        "{} was written by shopblast {theirs}, and this is {}: join shards with the version that ran them",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Version that wrote it.
        theirs: String,
    },
}

/// Reads the seconds of a shard, one after the other.
pub struct ShardLogReader {
    path: PathBuf,
    file: BufReader<File>,
    head: ShardHead,
    message: Vec<u8>,
    second: MergedInterval,
}

impl ShardLogReader {
    /// Opens the seconds of the shard that is recorded in `directory`.
    ///
    /// # Errors
    /// When there are none, or another version wrote them.
    pub fn open(directory: &Path) -> Result<Self, ShardLogError> {
        let path = directory.join(INTERVALS_BIN);
        let unreadable = |error| ShardLogError::Unreadable {
            path: path.clone(),
            error,
        };
        let garbled = |why: &str| ShardLogError::Garbled {
            path: path.clone(),
            why: why.to_owned(),
        };
        let file = File::open(&path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(garbled("it is no file"));
        }
        let mut file = BufReader::new(file);
        let mut mark = [0; MARK.len()];
        let is_marked = read_whole(&mut file, &mut mark).map_err(unreadable)? && mark == *MARK;
        if !is_marked {
            return Err(garbled("it begins with something else"));
        }
        let mut text = Vec::new();
        match read_message(&mut file, &mut text, MOST_HEAD_BYTES).map_err(unreadable)? {
            Found::Whole => {}
            Found::End => return Err(garbled("it is cut off in its head")),
            Found::TooLong => return Err(garbled("its head is too long")),
        }
        // What another version wrote may look different; which it was is told in any case.
        let told: ToldVersion = serde_json::from_slice(&text).unwrap_or_default();
        if told.layout != SHARD_LAYOUT || told.shopblast != env!("CARGO_PKG_VERSION") {
            return Err(ShardLogError::Version {
                path,
                theirs: crate::plan::shown(&told.shopblast).into_owned(),
            });
        }
        let head: ShardHead =
            serde_json::from_slice(&text).map_err(|error| garbled(&error.to_string()))?;
        let shape = head.counted.shape();
        let rows = [shape.names, shape.journeys, shape.races, shape.rules];
        if rows.iter().any(|rows| *rows > MOST_ROWS) {
            return Err(garbled("it counts too much"));
        }
        Ok(Self {
            path,
            file,
            second: MergedInterval::new(shape),
            head,
            message: Vec::new(),
        })
    }

    /// Which shard it is, and what is counted.
    #[must_use]
    pub fn head(&self) -> &ShardHead {
        &self.head
    }

    /// The next second; `None` after the last one that is whole.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn next_second(&mut self) -> Result<Option<&MergedInterval>, ShardLogError> {
        let found = read_message(&mut self.file, &mut self.message, MOST_INTERVAL_BYTES);
        let found = found.map_err(|error| ShardLogError::Unreadable {
            path: self.path.clone(),
            error,
        })?;
        let garbled = |why: Garbled| ShardLogError::Garbled {
            path: self.path.clone(),
            why: why.to_string(),
        };
        match found {
            Found::End => Ok(None),
            Found::TooLong => Err(garbled(Garbled::Many)),
            Found::Whole => {
                self.second.decode(&self.message).map_err(garbled)?;
                Ok(Some(&self.second))
            }
        }
    }
}

/// Most statistic names, journeys, races and rules of a file: names and races have histograms of some 100 kB
/// each.
const MOST_ROWS: usize = 4_096;

#[derive(Debug, Default, serde::Deserialize)]
struct ToldVersion {
    #[serde(default)]
    layout: u32,
    #[serde(default)]
    shopblast: String,
}

enum Found {
    Whole,
    End,
    TooLong,
}

fn read_message(file: &mut impl Read, message: &mut Vec<u8>, most: usize) -> io::Result<Found> {
    let mut length = [0; 4];
    if !read_whole(file, &mut length)? {
        return Ok(Found::End);
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > most {
        return Ok(Found::TooLong);
    }
    message.clear();
    // Memory goes by what is there, and not by what is said to be.
    let read = file.take(length as u64).read_to_end(message)?;
    Ok(match read == length {
        true => Found::Whole,
        false => Found::End,
    })
}

/// Fills `bytes`; false when the file ends before.
fn read_whole(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
