//! Whether a probe's load was sustained: by the HTTP interface, and by the pipeline behind it.
//!
//! Functions of what was measured. The first thing that a probe failed by is the one that tells most
//! of the target: falling over before crossing a threshold, that before carrying less.

use super::hunt_record::{Criteria, DomainProbe, Judgement, Limit, NameProbe, ProbeRecord};
use super::reading::{Weighed, allowed_beyond};
use crate::pieces::{counted, number_text, percent_text, rate_text};
use crate::plan::{Tag, Threshold};
use crate::stats::{TailJudgement, ThresholdVerdict, WindowAnswer};

/// A backlog that grows by a smaller share of what comes in does not: chance leaves that much.
const GROWN_SHARE: f64 = 0.005;
/// A backlog that grew by fewer events than this over the window does not.
pub const GROWN_EVENTS: f64 = 5.0;
/// Growth from which on a backlog that its source stopped counting is seen to grow.
const GROWN_UNCOUNTED: f64 = 50.0;
/// Requests of a name that its percentiles are believed of.
const FEWEST_REQUESTS: u64 = 20;

/// How a threshold fared in a probe's window.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The threshold.
    pub threshold: Threshold,
    /// What it came to.
    pub verdict: ThresholdVerdict,
    /// The decisive value, in words; empty without data.
    pub value: String,
    /// Why nobody can tell.
    pub why: String,
}

/// What a probe came to, before it is judged.
pub struct ProbeEvidence<'a> {
    /// The probe, its judgements still open.
    pub probe: &'a ProbeRecord,
    /// What must hold.
    pub objectives: &'a [Objective],
    /// What its counts come to, with those of windows at the same load that could not tell.
    pub weighed: &'a Weighed,
    /// Whether the target stopped answering.
    pub fell: bool,
    /// The probe of the lowest load that was sustained; none for the first one.
    pub unloaded: Option<&'a ProbeRecord>,
    /// When a load counts as sustained.
    pub criteria: &'a Criteria,
    /// Dead letters that came during the probe, by domain.
    pub dead_letters: &'a [(String, f64)],
    /// Probes at the same load before, whose events could not be told.
    pub events_before: &'a [&'a ProbeRecord],
}

/// What was found against a load: surely, or possibly.
struct CriterionFinding {
    limit: Limit,
    is_sure: bool,
    why: String,
}

