//! Where a knee lies between the ends of its interval, where those are far apart: by what all probes
//! there measured.

use super::hunt_record::{HuntRecord, Limit, ProbeRecord};
use super::search::Gap;
use crate::plan::Threshold;

/// Requests that the overloaded end needs to tell the capacity by itself.
const ENOUGH_REQUESTS: f64 = 1_000.0;
/// Loads up to so many times the overloaded end tell the capacity with it, before there are so many.
const WITHIN_TIMES: f64 = 2.5;
/// Requests at both ends together that tell where a percentile is crossed by themselves.
const ENOUGH_OF_PERCENTILE: f64 = 8_000.0;
/// Loads so many times lower or higher than the ends tell it with them, before there are so many.
const NEAR_TIMES: f64 = 1.5;
/// How far outside of an interval of few requests a knee may lie.
const ROOM: f64 = 1.15;
/// With more beyond the limit than this the target is overloaded, and the line of the shares ends.
const OVERLOADED_SHARE: f64 = 0.5;

/// Where a knee lies in requests a second, and whether that rests on few requests: then the ends of its
/// interval do, too, and it may lie outside of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KneeEstimate {
    /// Requests a second.
    pub per_s: f64,
    /// Whether the ends of the interval are no bounds to it.
    pub is_of_few: bool,
}

impl KneeEstimate {
    /// Whether it is believed of an interval from `low` to `high`: of few requests it may lie a little
    /// outside; what lies far from what was seen is no better than the middle.
    #[must_use]
    pub fn fits(self, low: f64, high: f64) -> bool {
        (low.min(high) / ROOM..=high.max(low) * ROOM).contains(&self.per_s)
    }
}

/// What the probes about the ends of `found`, and those near them when there are few requests, say of
/// the knee. `None` when they say no more than its ends do.
#[must_use]
pub fn estimate_of(record: &HuntRecord, limited_by: Limit, found: &Gap) -> Option<KneeEstimate> {
    match (limited_by, found.low, found.high) {
        (Limit::Carried | Limit::Latency, _, Some(high)) => capacity(record, high),
        (Limit::Threshold, Some(low), Some(high)) => {
            let at_ends = probes(record, low, low).chain(probes(record, high, high));
            let requests: f64 = at_ends.map(requests_of).sum();
            let is_of_few = requests < ENOUGH_OF_PERCENTILE;
            let per_s = is_of_few.then(|| crossing(record, low / NEAR_TIMES, high * NEAR_TIMES));
            per_s
                .flatten()
                .map(|per_s| KneeEstimate { per_s, is_of_few })
        }
        _ => None,
    }
}

fn probes(record: &HuntRecord, low: f64, high: f64) -> impl Iterator<Item = &ProbeRecord> {
    let probes = record.probes.iter();
    probes.filter(move |probe| !probe.generator_limited && (low..=high).contains(&probe.load))
}

fn requests_of(probe: &ProbeRecord) -> f64 {
    probe.requests_per_s * probe.window_s
}

/// What a target carries that is offered more than it can: its capacity. `None` when `high` did not give
/// way by carrying less.
fn capacity(record: &HuntRecord, high: f64) -> Option<KneeEstimate> {
    let carried = |most: f64| {
        let is_full =
            |probe: &&ProbeRecord| matches!(probe.http.limited_by, Limit::Carried | Limit::Latency);
        let full = probes(record, high, most).filter(is_full);
        full.fold((0.0, 0.0), |(requests, length_s), probe| {
            (requests + requests_of(probe), length_s + probe.window_s)
        })
    };
    let (alone, alone_s) = carried(high);
    let is_of_few = alone < ENOUGH_REQUESTS;
    let (requests, length_s) = match is_of_few {
        true => carried(high * WITHIN_TIMES),
        false => (alone, alone_s),
    };
    (alone > 0.0 && length_s > 0.0).then(|| KneeEstimate {
        per_s: requests / length_s,
        is_of_few,
    })
}

