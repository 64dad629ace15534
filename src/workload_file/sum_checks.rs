//! Whether there is what a sum adds up.

use super::generators::Generator;
use super::model::{Node, Part};
use super::sums::{Sum, is_decimal};

/// Whether `sum` can be made in `body`, whose draws are these.
///
/// # Errors
/// When it cannot: a sentence.
pub fn check_sum(sum: &Sum, body: &Node, draws: &[Vec<Part>]) -> Result<(), String> {
    let list = sum.list().as_str();
    let elements = match inner(body, sum.list().names()) {
        Some(Node::Array(elements)) => elements,
        _ => return Err(format!("`$sum`: there is no list at {list} of this body")),
    };
    for element in elements {
        let element = match element {
            Node::Several { node, .. } => node,
            element => element,
        };
        for factor in sum.factors() {
            let name = factor.as_str();
            let Some(number) = inner(element, factor.names()) else {
                return Err(format!("`$sum`: an element of {list} has no {name}"));
            };
            if !is_number(number, draws) {
                return Err(format!(
                    "`$sum`: {name} in {list} is no number that is made up with its body; a value of \
                     the user is known later"
                ));
            }
        }
    }
    Ok(())
}

/// What stands at the place that `names` lead to.
fn inner(node: &Node, names: impl Iterator<Item = String>) -> Option<&Node> {
    let mut node = node;
    for name in names {
        node = match node {
            Node::Object(members) => members
                .iter()
                .find(|(known, _)| *known == name)
                .map(|it| &it.1)?,
            _ => return None,
        };
    }
    Some(node)
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
        [Part::Made(Generator::Choice(choices))] => {
            choices.iter().all(|(choice, _)| is_decimal(choice))
        }
        [Part::Made(generator)] => match generator {
            Generator::Int(..) | Generator::Decimal(..) | Generator::Distributed(_) => true,
            Generator::Digits(count) => *count <= 12,
            _ => false,
        },
        [Part::Drawn(position)] => {
            let draw = draws.get(usize::from(*position));
            draw.is_some_and(|parts| is_number_text(parts, draws))
        }
        [Part::Text(text)] => is_decimal(text),
        _ => false,
    }
}
