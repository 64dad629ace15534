//! What to look at.

use crate::engine::OwnTarget;
use crate::plan::{AddressPolicy, Target};
use crate::run::RunRequest;
use crate::workload_file::Model;
use std::sync::Arc;

/// What to look at.
#[derive(Clone, Debug)]
pub struct DoctorRequest {
    /// The shop; `None` for that of `own`.
    pub target: Option<Target>,
    /// A shop that is brought along, to be looked at in its place.
    pub own: Option<Arc<dyn OwnTarget>>,
    /// The Observatory; `None` for that of `own`.
    pub observatory: Option<Target>,
    /// Decides about the addresses that their names resolve to.
    pub addresses: AddressPolicy,
    /// What is tested, where that is no ShopStream: what a file, or one URL, says.
    pub written: Option<Model>,
    /// What the machine has to be enough for.
    pub needs: PlannedNeeds,
}

/// The plan that the machine has to be enough for.
#[derive(Clone, Debug)]
pub struct PlannedNeeds {
    /// What it is called, like `profile spike`.
    pub what: String,
    /// The run, as it would be carried out.
    pub run: RunRequest,
}
