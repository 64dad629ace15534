//! What is made up for requests: names, words, numbers, dates, choices; and what nobody else has.

use super::distributions::Distribution;
use super::sums::Sum;
use crate::plan::{RunId, Suggestion};
use crate::words;
use jiff::civil::Date;

/// Most choices of one generator.
const MOST_CHOICES: usize = 1_000;
/// Most words, letters or digits of one text.
const LONGEST_TEXT: usize = 1_000;
/// Digits behind the point of a decimal number, at most.
const MOST_DECIMALS: u32 = 6;
/// Values that are taken in turn, at most.
const MOST_EACH: usize = 10_000;
/// Products of a sum, and draws of a product, at most.
const MOST_PRODUCTS: usize = 100;
const MOST_FACTORS: usize = 3;
/// Days from one date to another, at most.
const MOST_DAYS: i32 = 1_000_000;

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
    /// The same as [`Self::Unique`], of small letters and digits only.
    Serial,
    /// So many words, each with a capital.
    Title(usize),
    /// A sentence.
    Sentence,
    /// Sentences of at most so many bytes together.
    Paragraph(usize),
    /// A company.
    Company,
    /// A state of the USA, as two letters.
    State,
    /// So many hexadecimal digits.
    Hex(u32),
    /// A date from the first to the second.
    Day(Date, Date),
    /// A date so many days after the start of the run.
    InDays(i64, i64),
    /// A whole number from the first to the second, of at least so many digits.
    Padded(i64, i64, usize),
    /// Like [`Self::Decimal`], as short as programs write it.
    Float(i64, i64, u32),
    /// What that makes, as a text.
    Text(Box<Self>),
    /// What that makes, all of whose texts are whole numbers, as a number.
    Number(Box<Self>),
    /// Each of these in turn; whether they are numbers.
    Each(Vec<String>, bool),
    /// Nothing.
    Null,
    /// What stands before the `@` of an e-mail address, of these draws.
    Handle(Vec<String>),
    /// A sum of products of draws, values and numbers; whether each is taken away.
    Sum(Vec<(bool, Vec<String>)>),
    /// A number, some more likely than others.
    Distributed(Distribution),
    /// Counts from this number on, each user for itself.
    Counter(u32),
    /// The sum of the elements of a list of its body.
    Total(Sum),
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
        "serial",
        "",
        "the same as `$unique`, of small letters and digits only",
    ),
    ("title", "N", "so many words, each with a capital"),
    ("sentence", "", "a sentence of 3 to 8 words"),
    (
        "paragraph",
        "N",
        "1 to 4 sentences, of at most so many characters",
    ),
    ("company", "", "a company"),
    ("state", "", "a state of the USA, as two letters"),
    ("hex", "N", "so many hexadecimal digits, at most 8"),
    (
        "day",
        "A..B",
        "a date from A to B, like 1970-01-01..1999-12-31",
    ),
    (
        "in_days",
        "A..B",
        "the date so many days after the start of the run",
    ),
    (
        "padded",
        "A..B",
        "a whole number as a text, with zeros in front of it until it is as long as A",
    ),
    (
        "float",
        "A..B",
        "the same as `$decimal`, written as programs do: 29.5, 30.0",
    ),
    (
        "text",
        "…",
        "what follows it, as a text of JSON: {$text int 1..9}",
    ),
    (
        "number",
        "…",
        "what follows it, as a number of JSON: {$number choice 1|5=7}",
    ),
    (
        "each",
        "A|B",
        "each of these in turn, or each number of A..B: there are as many bodies",
    ),
    ("null", "", "JSON's null"),
    (
        "handle",
        "NAME",
        "the letters of these draws in small, at most 20: for an e-mail address",
    ),
    (
        "sum",
        "A*B + C",
        "a sum of draws, values and numbers and of their products, exact to the last digit; or, as {$sum /LIST A*B}, of what is in the elements of a list of the same `json`",
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
            "decimal" => {
                let (from, to, decimals) = decimal(name, rest)?;
                Self::Decimal(from, to, decimals)
            }
            "float" => {
                let (from, to, decimals) = decimal(name, rest)?;
                Self::Float(from, to, decimals)
            }
            "serial" => Self::Serial,
            "title" => Self::Title(length()?),
            "sentence" => Self::Sentence,
            "paragraph" => match length()? {
                most if most >= words::LONGEST_SENTENCE_BYTES => Self::Paragraph(most),
                _ => {
                    let least = words::LONGEST_SENTENCE_BYTES;
                    return Err(format!("`$paragraph {rest}`: a sentence may take {least}"));
                }
            },
            "company" => Self::Company,
            "state" => Self::State,
            "hex" => match rest.parse() {
                Ok(digits @ 1..=8) => Self::Hex(digits),
                _ => return Err(format!("`$hex {rest}`: give a number from 1 to 8")),
            },
            "day" => day(rest)?,
            "in_days" => match int_span(rest) {
                Some((from, to)) if -100_000 <= from && to <= 100_000 => Self::InDays(from, to),
                _ => return Err(format!("`$in_days {rest}`: write {{$in_days 1..14}}")),
            },
            "padded" => match int_span(rest) {
                Some((from @ 0.., to)) => {
                    let digits = rest
                        .split_once("..")
                        .map_or(0, |(from, _)| from.trim().len());
                    Self::Padded(from, to, digits.min(20))
                }
                _ => return Err(format!("`$padded {rest}`: write {{$padded 0001..9999}}")),
            },
            "text" => match Self::parse(rest.trim_start_matches('$'))? {
                made if made.is_bare() && made != Self::Null => Self::Text(Box::new(made)),
                _ => return Err(format!("`$text {rest}`: that is a text already")),
            },
            "number" => match Self::parse(rest.trim_start_matches('$'))? {
                made if made.are_whole_numbers() => Self::Number(Box::new(made)),
                _ => {
                    return Err(format!(
                        "`$number {rest}`: write whole numbers to choose from, like {{$number choice 1|5=7}}"
                    ));
                }
            },
            "each" => each(rest)?,
            "null" => Self::Null,
            // A list of the body is told apart by its slash.
            "sum" if rest.starts_with('/') => Self::Total(Sum::parse(rest)?),
            "sum" => Self::Sum(sum(rest)?),
            "counter" => match rest.parse() {
                Ok(from) => Self::Counter(from),
                Err(_) => return Err(format!("`$counter {rest}`: write {{$counter 1}}")),
            },
            "normal" | "exponential" | "zipf" | "price" => {
                Self::Distributed(Distribution::parse(name, rest)?)
            }
            "handle" => Self::Handle(rest.split_whitespace().map(str::to_owned).collect()),
            _ => choice(rest)?,
        })
    }

    /// Whether two requests never have the same.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique | Self::Serial | Self::Email)
    }

    /// Whether what it makes is no text in JSON.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        match self {
            Self::Int(..) | Self::Decimal(..) | Self::Float(..) | Self::Bool | Self::Null => true,
            Self::Distributed(_) | Self::Counter(_) | Self::Total(_) | Self::Number(_) => true,
            Self::Each(_, are_numbers) => *are_numbers,
            _ => false,
        }
    }

    /// Whether it makes one of some texts, all of which are whole numbers as JSON writes them.
    fn are_whole_numbers(&self) -> bool {
        let Self::Choice(choices) = self else {
            return false;
        };
        let is_number = |text: &str| {
            let number = text.parse::<i64>();
            number.is_ok_and(|number| number.to_string() == text)
        };
        choices.iter().all(|(text, _)| is_number(text))
    }

    /// Whether it makes the same in every body of the same numbers, but for what is patched in.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.is_unique() || matches!(self, Self::Null) || self.total().is_some()
    }

    /// Whether it is known only when the request is sent: nothing can be drawn with it.
    #[must_use]
    pub fn is_made_late(&self) -> bool {
        self.is_unique() || self.counts_from().is_some()
    }

    /// The number that it counts from, if it counts.
    #[must_use]
    pub fn counts_from(&self) -> Option<u32> {
        match self {
            Self::Counter(from) => Some(*from),
            Self::Text(made) => made.counts_from(),
            _ => None,
        }
    }

    /// What it adds up of its body, if it does.
    #[must_use]
    pub fn total(&self) -> Option<&Sum> {
        match self {
            Self::Total(sum) => Some(sum),
            Self::Text(made) => made.total(),
            _ => None,
        }
    }

    /// How many values there are, where they are taken in turn.
    #[must_use]
    pub fn turns(&self) -> Option<usize> {
        match self {
            Self::Each(values, _) => Some(values.len()),
            _ => None,
        }
    }

    /// Bytes of what it makes, at most and about; for limits.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        match self {
            Self::Words(count) => count * 16,
            Self::Digits(count) | Self::Letters(count) | Self::Paragraph(count) => *count,
            Self::Title(count) => count * 9,
            Self::Sentence => words::LONGEST_SENTENCE_BYTES,
            Self::Text(made) | Self::Number(made) => made.most_bytes(),
            Self::Each(values, _) => values.iter().map(String::len).max().unwrap_or(0),
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
            Self::Serial => (run_id.to_string(), ""),
            _ => (format!("{run_id}-"), ""),
        }
    }
}

