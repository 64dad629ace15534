//! How far a figure may be from the truth by chance. Two stretches whose spans overlap need not differ.

use crate::stats::LatencyTotal;

/// Two-sided 95 % quantile of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval. It supposes independent requests; those of a busy shop depend on each
/// other, so that it is rather too narrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    /// Lower end, in the unit of the figure.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ConfidenceInterval {
    /// Of a percentile: between the order statistics that the binomial distribution of the requests
    /// below it gives (normal approximation). `None` without a request.
    pub(super) fn of_quantile(latencies: &LatencyTotal, quantile: f64) -> Option<Self> {
        if latencies.is_empty() {
            return None;
        }
        let spread = Z_95 * (quantile * (1.0 - quantile) / latencies.len() as f64).sqrt();
        let at = |share: f64| latencies.quantile_us(share.clamp(0.0, 1.0)) as f64;
        Some(Self {
            low: at(quantile - spread),
            high: at(quantile + spread),
        })
    }

    /// Of a rate, as if arrivals were a Poisson process. `None` without any time.
    pub(super) fn of_rate(count: u64, length_s: f64) -> Option<Self> {
        let spread = Z_95 * (count as f64).sqrt();
        let at = |count: f64| count.max(0.0) / length_s;
        (length_s > 0.0).then(|| Self {
            low: at(count as f64 - spread),
            high: at(count as f64 + spread),
        })
    }

    /// Of a share: Wilson's interval (JASA 22, 1927). `None` of nothing.
    pub(super) fn of_share(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let (share, count) = (part as f64 / whole as f64, whole as f64);
        let z_squared = Z_95 * Z_95;
        let middle = share + z_squared / (2.0 * count);
        let variance = share * (1.0 - share) / count + z_squared / (4.0 * count * count);
        let spread = Z_95 * variance.sqrt();
        let scale = 1.0 + z_squared / count;
        Some(Self {
            low: ((middle - spread) / scale).max(0.0),
            high: ((middle + spread) / scale).min(1.0),
        })
    }

    /// Whether both have a value in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::LatencyCounts;

    fn latencies(count: u64) -> LatencyTotal {
        let mut counts = LatencyCounts::default();
        (1..=count).for_each(|us| counts.record_us(us));
        let mut total = LatencyTotal::default();
        total.absorb(&counts);
        total
    }

    #[test]
    fn percentiles_of_few_requests_are_uncertain() {
        let few = ConfidenceInterval::of_quantile(&latencies(100), 0.99).unwrap();
        // Ranks 99 ± 1.95, cut at the largest.
        assert_eq!((few.low, few.high), (98.0, 100.0));
        let many = ConfidenceInterval::of_quantile(&latencies(1_000), 0.5).unwrap();
        // Ranks 500 ± 31.
        assert_eq!((many.low, many.high), (470.0, 531.0));
        assert_eq!(ConfidenceInterval::of_quantile(&latencies(0), 0.5), None);
    }

    /// Wilson's interval of 1 in 10, as tabulated: 0.0179 to 0.4042.
    #[test]
    fn shares_have_wilsons_interval() {
        let span = ConfidenceInterval::of_share(1, 10).unwrap();
        assert!((span.low - 0.017_876).abs() < 1e-5, "{span:?}");
        assert!((span.high - 0.404_150).abs() < 1e-5, "{span:?}");
        let none = ConfidenceInterval::of_share(0, 600).unwrap();
        assert!(none.low < 1e-9 && none.high > 0.005, "{none:?}");
        assert!(none.overlaps(ConfidenceInterval::of_share(1, 600).unwrap()));
        assert!(!none.overlaps(ConfidenceInterval::of_share(60, 600).unwrap()));
        assert_eq!(ConfidenceInterval::of_share(0, 0), None);
    }

    #[test]
    fn rates_are_uncertain_by_the_root_of_their_count() {
        let span = ConfidenceInterval::of_rate(400, 10.0).unwrap();
        assert!((span.low - 36.08).abs() < 0.01 && (span.high - 43.92).abs() < 0.01);
        assert_eq!(ConfidenceInterval::of_rate(4, 0.0), None);
    }
}
