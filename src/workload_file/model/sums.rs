//! Numbers that are tied to others of their body: an amount that is the sum of its lines. They are added
//! up as decimal numbers, to the last digit, when the body is made.

use super::decimals::Decimal;
use super::json_pointer::{Found, JsonPointer};
use fastrand::Rng;

/// Factors of a line, at most.
const MOST_FACTORS: usize = 3;

/// The sum of what is in the elements of a list: of a number, or of the product of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    list: JsonPointer,
    factors: Vec<JsonPointer>,
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

    /// What each element of its list has as factors in `body`.
    #[must_use]
    pub fn factors_in<'b>(&self, body: &'b [u8]) -> Vec<Vec<&'b [u8]>> {
        // Nothing is drawn: no pointer has a choice.
        let mut rng = Rng::with_seed(0);
        let Some(Found::Nested(list)) = self.list.find(body, &mut rng) else {
            return Vec::new();
        };
        let elements = (0..)
            .map_while(|number| JsonPointer::element(number).find(list, &mut Rng::with_seed(0)));
        let elements = elements.map(|element| {
            let factors = self.factors.iter().map(|factor| {
                let found = match element {
                    Found::Nested(element) => factor.find(element, &mut rng),
                    _ => None,
                };
                match found {
                    Some(Found::Bare(text) | Found::Text(text)) => text,
                    _ => b"0",
                }
            });
            factors.collect()
        });
        elements.collect()
    }

    /// The sum in `body`, as text.
    #[must_use]
    pub fn of(&self, body: &[u8]) -> String {
        let product = |factors: &Vec<&[u8]>| {
            let mut factors = factors.iter().map(|text| Decimal::parse_any(text));
            factors.try_fold(Decimal::ONE, |product, factor| {
                product.times(factor.unwrap_or(Decimal::ZERO))
            })
        };
        let elements = self.factors_in(body);
        let mut products = elements.iter().map(product);
        let sum = products.try_fold(Decimal::ZERO, |sum, product| sum.plus(product?));
        let text = sum.unwrap_or(Decimal::LARGEST).text();
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Whether `text` is a number that can be added up.
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    Decimal::parse(text.as_bytes()).is_some()
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
