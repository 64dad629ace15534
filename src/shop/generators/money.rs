//! Amounts of money, exact to the cent.

use fastrand::Rng;
use serde::{Serialize, Serializer};
use std::ops::RangeInclusive;

/// What all prices are in.
pub const CURRENCY: &str = "USD";

/// An amount in cents. Written to JSON it is a number with at most two decimals,
/// such as `29.99`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cents(pub u32);

impl Cents {
    /// An amount from `range`, in cents.
    pub fn drawn(rng: &mut Rng, range: RangeInclusive<u32>) -> Self {
        Self(rng.u32(range))
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
}
