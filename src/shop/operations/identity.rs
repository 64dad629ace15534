//! Operations of the Identity domain.

use super::{change, contended, create, create_within};
use crate::engine::Operation;

const ADDRESSES_PATH: &str = "/customers/{customer_id}/addresses";
const SUSPEND_PATH: &str = "/customers/{customer_id}/suspend";

/// Raises `Identity.CustomerRegistered`.
pub static REGISTER_CUSTOMER: Operation = create("/customers", "customer_id");
/// [`REGISTER_CUSTOMER`] in a race.
pub static RACING_REGISTRATION: Operation = contended(create("/customers", "customer_id"));
/// Raises `Identity.AddressAdded`; in a race.
pub static RACING_ADDRESS: Operation = contended(create_within(ADDRESSES_PATH));
/// Raises `Identity.AccountSuspended`; in a race.
pub static RACING_SUSPENSION: Operation = contended(change(SUSPEND_PATH));
