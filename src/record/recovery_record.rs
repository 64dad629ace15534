//! Recovery's part of `run.json`: how the shop came back after a spike, and whether as it was.

use super::steering_record::{SteeringRecord, SteeringWish};
use crate::stats::{
    HELD_S, Recovery, RecoveryMeasure, StretchFigures, TOLERANCE, Totals, WINDOW_S,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the shop recovered from a spike between two stretches of the same load. A figure is back from
/// the first window of 3 s on after which all windows are within its limit for 5 s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryRecord {
    /// Users before the spike, and again after it.
    pub users: u32,
    /// Users at its highest level.
    pub peak_users: u32,
    /// First whole second at the first level, in seconds from the start of the run.
    pub baseline_start_s: f64,
    /// End of the last one.
    pub baseline_end_s: f64,
    /// First whole second at the highest level; null when there was none.
    pub peak_start_s: Option<f64>,
    /// End of the last one.
    pub peak_end_s: Option<f64>,
    /// From when on the load was planned to be back at the first level: the moment that times of
    /// recovery count from. Users that are told to go still finish the request that they are at.
    pub load_back_s: f64,
    /// How long the run went on under load after that, in seconds.
    pub watched_s: f64,
    /// Length of a window in seconds.
    pub window_s: f64,
    /// How long a figure must stay within its limit to be back, in seconds.
    pub held_s: f64,
    /// Response times, requests, failures, and the backlog of each domain that was observed.
    pub figures: Vec<RecoveryFigure>,
    /// When the last of the figures was back, in seconds after `load_back_s`; null when one was not.
    /// Figures without a limit are left out.
    pub back_after_s: Option<f64>,
    /// Start of the part at the end of the load that is compared with the baseline; null when there
    /// was no such part.
    pub last_start_s: Option<f64>,
    /// End of it.
    pub last_end_s: Option<f64>,
    /// Whether no figure of that part had changed for the worse; null without such a part.
    pub came_back: Option<bool>,
}

/// One figure before the spike, in it, and after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryFigure {
    /// `response p50`, `response p99`, `requests`, `failures` or `backlog`.
    pub name: String,
    /// Domain of a backlog, in lower case; empty else.
    pub domain: String,
    /// `us` (microseconds), `per_s`, `share` (0 to 1) or `count` (events).
    pub unit: String,
    /// The value over the baseline, from merged histograms; of a backlog the mean of its readings.
    pub baseline: Option<f64>,
    /// The value over all whole seconds at the highest level; the largest backlog from the beginning
    /// of the spike until the load was back.
    pub peak: Option<f64>,
    /// The limit within which it is back: 10 % worse than the baseline (at least 100 µs, 1 request a
    /// second, 0.1 % of the requests, 10 events), or the worst that the windows (of a backlog: the
    /// readings) of the baseline itself had. Null when there is none.
    pub limit: Option<f64>,
    /// When it was back, in seconds after `load_back_s`, and 0 when it was within its limit from then
    /// on; null when that was not seen.
    pub back_after_s: Option<f64>,
    /// How long it was watched after `load_back_s`: a backlog also while it drains after the load.
    pub watched_s: f64,
    /// Windows (of a backlog: readings) outside its limit after it had been back.
    pub out_again: u64,
    /// Whether it was outside its limit when it was looked at last.
    pub out_at_end: bool,
    /// The value over the part at the end of the load; of a backlog the last one under load.
    pub last: Option<f64>,
    /// How much more that is than the baseline, in percent; null without a value, when the baseline is
    /// 0, and for backlogs that differ by 10 events at most.
    pub change_percent: Option<f64>,
    /// Whether it differs from the baseline by more than 10 % (and more than the limit's floor), and by
    /// more than chance gives: their 95 % intervals have nothing in common. Never true of a backlog.
    pub changed: bool,
    /// Whether a source counted only so far: values may be more.
    pub at_least: bool,
    /// What else is to be said of it; a sentence.
    pub remark: Option<String>,
}

impl RecoveryFigure {
    /// Whether it changed for the worse: slower, fewer requests or more failures.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        let is_better = match (self.baseline, self.last, self.unit.as_str()) {
            (Some(before), Some(after), "per_s") => after > before,
            (Some(before), Some(after), _) => after < before,
            _ => false,
        };
        self.changed && !is_better
    }

    /// Its name with its domain, for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self.domain.as_str() {
            "" => self.name.clone(),
            domain => format!("{} of {domain}", self.name),
        }
    }
}

