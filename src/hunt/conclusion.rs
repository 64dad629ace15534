//! From the probes to the knees, the law and the sentences.

use super::estimate::{estimate_of, offered_requests_per_s};
use super::hunt_record::unit_text;
use super::hunt_record::{
    Fall, HuntRecord, HuntState, Judgement, Knee, KneeUnit, Limit, LoadUnit, ProbeRecord,
};
use super::scalability::{Scalability, ScalabilityPoint};
use super::search::{Gap, gap};
use super::trials::{event_trials, generator_limit, http_trials, pipeline_trials, range_of};
use crate::pieces::{counted, duration_text, number_text, rate_text};

/// Fills in what follows from the probes so far.
pub fn conclude(record: &mut HuntRecord) {
    record.http_knee = http_knee(record);
    record.pipeline_knee = pipeline_knee(record);
    record.event_knee = event_knee(record);
    record.scalability = Scalability::fit(&points(record));
    record.verdict = sentences(record);
}

/// Probes that the law is fitted to: those that the target answered properly.
fn points(record: &HuntRecord) -> Vec<ScalabilityPoint> {
    let limit = record.criteria.failure_limit;
    let usable = record.probes.iter().filter(|probe| {
        !probe.generator_limited
            && probe.http.limited_by != Limit::FellOver
            && probe.failure_share <= limit
    });
    usable
        .map(|probe| ScalabilityPoint {
            concurrency: probe.concurrency,
            per_s: probe.requests_per_s,
        })
        .collect()
}

fn http_knee(record: &HuntRecord) -> Option<Knee> {
    let trials = http_trials(record);
    let found = gap(&trials);
    if found == Gap::default() {
        return None;
    }
    let low = found
        .low
        .and_then(|load| mean(record, load, |probe| Some(probe.requests_per_s)));
    let high = found
        .high
        .and_then(|load| mean(record, load, offered_requests_per_s));
    let (low, high) = match record.unit {
        LoadUnit::ArrivalsPerS => (low, high),
        // More users may get less: the ends of the interval are then the other way round.
        LoadUnit::Users => match (low, high) {
            (Some(low), Some(high)) => (Some(low), Some(high.max(low))),
            ends => ends,
        },
    };
    let ending = ending(record, found.high, |probe| Some(&probe.http));
    let (limited_by, why, first) = match ending {
        Some(judgement) => (
            judgement.limited_by,
            judgement.why.join("; "),
            judgement.first_to_give_way.clone(),
        ),
        None => unbounded(record),
    };
    // What is carried of more than can be is the capacity itself; a percentile is crossed where the
    // probes about the ends say, when they are of few requests. Then the ends are, too: they make room.
    let (per_s, low, high) = match (low, high, estimate_of(record, limited_by, &found)) {
        (Some(low), Some(high), Some(inside)) if inside.is_of_few && inside.fits(low, high) => {
            let per_s = inside.per_s;
            (per_s, Some(low.min(per_s)), Some(high.max(per_s)))
        }
        (Some(low), Some(high), Some(inside)) if !inside.is_of_few && low <= high => {
            (inside.per_s.clamp(low, high), Some(low), Some(high))
        }
        _ => (estimate(low, high, record.unit), low, high),
    };
    Some(Knee {
        per_s,
        low,
        high,
        unit: KneeUnit::Requests,
        load_low: found.low,
        load_high: found.high,
        undecided: found.untold,
        limited_by,
        why,
        first_to_give_way: first,
    })
}

fn pipeline_knee(record: &HuntRecord) -> Option<Knee> {
    let found = gap(&pipeline_trials(record));
    let ending = ending(record, found.high, |probe| probe.pipeline.as_ref());
    let domain = ending.map_or("", |judgement| &judgement.first_to_give_way);
    back_knee(record, found, ending, KneeUnit::Events, |probe| {
        intake_per_s(probe, domain)
    })
}

/// The knee of the thresholds on events' latencies: in events of the kinds that they are about.
fn event_knee(record: &HuntRecord) -> Option<Knee> {
    let found = gap(&event_trials(record));
    let ending = ending(record, found.high, |probe| probe.event_latency.as_ref());
    back_knee(record, found, ending, KneeUnit::TimedEvents, |probe| {
        let raised = probe.events.iter().map(|event| event.raised_per_s);
        raised.reduce(f64::max)
    })
}

