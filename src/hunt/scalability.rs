//! The Universal Scalability Law, fitted to what the probes carried.
//!
//! X(N) = λN / (1 + σ(N − 1) + κN(N − 1)): the throughput of N requests in flight, where λ is that of
//! one alone, σ what they wait for each other, and κ what they cost each other (Gunther, "Guerrilla
//! Capacity Planning", Springer 2007, chapter 4). N / X is linear in 1/λ, σ/λ and κ/λ, so that the
//! fit that makes the relative errors smallest is one of linear least squares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewest probes that a law of three unknowns is fitted to.
pub const FEWEST_POINTS: usize = 4;
/// A fit that is off by more, on average, does not describe the target.
const POOR_ERROR: f64 = 0.10;
/// How much further than what was measured a prediction may reach without a warning.
const SMALL_STEP: f64 = 1.05;

/// The law, as fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scalability {
    /// λ: requests a second with one request in flight.
    pub lambda_per_s: f64,
    /// σ: the share of a request that waits for others, 0 or more.
    pub sigma: f64,
    /// κ: what requests cost each other pairwise, 0 or more.
    pub kappa: f64,
    /// Probes that it was fitted to.
    pub points: usize,
    /// Fewest requests in flight, on average, of these probes.
    pub least_concurrency: f64,
    /// Most.
    pub most_concurrency: f64,
    /// Root of the mean squared relative error of the throughput: 0.03 is 3 %.
    pub rms_error: f64,
    /// Its largest relative error.
    pub largest_error: f64,
    /// Requests in flight at which the throughput is largest; null when it only levels off.
    pub peak_concurrency: Option<f64>,
    /// The throughput there, or the level that it comes near to; null when it has neither.
    pub peak_per_s: Option<f64>,
    /// What keeps the figures from being believed; a sentence each.
    pub warnings: Vec<String>,
}

/// A probe: requests in flight on average, and requests a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalabilityPoint {
    /// N; the law is fitted to points from 1 on.
    pub concurrency: f64,
    /// X, more than 0.
    pub per_s: f64,
}

impl Scalability {
    /// The law that fits `points` best; `None` when they are too few, or do not spread.
    #[must_use]
    pub fn fit(points: &[ScalabilityPoint]) -> Option<Self> {
        // The law is about one request in flight and more: below, the term for waiting turns round.
        let usable = |point: &&ScalabilityPoint| point.concurrency >= 1.0 && point.per_s > 0.0;
        let points: Vec<ScalabilityPoint> = points.iter().filter(usable).copied().collect();
        if points.len() < FEWEST_POINTS {
            return None;
        }
        let by_concurrency =
            |a: &&ScalabilityPoint, b: &&ScalabilityPoint| a.concurrency.total_cmp(&b.concurrency);
        let least = points.iter().min_by(by_concurrency)?.concurrency;
        let most = points.iter().max_by(by_concurrency)?.concurrency;
        if most < least * 1.5 {
            return None;
        }
        let [a, b, c] = coefficients(&points)?;
        let mut law = Self {
            lambda_per_s: 1.0 / a,
            sigma: b / a,
            kappa: c / a,
            points: points.len(),
            least_concurrency: least,
            most_concurrency: most,
            rms_error: 0.0,
            largest_error: 0.0,
            peak_concurrency: None,
            peak_per_s: None,
            warnings: Vec::new(),
        };
        law.measure_errors(&points);
        law.find_peak();
        law.warn();
        Some(law)
    }

    /// The throughput with `concurrency` requests in flight, in requests a second.
    #[must_use]
    pub fn at(&self, concurrency: f64) -> f64 {
        let others = concurrency - 1.0;
        let slowdown = 1.0 + self.sigma * others + self.kappa * concurrency * others;
        self.lambda_per_s * concurrency / slowdown
    }

    fn measure_errors(&mut self, points: &[ScalabilityPoint]) {
        let errors: Vec<f64> = points
            .iter()
            .map(|point| (self.at(point.concurrency) / point.per_s - 1.0).abs())
            .collect();
        let squares: f64 = errors.iter().map(|error| error * error).sum();
        self.rms_error = (squares / errors.len() as f64).sqrt();
        self.largest_error = errors.into_iter().fold(0.0, f64::max);
    }

    fn find_peak(&mut self) {
        if self.kappa > 0.0 && self.sigma < 1.0 {
            let peak = ((1.0 - self.sigma) / self.kappa).sqrt();
            self.peak_concurrency = Some(peak);
            self.peak_per_s = Some(self.at(peak));
        } else if self.sigma > 0.0 {
            self.peak_per_s = Some(self.lambda_per_s / self.sigma);
        }
    }

    fn warn(&mut self) {
        if self.rms_error > POOR_ERROR {
            self.warnings.push(format!(
                "it is off by {:.0} % on average: this law does not describe the target",
                self.rms_error * 100.0
            ));
        }
        if let Some(peak) = self.peak_concurrency
            && peak > self.most_concurrency * SMALL_STEP
        {
            self.warnings.push(format!(
                "its peak, at {peak:.0} requests in flight, was not reached: at most {:.0} were measured, and beyond them it is a guess",
                self.most_concurrency
            ));
        }
    }
}

/// a, b, c ≥ 0 (a > 0) that make Σ (1 − Xᵢ/Nᵢ · (a + b(Nᵢ−1) + cNᵢ(Nᵢ−1)))² smallest. Of the four ways
/// to leave b and c out or in, the best one that is allowed.
fn coefficients(points: &[ScalabilityPoint]) -> Option<[f64; 3]> {
    let rows: Vec<[f64; 3]> = points
        .iter()
        .map(|point| {
            let n = point.concurrency;
            let scale = point.per_s / n;
            [scale, scale * (n - 1.0), scale * n * (n - 1.0)]
        })
        .collect();
    let choices: [&[usize]; 4] = [&[0], &[0, 1], &[0, 2], &[0, 1, 2]];
    let solutions = choices.into_iter().filter_map(|columns| {
        let solution = least_squares(&rows, columns)?;
        let is_allowed = solution[0] > 0.0 && solution.iter().all(|value| *value >= 0.0);
        is_allowed.then(|| (error_of(&rows, &solution), solution))
    });
    let best = solutions.min_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, solution)| solution)
}