/// The ends of a span of whole numbers.
fn int_span(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once("..")?;
    let read = |text: &str| text.trim().parse::<i64>().ok();
    let (from, to) = read(from).zip(read(to))?;
    (from <= to).then_some((from, to))
}

fn int(text: &str) -> Result<Generator, String> {
    int_span(text)
        .map(|(from, to)| Generator::Int(from, to))
        .ok_or_else(|| format!("`$int {text}`: write the least and the most, like {{$int 1..5}}"))
}

fn day(text: &str) -> Result<Generator, String> {
    let read = |text: &str| text.trim().parse::<Date>().ok();
    let ends = text.split_once("..");
    let ends = ends.and_then(|(from, to)| read(from).zip(read(to)));
    match ends {
        Some((from, to)) if (0..MOST_DAYS).contains(&days_between(from, to)) => {
            Ok(Generator::Day(from, to))
        }
        _ => Err(format!(
            "`$day {text}`: write the first and the last day, like {{$day 1970-01-01..1999-12-31}}"
        )),
    }
}

/// Days from the first to the second; below 0 when they are the wrong way round.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until((jiff::Unit::Day, to))
        .map_or(-1, |span| span.get_days())
}

/// The products of a sum, each with whether it is taken away.
fn sum(text: &str) -> Result<Vec<(bool, Vec<String>)>, String> {
    let mut products = Vec::new();
    let mut rest = text;
    let mut is_less = false;
    loop {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let factors = rest[..end].split('*').map(|name| name.trim().to_owned());
        let factors: Vec<String> = factors.collect();
        let is_name = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
        if !factors.iter().all(is_name) {
            return Err(format!(
                "`$sum {text}`: write names and numbers, like {{$sum price*count + 2.50}}, or a list of the body, like \
                 {{$sum /lines quantity*price}}"
            ));
        }
        if products.len() == MOST_PRODUCTS || factors.len() > MOST_FACTORS {
            return Err(format!(
                "`$sum {text}`: there may be {MOST_PRODUCTS} products of {MOST_FACTORS} draws"
            ));
        }
        products.push((is_less, factors));
        let Some(sign) = rest[end..].chars().next() else {
            return Ok(products);
        };
        is_less = sign == '-';
        rest = &rest[end + 1..];
    }
}

