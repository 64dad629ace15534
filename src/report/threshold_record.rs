//! What became of the thresholds, as the record tells it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a threshold came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdVerdict {
    /// It held.
    Held,
    /// It was crossed: the run exits with 99.
    Crossed,
    /// There was nothing to judge it by: neither held nor crossed.
    NoData,
}

impl ThresholdVerdict {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Crossed => "CROSSED",
            Self::NoData => "no data",
        }
    }

    /// The mark that lines of reports begin with.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Held => "✓",
            Self::Crossed => "✗",
            Self::NoData => "?",
        }
    }
}

/// A threshold and how it fared. While the run goes on: how it fared so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdRecord {
    /// The expression as it was written.
    pub expression: String,
    /// What it came to.
    pub verdict: ThresholdVerdict,
    /// False only when it was crossed.
    pub ok: bool,
    /// Unit of `limit`, `observed` and `worst`: `us` (microseconds), `share` (0 to 1), `count`,
    /// `per_s`, or empty for an observed figure that has the unit of its source.
    pub unit: String,
    /// What it is compared with.
    pub limit: f64,
    /// The value over all that the threshold is about; null without data.
    pub observed: Option<f64>,
    /// With a window, the value of the full window that was furthest on the wrong side, or nearest
    /// to it; null without a window or a full one.
    pub worst: Option<f64>,
    /// When that window ended, in seconds from the start of the run.
    pub worst_at_s: Option<f64>,
    /// When it was crossed, in seconds from the start of the run: the end of the first window that
    /// crossed it; without a window the moment since which the running value is on the wrong side.
    pub crossed_at_s: Option<f64>,
    /// Why there is nothing to judge by, or what limits the judgement; null when there is nothing
    /// to say.
    pub why: Option<String>,
    /// Whether crossing it ends the run.
    pub abort: bool,
    /// Whether it did.
    pub aborted: bool,
}