/// Where a percentile reaches its limit, in requests a second: where the line through the logarithms of
/// the shares beyond the limit, by load, reaches the share that may be. With one queue they lie on a
/// line: the times that requests wait fall off as exp(−(capacity − load) × time). `None` without two
/// loads in `low` to `high`, or when fewer are beyond the limit with more load.
fn crossing(record: &HuntRecord, low: f64, high: f64) -> Option<f64> {
    let slos = record.criteria.slo.iter();
    let watched: Vec<f64> = slos
        .filter_map(|slo| Threshold::parse(slo).ok()?.watched_quantile())
        .map(|quantile| 1.0 - quantile)
        .collect();
    let crossings = watched.iter().enumerate().filter_map(|(place, allowed)| {
        let points = probes(record, low, high).filter_map(|probe| {
            let tail = probe.tails.get(place)?;
            // Half of one beyond the limit more, so that none has a logarithm.
            let share = (tail.beyond + 0.5) / (tail.requests + 1.0);
            (share <= OVERLOADED_SHARE).then(|| EstimatePoint {
                at: offered_requests_per_s(probe).unwrap_or(probe.requests_per_s),
                value: share.ln(),
                weight: tail.beyond + 1.0,
            })
        });
        reaches(&points.collect::<Vec<_>>(), allowed.ln())
    });
    crossings.reduce(f64::min)
}

/// Requests a second that the arrivals of a probe would have made: as many for each journey as those
/// that ended. Users: what they got.
#[must_use]
pub fn offered_requests_per_s(probe: &ProbeRecord) -> Option<f64> {
    let Some(offered) = probe.offered_per_s else {
        return Some(probe.requests_per_s);
    };
    match probe.carried_per_s > 0.0 {
        true => Some(offered * probe.requests_per_s / probe.carried_per_s),
        false => Some(offered),
    }
}

struct EstimatePoint {
    at: f64,
    value: f64,
    weight: f64,
}

/// Where the weighted least-squares line through `points` reaches `value`; `None` when it does not rise.
fn reaches(points: &[EstimatePoint], value: f64) -> Option<f64> {
    let sum = |of: &dyn Fn(&EstimatePoint) -> f64| -> f64 {
        points.iter().map(|point| point.weight * of(point)).sum()
    };
    let weight = sum(&|_| 1.0);
    let (at, middle) = (
        sum(&|point| point.at) / weight,
        sum(&|point| point.value) / weight,
    );
    let spread = sum(&|point| (point.at - at).powi(2));
    let slope = sum(&|point| (point.at - at) * (point.value - middle)) / spread;
    let found = at + (value - middle) / slope;
    (slope > 0.0 && found.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::made_up;
    use crate::stats::Tail;

    #[test]
    fn a_percentile_reaches_its_limit_on_the_line_of_logarithms() {
        let mut record = made_up::hunt();
        record.criteria.slo = vec!["response: p(95) < 1500ms".to_owned()];
        // M/M/1 of 10 requests a second: exp(-(10 - load) x 1.5) are beyond, 5 % at 8.003.
        record.probes = [(1, 7.0), (2, 8.5)]
            .map(|(number, load)| {
                let mut probe = made_up::probe(number, load);
                let share = f64::exp(-(10.0 - load) * 1.5);
                probe.tails = vec![Tail {
                    requests: 1e6,
                    beyond: share * 1e6,
                    ..Tail::default()
                }];
                probe
            })
            .to_vec();
        let found = crossing(&record, 7.0, 8.5).unwrap();
        assert!((found - 8.003).abs() < 0.01, "{found}");
        assert_eq!(crossing(&record, 7.0, 7.5), None, "one load");
    }

    #[test]
    fn few_requests_are_helped_by_those_of_higher_loads() {
        let mut record = made_up::hunt();
        record.probes = [(1, 4.0, 2.6), (2, 6.0, 3.2), (3, 20.0, 9.0)]
            .map(|(number, load, per_s)| {
                let mut probe = made_up::probe(number, load);
                probe.requests_per_s = per_s;
                probe.http = made_up::overloaded(Limit::Carried, "less", "");
                probe
            })
            .to_vec();
        let found = capacity(&record, 4.0).unwrap();
        assert!((found.per_s - 2.9).abs() < 1e-9, "{found:?}");
        assert!(found.is_of_few);
        assert_eq!(capacity(&record, 5.0), None);
    }
}
