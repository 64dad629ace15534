//! What was contended for: races, the ledger of rules, rounds, probes.

use super::{Ledger, RaceInterval, RaceTotal, Round, RoundsTotal, SetShape, Violation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Witnesses of one rule that a run keeps in memory; all violations count.
pub const WITNESSES_A_RULE: usize = 20;
/// Rounds that one worker writes down in one interval: twice as many as it can have.
const ROUNDS_KEPT: usize = 2_048;

/// Requests that ask the shop for the state of a thing without changing it. They are no load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeCounts {
    /// Probes that were sent.
    pub sent: u64,
    /// Those whose reply told what was asked.
    pub told: u64,
    /// Those that nobody knows the reply of.
    pub unknown: u64,
}

impl ProbeCounts {
    fn absorb(&mut self, other: &Self) {
        self.sent += other.sent;
        self.told += other.told;
        self.unknown += other.unknown;
    }
}

/// What was contended for in one interval.
pub struct Contests {
    /// One entry a race, in the plan's order.
    pub races: Vec<RaceInterval>,
    /// The rules.
    pub ledger: Ledger,
    /// Rounds that ended; when there were very many of them, not all.
    pub rounds: Vec<Round>,
    /// All of them, added up.
    pub rounds_total: RoundsTotal,
    /// Probes.
    pub probes: ProbeCounts,
    /// Time that users were busy beside the service time of requests, less the time that they were
    /// busy with several at once, in nanoseconds: probes, line-ups, races.
    pub beside_ns: i64,
}

impl Contests {
    /// Nothing yet.
    #[must_use]
    pub fn new(shape: SetShape) -> Self {
        Self {
            races: (0..shape.races).map(|_| RaceInterval::new()).collect(),
            ledger: Ledger::new(shape.rules),
            rounds: Vec::with_capacity(if shape.races > 0 { ROUNDS_KEPT } else { 0 }),
            rounds_total: RoundsTotal::default(),
            probes: ProbeCounts::default(),
            beside_ns: 0,
        }
    }

    /// Adds everything of `other`.
    pub fn absorb(&mut self, other: &Self) {
        for (race, more) in self.races.iter_mut().zip(&other.races) {
            race.absorb(more);
        }
        self.ledger.absorb(&other.ledger, |_, _| true);
        self.rounds.extend_from_slice(&other.rounds);
        self.rounds_total.add(&other.rounds_total);
        self.probes.absorb(&other.probes);
        self.beside_ns += other.beside_ns;
    }

    /// Writes a round down, unless there were too many of them in one interval. Allocates nothing.
    pub fn end_round(&mut self, round: Round) {
        self.rounds_total.absorb(&round);
        if self.rounds.len() < ROUNDS_KEPT {
            self.rounds.push(round);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.races.iter_mut().for_each(RaceInterval::clear);
        self.ledger.clear();
        self.rounds.clear();
        self.rounds_total = RoundsTotal::default();
        self.probes = ProbeCounts::default();
        self.beside_ns = 0;
    }
}

/// What was contended for in a whole run.
#[derive(Default)]
pub struct ContestsTotal {
    /// One entry a race, in the plan's order.
    pub races: Vec<RaceTotal>,
    /// The rules, with the first witnesses of each.
    pub ledger: Ledger,
    /// The rounds, added up.
    pub rounds: RoundsTotal,
    /// Probes.
    pub probes: ProbeCounts,
}

impl ContestsTotal {
    /// Nothing yet.
    #[must_use]
    pub fn new(shape: SetShape) -> Self {
        Self {
            races: (0..shape.races).map(|_| RaceTotal::default()).collect(),
            ledger: Ledger::new(shape.rules),
            ..Self::default()
        }
    }

    /// Adds what one second saw.
    pub fn absorb(&mut self, second: &Contests) {
        for (race, more) in self.races.iter_mut().zip(&second.races) {
            race.absorb(more);
        }
        self.ledger.absorb(&second.ledger, is_among_the_first);
        self.rounds.add(&second.rounds_total);
        self.probes.absorb(&second.probes);
    }
}

fn is_among_the_first(kept: &[Violation], violation: &Violation) -> bool {
    let of_rule = kept.iter().filter(|kept| kept.rule == violation.rule);
    of_rule.count() < WITNESSES_A_RULE
}
