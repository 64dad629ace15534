//! Whether the events that an objective is about took no longer than it says.
//!
//! Events are followed from their replies on until the backlog is gone, or as long as a rest may take:
//! what is still on its way then counts with its age. A percentile is judged by the interval of the share
//! of times that are beyond the limit. Those that may yet come to it, and events that were found in no
//! store, may be on either side: a load is sustained only if it would be with all of them beyond.

use super::criteria::{Objective, ProbeEvidence};
use super::hunt_record::{EventProbe, Judgement, Limit, ProbeRecord};
use crate::observe::FollowedAccount;
use crate::pieces::{counted, number_text, percent_text};
use crate::plan::{Operator, Statistic, Tag, Threshold, ThresholdQuantity};
use crate::record::RunRecord;
use crate::stats::{EventLatency, StretchLatency, ThresholdVerdict, WindowAnswer, score_interval};

/// Times from which on their counts themselves decide, …
const SHARP_COUNT: f64 = 4_000.0;
/// … when so many may be beyond the limit.
const SHARP_BEYOND: f64 = 50.0;

/// What the events that `threshold` is about took in a run; `None` when it is about something else.
#[must_use]
pub fn event_probe(
    threshold: &Threshold,
    run: &RunRecord,
    followed: Option<&FollowedAccount>,
) -> Option<EventProbe> {
    let ThresholdQuantity::Event {
        stretch,
        of,
        statistic,
    } = &threshold.quantity
    else {
        return None;
    };
    let is_meant = |domain: &str, name: &str| {
        of.admits(Tag::Name, name) && of.admits(Tag::Domain, &domain.to_lowercase())
    };
    let raised = run.events.iter();
    let raised = raised.filter(|event| is_meant(&event.domain, &event.name));
    let mut probe = EventProbe {
        slo: threshold.text().to_owned(),
        raised_per_s: raised.map(|event| event.per_s).sum(),
        ..EventProbe::default()
    };
    let kinds = followed.map_or(&[][..], |account| &account.latencies.events);
    let mut together = StretchLatency::default();
    let mut worst = 0;
    for kind in kinds.iter().filter(|kind| is_meant(kind.domain, kind.name)) {
        let mut of_kind = StretchLatency::default();
        for figures in kind.of(*stretch) {
            of_kind.absorb(figures);
        }
        let (beyond, young) = of_kind.beyond(limit_us(threshold));
        probe.followed += kind.counts.followed;
        probe.unseen += kind.counts.not_found;
        probe.known += of_kind.len();
        probe.waiting += of_kind.waiting.len();
        probe.beyond += beyond;
        probe.young += young;
        if beyond > worst {
            worst = beyond;
            probe.slowest = name_of(kind);
        }
        together.absorb(&of_kind);
    }
    probe.value = together.statistic(*statistic);
    Some(probe)
}

fn name_of(kind: &EventLatency) -> String {
    format!("{}.{}", kind.domain, kind.name)
}

/// The first whole microsecond that is beyond the limit.
fn limit_us(threshold: &Threshold) -> u64 {
    let limit = threshold.limit.max(0.0);
    match threshold.operator {
        Operator::AtMost => limit.floor() as u64 + 1,
        _ => limit.ceil() as u64,
    }
}

/// Share of times that may be beyond the limit of a threshold on a percentile of what events take;
/// `None` for others.
#[must_use]
pub fn allowed_late(threshold: &Threshold) -> Option<f64> {
    let is_upper = matches!(threshold.operator, Operator::Below | Operator::AtMost);
    match &threshold.quantity {
        ThresholdQuantity::Event {
            statistic: Statistic::Quantile(quantile),
            ..
        } if is_upper && (0.0..1.0).contains(quantile) => Some(1.0 - *quantile),
        _ => None,
    }
}

