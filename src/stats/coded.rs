//! Figures as bytes, and back: without a loss, and bounded however hostile the bytes are.
//!
//! Numbers are written in groups of 7 bits, the lowest first (LEB128); signed ones alternate (ZigZag), so
//! that what is small is short. What has a row for each thing of a plan is read into a value that has
//! them already: bytes never say how much memory is taken.

mod bytes;
mod contended;
mod hdr;
mod interval;
mod ledger;

pub use bytes::{Coded, CodedBytes, Garbled, INTERVAL_VERSION, put_number, put_text};
pub use interval::MOST_INTERVAL_BYTES;

#[cfg(test)]
mod tests;
