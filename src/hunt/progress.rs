//! How far a hunt is: its probe, its load, between what the knees lie, and how long it still takes.

use super::hunt_record::{HuntRecord, Judgement, Limit, ProbeRecord, unit_text};
use super::search::{Gap, Trial, gap};
use super::trials::{event_trials, http_trials, next_load, pipeline_trials, range_of};
use crate::pieces::{number_text, time_left_text};

/// Seconds of a probe beside its warm-up and window, before any was seen: to prepare, and to rest.
const AROUND_S: f64 = 3.0;

/// What is told of a probe that begins.
#[derive(Clone, Debug, PartialEq)]
pub struct HuntProgress {
    /// Its number, from 1.
    pub probe: u32,
    /// Its load with its unit: `800 journeys/s`.
    pub load: String,
    /// Between what the knees lie, like `HTTP knee 505–990`; empty before anything is known.
    pub brackets: Vec<String>,
    /// Probes that are left, this one among them, if everything goes as it looks now.
    pub probes_left: u32,
    /// How long these take; it is a guess as long as no load was too much.
    pub left_s: f64,
}

impl HuntProgress {
    /// Of the probe with this number and load, which is about to begin.
    #[must_use]
    pub fn of(record: &HuntRecord, probe: u32, load: f64) -> Self {
        let probes_left = probes_left(record, load);
        let known = [
            ("HTTP", gap(&http_trials(record))),
            ("pipeline", gap(&pipeline_trials(record))),
            ("event", gap(&event_trials(record))),
        ];
        let brackets = known.into_iter().filter_map(|(title, gap)| {
            let bracket = bracket_text(gap)?;
            Some(format!("{title} knee {bracket}"))
        });
        Self {
            probe,
            load: format!("{} {}", number_text(load), unit_text(record.unit)),
            brackets: brackets.collect(),
            probes_left,
            left_s: f64::from(probes_left) * probe_s(record),
        }
    }

    /// All of it in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let brackets = match self.brackets.is_empty() {
            true => "no knee known yet".to_owned(),
            false => self.brackets.join(", "),
        };
        format!(
            "probe {} at {}: {brackets}; {}",
            self.probe,
            self.load,
            self.left_text()
        )
    }

    /// How much there is still to do.
    #[must_use]
    pub fn left_text(&self) -> String {
        let probes = match self.probes_left {
            1 => "1 probe".to_owned(),
            probes => format!("{probes} probes"),
        };
        format!("about {probes}, {} left", time_left_text(self.left_s))
    }

    /// The same as parts of a line, what matters least with the highest number.
    #[must_use]
    pub fn parts(&self) -> Vec<(u8, String)> {
        let mut parts = vec![(0, format!("probe {} at {}", self.probe, self.load))];
        let ranks = (0..).step_by(3);
        let brackets = ranks.zip(&self.brackets);
        parts.extend(brackets.map(|(rank, bracket)| (rank, bracket.clone())));
        parts.push((0, format!("{} left", time_left_text(self.left_s))));
        parts
    }
}

/// Between what a knee lies; `None` when nothing is known.
fn bracket_text(gap: Gap) -> Option<String> {
    match (gap.low, gap.high) {
        (Some(low), Some(high)) => Some(format!("{}–{}", number_text(low), number_text(high))),
        (Some(low), None) => Some(format!("> {}", number_text(low))),
        (None, Some(high)) => Some(format!("< {}", number_text(high))),
        (None, None) => None,
    }
}

/// Mean length of a probe so far, with its rest; what it is to be before there was one.
fn probe_s(record: &HuntRecord) -> f64 {
    let criteria = &record.criteria;
    let of = |probe: &ProbeRecord| criteria.warm_up_s + probe.window_s + probe.rest_s + AROUND_S;
    match record.probes.len() {
        0 => criteria.warm_up_s + criteria.window_s + AROUND_S,
        count => record.probes.iter().map(of).sum::<f64>() / count as f64,
    }
}

