//! Who did how much: user classes by weight, journeys by their planned and their real share
//! (Locust's task ratio).

use super::words::share_text;
use crate::plan::{JourneyOption, JourneyOptions};
use crate::record::{JourneyRecord, RunRecord};
use crate::shop::{total_weight, user_class};
use serde_json::Value;
use std::collections::HashMap;

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
    pub fn of(run: &RunRecord) -> Self {
        let classes = classes(run);
        let weights: u64 = classes.iter().map(|(_, weight)| weight).sum();
        let started = run.journeys_started();
        let planned = planned(run, &classes);
        let walked = run.journeys.iter().filter(|journey| journey.started > 0);
        let journeys = walked.map(|journey| JourneyRow {
            planned: planned
                .get(journey.name.as_str())
                .map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0)),
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

/// Share of the passes that the plan gives each journey: of the users of each class alike.
fn planned(run: &RunRecord, classes: &[(String, u64)]) -> HashMap<&'static str, f64> {
    let options = options(run);
    let weights: u64 = classes.iter().map(|(_, weight)| weight).sum();
    let mut planned = HashMap::new();
    for (name, weight) in classes {
        let Some(class) = user_class(name) else {
            return HashMap::new();
        };
        let of_class = *weight as f64 / weights.max(1) as f64;
        let journeys = class.journeys_with(options);
        let all = f64::from(total_weight(journeys));
        for entry in journeys {
            let share = of_class * f64::from(entry.weight) / all;
            *planned.entry(entry.journey.name()).or_insert(0.0) += share;
        }
    }
    planned
}

fn options(run: &RunRecord) -> JourneyOptions {
    let words = run.plan.get("options").and_then(Value::as_array);
    let words = words.into_iter().flatten().filter_map(Value::as_str);
    words
        .filter_map(|word| JourneyOption::parse(word).ok())
        .collect()
}