impl RecoveryRecord {
    /// Whether no figure of the last part had changed, neither for the worse nor for the better.
    #[must_use]
    pub fn is_as_it_was(&self) -> bool {
        !self.figures.iter().any(|figure| figure.changed)
    }

    /// Draws the conclusion from the figures.
    pub(crate) fn conclude(&mut self) {
        let judged = self.figures.iter().filter(|figure| figure.limit.is_some());
        let backs: Option<Vec<f64>> = judged.map(|figure| figure.back_after_s).collect();
        self.back_after_s = backs.and_then(|backs| backs.into_iter().reduce(f64::max));
        let is_worse = self.figures.iter().any(RecoveryFigure::is_worse);
        self.came_back = self.last_start_s.map(|_| !is_worse);
    }
}

/// How the shop recovered so far; `None` when the load has no spike that it comes back from, or was
/// steered by hand, or there is no baseline.
pub(crate) fn recovery_record(
    totals: &Totals,
    steering: &[SteeringRecord],
) -> Option<RecoveryRecord> {
    let recovery = totals.recovery.as_ref()?;
    let is_steered = |record: &SteeringRecord| matches!(record.wish, SteeringWish::Users { .. });
    if !recovery.has_baseline() || steering.iter().any(is_steered) {
        return None;
    }
    let excursion = recovery.excursion();
    let (baseline, peak, last) = (recovery.baseline(), recovery.peak(), recovery.last());
    let has_peak = peak.end_s > 0.0;
    let figures =
        RecoveryMeasure::ALL.map(|measure| figure(recovery, measure, &baseline, last.as_ref()));
    let mut record = RecoveryRecord {
        users: excursion.users,
        peak_users: excursion.peak_users,
        baseline_start_s: baseline.start_s,
        baseline_end_s: baseline.end_s,
        peak_start_s: has_peak.then_some(peak.start_s),
        peak_end_s: has_peak.then_some(peak.end_s),
        load_back_s: excursion.back_us as f64 / 1e6,
        watched_s: recovery.watched_s(),
        window_s: WINDOW_S as f64,
        held_s: HELD_S,
        figures: figures.into(),
        back_after_s: None,
        last_start_s: last.map(|last| last.start_s),
        last_end_s: last.map(|last| last.end_s),
        came_back: None,
    };
    record.conclude();
    Some(record)
}

fn figure(
    recovery: &Recovery,
    measure: RecoveryMeasure,
    baseline: &StretchFigures,
    last: Option<&StretchFigures>,
) -> RecoveryFigure {
    let standing = recovery.standing(measure);
    let settling = &standing.settling;
    let load_back_s = recovery.excursion().back_us as f64 / 1e6;
    let (name, unit) = match measure {
        RecoveryMeasure::ResponseP50 => ("response p50", "us"),
        RecoveryMeasure::ResponseP99 => ("response p99", "us"),
        RecoveryMeasure::Requests => ("requests", "per_s"),
        RecoveryMeasure::Failures => ("failures", "share"),
    };
    let before = baseline.value(measure);
    let after = last.and_then(|last| last.value(measure));
    let both = before.zip(after);
    RecoveryFigure {
        name: name.to_owned(),
        domain: String::new(),
        unit: unit.to_owned(),
        baseline: before,
        peak: recovery.peak().value(measure),
        limit: standing.tolerance.map(|tolerance| tolerance.limit),
        back_after_s: settling.back_after_s(load_back_s),
        watched_s: recovery.watched_s(),
        out_again: settling.out_again(),
        out_at_end: settling.is_out_at_end(),
        last: after,
        change_percent: both.and_then(|(before, after)| change_percent(before, after)),
        changed: last.is_some_and(|last| has_changed(measure, baseline, last)),
        at_least: false,
        remark: settling.too_short_s().map(too_short),
    }
}

/// How much more `after` is than `before`, in percent; `None` of nothing.
pub(crate) fn change_percent(before: f64, after: f64) -> Option<f64> {
    (before > 0.0).then(|| (after - before) * 100.0 / before)
}

