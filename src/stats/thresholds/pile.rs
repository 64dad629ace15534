//! What a stretch of time has of a quantity, and the value that it makes.

use crate::plan::{Statistic, Threshold, ThresholdQuantity, Unit};
use crate::stats::{Amount, LatencyCounts, MergedInterval};
use hdrhistogram::Histogram;

const SECOND_US: u64 = 1_000_000;

/// What one second has of a quantity.
#[derive(Clone, Debug, Default)]
pub(super) struct Portion {
    /// Which second of the run.
    pub ordinal: u64,
    /// Its end, in seconds from the start of the run.
    pub end_s: f64,
    /// The part of it within the run time: what rates are taken over.
    pub length_us: u64,
    /// Things counted.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
    /// The back end's figure.
    pub sample: Option<Amount>,
    /// Latencies in microseconds and how often; a value may stand there more than once.
    buckets: Vec<(u64, u32)>,
    sum_us: u64,
    min_us: Option<u64>,
    max_us: u64,
}

impl Portion {
    /// Nothing of an interval yet.
    pub fn of(interval: &MergedInterval, run_time_us: u64) -> Self {
        let within = |us: u64| us.min(run_time_us);
        Self {
            ordinal: interval.start_us / SECOND_US,
            end_s: interval.end_s(),
            length_us: within(interval.end_us) - within(interval.start_us),
            ..Self::default()
        }
    }

    /// The latencies in it: (µs, how often); a value may stand there more than once.
    pub fn latencies(&self) -> &[(u64, u32)] {
        &self.buckets
    }

    pub fn add_latencies(&mut self, counts: &LatencyCounts) {
        self.buckets.extend(counts.buckets());
        self.sum_us += counts.sum_us();
        self.min_us = self.min_us.into_iter().chain(counts.min_us()).min();
        self.max_us = self.max_us.max(counts.max_us());
    }
}

/// Portions, put together.
pub(super) struct Pile {
    portions: u64,
    length_us: u64,
    part: u64,
    whole: u64,
    latencies: Option<Latencies>,
    samples: Samples,
}

/// Merged latencies.
struct Latencies {
    histogram: Histogram<u64>,
    sum_us: u128,
    min_us: Option<u64>,
    max_us: u64,
}

/// Figures of the back end.
#[derive(Clone, Copy, Default)]
struct Samples {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    last: Amount,
    /// Whether one of them is a lower bound.
    any_at_least: bool,
}

impl Pile {
    /// An empty one for a quantity.
    pub fn of(quantity: &ThresholdQuantity) -> Self {
        let latencies = (quantity.unit() == Unit::Microseconds).then(|| Latencies {
            histogram: LatencyCounts::histogram(),
            sum_us: 0,
            min_us: None,
            max_us: 0,
        });
        Self {
            portions: 0,
            length_us: 0,
            part: 0,
            whole: 0,
            latencies,
            samples: Samples::default(),
        }
    }

    /// Whether no second was put on it.
    pub fn is_empty(&self) -> bool {
        self.portions == 0
    }

    pub fn add(&mut self, portion: &Portion) {
        self.portions += 1;
        self.length_us += portion.length_us;
        self.part += portion.part;
        self.whole += portion.whole;
        if let Some(latencies) = &mut self.latencies {
            latencies.add(portion);
        }
        if let Some(sample) = portion.sample {
            self.samples.add(sample);
        }
    }

    /// Adds a figure of the back end alone.
    pub fn add_sample(&mut self, sample: Amount) {
        self.samples.add(sample);
    }

    pub fn clear(&mut self) {
        (self.portions, self.length_us, self.part, self.whole) = (0, 0, 0, 0);
        self.samples = Samples::default();
        if let Some(latencies) = &mut self.latencies {
            latencies.clear();
        }
    }

    /// The value that the threshold compares; `None` without data.
    pub fn value(&self, threshold: &Threshold) -> Option<Amount> {
        let exact = |value: f64| Some(Amount::exact(value));
        let statistic = sample_statistic(threshold);
        if let ThresholdQuantity::Event { .. } = threshold.quantity {
            return (self.samples.count > 0).then_some(self.samples.last);
        }
        match threshold.quantity.unit() {
            Unit::Microseconds => exact(self.latencies.as_ref()?.statistic(statistic?)?),
            Unit::Share if self.whole > 0 => exact(self.part as f64 / self.whole as f64),
            Unit::PerSecond if self.length_us > 0 => {
                exact(self.part as f64 * SECOND_US as f64 / self.length_us as f64)
            }
            Unit::Count if self.portions > 0 => exact(self.part as f64),
            Unit::OfSource => self.samples.statistic(statistic, threshold),
            Unit::Share | Unit::PerSecond | Unit::Count => None,
        }
    }
}

impl Latencies {
    fn add(&mut self, portion: &Portion) {
        for &(value_us, count) in &portion.buckets {
            self.histogram
                .saturating_record_n(value_us, u64::from(count));
        }
        self.sum_us += u128::from(portion.sum_us);
        self.min_us = self.min_us.into_iter().chain(portion.min_us).min();
        self.max_us = self.max_us.max(portion.max_us);
    }

    fn clear(&mut self) {
        self.histogram.reset();
        (self.sum_us, self.min_us, self.max_us) = (0, None, 0);
    }

    fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let min_us = self.min_us?;
        Some(match statistic {
            // As the totals have it: never above the exact maximum.
            Statistic::Quantile(quantile) => {
                self.histogram.value_at_quantile(quantile).min(self.max_us) as f64
            }
            Statistic::Mean => self.sum_us as f64 / self.histogram.len() as f64,
            Statistic::Min => min_us as f64,
            Statistic::Max | Statistic::Last => self.max_us as f64,
        })
    }
}

impl Samples {
    fn add(&mut self, sample: Amount) {
        let value = sample.value;
        let is_first = self.count == 0;
        self.min = if is_first { value } else { self.min.min(value) };
        self.max = if is_first { value } else { self.max.max(value) };
        self.count += 1;
        self.sum += value;
        self.last = sample;
        self.any_at_least |= sample.at_least;
    }

    /// Without a statistic every sample has to hold: the one is taken that holds least.
    fn statistic(&self, statistic: Option<Statistic>, threshold: &Threshold) -> Option<Amount> {
        if self.count == 0 {
            return None;
        }
        let value = match statistic {
            Some(Statistic::Last) => return Some(self.last),
            Some(Statistic::Mean) => self.sum / self.count as f64,
            Some(Statistic::Min) => self.min,
            Some(Statistic::Max | Statistic::Quantile(_)) => self.max,
            None if threshold.badness(self.min) > threshold.badness(self.max) => self.min,
            None => self.max,
        };
        let at_least = self.any_at_least;
        Some(Amount { value, at_least })
    }
}

/// The statistic of samples that a threshold is judged by: when every one has to hold, the worst.
fn sample_statistic(threshold: &Threshold) -> Option<Statistic> {
    match &threshold.quantity {
        ThresholdQuantity::Observed { statistic, .. } => *statistic,
        ThresholdQuantity::Latency { statistic, .. }
        | ThresholdQuantity::RaceSpread { statistic, .. } => Some(*statistic),
        _ => None,
    }
}
