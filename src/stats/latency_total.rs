//! Latencies of a whole run or phase, and their summary.

use super::LatencyCounts;
use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Merged latencies with 64-bit counts. Size does not depend on how many there are, but on the largest.
pub struct LatencyTotal {
    histogram: Histogram<u64>,
    sum_us: u128,
    min_us: Option<u64>,
    max_us: u64,
}

impl Default for LatencyTotal {
    fn default() -> Self {
        Self {
            histogram: LatencyCounts::growing_histogram(),
            sum_us: 0,
            min_us: None,
            max_us: 0,
        }
    }
}

impl LatencyTotal {
    /// Adds the latencies of an interval.
    pub fn absorb(&mut self, counts: &LatencyCounts) {
        counts.add_to(&mut self.histogram);
        self.sum_us += u128::from(counts.sum_us());
        self.min_us = self.min_us.into_iter().chain(counts.min_us()).min();
        self.max_us = self.max_us.max(counts.max_us());
    }

    /// Adds what another one has.
    pub fn absorb_total(&mut self, other: &Self) {
        // It grows as far as it has to.
        let _ = self.histogram.add(&other.histogram);
        self.sum_us += other.sum_us;
        self.min_us = self.min_us.into_iter().chain(other.min_us).min();
        self.max_us = self.max_us.max(other.max_us);
    }

    /// The merged histogram, in microseconds.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// How many latencies there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.histogram.is_empty()
    }

    /// Exact mean in microseconds; 0 when there are none.
    #[must_use]
    pub fn mean_us(&self) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        self.sum_us as f64 / self.len() as f64
    }

    /// Exact smallest latency; `None` when there are none.
    #[must_use]
    pub fn min_us(&self) -> Option<u64> {
        self.min_us
    }

    /// Exact largest latency; 0 when there are none.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// Smallest value that the share `quantile` (0 to 1) does not exceed: the upper edge of its
    /// bucket, but never more than the exact maximum. 0 when there are none.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> u64 {
        self.histogram.value_at_quantile(quantile).min(self.max_us)
    }

    /// The same for many `quantiles`, in ascending order, at the cost of one pass. That of 0 is the
    /// exact smallest latency.
    #[must_use]
    pub fn quantiles_us(&self, quantiles: &[f64]) -> Vec<u64> {
        let smallest = quantiles.iter().take_while(|quantile| **quantile == 0.0);
        let smallest = smallest.map(|_| self.min_us.unwrap_or(0));
        let mut found: Vec<u64> = smallest.collect();
        let others = quantiles[found.len()..].iter().copied();
        let values_us = self.histogram.value_at_quantiles(others);
        found.extend(values_us.map(|value_us| value_us.min(self.max_us)));
        found
    }

    /// The figures that reports show.
    #[must_use]
    pub fn summary(&self) -> LatencySummary {
        let quantiles_us = self.quantiles_us(&[0.5, 0.9, 0.95, 0.99, 0.999]);
        LatencySummary {
            min: self.min_us.unwrap_or_default(),
            p50: quantiles_us[0],
            p90: quantiles_us[1],
            p95: quantiles_us[2],
            p99: quantiles_us[3],
            p999: quantiles_us[4],
            max: self.max_us,
            mean: self.mean_us(),
        }
    }
}

/// Percentiles, exact maximum and exact mean in microseconds; all 0 when nothing was measured.
/// Percentiles carry three significant digits and are never above the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencySummary {
    /// The smallest value measured.
    #[serde(default)]
    pub min: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// The largest value measured.
    pub max: u64,
    /// Arithmetic mean.
    pub mean: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_goes_by_the_largest_latency() {
        let mut total = LatencyTotal::default();
        let places = |total: &LatencyTotal| total.histogram().distinct_values();
        let empty = places(&total);
        let mut counts = LatencyCounts::default();
        counts.record_us(1_000_000);
        total.absorb(&counts);
        let of_a_second = places(&total);
        counts.record_us(u64::MAX);
        total.absorb(&counts);
        let whole = LatencyCounts::histogram().distinct_values();
        assert!(8 * empty < whole, "{empty} of {whole}");
        assert!(empty < of_a_second && of_a_second < whole);
        assert_eq!(places(&total), whole);
        assert_eq!((total.len(), total.max_us()), (3, 600_000_000));
    }

    proptest! {
        #[test]
        fn many_quantiles_are_those_asked_for_one_by_one(
            latencies in prop::collection::vec(1_u64..700_000_000, 0..200),
        ) {
            let mut counts = LatencyCounts::default();
            latencies.iter().for_each(|&us| counts.record_us(us));
            let mut total = LatencyTotal::default();
            total.absorb(&counts);
            let quantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0];
            let one_by_one = quantiles.map(|quantile| total.quantile_us(quantile));
            prop_assert_eq!(total.quantiles_us(&quantiles), one_by_one);
            let smallest = latencies.iter().min().map_or(0, |us| (*us).min(600_000_000));
            prop_assert_eq!(total.quantiles_us(&[0.0, 1.0]), [smallest, total.max_us()]);
        }
    }
}
