//! Why a fleet was not launched, or not followed to its end.

use crate::plan::ExitCode;
use std::io;

/// Why a fleet was not launched, or not followed to its end. What was launched by then is taken away.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The engine's own program is not here.
    #[error("{program} cannot be started: {source}; {remedy}")]
    Missing {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
        /// What to do.
        remedy: String,
    },
    /// The engine's own program failed.
    #[error("`{command}` failed ({status}){said}")]
    Failed {
        /// The command, without what it was told on its standard input.
        command: String,
        /// How it ended.
        status: String,
        /// What it said last, if anything.
        said: String,
    },
    /// It did not begin in time.
    #[error(
        "the leader has not begun within {waited_s} s: {state}; look at it with `{look}`, or wait longer with \
         --start-limit"
    )]
    NotBegun {
        /// How long it was waited.
        waited_s: u64,
        /// What the engine says of it.
        state: String,
        /// The command that tells more.
        look: String,
    },
    /// It was taken away by somebody else, or by the engine.
    #[error("the leader is gone: {state}")]
    Gone {
        /// What the engine says of it.
        state: String,
    },
    /// A process could not be watched, or a file not be written.
    #[error("{what}: {source}")]
    System {
        /// What was done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody pressed Ctrl-C before the leader began.
    #[error("stopped before the leader began")]
    Stopped,
}

impl LaunchError {
    /// What the process exits with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Missing { .. } | Self::Failed { .. } | Self::NotBegun { .. } => ExitCode::BadPlan,
            Self::Gone { .. } | Self::System { .. } => ExitCode::RecordLost,
            Self::Stopped => ExitCode::Interrupted,
        }
    }
}
