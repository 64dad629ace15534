//! What races are compiled to.

use super::race_model::RulePlaces;
use crate::engine::Step;
use crate::stats::{Race, Rule, RuleCheck};
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

/// What is called, and how.
#[derive(Clone, Debug)]
pub struct RaceCall {
    /// Under which name it is counted.
    pub step: &'static Step,
    /// Position of its body.
    pub body: Option<u16>,
    /// Positions of what is made up for its head.
    pub made: Range<u16>,
    /// Positions of what is made up for its body when that is sent.
    pub body_made: Range<u16>,
}

impl RaceCall {
    /// Positions of all that is made up for it.
    pub fn made_up(&self) -> impl Iterator<Item = u16> + use<> {
        self.made.clone().chain(self.body_made.clone())
    }
}

/// A side of a race, compiled.
#[derive(Debug)]
pub struct CompiledSide {
    /// What its racers call.
    pub call: RaceCall,
    /// How many they are.
    pub racers: usize,
}

/// What is asked afterwards, compiled.
#[derive(Debug)]
pub struct CompiledProbe {
    /// What is called.
    pub call: RaceCall,
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

    /// What it calls, afterwards too.
    pub fn calls(&self) -> impl Iterator<Item = &RaceCall> {
        let sides = self.sides.iter().map(|side| &side.call);
        sides.chain(self.probes.iter().map(|probe| &probe.call))
    }
}
