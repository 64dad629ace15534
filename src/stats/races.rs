//! What came of races: requests that left together on purpose.

use super::sums::sums;
use super::{Absorb, Forget, LatencyCounts, Outcome, OutcomeCounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most sides that a race has.
pub const MOST_SIDES: usize = 3;
/// Ways to end that are told apart a race; further ones are counted together.
pub(super) const MOST_ENDINGS: usize = 64;
/// Bins of an offset sweep.
pub const OFFSET_BINS: usize = 41;

/// Processes of a target that racers are counted by: place 0 has those of whose process nothing is
/// believed, the last one all beyond it.
pub const PROCESSES_COUNTED: usize = 17;

/// A kind of race.
#[derive(Debug, PartialEq, Eq)]
pub struct Race {
    /// Position in the script's table of races.
    pub index: u16,
    /// Name in reports, for example `double-suspend`.
    pub name: &'static str,
    /// What its sides do, for example `cancel` and `pay`; 1 to [`MOST_SIDES`].
    pub sides: &'static [&'static str],
}

/// How many racers of each side ended with each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    counts: [[u16; Outcome::COUNT]; MOST_SIDES],
}

impl Ending {
    /// One more racer of `side` ended so.
    pub fn add(&mut self, side: u8, outcome: Outcome) {
        let count = &mut self.counts[usize::from(side)][outcome as usize];
        *count = count.saturating_add(1);
    }

    /// Racers of `side` that ended so.
    #[must_use]
    pub fn of(&self, side: u8, outcome: Outcome) -> u16 {
        self.counts[usize::from(side)][outcome as usize]
    }

    /// So many racers of each side ended with each outcome, in the order of [`Outcome::ALL`].
    #[must_use]
    pub fn of_counts(counts: [[u16; Outcome::COUNT]; MOST_SIDES]) -> Self {
        Self { counts }
    }

    /// Racers of all sides that ended so.
    #[must_use]
    pub fn all(&self, outcome: Outcome) -> u64 {
        let sides = self.counts.iter();
        sides.map(|side| u64::from(side[outcome as usize])).sum()
    }
}

/// What one race showed of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaceSeen {
    /// How its racers ended.
    pub ending: Ending,
    /// Racers in all.
    pub racers: u32,
    /// Whether all of them were sent.
    pub complete: bool,
    /// From the first to the last of them being sent; `None` when sides were shifted on purpose, or
    /// not all were sent.
    pub spread_us: Option<u64>,
    /// Whether all were in flight at one moment.
    pub together: bool,
    /// Whether the target handled two of them at once, as far as that can be seen from here.
    pub overlapped: bool,
    /// Side of the racer whose reply came first; `None` when none came.
    pub first_side: Option<u8>,
    /// Bin of the sweep, when sides were shifted.
    pub offset_bin: Option<usize>,
    /// Racers by the process that is believed to have served them.
    pub on: [u16; PROCESSES_COUNTED],
}

impl RaceSeen {
    /// Whether its racers are believed to have been on different processes.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        let used = self.on[1..].iter().filter(|&&racers| racers > 0);
        used.count() > 1
    }
}

/// How often something ended so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingCount {
    /// How.
    pub ending: Ending,
    /// How often.
    pub count: u64,
}

/// How races ended, a bounded number of ways, in the order in which they were seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endings {
    /// One entry a way to end.
    pub rows: Vec<EndingCount>,
    /// Races that ended in ways that found no place in `rows`.
    pub cut: u64,
}

/// With room for all there can be.
impl Default for Endings {
    fn default() -> Self {
        Self {
            rows: Vec::with_capacity(MOST_ENDINGS),
            cut: 0,
        }
    }
}

impl Endings {
    fn add(&mut self, ending: Ending, count: u64) {
        let has_room = self.rows.len() < MOST_ENDINGS;
        match self.rows.iter_mut().find(|row| row.ending == ending) {
            Some(row) => row.count += count,
            None if has_room => {
                self.rows.push(EndingCount { ending, count });
            }
            None => self.cut += count,
        }
    }
}