/// How the HTTP interface did.
#[must_use]
pub fn judge_http(evidence: &ProbeEvidence<'_>) -> Judgement {
    let found: Vec<CriterionFinding> = [
        fell(evidence),
        http_thresholds(evidence),
        failures(evidence),
        carried(evidence),
        pace(evidence),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sure = found.iter().find(|finding| finding.is_sure);
    let Some(first) = sure.or(found.first()) else {
        return Judgement::sustained();
    };
    let (undecided, limited_by) = match first.is_sure {
        true => (false, first.limit),
        false => (true, Limit::Undecided),
    };
    let first_to_give_way = match undecided {
        true => String::new(),
        false => operation_that_gave_way(evidence, limited_by),
    };
    // What is only possible says nothing beside what is sure.
    let told = found.into_iter().filter(|one| one.is_sure || undecided);
    let mut why: Vec<String> = told.map(|one| one.why).collect();
    if let (count, Some(last)) = (evidence.weighed.windows, why.last_mut())
        && count > 1
    {
        last.push_str(&format!(" ({count} windows together)"));
    }
    Judgement {
        sustained: false,
        undecided,
        limited_by,
        first_to_give_way,
        why,
    }
}

/// How the pipeline did behind an interface that did like `http`; `None` when nothing can be said.
#[must_use]
pub fn judge_pipeline(evidence: &ProbeEvidence<'_>, http: &Judgement) -> Option<Judgement> {
    let domains = &evidence.probe.domains;
    if domains.is_empty() {
        return None;
    }
    let growing = worst_growth(evidence);
    let dead = evidence.dead_letters.iter().find(|(_, more)| *more > 0.0);
    let observed = observed_thresholds(evidence);
    let mut why = Vec::new();
    let mut first: Option<(Limit, String)> = None;
    if let Some((limit, text)) = observed {
        let domain = threshold_domain(evidence);
        why.push(text);
        first.get_or_insert((limit, domain));
    }
    if let Some((domain, text)) = growing {
        why.push(text);
        first.get_or_insert((Limit::Backlog, domain));
    }
    if let Some((domain, more)) = dead {
        why.push(format!(
            "{} of {domain} put aside",
            counted(*more as u64, "dead letter")
        ));
        first.get_or_insert((Limit::DeadLetters, domain.clone()));
    }
    match first {
        Some((limited_by, first_to_give_way)) => Some(Judgement {
            sustained: false,
            undecided: false,
            limited_by,
            why,
            first_to_give_way,
        }),
        // An interface that did not carry its load did not hand it on either.
        None if !http.sustained && !http.undecided => None,
        None if domains.iter().all(|domain| domain.slope_per_s.is_none()) => None,
        None => Some(match doubtful_growth(evidence) {
            Some(why) => Judgement {
                sustained: false,
                undecided: true,
                limited_by: Limit::Undecided,
                why: vec![why],
                first_to_give_way: String::new(),
            },
            None => Judgement::sustained(),
        }),
    }
}

impl Judgement {
    /// A load that was carried.
    #[must_use]
    pub fn sustained() -> Self {
        Self {
            sustained: true,
            undecided: false,
            limited_by: Limit::Nothing,
            why: Vec::new(),
            first_to_give_way: String::new(),
        }
    }

    /// One that is still to be made.
    #[must_use]
    pub fn open() -> Self {
        Self {
            sustained: false,
            ..Self::sustained()
        }
    }
}

fn fell(evidence: &ProbeEvidence<'_>) -> Option<CriterionFinding> {
    evidence.fell.then(|| CriterionFinding {
        limit: Limit::FellOver,
        is_sure: true,
        why: "the target stopped answering and took no connections any more".to_owned(),
    })
}

/// Percentiles by their own intervals, everything else by the run's verdict.
fn http_thresholds(evidence: &ProbeEvidence<'_>) -> Option<CriterionFinding> {
    let mut tails = evidence.weighed.tails.iter();
    let (mut crossed, mut doubtful) = (Vec::new(), Vec::new());
    for objective in evidence.objectives {
        if objective.threshold.quantity.is_of_back_end() {
            continue;
        }
        let allowed = allowed_beyond(&objective.threshold);
        let tail = allowed.and_then(|allowed| Some((allowed, tails.next()?)));
        let text = format!("`{}`: {}", objective.threshold.text(), objective.value);
        match tail {
            Some((allowed, tail)) => match tail.answer {
                WindowAnswer::Yes => {}
                WindowAnswer::No => crossed.push(format!("{text}{}", beyond_text(tail, allowed))),
                WindowAnswer::CannotTell => {
                    doubtful.push(format!("{text}{}", beyond_text(tail, allowed)));
                }
            },
            None if objective.verdict == ThresholdVerdict::Crossed => crossed.push(text),
            None => {}
        }
    }
    let finding = |is_sure: bool, texts: &[String]| CriterionFinding {
        limit: Limit::Threshold,
        is_sure,
        why: texts.join(", "),
    };
    match (crossed.is_empty(), doubtful.is_empty()) {
        (false, _) => Some(finding(true, &crossed)),
        (true, false) => Some(finding(false, &doubtful)),
        (true, true) => None,
    }
}

/// How many were beyond the limit, and how many may be.
fn beyond_text(tail: &TailJudgement, allowed: f64) -> String {
    format!(
        " ({} beyond, {} to {} by chance, {} may be)",
        percent_text(tail.share),
        percent_text(tail.low),
        percent_text(tail.high),
        percent_text(allowed)
    )
}

/// Whether the back end tells it, and it is not about single events: those have a knee of their own.
fn is_of_pipeline(objective: &Objective) -> bool {
    let quantity = &objective.threshold.quantity;
    quantity.is_of_back_end() && !quantity.is_of_events()
}

fn observed_thresholds(evidence: &ProbeEvidence<'_>) -> Option<(Limit, String)> {
    let crossed: Vec<String> = evidence
        .objectives
        .iter()
        .filter(|objective| is_of_pipeline(objective))
        .filter(|objective| objective.verdict == ThresholdVerdict::Crossed)
        .map(|objective| format!("`{}`: {}", objective.threshold.text(), objective.value))
        .collect();
    (!crossed.is_empty()).then(|| (Limit::Threshold, crossed.join(", ")))
}

/// The domain of the first observed threshold that was crossed; nothing when it is about the shop.
fn threshold_domain(evidence: &ProbeEvidence<'_>) -> String {
    let mut crossed = evidence.objectives.iter().filter(|objective| {
        objective.verdict == ThresholdVerdict::Crossed && is_of_pipeline(objective)
    });
    let domain = crossed.find_map(|objective| {
        let selector = objective.threshold.quantity.selector();
        selector.exactly(Tag::Domain).map(str::to_owned)
    });
    domain.unwrap_or_default()
}

fn failures(evidence: &ProbeEvidence<'_>) -> Option<CriterionFinding> {
    let answer = evidence.weighed.failures;
    (answer != WindowAnswer::Yes).then(|| CriterionFinding {
        limit: Limit::Failures,
        is_sure: answer == WindowAnswer::No,
        why: format!(
            "{} of the requests failed (limit {})",
            small_percent(evidence.probe.failure_share),
            small_percent(evidence.criteria.failure_limit)
        ),
    })
}

/// A share in percent, with as many digits as a small one needs.
fn small_percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => format!("{percent:.3} %"),
        _ => percent_text(share),
    }
}

