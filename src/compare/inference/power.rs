//! How many runs would decide.

use super::Design;
use super::estimate::{t_quantile, t_two_sided};

/// Runs a side beyond which nobody is sent.
pub const MOST_RUNS: usize = 10_000;
/// Chance to find the difference that matters, if it is there.
const POWER: f64 = 0.8;

/// What is asked of the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needed {
    /// Which runs belong together.
    pub design: Design,
    /// Variance of a baseline run plus that of a candidate run; paired, variance of a difference.
    pub variance: f64,
    /// Variance that no number of runs takes away.
    pub rounding_variance: f64,
    /// The difference that has to be found, on the scale of the variances.
    pub difference: f64,
    /// Standard errors that the present intervals reach to either side …
    pub critical: f64,
    /// … with so many degrees of freedom.
    pub degrees: f64,
    /// Fewest runs a side that can tell anything.
    pub least: usize,
}

/// Fewest runs a side that find the difference with a chance of 80 %: the first n with
/// (t₍₁₋α/2₎ + t₍₀.₈₎) · standard error(n) ≤ difference, both t with the degrees of freedom of n
/// (J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, chapter 2; the
/// approximation by the central t). α is what the present intervals leave to this row. `None` when
/// more than [`MOST_RUNS`] are needed, or rounding hides the difference for good.
#[must_use]
pub fn runs_needed(needed: &Needed) -> Option<usize> {
    let alpha = t_two_sided(needed.degrees, needed.critical);
    let is_enough = |runs: usize| {
        let n = runs as f64;
        let degrees = match needed.design {
            Design::Independent => 2.0 * n - 2.0,
            Design::Paired => n - 1.0,
        };
        let error = (needed.variance / n + needed.rounding_variance).sqrt();
        let reach = t_quantile(degrees, 1.0 - alpha / 2.0) + t_quantile(degrees, POWER);
        reach * error <= needed.difference
    };
    // More runs never do worse, so that halving finds the first that do.
    let (mut too_few, mut enough) = (needed.least.max(2) - 1, MOST_RUNS);
    if !is_enough(enough) {
        return None;
    }
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if is_enough(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(difference: f64) -> Needed {
        Needed {
            design: Design::Independent,
            variance: 2.0,
            rounding_variance: 0.0,
            difference,
            critical: t_quantile(30.0, 0.975),
            degrees: 30.0,
            least: 4,
        }
    }

    /// Cohen's table 2.4.1, α = 0.05 two-sided, power 0.80: d = 0.2, 0.5, 0.8 need 393, 64, 26.
    #[test]
    fn the_numbers_are_those_of_cohens_table() {
        for (effect, runs) in [(0.2, 393_usize), (0.5, 64), (0.8, 26)] {
            let found = runs_needed(&needed(effect)).unwrap();
            assert!(found.abs_diff(runs) <= 1, "{effect}: {found}, not {runs}");
        }
    }

    #[test]
    fn large_differences_need_the_least_and_hidden_ones_are_never_found() {
        assert_eq!(runs_needed(&needed(100.0)), Some(4));
        assert_eq!(runs_needed(&needed(0.001)), None);
        let rounded = Needed {
            rounding_variance: 1.0,
            ..needed(0.5)
        };
        assert_eq!(runs_needed(&rounded), None);
    }
}
