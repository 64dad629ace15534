//! A count, and whether it is all of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A count, or what is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// The count.
    pub value: f64,
    /// Whether there may be more: the source stops counting, or sees only a part.
    pub at_least: bool,
}

impl Amount {
    /// A count that is exact.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        let at_least = false;
        Self { value, at_least }
    }

    /// Both together: exact when both are.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            at_least: self.at_least || other.at_least,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.at_least { "≥ " } else { "" };
        write!(formatter, "{mark}{}", (self.value * 10.0).round() / 10.0)
    }
}
