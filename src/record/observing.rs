//! From what observers saw to the back end's part of the record.

use super::event_latency_record::EventLatencyRecord;
use super::observed_record::{
    BacklogRecord, FigureRecord, ObservedRecord, ProblemRecord, SourceRecord,
};
use super::run_record::RunRecord;
use super::stored_events::stored_events_record;
use crate::engine::DomainName;
use crate::observe::{BacklogPoint, DomainHistory, Observation, SourceHistory, Troubled};
use crate::plan::ObservedMetric;
use crate::stats::{Amount, Trend};
use std::sync::Arc;

/// A reading so long after the end of the load, in seconds, still tells how it ended.
const END_TOLERANCE_S: f64 = 5.0;
/// The last reading of the load comes with its last second, a little after it; later ones see the
/// backlog drain.
const LAST_TICK_S: f64 = 0.1;
/// What tells the intake when no source counts it.
const ACCEPTED: &str = "accepted requests";

/// The record of `observation`, which belongs to the run of `record` at a target of these `domains`.
#[must_use]
pub fn observed_record(
    observation: &Observation,
    record: &RunRecord,
    domains: &[DomainName],
) -> ObservedRecord {
    let steady = record.phases.iter().find(|phase| phase.name == "steady");
    let load = ObservedSpan {
        steady_from_s: steady.map_or(0.0, |phase| phase.start_s),
        end_s: observation.load_end_s,
    };
    let backlogs = observation.domains.iter().filter_map(|domain| {
        let accepted_per_s = accepted_per_s(record, &domain.domain);
        backlog_record(domain, observation, &load, accepted_per_s)
    });
    ObservedRecord {
        sources: observation.sources.iter().map(source_record).collect(),
        backlogs: backlogs.collect(),
        figures: figure_records(observation),
        events: stored_events_record(observation, record, domains),
        event_latency: observation
            .followed
            .as_ref()
            .and_then(EventLatencyRecord::of),
        last_lines: observation.lines.clone(),
        watched_after_s: (observation.end_s - observation.load_end_s).max(0.0),
        cpu_s: observation.cpu_s,
    }
}

/// The part of the run that is looked at, in seconds since its start.
struct ObservedSpan {
    steady_from_s: f64,
    end_s: f64,
}

/// Outbox events a second that accepted requests must have raised; `None` for a domain that the run
/// knows nothing of.
fn accepted_per_s(record: &RunRecord, domain: &str) -> Option<f64> {
    let mut domains = record.domains.iter();
    let found = domains.find(|known| known.domain.eq_ignore_ascii_case(domain));
    found.map(|known| known.outbox_events_per_s)
}

fn backlog_record(
    domain: &DomainHistory,
    observation: &Observation,
    load: &ObservedSpan,
    accepted_per_s: Option<f64>,
) -> Option<BacklogRecord> {
    let last = domain.backlog.last()?;
    let before = domain.before().map(|point| point.amount);
    let at_load_end = at_load_end(&domain.backlog, |point| point.at_s, load);
    let counted = counted_per_s(domain, load);
    let intake = counted
        .map(|counted| counted.intake_per_s)
        .or(accepted_per_s);
    let growth = growth_per_s(domain, load);
    let drain_per_s = match (counted, intake, growth) {
        (Some(counted), _, _) => Some(counted.published_per_s),
        (None, Some(intake), Some(growth)) => Some((intake - growth).max(0.0)),
        _ => None,
    };
    let intake_source = match (counted, accepted_per_s) {
        (Some(_), _) => domain.rows_source.as_deref().unwrap_or_default(),
        (None, Some(_)) => ACCEPTED,
        (None, None) => "",
    };
    let drained_after_s = domain
        .drained_at_s(load.end_s)
        .map(|at_s| (at_s - load.end_s).max(0.0));
    let left = at_load_end
        .filter(|point| !point.is_cut)
        .map(|point| point.amount.value - before.map_or(0.0, |before| before.value));
    let drain_estimate_s = left
        .zip(drain_per_s)
        .filter(|(left, drain)| *left > 0.0 && *drain > 0.0)
        .map(|(left, drain)| left / drain);
    Some(BacklogRecord {
        domain: domain.domain.to_string(),
        source: last.source.to_string(),
        not_seen: last.not_seen.to_owned(),
        before,
        at_load_end: at_load_end.map(|point| point.amount),
        peak: peak(&domain.backlog),
        last: last.amount,
        intake_per_s: intake,
        intake_source: intake_source.to_owned(),
        drain_per_s,
        slope_per_s: slope(domain, load),
        oldest_pending_s: oldest_pending_s(observation, &domain.domain),
        drained_after_s,
        drain_estimate_s,
    })
}

