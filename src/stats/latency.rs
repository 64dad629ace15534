//! A worker's latency counts of one interval, laid out like an HDR histogram.
//!
//! Same buckets as `hdrhistogram::Histogram::new_with_bounds(1, 600_000_000, 3)` in microseconds,
//! so that merging into one loses nothing; but counts are 32 bit, and the touched range is known,
//! so that clearing and merging cost what was recorded and not what could have been.

use hdrhistogram::Histogram;

mod told;

pub use told::ToldLatencies;

/// Largest value that is told apart: 10 minutes. Larger ones count as this.
pub const MAX_LATENCY_US: u64 = 600_000_000;
/// Significant decimal digits kept.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// 2 × 10³ rounded up to a power of two: values below are counted exactly
/// (`HdrHistogram`, `AbstractHistogram.java`: `subBucketCount`).
const SUB_BUCKETS: u64 = 2_048;
const SUB_BUCKET_BITS: u32 = SUB_BUCKETS.trailing_zeros();
const HALF_SUB_BUCKETS: usize = SUB_BUCKETS as usize / 2;
const COUNTS: usize = index_of(MAX_LATENCY_US) + 1;

/// Counts of latencies in microseconds. See the module's documentation.
pub struct LatencyCounts {
    counts: Box<[u32]>,
    /// Touched indices, empty when `first > last`.
    first: usize,
    last: usize,
    total: u64,
    sum_us: u64,
    min_us: u64,
    max_us: u64,
}

impl Default for LatencyCounts {
    fn default() -> Self {
        Self {
            counts: vec![0; COUNTS].into_boxed_slice(),
            first: usize::MAX,
            last: 0,
            total: 0,
            sum_us: 0,
            min_us: u64::MAX,
            max_us: 0,
        }
    }
}

impl LatencyCounts {
    /// Counts one latency. Zero counts as 1 µs, the histogram's lowest value.
    #[inline]
    pub fn record_us(&mut self, latency_us: u64) {
        let latency_us = latency_us.clamp(1, MAX_LATENCY_US);
        let index = index_of(latency_us);
        self.counts[index] += 1;
        self.first = self.first.min(index);
        self.last = self.last.max(index);
        self.total += 1;
        self.sum_us += latency_us;
        self.min_us = self.min_us.min(latency_us);
        self.max_us = self.max_us.max(latency_us);
    }

    /// How many latencies were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether none was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Exact sum of the counted latencies.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// Exact largest latency; 0 when none was counted.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// Exact smallest latency; `None` when none was counted.
    #[must_use]
    pub fn min_us(&self) -> Option<u64> {
        (self.total > 0).then_some(self.min_us)
    }

    /// The non-empty buckets: (a value of the bucket in µs, count), in ascending order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.indexed()
            .map(|(index, count)| (value_of(index), count))
    }

    /// The non-empty buckets: (index, count), in ascending order.
    pub(super) fn indexed(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let touched = if self.is_empty() {
            0..0
        } else {
            self.first..self.last + 1
        };
        touched
            .map(|index| (index, self.counts[index]))
            .filter(|&(_, count)| count > 0)
    }

    /// Adds every count of `other`.
    pub fn absorb(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let touched = other.first..=other.last;
        for (count, more) in self.counts[touched.clone()]
            .iter_mut()
            .zip(&other.counts[touched])
        {
            *count = count.saturating_add(*more);
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.total += other.total;
        self.sum_us += other.sum_us;
        self.min_us = self.min_us.min(other.min_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Smallest value that the share `quantile` (0 to 1) of the latencies does not exceed: the
    /// upper edge of its bucket, but never more than the exact maximum. 0 when none was counted.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> u64 {
        let wanted = ((quantile * self.total as f64).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (value_us, count) in self.buckets() {
            seen += u64::from(count);
            if seen >= wanted {
                let upper_edge_us = value_of(index_of(value_us) + 1) - 1;
                return upper_edge_us.min(self.max_us);
            }
        }
        self.max_us
    }

    /// Adds every count to `total`, which must have been made by [`LatencyCounts::histogram`] or
    /// [`LatencyCounts::growing_histogram`].
    pub fn add_to(&self, total: &mut Histogram<u64>) {
        for (value_us, count) in self.buckets() {
            let recorded = total.record_n(value_us, u64::from(count));
            debug_assert!(recorded.is_ok(), "{value_us} µs is out of range");
        }
    }

    /// An empty histogram with the same buckets and 64-bit counts.
    #[must_use]
    pub fn histogram() -> Histogram<u64> {
        Histogram::new_with_bounds(1, MAX_LATENCY_US, SIGNIFICANT_DIGITS)
            .expect("constant bounds are valid")
    }

    /// The same, that takes no more memory than its largest value so far needs: 16 kB when it is empty,
    /// 172 kB with one of ten minutes.
    #[must_use]
    pub fn growing_histogram() -> Histogram<u64> {
        Histogram::new(SIGNIFICANT_DIGITS).expect("a constant precision is valid")
    }

    /// Forgets everything, at the cost of the touched range only.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.counts[self.first..=self.last].fill(0);
        }
        self.first = usize::MAX;
        self.last = 0;
        self.total = 0;
        self.sum_us = 0;
        self.min_us = u64::MAX;
        self.max_us = 0;
    }
}

