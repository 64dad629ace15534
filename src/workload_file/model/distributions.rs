//! Numbers that are not all equally likely: around a mean, seldom large, mostly the first of many, prices.

use fastrand::Rng;
use std::f64::consts::TAU;
use std::fmt::{self, Write};

/// Digits behind the point, at most.
const MOST_DECIMALS: usize = 6;
/// Largest number that is drawn, in units of the last digit.
const MOST_UNITS: f64 = 1e15;
/// How often a number outside its bounds is drawn anew before it is moved to the bound.
const ATTEMPTS: usize = 64;
/// How prices end, in cents, each with its weight.
const ENDINGS: [(i64, u32); 4] = [(99, 12), (95, 3), (50, 3), (0, 2)];

/// How likely numbers are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// Around a mean, with a standard deviation.
    Normal { mean: f64, deviation: f64 },
    /// Above 0, with a mean.
    Exponential { mean: f64 },
    /// From 1 to so many, each as often as a power of it says.
    Zipf { count: f64, exponent: f64 },
    /// A price between these, in units of the last digit.
    Price,
}

/// Numbers of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    shape: Shape,
    /// Least and most, in units of the last digit.
    least: i64,
    most: i64,
    decimals: u32,
}

impl Distribution {
    /// Reads what stands behind `$name`: one of normal, exponential, zipf and price.
    ///
    /// # Errors
    /// When it cannot be drawn from: a sentence.
    pub fn parse(name: &str, rest: &str) -> Result<Self, String> {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let read = match name {
            "normal" => normal(&words),
            "exponential" => exponential(&words),
            "zipf" => zipf(&words),
            _ => price(&words),
        };
        let example = match name {
            "normal" => {
                "the mean and the standard deviation, like {$normal 50 10}, and perhaps bounds: {$normal 50 10 0..100}"
            }
            "exponential" => {
                "the mean, like {$exponential 2.5}, and perhaps bounds: {$exponential 2.5 0..60}"
            }
            "zipf" => {
                "how many there are, like {$zipf 1000}, and perhaps an exponent up to 10: {$zipf 1000 1.2}"
            }
            _ => "the least and the most, like {$price 4.99..199}",
        };
        read.ok_or_else(|| format!("`${name} {rest}`: write {example}"))
    }

    /// Least, most, and whether all are whole.
    #[must_use]
    pub fn span(&self) -> (f64, f64, bool) {
        let unit = 10_f64.powi(self.decimals as i32);
        let (least, most) = (self.least as f64 / unit, self.most as f64 / unit);
        (least, most, self.decimals == 0)
    }

    /// Appends one of its numbers.
    ///
    /// # Errors
    /// When `out` takes nothing.
    pub fn write(&self, rng: &mut Rng, out: &mut String) -> fmt::Result {
        write_units(out, self.draw(rng), self.decimals)
    }

    /// One of its numbers, in units of the last digit.
    fn draw(&self, rng: &mut Rng) -> i64 {
        for _ in 0..ATTEMPTS {
            let drawn = self.draw_unbound(rng);
            if (self.least..=self.most).contains(&drawn) {
                return drawn;
            }
        }
        self.draw_unbound(rng).clamp(self.least, self.most)
    }

    fn draw_unbound(&self, rng: &mut Rng) -> i64 {
        let unit = 10_f64.powi(self.decimals as i32);
        // Above 0, so that it has a logarithm.
        let positive = |rng: &mut Rng| 1.0 - rng.f64();
        let drawn = match self.shape {
            Shape::Normal { mean, deviation } => {
                let far = (-2.0 * positive(rng).ln()).sqrt() * (TAU * rng.f64()).cos();
                (mean + deviation * far) * unit
            }
            Shape::Exponential { mean } => -mean * positive(rng).ln() * unit,
            Shape::Zipf { count, exponent } => draw_zipf(count, exponent, rng),
            Shape::Price => return self.draw_price(rng),
        };
        drawn.round().clamp(-MOST_UNITS, MOST_UNITS) as i64
    }

    /// Cheap ones as often as dear ones are by their ratio, with an ending that prices have.
    fn draw_price(&self, rng: &mut Rng) -> i64 {
        let (least, most) = (self.least.max(1) as f64, self.most.max(1) as f64);
        let drawn = (least.ln() + (most.ln() - least.ln()) * rng.f64()).exp();
        let drawn = (drawn.round() as i64).clamp(self.least, self.most);
        let all: u32 = ENDINGS.iter().map(|(_, weight)| weight).sum();
        let mut ending = rng.u32(..all);
        for (cents, weight) in ENDINGS {
            if ending < weight {
                let ended = drawn / 100 * 100 + cents;
                let is_within = (self.least..=self.most).contains(&ended);
                return if is_within { ended } else { drawn };
            }
            ending -= weight;
        }
        drawn
    }
}

