//! Operations of the Identity domain.

use super::{change, create, create_within};
use crate::engine::Operation;

/// Raises `Identity.CustomerRegistered`.
pub static REGISTER_CUSTOMER: Operation = create("/customers", "customer_id");
/// Raises `Identity.ProfileUpdated`.
pub static UPDATE_PROFILE: Operation = change("/customers/{customer_id}/profile");
/// Raises `Identity.AddressAdded`.
pub static ADD_ADDRESS: Operation = create_within("/customers/{customer_id}/addresses");
/// Raises `Identity.TierUpgraded`.
pub static UPGRADE_TIER: Operation = change("/customers/{customer_id}/tier");
/// Raises `Identity.AccountSuspended`.
pub static SUSPEND_ACCOUNT: Operation = change("/customers/{customer_id}/suspend");
/// Raises `Identity.AccountReactivated`.
pub static REACTIVATE_ACCOUNT: Operation = change("/customers/{customer_id}/reactivate");
/// Raises `Identity.AccountClosed`.
pub static CLOSE_ACCOUNT: Operation = change("/customers/{customer_id}/close");
