//! What a request is, apart from its contents: an endpoint and the row it is counted in.

use super::values::Values;
use crate::stats::{Event, Outcome, Reason, StatName};
use fastrand::Rng;
use std::fmt::Debug;

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
    /// PATCH
    Patch,
    /// HEAD: its replies have no body, whatever their heads say of one.
    Head,
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
            Self::Patch => "PATCH",
            Self::Head => "HEAD",
        }
    }

    /// Whether a request without a body says so: one of a method that may have one (RFC 9110 §8.6).
    #[must_use]
    pub const fn may_have_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}

/// Decides what became of a request whose reply did not have the expected status, from the status
/// and the body. Never returns [`Outcome::Success`]; the reason is normalised (ids and numbers
/// folded), so that equal causes share a row of the error table.
pub type Judge = fn(status: u16, body: &[u8]) -> (Outcome, Reason);

/// A part of a request's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadPart {
    /// The same in every request.
    Text(&'static str),
    /// The user's value at this position.
    Value(u16),
}

/// What of a request's head differs from request to request by more than an id in its path.
#[derive(Debug)]
pub struct HeadTemplate {
    /// Path and query.
    pub path: &'static [HeadPart],
    /// Headers beside `host`, `content-type` and `content-length`.
    pub headers: &'static [(&'static str, &'static [HeadPart])],
}

/// A reply as it came.
#[derive(Clone, Copy, Debug)]
pub struct ReplyText<'a> {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers; empty where replies have none.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

/// Where a value stands in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptFrom<'a> {
    /// In the body, which is JSON, where this pointer says.
    Json(&'a str),
    /// In the header of this name.
    Header(&'a str),
    /// It is the body.
    Body,
}

impl std::fmt::Display for KeptFrom<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(pointer) => formatter.write_str(pointer),
            Self::Header(name) => write!(formatter, "header {name}"),
            Self::Body => formatter.write_str("body"),
        }
    }
}

/// How replies are read of which a status and an id do not say all.
pub trait Reading: Debug + Send + Sync {
    /// Keeps of `reply` what the user needs later; where there is a choice, `rng` makes it. `known` is what the
    /// user knew before, where that is not among `values`: what racers read is not kept with it.
    ///
    /// # Errors
    /// When the request did not succeed: what became of it, and why, as a [`Judge`] says it.
    fn read(
        &self,
        reply: ReplyText<'_>,
        known: Option<&Values>,
        values: &mut Values,
        rng: &mut Rng,
    ) -> Result<(), (Outcome, Reason)>;

    /// Tells each value that it keeps of a success: its position, its name, and where it stands.
    fn each_kept(&self, _tell: &mut dyn FnMut(u16, &str, KeptFrom<'_>)) {}
}

/// One endpoint of the shop.
#[derive(Debug)]
pub struct Operation {
    /// HTTP method.
    pub method: Method,
    /// Path template with at most one `{…}`, for example `/customers/{customer_id}/profile`.
    pub path: &'static str,
    /// The only status that counts as success, unless `reading` says otherwise.
    pub success: u16,
    /// Field of a successful reply that holds the id of what was created.
    pub id_field: Option<&'static str>,
    /// Headers beside `host`, `content-type` and `content-length`.
    pub headers: &'static [(&'static str, &'static str)],
    /// Judges replies with another status.
    pub judge: Judge,
    /// What path and headers are in place of `path` and `headers`, which only tell of them then.
    pub template: Option<&'static HeadTemplate>,
    /// Reads replies in place of `success`, `id_field` and `judge`.
    pub reading: Option<&'static dyn Reading>,
    /// Path of a read that succeeds once what was made can be seen, with `{id}` where its id stands.
    pub visible: Option<&'static str>,
}

impl Operation {
    /// An endpoint of which hardly anything is said, to be completed: `GET /`, answered with 200, where
    /// everything else is a failure.
    pub const PLAIN: Self = Self {
        method: Method::Get,
        path: "/",
        success: 200,
        id_field: None,
        headers: &[],
        judge: |_, body| {
            let text = String::from_utf8_lossy(body);
            (Outcome::Failed, Reason::new(&text))
        },
        template: None,
        reading: None,
        visible: None,
    };
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
