//! Reads an error body of the shop into a short reason, and tells which of its shapes it has.

use crate::stats::Reason;
use crate::workload_file::{JsonPointer, Told};
use std::sync::LazyLock;

/// Where the shop says why, in its error bodies: business rules and the domain, then the framework.
static PLACES: LazyLock<Vec<JsonPointer>> = LazyLock::new(|| {
    let places = ["/error", "/detail"].map(JsonPointer::parse);
    places.into_iter().filter_map(Result::ok).collect()
});

/// Makes ready what the first error body needs, so that nothing is made in the midst of a run.
pub fn prepare() {
    LazyLock::force(&PLACES);
}

/// What shape a refusal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalShape {
    /// `{"error":{"field":["message"]}}`
    BusinessRule,
    /// `{"error":"text"}`, `{"detail":"text"}`, `{"detail":[…]}`, or nothing that the shop says.
    Other,
}

/// An error body, read.
pub struct ErrorBody {
    /// Its shape.
    pub shape: RefusalShape,
    /// What it says.
    pub reason: Reason,
}

impl ErrorBody {
    /// Reads any bytes.
    pub fn read(body: &[u8]) -> Self {
        let told = Told::read(&body.into(), &PLACES);
        let shape = match told.place {
            Some((0, true)) => RefusalShape::BusinessRule,
            _ => RefusalShape::Other,
        };
        Self {
            shape,
            reason: told.reason,
        }
    }
}
