//! The backlogs' part of recovery: from what observers read of each domain.

use super::recovery_record::{RecoveryFigure, RecoveryRecord, change_percent, too_short};
use crate::observe::{BacklogPoint, DomainHistory, Observation};
use crate::stats::{Settling, Tolerance};

/// Least tolerance of a backlog, in events.
const FLOOR: f64 = 10.0;
/// The reading of a second comes a little after it.
const READING_S: f64 = 0.9;

impl RecoveryRecord {
    /// Adds a figure for each domain whose backlog was read.
    pub fn add_backlogs(&mut self, observation: &Observation) {
        for domain in &observation.domains {
            let figure = self.backlog(domain, observation.load_end_s);
            self.figures.push(figure);
        }
        self.conclude();
    }

    fn backlog(&self, domain: &DomainHistory, load_end_s: f64) -> RecoveryFigure {
        let points = &domain.backlog;
        let between = |from_s: f64, to_s: f64| {
            let in_span = move |point: &&BacklogPoint| point.at_s >= from_s && point.at_s <= to_s;
            points.iter().filter(in_span)
        };
        let baseline = || between(self.baseline_start_s, self.baseline_end_s);
        let count = baseline().count();
        let mean = baseline().map(|point| point.amount.value).sum::<f64>() / count as f64;
        let mean = (count > 0).then_some(mean);
        let worst = largest(baseline());
        let peak = largest(between(self.baseline_end_s, self.load_back_s + READING_S));
        let last = between(self.load_back_s, load_end_s + READING_S).next_back();
        let is_cut = baseline().any(|point| point.is_cut);
        let tolerance = mean
            .zip(worst)
            .filter(|_| !is_cut)
            .map(|(mean, worst)| Tolerance::ceiling(mean, worst, FLOOR));
        let settling = tolerance.map_or_else(Settling::default, |tolerance| {
            settled(points, tolerance, self.load_back_s, load_end_s)
        });
        let last = last.map(|point| point.amount.value);
        RecoveryFigure {
            name: "backlog".to_owned(),
            domain: domain.domain.to_string(),
            unit: "count".to_owned(),
            baseline: mean,
            peak,
            limit: tolerance.map(|tolerance| tolerance.limit),
            back_after_s: settling.back_after_s(self.load_back_s),
            watched_s: points
                .last()
                .map_or(0.0, |point| (point.at_s - self.load_back_s).max(0.0)),
            out_again: settling.out_again(),
            out_at_end: settling.is_out_at_end(),
            last,
            change_percent: mean
                .zip(last)
                // Of a few events every share is large.
                .filter(|(mean, last)| (last - mean).abs() > FLOOR)
                .and_then(|(mean, last)| change_percent(mean, last)),
            changed: false,
            at_least: points.iter().any(|point| point.amount.at_least),
            remark: remark(is_cut, count, &settling, load_end_s),
        }
    }
}

fn largest<'a>(points: impl Iterator<Item = &'a BacklogPoint>) -> Option<f64> {
    points.map(|point| point.amount.value).reduce(f64::max)
}

/// How it went on since the load was back. What a source stopped counting is not within any limit.
fn settled(
    points: &[BacklogPoint],
    tolerance: Tolerance,
    load_back_s: f64,
    load_end_s: f64,
) -> Settling {
    let mut settling = Settling::default();
    for point in points.iter().filter(|point| point.at_s >= load_back_s) {
        let is_within = !point.is_cut && tolerance.admits(point.amount.value);
        if point.at_s < load_end_s {
            settling.observe(point.at_s, is_within);
        } else {
            settling.observe_without_load(point.at_s, is_within);
        }
    }
    settling
}

