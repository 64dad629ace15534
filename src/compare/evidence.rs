//! What one run contributes to a comparison, whoever measured it.

use super::comparison_record::Source;
use super::quantity::{ComparedQuantity, Percentile, Time};
use crate::record::{Figures, RunRecord};
use crate::stats::LatencySummary;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Fewest requests of a name that its median is compared with.
const LEAST_FOR_MEDIAN: u64 = 20;
/// Fewest requests of a name that its 99th percentile is compared with: then at least two are beyond.
const LEAST_FOR_P99: u64 = 200;
/// Shortest steady state that is taken instead of the whole run.
const LEAST_STEADY_S: f64 = 1.0;

/// Observers look once a second: shorter times to drain cannot be told apart, and count as this.
pub(super) const SHORTEST_DRAIN_S: f64 = 1.0;

/// A value with its resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredValue {
    /// In the quantity's unit.
    pub value: f64,
    /// The true value is at most so far away, as rounding goes.
    pub half_step: f64,
}

impl MeasuredValue {
    /// A value that was not rounded.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self {
            value,
            half_step: 0.0,
        }
    }
}

/// Values of a run or of one of its names. What was not measured is not there.
pub type MeasuredValues = BTreeMap<ComparedQuantity, MeasuredValue>;

/// One run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunEvidence {
    /// Where it was read from.
    pub path: PathBuf,
    /// Who measured it.
    pub source: Source,
    /// Its id, where it has one.
    pub run_id: Option<String>,
    /// When it began (RFC 3339).
    pub started: Option<String>,
    /// Hash of the offered load.
    pub plan_hash: Option<String>,
    /// The plan itself; empty where it is not known.
    pub plan: Map<String, Value>,
    /// Profile it ran.
    pub profile: String,
    /// Which requests count as failures.
    pub failure_rule: Option<String>,
    /// What measured it where: versions and machine that should be the same.
    pub made_with: String,
    /// Measured seconds.
    pub measured_s: Option<f64>,
    /// Requests that ended.
    pub requests: u64,
    /// The whole run.
    pub whole: MeasuredValues,
    /// The steady state, when it was long enough.
    pub steady: Option<MeasuredValues>,
    /// By method and statistic name, of the whole run.
    pub names: BTreeMap<(String, String), MeasuredValues>,
    /// Why it must not be compared.
    pub unusable: Option<Unusable>,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

/// Why a run is never compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The generator was at its limit.
    Saturated,
    /// It did not come to its end, or measured nothing; a part of a sentence.
    Incomplete(&'static str),
}

impl Unusable {
    /// The reason, as part of a sentence.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self {
            Self::Saturated => {
                "the generator was at its limit: these are its figures, not the shop's"
            }
            Self::Incomplete(why) => why,
        }
    }
}

impl RunEvidence {
    /// What a record says.
    #[must_use]
    pub fn of_record(path: &Path, record: &RunRecord) -> Self {
        let mut notes = Vec::new();
        if record.generator.littles_law.is_some_and(|law| !law.adds_up) {
            notes.push("its figures do not add up (Little's law)".to_owned());
        }
        let steady = record.phases.iter().find(|phase| {
            phase.name == "steady"
                && phase.end_s - phase.start_s >= LEAST_STEADY_S
                && phase.figures.requests > 0
        });
        let mut whole = overall(&record.totals);
        let drains = drains(record);
        let steady = steady.map(|phase| {
            let mut values = overall(&phase.figures);
            values.extend(drains.clone());
            values
        });
        whole.extend(drains);
        let host = &record.host;
        Self {
            path: path.to_owned(),
            source: Source::Shopblast,
            run_id: Some(record.run_id.clone()),
            started: Some(record.started.clone()),
            plan_hash: Some(record.plan_hash.clone()),
            plan: record.plan.clone(),
            profile: record.profile.clone(),
            failure_rule: Some(record.failure_rule.clone()),
            made_with: format!(
                "shopblast {}, {}, {} workers ({}), Linux {}",
                record.shopblast,
                host.cpu,
                host.workers.len(),
                host.driver,
                host.kernel
            ),
            measured_s: Some(record.measured_s),
            requests: record.totals.requests,
            whole,
            steady,
            names: record
                .names
                .iter()
                .map(|row| {
                    let name = (row.method.clone(), row.name.clone());
                    (name, by_name(&row.figures))
                })
                .collect(),
            unusable: unusable(record),
            notes,
        }
    }
}

