//! One endpoint, as a row of a table.

use super::{EndpointAnswer, EndpointCall, Work};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Schema;
use crate::shop::Generation;

/// Carries out a call.
pub type Handler = fn(&mut Work<'_>, &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal>;

/// One endpoint.
pub struct Endpoint {
    pub method: &'static str,
    /// Segments of the path; [`PARAMETER`] stands for any text.
    pub path: &'static [&'static str],
    /// The body, when it has one.
    pub schema: Option<&'static Schema>,
    /// The body that today's shop wants, when it is another one.
    pub(super) todays_schema: Option<&'static Schema>,
    /// Whether a request may come without its body.
    pub body_is_optional: bool,
    /// Whether a request needs the gateway's signature.
    pub signed: bool,
    pub handler: Handler,
}

/// A row of a domain's table.
pub(super) const fn endpoint(
    method: &'static str,
    path: &'static [&'static str],
    schema: Option<&'static Schema>,
    handler: Handler,
) -> Endpoint {
    Endpoint {
        method,
        path,
        schema,
        todays_schema: None,
        body_is_optional: false,
        signed: false,
        handler,
    }
}

impl Endpoint {
    /// The same, but today's shop wants another body.
    pub(super) const fn today(self, schema: &'static Schema) -> Self {
        Self {
            todays_schema: Some(schema),
            ..self
        }
    }

    /// The body that the shop of `generation` wants, when it wants one.
    pub fn schema_of(&self, generation: Generation) -> Option<&'static Schema> {
        match generation {
            Generation::Five => self.schema,
            Generation::Today => self.todays_schema.or(self.schema),
        }
    }
}

/// A path segment that is a parameter.
pub const PARAMETER: &str = "*";

/// Most segments that a path has.
pub const MAX_SEGMENTS: usize = 6;
