//! Latency counts as another machine tells them: only the buckets that are not empty.
//!
//! Whoever joins what many shards tell reads each once and adds it to the joined second. In
//! [`LatencyCounts`] that costs the range between the least and the largest latency, three times over
//! (clearing, reading, adding); here it costs as many steps as buckets were told, of which there are some
//! dozens in a range of thousands.

use super::{COUNTS, FilledByBucket, LatencyCounts, is_of_buckets};
use crate::stats::{Absorb, Forget};

/// See the module's documentation. Nothing can be added to it, and everything can be taken from it by a
/// [`LatencyCounts`], without a loss.
#[derive(Debug, Default)]
pub struct ToldLatencies {
    /// Index, below [`COUNTS`], and count, above 0; in ascending order.
    buckets: Vec<(u32, u32)>,
    total: u64,
    sum_us: u64,
    min_us: u64,
    max_us: u64,
}

impl ToldLatencies {
    /// How many latencies were told.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether none was told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Exact sum of the latencies.
    pub(in crate::stats) fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// Exact smallest latency; `None` when none was told.
    pub(in crate::stats) fn min_us(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min_us)
    }

    /// Exact largest latency; 0 when none was told.
    pub(in crate::stats) fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The buckets: (index, count), in ascending order.
    pub(in crate::stats) fn indexed(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let buckets = self.buckets.iter();
        buckets.map(|&(index, count)| (index as usize, count))
    }
}

impl FilledByBucket for ToldLatencies {
    #[inline]
    fn put(&mut self, index: usize, count: u32) -> Option<()> {
        if index >= COUNTS {
            return None;
        }
        self.buckets.push((index as u32, count));
        self.total += u64::from(count);
        Some(())
    }

    fn finish(&mut self, sum_us: u64, (min_us, max_us): (u64, u64)) -> bool {
        let (Some(first), Some(last)) = (self.buckets.first(), self.buckets.last()) else {
            return false;
        };
        let edges = (first.0 as usize, last.0 as usize);
        let can_be = is_of_buckets(edges, self.total, sum_us, (min_us, max_us));
        if can_be {
            (self.sum_us, self.min_us, self.max_us) = (sum_us, min_us, max_us);
        }
        can_be
    }
}

impl Forget for ToldLatencies {
    fn forget(&mut self) {
        self.buckets.clear();
        (self.total, self.sum_us, self.min_us, self.max_us) = (0, 0, 0, 0);
    }
}

impl Absorb<ToldLatencies> for LatencyCounts {
    fn absorb(&mut self, other: &ToldLatencies) {
        let (Some(first), Some(last)) = (other.buckets.first(), other.buckets.last()) else {
            return;
        };
        for &(index, more) in &other.buckets {
            let count = &mut self.counts[index as usize];
            *count = count.saturating_add(more);
        }
        self.first = self.first.min(first.0 as usize);
        self.last = self.last.max(last.0 as usize);
        self.total += other.total;
        self.sum_us += other.sum_us;
        self.min_us = self.min_us.min(other.min_us);
        self.max_us = self.max_us.max(other.max_us);
    }
}
