//! The operations of the races that are written in Rust: method, path, success status, the id that a reply
//! gives, and how other replies are judged. One file a domain.

pub mod identity;
pub mod inventory;
pub mod ordering;
pub mod payments;

use super::outcomes::{judge_contended, judge_ordinary};
use super::{Domain, Generation};
use crate::engine::{Method, Operation};

/// The shop's readiness probe: asked once before a run, never a journey's step.
pub const HEALTH_PATH: &str = "/health";

/// The domain that an operation at `path` belongs to; `None` of what is no journey's.
#[must_use]
pub fn domain_of(path: &str) -> Option<Domain> {
    match path.split('/').nth(1)? {
        "customers" => Some(Domain::Identity),
        "products" | "categories" => Some(Domain::Catalogue),
        "carts" | "orders" => Some(Domain::Ordering),
        "warehouses" | "inventory" => Some(Domain::Inventory),
        "payments" | "invoices" => Some(Domain::Payments),
        "fulfillments" => Some(Domain::Fulfillment),
        "reviews" => Some(Domain::Reviews),
        "notifications" => Some(Domain::Notifications),
        _ => None,
    }
}

/// The path as descriptions of the shop write it, with their names of ids; as it is, when none knows it.
#[must_use]
pub fn canonical_path(method: Method, path: &'static str) -> &'static str {
    let path = path.split('?').next().unwrap_or(path);
    let mut known = Generation::ALL.iter();
    let known = known.find_map(|of| of.contract().operation(method.word(), path));
    known.map_or(path, |operation| &operation.path)
}

/// An operation outside races: anything but its success status is unexpected.
const fn ordinary(method: Method, path: &'static str, success: u16) -> Operation {
    Operation {
        method,
        path,
        success,
        id_field: None,
        headers: &[],
        judge: judge_ordinary,
        ..Operation::PLAIN
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

/// An ordinary `POST` that answers 200.
const fn act(path: &'static str) -> Operation {
    ordinary(Method::Post, path, 200)
}

/// An ordinary `PUT` that answers 200.
const fn change(path: &'static str) -> Operation {
    ordinary(Method::Put, path, 200)
}

/// A `GET` that answers 200: it changes nothing.
const fn read(path: &'static str) -> Operation {
    ordinary(Method::Get, path, 200)
}

/// A call of the payment gateway: without its signature the shop answers 401. Today's shop takes
/// any signature.
const fn signed(operation: Operation) -> Operation {
    Operation {
        headers: &[("X-Gateway-Signature", "test-signature")],
        ..operation
    }
}

/// The operation as a race takes it: to lose is no failure.
const fn contended(operation: Operation) -> Operation {
    Operation {
        judge: judge_contended,
        ..operation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::{Suite, used_operations};

    #[test]
    fn every_operation_that_journeys_use_has_its_domain() {
        for (method, path) in used_operations(Suite::Today) {
            assert!(domain_of(path).is_some(), "{method:?} {path}");
        }
        assert_eq!(domain_of("/invoices/{id}/void"), Some(Domain::Payments));
        assert_eq!(domain_of("/reviews/{id}/votes"), Some(Domain::Reviews));
        assert_eq!(domain_of(HEALTH_PATH), None);
        assert_eq!(domain_of(""), None);
    }
}
