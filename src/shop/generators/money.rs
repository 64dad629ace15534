//! Amounts of money, exact to the cent.

use fastrand::Rng;
use serde::{Serialize, Serializer};
use std::iter::Sum;
use std::ops::{Add, RangeInclusive, Sub};

/// What all prices are in.
pub const CURRENCY: &str = "USD";

/// An amount in cents. Sums are exact; written to JSON it is a number with at most two decimals,
/// such as `29.99`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cents(pub u32);

impl Cents {
    /// An amount from `range`, in cents.
    pub fn drawn(rng: &mut Rng, range: RangeInclusive<u32>) -> Self {
        Self(rng.u32(range))
    }

    /// The price of `quantity` pieces.
    #[must_use]
    pub fn times(self, quantity: u32) -> Self {
        Self(self.0 * quantity)
    }
}

impl Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Cents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::add)
    }
}

impl Serialize for Cents {
    /// The quotient is the double nearest to the decimal number, whose shortest form is that number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_they_are_meant() {
        for (cents, text) in [(2_999, "29.99"), (3_000, "30.0"), (7, "0.07"), (0, "0.0")] {
            assert_eq!(serde_json::to_string(&Cents(cents)).unwrap(), text);
        }
        for cents in 0..200_000 {
            let text = serde_json::to_string(&Cents(cents)).unwrap();
            let (whole, decimals) = text.split_once('.').unwrap();
            let decimals = format!("{decimals:0<2}");
            assert_eq!(format!("{whole}{decimals}").parse(), Ok(cents), "{text}");
        }
    }

    #[test]
    fn sums_are_exact() {
        let prices = [Cents(10).times(3), Cents(20), Cents(5)];
        assert_eq!(prices.into_iter().sum::<Cents>(), Cents(55));
    }
}
