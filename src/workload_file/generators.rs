//! What is made up for requests: names, words, numbers, dates, choices; and what nobody else has.

use super::distributions::{Distribution, write_units};
use super::sums::Sum;
use crate::plan::{RunId, Suggestion};
use fake::locales::{Data, EN};
use fastrand::Rng;
use std::fmt::Write;

/// Most choices of one generator.
const MOST_CHOICES: usize = 1_000;
/// Most words, letters or digits of one text.
const LONGEST_TEXT: usize = 1_000;
/// Digits behind the point of a decimal number, at most.
const MOST_DECIMALS: u32 = 6;
/// Dates are of these years, the same whenever a workload is run again.
const DATE_YEARS: std::ops::RangeInclusive<i16> = 2020..=2029;

/// Something made up.
#[derive(Clone, Debug, PartialEq)]
pub enum Generator {
    /// Run id and a number that no other request of the run has.
    Unique,
    /// An e-mail address that nobody else has.
    Email,
    /// A first name.
    FirstName,
    /// A last name.
    LastName,
    /// First and last name.
    Name,
    /// A telephone number.
    Phone,
    /// A street with its number.
    Street,
    /// A city.
    City,
    /// So many words.
    Words(usize),
    /// A random UUID. They come from a pool: one may come again.
    Uuid,
    /// A date, like 2024-05-17.
    Date,
    /// True or false.
    Bool,
    /// So many digits.
    Digits(usize),
    /// So many capitals.
    Letters(usize),
    /// A whole number from the first to the second.
    Int(i64, i64),
    /// A number from the first to the second in units of the last digit, of which there are so many
    /// behind the point.
    Decimal(i64, i64, u32),
    /// One of these, each with its weight; the sum of the weights is above 0.
    Choice(Vec<(String, u32)>),
    /// A number, some more likely than others.
    Distributed(Distribution),
    /// Counts from this number on, each user for itself.
    Counter(u32),
    /// The sum of the lines of its body.
    Sum(Sum),
}

/// What generators are called, with what follows the name, and what they make.
pub const GENERATORS: &[(&str, &str, &str)] = &[
    (
        "unique",
        "",
        "what no other request of this or another run has",
    ),
    ("email", "", "an e-mail address that nobody else has"),
    ("first_name", "", "a first name"),
    ("last_name", "", "a last name"),
    ("name", "", "first and last name"),
    ("phone", "", "a telephone number"),
    ("street", "", "a street with its number"),
    ("city", "", "a city"),
    ("word", "", "a word"),
    ("words", "N", "so many words"),
    (
        "uuid",
        "",
        "a random UUID; it comes from a pool, and may come again",
    ),
    ("date", "", "a date of the years 2020 to 2029"),
    ("bool", "", "true or false"),
    ("digits", "N", "so many digits, as a text"),
    ("letters", "N", "so many capitals"),
    ("int", "A..B", "a whole number from A to B"),
    (
        "decimal",
        "A..B",
        "a number from A to B, with as many digits behind the point as they have, or 2",
    ),
    (
        "choice",
        "A|B=3|C",
        "one of these, here B three times as often",
    ),
    (
        "normal",
        "N N",
        "a number around the first, with the second as standard deviation; bounds A..B may follow",
    ),
    (
        "exponential",
        "N",
        "a number above 0, seldom a large one, N on average; bounds A..B may follow",
    ),
    (
        "zipf",
        "N",
        "a whole number from 1 to N, each as often as one by it says; an exponent may follow",
    ),
    (
        "price",
        "A..B",
        "a price from A to B, rather a low one, most of them ending in .99, .95 or .50",
    ),
    (
        "counter",
        "N",
        "counts N, N + 1 and so on, each user for itself",
    ),
    (
        "sum",
        "/LIST A*B",
        "the sum of A times B over the elements of a list of the same body; only in `json`",
    ),
];