/// Rows that came and rows that were published, a second of the load.
#[derive(Clone, Copy)]
struct Counted {
    intake_per_s: f64,
    published_per_s: f64,
}

/// From the counts at both ends of the load; `None` when the source stopped counting, or rows were
/// deleted.
fn counted_per_s(domain: &DomainHistory, load: &ObservedSpan) -> Option<Counted> {
    if domain.rows_cut {
        return None;
    }
    let per_s = |counts: &[(f64, f64)]| {
        let (start_s, start) = *counts.first()?;
        let (end_s, end) = *at_load_end(counts, |(at_s, _)| *at_s, load)?;
        (end_s > start_s && end >= start).then(|| (end - start) / (end_s - start_s))
    };
    Some(Counted {
        intake_per_s: per_s(&domain.rows)?,
        published_per_s: per_s(&domain.published)?,
    })
}

/// How much the backlog grew over the load, a second; `None` when that is not known.
fn growth_per_s(domain: &DomainHistory, load: &ObservedSpan) -> Option<f64> {
    let start = domain.before()?;
    let end = at_load_end(&domain.backlog, |point| point.at_s, load)?;
    let is_known = !start.is_cut && !end.is_cut && start.source == end.source;
    let length_s = end.at_s - start.at_s;
    (is_known && length_s > 0.0).then(|| (end.amount.value - start.amount.value) / length_s)
}

/// The first item of the end of the load or soon after, or else the last one before.
fn at_load_end<'a, T>(
    items: &'a [T],
    at_s: impl Fn(&T) -> f64,
    load: &ObservedSpan,
) -> Option<&'a T> {
    let after = items
        .iter()
        .find(|item| at_s(item) >= load.end_s)
        .filter(|item| at_s(item) <= load.end_s + END_TOLERANCE_S);
    after.or_else(|| items.iter().rev().find(|item| at_s(item) < load.end_s))
}

fn peak(points: &[BacklogPoint]) -> Amount {
    points
        .iter()
        .map(|point| point.amount)
        .fold(Amount::default(), |peak, amount| {
            if amount.value >= peak.value {
                amount
            } else {
                peak
            }
        })
}

/// Of the steady state, over the points that were made of the same sources as the last one. A source
/// that stopped counting leaves no slope: the part that it showed would bend it.
fn slope(domain: &DomainHistory, load: &ObservedSpan) -> Option<Trend> {
    let in_load = |point: &&BacklogPoint| {
        point.at_s >= load.steady_from_s && point.at_s <= load.end_s + LAST_TICK_S
    };
    let points: Vec<&BacklogPoint> = domain.backlog.iter().filter(in_load).collect();
    let last: &Arc<str> = &points.last()?.source;
    if points.iter().any(|point| point.is_cut) {
        return None;
    }
    let alike: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| point.source == *last)
        .map(|point| (point.at_s, point.amount.value))
        .collect();
    Trend::of(&alike)
}

fn oldest_pending_s(observation: &Observation, domain: &str) -> Option<f64> {
    let ages = observation.figures.iter().filter(|figure| {
        figure.first.metric == ObservedMetric::OutboxOldestPendingS
            && &*figure.first.domain == domain
    });
    ages.map(|figure| figure.largest.value).reduce(f64::max)
}

fn figure_records(observation: &Observation) -> Vec<FigureRecord> {
    let figures = observation.figures.iter();
    figures
        .map(|figure| FigureRecord {
            source: figure.source.to_string(),
            domain: figure.first.domain.to_string(),
            detail: figure.first.detail.to_string(),
            metric: figure.first.metric,
            first: figure.first.amount,
            last: figure.last,
            largest: figure.largest,
        })
        .collect()
}

fn source_record(source: &SourceHistory) -> SourceRecord {
    let readings = source.readings + source.failed_readings;
    SourceRecord {
        name: source.name.to_string(),
        address: source.address.clone(),
        readings: source.readings,
        failed_readings: source.failed_readings,
        mean_ms: source.total_ns as f64 / 1e6 / readings.max(1) as f64,
        slowest_ms: source.slowest_ns as f64 / 1e6,
        problems: source.problems.iter().map(problem_record).collect(),
        caveats: source.caveats.clone(),
    }
}

fn problem_record(problem: &Troubled) -> ProblemRecord {
    ProblemRecord {
        text: problem.text.clone(),
        count: problem.count,
        first_s: problem.first_s,
        last_s: problem.last_s,
    }
}

#[cfg(test)]
pub(crate) mod made_up;
#[cfg(test)]
mod tests;
