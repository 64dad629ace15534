//! What makes a run unlike others when the user does not choose it.

use crate::plan::RunId;

/// What makes a run unlike others when the user does not choose it.
#[derive(Clone, Copy, Debug)]
pub struct Entropy {
    /// Seed, when there is no `--seed`.
    pub seed: u64,
    /// Run id, when there is no `--run-id`.
    pub run_id: RunId,
}