/// By rejection from a curve above it, whose area is known (as in Rust's `rand_distr`).
fn draw_zipf(count: f64, exponent: f64, rng: &mut Rng) -> f64 {
    let is_harmonic = (exponent - 1.0).abs() < 1e-9;
    let power = 1.0 - exponent;
    let area = match is_harmonic {
        true => 1.0 + count.ln(),
        false => (count.powf(power) - exponent) / power,
    };
    for _ in 0..ATTEMPTS {
        let at = rng.f64() * area;
        let under = match (at <= 1.0, is_harmonic) {
            (true, _) => at,
            (false, true) => (at - 1.0).exp(),
            (false, false) => (at * power + exponent).powf(1.0 / power),
        };
        let number = (under + 1.0).floor();
        let mut ratio = number.powf(-exponent);
        if number > 1.0 {
            ratio *= under.powf(exponent);
        }
        if rng.f64() < ratio && number <= count {
            return number;
        }
    }
    1.0
}

/// Appends a number of so many units of the last of its digits.
///
/// # Errors
/// When `out` takes nothing.
pub fn write_units(out: &mut impl Write, units: i64, decimals: u32) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let unit = 10_u64.pow(decimals);
    let (whole, rest) = (units.unsigned_abs() / unit, units.unsigned_abs() % unit);
    match decimals {
        0 => write!(out, "{sign}{whole}"),
        _ => write!(
            out,
            "{sign}{whole}.{rest:0width$}",
            width = decimals as usize
        ),
    }
}

fn number(word: &str) -> Option<f64> {
    let number = word.parse::<f64>().ok()?;
    (number.is_finite() && number.abs() <= 1e9).then_some(number)
}

fn digits(word: &str) -> usize {
    word.split_once('.').map_or(0, |(_, digits)| digits.len())
}

/// So many digits behind the point as the words have at most.
fn decimals(words: &[&str]) -> Option<u32> {
    let digits = words.iter().map(|word| digits(word)).max().unwrap_or(0);
    (digits <= MOST_DECIMALS).then_some(digits as u32)
}

fn bounds(text: &str, decimals: u32) -> Option<(i64, i64)> {
    let (from, to) = text.split_once("..")?;
    let units = |word: &str| {
        let units = number(word.trim())? * 10_f64.powi(decimals as i32);
        Some(units.round() as i64)
    };
    let (least, most) = (units(from)?, units(to)?);
    (least <= most).then_some((least, most))
}

fn bounded(shape: Shape, words: &[&str], range: Option<&str>, lowest: i64) -> Option<Distribution> {
    let decimals = decimals(words)?;
    let (least, most) = match range {
        Some(range) => bounds(range, decimals)?,
        None => (lowest, MOST_UNITS as i64),
    };
    Some(Distribution {
        shape,
        least,
        most,
        decimals,
    })
}

fn normal(words: &[&str]) -> Option<Distribution> {
    let [mean, deviation, range @ ..] = words else {
        return None;
    };
    let shape = Shape::Normal {
        mean: number(mean)?,
        deviation: number(deviation).filter(|deviation| *deviation >= 0.0)?,
    };
    let range = one_at_most(range)?;
    bounded(shape, &[mean, deviation], range, -(MOST_UNITS as i64))
}

fn exponential(words: &[&str]) -> Option<Distribution> {
    let [mean, range @ ..] = words else {
        return None;
    };
    let shape = Shape::Exponential {
        mean: number(mean).filter(|mean| *mean > 0.0)?,
    };
    bounded(shape, &[mean], one_at_most(range)?, 0)
}

fn zipf(words: &[&str]) -> Option<Distribution> {
    let [count, exponent @ ..] = words else {
        return None;
    };
    let count = count.parse::<u32>().ok().filter(|count| *count > 0)?;
    let exponent = match one_at_most(exponent)? {
        None => 1.0,
        Some(exponent) => number(exponent).filter(|it| (0.0..=10.0).contains(it))?,
    };
    Some(Distribution {
        shape: Shape::Zipf {
            count: f64::from(count),
            exponent,
        },
        least: 1,
        most: i64::from(count),
        decimals: 0,
    })
}

