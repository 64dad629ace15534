//! What a workload is compiled to: steps for the statistics, and a flat list of instructions a journey.

use super::generators::Generator;
use super::model::{Body, Class, Data};
use crate::engine::Step;
use std::ops::Range;

/// Repetitions within repetitions, at most.
pub const DEEPEST_REPEAT: usize = 4;

/// A compiled workload. Made once for each workload of a process, and kept to its end.
#[derive(Debug)]
pub struct Program {
    /// What it is called.
    pub name: String,
    /// Tells it apart from every other.
    pub hash: u64,
    /// What stands for it in plans: its name and its hash.
    pub word: &'static str,
    /// Path of a read that changes nothing.
    pub health: &'static str,
    /// Every step that journeys take.
    pub steps: &'static [Step],
    /// What requests send.
    pub bodies: Vec<Body>,
    /// What is made up for heads, and for bodies where they are sent: the value that takes it, and what
    /// it is.
    pub made: Vec<(u16, Generator)>,
    /// Positions of what is made up for each body.
    pub body_made: Vec<Range<u16>>,
    /// Values of a user, with those that only take what is made up.
    pub values: usize,
    /// Rows that users are given.
    pub data: Vec<Data>,
    /// Errands of users.
    pub journeys: Vec<CompiledJourney>,
    /// What is done once before the load, and the values that it reads.
    pub set_up: Option<(CompiledJourney, Vec<u16>)>,
    /// What is done once after the load.
    pub tear_down: Option<CompiledJourney>,
    /// Whether users keep cookies.
    pub cookies: bool,
    /// Kinds of users.
    pub classes: Vec<Class>,
}

/// An errand, compiled.
#[derive(Debug)]
pub struct CompiledJourney {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// Positions of the data that its requests hold.
    pub data: Vec<u16>,
    /// What is done.
    pub instructions: Vec<Instruction>,
}

/// One thing that a journey does.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// An operation is called.
    Call {
        /// Under which name it is counted.
        step: &'static Step,
        /// Position of its body.
        body: Option<u16>,
        /// Positions of what is made up for its head.
        made: Range<u16>,
        /// Whether the journey goes on when it does not succeed.
        goes_on: bool,
    },
    /// The user does nothing for a time between these, in nanoseconds.
    Rest {
        /// Shortest.
        least_ns: u64,
        /// Longest.
        most_ns: u64,
    },
    /// A counter is set to a number between these; when that is 0, what is repeated is left out.
    Repeat {
        /// Which counter.
        counter: u8,
        /// Least.
        least: u32,
        /// Most.
        most: u32,
        /// What comes after.
        past: u16,
    },
    /// A counter is lowered; unless it is 0 then, it goes on at the instruction `to`.
    Again {
        /// Which counter.
        counter: u8,
        /// Where what is repeated begins.
        to: u16,
    },
    /// What follows is left out, but for this part of the passes.
    Chance {
        /// Above 0, and below 1.
        share: f64,
        /// What comes after.
        past: u16,
    },
}

impl CompiledJourney {
    /// The steps that it may take.
    pub fn steps(&self) -> impl Iterator<Item = &'static Step> {
        self.instructions
            .iter()
            .filter_map(|instruction| match instruction {
                Instruction::Call { step, .. } => Some(*step),
                _ => None,
            })
    }

    /// The bodies that it may send.
    pub fn bodies(&self) -> impl Iterator<Item = u16> {
        self.instructions
            .iter()
            .filter_map(|instruction| match instruction {
                Instruction::Call { body, .. } => *body,
                _ => None,
            })
    }
}