/// A knee behind the HTTP interface.
fn back_knee(
    record: &HuntRecord,
    found: Gap,
    ending: Option<&Judgement>,
    unit: KneeUnit,
    per_s: impl Fn(&ProbeRecord) -> Option<f64>,
) -> Option<Knee> {
    if found == Gap::default() {
        return None;
    }
    let low = found.low.and_then(|load| mean(record, load, &per_s));
    let high = found.high.and_then(|load| mean(record, load, &per_s));
    let (limited_by, why) = match ending {
        Some(judgement) => (judgement.limited_by, judgement.why.join("; ")),
        None if http_knee(record).is_some_and(|knee| knee.load_high.is_some()) => {
            (Limit::Http, "the HTTP interface gave way before".to_owned())
        }
        None => {
            let (limited_by, why, _) = unbounded(record);
            (limited_by, why)
        }
    };
    Some(Knee {
        per_s: estimate(low, high, LoadUnit::ArrivalsPerS),
        low,
        high,
        unit,
        load_low: found.low,
        load_high: found.high,
        undecided: found.untold,
        limited_by,
        why,
        first_to_give_way: ending
            .map(|judgement| judgement.first_to_give_way.clone())
            .unwrap_or_default(),
    })
}

/// Where a knee lies between the ends of its interval: in the middle, on the scale of ratios. Users
/// get what the sustained end carries.
fn estimate(low: Option<f64>, high: Option<f64>, unit: LoadUnit) -> f64 {
    match (low, high) {
        (Some(low), Some(high)) if unit == LoadUnit::ArrivalsPerS => (low * high).sqrt(),
        (Some(low), _) => low,
        (None, _) => 0.0,
    }
}

/// Why a knee has no upper end.
fn unbounded(record: &HuntRecord) -> (Limit, String, String) {
    if gap(&http_trials(record)).untold.is_some() {
        let probes = record.probes.iter().rev();
        let mut undecided = probes.filter(|probe| probe.http.undecided);
        let why = undecided.next().map(|probe| probe.http.why.join("; "));
        return (Limit::Undecided, why.unwrap_or_default(), String::new());
    }
    if let Some(load) = generator_limit(record) {
        let why = format!(
            "the generator was at its limit at {} {}",
            number_text(load),
            unit_text(record.unit)
        );
        return (Limit::Generator, why, String::new());
    }
    let most = range_of(record).most;
    let is_reached = record.probes.iter().any(|probe| probe.load >= most);
    if is_reached {
        let why = format!(
            "{most} {} were the most to be tried",
            unit_text(record.unit)
        );
        return (Limit::Bound, why, String::new());
    }
    (
        Limit::Nothing,
        "the search was not over".to_owned(),
        String::new(),
    )
}

/// The judgement that a knee ends at: the last one of the load that was not sustained.
fn ending(
    record: &HuntRecord,
    high: Option<f64>,
    of: impl Fn(&ProbeRecord) -> Option<&Judgement>,
) -> Option<&Judgement> {
    let high = high?;
    let mut probes = record.probes.iter().rev();
    probes.find_map(|probe| {
        let judgement = of(probe)?;
        let is_it = probe.load.total_cmp(&high).is_eq() && !probe.generator_limited;
        (is_it && !judgement.sustained && !judgement.undecided).then_some(judgement)
    })
}

