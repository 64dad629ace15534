//! The difference between two groups of runs, and how uncertain it is.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Keeps equal values from making a standard error of 0: far below anything that is measured.
pub(super) const VARIANCE_FLOOR: f64 = 1e-24;

/// Which runs belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// The runs of both sides have nothing to do with each other.
    Independent,
    /// The n-th run of one side was made right beside the n-th of the other, so that both saw the
    /// same state of the machine: their difference counts.
    Paired,
}

/// Values of one quantity, one a run, on the scale on which differences add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Runs of the baseline.
    pub baseline: Vec<f64>,
    /// Runs of the candidate; in the paired design as many, in the same order.
    pub candidate: Vec<f64>,
    /// Variance that rounding adds to the difference, however many runs there are.
    pub rounding_variance: f64,
}

/// A difference with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of the candidate less mean of the baseline.
    pub difference: f64,
    /// Its standard error, rounding included.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub degrees: f64,
}

impl Estimate {
    /// The estimate from at least two runs a side.
    ///
    /// Independent: Welch's standard error and degrees of freedom (B. L. Welch, The generalization
    /// of "Student's" problem when several different population variances are involved, Biometrika
    /// 34, 1947; F. E. Satterthwaite, Biometrics Bulletin 2, 1946). Paired: Student's, of the
    /// differences. Rounding enters as a uniform error of either side's mean (JCGM 100:2008, GUM,
    /// 4.3.7).
    #[must_use]
    pub fn of(sample: &Sample, design: Design) -> Self {
        match design {
            Design::Independent => welch(sample),
            Design::Paired => paired(sample),
        }
    }

    /// The difference in standard errors.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.difference / self.standard_error
    }

    /// How many standard errors to either side hold the true difference with `confidence`, for this
    /// row alone, when runs are normally distributed (Student, Biometrika 6, 1908).
    #[must_use]
    pub fn reach(&self, confidence: f64) -> f64 {
        t_quantile(self.degrees, f64::midpoint(1.0, confidence))
    }
}

fn welch(sample: &Sample) -> Estimate {
    let (mean_a, variance_a) = moments(&sample.baseline);
    let (mean_b, variance_b) = moments(&sample.candidate);
    let (n_a, n_b) = (sample.baseline.len() as f64, sample.candidate.len() as f64);
    let (part_a, part_b) = (variance_a / n_a, variance_b / n_b);
    let of_runs = part_a + part_b;
    let degrees = if of_runs > VARIANCE_FLOOR {
        of_runs.powi(2) / (part_a.powi(2) / (n_a - 1.0) + part_b.powi(2) / (n_b - 1.0))
    } else {
        n_a + n_b - 2.0
    };
    Estimate {
        difference: mean_b - mean_a,
        standard_error: error_of(of_runs, sample),
        degrees,
    }
}

fn paired(sample: &Sample) -> Estimate {
    let (mean, variance) = moments(&differences(sample));
    let n = sample.baseline.len() as f64;
    Estimate {
        difference: mean,
        standard_error: error_of(variance / n, sample),
        degrees: n - 1.0,
    }
}

fn error_of(of_runs: f64, sample: &Sample) -> f64 {
    (of_runs + sample.rounding_variance + VARIANCE_FLOOR).sqrt()
}

/// Candidate less baseline, pair by pair.
pub(super) fn differences(sample: &Sample) -> Vec<f64> {
    let pairs = sample.baseline.iter().zip(&sample.candidate);
    pairs
        .map(|(baseline, candidate)| candidate - baseline)
        .collect()
}

/// Mean, and variance with n − 1 in the denominator.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (n - 1.0))
}

/// What one run a side adds to the variance of the difference: variance of a baseline run plus that
/// of a candidate run; paired, variance of a difference.
#[must_use]
pub fn run_variance(sample: &Sample, design: Design) -> f64 {
    match design {
        Design::Independent => moments(&sample.baseline).1 + moments(&sample.candidate).1,
        Design::Paired => moments(&differences(sample)).1,
    }
}

/// Difference of means that two groups of so many runs of one configuration stay below with
/// `confidence`, judged by at least two runs of it (Student's two-sample interval with their
/// variance).
#[must_use]
pub fn noise_reach(noise: &[f64], runs: [usize; 2], confidence: f64) -> f64 {
    let (_, variance) = moments(noise);
    let parts: f64 = runs.iter().map(|&runs| 1.0 / runs as f64).sum();
    let degrees = noise.len() as f64 - 1.0;
    t_quantile(degrees, f64::midpoint(1.0, confidence)) * (variance * parts).sqrt()
}

/// The value that a Student t variable of so many degrees of freedom exceeds with 1 − `share`.
pub(super) fn t_quantile(degrees: f64, share: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(distribution) => distribution.inverse_cdf(share),
        Err(_) => f64::INFINITY,
    }
}

/// Chance that a Student t variable is beyond ±`t`.
pub(super) fn t_two_sided(degrees: f64, t: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(distribution) => 2.0 * distribution.sf(t.abs()),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(baseline: &[f64], candidate: &[f64]) -> Sample {
        Sample {
            baseline: baseline.to_vec(),
            candidate: candidate.to_vec(),
            rounding_variance: 0.0,
        }
    }

    fn near(actual: f64, expected: f64) {
        assert!(
            (actual - expected).abs() < 1e-4 * expected.abs().max(1.0),
            "{actual} is not {expected}"
        );
    }

    #[test]
    fn welch_agrees_with_a_worked_example() {
        // Means 2.5 and 5, variances 5/3 and 10, of 4 and 5 runs: error² = 5/12 + 2.
        let estimate = Estimate::of(
            &sample(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 5.0, 7.0, 9.0]),
            Design::Independent,
        );
        near(estimate.difference, 2.5);
        near(estimate.standard_error, (29.0_f64 / 12.0).sqrt());
        // (29/12)² / ((5/12)²/3 + 2²/4)
        near(estimate.degrees, 5.520_74);
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        near(t_quantile(1.0, 0.975), 12.7062);
        near(t_quantile(9.0, 0.975), 2.262_16);
        near(t_quantile(18.0, 0.995), 2.878_44);
        near(t_two_sided(9.0, 2.262_16), 0.05);
    }

    #[test]
    fn pairs_take_out_what_both_saw() {
        let slow = sample(&[1.0, 5.0, 1.1, 5.2], &[1.2, 5.2, 1.3, 5.4]);
        let paired = Estimate::of(&slow, Design::Paired);
        let apart = Estimate::of(&slow, Design::Independent);
        near(paired.difference, 0.2);
        near(apart.difference, 0.2);
        assert!(paired.standard_error < 1e-6 && apart.standard_error > 1.0);
    }

    #[test]
    fn equal_values_have_an_error_only_by_rounding() {
        let equal = Sample {
            rounding_variance: 0.01,
            ..sample(&[1.0; 3], &[1.0; 3])
        };
        let estimate = Estimate::of(&equal, Design::Independent);
        near(estimate.standard_error, 0.1);
        near(estimate.degrees, 4.0);
        near(
            Estimate::of(&sample(&[1.0; 3], &[1.0; 3]), Design::Independent).t(),
            0.0,
        );
    }
}
