//! Why there is no hunt.

use crate::engine::NotStarted;
use crate::plan::{ExitCode, LoadError, Unwritable};
use crate::run::{ReachError, RunError};
use std::io;
use std::path::PathBuf;

/// Why there is no hunt.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// The target cannot be reached, or may not be.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// A probe cannot be made.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A probe's load is none.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The target that the program brings along cannot start.
    #[error(transparent)]
    OwnTarget(#[from] NotStarted),
    /// A file cannot be written.
    #[error("{}", Unwritable { flag: "--results", path, error })]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl HuntError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) => error.exit_code(),
            Self::Run(error) => error.exit_code(),
            Self::Load(_) | Self::OwnTarget(_) | Self::Write { .. } => ExitCode::BadPlan,
        }
    }
}