impl Absorb for Endings {
    fn absorb(&mut self, other: &Self) {
        for row in &other.rows {
            self.add(row.ending, row.count);
        }
        self.cut += other.cut;
    }
}

impl Forget for Endings {
    fn forget(&mut self) {
        self.rows.clear();
        self.cut = 0;
    }
}

sums! {
    /// What came of the races of one offset.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct OffsetBin {
        /// Races.
        pub count: u64,
        /// Those that only the first side won.
        pub first_won: u64,
        /// Those that only the second side won.
        pub second_won: u64,
        /// Those that both sides won.
        pub both_won: u64,
        /// Those that neither side won.
        pub neither_won: u64,
        /// Those in which somebody lost a version race.
        pub conflicts: u64,
        /// Those after which a rule was broken.
        pub broken: u64,
    }
}

/// What came of an offset sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offsets {
    /// One bin an offset; empty without a sweep.
    pub bins: Vec<OffsetBin>,
}

/// With room for all there can be.
impl Default for Offsets {
    fn default() -> Self {
        Self {
            bins: Vec::with_capacity(OFFSET_BINS),
        }
    }
}

impl Offsets {
    fn bin(&mut self, bin: usize) -> &mut OffsetBin {
        if self.bins.is_empty() {
            self.bins.resize(OFFSET_BINS, OffsetBin::default());
        }
        &mut self.bins[bin.min(OFFSET_BINS - 1)]
    }
}

impl Absorb for Offsets {
    fn absorb(&mut self, other: &Self) {
        for (index, more) in other.bins.iter().enumerate() {
            self.bin(index).absorb(more);
        }
    }
}

impl Forget for Offsets {
    fn forget(&mut self) {
        self.bins.clear();
    }
}

sums! {
    /// Races of one kind, apart from how close together they were.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct RaceCounts {
        /// Races.
        pub count: u64,
        /// Their racers.
        pub racers: u64,
        /// Races in which a racer could not be sent.
        pub incomplete: u64,
        /// Races whose racers were all in flight at one moment.
        pub together: u64,
        /// Races that the target was seen to handle two requests of at once.
        pub overlapped: u64,
        /// Races whose racers are believed to have been on different processes.
        pub apart: u64,
        /// Racers by the process that is believed to have served them.
        pub on: [u64; PROCESSES_COUNTED],
        /// Races whose first reply went to a racer of this side.
        pub first: [u64; MOST_SIDES],
        /// Their racers by [`Outcome`].
        pub outcomes: OutcomeCounts,
        /// How races ended.
        pub endings: Endings,
        /// What came of each offset.
        pub offsets: Offsets,
    }
}

impl RaceCounts {
    fn observe(&mut self, seen: &RaceSeen) {
        self.count += 1;
        self.racers += u64::from(seen.racers);
        self.incomplete += u64::from(!seen.complete);
        self.together += u64::from(seen.together);
        self.overlapped += u64::from(seen.overlapped);
        self.apart += u64::from(seen.is_apart());
        self.on.absorb(&seen.on.map(u64::from));
        if let Some(side) = seen.first_side {
            self.first[usize::from(side)] += 1;
        }
        self.outcomes
            .absorb(&OutcomeCounts::of(|outcome| seen.ending.all(outcome)));
        self.endings.add(seen.ending, 1);
        if let Some(bin) = seen.offset_bin {
            self.offsets.bin(bin).observe(&seen.ending);
        }
    }

    /// After the race of this offset a rule was broken.
    pub fn broken_at(&mut self, bin: usize) {
        self.offsets.bin(bin).broken += 1;
    }
}

impl OffsetBin {
    fn observe(&mut self, ending: &Ending) {
        let won = |side| ending.of(side, Outcome::Success) > 0;
        self.count += 1;
        let counter = match (won(0), won(1)) {
            (true, true) => &mut self.both_won,
            (true, false) => &mut self.first_won,
            (false, true) => &mut self.second_won,
            (false, false) => &mut self.neither_won,
        };
        *counter += 1;
        self.conflicts += u64::from(ending.all(Outcome::Conflict) > 0);
    }
}

