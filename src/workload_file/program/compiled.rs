//! What a workload is compiled to: steps for the statistics, and a flat list of instructions a journey.

use super::race_program::CompiledRace;
use super::request_program::CompiledRequest;
use crate::engine::Step;
use crate::stats::{Race, Rule, Tags};
use crate::workload_file::model::definitions::{Body, Class, Data, DrawSet};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::replies::NotRaised;
use crate::workload_file::model::sums::Sum;
use crate::workload_file::model::texts::{Part, Product};
use std::ops::Range;

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
    /// Ways in which a run may differ, by their positions.
    pub options: &'static [&'static str],
    /// Every step that journeys take.
    pub steps: &'static [Step],
    /// Names in statistics that come before all others, in their order.
    pub rows: Vec<String>,
    /// Words by which the figures of each of them are added up.
    pub tags: Vec<Tags>,
    /// What requests send.
    pub bodies: Vec<Body>,
    /// What is drawn for several bodies together.
    pub draws: Vec<DrawSet>,
    /// What is made up for heads, and for bodies where they are sent: the value that takes it, and what
    /// it is.
    pub made: Vec<(u16, Generator)>,
    /// Sums that are made when a body is sent, of each body.
    pub body_sums: Vec<Vec<LateSum>>,
    /// The same of heads.
    pub head_sums: Vec<LateSum>,
    /// Names of the values that are read and made up by the file.
    pub names: &'static [String],
    /// What steps make up: the value that takes it, and what it consists of.
    pub recipes: Vec<(u16, Vec<Part>)>,
    /// Draws of bodies that are numbers which journeys count: body and draw.
    pub numbers: Vec<(u16, u16)>,
    /// Values of a user, with those that only take what is made up.
    pub values: usize,
    /// Rows that users are given.
    pub data: Vec<Data>,
    /// Errands of users.
    pub journeys: Vec<CompiledJourney>,
    /// What is done once before the load, and the values that all users have of it.
    pub set_up: Option<(CompiledJourney, Vec<u16>)>,
    /// What is done once after the load.
    pub tear_down: Option<CompiledJourney>,
    /// Whether users keep cookies.
    pub cookies: bool,
    /// Kinds of users.
    pub classes: Vec<Class>,
    /// Requests that leave together.
    pub races: &'static [Race],
    /// What must hold of them.
    pub rules: &'static [Rule],
}

/// A sum that is known only when a request is sent.
#[derive(Clone, Debug)]
pub struct LateSum {
    /// The value that takes it.
    pub value: u16,
    /// Whether it is a text in JSON.
    pub is_text: bool,
    /// What is added up.
    pub of: SumOf,
}

/// What a sum adds up.
#[derive(Clone, Debug, PartialEq)]
pub enum SumOf {
    /// These products.
    Products(Vec<Product>),
    /// What is in the elements of a list of the body.
    List(Sum),
}

/// An errand, compiled.
#[derive(Debug)]
pub struct CompiledJourney {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// Positions of the data that it holds.
    pub data: Vec<u16>,
    /// What is done.
    pub instructions: Vec<Instruction>,
}

/// One thing that a journey does.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// An operation is called.
    Call(CompiledCall),
    /// Values are made up by these recipes.
    Set(Range<u16>),
    /// A count begins.
    Tally {
        /// Which.
        tally: u8,
        /// What it begins with.
        start: i32,
    },
    /// What follows is left out, unless this is so.
    When {
        /// What is looked at.
        test: CompiledTest,
        /// What comes after.
        past: u32,
    },
    /// It goes on elsewhere.
    Jump {
        /// Where.
        to: u32,
    },
    /// The journey ends, and was not completed.
    End,
    /// A race is run.
    Race(&'static CompiledRace),
    /// The user does nothing for a time between these, in nanoseconds.
    Rest {
        /// Shortest.
        least_ns: u64,
        /// Longest.
        most_ns: u64,
        /// Whether it does so where users do not wait, too.
        is_always: bool,
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
        past: u32,
    },
    /// A counter is lowered; unless it is 0 then, it goes on at the instruction `to`.
    Again {
        /// Which counter.
        counter: u8,
        /// Where what is repeated begins.
        to: u32,
    },
    /// What follows is left out, but for this part of the passes.
    Chance {
        /// Above 0, and below 1.
        share: f64,
        /// What comes after.
        past: u32,
    },
}

