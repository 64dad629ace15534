//! How the requests that a threshold on a percentile is about lie about its limit, second by second.

use super::gather::RowGatherer;
use crate::plan::{Operator, Tag, Threshold, ThresholdQuantity};
use crate::stats::{LatencyCounts, MergedInterval, Phase, RunContext, Tail, TailSecond};
use hdrhistogram::Histogram;

/// Watches over one threshold.
pub struct TailWatch {
    gatherer: RowGatherer,
    quantity: ThresholdQuantity,
    quantile: f64,
    limit_us: f64,
    /// Whether a latency of `limit_us` is within the limit.
    includes_limit: bool,
    seconds: Vec<TailSecond>,
    latencies: Histogram<u64>,
}

impl TailWatch {
    /// Watches over `threshold`; `None` when it is none on an upper limit of a percentile of all that
    /// is measured.
    #[must_use]
    pub fn new(threshold: &Threshold, context: &RunContext) -> Option<Self> {
        let quantile = threshold.watched_quantile()?;
        let of = threshold.quantity.selector();
        if !of.admits(Tag::Phase, Phase::Steady.word()) {
            return None;
        }
        Some(Self {
            gatherer: RowGatherer::new(&threshold.quantity, context),
            quantity: threshold.quantity.clone(),
            quantile,
            limit_us: threshold.limit,
            includes_limit: threshold.operator == Operator::AtMost,
            seconds: Vec::new(),
            latencies: LatencyCounts::histogram(),
        })
    }

    /// Adds a second of the window.
    pub fn second(&mut self, interval: &MergedInterval, context: &RunContext) {
        let portion = self.gatherer.gather(&self.quantity, interval, context);
        let mut second = TailSecond::default();
        for &(latency_us, count) in portion.latencies() {
            let (latency, count) = (latency_us as f64, u64::from(count));
            let is_beyond = match self.includes_limit {
                true => latency > self.limit_us,
                false => latency >= self.limit_us,
            };
            second.requests += count;
            second.beyond += if is_beyond { count } else { 0 };
            second.beyond_half += if latency * 2.0 > self.limit_us {
                count
            } else {
                0
            };
            self.latencies.saturating_record_n(latency_us, count);
        }
        self.seconds.push(second);
    }

    /// What was seen so far.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let median_us = self.latencies.value_at_quantile(0.5) as f64;
        Tail::of(&self.seconds, median_us, self.limit_us, self.quantile)
    }
}