sums! {
    /// Everything about the races of one kind.
    #[derive(Clone, Debug, Default)]
    pub struct RaceMeasured<L> {
        /// What came of them.
        pub counts: RaceCounts,
        /// From the first to the last request of each race being sent.
        pub spread: L,
    }
}

impl RaceMeasured<LatencyCounts> {
    /// Counts one race. Allocates nothing.
    pub fn observe(&mut self, seen: &RaceSeen) {
        self.counts.observe(seen);
        if let Some(spread_us) = seen.spread_us {
            self.spread.record_us(spread_us);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(first: Outcome, second: Outcome) -> RaceSeen {
        let mut ending = Ending::default();
        ending.add(0, first);
        ending.add(1, second);
        RaceSeen {
            ending,
            racers: 2,
            complete: true,
            spread_us: Some(9),
            together: true,
            overlapped: ending.all(Outcome::Conflict) > 0,
            first_side: Some(1),
            offset_bin: Some(20),
            on: on([(1, 1), (2, 1)]),
        }
    }

    fn on<const N: usize>(counts: [(usize, u16); N]) -> [u16; PROCESSES_COUNTED] {
        let mut on = [0; PROCESSES_COUNTED];
        for (process, racers) in counts {
            on[process] = racers;
        }
        on
    }

    #[test]
    fn racers_are_apart_when_two_processes_are_known() {
        let is_apart = |on| {
            let seen = RaceSeen {
                on,
                ..race(Outcome::Success, Outcome::Success)
            };
            seen.is_apart()
        };
        assert!(is_apart(on([(1, 1), (2, 1)])));
        assert!(is_apart(on([(0, 3), (2, 1), (16, 1)])));
        assert!(!is_apart(on([(2, 2)])));
        assert!(
            !is_apart(on([(0, 1), (1, 1)])),
            "nothing is believed of one"
        );
    }

    #[test]
    fn races_of_two_workers_add_up() {
        let (mut one, mut other) = (RaceMeasured::default(), RaceMeasured::default());
        one.observe(&race(Outcome::Success, Outcome::Conflict));
        one.observe(&race(Outcome::Success, Outcome::Refused));
        other.observe(&race(Outcome::Success, Outcome::Conflict));
        other.observe(&race(Outcome::Success, Outcome::Success));
        other.counts.broken_at(20);
        let mut total = RaceMeasured::<crate::stats::LatencyTotal>::default();
        total.absorb(&one);
        total.absorb(&other);
        let counts = &total.counts;
        assert_eq!((counts.count, counts.racers, counts.overlapped), (4, 8, 2));
        assert_eq!(counts.first, [0, 4, 0]);
        assert_eq!((counts.apart, counts.on[1], counts.on[2]), (4, 4, 4));
        assert_eq!(counts.outcomes, [5, 1, 2, 0, 0].into());
        let endings: Vec<u64> = counts.endings.rows.iter().map(|row| row.count).collect();
        assert_eq!(endings, [2, 1, 1]);
        let expected = OffsetBin {
            count: 4,
            first_won: 3,
            both_won: 1,
            conflicts: 2,
            broken: 1,
            ..OffsetBin::default()
        };
        assert_eq!(counts.offsets.bins[20], expected);
        assert_eq!(total.spread.summary().p50, 9);
        one.forget();
        assert_eq!(one.counts, RaceCounts::default());
    }

    #[test]
    fn kinds_of_endings_are_bounded() {
        let mut interval = RaceMeasured::default();
        for winners in 0..MOST_ENDINGS + 10 {
            let mut seen = race(Outcome::Refused, Outcome::Refused);
            for _ in 0..winners {
                seen.ending.add(0, Outcome::Success);
            }
            interval.observe(&seen);
        }
        assert_eq!(interval.counts.endings.rows.len(), MOST_ENDINGS);
        assert_eq!(interval.counts.endings.cut, 10);
    }
}
