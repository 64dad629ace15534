//! What a record tells of the HTTP that was spoken with the target.

use super::run_record::RunRecord;
use crate::plan::RaceOver;
use serde_json::Value;

impl RunRecord {
    /// Whether HTTP/2 was spoken with the target.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        let told = self
            .plan
            .get("target")
            .and_then(|target| target.get("http2"));
        told.and_then(Value::as_bool) == Some(true)
    }

    /// Whether the target was to choose which HTTP was spoken with it (ALPN).
    #[must_use]
    pub fn is_http_by_alpn(&self) -> bool {
        let told = self
            .plan
            .get("target")
            .and_then(|target| target.get("http_by_alpn"));
        told.and_then(Value::as_bool) == Some(true)
    }

    /// What racers shared where HTTP/2 was spoken.
    #[must_use]
    pub fn race_over(&self) -> RaceOver {
        let over = self.plan.get("races").and_then(|races| races.get("over"));
        match over.and_then(Value::as_str) {
            Some("connections") => RaceOver::Connections,
            _ => RaceOver::OneConnection,
        }
    }
}
