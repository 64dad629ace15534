//! A request that has found its endpoint.

use crate::sandbox::schema::Fields;

/// A request that has found its endpoint.
pub struct EndpointCall<'a> {
    /// The path's parameters, in order.
    pub parameters: &'a [&'a str],
    /// The body's fields.
    pub fields: &'a Fields<'a>,
    /// What follows the path's question mark.
    pub query: Option<&'a str>,
}

impl EndpointCall<'_> {
    /// The identifier of the aggregate in the path; empty for paths without one.
    pub fn id(&self) -> &str {
        self.parameters.first().copied().unwrap_or_default()
    }
}