fn each(text: &str) -> Result<Generator, String> {
    let span = text.split_once("..").and_then(|(from, to)| {
        let read = |text: &str| text.trim().parse::<i64>().ok();
        read(from).zip(read(to))
    });
    let Some((from, to)) = span else {
        let values: Vec<String> = text.split('|').map(|it| it.trim().to_owned()).collect();
        return match values.len() {
            2..=MOST_CHOICES => Ok(Generator::Each(values, false)),
            _ => Err(format!(
                "`$each {text}`: write from 2 to {MOST_CHOICES} values, like {{$each red|green}}, or \
                 numbers, like {{$each 1..100}}"
            )),
        };
    };
    if from.abs_diff(to) >= MOST_EACH as u64 {
        return Err(format!("`$each {text}`: there may be {MOST_EACH} values"));
    }
    let number = |value: i64| value.to_string();
    let values = match from <= to {
        true => (from..=to).map(number).collect(),
        false => (to..=from).rev().map(number).collect(),
    };
    Ok(Generator::Each(values, true))
}

fn decimal(name: &str, text: &str) -> Result<(i64, i64, u32), String> {
    let wrong = || {
        format!(
            "`${name} {text}`: write the least and the most, like {{${name} 0.50..99.99}}, with at \
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
        (Some(from), Some(to)) if from <= to => Ok((from, to, decimals)),
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
mod tests;