impl Generator {
    /// Reads what stands behind the `$`.
    ///
    /// # Errors
    /// When there is no such generator, or it cannot do with what follows: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let known = GENERATORS.iter().find(|(known, ..)| *known == name);
        let Some((_, wants, _)) = known else {
            let names = GENERATORS.iter().map(|(known, ..)| *known);
            let suggestion =
                Suggestion::for_word(name, names.clone()).map(|word| format!("${word}"));
            let names: Vec<&str> = names.collect();
            return Err(format!(
                "nothing is made up by `${name}`{suggestion} (there are: {})",
                names.join(", ")
            ));
        };
        if wants.is_empty() != rest.is_empty() {
            return Err(match wants.is_empty() {
                true => format!("`${name}` takes nothing behind it, not `{rest}`"),
                false => format!("`${name}` lacks what it is to make: write {{${name} {wants}}}"),
            });
        }
        let length = || match rest.parse() {
            Ok(length @ 1..=LONGEST_TEXT) => Ok(length),
            _ => Err(format!(
                "`${name} {rest}`: give a number from 1 to {LONGEST_TEXT}"
            )),
        };
        Ok(match name {
            "unique" => Self::Unique,
            "email" => Self::Email,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "name" => Self::Name,
            "phone" => Self::Phone,
            "street" => Self::Street,
            "city" => Self::City,
            "word" => Self::Words(1),
            "words" => Self::Words(length()?),
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "bool" => Self::Bool,
            "digits" => Self::Digits(length()?),
            "letters" => Self::Letters(length()?),
            "int" => int(rest)?,
            "decimal" => decimal(rest)?,
            "counter" => match rest.parse() {
                Ok(from) => Self::Counter(from),
                Err(_) => return Err(format!("`$counter {rest}`: write {{$counter 1}}")),
            },
            "sum" => Self::Sum(Sum::parse(rest)?),
            "normal" | "exponential" | "zipf" | "price" => {
                Self::Distributed(Distribution::parse(name, rest)?)
            }
            _ => choice(rest)?,
        })
    }

    /// Whether two requests never have the same.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique | Self::Email)
    }

    /// Whether what it makes is no text in JSON.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        matches!(
            self,
            Self::Int(..)
                | Self::Decimal(..)
                | Self::Bool
                | Self::Distributed(_)
                | Self::Counter(_)
                | Self::Sum(_)
        )
    }

    /// Whether it is known only when the request is sent: no body can be drawn with it.
    #[must_use]
    pub fn is_made_late(&self) -> bool {
        self.is_unique() || matches!(self, Self::Counter(_))
    }

    /// Bytes of what it makes, at most and about; for limits.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        match self {
            Self::Words(count) => count * 16,
            Self::Digits(count) | Self::Letters(count) => *count,
            Self::Choice(choices) => choices
                .iter()
                .map(|(text, _)| text.len())
                .max()
                .unwrap_or(0),
            _ => 64,
        }
    }

    /// What comes before and after the unique number of what is unique.
    #[must_use]
    pub fn around_unique(&self, run_id: &RunId) -> (String, &'static str) {
        match self {
            Self::Email => (format!("user.{run_id}."), "@example.com"),
            _ => (format!("{run_id}-"), ""),
        }
    }

    /// Appends one of what it makes, but for what is unique.
    pub fn draw(&self, rng: &mut Rng, out: &mut String) {
        // Writing into memory does not fail.
        let _ = self.write(rng, out);
    }

    fn write(&self, rng: &mut Rng, out: &mut String) -> std::fmt::Result {
        match self {
            // These are made where they are sent, or of the rest of the body.
            Self::Unique | Self::Email | Self::Counter(_) | Self::Sum(_) => Ok(()),
            Self::Distributed(distribution) => distribution.write(rng, out),
            Self::FirstName => out.write_str(choose(rng, EN::NAME_FIRST_NAME)),
            Self::LastName => out.write_str(choose(rng, EN::NAME_LAST_NAME)),
            Self::Name => write!(
                out,
                "{} {}",
                choose(rng, EN::NAME_FIRST_NAME),
                choose(rng, EN::NAME_LAST_NAME)
            ),
            Self::Phone => write!(
                out,
                "+1-555-{:03}-{:04}",
                rng.u16(..1_000),
                rng.u16(..10_000)
            ),
            Self::Street => write!(
                out,
                "{} {} {}",
                rng.u32(1..=9_999),
                choose(rng, EN::NAME_LAST_NAME),
                choose(rng, EN::ADDRESS_STREET_SUFFIX)
            ),
            Self::City => write!(
                out,
                "{}{}",
                choose(rng, EN::NAME_LAST_NAME),
                choose(rng, EN::ADDRESS_CITY_SUFFIX)
            ),
            Self::Words(count) => (0..*count).try_for_each(|place| {
                let blank = if place > 0 { " " } else { "" };
                write!(out, "{blank}{}", choose(rng, EN::LOREM_WORD))
            }),
            Self::Uuid => {
                let uuid = uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes());
                write!(out, "{}", uuid.as_uuid())
            }
            Self::Date => {
                let day = rng.i8(1..=28);
                write!(
                    out,
                    "{}-{:02}-{day:02}",
                    rng.i16(DATE_YEARS),
                    rng.u8(1..=12)
                )
            }
            Self::Bool => write!(out, "{}", rng.bool()),
            Self::Digits(count) => (0..*count).try_for_each(|_| write!(out, "{}", rng.u8(..10))),
            Self::Letters(count) => (0..*count).try_for_each(|_| out.write_char(rng.uppercase())),
            Self::Int(from, to) => write!(out, "{}", rng.i64(*from..=*to)),
            Self::Decimal(from, to, decimals) => write_units(out, rng.i64(*from..=*to), *decimals),
            Self::Choice(choices) => {
                let all: u32 = choices.iter().map(|(_, weight)| weight).sum();
                let mut drawn = rng.u32(..all);
                for (choice, weight) in choices {
                    if drawn < *weight {
                        return out.write_str(choice);
                    }
                    drawn -= weight;
                }
                Ok(())
            }
        }
    }
}

