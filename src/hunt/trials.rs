//! What the probes so far showed of each side of the target, and which load follows from that.

use super::hunt_record::{HuntRecord, Judgement, Limit, LoadUnit, ProbeRecord};
use super::reading::{PACE_SHARE, Reading, Scales};
use super::search::{NextTrial, Range, Trial, TrialOutcome, gap, next};

/// Probes of one load that the generator may spoil, before it is taken for its limit.
const MOST_SPOILED: usize = 3;
/// Fewest journeys of a probe: the smallest arrival rate that is tried has so many in the longest
/// window. Fewer tell nothing.
const FEWEST_JOURNEYS: f64 = 20.0;

/// The lowest load that the generator could not make; `None` while it could make every one.
#[must_use]
pub fn generator_limit(record: &HuntRecord) -> Option<f64> {
    let spoiled_loads = record.probes.iter().filter(|probe| probe.generator_limited);
    let limits = spoiled_loads.filter(|probe| {
        let same = |other: &&ProbeRecord| other.load.total_cmp(&probe.load).is_eq();
        let probes = || record.probes.iter().filter(same);
        probes().filter(|probe| probe.generator_limited).count() >= MOST_SPOILED
    });
    limits.map(|probe| probe.load).reduce(f64::min)
}

/// The probe of the lowest load that was sustained.
pub fn unloaded(probes: &[ProbeRecord]) -> Option<&ProbeRecord> {
    let sustained = probes
        .iter()
        .filter(|probe| probe.http.sustained && !probe.generator_limited);
    sustained.min_by(|one, other| one.load.total_cmp(&other.load))
}

/// What a probe of `load` is judged by, with the windows at that load that could not tell, since one
/// could.
#[must_use]
pub fn scales_of(record: &HuntRecord, load: f64, allowed: Vec<f64>) -> Scales {
    let probes = record.probes.iter().rev();
    let at_load = probes.filter(|probe| probe.load.total_cmp(&load).is_eq());
    let undecided = at_load
        .filter(|probe| !probe.generator_limited)
        .take_while(|probe| probe.http.undecided);
    let least_pace = match record.unit {
        LoadUnit::ArrivalsPerS => None,
        LoadUnit::Users => unloaded(&record.probes)
            .filter(|known| known.load < load)
            .map(|known| {
                let of_one = known.requests_per_s / known.load;
                let requests = known.requests_per_s * known.window_s;
                (of_one * PACE_SHARE * load, requests)
            }),
    };
    Scales {
        before: undecided.map(reading_of).collect(),
        allowed,
        failure_limit: record.criteria.failure_limit,
        least_pace,
    }
}

/// Probes at `load` whose events could not be told, since some could.
#[must_use]
pub fn events_before(probes: &[ProbeRecord], load: f64) -> Vec<&ProbeRecord> {
    let is_undecided = |probe: &&ProbeRecord| {
        let judgement = probe.event_latency.as_ref();
        judgement.is_some_and(|judgement| judgement.undecided)
    };
    let at_load = probes
        .iter()
        .rev()
        .filter(|probe| probe.load.total_cmp(&load).is_eq() && !probe.generator_limited);
    at_load.take_while(is_undecided).collect()
}

/// What a window read, as far as it was recorded.
fn reading_of(probe: &ProbeRecord) -> Reading {
    let requests = probe.requests_per_s * probe.window_s;
    Reading {
        flow: probe.flow,
        tails: probe.tails.clone(),
        per_second: vec![requests],
        failures: probe.failure_share * requests,
    }
}

/// Where the search may go.
#[must_use]
pub fn range_of(record: &HuntRecord) -> Range {
    let criteria = &record.criteria;
    let whole = record.unit == LoadUnit::Users;
    Range {
        from: criteria.from,
        least: if whole {
            1.0
        } else {
            (FEWEST_JOURNEYS / criteria.longest_window_s).min(criteria.from)
        },
        most: criteria.most,
        precision: criteria.precision,
        whole,
    }
}

