//! What a target is, asked over sockets: once, before anything else is sent.

use super::reach::{ReachError, ask, not_answered};
use crate::engine::inquiry::{Answer, Inquiry, NoAnswer, NotRecognised, Recognition};
use crate::engine::{MetSubject, Subject};
use crate::plan::{ExitCode, Route, Target};
use std::time::Duration;

/// Why a target gets no load.
#[derive(Debug, thiserror::Error)]
pub enum RecognitionError {
    /// It cannot be reached, or does not speak HTTP.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// It speaks HTTP, but is something else.
    #[error("{0}")]
    Other(String),
    /// It is there, but takes no requests yet, or now.
    #[error("{0}")]
    NotReady(String),
}

impl RecognitionError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) => error.exit_code(),
            Self::NotReady(_) => ExitCode::Unreachable,
            Self::Other(_) => ExitCode::BadPlan,
        }
    }
}

/// Where and how long a target is asked.
#[derive(Clone, Copy)]
pub struct Questioning<'a> {
    /// The target.
    pub target: &'a Target,
    /// Its addresses.
    pub addresses: &'a [Route],
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Questioning<'_> {
    /// Looks what the target is, as the workload of `subject` does.
    ///
    /// # Errors
    /// When it cannot be reached, is not ready, or is nothing that the load is meant for.
    pub fn recognise(
        &self,
        subject: &Subject,
    ) -> Result<Recognition<MetSubject>, RecognitionError> {
        subject.recognise(self).map_err(|why| self.error(why))
    }

    /// The error for a target that was not recognised.
    #[must_use]
    pub fn error(&self, why: NotRecognised) -> RecognitionError {
        match why {
            NotRecognised::NoAnswer { path, why } => not_answered(self.target, path, why).into(),
            NotRecognised::Other(says) => RecognitionError::Other(says),
            NotRecognised::NotReady(says) => RecognitionError::NotReady(says),
        }
    }
}

impl Inquiry for Questioning<'_> {
    fn target(&self) -> &Target {
        self.target
    }

    fn ask(&self, target: &Target, path: &str, most_bytes: usize) -> Result<Answer, NoAnswer> {
        ask(target, self.addresses, path, self.timeout, most_bytes)
    }
}