fn choose<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.usize(..choices.len())]
}

fn int(text: &str) -> Result<Generator, String> {
    let ends = text.split_once("..");
    let read = |text: &str| text.trim().parse::<i64>().ok();
    match ends.map(|(from, to)| (read(from), read(to))) {
        Some((Some(from), Some(to))) if from <= to => Ok(Generator::Int(from, to)),
        _ => Err(format!(
            "`$int {text}`: write the least and the most, like {{$int 1..5}}"
        )),
    }
}

fn decimal(text: &str) -> Result<Generator, String> {
    let wrong = || {
        format!(
            "`$decimal {text}`: write the least and the most, like {{$decimal 0.50..99.99}}, with at \
             most {MOST_DECIMALS} digits behind the point"
        )
    };
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to) = (from.trim(), to.trim());
    let digits = |text: &str| {
        text.split_once('.')
            .map_or(0, |(_, digits)| digits.len() as u32)
    };
    let decimals = match digits(from).max(digits(to)) {
        0 => 2,
        digits => digits,
    };
    if decimals > MOST_DECIMALS {
        return Err(wrong());
    }
    let units = |text: &str| {
        let number: f64 = text.parse().ok()?;
        let units = (number * 10_f64.powi(decimals as i32)).round();
        (units.abs() < 1e15).then_some(units as i64)
    };
    match (units(from), units(to)) {
        (Some(from), Some(to)) if from <= to => Ok(Generator::Decimal(from, to, decimals)),
        _ => Err(wrong()),
    }
}