fn remark(is_cut: bool, count: usize, settling: &Settling, load_end_s: f64) -> Option<String> {
    if count == 0 {
        return Some("it was not read in the baseline: nobody can tell".to_owned());
    }
    if is_cut {
        return Some("its source stopped counting in the baseline: nobody can tell".to_owned());
    }
    let is_late = settling.back_s().is_some_and(|back_s| back_s >= load_end_s);
    if is_late {
        return Some("back when the load was over already".to_owned());
    }
    settling.too_short_s().map(too_short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Amount;

    /// Baseline to second 10, the load back at second 20, the load's end at second 40.
    fn record() -> RecoveryRecord {
        RecoveryRecord {
            baseline_start_s: 1.0,
            baseline_end_s: 10.0,
            load_back_s: 20.0,
            ..RecoveryRecord::default()
        }
    }

    fn backlog(values: &[(f64, f64)]) -> RecoveryFigure {
        let point = |&(at_s, value): &(f64, f64)| BacklogPoint {
            at_s,
            amount: Amount::exact(value),
            is_cut: false,
            source: "observatory".into(),
            not_seen: "",
        };
        of_points(values.iter().map(point).collect())
    }

    fn of_points(backlog: Vec<BacklogPoint>) -> RecoveryFigure {
        let domain = DomainHistory {
            domain: "identity".into(),
            backlog,
            rows: Vec::new(),
            published: Vec::new(),
            rows_source: None,
            rows_cut: false,
        };
        let observation = Observation {
            domains: vec![domain],
            load_end_s: 40.0,
            ..Observation::default()
        };
        let mut record = record();
        record.add_backlogs(&observation);
        assert_eq!(record.back_after_s, record.figures[0].back_after_s);
        record.figures.remove(0)
    }

    /// A reading every second: 40 before the spike, 40 more each second of it, then `drain` fewer.
    fn drained(drain: f64, seconds: u32) -> Vec<(f64, f64)> {
        let value = |second: u32| match second {
            0..=10 => 40.0,
            11..=20 => 40.0 + 40.0 * f64::from(second - 10),
            _ => (440.0 - drain * f64::from(second - 20)).max(40.0),
        };
        (0..seconds)
            .map(|second| (f64::from(second), value(second)))
            .collect()
    }

    #[test]
    fn it_is_back_within_the_floor_of_its_baseline() {
        let figure = backlog(&drained(50.0, 41));
        assert_eq!(figure.title(), "backlog of identity");
        assert_eq!((figure.baseline, figure.peak), (Some(40.0), Some(440.0)));
        assert_eq!(
            figure.limit,
            Some(50.0),
            "10 events, which are more than 10 %"
        );
        // 440 less 50 a second: 40 after 8 s.
        assert_eq!(figure.back_after_s, Some(8.0));
        assert_eq!((figure.watched_s, figure.out_again), (20.0, 0));
        assert_eq!((figure.last, figure.change_percent), (Some(40.0), None));
        assert_eq!(figure.remark, None);
    }

    #[test]
    fn while_it_drains_after_the_load_it_is_watched_too() {
        let figure = backlog(&drained(16.0, 60));
        // 440 less 16 a second: 40 after 25 s, 56 after 24.
        assert_eq!(figure.back_after_s, Some(25.0));
        assert_eq!(figure.last, Some(120.0), "the last one under load");
        assert_eq!(figure.change_percent, Some(200.0));
        assert_eq!(
            figure.remark.as_deref(),
            Some("back when the load was over already")
        );
        let ended = backlog(&drained(16.0, 41));
        assert_eq!((ended.back_after_s, ended.watched_s), (None, 20.0));
        assert!(ended.out_at_end);
    }

    #[test]
    fn nothing_to_do_is_back_at_once() {
        let idle: Vec<_> = (0..41).map(|second| (f64::from(second), 0.0)).collect();
        let figure = backlog(&idle);
        assert_eq!((figure.limit, figure.back_after_s), (Some(10.0), Some(0.0)));
        assert_eq!(figure.change_percent, None);
    }

    #[test]
    fn what_a_source_does_not_count_nobody_can_tell() {
        let cut = |from: usize| {
            let point = |(place, &(at_s, value)): (usize, &(f64, f64))| BacklogPoint {
                at_s,
                amount: Amount {
                    value,
                    at_least: place >= from,
                },
                is_cut: place >= from,
                source: "observatory".into(),
                not_seen: "",
            };
            of_points(drained(50.0, 41).iter().enumerate().map(point).collect())
        };
        let always = cut(0);
        assert_eq!((always.limit, always.back_after_s), (None, None));
        assert!(always.at_least && always.remark.unwrap().contains("stopped counting"));
        assert_eq!(cut(12).back_after_s, None, "a cut count may be any number");
        let unread = backlog(&drained(50.0, 41)[12..]);
        assert_eq!((unread.baseline, unread.limit), (None, None));
    }
}
