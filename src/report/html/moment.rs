//! Something that is marked in charts.

use serde::Serialize;

/// Something that is marked in the charts.
#[derive(Debug, PartialEq, Serialize)]
pub struct MarkedMoment {
    pub at_s: f64,
    /// When it was over.
    pub until_s: f64,
    pub kind: &'static str,
    pub text: String,
}