fn error_of(rows: &[[f64; 3]], solution: &[f64; 3]) -> f64 {
    let residual = |row: &[f64; 3]| {
        let told: f64 = row.iter().zip(solution).map(|(x, a)| x * a).sum();
        (1.0 - told).powi(2)
    };
    rows.iter().map(residual).sum()
}

/// Solves the normal equations of the chosen columns, against a right side of ones. The columns are
/// scaled to length 1 first: they differ by orders of magnitude.
fn least_squares(rows: &[[f64; 3]], columns: &[usize]) -> Option<[f64; 3]> {
    let length = |column: usize| {
        let squares: f64 = rows.iter().map(|row| row[column] * row[column]).sum();
        squares.sqrt()
    };
    let lengths: Vec<f64> = columns.iter().map(|&column| length(column)).collect();
    if lengths.iter().any(|length| *length <= 0.0) {
        return None;
    }
    let count = columns.len();
    let mut system = vec![vec![0.0; count + 1]; count];
    for (i, &left) in columns.iter().enumerate() {
        for (j, &right) in columns.iter().enumerate() {
            let product: f64 = rows.iter().map(|row| row[left] * row[right]).sum();
            system[i][j] = product / (lengths[i] * lengths[j]);
        }
        let sum: f64 = rows.iter().map(|row| row[left]).sum();
        system[i][count] = sum / lengths[i];
    }
    let scaled = solve(system)?;
    let mut solution = [0.0; 3];
    for ((&column, value), length) in columns.iter().zip(scaled).zip(lengths) {
        solution[column] = value / length;
    }
    Some(solution)
}

/// Gauss elimination with the largest pivot of each column; `None` for a system without one solution.
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = system.len();
    for column in 0..count {
        let size = |row: &usize| system[*row][column].abs();
        let pivot = (column..count).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        if system[pivot][column].abs() < 1e-12 {
            return None;
        }
        system.swap(column, pivot);
        let pivot_row = system[column].clone();
        for (row, values) in system.iter_mut().enumerate() {
            if row != column {
                let factor = values[column] / pivot_row[column];
                for (value, pivot_value) in values.iter_mut().zip(&pivot_row) {
                    *value -= factor * pivot_value;
                }
            }
        }
    }
    let solution = (0..count).map(|row| system[row][count] / system[row][row]);
    Some(solution.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points_of(lambda: f64, sigma: f64, kappa: f64, at: &[f64]) -> Vec<ScalabilityPoint> {
        let point = |&n: &f64| ScalabilityPoint {
            concurrency: n,
            per_s: lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0)),
        };
        at.iter().map(point).collect()
    }

    const AT: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

    #[test]
    fn too_little_is_no_law() {
        assert_eq!(Scalability::fit(&points_of(10.0, 0.1, 0.0, &AT[..3])), None);
        let level = points_of(10.0, 0.1, 0.0, &[4.0, 4.1, 4.2, 4.3, 4.4]);
        assert_eq!(Scalability::fit(&level), None);
    }

    #[test]
    fn perfect_scaling_has_no_peak() {
        let law = Scalability::fit(&points_of(50.0, 0.0, 0.0, &AT)).unwrap();
        assert!((law.lambda_per_s - 50.0).abs() < 1e-6);
        assert!(law.sigma < 1e-9 && law.kappa < 1e-9, "{law:?}");
    }

    #[test]
    fn one_server_levels_off_at_its_capacity() {
        let law = Scalability::fit(&points_of(200.0, 1.0, 0.0, &AT)).unwrap();
        assert!((law.at(1_000.0) - 200.0).abs() < 1e-3, "{law:?}");
        assert!(law.rms_error < 1e-9);
    }

    #[test]
    fn a_peak_that_was_not_reached_is_a_guess() {
        let law = Scalability::fit(&points_of(100.0, 0.02, 1e-5, &AT)).unwrap();
        assert!(law.peak_concurrency.unwrap() > 300.0);
        assert_eq!(law.warnings.len(), 1);
        assert!(law.warnings[0].contains("was not reached"));
        let reached = Scalability::fit(&points_of(100.0, 0.02, 1e-3, &AT)).unwrap();
        assert!(reached.warnings.is_empty(), "{reached:?}");
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let odd = [(1.0, 100.0), (2.0, 20.0), (4.0, 400.0), (8.0, 90.0)];
        let points = odd.map(|(concurrency, per_s)| ScalabilityPoint { concurrency, per_s });
        let law = Scalability::fit(&points).unwrap();
        assert!(law.warnings[0].contains("does not describe"), "{law:?}");
    }

    proptest! {
        #[test]
        fn exact_points_give_the_law_back(
            lambda in 1.0_f64..1e4,
            sigma in 0.0_f64..0.9,
            kappa in 1e-6_f64..1e-2,
        ) {
            let law = Scalability::fit(&points_of(lambda, sigma, kappa, &AT)).unwrap();
            prop_assert!((law.lambda_per_s / lambda - 1.0).abs() < 1e-3, "{:?}", law);
            prop_assert!((law.sigma - sigma).abs() < 1e-3, "{:?}", law);
            prop_assert!((law.kappa - kappa).abs() < 1e-4, "{:?}", law);
            prop_assert!(law.rms_error < 1e-3);
        }
    }
}
