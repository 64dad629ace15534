//! Numbers that are tied to others of their body: an amount that is the sum of its lines. They are added
//! up as decimal numbers, to the last digit, when the body is made.

use super::json_pointer::{Found, JsonPointer};
use fastrand::Rng;
use std::fmt;

/// Factors of a line, at most.
const MOST_FACTORS: usize = 3;

/// The sum of what is in the elements of a list: of a number, or of the product of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    list: JsonPointer,
    factors: Vec<JsonPointer>,
}

/// A number with so many digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    units: i128,
    decimals: u32,
}

impl Sum {
    /// Reads what stands behind `$sum`.
    ///
    /// # Errors
    /// When it names no list, or no numbers: a sentence.
    pub fn parse(rest: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`$sum {rest}`: write where the lines are and what is added up, like {{$sum /lines \
                 quantity*price}}, with at most {MOST_FACTORS} factors"
            )
        };
        let (list, factors) = rest.split_once(char::is_whitespace).ok_or_else(wrong)?;
        let list = JsonPointer::parse(list).map_err(|_| wrong())?;
        let factors = factors.split('*').map(str::trim);
        let factors = factors.map(|factor| match factor.is_empty() {
            true => Err(wrong()),
            false => JsonPointer::parse(&format!("/{factor}")).map_err(|_| wrong()),
        });
        let factors: Vec<JsonPointer> = factors.collect::<Result<_, _>>()?;
        let has_choice = list.has_choice() || factors.iter().any(JsonPointer::has_choice);
        match factors.len() > MOST_FACTORS || has_choice {
            true => Err(wrong()),
            false => Ok(Self { list, factors }),
        }
    }

    /// Where its list is.
    #[must_use]
    pub fn list(&self) -> &JsonPointer {
        &self.list
    }

    /// Where the factors are in each element.
    #[must_use]
    pub fn factors(&self) -> &[JsonPointer] {
        &self.factors
    }

    /// The sum in `body`, as text.
    #[must_use]
    pub fn of(&self, body: &[u8]) -> String {
        let mut sum = Decimal {
            units: 0,
            decimals: 0,
        };
        // Nothing is drawn: no pointer has a choice.
        let mut rng = Rng::with_seed(0);
        let Some(Found::Nested(list)) = self.list.find(body, &mut rng) else {
            return sum.to_string();
        };
        for number in 0.. {
            let Some(element) = JsonPointer::element(number).find(list, &mut rng) else {
                break;
            };
            let mut product = Decimal {
                units: 1,
                decimals: 0,
            };
            for factor in &self.factors {
                let found = match element {
                    Found::Nested(element) => factor.find(element, &mut rng),
                    _ => None,
                };
                let text = match found {
                    Some(Found::Bare(text) | Found::Text(text)) => text,
                    _ => b"0",
                };
                let text = std::str::from_utf8(text).unwrap_or("0");
                let number = Decimal::parse(text).or_else(|| Decimal::parse_short(text));
                product = product.times(number.unwrap_or(product));
            }
            sum = sum.plus(product);
        }
        sum.to_string()
    }
}

/// Whether `text` is a number that can be added up.
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    Decimal::parse(text).is_some()
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{rest}");
        let is_plain = !whole.is_empty() && all.bytes().all(|byte| byte.is_ascii_digit());
        let units = all
            .parse::<i128>()
            .ok()
            .filter(|_| is_plain && all.len() <= 24)?;
        Some(Self {
            units: sign * units,
            decimals: rest.len() as u32,
        })
    }

    /// Of a number with an exponent, as programs write small ones: 1e-6.
    fn parse_short(text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once(['e', 'E'])?;
        let number = Self::parse(digits)?;
        let exponent = exponent.parse::<i32>().ok().filter(|it| it.abs() <= 30)?;
        let by = exponent.unsigned_abs();
        Some(match exponent < 0 {
            true => Self {
                decimals: number.decimals + by,
                ..number
            },
            false => Self {
                units: number.units.saturating_mul(10_i128.saturating_pow(by)),
                ..number
            },
        })
    }

    fn times(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_mul(other.units),
            decimals: self.decimals + other.decimals,
        }
    }

    fn plus(self, other: Self) -> Self {
        let decimals = self.decimals.max(other.decimals);
        let units = |it: Self| {
            let by = 10_i128.saturating_pow(decimals - it.decimals);
            it.units.saturating_mul(by)
        };
        Self {
            units: units(self).saturating_add(units(other)),
            decimals,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.saturating_pow(self.decimals);
        let sign = if self.units < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.units.unsigned_abs() / unit,
            self.units.unsigned_abs() % unit,
        );
        match self.decimals {
            0 => write!(formatter, "{sign}{whole}"),
            decimals => write!(
                formatter,
                "{sign}{whole}.{rest:0width$}",
                width = decimals as usize
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_up_to_the_last_digit() {
        let body = br#"{"total":0,"order":{"lines":[{"n":3,"price":0.10},{"n":2,"price":"19.99"},{"n":1,"price":7}]},"small":[{"n":1e-6},{"n":1.5E-6}]}"#;
        for (text, expected) in [
            ("/order/lines n*price", "47.28"),
            ("/order/lines n", "6"),
            ("/order/lines price", "27.09"),
            ("/order/lines n*n*price", "87.86"),
            ("/small n", "0.0000025"),
            ("/none n", "0"),
        ] {
            assert_eq!(Sum::parse(text).unwrap().of(body), expected, "{text}");
        }
    }

    #[test]
    fn decimals_keep_their_digits() {
        for (left, right, product, sum) in [
            ("2", "9.50", "19.00", "11.50"),
            ("-0.5", "0.25", "-0.125", "-0.25"),
            ("0", "0.00", "0.00", "0.00"),
        ] {
            let [left, right] = [left, right].map(|text| Decimal::parse(text).unwrap());
            assert_eq!(left.times(right).to_string(), product);
            assert_eq!(left.plus(right).to_string(), sum);
        }
        for text in ["", "-", ".5", "1e3", "x", "1.2.3", "+1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_of_nothing_is_told() {
        for text in [
            "/lines",
            "lines a",
            "/lines a**b",
            "/lines a*b*c*d",
            "/lines/*/x a",
        ] {
            let said = Sum::parse(text).unwrap_err();
            assert!(said.contains("like {$sum /lines quantity*price}"), "{said}");
        }
    }
}