/// What the probes showed of the HTTP interface.
#[must_use]
pub fn http_trials(record: &HuntRecord) -> Vec<Trial> {
    let probes = record.probes.iter();
    probes
        .filter(|probe| !probe.generator_limited)
        .map(|probe| Trial {
            load: probe.load,
            outcome: match probe.http.limited_by {
                Limit::Nothing => TrialOutcome::Sustained,
                Limit::FellOver => TrialOutcome::Final,
                Limit::Undecided => TrialOutcome::Undecided,
                _ => TrialOutcome::Overloaded,
            },
        })
        .collect()
}

/// What they showed of the pipeline.
#[must_use]
pub fn pipeline_trials(record: &HuntRecord) -> Vec<Trial> {
    trials_of(record, of_pipeline)
}

/// What they showed of how long events take.
#[must_use]
pub fn event_trials(record: &HuntRecord) -> Vec<Trial> {
    trials_of(record, of_events)
}

/// A side of the target behind its HTTP interface, as a probe showed it.
type BackSide = fn(&ProbeRecord) -> Option<&Judgement>;

fn of_pipeline(probe: &ProbeRecord) -> Option<&Judgement> {
    probe.pipeline.as_ref()
}

fn of_events(probe: &ProbeRecord) -> Option<&Judgement> {
    probe.event_latency.as_ref()
}

fn trials_of(record: &HuntRecord, side: BackSide) -> Vec<Trial> {
    let probes = record.probes.iter();
    probes
        .filter(|probe| !probe.generator_limited)
        .filter_map(|probe| {
            let judgement = side(probe)?;
            Some(Trial {
                load: probe.load,
                outcome: match judgement.limited_by {
                    Limit::Nothing => TrialOutcome::Sustained,
                    Limit::Undecided => TrialOutcome::Undecided,
                    _ => TrialOutcome::Overloaded,
                },
            })
        })
        .collect()
}

/// The next load; `None` when all knees are known. Those behind the interface go first, once a load was
/// too much there, the lowest of them before: the backlog of higher loads would be in their way.
#[must_use]
pub fn next_load(record: &HuntRecord, range: &Range) -> Option<f64> {
    let sides: [BackSide; 2] = [of_pipeline, of_events];
    let open = sides.into_iter().filter_map(|side| {
        let trials = trials_of(record, side);
        let known = gap(&trials);
        let bound = known.high.or(known.untold.map(|[least, _]| least))?;
        match next(&trials, range) {
            NextTrial::Try(load)
                if !is_out_of_reach(record, load) && !says_nothing(record, load, side) =>
            {
                Some((bound, load))
            }
            _ => None,
        }
    });
    let lowest = open.min_by(|(one, _), (other, _)| one.total_cmp(other));
    let behind = lowest.map(|(_, load)| load);
    behind.or_else(|| match next(&http_trials(record), range) {
        NextTrial::Try(load) if !is_out_of_reach(record, load) => Some(load),
        NextTrial::Try(_) | NextTrial::Found(_) => None,
    })
}

/// Whether the search for the HTTP knee ended at what the generator can make, and not where it was to.
#[must_use]
pub fn is_cut_by_generator(record: &HuntRecord) -> bool {
    match next(&http_trials(record), &range_of(record)) {
        NextTrial::Try(load) => is_out_of_reach(record, load),
        NextTrial::Found(_) => false,
    }
}

/// Whether the generator cannot make a load, as was tried often enough.
fn is_out_of_reach(record: &HuntRecord, load: f64) -> bool {
    generator_limit(record).is_some_and(|limit| load >= limit)
}

/// Whether a load told nothing of a side: the HTTP interface did not carry it.
fn says_nothing(record: &HuntRecord, load: f64, side: BackSide) -> bool {
    record.probes.iter().any(|probe| {
        probe.load.total_cmp(&load).is_eq() && side(probe).is_none() && !probe.generator_limited
    })
}
