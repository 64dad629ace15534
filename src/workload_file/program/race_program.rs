//! What races are compiled to.

use super::request_program::CompiledRequest;
use crate::stats::{Race, Rule, RuleCheck};
use crate::workload_file::model::race_model::RulePlaces;
use std::ops::Range;

/// A race, compiled.
#[derive(Debug)]
pub struct CompiledRace {
    /// What the statistics call it.
    pub race: &'static Race,
    /// Positions of what is made up once a race.
    pub drawn: Range<u16>,
    /// Who takes part.
    pub sides: Vec<CompiledSide>,
    /// What is asked afterwards.
    pub probes: Vec<CompiledProbe>,
    /// What must hold.
    pub rules: Vec<CompiledRule>,
}

/// A side of a race, compiled.
#[derive(Debug)]
pub struct CompiledSide {
    /// What its racers send.
    pub request: CompiledRequest,
    /// How many they are.
    pub racers: usize,
}

/// What is asked afterwards, compiled.
#[derive(Debug)]
pub struct CompiledProbe {
    /// What is sent.
    pub request: CompiledRequest,
    /// Only when a racer of this side succeeded.
    pub after: Option<u8>,
}

/// A rule, compiled.
#[derive(Debug)]
pub struct CompiledRule {
    /// What the statistics call it.
    pub rule: &'static Rule,
    /// What it says.
    pub check: RuleCheck,
    /// Where what it compares stands.
    pub places: RulePlaces,
    /// Which probe it is judged by.
    pub probe: Option<usize>,
}

impl CompiledRace {
    /// How many racers it has.
    #[must_use]
    pub fn racers(&self) -> usize {
        self.sides.iter().map(|side| side.racers).sum()
    }
}
