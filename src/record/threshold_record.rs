//! What became of the thresholds, as the record tells it.

use crate::stats::{ThresholdStanding, ThresholdVerdict, Totals};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Whether the values may be more: what was asked counts only so far.
    #[serde(default)]
    pub at_least: bool,
    /// With a window, the value of the full window that was furthest on the wrong side, or nearest
    /// to it; null without a window or a full one.
    pub worst: Option<f64>,
    /// When that window ended, in seconds from the start of the run.
    pub worst_at_s: Option<f64>,
    /// When it was crossed, in seconds from the start of the run: the end of the first window that
    /// crossed it; without a window the moment since which the running value is on the wrong side.
    pub crossed_at_s: Option<f64>,
    /// Why nobody can tell, or what limits the judgement; null when there is nothing to say.
    pub why: Option<String>,
    /// Whether crossing it ends the run.
    pub abort: bool,
    /// Whether it did.
    pub aborted: bool,
}

/// How the thresholds of a run fare.
#[must_use]
pub fn threshold_records(totals: &Totals) -> Vec<ThresholdRecord> {
    let states = totals.thresholds.states();
    states.iter().map(ThresholdRecord::of).collect()
}

impl ThresholdRecord {
    /// The threshold that fares so.
    #[must_use]
    pub fn of(state: &ThresholdStanding) -> Self {
        let threshold = &state.threshold;
        Self {
            expression: threshold.text().to_owned(),
            verdict: state.verdict,
            ok: state.verdict != ThresholdVerdict::Crossed,
            unit: threshold.quantity.unit().word().to_owned(),
            limit: threshold.limit,
            observed: state.value.map(|amount| amount.value),
            at_least: [state.value, state.worst]
                .into_iter()
                .flatten()
                .any(|amount| amount.at_least),
            worst: state.worst.map(|amount| amount.value),
            worst_at_s: state.worst_at_s,
            crossed_at_s: state.crossed_at_s,
            why: state.why.clone(),
            abort: threshold.abort_after.is_some(),
            aborted: state.aborted,
        }
    }
}