/// Empty counts that are filled bucket by bucket, in ascending order, and then told what buckets do not
/// tell.
pub(super) trait FilledByBucket {
    /// So many, more than none, are in the bucket at `index`; `None` when there is no such bucket.
    fn put(&mut self, index: usize, count: u32) -> Option<()>;

    /// What the buckets do not tell. False when that cannot be: it is not of these buckets.
    fn finish(&mut self, sum_us: u64, least_and_most_us: (u64, u64)) -> bool;
}

impl FilledByBucket for LatencyCounts {
    #[inline]
    fn put(&mut self, index: usize, count: u32) -> Option<()> {
        *self.counts.get_mut(index)? = count;
        self.first = self.first.min(index);
        self.last = self.last.max(index);
        // At once, so that they are cleared whatever follows.
        self.total += u64::from(count);
        Some(())
    }

    fn finish(&mut self, sum_us: u64, (min_us, max_us): (u64, u64)) -> bool {
        let can_be = self.total > 0
            && is_of_buckets(
                (self.first, self.last),
                self.total,
                sum_us,
                (min_us, max_us),
            );
        if can_be {
            (self.sum_us, self.min_us, self.max_us) = (sum_us, min_us, max_us);
        }
        can_be
    }
}

/// Whether so many latencies, from the bucket `first` to the bucket `last`, can have this sum, least and most.
fn is_of_buckets(
    (first, last): (usize, usize),
    total: u64,
    sum_us: u64,
    (min_us, max_us): (u64, u64),
) -> bool {
    let is_in = |us: u64, index: usize| us <= MAX_LATENCY_US && index_of(us) == index;
    is_in(min_us, first)
        && is_in(max_us, last)
        && min_us <= max_us
        && sum_us >= min_us
        && u128::from(sum_us) <= u128::from(total) * u128::from(max_us)
}

/// `HdrHistogram`'s `countsArrayIndex` for a lowest value of 1.
#[inline]
const fn index_of(value_us: u64) -> usize {
    let bucket = 64 - SUB_BUCKET_BITS - (value_us | (SUB_BUCKETS - 1)).leading_zeros();
    let sub_bucket = (value_us >> bucket) as usize;
    ((bucket as usize + 1) * HALF_SUB_BUCKETS) + sub_bucket - HALF_SUB_BUCKETS
}

/// Lowest value of the bucket at `index`.
const fn value_of(index: usize) -> u64 {
    if index < SUB_BUCKETS as usize {
        return index as u64;
    }
    let bucket = index / HALF_SUB_BUCKETS - 1;
    let sub_bucket = index % HALF_SUB_BUCKETS + HALF_SUB_BUCKETS;
    (sub_bucket as u64) << bucket
}

#[cfg(test)]
mod tests;
