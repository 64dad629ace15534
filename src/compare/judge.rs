//! From intervals to words.

use super::comparison_record::{Better, Interval, Overall, RowVerdict};

/// What a row's difference is judged by; all of it on the scale on which differences add up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JudgedDifference {
    /// The difference.
    pub difference: f64,
    /// Its interval.
    pub interval: Interval,
    /// Adjusted probability of such a difference between equal sides.
    pub p: f64,
    /// 1 − confidence.
    pub alpha: f64,
    /// What matters.
    pub margin: f64,
    /// What runs of one configuration differ by; 0 when that was not measured.
    pub noise_floor: f64,
    /// Which direction is good.
    pub better: Better,
}

/// The word for a row.
///
/// A difference is claimed when the interval leaves out 0, the permutation test agrees, and the
/// estimate is not smaller than what matters, nor than the noise floor. That there is none that
/// matters is said when the whole interval is within the margin: two one-sided tests (D. J.
/// Schuirmann, J. Pharmacokin. Biopharm. 15, 1987). All else is inconclusive.
#[must_use]
pub fn judge(finding: &JudgedDifference) -> RowVerdict {
    let Interval { low, high } = finding.interval;
    if low >= -finding.margin && high <= finding.margin {
        return RowVerdict::NoDifference;
    }
    let differs = (low > 0.0 || high < 0.0) && finding.p <= finding.alpha;
    let size = finding.difference.abs();
    if !differs || size < finding.margin || size < finding.noise_floor {
        return RowVerdict::Inconclusive;
    }
    match (finding.better, finding.difference > 0.0) {
        (Better::Neither, _) => RowVerdict::Changed,
        (Better::Higher, true) | (Better::Lower, false) => RowVerdict::Better,
        (Better::Higher, false) | (Better::Lower, true) => RowVerdict::Worse,
    }
}

/// The word for all headline rows together.
#[must_use]
pub fn overall(rows: &[RowVerdict]) -> Overall {
    let any = |verdict| rows.contains(&verdict);
    if any(RowVerdict::NotJudged) || rows.is_empty() {
        return Overall::NotJudged;
    }
    match (any(RowVerdict::Better), any(RowVerdict::Worse)) {
        (true, true) => Overall::Mixed,
        (true, false) => Overall::Better,
        (false, true) => Overall::Worse,
        (false, false) if any(RowVerdict::Inconclusive) => Overall::Inconclusive,
        (false, false) => Overall::NoDifference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(low: f64, high: f64, change: impl FnOnce(&mut JudgedDifference)) -> RowVerdict {
        let mut finding = JudgedDifference {
            difference: f64::midpoint(low, high),
            interval: Interval { low, high },
            p: 0.01,
            alpha: 0.05,
            margin: 0.02,
            noise_floor: 0.0,
            better: Better::Lower,
        };
        change(&mut finding);
        judge(&finding)
    }

    #[test]
    fn words_follow_from_interval_test_margin_and_noise() {
        use RowVerdict::{Better as B, Changed, Inconclusive, NoDifference, Worse};
        assert_eq!(word(0.03, 0.07, |_| ()), Worse);
        assert_eq!(word(-0.07, -0.03, |_| ()), B);
        assert_eq!(word(-0.07, -0.03, |f| f.better = Better::Higher), Worse);
        assert_eq!(word(0.03, 0.07, |f| f.better = Better::Neither), Changed);
        assert_eq!(word(-0.01, 0.015, |_| ()), NoDifference);
        // There, but too small to matter.
        assert_eq!(word(0.005, 0.015, |_| ()), NoDifference);
        assert_eq!(word(0.005, 0.03, |_| ()), Inconclusive);
        assert_eq!(word(-0.01, 0.05, |_| ()), Inconclusive);
        assert_eq!(word(0.03, 0.07, |f| f.p = 0.06), Inconclusive);
        assert_eq!(word(0.03, 0.07, |f| f.noise_floor = 0.06), Inconclusive);
        assert_eq!(word(0.001, 0.03, |f| f.margin = 0.0), Worse);
    }

    #[test]
    fn all_rows_together() {
        use RowVerdict::{Better as B, Changed, Inconclusive, NoDifference, NotJudged, Worse};
        for (rows, expected) in [
            (&[B, Inconclusive, NoDifference][..], Overall::Better),
            (&[Worse, Inconclusive], Overall::Worse),
            (&[Worse, B], Overall::Mixed),
            (&[NoDifference, Changed], Overall::NoDifference),
            (&[NoDifference, Inconclusive], Overall::Inconclusive),
            (&[NotJudged], Overall::NotJudged),
            (&[], Overall::NotJudged),
        ] {
            assert_eq!(overall(rows), expected, "{rows:?}");
        }
    }
}
