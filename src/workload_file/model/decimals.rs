//! Decimal numbers, exact to the last digit: what sums are added up of. Nothing here allocates: sums of what is
//! known only when a request is sent are made just before.

use smallvec::SmallVec;

/// Digits of a number that is read, at most.
const MOST_DIGITS: usize = 24;
/// Largest exponent of ten that is read, either way.
const MOST_EXPONENT: u32 = 30;
/// Digits behind the point of what is added up, at most.
const MOST_DECIMALS: u32 = 80;
/// Bytes of the longest text of a number, and more.
const TEXT_BYTES: usize = 96;

/// The text of a number.
pub type DecimalText = SmallVec<[u8; TEXT_BYTES]>;

/// A number with so many digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    decimals: u32,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self {
        units: 0,
        decimals: 0,
    };
    /// One.
    pub const ONE: Self = Self {
        units: 1,
        decimals: 0,
    };
    /// What stands for numbers that are too large.
    pub const LARGEST: Self = Self {
        units: i128::MAX,
        decimals: 0,
    };

    /// The number that `text` is, written with digits, perhaps a sign before them and a point among them; at most
    /// 24 digits.
    #[inline]
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (is_less, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (mut units, mut count, mut point) = (0_i128, 0_usize, None);
        for &byte in digits {
            match byte {
                b'0'..=b'9' if count < MOST_DIGITS => {
                    units = units * 10 + i128::from(byte - b'0');
                    count += 1;
                }
                b'.' if point.is_none() && count > 0 => point = Some(count),
                _ => return None,
            }
        }
        (count > 0).then_some(Self {
            units: if is_less { -units } else { units },
            decimals: point.map_or(0, |whole| (count - whole) as u32),
        })
    }

    /// The same, perhaps with an exponent, as programs write small and large ones: 1e-6.
    #[inline]
    #[must_use]
    pub fn parse_any(text: &[u8]) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse_short(text))
    }

    #[cold]
    fn parse_short(text: &[u8]) -> Option<Self> {
        let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
        let number = Self::parse(&text[..at])?;
        let exponent = std::str::from_utf8(&text[at + 1..]).ok()?;
        let exponent = exponent.parse::<i32>().ok()?;
        let by = exponent.unsigned_abs();
        if by > MOST_EXPONENT {
            return None;
        }
        Some(match exponent < 0 {
            true => Self {
                decimals: number.decimals + by,
                ..number
            },
            false => Self {
                units: number.units.checked_mul(10_i128.checked_pow(by)?)?,
                ..number
            },
        })
    }

    /// Units of the last digit, and how many digits there are behind the point.
    #[must_use]
    pub fn units(self) -> (i128, u32) {
        (self.units, self.decimals)
    }

    /// The same below zero.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            units: self.units.saturating_neg(),
            ..self
        }
    }

    /// The same without its sign.
    #[must_use]
    pub fn magnitude(self) -> Self {
        Self {
            units: self.units.saturating_abs(),
            ..self
        }
    }

    /// The larger of two that are not below zero, with as many digits as the longer one has; `None` when it is too
    /// large.
    #[must_use]
    pub fn widest(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        Some(Self {
            units: self.in_units(decimals)?.max(other.in_units(decimals)?),
            decimals,
        })
    }

    /// The product; `None` when it is too large.
    #[inline]
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let decimals = self.decimals + other.decimals;
        Some(Self {
            units: self.units.checked_mul(other.units)?,
            decimals: (decimals <= MOST_DECIMALS).then_some(decimals)?,
        })
    }

    /// The sum; `None` when it is too large.
    #[inline]
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let sum = self.in_units(decimals)?;
        Some(Self {
            units: sum.checked_add(other.in_units(decimals)?)?,
            decimals,
        })
    }

    #[inline]
    fn in_units(self, decimals: u32) -> Option<i128> {
        match decimals - self.decimals {
            0 => Some(self.units),
            by => self.units.checked_mul(10_i128.checked_pow(by)?),
        }
    }

    /// Its text, with all of its digits.
    #[inline]
    #[must_use]
    pub fn text(self) -> DecimalText {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(self.units.unsigned_abs()).as_bytes();
        let decimals = self.decimals as usize;
        let mut out = DecimalText::new();
        if self.units < 0 {
            out.push(b'-');
        }
        match digits.len().checked_sub(decimals).filter(|it| *it > 0) {
            Some(whole) => {
                out.extend_from_slice(&digits[..whole]);
                if decimals > 0 {
                    out.push(b'.');
                    out.extend_from_slice(&digits[whole..]);
                }
            }
            None => {
                out.extend_from_slice(b"0.");
                out.extend(std::iter::repeat_n(b'0', decimals - digits.len()));
                out.extend_from_slice(digits);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: Decimal) -> String {
        String::from_utf8(number.text().to_vec()).unwrap()
    }

    #[test]
    fn decimals_keep_their_digits() {
        for (left, right, product, sum) in [
            ("2", "9.50", "19.00", "11.50"),
            ("-0.5", "0.25", "-0.125", "-0.25"),
            ("0", "0.00", "0.00", "0.00"),
            ("0.001", "-0.1", "-0.0001", "-0.099"),
        ] {
            let [left, right] = [left, right].map(|it| Decimal::parse(it.as_bytes()).unwrap());
            assert_eq!(text(left.times(right).unwrap()), product);
            assert_eq!(text(left.plus(right).unwrap()), sum);
        }
        for wrong in [
            "",
            "-",
            ".5",
            "1e3",
            "x",
            "1.2.3",
            "+1",
            " 1",
            "1111111111111111111111111",
        ] {
            assert_eq!(Decimal::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_with_exponents_are_read_too() {
        for (written, meant) in [("1e-6", "0.000001"), ("1.5E3", "1500.0"), ("2e+2", "200")] {
            assert_eq!(text(Decimal::parse_any(written.as_bytes()).unwrap()), meant);
        }
        for wrong in [
            "1e",
            "e5",
            "1e99",
            "999999999999999999999999e30",
            "nan",
            "1e1e1",
        ] {
            assert_eq!(Decimal::parse_any(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_too_large_is_no_number() {
        let large = Decimal::parse(b"999999999999999999999999").unwrap();
        assert_eq!(large.times(large), None);
        assert_eq!(Decimal::LARGEST.plus(Decimal::ONE), None);
        let small = Decimal::parse(b"0.00000000000000000000001").unwrap();
        let smaller = small.times(small).and_then(|it| it.times(small)).unwrap();
        assert_eq!(smaller.times(small), None);
        assert!(text(smaller.negated()).len() < TEXT_BYTES);
        assert_eq!(small.negated().magnitude(), small);
        assert_eq!(
            small.widest(Decimal::ONE).map(text),
            Some("1.00000000000000000000000".to_owned())
        );
    }
}
