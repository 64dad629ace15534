//! One run on several machines: how they meet, start together, are watched, and become one record.

pub mod bus;
pub mod engines;
mod merge;

pub use merge::{MergeError, MergeRequest, merge};
