//! Every endpoint: the domains' tables together.

use super::{
    Endpoint, catalogue, fulfillment, identity, inventory, notifications, operations, ordering,
    payments, reviews,
};
use crate::shop::Generation;

/// The endpoints of a shop of `generation`, in tables by their first segment; a table's own order is
/// that of the shop's routes.
pub const fn endpoints(generation: Generation) -> &'static [&'static [Endpoint]] {
    match generation {
        Generation::Five => &[
            identity::ENDPOINTS,
            catalogue::ENDPOINTS,
            ordering::ENDPOINTS,
            inventory::ENDPOINTS,
            payments::ENDPOINTS,
            operations::ENDPOINTS,
        ],
        Generation::Today => &[
            identity::ENDPOINTS,
            catalogue::ENDPOINTS,
            ordering::ENDPOINTS,
            inventory::ENDPOINTS,
            payments::ENDPOINTS,
            identity::READS,
            catalogue::READS,
            ordering::READS,
            inventory::MAINTENANCE,
            payments::READS,
            fulfillment::ENDPOINTS,
            reviews::ENDPOINTS,
            notifications::ENDPOINTS,
            operations::ENDPOINTS,
        ],
    }
}
