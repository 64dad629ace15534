//! Whether users' values that are added up can be numbers. What a reply says shows only when it comes; rows, and
//! what steps and races make up, are known beforehand.

use super::document::Document;
use super::flow::each_step;
use super::sum_checks::makes_numbers;
use crate::workload_file::model::decimals::Decimal;
use crate::workload_file::model::definitions::{Data, Model, Step};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::texts::Part;
use std::collections::BTreeMap;

/// Longest piece of a field that is shown.
const SHOWN_BYTES: usize = 40;

/// Notes each sum of a value that is no number.
pub fn check(document: &mut Document<'_>, model: &Model) {
    // A table is looked through once, however many sums there are.
    let mut known: BTreeMap<u16, Option<String>> = BTreeMap::new();
    for (offset, value) in document.take_summed() {
        let lack = known.entry(value).or_insert_with(|| lack(model, value));
        if let Some(says) = lack {
            document.mistake(offset, says.clone());
        }
    }
}

/// Why the value at `position` cannot be added up, if it cannot.
fn lack(model: &Model, position: u16) -> Option<String> {
    let name = &model.values[usize::from(position)];
    for data in &model.data {
        let mut columns = data.columns.iter();
        if let Some((_, column)) = columns.find(|(value, _)| *value == position) {
            return lack_of_rows(name, data, usize::from(*column));
        }
    }
    let sources = sources(model, position);
    let is_text = !sources.is_empty() && sources.iter().all(|source| *source == Source::Text);
    is_text.then(|| {
        format!(
            "`$sum`: `{name}` is never a number: what is added up is read of a reply, or made up as one, like \
             {{$int 1..5}}"
        )
    })
}

fn lack_of_rows(name: &str, data: &Data, column: usize) -> Option<String> {
    (0..data.table.rows()).find_map(|row| {
        let field = data.table.field(row, column).text;
        if Decimal::parse_any(field).is_some() {
            return None;
        }
        let shown = String::from_utf8_lossy(&field[..field.len().min(SHOWN_BYTES)]);
        Some(format!(
            "`$sum`: `{name}` is added up, and row {} of the data has `{}` there, which is no number",
            row + 1,
            shown.escape_debug()
        ))
    })
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Something that may be a number.
    PerhapsNumber,
    /// A text that is none.
    Text,
}

fn sources(model: &Model, position: u16) -> Vec<Source> {
    let reads = model.operations.iter().flat_map(|it| &it.reads);
    let mut sources: Vec<Source> = reads
        .filter(|read| read.value == position)
        .map(|_| Source::PerhapsNumber)
        .collect();
    let drawn = model.races.iter().flat_map(|race| &race.draws);
    let drawn = drawn.filter(|(value, _)| *value == position);
    sources.extend(drawn.map(|(_, generator)| of_generator(generator)));
    let once = model.set_up.iter().chain(&model.tear_down);
    for journey in model.journeys.iter().chain(once) {
        each_step(&journey.steps, &mut |step| {
            let made = match step {
                Step::Call(call) => {
                    let reads = call.reads.iter().flatten();
                    let read = reads.filter(|read| read.value == position);
                    sources.extend(read.map(|_| Source::PerhapsNumber));
                    &call.otherwise
                }
                Step::Set(values) => values,
                _ => return,
            };
            let made = made.iter().filter(|(value, _)| *value == position);
            sources.extend(made.map(|(_, parts)| of_parts(parts)));
        });
    }
    sources
}

/// Pieces of a number make one together.
fn of_parts(parts: &[Part]) -> Source {
    let is_piece = |part: &Part| match part {
        Part::Text(text) => text
            .bytes()
            .all(|it| it.is_ascii_digit() || b"-.eE".contains(&it)),
        Part::Made(generator) => of_generator(generator) == Source::PerhapsNumber,
        Part::Value(_) => true,
        Part::Drawn(_) | Part::Handle(_) | Part::Sum(_) => true,
    };
    let is_empty = matches!(parts, [Part::Text(text)] if text.is_empty());
    match parts.iter().all(is_piece) && !is_empty {
        true => Source::PerhapsNumber,
        false => Source::Text,
    }
}

fn of_generator(generator: &Generator) -> Source {
    match makes_numbers(generator) || generator.counts_from().is_some() {
        true => Source::PerhapsNumber,
        false if matches!(generator, Generator::Digits(_) | Generator::Choice(_)) => {
            Source::PerhapsNumber
        }
        false => Source::Text,
    }
}