/// Mean over the probes of `load`, without those that the generator spoiled.
fn mean(
    record: &HuntRecord,
    load: f64,
    figure: impl Fn(&ProbeRecord) -> Option<f64>,
) -> Option<f64> {
    let probes = record
        .probes
        .iter()
        .filter(|probe| probe.load.total_cmp(&load).is_eq() && !probe.generator_limited);
    let figures: Vec<f64> = probes.filter_map(figure).collect();
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

/// Outbox events of `domain` a second; of all domains when it has no name.
fn intake_per_s(probe: &ProbeRecord, domain: &str) -> Option<f64> {
    let domains = probe.domains.iter();
    let asked = domains.filter(|known| domain.is_empty() || known.domain == domain);
    asked
        .filter_map(|known| known.intake_per_s)
        .reduce(|one, other| one + other)
}

fn sentences(record: &HuntRecord) -> Vec<String> {
    let mut sentences = Vec::new();
    match &record.http_knee {
        Some(knee) => sentences.push(knee_sentence("HTTP", knee, record)),
        None => sentences.push("Nothing is known of the HTTP interface yet.".to_owned()),
    }
    match &record.pipeline_knee {
        Some(knee) => sentences.push(knee_sentence("Pipeline", knee, record)),
        None => sentences.push(no_pipeline(record)),
    }
    let knee = record.event_knee.as_ref();
    sentences.extend(knee.map(|knee| knee_sentence("Event", knee, record)));
    sentences.extend(no_events(record));
    sentences.extend(record.falls.iter().map(|fall| fall_sentence(fall, record)));
    if record.state == HuntState::Interrupted {
        sentences.push("Interrupted before the search was over.".to_owned());
    }
    sentences
}

fn no_pipeline(record: &HuntRecord) -> String {
    let is_seen = record.probes.iter().any(|probe| !probe.domains.is_empty());
    match is_seen {
        true => "Pipeline: what was observed of it was too little to judge it.".to_owned(),
        false => "Pipeline: nothing of it was observed (see --observatory, --outbox, --redis)."
            .to_owned(),
    }
}

/// What is said when a threshold is about events' latencies and no probe could tell them.
fn no_events(record: &HuntRecord) -> Option<String> {
    let is_asked = record.probes.iter().any(|probe| !probe.events.is_empty());
    (is_asked && record.event_knee.is_none()).then(|| {
        "Event latency: no event that a threshold is about was seen (see --outbox, --redis)."
            .to_owned()
    })
}

fn knee_sentence(title: &str, knee: &Knee, record: &HuntRecord) -> String {
    let what = match (knee.unit, knee.first_to_give_way.as_str()) {
        (KneeUnit::Events, domain) if !domain.is_empty() => format!("{domain} events"),
        (unit, _) => unit.word().to_owned(),
    };
    let loads = |load: Option<f64>| {
        load.map_or_else(String::new, |load| {
            format!(" ({} {})", number_text(load), unit_text(record.unit))
        })
    };
    let text = match (knee.low, knee.high) {
        (Some(low), Some(high)) => format!(
            "{title} knee: {} {what}/s; {}{} were sustained, {}{} were not",
            rate_text(knee.per_s),
            rate_text(low),
            loads(knee.load_low),
            rate_text(high),
            loads(knee.load_high),
        ),
        (Some(low), None) => format!(
            "{title} knee: above {} {what}/s{}, the most that was tried",
            rate_text(low),
            loads(knee.load_low)
        ),
        (None, Some(high)) => format!(
            "{title} knee: not even {} {what}/s{} were sustained",
            rate_text(high),
            loads(knee.load_high)
        ),
        (None, None) => format!("{title} knee: not known"),
    };
    let untold = knee.undecided.map_or_else(String::new, |[least, most]| {
        let loads = match least.total_cmp(&most).is_eq() {
            true => number_text(least),
            false => format!("{} to {}", number_text(least), number_text(most)),
        };
        let unit = unit_text(record.unit);
        format!("; {loads} {unit} could not be told within the longest window")
    });
    let first = match (knee.unit, knee.first_to_give_way.as_str()) {
        (_, "") => String::new(),
        (_, first) => format!("; the first to give way was {first}"),
    };
    let why = if knee.why.is_empty() {
        String::new()
    } else {
        format!(": {}", knee.why)
    };
    format!("{text}{untold}{why}{first}.")
}

fn fall_sentence(fall: &Fall, record: &HuntRecord) -> String {
    let load = format!("{} {}", number_text(fall.load), unit_text(record.unit));
    let when = match fall.after_s {
        Some(after_s) => format!(
            "The target fell over at {load}, {} after the start of probe {}",
            duration_text((after_s * 1e6) as u64),
            fall.probe
        ),
        None => format!("The target was down when {load} were to be tried"),
    };
    match fall.recovered_after_s {
        Some(length_s) => format!(
            "{when}; it answered again after {}.",
            duration_text((length_s * 1e6) as u64)
        ),
        None => format!(
            "{when}, and did not answer again within {} of waiting.",
            counted(fall.waited_s.round() as u64, "second")
        ),
    }
}

#[cfg(test)]
#[path = "conclusion/tests.rs"]
mod tests;
