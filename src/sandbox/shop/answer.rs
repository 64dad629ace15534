//! What a handler answers when it does not refuse.

use uuid::Uuid;

/// What a handler answers when it does not refuse.
#[derive(Debug, PartialEq, Eq)]
pub enum EndpointAnswer {
    /// 200 with a fixed body.
    Ok(&'static str),
    /// 200 with a body of its own.
    Told(String),
    /// 201 with a fixed body: something was made whose id is not told.
    Made(&'static str),
    /// 201 with the id of what was made, in the named field.
    Created(&'static str, Uuid),
}

impl EndpointAnswer {
    /// 200 `{"status":"ok"}`.
    pub const DONE: Self = Self::Ok(STATUS_OK);
    /// 201 `{"status":"ok"}`.
    pub const ADDED: Self = Self::Made(STATUS_OK);
}

const STATUS_OK: &str = r#"{"status":"ok"}"#;
