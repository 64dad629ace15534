//! Numbers as texts have them, exactly: amounts of money that are added up must not be rounded.

/// Digits behind the point that are kept.
const DECIMALS: u32 = 9;
/// Digits before it, at most.
const MOST_WHOLE: i128 = 1_000_000_000_000_000_000;

/// A number in units of its ninth digit behind the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

impl Decimal {
    /// Reads `text`, like `-12.50`. `None` when it is no such number, has an exponent, or has more than 18
    /// digits before the point or 9 behind it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (is_below, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let point = digits.iter().position(|&byte| byte == b'.');
        let (whole, part) = match point {
            Some(point) => (&digits[..point], &digits[point + 1..]),
            None => (digits, &b"0"[..]),
        };
        if whole.is_empty() || part.is_empty() || part.len() > DECIMALS as usize {
            return None;
        }
        let add = |sum: i128, &digit: &u8| {
            let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
            let sum = sum * 10 + digit;
            (sum < MOST_WHOLE).then_some(sum)
        };
        let whole = whole.iter().try_fold(0, add)?;
        let behind = part.iter().try_fold(0, add)?;
        let missing = DECIMALS - part.len() as u32;
        let units = whole * 10_i128.pow(DECIMALS) + behind * 10_i128.pow(missing);
        Some(Self(if is_below { -units } else { units }))
    }

    /// Whether it is below 0.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// As people write it, without zeros that say nothing.
impl std::fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = 10_u128.pow(DECIMALS);
        let (whole, mut behind) = (self.0.unsigned_abs() / units, self.0.unsigned_abs() % units);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(formatter, "{sign}{whole}")?;
        if behind == 0 {
            return Ok(());
        }
        let mut places = DECIMALS as usize;
        while behind.is_multiple_of(10) {
            behind /= 10;
            places -= 1;
        }
        write!(formatter, ".{behind:0places$}")
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn numbers_are_read_to_the_last_digit_or_not_at_all() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("12.50", "12.5"),
            ("-7.000000001", "-7.000000001"),
            ("007", "7"),
            (
                "999999999999999999.999999999",
                "999999999999999999.999999999",
            ),
        ] {
            let read = Decimal::parse(text.as_bytes()).map(|it| it.to_string());
            assert_eq!(read.as_deref(), Some(shown), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1e3",
            "1.0000000001",
            "1000000000000000000",
            "x",
            "1 ",
            "--1",
            "+1",
            "0x1",
            "1.-5",
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn sums_are_exact(one in any::<i32>(), other in any::<i32>()) {
            let read = |cents: i64| {
                let sign = if cents < 0 { "-" } else { "" };
                let text = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
                Decimal::parse(text.as_bytes()).unwrap()
            };
            let (one, other) = (i64::from(one), i64::from(other));
            prop_assert_eq!(read(one).plus(read(other)), read(one + other));
            prop_assert_eq!(read(one) < read(other), one < other);
        }
    }
}
