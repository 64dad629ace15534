//! The `HdrHistogram` interval log: one line a second and statistic name.
//!
//! Version 1.3 of the format, readable by `HistogramLogAnalyzer` and every `HdrHistogram` port.
//! Values are microseconds; the *max* column is the upper edge of the largest value's bucket.
//! Times are seconds since the log's start time.

use super::growing_file::GrowingFile;
use crate::stats::{IntervalSink, LatencyCounts, Measured, MergedInterval, StatName, Totals};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Which latency a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyKind {
    /// done − due.
    Response,
    /// done − sent.
    Service,
    /// sent − due.
    Lag,
}

impl LatencyKind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Response, Self::Service, Self::Lag];

    /// File name in the record directory.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Response => "response.hlog",
            Self::Service => "service.hlog",
            Self::Lag => "lag.hlog",
        }
    }

    /// What it is called in tables of the record.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::Lag => "lag",
        }
    }

    fn of(self, name: &Measured<LatencyCounts>) -> &LatencyCounts {
        match self {
            Self::Response => &name.response,
            Self::Service => &name.service,
            Self::Lag => &name.lag,
        }
    }
}

/// Tag of a statistic name. Tags cannot hold spaces or commas, so both become `_`: `POST /customers`
/// is tagged `POST_/customers`. The method is prefixed only when the name does not start with it.
#[must_use]
pub fn tag_of(name: &StatName) -> String {
    tag_text(name.method, name.name)
}

/// The same for a name that was read from a record.
#[must_use]
pub fn tag_text(method: &str, name: &str) -> String {
    let named_with_method = name
        .strip_prefix(method)
        .is_some_and(|rest| rest.starts_with(' '));
    let whole = if named_with_method {
        name.to_owned()
    } else {
        format!("{method} {name}")
    };
    whole.replace([' ', ',', '\r', '\n'], "_")
}

/// Appends one latency of every second to a log, flushed each second.
pub struct IntervalLog {
    kind: LatencyKind,
    file: GrowingFile,
    tags: Vec<String>,
    serializer: V2DeflateSerializer,
    scratch: Histogram<u64>,
}

impl IntervalLog {
    /// Starts a log at `path` for a run that began at `start`.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn create(
        path: &Path,
        kind: LatencyKind,
        start: SystemTime,
        names: &[StatName],
    ) -> io::Result<Self> {
        let mut head = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("values in microseconds, one tag a statistic name, spaces as _")
            .with_start_time(start)
            .with_base_time(start)
            .begin_log_with(&mut head, &mut serializer)?;
        head.extend_from_slice(
            b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        );
        Ok(Self {
            kind,
            file: GrowingFile::create(path, &head)?,
            tags: names.iter().map(tag_of).collect(),
            serializer,
            scratch: LatencyCounts::histogram(),
        })
    }

    /// The lines of a second; names without a request in it have none.
    fn lines(&mut self, interval: &MergedInterval) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        let mut writer =
            IntervalLogWriterBuilder::new().begin_log_with(&mut lines, &mut self.serializer)?;
        let start = Duration::from_micros(interval.start_us);
        let length = Duration::from_micros(interval.end_us - interval.start_us);
        for (name, tag) in interval.names.iter().zip(&self.tags) {
            let counts = self.kind.of(name);
            if counts.is_empty() {
                continue;
            }
            self.scratch.reset();
            counts.add_to(&mut self.scratch);
            writer
                .write_histogram(&self.scratch, start, length, Tag::new(tag))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
        Ok(lines)
    }
}

impl IntervalSink for IntervalLog {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let lines = self.lines(interval)?;
        self.file.append(&lines)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

#[cfg(test)]
mod tests;
