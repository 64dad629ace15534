//! A distribution of times in a few buckets that never change: what is told to programs that add
//! up themselves.

use super::{Absorb, LatencyCounts};

/// Upper edges of the buckets, in microseconds; above the last one is one more.
pub const BUCKET_EDGES_US: [u64; 19] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];
const BUCKETS: usize = BUCKET_EDGES_US.len() + 1;

/// A distribution of times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Times up to each of `BUCKET_EDGES_US` and above the one before, then those above all.
    pub counts: [u64; BUCKETS],
    /// Sum of the times, in microseconds.
    pub sum_us: u128,
}

impl Buckets {
    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Times within 0.1 % above an edge may count as below it: that is how finely they are known. Costs
/// what was measured.
impl Absorb<LatencyCounts> for Buckets {
    fn absorb(&mut self, counts: &LatencyCounts) {
        for (us, count) in counts.buckets() {
            let place = BUCKET_EDGES_US.partition_point(|edge| *edge < us);
            self.counts[place] += u64::from(count);
        }
        self.sum_us += u128::from(counts.sum_us());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_is_up_to_their_edge() {
        let mut counts = LatencyCounts::default();
        for us in [1, 50, 51, 100, 60_000_000, 60_100_000, 599_000_000] {
            counts.record_us(us);
        }
        let mut buckets = Buckets::default();
        buckets.absorb(&counts);
        assert_eq!(buckets.counts[..3], [2, 2, 0]);
        assert_eq!(buckets.counts[BUCKETS - 2..], [1, 2]);
        assert_eq!(buckets.count(), 7);
        assert_eq!(buckets.sum_us, u128::from(counts.sum_us()));
    }
}
