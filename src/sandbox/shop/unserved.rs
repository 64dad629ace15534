//! The operations of the contexts that today's shop has and this one does not serve yet: they say
//! so, which a client can tell from a path that does not exist.

use super::{Endpoint, Handler, PARAMETER as ID, endpoint};
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;

const FULFILLMENT: Handler = |_, _| Err(Refusal::Unserved(Domain::Fulfillment));
const REVIEWS: Handler = |_, _| Err(Refusal::Unserved(Domain::Reviews));
const NOTIFICATIONS: Handler = |_, _| Err(Refusal::Unserved(Domain::Notifications));

const fn fulfillment(method: &'static str, path: &'static [&'static str]) -> Endpoint {
    endpoint(method, path, None, FULFILLMENT)
}

const fn reviews(method: &'static str, path: &'static [&'static str]) -> Endpoint {
    endpoint(method, path, None, REVIEWS)
}

const fn notifications(method: &'static str, path: &'static [&'static str]) -> Endpoint {
    endpoint(method, path, None, NOTIFICATIONS)
}

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    fulfillment("GET", &["fulfillments", ID, "tracking"]),
    fulfillment("POST", &["fulfillments"]),
    fulfillment("PUT", &["fulfillments", ID, "assign-picker"]),
    fulfillment("PUT", &["fulfillments", ID, "items", ID, "pick"]),
    fulfillment("PUT", &["fulfillments", ID, "pick-list", "complete"]),
    fulfillment("PUT", &["fulfillments", ID, "pack"]),
    fulfillment("PUT", &["fulfillments", ID, "label"]),
    fulfillment("PUT", &["fulfillments", ID, "handoff"]),
    fulfillment("POST", &["fulfillments", "tracking", "webhook"]),
    fulfillment("PUT", &["fulfillments", ID, "deliver"]),
    fulfillment("PUT", &["fulfillments", ID, "exception"]),
    fulfillment("PUT", &["fulfillments", ID, "cancel"]),
    fulfillment("POST", &["fulfillments", "carrier", "configure"]),
    reviews("GET", &["reviews", "ratings", ID]),
    reviews("GET", &["reviews", "customer", ID]),
    reviews("GET", &["reviews", ID]),
    reviews("PUT", &["reviews", ID]),
    reviews("GET", &["reviews"]),
    reviews("POST", &["reviews"]),
    reviews("PUT", &["reviews", ID, "moderate"]),
    reviews("POST", &["reviews", ID, "votes"]),
    reviews("POST", &["reviews", ID, "reports"]),
    reviews("PUT", &["reviews", ID, "remove"]),
    reviews("POST", &["reviews", ID, "reply"]),
    notifications("GET", &["notifications", "preferences", ID]),
    notifications("PUT", &["notifications", "preferences", ID]),
    notifications("PUT", &["notifications", "preferences", ID, "quiet-hours"]),
    notifications(
        "DELETE",
        &["notifications", "preferences", ID, "quiet-hours"],
    ),
    notifications("POST", &["notifications", "preferences", ID, "unsubscribe"]),
    notifications("POST", &["notifications", "preferences", ID, "resubscribe"]),
    notifications("GET", &["notifications", ID]),
    notifications("POST", &["notifications", ID, "retry"]),
    notifications("PUT", &["notifications", ID, "cancel"]),
    notifications(
        "POST",
        &["notifications", "maintenance", "process-scheduled"],
    ),
];
