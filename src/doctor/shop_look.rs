//! A shop to look at.

use crate::plan::{AddressPolicy, Target};

/// A shop to look at, and its Observatory.
pub struct ShopLook<'a> {
    /// The shop.
    pub target: &'a Target,
    /// Its Observatory.
    pub observatory: &'a Target,
    /// Decides about the addresses that their names resolve to.
    pub policy: &'a AddressPolicy,
}
