//! Which load to try next: doubled until one is not sustained, then the gap is halved until it is as
//! narrow as asked for, and at last both of its ends are tried once more. Pure arithmetic.
//!
//! One trial near the knee says little: a load that is tried twice with different ends is tried a
//! third time, and the majority counts. A target that fell over is asked no second time. A load whose
//! trials could not tell is tried again, and then left alone: what is known lies below and above it.

/// Trials of one load after which its majority is final.
const MOST_VOTES: u32 = 3;
/// How near the ends of the gap are brought to a load that could not be told: nearer ones could be told
/// no better.
const UNTOLD_PRECISION: f64 = 0.1;
/// Trials that both ends of the gap must have had.
const LEAST_VOTES: u32 = 2;
/// Digits that loads are rounded to.
const DIGITS: i32 = 4;

/// What a trial showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The load was carried, within all criteria.
    Sustained,
    /// It was not.
    Overloaded,
    /// It was not, and nobody has to try again: the target fell over.
    Final,
    /// Nobody can tell.
    Undecided,
}

/// A load that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The load, more than 0.
    pub load: f64,
    /// What it showed.
    pub outcome: TrialOutcome,
}

/// Where a search may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The first load.
    pub from: f64,
    /// The smallest that is tried.
    pub least: f64,
    /// The largest that is tried.
    pub most: f64,
    /// How far apart the ends of the gap may be in the end: 0.02 is 2 %.
    pub precision: f64,
    /// Whether loads are whole numbers.
    pub whole: bool,
}

/// Between which loads the knee lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gap {
    /// The highest load that was sustained, of those below `high`.
    pub low: Option<f64>,
    /// The lowest that was not.
    pub high: Option<f64>,
    /// Loads between them that could not be told, lowest and highest.
    pub untold: Option<[f64; 2]>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NextTrial {
    /// Try this load.
    Try(f64),
    /// The search is over.
    Found(Gap),
}

/// Trials of one load.
#[derive(Clone, Copy, Debug)]
struct Votes {
    load: f64,
    sustained: u32,
    overloaded: u32,
    undecided: u32,
    is_final: bool,
}

impl Votes {
    fn all(self) -> u32 {
        self.sustained + self.overloaded + self.undecided
    }

    /// Whether it must be tried again to know anything.
    fn is_open(self) -> bool {
        self.is_tie() && !self.is_untold()
    }

    /// Whether it was tried often enough to know that it cannot be told.
    fn is_untold(self) -> bool {
        self.is_tie() && self.undecided > 0 && self.all() >= MOST_VOTES
    }

    fn is_tie(self) -> bool {
        !self.is_final && self.sustained == self.overloaded
    }

    fn is_overloaded(self) -> bool {
        self.is_final || self.overloaded > self.sustained
    }

    fn is_sustained(self) -> bool {
        !self.is_final && self.sustained > self.overloaded
    }

    fn is_sure(self, least: u32) -> bool {
        self.is_final || self.all() >= least
    }
}

/// What follows from `trials`.
#[must_use]
pub fn next(trials: &[Trial], range: &Range) -> NextTrial {
    let votes = votes_of(trials);
    if let Some(open) = votes.iter().find(|votes| votes.is_open()) {
        return NextTrial::Try(open.load);
    }
    let sustained = votes.iter().rev().find(|votes| votes.is_sustained());
    let overloaded = votes.iter().find(|votes| votes.is_overloaded());
    if let (Some(sustained), Some(overloaded)) = (sustained, overloaded)
        && sustained.load > overloaded.load
    {
        // More was carried than what was not: one of the two was chance.
        let doubtful = [overloaded, sustained];
        if let Some(votes) = doubtful.iter().find(|votes| !votes.is_sure(MOST_VOTES)) {
            return NextTrial::Try(votes.load);
        }
    }
    let gap = gap_of(&votes);
    let Some(first) = votes.first() else {
        return NextTrial::Try(range.rounded(range.from));
    };
    // Loads that could not be told are passed over.
    let highest = gap.untold.map_or(gap.low, |[_, most]| Some(most));
    let lowest = gap.untold.map_or(gap.high, |[least, _]| Some(least));
    match (gap.low, gap.high) {
        (None, _) if lowest.unwrap_or(first.load) > range.least => {
            let half = lowest.unwrap_or(first.load) / 2.0;
            NextTrial::Try(range.rounded(half.max(range.least)))
        }
        (_, None) => match highest.unwrap_or(first.load) {
            most if most >= range.most => NextTrial::Found(gap),
            most => NextTrial::Try(range.rounded((most * 2.0).min(range.most))),
        },
        (None, Some(_)) => NextTrial::Found(gap),
        (Some(low), Some(high)) => match range.narrowed(low, high, gap.untold) {
            Some(load) => NextTrial::Try(load),
            None => confirmed(&votes, gap),
        },
    }
}

