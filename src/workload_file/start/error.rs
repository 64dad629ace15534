//! Why there is no start of a workload.

use crate::workload_file::FileError;

/// Why there is no start of a workload.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What was read describes nothing.
    #[error("{origin} is no description (OpenAPI 3 or Swagger 2, as JSON or YAML): {why}")]
    NoDescription {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        why: String,
    },
    /// What was read is no recording.
    #[error("{origin} is no recording of a browser (HAR 1.2): {why}")]
    NoRecording {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        why: String,
    },
    /// Nothing that is described could be called.
    #[error(
        "{origin} has nothing that could be called: of {operations} operations each wants a value that no \
         reply gives, or a body that cannot be written; begin with `shopblast workload init`"
    )]
    NothingToCall {
        /// Where it came from.
        origin: String,
        /// Operations that are described.
        operations: usize,
    },
    /// What was made of it is no workload, which is a fault of this program.
    #[error("what was made of it is no workload, which is a fault of shopblast: {0}")]
    NotSound(#[from] FileError),
}
