//! Theil–Sen: the slope of a series that a few odd points do not bend, with its confidence interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Points that are looked at: their pairs grow with the square. A longer series is thinned evenly.
const MOST_POINTS: usize = 600;
/// With fewer points no slope is told.
pub const FEWEST_POINTS: usize = 4;
/// Two-sided 95 % quantile of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// How fast something grows, a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// Median of the slopes between all pairs of points.
    pub slope: f64,
    /// Lower end of its 95 % confidence interval; null when the points are too few to give one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Points that it was taken from.
    pub points: usize,
}

impl Trend {
    /// The trend of points (seconds, value), in any order; `None` for fewer than
    /// [`FEWEST_POINTS`] or when all are at one moment.
    ///
    /// Theil (1950) and Sen, "Estimates of the regression coefficient based on Kendall's tau",
    /// JASA 63 (1968): the interval is between the order statistics of the N pair slopes at
    /// (N ∓ C)/2, with C = z √(n(n−1)(2n+5)/18), less what ties of the values take from the
    /// variance. It supposes independent errors; samples of a queue depend on each other, so that
    /// the interval is rather too narrow.
    #[must_use]
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        let points = thinned(points);
        if points.len() < FEWEST_POINTS {
            return None;
        }
        let mut slopes = pair_slopes(&points);
        if slopes.is_empty() {
            return None;
        }
        slopes.sort_unstable_by(f64::total_cmp);
        let pairs = slopes.len() as f64;
        let spread = Z_95 * kendall_variance(&points).sqrt();
        // One-based ranks of Sen's interval.
        let low_rank = ((pairs - spread) / 2.0).floor();
        let high_rank = ((pairs + spread) / 2.0).ceil() + 1.0;
        let at_rank = |rank: f64| {
            let place = (rank >= 1.0).then(|| rank as usize - 1)?;
            slopes.get(place).copied()
        };
        Some(Self {
            slope: middle(&slopes),
            low: at_rank(low_rank),
            high: at_rank(high_rank),
            points: points.len(),
        })
    }

    /// Whether the growth is above zero with confidence.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.low.is_some_and(|low| low > 0.0)
    }
}

/// At most [`MOST_POINTS`] finite points, the first and the last among them.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|(at, value)| at.is_finite() && value.is_finite())
        .collect();
    points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    if points.len() <= MOST_POINTS {
        return points;
    }
    let last = points.len() - 1;
    (0..MOST_POINTS)
        .map(|index| points[index * last / (MOST_POINTS - 1)])
        .collect()
}

/// Slopes of all pairs of points at different moments.
fn pair_slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
    for (index, (at, value)) in points.iter().enumerate() {
        for (later_at, later_value) in &points[index + 1..] {
            if later_at > at {
                slopes.push((later_value - value) / (later_at - at));
            }
        }
    }
    slopes
}

fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

/// Variance of Kendall's S without a trend, with the correction for ties of the values.
fn kendall_variance(points: &[(f64, f64)]) -> f64 {
    let term = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let ties: f64 = values
        .chunk_by(|a, b| a == b)
        .map(|tied| term(tied.len() as f64))
        .sum();
    (term(points.len() as f64) - ties) / 18.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(slope: f64, points: u32) -> Vec<(f64, f64)> {
        let point = |at: u32| (f64::from(at), 3.0 + slope * f64::from(at));
        (0..points).map(point).collect()
    }

    #[test]
    fn a_line_has_its_slope() {
        let trend = Trend::of(&line(2.5, 20)).unwrap();
        assert_eq!(
            (trend.slope, trend.low, trend.high),
            (2.5, Some(2.5), Some(2.5))
        );
        assert!(trend.grows());
        let level = Trend::of(&line(0.0, 20)).unwrap();
        assert_eq!((level.slope, level.grows()), (0.0, false));
    }

    /// Sen's own example (1968, section 6): slope 4, and 95 % limits between the ordered slopes.
    #[test]
    fn sens_example_has_sens_answer() {
        let at = [1.0, 2.0, 3.0, 4.0, 10.0, 12.0, 18.0];
        let values = [9.0, 15.0, 19.0, 20.0, 45.0, 55.0, 78.0];
        let points: Vec<_> = at.into_iter().zip(values).collect();
        let trend = Trend::of(&points).unwrap();
        assert_eq!(trend.slope, 4.0);
        let (low, high) = (trend.low.unwrap(), trend.high.unwrap());
        assert!(
            (3.5..=4.0).contains(&low) && (4.0..=5.0).contains(&high),
            "{trend:?}"
        );
    }

    #[test]
    fn a_quarter_of_odd_points_does_not_bend_it() {
        let mut points = line(1.0, 40);
        for index in (0..40).step_by(4) {
            points[index].1 += 5_000.0;
        }
        let trend = Trend::of(&points).unwrap();
        assert!((0.5..1.5).contains(&trend.slope), "{trend:?}");
    }

    #[test]
    fn too_few_points_have_none() {
        assert_eq!(Trend::of(&line(1.0, 3)), None);
        assert_eq!(Trend::of(&[(1.0, 1.0); 9]), None);
        let few = Trend::of(&line(1.0, 4)).unwrap();
        assert_eq!((few.slope, few.low, few.high), (1.0, None, None));
    }

    #[test]
    fn a_long_series_keeps_its_slope() {
        let trend = Trend::of(&line(0.25, 50_000)).unwrap();
        assert_eq!((trend.slope, trend.points), (0.25, MOST_POINTS));
    }

    fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let point = (0_u32..1_000, -1_000_i32..1_000);
        let exact = |(at, value)| (f64::from(at), f64::from(value));
        proptest::collection::vec(point.prop_map(exact), 0..60)
    }

    proptest! {
        #[test]
        fn the_slope_lies_within_its_interval(points in points()) {
            if let Some(trend) = Trend::of(&points) {
                prop_assert!(trend.slope.is_finite());
                prop_assert!(trend.low.is_none_or(|low| low <= trend.slope));
                prop_assert!(trend.high.is_none_or(|high| high >= trend.slope));
            }
        }

        #[test]
        fn a_steady_growth_is_added(points in points(), growth in -64_i32..64) {
            let grown: Vec<_> = points
                .iter()
                .map(|(at, value)| (*at, value + f64::from(growth) * at))
                .collect();
            if let (Some(before), Some(after)) = (Trend::of(&points), Trend::of(&grown)) {
                prop_assert!((after.slope - before.slope - f64::from(growth)).abs() < 1e-6);
            }
        }

        #[test]
        fn order_and_mirror_do_not_matter(mut points in points()) {
            let trend = Trend::of(&points);
            points.reverse();
            let reversed = Trend::of(&points);
            points.iter_mut().for_each(|point| point.1 = -point.1);
            let mirrored = Trend::of(&points);
            prop_assert_eq!(trend.is_some(), mirrored.is_some());
            if let (Some(trend), Some(reversed), Some(mirrored)) = (trend, reversed, mirrored) {
                prop_assert!((trend.slope - reversed.slope).abs() < 1e-9);
                prop_assert!((trend.slope + mirrored.slope).abs() < 1e-9);
            }
        }
    }
}
