//! Why nothing was sent.

use super::reach::ReachError;
use super::recognition::RecognitionError;
use super::worker_threads::WorkerStartError;
use crate::engine::{NotStarted, Unprepared, WorkerError};
use crate::plan::{ExitCode, NotEnoughMemory, Unwritable};
use crate::record::RecordError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target cannot be reached, or may not be.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The target is nothing that the load is meant for, or not ready.
    #[error(transparent)]
    Recognition(#[from] RecognitionError),
    /// Journeys of the plan cannot be carried out at the target.
    #[error(
        "the journeys of this plan cannot be carried out at {url}, {shop}:\n{hindrances}\n(nothing was sent; choose other user classes, or run nevertheless with --allow-drift)"
    )]
    Unfit {
        /// The target.
        url: String,
        /// What it was recognised as.
        shop: String,
        /// Operations and fields, a line each.
        hindrances: String,
    },
    /// Ctrl-C, or the wish to stop, came before the start.
    #[error("stopped before the start; nothing was recorded")]
    CalledOff,
    /// The workers cannot start.
    #[error(transparent)]
    Workers(#[from] WorkerStartError),
    /// The run cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An output cannot be written.
    #[error("{}", Unwritable { flag, path, error })]
    Output {
        /// The flag that asks for it.
        flag: &'static str,
        /// Where it was to go.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The target that the program brings along cannot start.
    #[error(transparent)]
    OwnTarget(#[from] NotStarted),
    /// The plan asks for what the workload does not have.
    #[error(transparent)]
    Unprepared(#[from] Unprepared),
    /// Others, with whom the run was to be carried out, cannot, or do not want to.
    #[error("{why}")]
    Fleet {
        /// Why, with who it is.
        why: String,
        /// What tells of it.
        exit_code: ExitCode,
    },
    /// `/metrics` cannot be served.
    #[error(
        "cannot serve /metrics on {address}: {error}; choose another address with --prometheus"
    )]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// What shards share cannot be handed on.
    #[error("what all shards share was not set up: {0}")]
    SharedSetUp(String),
    /// More users than memory.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
    /// More connections than descriptors.
    #[error(
        "the run needs up to {wanted_limit} descriptors, for {wanted} connections and all else in this process, which may open {limit}; raise the limit with `ulimit -n {wanted_limit}`, or share connections with `--connections`"
    )]
    Descriptors {
        /// Connections of the plan.
        wanted: u64,
        /// The hard limit.
        limit: u64,
        /// A limit that would do.
        wanted_limit: u64,
    },
}

impl RunError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) => error.exit_code(),
            Self::Recognition(error) => error.exit_code(),
            Self::Fleet { exit_code, .. } => *exit_code,
            Self::Workers(WorkerStartError::Worker(WorkerError::SetUp(_))) => ExitCode::Unreachable,
            Self::CalledOff | Self::Workers(WorkerStartError::Worker(WorkerError::Interrupted)) => {
                ExitCode::Interrupted
            }
            _ => ExitCode::BadPlan,
        }
    }
}
