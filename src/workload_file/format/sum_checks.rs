//! Whether there is what a sum adds up.

use crate::workload_file::model::definitions::Node;
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::sum_places::{Lacking, factors_of, values_of};
use crate::workload_file::model::sums::{Sum, is_decimal};
use crate::workload_file::model::texts::{Factor, Part};

/// Whether `sum` can be made in `body`, for which this is drawn; gives the values of the user that it adds up.
///
/// # Errors
/// When it cannot: a sentence.
pub fn check_sum(sum: &Sum, body: &Node, draws: &[Vec<Part>]) -> Result<Vec<u16>, String> {
    let list = sum.list().as_str();
    let factors = factors_of(sum, body).map_err(|lacking| match lacking {
        Lacking::List => format!("`$sum`: there is no list at {list} of this body"),
        Lacking::Factor(name) => format!("`$sum`: an element of {list} has no {name}"),
    })?;
    let drawn = |position: u16| draws.get(usize::from(position));
    let mut numbers = factors.iter();
    if let Some((name, _)) = numbers.find(|(_, node)| !is_number(node, &drawn)) {
        return Err(format!(
            "`$sum`: {name} in {list} is no number: write one, one that is made up like {{$int 1..5}}, or a value \
             alone, like \"{{price}}\""
        ));
    }
    Ok(values_of(&factors).collect())
}

/// Positions of the draws that `part` adds up.
pub fn summed_draws(part: &Part) -> impl Iterator<Item = u16> {
    let products = match part {
        Part::Sum(products) => &products[..],
        _ => &[],
    };
    let factors = products.iter().flat_map(|product| &product.factors);
    factors.filter_map(|factor| match factor {
        Factor::Drawn(position) => Some(*position),
        Factor::Value(_) | Factor::Number(_) => None,
    })
}

fn is_number<'n>(node: &Node, drawn: &impl Fn(u16) -> Option<&'n Vec<Part>>) -> bool {
    match node {
        Node::Literal(json) => is_decimal(json),
        // What it is shows when the request is sent.
        Node::Text(parts) if matches!(parts[..], [Part::Value(_)]) => true,
        Node::Text(parts) => is_number_text(parts, drawn),
        _ => false,
    }
}

/// Whether `parts` are a number before a request is sent; `drawn` gives what stands for a draw.
pub fn is_number_text<'n>(parts: &[Part], drawn: &impl Fn(u16) -> Option<&'n Vec<Part>>) -> bool {
    match parts {
        [Part::Made(generator)] => makes_numbers(generator),
        // A draw is made of those above it.
        [Part::Drawn(position)] => {
            drawn(*position).is_some_and(|parts| is_number_text(parts, drawn))
        }
        [Part::Text(text)] => is_decimal(text),
        [Part::Sum(_)] => true,
        _ => false,
    }
}

/// Whether all that it makes are numbers.
pub fn makes_numbers(generator: &Generator) -> bool {
    match generator {
        Generator::Int(..) | Generator::Decimal(..) | Generator::Float(..) => true,
        Generator::Distributed(_) | Generator::Padded(..) => true,
        Generator::Digits(count) => *count <= 12,
        Generator::Choice(choices) => choices.iter().all(|(choice, _)| is_decimal(choice)),
        Generator::Each(values, _) => values.iter().all(|value| is_decimal(value)),
        Generator::Text(made) | Generator::Number(made) => makes_numbers(made),
        _ => false,
    }
}
