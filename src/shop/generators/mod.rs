//! Data generators of the races, one file a domain: each writes one request body, within the limits of the shop.
//! What ordinary journeys send is in the files of `workloads/shopstream`.
//!
//! What a race of the original writes itself (a reason, a quantity) is here too.

pub mod fulfilment;
pub mod identity;
pub mod ids;
pub mod inventory;
pub mod money;
pub mod ordering;
pub mod payments;
pub mod place;
