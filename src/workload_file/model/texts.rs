//! Texts that requests hold, in pieces.

use super::generators::Generator;

/// What is drawn once a body: a text, and whether it is none in JSON.
pub type Drawn = (String, bool);

/// A piece of a text that requests hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The same in every request.
    Text(String),
    /// The user's value at this position.
    Value(u16),
    /// What the body has drawn at this position.
    Drawn(u16),
    /// Something made up.
    Made(Generator),
    /// What stands before the `@` of an e-mail address, of the draws at these positions.
    Handle(Vec<u16>),
    /// A sum of products, each added or taken away.
    Sum(Vec<Product>),
}

/// A part of a sum: the product of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Whether it is taken away.
    pub is_less: bool,
    /// What is multiplied.
    pub factors: Vec<Factor>,
}

/// A number of a product.
#[derive(Clone, Debug, PartialEq)]
pub enum Factor {
    /// What the body has drawn at this position.
    Drawn(u16),
    /// The user's value at this position: known when the request is sent.
    Value(u16),
    /// This one.
    Number(String),
}

impl Part {
    /// Positions of the user's values that it holds.
    pub fn values(&self) -> impl Iterator<Item = u16> {
        let (own, products) = match self {
            Self::Value(position) => (Some(*position), &[][..]),
            Self::Sum(products) => (None, &products[..]),
            _ => (None, &[][..]),
        };
        let factors = products.iter().flat_map(|product| &product.factors);
        let summed = factors.filter_map(|factor| match factor {
            Factor::Value(position) => Some(*position),
            Factor::Drawn(_) | Factor::Number(_) => None,
        });
        own.into_iter().chain(summed)
    }

    /// Whether it is a sum that is known only when the request is sent.
    #[must_use]
    pub fn is_late_sum(&self) -> bool {
        matches!(self, Self::Sum(_)) && self.values().next().is_some()
    }
}