fn unusable(record: &RunRecord) -> Option<Unusable> {
    if !record.finished {
        return Some(Unusable::Incomplete(
            "it did not come to its end: it was killed, or still runs",
        ));
    }
    if record.interrupted {
        return Some(Unusable::Incomplete("it was interrupted"));
    }
    if record.generator.is_at_its_limit() {
        return Some(Unusable::Saturated);
    }
    if record.totals.requests == 0 || record.totals.bytes_out == 0 {
        return Some(Unusable::Incomplete("no request of it reached the shop"));
    }
    None
}

fn overall(figures: &Figures) -> MeasuredValues {
    let mut values = MeasuredValues::new();
    values.insert(
        ComparedQuantity::Throughput,
        MeasuredValue::exact(figures.requests_per_s),
    );
    for percentile in [Percentile::P50, Percentile::P95, Percentile::P99] {
        insert_latencies(&mut values, figures, percentile);
    }
    let outcomes = figures.outcomes();
    let by_outcome = outcomes
        .others()
        .map(|(outcome, count)| (outcome.word(), count));
    for (outcome, count) in by_outcome.chain([("failures", figures.failures)]) {
        values.insert(
            ComparedQuantity::Share(outcome),
            MeasuredValue::exact(share(count, figures.requests)),
        );
    }
    values
}

fn by_name(figures: &Figures) -> MeasuredValues {
    let mut values = MeasuredValues::new();
    if figures.requests >= LEAST_FOR_MEDIAN {
        insert_latencies(&mut values, figures, Percentile::P50);
    }
    if figures.requests >= LEAST_FOR_P99 {
        insert_latencies(&mut values, figures, Percentile::P99);
    }
    values
}

/// Whether a name with so many requests has a percentile that is worth comparing.
#[must_use]
pub(super) fn is_enough_for(percentile: Percentile, requests: u64) -> bool {
    match percentile {
        Percentile::P50 => requests >= LEAST_FOR_MEDIAN,
        Percentile::P95 | Percentile::P99 => requests >= LEAST_FOR_P99,
    }
}

fn insert_latencies(values: &mut MeasuredValues, figures: &Figures, percentile: Percentile) {
    for (time, summary) in [
        (Time::Response, &figures.response_us),
        (Time::Service, &figures.service_us),
    ] {
        values.insert(
            ComparedQuantity::Latency(time, percentile),
            hdr_value(pick(summary, percentile)),
        );
    }
}

fn pick(summary: &LatencySummary, percentile: Percentile) -> u64 {
    match percentile {
        Percentile::P50 => summary.p50,
        Percentile::P95 => summary.p95,
        Percentile::P99 => summary.p99,
    }
}

/// A value of our histograms: buckets are 1 µs wide below 2,048 µs, then twice as wide for every
/// doubling.
fn hdr_value(us: u64) -> MeasuredValue {
    MeasuredValue {
        value: us as f64,
        half_step: hdr_half_step(us),
    }
}

/// Half the width of the bucket that a value lies in.
pub(super) fn hdr_half_step(us: u64) -> f64 {
    let doublings = us.max(1).ilog2().saturating_sub(10);
    f64::from(1_u32 << doublings.min(31)) / 2.0
}

pub(super) fn share(count: u64, all: u64) -> f64 {
    count as f64 / all.max(1) as f64
}

fn drains(record: &RunRecord) -> MeasuredValues {
    let mut values = MeasuredValues::new();
    let backlogs = record
        .observed
        .iter()
        .flat_map(|observed| &observed.backlogs);
    for backlog in backlogs {
        let domain = || backlog.domain.clone();
        if let Some(per_s) = backlog.drain_per_s {
            values.insert(
                ComparedQuantity::DrainRate(domain()),
                MeasuredValue::exact(per_s),
            );
        }
        if let Some(seconds) = backlog.drained_after_s {
            let seconds = seconds.max(SHORTEST_DRAIN_S);
            values.insert(
                ComparedQuantity::DrainTime(domain()),
                MeasuredValue::exact(seconds),
            );
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_steps_are_those_of_the_histogram() {
        for (us, half_step) in [
            (0, 0.5),
            (900, 0.5),
            (2_047, 0.5),
            (2_048, 1.0),
            (4_100, 2.0),
            (600_000_000, 262_144.0),
        ] {
            assert_eq!(hdr_value(us).half_step, half_step, "{us}");
        }
    }
}
