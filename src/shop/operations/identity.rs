//! Operations of the Identity domain.

use super::{change, contended, create, create_within};
use crate::engine::Operation;

const ADDRESSES_PATH: &str = "/customers/{customer_id}/addresses";
const SUSPEND_PATH: &str = "/customers/{customer_id}/suspend";

/// Raises `Identity.CustomerRegistered`.
pub static REGISTER_CUSTOMER: Operation = create("/customers", "customer_id");
/// [`REGISTER_CUSTOMER`] in a race.
pub static RACING_REGISTRATION: Operation = contended(create("/customers", "customer_id"));
/// Raises `Identity.ProfileUpdated`.
pub static UPDATE_PROFILE: Operation = change("/customers/{customer_id}/profile");
/// Raises `Identity.AddressAdded`.
pub static ADD_ADDRESS: Operation = create_within(ADDRESSES_PATH);
/// [`ADD_ADDRESS`] in a race.
pub static RACING_ADDRESS: Operation = contended(create_within(ADDRESSES_PATH));
/// Raises `Identity.TierUpgraded`.
pub static UPGRADE_TIER: Operation = change("/customers/{customer_id}/tier");
/// Raises `Identity.AccountSuspended`.
pub static SUSPEND_ACCOUNT: Operation = change(SUSPEND_PATH);
/// [`SUSPEND_ACCOUNT`] in a race.
pub static RACING_SUSPENSION: Operation = contended(change(SUSPEND_PATH));
/// Raises `Identity.AccountReactivated`.
pub static REACTIVATE_ACCOUNT: Operation = change("/customers/{customer_id}/reactivate");
/// Raises `Identity.AccountClosed`.
pub static CLOSE_ACCOUNT: Operation = change("/customers/{customer_id}/close");
