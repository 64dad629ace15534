//! What a request is, apart from its contents: an endpoint and the row it is counted in.

use crate::stats::{Event, Outcome, Reason, StatName};

/// HTTP methods that operations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Decides what became of a request whose reply did not have the expected status, from the status
/// and the body. Never returns [`Outcome::Success`]; the reason is normalised (ids and numbers
/// folded), so that equal causes share a row of the error table.
pub type Judge = fn(status: u16, body: &[u8]) -> (Outcome, Reason);

/// One endpoint of the shop.
#[derive(Debug)]
pub struct Operation {
    /// HTTP method.
    pub method: Method,
    /// Path template with at most one `{…}`, for example `/customers/{customer_id}/profile`.
    pub path: &'static str,
    /// The only status that counts as success.
    pub success: u16,
    /// Field of a successful reply that holds the id of what was created.
    pub id_field: Option<&'static str>,
    /// Headers beside `host`, `content-type` and `content-length`.
    pub headers: &'static [(&'static str, &'static str)],
    /// Judges replies with another status.
    pub judge: Judge,
}

/// An operation as a step of journeys, with the statistic name that it is counted under.
#[derive(Debug)]
pub struct Step {
    /// Position in the script's table of steps.
    pub index: u16,
    /// What is called.
    pub operation: &'static Operation,
    /// Statistic name as in the Locust suite, for example `[SPIKE] POST /customers`.
    pub name: &'static str,
    /// What the target raises when the step succeeds.
    pub raises: &'static [Event],
    /// So many of them, from the first, stay when the target refuses the request after all: it did
    /// a part of it before it looked.
    pub stays: usize,
}

impl Step {
    /// The row that the step is counted in.
    #[must_use]
    pub fn stat_name(&self) -> StatName {
        StatName {
            method: self.operation.method.word(),
            name: self.name,
        }
    }
}