/// Where the knee lies so far.
#[must_use]
pub fn gap(trials: &[Trial]) -> Gap {
    gap_of(&votes_of(trials))
}

fn gap_of(votes: &[Votes]) -> Gap {
    let high = votes
        .iter()
        .find(|votes| votes.is_overloaded())
        .map(|votes| votes.load);
    let is_below = |votes: &&Votes| high.is_none_or(|high| votes.load < high);
    let low = votes
        .iter()
        .rev()
        .filter(is_below)
        .find(|votes| votes.is_sustained())
        .map(|votes| votes.load);
    let is_between = |votes: &&Votes| {
        let is_untold = votes.is_tie() && votes.undecided > 0;
        is_untold && is_below(votes) && low.is_none_or(|low| votes.load > low)
    };
    let mut between = votes.iter().filter(is_between).map(|votes| votes.load);
    let untold = between
        .next()
        .map(|least| [least, between.next_back().unwrap_or(least)]);
    Gap { low, high, untold }
}

/// Has both ends of the gap tried often enough: the one that was not sustained first.
fn confirmed(votes: &[Votes], gap: Gap) -> NextTrial {
    let ends = [gap.high, gap.low].into_iter().flatten();
    let mut doubtful = ends.filter(|end| {
        let mut known = votes.iter();
        let votes = known.find(|votes| votes.load.total_cmp(end).is_eq());
        votes.is_some_and(|votes| !votes.is_sure(LEAST_VOTES))
    });
    match doubtful.next() {
        Some(load) => NextTrial::Try(load),
        None => NextTrial::Found(gap),
    }
}

/// The trials by load, in ascending order.
fn votes_of(trials: &[Trial]) -> Vec<Votes> {
    let mut all: Vec<Votes> = Vec::new();
    for trial in trials {
        let place = all.partition_point(|votes| votes.load < trial.load);
        let is_known = all
            .get(place)
            .is_some_and(|votes| votes.load.total_cmp(&trial.load).is_eq());
        if !is_known {
            let empty = Votes {
                load: trial.load,
                sustained: 0,
                overloaded: 0,
                undecided: 0,
                is_final: false,
            };
            all.insert(place, empty);
        }
        let votes = &mut all[place];
        match trial.outcome {
            TrialOutcome::Sustained => votes.sustained += 1,
            TrialOutcome::Overloaded => votes.overloaded += 1,
            TrialOutcome::Final => votes.is_final = true,
            TrialOutcome::Undecided => votes.undecided += 1,
        }
    }
    all
}

impl Range {
    /// A load as it is tried: a whole number, or one of few digits; never outside of the range.
    #[must_use]
    pub fn rounded(&self, load: f64) -> f64 {
        let rounded = if self.whole {
            load.round()
        } else {
            let step = 10_f64.powi(load.log10().floor() as i32 + 1 - DIGITS);
            (load / step).round() * step
        };
        // A step below 1 is no exact number: the shortest decimal one is meant.
        let shortest: f64 = format!("{rounded:.6}").parse().unwrap_or(rounded);
        shortest.clamp(self.least, self.most)
    }

    /// A load between the two that is to be tried: where some could not be told, below or above those.
    fn narrowed(&self, low: f64, high: f64, untold: Option<[f64; 2]>) -> Option<f64> {
        let Some([least, most]) = untold else {
            return self.between(low, high, self.precision);
        };
        let near = self.precision.max(UNTOLD_PRECISION);
        self.between(low, least, near)
            .or_else(|| self.between(most, high, near))
    }

