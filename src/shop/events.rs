//! The domain events that the shop raises. The type of the message is `<domain>.<name>.v1`.

use crate::stats::Event;

/// Of a relational aggregate: written to the outbox and published.
const fn published(domain: &'static str, name: &'static str) -> Event {
    Event {
        domain,
        name,
        outbox: true,
    }
}

pub const CUSTOMER_REGISTERED: Event = published("Identity", "CustomerRegistered");
pub const PROFILE_UPDATED: Event = published("Identity", "ProfileUpdated");
pub const ADDRESS_ADDED: Event = published("Identity", "AddressAdded");
pub const TIER_UPGRADED: Event = published("Identity", "TierUpgraded");
pub const ACCOUNT_SUSPENDED: Event = published("Identity", "AccountSuspended");
pub const ACCOUNT_REACTIVATED: Event = published("Identity", "AccountReactivated");
pub const ACCOUNT_CLOSED: Event = published("Identity", "AccountClosed");