/// The open model only: what is offered is carried, or stays behind and makes everything slower.
fn carried(evidence: &ProbeEvidence<'_>) -> Option<CriterionFinding> {
    let carrying = evidence.weighed.carrying.as_ref()?;
    if carrying.answer == WindowAnswer::Yes {
        return None;
    }
    let slower = format!(
        "response times grew by {:.0} ms a second",
        carrying.delay_slope * 1e3
    );
    let behind = format!(
        "{} of {} journeys that were offered were carried (chance makes {})",
        number_text(carrying.carried.round()),
        number_text(carrying.offered.round()),
        number_text(carrying.chance.round())
    );
    let is_sure = carrying.answer == WindowAnswer::No;
    let (limit, why) = match carrying.by_delay {
        true => (Limit::Latency, slower),
        false => (Limit::Carried, behind),
    };
    Some(CriterionFinding {
        limit,
        is_sure,
        why,
    })
}

/// Users only: they offer what they get, so that what counts is what each of them gets.
fn pace(evidence: &ProbeEvidence<'_>) -> Option<CriterionFinding> {
    let (probe, unloaded) = (evidence.probe, evidence.unloaded?);
    let answer = evidence.weighed.pace;
    (answer != WindowAnswer::Yes).then(|| CriterionFinding {
        limit: Limit::Pace,
        is_sure: answer == WindowAnswer::No,
        why: format!(
            "a user gets {} requests/s, of the {} that one of {} gets",
            rate_text(probe.requests_per_s / probe.load),
            rate_text(unloaded.requests_per_s / unloaded.load),
            number_text(unloaded.load)
        ),
    })
}

