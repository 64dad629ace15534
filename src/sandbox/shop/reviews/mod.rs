//! Reviews: what customers think of products, and what becomes of it.

mod bodies;
mod commands;
mod review;
mod views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{EDIT, MODERATION, NEW_REVIEW, REMOVAL, REPLY, REPORT, VOTE};

pub use review::Review;

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("GET", &["reviews", "ratings", ID], None, views::read_rating),
    endpoint(
        "GET",
        &["reviews", "customer", ID],
        None,
        views::list_of_customer,
    ),
    endpoint("GET", &["reviews", ID], None, views::read),
    endpoint("PUT", &["reviews", ID], Some(&EDIT), commands::edit),
    endpoint("GET", &["reviews"], None, views::list_of_product),
    endpoint("POST", &["reviews"], Some(&NEW_REVIEW), commands::submit),
    endpoint(
        "PUT",
        &["reviews", ID, "moderate"],
        Some(&MODERATION),
        commands::moderate,
    ),
    endpoint(
        "POST",
        &["reviews", ID, "votes"],
        Some(&VOTE),
        commands::vote,
    ),
    endpoint(
        "POST",
        &["reviews", ID, "reports"],
        Some(&REPORT),
        commands::report,
    ),
    endpoint(
        "PUT",
        &["reviews", ID, "remove"],
        Some(&REMOVAL),
        commands::remove,
    ),
    endpoint(
        "POST",
        &["reviews", ID, "reply"],
        Some(&REPLY),
        commands::reply,
    ),
];
