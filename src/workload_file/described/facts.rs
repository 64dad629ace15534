//! What is known of the values of bodies before they are made: types, lengths, spans, choices.

use crate::workload_file::model::generators::Generator;
use serde_json::Value;

/// What is known of a value before it is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A text of so many characters, as far as that is known; perhaps one of these.
    Text {
        /// Fewest characters.
        least: usize,
        /// Most, as far as that is known.
        most: Option<usize>,
        /// All that it may be, as far as that is known.
        choices: Option<Vec<String>>,
    },
    /// A number between these.
    Number {
        /// Least.
        least: f64,
        /// Most.
        most: f64,
        /// Whether it has no digits behind the point.
        is_whole: bool,
    },
    /// True or false.
    Boolean,
    /// Null.
    Null,
    /// Nothing: a user has it when it is sent.
    Unknown,
}

/// What is known of a text that is always the same.
pub fn literal_text(text: &str) -> Fact {
    let length = text.chars().count();
    Fact::Text {
        least: length,
        most: Some(length),
        choices: Some(vec![text.to_owned()]),
    }
}

/// What is known of a value that is always the same, as JSON.
pub fn literal(json: &str) -> Fact {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => literal_text(&text),
        Ok(Value::Bool(_)) => Fact::Boolean,
        Ok(Value::Null) => Fact::Null,
        Ok(Value::Number(number)) => {
            let is_whole = number.as_f64().is_some_and(|it| it.fract() == 0.0);
            let number = number.as_f64().unwrap_or_default();
            Fact::Number {
                least: number,
                most: number,
                is_whole,
            }
        }
        _ => Fact::Unknown,
    }
}

/// What is known of what a generator makes.
pub fn made(generator: &Generator) -> Fact {
    let number = |least, most, is_whole| Fact::Number {
        least,
        most,
        is_whole,
    };
    let of_length = |least, most| Fact::Text {
        least,
        most,
        choices: None,
    };
    match generator {
        Generator::Int(least, most) => number(*least as f64, *most as f64, true),
        Generator::Decimal(least, most, decimals) | Generator::Float(least, most, decimals) => {
            let unit = 10_f64.powi(*decimals as i32);
            number(*least as f64 / unit, *most as f64 / unit, *decimals == 0)
        }
        Generator::Distributed(distribution) => {
            let (least, most, is_whole) = distribution.span();
            number(least, most, is_whole)
        }
        Generator::Counter(from) => number(f64::from(*from), f64::from(*from), true),
        Generator::Bool => Fact::Boolean,
        Generator::Null => Fact::Null,
        Generator::Text(_) => of_length(1, None),
        Generator::Number(made) => match made_of(made) {
            Some(values) => each(&values, true),
            None => Fact::Unknown,
        },
        Generator::Each(values, are_numbers) => each(values, *are_numbers),
        Generator::Hex(digits) => of_length(*digits as usize, Some(*digits as usize)),
        Generator::Padded(_, most, digits) => {
            of_length(*digits, Some((*digits).max(most.to_string().len())))
        }
        Generator::Title(words) => of_length(*words, None),
        Generator::Paragraph(most) => of_length(1, Some(*most)),
        Generator::State => of_length(2, Some(2)),
        Generator::Digits(count) | Generator::Letters(count) => of_length(*count, Some(*count)),
        Generator::Uuid => of_length(36, Some(36)),
        Generator::Date | Generator::Day(..) | Generator::InDays(..) => of_length(10, Some(10)),
        Generator::Choice(choices) => {
            let choices: Vec<String> = choices.iter().map(|(text, _)| text.clone()).collect();
            let lengths = choices.iter().map(|text| text.chars().count());
            Fact::Text {
                least: lengths.clone().min().unwrap_or(0),
                most: lengths.max(),
                choices: Some(choices),
            }
        }
        // They depend on what is drawn.
        Generator::Sum(_) | Generator::Total(_) | Generator::Handle(_) => Fact::Unknown,
        _ => of_length(1, None),
    }
}

/// What is chosen from.
fn made_of(generator: &Generator) -> Option<Vec<String>> {
    match generator {
        Generator::Choice(choices) => Some(choices.iter().map(|(text, _)| text.clone()).collect()),
        _ => None,
    }
}

/// What is known of values that are taken in turn.
fn each(values: &[String], are_numbers: bool) -> Fact {
    if are_numbers {
        let numbers = values.iter().filter_map(|value| value.parse::<f64>().ok());
        return Fact::Number {
            least: numbers.clone().fold(f64::INFINITY, f64::min),
            most: numbers.fold(f64::NEG_INFINITY, f64::max),
            is_whole: true,
        };
    }
    let lengths = values.iter().map(|text| text.chars().count());
    Fact::Text {
        least: lengths.clone().min().unwrap_or(0),
        most: lengths.max(),
        choices: Some(values.to_vec()),
    }
}