/// The remark on a figure that was within its limit at the end, but not for long.
pub(crate) fn too_short(within_s: f64) -> String {
    format!("within its limit for the last {within_s:.0} s, too short to call it back")
}

fn has_changed(measure: RecoveryMeasure, baseline: &StretchFigures, last: &StretchFigures) -> bool {
    let (Some(before), Some(after)) = (baseline.value(measure), last.value(measure)) else {
        // Nothing is answered any more.
        return baseline.value(measure).is_some();
    };
    let is_far = (after - before).abs() > (before * TOLERANCE).max(measure.floor());
    let spans = baseline.span(measure).zip(last.span(measure));
    let by_chance = spans.is_some_and(|(before, after)| before.overlaps(after));
    is_far && !by_chance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Excursion;
    use crate::record::made_up;
    use crate::stats::{MergedInterval, Outcome, RunContext};
    use std::sync::Arc;

    const S: u64 = 1_000_000;

    /// Ten seconds of baseline, ten of a spike, twenty after it, in which replies take `after_us`.
    fn totals(after_us: u64) -> Totals {
        let mut totals = Totals::new(Arc::new(RunContext {
            excursion: Some(Excursion {
                users: 5,
                peak_users: 50,
                baseline_start_us: 0,
                baseline_end_us: 10 * S,
                peak_start_us: 10 * S,
                peak_end_us: 20 * S,
                back_us: 20 * S,
                end_us: 40 * S,
            }),
            run_time_us: 40 * S,
            ..made_up::context()
        }));
        for ordinal in 0..40 {
            let mut interval = MergedInterval::new(totals.context.shape());
            interval.start_us = ordinal * S;
            interval.end_us = interval.start_us + S;
            interval.users = 5;
            let latency_us = match ordinal {
                0..10 => 5_000,
                10..20 => 200_000,
                _ => after_us,
            };
            for number in 0..100 {
                interval.all.response.record_us(latency_us + number);
            }
            interval.all.outcomes[Outcome::Success] = 100;
            totals.absorb(&interval);
        }
        totals
    }

    fn record(totals: &Totals) -> RecoveryRecord {
        recovery_record(totals, &[]).expect("a record")
    }

    #[test]
    fn a_shop_that_is_what_it_was() {
        let record = record(&totals(5_000));
        assert_eq!(
            (record.back_after_s, record.came_back),
            (Some(0.0), Some(true))
        );
        assert_eq!((record.load_back_s, record.watched_s), (20.0, 20.0));
        assert_eq!(
            (record.last_start_s, record.last_end_s),
            (Some(30.0), Some(40.0))
        );
        let titles: Vec<String> = record.figures.iter().map(RecoveryFigure::title).collect();
        let expected = ["response p50", "response p99", "requests", "failures"];
        assert_eq!(titles, expected);
        assert!(record.figures.iter().all(|figure| !figure.changed));
    }

    #[test]
    fn a_shop_that_stays_slower_did_not_come_back() {
        // A fifth slower: more than the tenth that is tolerated.
        let record = record(&totals(6_000));
        assert_eq!((record.back_after_s, record.came_back), (None, Some(false)));
        let p50 = &record.figures[0];
        assert!(p50.changed && p50.is_worse() && p50.out_at_end);
        assert_eq!(p50.change_percent.map(f64::round), Some(20.0));
        let requests = &record.figures[2];
        assert_eq!(
            (requests.back_after_s, requests.changed),
            (Some(0.0), false)
        );
    }

    #[test]
    fn a_shop_that_is_faster_is_back_and_changed() {
        let record = record(&totals(3_000));
        assert_eq!(
            (record.back_after_s, record.came_back),
            (Some(0.0), Some(true))
        );
        assert!(record.figures[0].changed && !record.figures[0].is_worse());
        assert!(!record.is_as_it_was());
    }

    #[test]
    fn without_a_spike_or_with_a_hand_on_it_there_is_nothing_to_tell() {
        assert_eq!(recovery_record(&made_up::totals(), &[]), None);
        let steered = |wish| {
            let steering = SteeringRecord { at_s: 3.0, wish };
            recovery_record(&totals(5_000), &[steering]).is_none()
        };
        assert!(steered(SteeringWish::Users {
            users: 9,
            spawn_rate_per_s: None
        }));
        assert!(!steered(SteeringWish::Reset) && !steered(SteeringWish::Stop));
    }
}
