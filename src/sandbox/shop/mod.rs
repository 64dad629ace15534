//! The shop itself: its state, and a file of endpoints for each domain.
//!
//! A domain's endpoints are rows of a table (method, path, body schema, handler); the router joins
//! the tables. A handler sees a request that has passed the schema and the command's limits.

mod customers;
mod identity;
mod operations;
mod person_rules;

use super::refusal::Refusal;
use super::schema::{Fields, Schema};
use customers::Customers;
use uuid::Uuid;

/// Everything that the shop remembers.
pub struct Shop {
    customers: Customers,
}

impl Shop {
    /// An empty shop that remembers the `retain` newest things of each kind.
    pub fn new(retain: usize) -> Self {
        Self {
            customers: Customers::new(retain, fastrand::Rng::new()),
        }
    }
}

/// What a handler answers when it does not refuse.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 with a fixed body.
    Ok(&'static str),
    /// 201 with a fixed body: something was made whose id is not told.
    Made(&'static str),
    /// 201 with the id of what was made, in the named field.
    Created(&'static str, Uuid),
}

impl Answer {
    /// 200 `{"status":"ok"}`.
    pub const DONE: Self = Self::Ok(STATUS_OK);
    /// 201 `{"status":"ok"}`.
    pub const ADDED: Self = Self::Made(STATUS_OK);
}

const STATUS_OK: &str = r#"{"status":"ok"}"#;

/// A request that has found its endpoint.
pub struct Call<'a> {
    /// The path's parameters, in order.
    pub parameters: &'a [&'a str],
    /// The body's fields.
    pub fields: &'a Fields<'a>,
}

/// Carries out a call.
pub type Handler = fn(&mut Shop, &Call<'_>) -> Result<Answer, Refusal>;

/// One endpoint.
pub struct Endpoint {
    pub method: &'static str,
    /// Segments of the path; [`PARAMETER`] stands for any text.
    pub path: &'static [&'static str],
    /// The body, when it has one.
    pub schema: Option<&'static Schema>,
    pub handler: Handler,
}

/// A path segment that is a parameter.
pub const PARAMETER: &str = "*";

/// Most segments that a path has.
pub const MAX_SEGMENTS: usize = 6;

/// The endpoints, one table a domain.
pub const DOMAINS: &[&[Endpoint]] = &[identity::ENDPOINTS, operations::ENDPOINTS];
