//! A histogram of an interval log, as this program writes them. One of another range, or with more
//! counts than that has, is none: whoever reads it as it says would take the memory that it asks for.

use crate::stats::LatencyCounts;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use std::io::Read;

/// What a histogram begins with, deflated and not (`HdrHistogram`, V2 of its format).
const DEFLATED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;
/// Before the counts: what it begins with, their length, an offset, digits, range, ratio.
const HEAD_BYTES: usize = 40;
/// A count has at most so many bytes.
const COUNT_BYTES: usize = 9;

/// No second has more requests.
const MOST_REQUESTS: u64 = 1 << 40;

/// Reads one after the other, in memory that it keeps.
pub(super) struct HistogramReader {
    deserializer: Deserializer,
    inflated: Vec<u8>,
    like: Histogram<u64>,
}

impl Default for HistogramReader {
    fn default() -> Self {
        Self {
            deserializer: Deserializer::new(),
            inflated: Vec::new(),
            like: LatencyCounts::histogram(),
        }
    }
}

impl HistogramReader {
    /// The histogram in `bytes`; `None` when there is none of ours.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<Histogram<u64>> {
        let most_bytes = HEAD_BYTES + COUNT_BYTES * self.like.distinct_values();
        self.inflated.clear();
        match word(bytes, 0)? {
            PLAIN => self.inflated.extend(bytes.iter().take(most_bytes + 1)),
            DEFLATED => {
                let deflated = ZlibDecoder::new(bytes.get(8..)?);
                let mut bounded = deflated.take(most_bytes as u64 + 1);
                bounded.read_to_end(&mut self.inflated).ok()?;
            }
            _ => return None,
        }
        let head = |at| word(&self.inflated, at);
        let range = |at| Some(u64::from(head(at)?) << 32 | u64::from(head(at + 4)?));
        let is_ours = self.inflated.len() <= most_bytes
            && head(0)? == PLAIN
            && head(4)? as usize <= self.inflated.len().checked_sub(HEAD_BYTES)?
            && head(12)? == u32::from(self.like.sigfig())
            && range(16)? == self.like.low()
            && range(24)? == self.like.high();
        if !is_ours || has_impossible_number(&self.inflated) {
            return None;
        }
        let read = self.deserializer.deserialize(&mut self.inflated.as_slice());
        read.ok()
            .filter(|read: &Histogram<u64>| read.len() <= MOST_REQUESTS)
    }
}

/// Whether the counts hold the one number that the library cannot turn round (`i64::MIN`, nine bytes of
/// ones): a run of so many zeros. A count of ours has six bytes at most.
fn has_impossible_number(inflated: &[u8]) -> bool {
    let counts = inflated.get(HEAD_BYTES..).unwrap_or_default();
    memchr::memmem::find(counts, &[0xff; COUNT_BYTES]).is_some()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer, V2Serializer};

    fn plain(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = V2Serializer::new().serialize(histogram, &mut bytes);
        written.unwrap();
        bytes
    }

    fn deflated(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
        written.unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Histogram<u64>> {
        HistogramReader::default().read(bytes)
    }

    #[test]
    fn what_was_written_is_read() {
        let mut histogram = LatencyCounts::histogram();
        for value in [1, 5, 5, 70_000, 600_000_000] {
            histogram.record(value).unwrap();
        }
        assert_eq!(read(&plain(&histogram)).as_ref(), Some(&histogram));
        assert_eq!(read(&deflated(&histogram)).as_ref(), Some(&histogram));
        // As long as one can be.
        for value in (1..600_000).step_by(3) {
            histogram.record_n(value * 1_000, 1 << 20).unwrap();
        }
        assert_eq!(read(&plain(&histogram)).as_ref(), Some(&histogram));
        assert_eq!(read(&deflated(&histogram)).as_ref(), Some(&histogram));
    }

    #[test]
    fn a_run_of_zeros_that_no_histogram_has_is_none() {
        let mut histogram = LatencyCounts::histogram();
        histogram.record(5).unwrap();
        let mut bytes = plain(&histogram);
        bytes.truncate(HEAD_BYTES);
        bytes.extend([0xff; COUNT_BYTES]);
        bytes[4..8].copy_from_slice(&(COUNT_BYTES as u32).to_be_bytes());
        assert_eq!(read(&bytes), None);
    }

    #[test]
    fn what_would_take_more_memory_than_ours_is_none() {
        let wide = Histogram::new_with_bounds(1, u64::MAX / 4, 5).unwrap();
        assert_eq!(read(&plain(&wide)), None);
        assert_eq!(read(&deflated(&wide)), None);
        let mut says_much = plain(&LatencyCounts::histogram());
        says_much[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(read(&says_much), None);
        let mut crowded = LatencyCounts::histogram();
        crowded.record_n(1, MOST_REQUESTS + 1).unwrap();
        assert_eq!(read(&plain(&crowded)), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&PLAIN.to_be_bytes()), None);
    }
}
