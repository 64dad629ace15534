//! ShopStream's operations: method, path, success status, the id that a reply gives, and how other
//! replies are judged.

use super::outcomes::judge_ordinary;
use crate::engine::{Method, Operation};

/// The shop's readiness probe: asked once before a run, never a journey's step.
pub const HEALTH_PATH: &str = "/health";

/// An operation outside races: anything but its success status is unexpected.
const fn ordinary(method: Method, path: &'static str, success: u16) -> Operation {
    Operation {
        method,
        path,
        success,
        id_field: None,
        headers: &[],
        judge: judge_ordinary,
    }
}

/// An ordinary `POST` that answers 201 and the id of what it created.
const fn create(path: &'static str, id_field: &'static str) -> Operation {
    Operation {
        id_field: Some(id_field),
        ..ordinary(Method::Post, path, 201)
    }
}

/// An ordinary `POST` that answers 201 and no id: something within an aggregate was created.
const fn create_within(path: &'static str) -> Operation {
    ordinary(Method::Post, path, 201)
}

/// An ordinary `PUT` that answers 200.
const fn change(path: &'static str) -> Operation {
    ordinary(Method::Put, path, 200)
}

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
