//! Comparison of runs: is one configuration better than another, or is it chance?

pub mod inference;