/// Probes from this one on, if each knee lies in the middle of what is known of it, and a load that is
/// twice what was sustained is too much: the search is walked through with made-up probes.
fn probes_left(record: &HuntRecord, load: f64) -> u32 {
    let middle = |gap: Gap, load: f64| match (gap.low, gap.high) {
        (Some(low), Some(high)) => (low * high).sqrt(),
        (Some(low), None) => low * 1.5,
        (None, Some(high)) => high * 0.7,
        (None, None) => load * 1.5,
    };
    let http_knee = middle(gap(&http_trials(record)), load);
    let knee_of = |trials: Vec<Trial>| (!trials.is_empty()).then(|| middle(gap(&trials), load));
    let pipeline_knee = knee_of(pipeline_trials(record));
    let event_knee = knee_of(event_trials(record));
    let room = record.criteria.most_probes as usize;
    let mut ahead = record.clone();
    let range = range_of(&ahead);
    let mut next = Some(load);
    while let Some(load) = next.filter(|_| ahead.probes.len() < room) {
        let mut probe = unmeasured(load);
        probe.http = judged(load < http_knee);
        probe.pipeline = pipeline_knee.map(|knee| judged(load < knee));
        probe.event_latency = event_knee.map(|knee| judged(load < knee));
        ahead.probes.push(probe);
        next = next_load(&ahead, &range);
    }
    (ahead.probes.len() - record.probes.len()) as u32
}

/// A probe of which only the load is known.
fn unmeasured(load: f64) -> ProbeRecord {
    ProbeRecord {
        number: 0,
        load,
        directory: String::new(),
        window_s: 0.0,
        offered_per_s: None,
        carried_per_s: 0.0,
        requests_per_s: 0.0,
        failure_share: 0.0,
        response_p50_us: 0,
        response_p99_us: 0,
        concurrency: 0.0,
        shed: 0,
        names: Vec::new(),
        domains: Vec::new(),
        flow: None,
        tails: Vec::new(),
        events: Vec::new(),
        violated_rules: Vec::new(),
        http: Judgement::open(),
        pipeline: None,
        event_latency: None,
        generator_limited: false,
        rest_s: 0.0,
    }
}

fn judged(sustained: bool) -> Judgement {
    Judgement {
        sustained,
        limited_by: match sustained {
            true => Limit::Nothing,
            false => Limit::Carried,
        },
        ..Judgement::open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::made_up;

    #[test]
    fn a_hunt_tells_its_probe_its_load_its_bracket_and_its_time() {
        let mut record = made_up::hunt();
        record.probes.clear();
        let first = HuntProgress::of(&record, 1, 100.0);
        assert!(
            first
                .line()
                .starts_with("probe 1 at 100 journeys/s: no knee known yet; about ")
        );
        let all = made_up::hunt().probes;
        record.probes = all.iter().take(4).cloned().collect();
        let fifth = HuntProgress::of(&record, 5, 505.0);
        assert!(
            fifth.line().starts_with(
                "probe 5 at 505 journeys/s: HTTP knee > 800, pipeline knee 400–800; about "
            ),
            "{}",
            fifth.line()
        );
        assert!(fifth.probes_left >= 3, "{}", fifth.line());
    }

    #[test]
    fn what_is_left_of_a_search_is_about_what_it_takes_and_one_at_its_end() {
        let mut record = made_up::hunt();
        record.probes.clear();
        let mut told = Vec::new();
        while let Some(load) = next_load(&record, &range_of(&record)) {
            let number = record.probes.len() as u32 + 1;
            told.push(HuntProgress::of(&record, number, load).probes_left);
            let mut probe = unmeasured(load);
            probe.http = judged(load < 1_000.0);
            probe.pipeline = Some(judged(load < 490.0));
            record.probes.push(probe);
        }
        let all = told.len() as u32;
        assert_eq!(told.last(), Some(&1), "{told:?}");
        // As soon as both knees are between two loads.
        let bracketed = record.probes.iter().position(|probe| probe.load > 1_000.0);
        let known = bracketed.expect("a load that was too much") + 1;
        for (done, told) in told.iter().enumerate().skip(known) {
            let left = all - done as u32;
            assert!(
                *told <= 2 * left + 3 && left <= 2 * told + 3,
                "{told} of {left}"
            );
        }
    }
}