/// How events did by what they took; `None` when no objective is about that, none was seen, or they kept
/// their time only behind an interface that did like `http` and handed on less.
#[must_use]
pub fn judge_events(evidence: &ProbeEvidence<'_>, http: &Judgement) -> Option<Judgement> {
    let objectives = evidence.objectives.iter();
    let objectives = objectives.filter(|it| it.threshold.quantity.is_of_events());
    let mut crossed: Vec<(String, &str)> = Vec::new();
    let mut doubtful = Vec::new();
    let mut is_any_seen = false;
    for (place, (objective, now)) in objectives.zip(&evidence.probe.events).enumerate() {
        let before = evidence.events_before.iter();
        let before = before.filter_map(|probe: &&ProbeRecord| probe.events.get(place));
        let windows: Vec<&EventProbe> = before.chain([now]).collect();
        is_any_seen |= windows.iter().any(|window| window.known > 0);
        match answer(objective, &windows) {
            WindowAnswer::Yes => {}
            WindowAnswer::No => crossed.push((late_text(objective, &windows), &now.slowest)),
            WindowAnswer::CannotTell => doubtful.push(late_text(objective, &windows)),
        }
    }
    if !is_any_seen {
        return None;
    }
    if let Some((_, slowest)) = crossed.first() {
        return Some(Judgement {
            sustained: false,
            undecided: false,
            limited_by: Limit::EventLatency,
            first_to_give_way: (*slowest).to_owned(),
            why: crossed.into_iter().map(|(why, _)| why).collect(),
        });
    }
    if !http.sustained && !http.undecided {
        return None;
    }
    if doubtful.is_empty() {
        return Some(Judgement::sustained());
    }
    Some(Judgement {
        sustained: false,
        undecided: true,
        limited_by: Limit::Undecided,
        why: doubtful,
        first_to_give_way: String::new(),
    })
}

/// Whether an objective held over windows at one load.
fn answer(objective: &Objective, windows: &[&EventProbe]) -> WindowAnswer {
    let sum = |of: fn(&EventProbe) -> u64| windows.iter().map(|it| of(it)).sum::<u64>() as f64;
    let Some(allowed) = allowed_late(&objective.threshold) else {
        return match objective.verdict {
            ThresholdVerdict::Crossed => WindowAnswer::No,
            ThresholdVerdict::Held if sum(|it| it.unseen) == 0.0 => WindowAnswer::Yes,
            ThresholdVerdict::Held | ThresholdVerdict::Undecided => WindowAnswer::CannotTell,
        };
    };
    let (beyond, open) = (sum(|it| it.beyond), sum(|it| it.young + it.unseen));
    let all = sum(|it| it.known + it.unseen);
    if all == 0.0 {
        return WindowAnswer::CannotTell;
    }
    let (least, most) = (beyond / all, (beyond + open) / all);
    if all >= SHARP_COUNT && all * allowed >= SHARP_BEYOND {
        return match (most <= allowed, least > allowed) {
            (true, _) => WindowAnswer::Yes,
            (_, true) => WindowAnswer::No,
            (false, false) => WindowAnswer::CannotTell,
        };
    }
    if score_interval(least, all).0 > allowed {
        WindowAnswer::No
    } else if score_interval(most, all).1 < allowed {
        WindowAnswer::Yes
    } else {
        WindowAnswer::CannotTell
    }
}

/// What an objective came to, in words.
fn late_text(objective: &Objective, windows: &[&EventProbe]) -> String {
    let sum = |of: fn(&EventProbe) -> u64| windows.iter().map(|it| of(it)).sum::<u64>();
    let value = match objective.value.as_str() {
        "" => "nothing was seen",
        value => value,
    };
    let mut parts = Vec::new();
    let known = sum(|it| it.known);
    if let Some(allowed) = allowed_late(&objective.threshold).filter(|_| known > 0) {
        parts.push(format!(
            "{} of {} beyond, {} may be",
            number_text(sum(|it| it.beyond)),
            number_text(known),
            percent_text(allowed)
        ));
    }
    let waiting = sum(|it| it.waiting);
    if waiting > 0 {
        parts.push(format!("{} still on their way", number_text(waiting)));
    }
    let unseen = sum(|it| it.unseen);
    if unseen > 0 {
        parts.push(format!("{} found in no store", counted(unseen, "event")));
    }
    if windows.len() > 1 {
        parts.push(format!("{} windows together", windows.len()));
    }
    let parts = match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    };
    format!("`{}`: {value}{parts}", objective.threshold.text())
}

#[cfg(test)]
#[path = "event_criteria/tests.rs"]
mod tests;
