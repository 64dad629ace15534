//! Whether there is what a sum adds up.

use crate::workload_file::model::definitions::Node;
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::sums::{Sum, is_decimal};
use crate::workload_file::model::texts::Part;

/// Whether `sum` can be made in `body`, for which this is drawn.
///
/// # Errors
/// When it cannot: a sentence.
pub fn check_sum(sum: &Sum, body: &Node, draws: &[Vec<Part>]) -> Result<(), String> {
    let list = sum.list().as_str();
    let none = || format!("`$sum`: there is no list at {list} of this body");
    for found in inner(body, sum.list().names()).ok_or_else(none)? {
        for element in elements(found).ok_or_else(none)? {
            check_element(sum, element, draws)?;
        }
    }
    Ok(())
}

fn check_element(sum: &Sum, element: &Node, draws: &[Vec<Part>]) -> Result<(), String> {
    let list = sum.list().as_str();
    for factor in sum.factors() {
        let name = factor.as_str();
        let Some(numbers) = inner(element, factor.names()) else {
            return Err(format!("`$sum`: an element of {list} has no {name}"));
        };
        if !numbers.into_iter().all(|number| is_number(number, draws)) {
            return Err(format!(
                "`$sum`: {name} in {list} is no number that is made up with its body; a value of \
                 the user is known later"
            ));
        }
    }
    Ok(())
}

/// The elements of a list, as the file has them.
fn elements(list: &Node) -> Option<Vec<&Node>> {
    match list {
        Node::Array(elements) => Some(elements.iter().collect()),
        Node::Several { element, .. } => Some(vec![element]),
        _ => None,
    }
}

/// What stands at the place that `names` lead to, whatever options the run has. `None` when nothing does
/// with some of them.
fn inner(node: &Node, names: impl Iterator<Item = String>) -> Option<Vec<&Node>> {
    let mut nodes = either(vec![node]);
    for name in names {
        let mut within = Vec::new();
        for node in nodes {
            let Node::Object(members) = node else {
                return None;
            };
            within.push(&members.iter().find(|(known, _)| *known == name)?.1);
        }
        nodes = either(within);
    }
    Some(nodes)
}

/// The same nodes, with both of what options decide.
fn either(nodes: Vec<&Node>) -> Vec<&Node> {
    let mut out = Vec::new();
    let mut left = nodes;
    while let Some(node) = left.pop() {
        match node {
            Node::Either { with, without, .. } => left.extend([&**with, &**without]),
            Node::Repeated { element, .. } => left.push(element),
            node => out.push(node),
        }
    }
    out
}

fn is_number(node: &Node, draws: &[Vec<Part>]) -> bool {
    match node {
        Node::Literal(json) => is_decimal(json),
        Node::Text(parts) => is_number_text(parts, draws),
        _ => false,
    }
}

fn is_number_text(parts: &[Part], draws: &[Vec<Part>]) -> bool {
    match parts {
        [Part::Made(generator)] => makes_numbers(generator),
        [Part::Drawn(position)] => {
            let draw = draws.get(usize::from(*position));
            draw.is_some_and(|parts| is_number_text(parts, draws))
        }
        [Part::Text(text)] => is_decimal(text),
        [Part::Sum(_)] => true,
        _ => false,
    }
}

fn makes_numbers(generator: &Generator) -> bool {
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
