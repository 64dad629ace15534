//! What a hunt is asked to do.

use super::hunt_record::{Criteria, HuntRecord, LoadUnit};
use crate::run::RunRequest;
use std::path::PathBuf;

/// A hunt that the user asked for.
#[derive(Debug)]
pub struct HuntRequest {
    /// A run like its probes: load, run time, seed and run id are those of each probe.
    pub template: RunRequest,
    /// What the load is counted in.
    pub unit: LoadUnit,
    /// When a load counts as sustained.
    pub criteria: Criteria,
    /// Users that carry out the arrivals of a probe; `None` for as many as arrive in a second.
    pub max_users: Option<u32>,
    /// Where it is recorded.
    pub directory: PathBuf,
    /// What was found before, when the hunt is resumed.
    pub resumed: Option<Box<HuntRecord>>,
    /// The command line, without passwords.
    pub command: String,
    /// The arguments after `hunt`, without passwords.
    pub arguments: Vec<String>,
}
