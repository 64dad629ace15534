//! Who did how much: user classes by weight, journeys by their planned and their real share
//! (Locust's task ratio).

use super::words::share_text;
use crate::engine::PlannedShares;
use crate::record::{JourneyRecord, RunRecord};
use serde_json::Value;

/// Classes and journeys.
pub struct SharesView {
    pub classes: Vec<(String, String)>,
    pub journeys: Vec<JourneyRow>,
}

/// A journey, planned and walked.
pub struct JourneyRow {
    pub journey: JourneyRecord,
    /// `–` when a class is not known to this version.
    pub planned: String,
    pub walked: String,
}

impl SharesView {
    pub fn of(run: &RunRecord, planned: PlannedShares<'_>) -> Self {
        let classes = classes(run);
        let weights = classes.iter().map(|(_, weight)| *weight);
        let weights = weights.fold(0, u64::saturating_add);
        let started = run.journeys_started();
        let target = run.target.as_ref();
        let generation = target.map_or("", |target| &target.generation);
        let planned = planned(&run.plan, generation);
        let walked = run.journeys.iter().filter(|journey| journey.started > 0);
        let journeys = walked.map(|journey| JourneyRow {
            planned: planned
                .iter()
                .find(|(name, _)| *name == journey.name)
                .map_or_else(
                    || "–".to_owned(),
                    |(_, share)| format!("{:.1} %", share * 100.0),
                ),
            walked: share_text(journey.started, started),
            journey: journey.clone(),
        });
        Self {
            journeys: journeys.collect(),
            classes: classes
                .into_iter()
                .map(|(name, weight)| (name, share_text(weight, weights)))
                .collect(),
        }
    }
}

fn classes(run: &RunRecord) -> Vec<(String, u64)> {
    let shares = run.plan.get("classes").and_then(Value::as_array);
    let shares = shares.into_iter().flatten();
    let pairs = shares.filter_map(|share| {
        let name = share.get("class")?.as_str()?;
        Some((name.to_owned(), share.get("weight")?.as_u64()?))
    });
    pairs.collect()
}
