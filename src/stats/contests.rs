//! What was contended for: races, the ledger of rules, rounds, probes.

use super::sums::sums;
use super::{Ledger, RaceMeasured, RoundsTotal, SetShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Witnesses of one rule that a run keeps in memory; all violations count.
pub const WITNESSES_A_RULE: usize = 20;

sums! {
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
}

sums! {
    /// What was contended for.
    pub struct Contests<L> {
        /// One entry a race, in the plan's order.
        pub races: Vec<RaceMeasured<L>>,
        /// The rules, with witnesses of what was broken.
        pub ledger: Ledger,
        /// The rounds, added up.
        pub rounds: RoundsTotal,
        /// Probes.
        pub probes: ProbeCounts,
    }
}

impl<L: Default> Contests<L> {
    /// Nothing yet.
    #[must_use]
    pub fn new(shape: SetShape) -> Self {
        Self {
            races: (0..shape.races).map(|_| RaceMeasured::default()).collect(),
            ledger: Ledger::new(shape.rules),
            rounds: RoundsTotal::default(),
            probes: ProbeCounts::default(),
        }
    }

    /// The same, keeping the first `most` witnesses of each rule.
    #[must_use]
    pub fn keeping(self, most: usize) -> Self {
        Self {
            ledger: self.ledger.keeping(most),
            ..self
        }
    }
}
