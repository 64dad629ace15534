//! Texts that requests hold, in pieces.

use super::generators::Generator;

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
    /// A sum of products of draws, each added or taken away.
    Sum(Vec<Product>),
}

/// A part of a sum: the product of some draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Whether it is taken away.
    pub is_less: bool,
    /// Positions of the draws.
    pub factors: Vec<u16>,
}