/// A call, compiled.
#[derive(Clone, Debug)]
pub struct CompiledCall {
    /// What is sent.
    pub request: CompiledRequest,
    /// Whether it follows the reply before it at once.
    pub at_once: Following,
    /// What a success adds to counts: to which, and where the numbers are.
    pub adds: &'static [(u8, u16)],
    /// What a success does not raise where two counts are equal.
    pub not_raised: Option<NotRaised>,
    /// The bit that a success sets.
    pub mark: u32,
    /// What happens when it does not succeed.
    pub failure: Failure,
    /// Recipes of the values that are made up then.
    pub otherwise: Range<u16>,
    /// Values that are gone then.
    pub clears: &'static [u16],
}

/// Whether a call follows the reply before it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// No.
    No,
    /// Yes.
    Yes,
    /// But for the first time in the repetition of this counter.
    Again(u8),
}

/// What happens after a call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The journey ends.
    Abort,
    /// It goes on, unless the user is strict.
    GoOn,
    /// The same, at this instruction.
    Leave(u32),
    /// It goes on at this instruction, however strict the user is.
    Instead(u32),
}

/// What an instruction depends on.
#[derive(Clone, Debug)]
pub struct CompiledTest {
    /// Whether it depends on the opposite.
    pub is_not: bool,
    /// What is looked at.
    pub of: CompiledTested,
}

/// What an instruction may depend on.
#[derive(Clone, Debug)]
pub enum CompiledTested {
    /// Whether the run has one of the options of these bits.
    Option(u32),
    /// Whether there is a value at this position.
    Value(u16),
    /// Whether that value is this text.
    Is(u16, &'static [u8]),
    /// Whether one of these bits was set in this pass.
    Done(u32),
}

impl CompiledJourney {
    /// What it may do in a run with the options of these bits.
    pub fn reached(&self, options: u32) -> impl Iterator<Item = &Instruction> {
        let mut at = 0;
        std::iter::from_fn(move || {
            while let Some(instruction) = self.instructions.get(at) {
                at += 1;
                match instruction {
                    Instruction::When { test, past } if !test.may_be(options) => {
                        at = *past as usize;
                    }
                    _ => return Some(instruction),
                }
            }
            None
        })
    }

    /// What it may send in a run with the options of these bits, by calls and by racers.
    pub fn requests(&self, options: u32) -> impl Iterator<Item = &CompiledRequest> {
        self.reached(options).flat_map(|instruction| {
            let (call, sides) = match instruction {
                Instruction::Call(call) => (Some(&call.request), &[][..]),
                Instruction::Race(race) => (None, &race.sides[..]),
                _ => (None, &[][..]),
            };
            call.into_iter()
                .chain(sides.iter().map(|side| &side.request))
        })
    }

    /// The races that it may run in a run with the options of these bits.
    pub fn races(&self, options: u32) -> impl Iterator<Item = &'static CompiledRace> {
        self.reached(options)
            .filter_map(|instruction| match instruction {
                Instruction::Race(race) => Some(*race),
                _ => None,
            })
    }

    /// The bodies that it may send in a run with the options of these bits, afterwards too.
    pub fn bodies(&self, options: u32) -> impl Iterator<Item = u16> {
        let probes = self.races(options).flat_map(|race| &race.probes);
        let probes = probes.map(|probe| &probe.request);
        let sent = self.requests(options).chain(probes);
        sent.filter_map(|request| request.body)
    }
}

impl CompiledTest {
    /// Whether it may be so in a run with the options of these bits.
    fn may_be(&self, options: u32) -> bool {
        match self.of {
            CompiledTested::Option(bits) => (options & bits != 0) != self.is_not,
            _ => true,
        }
    }
}
