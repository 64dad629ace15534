//! Starts of workloads: a file made of a target's own description, of a browser's recording, or of nothing.
//!
//! What is made is a text for people, with what was guessed said beside it. It is read as any file is before
//! anybody gets it.

mod chains;
mod correlation;
mod description;
mod error;
mod from_description;
mod from_recording;
mod patterns;
mod recording;
mod samples;
mod shipped;
mod toml_text;
mod wording;
mod written;

pub use error::StartError;
pub use from_description::{MOST_DESCRIPTION_BYTES, from_description};
pub use from_recording::{MOST_RECORDING_BYTES, from_recording};
pub use shipped::{STARTER, Shipped};
pub use written::Start;

#[cfg(test)]
mod tests;
