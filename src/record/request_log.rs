//! `response.hlog` read back: every request that ended, by statistic name and second.

use super::bounded_file::{MOST_TABLE_BYTES, read_bounded};
use super::log_histogram::HistogramReader;
use crate::stats::LatencyCounts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::collections::BTreeMap;
use std::path::Path;

/// Names that are read: a plan has some hundred at most, and each takes memory.
const MOST_NAMES: usize = 1_000;

/// The requests of a run by the tags of their names.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    by_tag: BTreeMap<String, NameLog>,
}

/// The requests of one name.
#[derive(Clone, Debug)]
pub struct NameLog {
    /// Their latencies in microseconds.
    pub latencies: Histogram<u64>,
    /// Their number by second of the run.
    pub by_second: BTreeMap<u64, u64>,
    /// Start of the first second that has any, in seconds from the start of the run.
    pub first_s: f64,
    /// End of the last one.
    pub last_s: f64,
}

impl RequestLog {
    /// Reads the log at `path`; what follows a line that was cut off, or is none of ours, is left out,
    /// and a log that is not there is empty.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        read_bounded(path, MOST_TABLE_BYTES)
            .map_or_else(|_| Self::default(), |bytes| Self::parse(&bytes))
    }

    /// The same from the bytes of a file.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        let mut reader = HistogramReader::default();
        for entry in IntervalLogIterator::new(bytes) {
            let Ok(entry) = entry else { break };
            let LogEntry::Interval(interval) = entry else {
                continue;
            };
            let tag = interval.tag().map_or("", |tag| tag.as_str());
            let decoded = BASE64_STANDARD.decode(interval.encoded_histogram());
            let histogram = decoded.ok().and_then(|bytes| reader.read(&bytes));
            let Some(histogram) = histogram else { break };
            if log.by_tag.len() == MOST_NAMES && !log.by_tag.contains_key(tag) {
                continue;
            }
            let start_s = interval.start_timestamp().as_secs_f64();
            let end_s = start_s + interval.duration().as_secs_f64();
            log.add(tag, &histogram, start_s, end_s);
        }
        log
    }

    fn add(&mut self, tag: &str, histogram: &Histogram<u64>, start_s: f64, end_s: f64) {
        let name = self
            .by_tag
            .entry(tag.to_owned())
            .or_insert_with(|| NameLog {
                latencies: LatencyCounts::histogram(),
                by_second: BTreeMap::new(),
                first_s: start_s,
                last_s: end_s,
            });
        // The ranges are the same: nothing is out of range.
        let _ = name.latencies.add(histogram);
        let of_second = name.by_second.entry(start_s as u64).or_default();
        *of_second = of_second.saturating_add(histogram.len());
        name.last_s = name.last_s.max(end_s);
    }

    /// The requests with this tag.
    #[must_use]
    pub fn of(&self, tag: &str) -> Option<&NameLog> {
        self.by_tag.get(tag)
    }

    /// All names' requests by their tags, in their order.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &NameLog)> {
        self.by_tag.iter().map(|(tag, log)| (tag.as_str(), log))
    }

    /// The latencies of all names together.
    #[must_use]
    pub fn all(&self) -> Histogram<u64> {
        let mut all = LatencyCounts::histogram();
        for name in self.by_tag.values() {
            let _ = all.add(&name.latencies);
        }
        all
    }
}