fn price(words: &[&str]) -> Option<Distribution> {
    let [range] = words else {
        return None;
    };
    let (from, to) = range.split_once("..")?;
    let (least, most) = bounds(range, 2).filter(|(least, _)| *least >= 0)?;
    (digits(from) <= 2 && digits(to) <= 2).then_some(Distribution {
        shape: Shape::Price,
        least,
        most,
        decimals: 2,
    })
}

/// The one word that may follow; `None` when there are more.
fn one_at_most<'a>(words: &[&'a str]) -> Option<Option<&'a str>> {
    match words {
        [] => Some(None),
        [word] => Some(Some(word)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str, rest: &str) -> Vec<f64> {
        let distribution = Distribution::parse(name, rest).unwrap();
        let mut rng = Rng::with_seed(1);
        let draw = |_| {
            let mut out = String::new();
            distribution.write(&mut rng, &mut out).unwrap();
            out.parse().unwrap()
        };
        (0..20_000).map(draw).collect()
    }

    fn mean(numbers: &[f64]) -> f64 {
        numbers.iter().sum::<f64>() / numbers.len() as f64
    }

    #[test]
    fn numbers_lie_as_their_distribution_says() {
        let normal = drawn("normal", "50 10.0");
        let about = mean(&normal);
        let squares: Vec<f64> = normal.iter().map(|it| (it - about).powi(2)).collect();
        let deviation = mean(&squares).sqrt();
        assert!((about - 50.0).abs() < 0.5, "{about}");
        assert!((deviation - 10.0).abs() < 0.5, "{deviation}");
        let bounded = drawn("normal", "50 10 45..60");
        assert!(bounded.iter().all(|it| (45.0..=60.0).contains(it)));
        let exponential = drawn("exponential", "2.50");
        assert!((mean(&exponential) - 2.5).abs() < 0.1);
        assert!(exponential.iter().all(|it| *it >= 0.0));
        let above = exponential.iter().filter(|it| **it > 2.5).count();
        assert!(
            (6_900..7_900).contains(&above),
            "{above} of 20000 above the mean, for e^-1"
        );
    }

    #[test]
    fn of_many_the_first_come_most_often() {
        for (rest, exponent) in [("100", 1.0), ("100 1.5", 1.5), ("100 0.5", 0.5)] {
            let numbers = drawn("zipf", rest);
            assert!(numbers.iter().all(|it| (1.0..=100.0).contains(it)));
            let all: f64 = (1..=100).map(|it| f64::from(it).powf(-exponent)).sum();
            for number in [1.0, 2.0, 5.0] {
                let share = numbers.iter().filter(|it| **it == number).count() as f64 / 20_000.0;
                let expected = f64::powf(number, -exponent) / all;
                assert!(
                    (share - expected).abs() < 0.02,
                    "{rest}: {number} {share} {expected}"
                );
            }
        }
        let alike = drawn("zipf", "4 0");
        let ones = alike.iter().filter(|it| **it == 1.0).count();
        assert!((4_500..5_500).contains(&ones), "{ones}");
    }

    #[test]
    fn prices_end_as_prices_do() {
        let prices = drawn("price", "4.99..199");
        assert!(prices.iter().all(|it| (4.99..=199.0).contains(it)));
        let nines = prices
            .iter()
            .filter(|it| format!("{it:.2}").ends_with("99"))
            .count();
        assert!(nines > 10_000, "{nines}");
        let cheap = prices.iter().filter(|it| **it < 31.5).count();
        assert!(
            (8_000..12_000).contains(&cheap),
            "half of them below the mean ratio: {cheap}"
        );
    }

    #[test]
    fn numbers_are_written_with_their_digits() {
        for (units, decimals, text) in [
            (1_234, 2, "12.34"),
            (-5, 2, "-0.05"),
            (7, 0, "7"),
            (0, 3, "0.000"),
        ] {
            let mut out = String::new();
            write_units(&mut out, units, decimals).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn what_cannot_be_drawn_from_is_told() {
        for (name, rest) in [
            ("normal", "50"),
            ("normal", "50 -1"),
            ("normal", "50 1 9..1"),
            ("normal", "50 1 1..9 9"),
            ("normal", "NaN 1"),
            ("normal", "0.0000001 1"),
            ("exponential", "0"),
            ("exponential", "1e300"),
            ("zipf", "0"),
            ("zipf", "10 11"),
            ("zipf", "10 -1"),
            ("price", "9"),
            ("price", "9..1"),
            ("price", "-1..1"),
            ("price", "0.001..1"),
        ] {
            let said = Distribution::parse(name, rest).unwrap_err();
            assert!(said.contains(&format!("like {{${name} ")), "{said}");
        }
    }
}