/// The domain whose backlog grows most, for what comes in, and how.
fn worst_growth(evidence: &ProbeEvidence<'_>) -> Option<(String, String)> {
    let window_s = evidence.probe.window_s;
    let growing = evidence.probe.domains.iter().filter_map(|domain| {
        let (weight, text) = growth_of(domain, window_s)?;
        Some((weight, domain.domain.clone(), text))
    });
    let worst = growing.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    worst.map(|(_, domain, text)| (domain, text))
}

/// A backlog that grew, from too few readings to tell whether that was chance.
fn doubtful_growth(evidence: &ProbeEvidence<'_>) -> Option<String> {
    let window_s = evidence.probe.window_s;
    let is_doubtful = |domain: &&DomainProbe| {
        let trend = domain.slope_per_s.filter(|trend| trend.low.is_none());
        trend.is_some_and(|trend| matters(domain, trend.slope, window_s))
    };
    let domain = evidence.probe.domains.iter().find(is_doubtful)?;
    Some(format!(
        "the backlog of {} grew, as far as too few readings tell",
        domain.domain
    ))
}

/// Whether a backlog that grows so fast is more than chance leaves.
fn matters(domain: &DomainProbe, slope: f64, window_s: f64) -> bool {
    let intake = domain.intake_per_s.unwrap_or_default().max(1e-9);
    slope > intake * GROWN_SHARE && slope * window_s >= GROWN_EVENTS
}

/// How much of what comes in stays, and that in words; `None` for a domain that keeps pace.
fn growth_of(domain: &DomainProbe, window_s: f64) -> Option<(f64, String)> {
    let intake = domain.intake_per_s.unwrap_or_default().max(1e-9);
    if let Some(trend) = domain.slope_per_s {
        let slope = trend.slope;
        let is_growth = trend.grows() && matters(domain, slope, window_s);
        return is_growth.then(|| {
            let text = format!(
                "the backlog of {} grew by {} events/s",
                domain.domain,
                rate_text(slope)
            );
            (slope / intake, text)
        });
    }
    let (before, after) = (domain.before?, domain.at_load_end?);
    let grew = after.value - before.value;
    (after.at_least && grew >= GROWN_UNCOUNTED).then(|| {
        let text = format!(
            "the backlog of {} grew from {before} to {after}, where its source stops counting",
            domain.domain
        );
        (grew / (intake * window_s), text)
    })
}

/// The operation that failed most, or slowed down most against the unloaded target.
fn operation_that_gave_way(evidence: &ProbeEvidence<'_>, limit: Limit) -> String {
    let names = &evidence.probe.names;
    if let [only] = &names[..] {
        return only.name.clone();
    }
    let failed = names
        .iter()
        .filter(|name| name.failures > 0)
        .max_by(|one, other| share_failed(one).total_cmp(&share_failed(other)));
    if let (Limit::Failures | Limit::FellOver, Some(failed)) = (limit, failed) {
        return failed.name.clone();
    }
    let slowed = names
        .iter()
        .filter(|name| name.requests >= FEWEST_REQUESTS)
        .map(|name| (slow_down(name, evidence.unloaded), name));
    let slowest = slowed.max_by(|(one, _), (other, _)| one.total_cmp(other));
    slowest.map_or_else(String::new, |(_, name)| name.name.clone())
}

fn share_failed(name: &NameProbe) -> f64 {
    name.failures as f64 / name.requests.max(1) as f64
}

/// How many times its unloaded service time an operation takes; without one to compare with, the
/// time itself.
fn slow_down(name: &NameProbe, unloaded: Option<&ProbeRecord>) -> f64 {
    let of_name = |known: &&NameProbe| known.name == name.name;
    let before = unloaded
        .and_then(|probe| probe.names.iter().find(of_name))
        .filter(|before| before.requests >= FEWEST_REQUESTS);
    let before_us = before.map_or(1, |before| before.service_p99_us.max(1));
    name.service_p99_us as f64 / before_us as f64
}

#[cfg(test)]
#[path = "criteria/tests.rs"]
mod tests;
