//! Where a body has what a sum adds up: the list, its elements, and the factors in each.

use super::definitions::Node;
use super::sums::Sum;
use super::texts::Part;

/// What a sum needs and a body has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The list.
    List,
    /// This factor, in an element of it.
    Factor(String),
}

/// Every factor of `sum` in the elements of its list in `body`, as the file has them, with the name of each.
///
/// # Errors
/// When something is not there, whatever options the run has.
pub fn factors_of<'n>(sum: &Sum, body: &'n Node) -> Result<Vec<(String, &'n Node)>, Lacking> {
    let mut factors = Vec::new();
    for found in inner(body, sum.list().names()).ok_or(Lacking::List)? {
        for element in elements(found).ok_or(Lacking::List)? {
            for factor in sum.factors() {
                let name = factor.as_str().to_owned();
                let found = inner(element, factor.names());
                let found = found.ok_or_else(|| Lacking::Factor(name.clone()))?;
                factors.extend(found.into_iter().map(|node| (name.clone(), node)));
            }
        }
    }
    Ok(factors)
}

/// Whether anything that `sum` adds up in `body` is a value of the user: known when the request is sent.
#[must_use]
pub fn is_late(sum: &Sum, body: &Node) -> bool {
    let is_value = |(_, node): &(String, &Node)| matches!(node, Node::Text(parts) if parts.iter().any(|part| part.values().next().is_some()));
    factors_of(sum, body).is_ok_and(|factors| factors.iter().any(is_value))
}

/// Positions of the values that stand alone as one of `factors`.
pub fn values_of<'n>(factors: &'n [(String, &'n Node)]) -> impl Iterator<Item = u16> + use<'n> {
    factors.iter().filter_map(|(_, node)| match node {
        Node::Text(parts) => match parts[..] {
            [Part::Value(position)] => Some(position),
            _ => None,
        },
        _ => None,
    })
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
