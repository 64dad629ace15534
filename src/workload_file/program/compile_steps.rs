//! From the steps of a journey to its instructions.

use super::compile_operations::{Compiler, kept_all};
use super::compiled::{
    CompiledCall, CompiledTest, CompiledTested, Failure, Following, Instruction,
};
use super::race_program::CompiledRace;
use super::request_program::{BodyChoice, CompiledRequest};
use crate::workload_file::model::conditions::tests;
use crate::workload_file::model::definitions::{
    AtOnce, Call, Journey, OnFailure, Step, Test, Tested,
};
use crate::workload_file::model::texts::Part;
use std::ops::Range;

/// What the journeys of a workload make up and count, beside their instructions.
pub struct Noted {
    /// Values of a user, with those that only take what is made up.
    pub values: u16,
    /// What steps make up: the value that takes it, and what it consists of.
    pub recipes: Vec<(u16, Vec<Part>)>,
    /// Draws of bodies that are numbers which journeys count: body and draw.
    pub numbers: Vec<(u16, u16)>,
}

impl Noted {
    /// Nothing yet, with so many values of a user.
    pub fn new(values: u16) -> Self {
        Self {
            values,
            recipes: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

/// Compiles one journey.
pub struct StepCompiler<'c, 'm> {
    compiler: &'c Compiler<'m>,
    races: &'static [CompiledRace],
    noted: &'c mut Noted,
    /// Operations of which the journey looks whether they succeeded: each has a bit.
    marks: Vec<usize>,
    /// Values of which it looks whether they are there.
    looked_for: Vec<u16>,
    out: Vec<Instruction>,
    /// Calls that leave the repetition that is being compiled.
    leaving: Vec<usize>,
}

impl<'c, 'm> StepCompiler<'c, 'm> {
    /// For a journey that notes what it makes up and counts behind what is `noted` already; `races` are
    /// those of the workload.
    pub fn new(
        (compiler, races): (&'c Compiler<'m>, &'static [CompiledRace]),
        noted: &'c mut Noted,
    ) -> Self {
        Self {
            compiler,
            races,
            noted,
            marks: Vec::new(),
            looked_for: Vec::new(),
            out: Vec::new(),
            leaving: Vec::new(),
        }
    }

    /// Its instructions.
    pub fn compile(mut self, journey: &Journey) -> Vec<Instruction> {
        for of in tests(&journey.steps) {
            match of {
                Tested::Done(operation) if !self.marks.contains(operation) => {
                    self.marks.push(*operation);
                }
                Tested::Value(value) => self.looked_for.push(*value),
                _ => {}
            }
        }
        self.steps(&journey.steps, 0);
        self.out
    }

    fn at(&self) -> u32 {
        self.out.len() as u32
    }

    fn steps(&mut self, steps: &[Step], depth: u8) {
        for step in steps {
            self.step(step, depth);
        }
    }

    fn step(&mut self, step: &Step, depth: u8) {
        match step {
            Step::Call(call) => self.call(call, depth),
            &Step::Race { race } => self.out.push(Instruction::Race(&self.races[race])),
            Step::Set(values) => {
                let recipes = self.recipes(values);
                self.out.push(Instruction::Set(recipes));
            }
            &Step::Tally { tally, start } => self.out.push(Instruction::Tally {
                tally: tally as u8,
                start: start as i32,
            }),
            &Step::Rest {
                least_ns,
                most_ns,
                is_always,
            } => self.out.push(Instruction::Rest {
                least_ns,
                most_ns,
                is_always,
            }),
            &Step::Repeat {
                least,
                most,
                ref steps,
            } => self.repeat((least, most), steps, depth),
            Step::Chance { share, steps } => {
                let share = *share;
                self.left_out(steps, depth, |past| Instruction::Chance { share, past });
            }
            Step::When { test, steps } => {
                let test = self.test(test);
                self.left_out(steps, depth, |past| Instruction::When {
                    test: test.clone(),
                    past,
                });
            }
        }
    }

    /// Steps before which an instruction tells whether they are done.
    fn left_out(&mut self, steps: &[Step], depth: u8, before: impl Fn(u32) -> Instruction) {
        let at = self.out.len();
        self.out.push(before(0));
        self.steps(steps, depth);
        self.out[at] = before(self.at());
    }

    fn repeat(&mut self, (least, most): (u32, u32), steps: &[Step], depth: u8) {
        let at = self.out.len();
        let repeat = |past| Instruction::Repeat {
            counter: depth,
            least,
            most,
            past,
        };
        self.out.push(repeat(0));
        let around = std::mem::take(&mut self.leaving);
        self.steps(steps, depth + 1);
        self.out.push(Instruction::Again {
            counter: depth,
            to: at as u32 + 1,
        });
        let past = self.at();
        self.out[at] = repeat(past);
        for at in std::mem::replace(&mut self.leaving, around) {
            if let Instruction::Call(call) = &mut self.out[at] {
                call.failure = Failure::Leave(past);
            }
        }
    }

    fn call(&mut self, call: &Call, depth: u8) {
        let model = self.compiler.model;
        // Every call was noted.
        let Some((step, made)) = self.compiler.step_of(call) else {
            return;
        };
        let operation = &model.operations[call.operation];
        let body = model.body_of(call);
        let otherwise = self.recipes(&call.otherwise);
        let reads = call.reads.as_ref().unwrap_or(&operation.reads).iter();
        let cleared = reads.map(|read| read.value);
        let cleared = cleared.filter(|value| self.looked_for.contains(value));
        let cleared: Vec<u16> = cleared.collect();
        let added = call.adds.iter().filter_map(|adds| Some((adds, body?)));
        let adds: Vec<(u8, u16)> = added
            .map(|(&(tally, draw), body)| (tally as u8, self.numbers_of(body, draw)))
            .collect();
        let mark = self
            .marks
            .iter()
            .position(|marked| *marked == call.operation);
        let at = self.out.len();
        let compiled = CompiledCall {
            request: CompiledRequest {
                step,
                body,
                choice: self.choice(call, body),
                made: made.made,
                body_made: self.compiler.made_for(body),
                head_sums: made.sums,
            },
            at_once: match call.at_once {
                AtOnce::No => Following::No,
                AtOnce::Yes => Following::Yes,
                AtOnce::Again => Following::Again(depth.saturating_sub(1)),
            },
            adds: kept_all(adds),
            not_raised: call.not_raised,
            mark: mark.map_or(0, |bit| 1 << bit),
            failure: match &call.on_failure {
                OnFailure::Abort => Failure::Abort,
                OnFailure::Continue | OnFailure::Break => Failure::GoOn,
                OnFailure::Instead(_) => Failure::Instead(at as u32 + 2),
            },
            otherwise,
            clears: kept_all(cleared),
        };
        self.out.push(Instruction::Call(compiled));
        match &call.on_failure {
            OnFailure::Break => self.leaving.push(at),
            OnFailure::Instead(steps) => {
                self.out.push(Instruction::Jump { to: 0 });
                self.steps(steps, depth);
                self.out.push(Instruction::End);
                self.out[at + 1] = Instruction::Jump { to: self.at() };
            }
            OnFailure::Abort | OnFailure::Continue => {}
        }
    }

    fn choice(&mut self, call: &Call, body: Option<u16>) -> BodyChoice {
        match call.picks.zip(body) {
            Some(((draw, tally), body)) => BodyChoice::Counted {
                numbers: self.numbers_of(body, draw),
                tally: tally as u8,
            },
            None => self.compiler.choice_of(body),
        }
    }

    fn numbers_of(&mut self, body: u16, draw: u16) -> u16 {
        let of = (body, draw);
        let known = self.noted.numbers.iter().position(|known| *known == of);
        let position = known.unwrap_or_else(|| {
            self.noted.numbers.push(of);
            self.noted.numbers.len() - 1
        });
        position as u16
    }

    fn recipes(&mut self, values: &[(u16, Vec<Part>)]) -> Range<u16> {
        let first = self.noted.recipes.len() as u16;
        for (value, parts) in values {
            let mut parts = parts.clone();
            for part in &mut parts {
                // Each count has a value of its own, whose turns are its own.
                if let Part::Made(generator) = part
                    && generator.counts_from().is_some()
                {
                    let counted = Part::Value(self.noted.values);
                    let made = std::mem::replace(part, counted);
                    self.noted.recipes.push((self.noted.values, vec![made]));
                    self.noted.values += 1;
                }
            }
            self.noted.recipes.push((*value, parts));
        }
        first..self.noted.recipes.len() as u16
    }

    fn test(&self, test: &Test) -> CompiledTest {
        let of = match &test.of {
            Tested::Option(position) => CompiledTested::Option(1 << position),
            Tested::Value(position) => CompiledTested::Value(*position),
            Tested::Is(position, text) => {
                CompiledTested::Is(*position, kept_all(text.clone().into_bytes()))
            }
            Tested::Done(operation) => {
                let bit = self.marks.iter().position(|marked| marked == operation);
                CompiledTested::Done(bit.map_or(0, |bit| 1 << bit))
            }
        };
        CompiledTest {
            is_not: test.is_not,
            of,
        }
    }
}
