//! What the shop told about contended things, and what must hold of it.

mod rules;

pub use rules::*;