    /// A load in the middle of the two, on the scale of ratios; `None` when they are close enough.
    fn between(&self, low: f64, high: f64, precision: f64) -> Option<f64> {
        if high / low <= 1.0 + precision {
            return None;
        }
        let middle = self.rounded((low * high).sqrt());
        (low < middle && middle < high).then_some(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: Range = Range {
        from: 100.0,
        least: 0.1,
        most: 1e6,
        precision: 0.02,
        whole: false,
    };

    fn trial(load: f64, outcome: TrialOutcome) -> Trial {
        Trial { load, outcome }
    }

    /// Searches against `target`, which tells what a load shows; at most `most` trials.
    fn search(
        range: &Range,
        most: usize,
        mut target: impl FnMut(f64) -> TrialOutcome,
    ) -> (Vec<Trial>, Option<Gap>) {
        let mut trials = Vec::new();
        while trials.len() < most {
            match next(&trials, range) {
                NextTrial::Try(load) => trials.push(trial(load, target(load))),
                NextTrial::Found(gap) => return (trials, Some(gap)),
            }
        }
        (trials, None)
    }

    #[test]
    fn the_first_steps_double_and_the_last_ones_confirm() {
        let knee = |load| match load <= 730.0 {
            true => TrialOutcome::Sustained,
            false => TrialOutcome::Overloaded,
        };
        let (trials, found) = search(&RANGE, 50, knee);
        let loads: Vec<f64> = trials.iter().map(|trial| trial.load).collect();
        assert_eq!(
            loads,
            [
                100.0, 200.0, 400.0, 800.0, 565.7, 672.7, 733.6, 702.5, 717.9, 725.7, 733.6, 725.7
            ]
        );
        let gap = Gap {
            low: Some(725.7),
            high: Some(733.6),
            untold: None,
        };
        assert_eq!(found, Some(gap));
    }

    #[test]
    fn a_target_that_carries_nothing_or_everything_ends_the_search() {
        let (trials, found) = search(&RANGE, 50, |_| TrialOutcome::Overloaded);
        assert_eq!(found.unwrap().low, None);
        assert_eq!(trials.last().unwrap().load, 0.1);
        let bounded = Range {
            most: 500.0,
            ..RANGE
        };
        let (trials, found) = search(&bounded, 50, |_| TrialOutcome::Sustained);
        assert_eq!(found.unwrap().high, None);
        assert_eq!(trials.last().unwrap().load, 500.0);
    }

    #[test]
    fn a_target_that_fell_is_not_felled_again_to_make_sure() {
        let mut falls = 0;
        let (trials, found) = search(&RANGE, 50, |load| {
            if load > 450.0 {
                falls += 1;
                TrialOutcome::Final
            } else {
                TrialOutcome::Sustained
            }
        });
        let high = found.unwrap().high.unwrap();
        assert_eq!(trials.iter().filter(|trial| trial.load == high).count(), 1);
        assert!(falls < 7, "{falls}");
    }

    #[test]
    fn the_majority_of_three_counts() {
        use TrialOutcome::{Overloaded, Sustained};
        let mut trials = vec![
            trial(100.0, Sustained),
            trial(102.0, Overloaded),
            trial(102.0, Sustained),
        ];
        assert_eq!(next(&trials, &RANGE), NextTrial::Try(102.0));
        trials.push(trial(102.0, Sustained));
        assert_eq!(next(&trials, &RANGE), NextTrial::Try(204.0));
    }

    #[test]
    fn more_carried_than_what_was_not_is_looked_into() {
        use TrialOutcome::{Overloaded, Sustained};
        let mut trials = vec![trial(100.0, Overloaded), trial(150.0, Sustained)];
        assert_eq!(next(&trials, &RANGE), NextTrial::Try(100.0));
        trials.extend([trial(100.0, Overloaded), trial(100.0, Overloaded)]);
        assert_eq!(next(&trials, &RANGE), NextTrial::Try(150.0));
        trials.extend([trial(150.0, Sustained), trial(150.0, Sustained)]);
        // Both are sure: what was not carried bounds what is promised.
        assert_eq!(next(&trials, &RANGE), NextTrial::Try(50.0));
    }

    #[test]
    fn a_load_that_cannot_be_told_is_tried_again_and_then_passed_over() {
        let knee = |load: f64| match load {
            ..600.0 => TrialOutcome::Sustained,
            600.0..900.0 => TrialOutcome::Undecided,
            _ => TrialOutcome::Overloaded,
        };
        let (trials, found) = search(&RANGE, 60, knee);
        let gap = found.unwrap();
        let [least, most] = gap.untold.unwrap();
        let (low, high) = (gap.low.unwrap(), gap.high.unwrap());
        assert!(low < 600.0 && high >= 900.0, "{gap:?}");
        assert!(low < least && least <= most && most < high, "{gap:?}");
        assert!(least / low <= 1.1 && high / most <= 1.1, "{gap:?}");
        let times = |load: f64| trials.iter().filter(|trial| trial.load == load).count();
        assert_eq!(times(least), 3);
        assert!(times(low) >= 2 && times(high) >= 2);
    }

    #[test]
    fn a_first_load_that_cannot_be_told_hides_neither_side() {
        let knee = |load: f64| match load {
            ..60.0 => TrialOutcome::Sustained,
            60.0..180.0 => TrialOutcome::Undecided,
            _ => TrialOutcome::Overloaded,
        };
        let (_, found) = search(&RANGE, 60, knee);
        let gap = found.unwrap();
        assert!(
            gap.low.unwrap() < 60.0 && gap.high.unwrap() >= 180.0,
            "{gap:?}"
        );
        let (trials, found) = search(&RANGE, 200, |_| TrialOutcome::Undecided);
        let gap = found.unwrap();
        assert_eq!((gap.low, gap.high), (None, None));
        assert_eq!(gap.untold, Some([0.1, 1e6]), "{}", trials.len());
    }

    #[test]
    fn whole_loads_end_next_to_each_other() {
        let users = Range {
            from: 1.0,
            least: 1.0,
            whole: true,
            ..RANGE
        };
        let (_, found) = search(&users, 50, |load| match load <= 6.0 {
            true => TrialOutcome::Sustained,
            false => TrialOutcome::Overloaded,
        });
        let gap = Gap {
            low: Some(6.0),
            high: Some(7.0),
            untold: None,
        };
        assert_eq!(found, Some(gap));
    }

    proptest! {
        #[test]
        fn a_sharp_knee_is_found_as_closely_as_asked_for(
            knee in 0.2_f64..5e5,
            from in 1.0_f64..1e4,
            percent in 1_u32..20,
        ) {
            let range = Range { from, precision: f64::from(percent) / 100.0, ..RANGE };
            let (_, found) = search(&range, 60, |load| match load <= knee {
                true => TrialOutcome::Sustained,
                false => TrialOutcome::Overloaded,
            });
            let gap = found.expect("it ends");
            let (low, high) = (gap.low.unwrap(), gap.high.unwrap());
            prop_assert!(low <= knee && knee < high);
            prop_assert!(high / low <= 1.0 + range.precision + 1e-3, "{} {}", low, high);
        }

        /// However the target answers, no load is tried more often than it takes, and the search ends.
        #[test]
        fn it_always_ends(seed in any::<u64>(), from in 1.0_f64..1e4) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let bounded = Range { from, least: 1.0, most: 1e4, ..RANGE };
            let (trials, found) = search(&bounded, 2_000, |_| match rng.u8(0..20) {
                0..8 => TrialOutcome::Sustained,
                8..15 => TrialOutcome::Overloaded,
                15..19 => TrialOutcome::Undecided,
                _ => TrialOutcome::Final,
            });
            prop_assert!(found.is_some());
            for tried in &trials {
                let times = trials.iter().filter(|trial| trial.load == tried.load).count();
                prop_assert!(times <= 5, "{} times {}", times, tried.load);
            }
        }
    }
}
