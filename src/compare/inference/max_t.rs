//! One permutation test over all rows of a table.

use super::arrangements::least_probability;
use super::estimate::{differences, moments};
use super::{Arrangements, Design, Estimate, Sample};

/// Statistics this much below another count as equal: they differ by the order of additions.
const TIE: f64 = 1e-9;

/// What the test says of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestedRow {
    /// Difference and standard error.
    pub estimate: Estimate,
    /// Ends of the interval; all intervals of the table together hold with the confidence asked for.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// Chance of a difference as large as this one in any row of the table if the sides were equal.
    pub p: f64,
}

/// The test of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxT {
    /// Its rows, in the order of the samples.
    pub rows: Vec<TestedRow>,
    /// How many standard errors the intervals reach to either side; a row's own Student interval
    /// may reach further, and then counts.
    pub critical: f64,
    /// Arrangements that were tried.
    pub arrangements: usize,
    /// Whether these were all.
    pub exact: bool,
    /// Whether there are enough runs to tell any difference at this confidence. If not, intervals are
    /// each row's own Student interval, and probabilities cannot fall below 1 − confidence.
    pub can_tell: bool,
}

impl MaxT {
    /// Tests all rows together, at least two runs a side, with `confidence` (0 to 1).
    ///
    /// Probabilities: P. H. Westfall and S. S. Young, Resampling-Based Multiple Testing (1993),
    /// section 2.6: single-step adjusted by the largest |t| of the table under permutation. t is
    /// studentised by Welch, which keeps the level for unequal variances too (E. Chung and J. P.
    /// Romano, Exact and asymptotically robust permutation tests, Annals of Statistics 41, 2013).
    /// Intervals: the same largest |t|, of the residuals (J. P. Romano and M. Wolf, Exact and
    /// approximate stepdown methods for multiple hypothesis testing, JASA 100, 2005), but never
    /// shorter than the row's own Student interval.
    #[must_use]
    pub fn of(samples: &[Sample], design: Design, confidence: f64, seed: u64) -> Self {
        let Some(first) = samples.first() else {
            return Self::of_nothing();
        };
        let (runs_a, runs_b) = (first.baseline.len(), first.candidate.len());
        let can_tell = least_probability(design, runs_a, runs_b) <= 1.0 - confidence + TIE;
        let arrangements = Arrangements::of(design, runs_a, runs_b, seed);
        let observed: Vec<RowValues> = samples
            .iter()
            .map(|row| RowValues::of(row, design))
            .collect();
        let centred: Vec<RowValues> = observed.iter().map(RowValues::centred).collect();
        let largest = largest_of_each(&arrangements, &observed);
        let critical = if can_tell {
            quantile(largest_of_each(&arrangements, &centred), confidence)
        } else {
            0.0
        };
        let row = |sample| {
            let estimate = Estimate::of(sample, design);
            let reach = critical.max(estimate.reach(confidence)) * estimate.standard_error;
            TestedRow {
                estimate,
                low: estimate.difference - reach,
                high: estimate.difference + reach,
                p: share_beyond(&largest, estimate.t().abs()),
            }
        };
        Self {
            rows: samples.iter().map(row).collect(),
            critical,
            arrangements: arrangements.len(),
            exact: arrangements.is_exact(),
            can_tell,
        }
    }

    fn of_nothing() -> Self {
        Self {
            rows: Vec::new(),
            critical: 0.0,
            arrangements: 0,
            exact: true,
            can_tell: false,
        }
    }
}

/// The values of a row that arrangements deal out.
struct RowValues {
    design: Design,
    /// Independent: all runs, the baseline's first. Paired: the differences.
    values: Vec<f64>,
    baseline: usize,
    rounding_variance: f64,
}

impl RowValues {
    fn of(sample: &Sample, design: Design) -> Self {
        let values = match design {
            Design::Paired => differences(sample),
            Design::Independent => {
                let all: Vec<f64> = [&sample.baseline[..], &sample.candidate].concat();
                // Around their mean, so that sums of squares keep their digits.
                let mean = moments(&all).0;
                all.iter().map(|value| value - mean).collect()
            }
        };
        Self {
            design,
            values,
            baseline: sample.baseline.len(),
            rounding_variance: sample.rounding_variance,
        }
    }

    /// The same without any difference between the sides.
    fn centred(&self) -> Self {
        let part = match self.design {
            Design::Independent => self.baseline,
            Design::Paired => 0,
        };
        let (left, right) = self.values.split_at(part);
        let residuals = [left, right].into_iter().flat_map(|side| {
            let mean = side.iter().sum::<f64>() / side.len().max(1) as f64;
            side.iter().map(move |value| value - mean)
        });
        Self {
            values: residuals.collect(),
            ..*self
        }
    }

    /// |t| of an arrangement.
    fn t(&self, marks: &[bool]) -> f64 {
        match self.design {
            Design::Independent => self.t_of_deal(marks),
            Design::Paired => self.t_of_flips(marks),
        }
    }

    fn t_of_deal(&self, marks: &[bool]) -> f64 {
        // Count, sum and sum of squares of either side.
        let mut sides = [(0.0, 0.0, 0.0); 2];
        for (&value, &mark) in self.values.iter().zip(marks) {
            let (count, sum, squares) = &mut sides[usize::from(mark)];
            *count += 1.0;
            *sum += value;
            *squares += value * value;
        }
        let [a, b] = sides.map(|(count, sum, squares): (f64, f64, f64)| {
            let variance = (squares - sum * sum / count).max(0.0) / (count - 1.0);
            (sum / count, variance / count)
        });
        (b.0 - a.0).abs() / self.error_of(a.1 + b.1)
    }

    fn t_of_flips(&self, marks: &[bool]) -> f64 {
        let n = self.values.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        for (&value, &mark) in self.values.iter().zip(marks) {
            sum += if mark { -value } else { value };
            squares += value * value;
        }
        let variance = (squares - sum * sum / n).max(0.0) / (n - 1.0);
        (sum / n).abs() / self.error_of(variance / n)
    }

    fn error_of(&self, of_runs: f64) -> f64 {
        (of_runs + self.rounding_variance + super::estimate::VARIANCE_FLOOR).sqrt()
    }
}

/// The largest |t| of all rows, in each arrangement.
fn largest_of_each(arrangements: &Arrangements, rows: &[RowValues]) -> Vec<f64> {
    let largest = |marks: &[bool]| rows.iter().map(|row| row.t(marks)).fold(0.0, f64::max);
    arrangements.iter().map(largest).collect()
}

/// Share of `values` that reach `t`.
fn share_beyond(values: &[f64], t: f64) -> f64 {
    let reaching = values.iter().filter(|&&value| value >= t * (1.0 - TIE));
    reaching.count() as f64 / values.len() as f64
}

/// Smallest value that the share `share` of `values` does not exceed.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (share * values.len() as f64).ceil() as usize;
    values[place.clamp(1, values.len()) - 1]
}