fn choice(text: &str) -> Result<Generator, String> {
    let mut choices = Vec::new();
    for choice in text.split('|') {
        let weighted = choice.rsplit_once('=');
        let weighted = weighted.and_then(|(text, weight)| {
            let weight = weight.trim().parse::<u32>().ok()?;
            (1..=1_000_000).contains(&weight).then_some((text, weight))
        });
        let (text, weight) = weighted.unwrap_or((choice, 1));
        choices.push((text.trim().to_owned(), weight));
    }
    match choices.len() {
        2..=MOST_CHOICES => Ok(Generator::Choice(choices)),
        _ => Err(format!(
            "`$choice {text}`: write from 2 to {MOST_CHOICES} choices, like {{$choice card=3|wallet}}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Vec<String> {
        let generator = Generator::parse(text).unwrap();
        let mut rng = Rng::with_seed(1);
        let draw = |_| {
            let mut out = String::new();
            generator.draw(&mut rng, &mut out);
            out
        };
        (0..500).map(draw).collect()
    }

    #[test]
    fn every_generator_makes_what_it_says() {
        let matches = |text: &str, pattern: &str| {
            let pattern = regex_lite::Regex::new(pattern).unwrap();
            for made in drawn(text) {
                assert!(pattern.is_match(&made), "{text}: {made}");
            }
        };
        for (text, pattern) in [
            ("first_name", "^[A-Z][a-zA-Z' ]+$"),
            ("last_name", "^[A-Z][a-zA-Z' ]+$"),
            ("name", "^[A-Z].* [A-Z].*$"),
            ("phone", r"^\+1-555-\d{3}-\d{4}$"),
            ("street", r"^\d+ .+ .+$"),
            ("city", "^[A-Z].+$"),
            ("word", "^[a-z]+$"),
            ("words 3", "^[a-z]+ [a-z]+ [a-z]+$"),
            (
                "uuid",
                "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            ),
            ("date", r"^202\d-[01]\d-[0-2]\d$"),
            ("bool", "^(true|false)$"),
            ("digits 4", r"^\d{4}$"),
            ("letters 3", "^[A-Z]{3}$"),
            ("int -2..2", "^(-[12]|[012])$"),
            ("decimal -0.5..0.5", r"^-?0\.[0-5]$"),
            ("decimal 1..2", r"^[12]\.\d\d$"),
            ("choice a b | c=3", "^(a b|c)$"),
            ("normal 5 1.00 3..7", r"^[3-7]\.\d\d$"),
            ("exponential 3", r"^\d+$"),
            ("zipf 9", "^[1-9]$"),
            ("price 1..5", r"^[1-5]\.\d\d$"),
        ] {
            matches(text, pattern);
        }
        let made: std::collections::BTreeSet<String> = drawn("int -2..2").into_iter().collect();
        assert_eq!(made.len(), 5, "both ends are made");
    }

    #[test]
    fn choices_come_as_often_as_their_weights_say() {
        let heavy = drawn("choice rare|common=9");
        let common = heavy.iter().filter(|made| *made == "common").count();
        assert!((400..500).contains(&common), "{common} of 500");
    }

    #[test]
    fn what_cannot_be_made_is_told_with_what_can() {
        for (text, says) in [
            ("emial", "did you mean `$email`?"),
            ("int", "write {$int A..B}"),
            ("int 5..1", "like {$int 1..5}"),
            ("int 1..x", "like {$int 1..5}"),
            ("int 1..99999999999999999999", "like {$int 1..5}"),
            ("decimal 1..1e30", "like {$decimal"),
            ("decimal 1..NaN", "like {$decimal"),
            ("decimal 0.0000001..1", "at most 6 digits"),
            ("digits 0", "from 1 to 1000"),
            ("words 1001", "from 1 to 1000"),
            ("email x", "takes nothing behind it"),
            ("choice a", "from 2 to 1000"),
            ("counter x", "write {$counter 1}"),
            ("zipf x", "like {$zipf 1000}"),
            ("sum lines", "like {$sum /lines quantity*price}"),
            ("", "there are: unique"),
        ] {
            let said = Generator::parse(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }

    #[test]
    fn the_list_has_every_generator_once() {
        for (name, wants, _) in GENERATORS {
            let example = wants.replace("A..B", "1..2").replace('N', "2");
            let text = format!("{name} {example}");
            assert!(Generator::parse(&text).is_ok(), "{text}");
        }
        let names: std::collections::BTreeSet<&str> =
            GENERATORS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), GENERATORS.len());
    }
}
