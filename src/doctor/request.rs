//! What to look at.

use crate::plan::{AddressPolicy, Target};

/// What to look at.
#[derive(Clone, Debug)]
pub struct DoctorRequest {
    /// The shop.
    pub target: Target,
    /// The Observatory.
    pub observatory: Target,
    /// Decides about the addresses that their names resolve to.
    pub addresses: AddressPolicy,
    /// Users of the largest built-in profile: each needs a connection.
    pub users: u32,
}
