//! From a checked workload to the program that users carry out. What the statistics and requests of a
//! whole process refer to is kept to its end; a workload that was compiled before is not compiled again,
//! so that a page that reads its file for each run keeps one program for each text of it.

use super::model::{Journey, Model, OnFailure, Operation, Part, Step};
use super::program::{CompiledJourney, Instruction, Program};
use super::race_program::{CompiledCall, CompiledRace};
use super::reading::ReplyReading;
use crate::engine::{self, HeadPart, HeadTemplate};
use crate::plan::fnv1a;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Programs of this process.
static PROGRAMS: Mutex<Vec<&'static Program>> = Mutex::new(Vec::new());

/// The program of `model`.
pub fn program_of(model: &Model) -> &'static Program {
    // Everything in it is in its debugging form.
    let hash = fnv1a(format!("{model:?}").as_bytes());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = programs.iter().find(|known| known.hash == hash) {
        return known;
    }
    let program = kept(Compiler::new(model).compile(hash));
    programs.push(program);
    program
}

pub(super) fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

pub(super) fn kept_text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

pub(super) fn kept_all<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

/// A step before there is a table of them: its operation, its name, and what is made up for its head.
struct DraftStep {
    operation: usize,
    label: String,
    compiled: &'static engine::Operation,
    made: Range<u16>,
}

/// Steps and races that instructions refer to.
type Tables = (&'static [engine::Step], &'static [CompiledRace]);

pub(super) struct Compiler<'a> {
    pub(super) model: &'a Model,
    steps: Vec<DraftStep>,
    pub(super) made: Vec<(u16, super::generators::Generator)>,
    values: u16,
    /// Names of the values that are read.
    names: &'static [String],
}

impl<'a> Compiler<'a> {
    fn new(model: &'a Model) -> Self {
        Self {
            model,
            steps: Vec::new(),
            made: Vec::new(),
            values: model.values.len() as u16,
            names: kept_all(model.values.clone()),
        }
    }

    fn compile(mut self, hash: u64) -> Program {
        let model = self.model;
        for journey in &model.journeys {
            self.note_steps(&journey.steps);
        }
        let draws = self.note_draws();
        let steps = self
            .steps
            .iter()
            .zip(0..)
            .map(|(draft, index)| engine::Step {
                index,
                operation: draft.compiled,
                name: kept_text(&draft.label),
                raises: &[],
                stays: 0,
            });
        let steps = kept_all(steps.collect());
        let races = self.races(steps, draws);
        let journeys = model.journeys.iter();
        let journeys = journeys.map(|journey| self.journey(journey, (steps, races.races)));
        Program {
            name: model.name.clone(),
            word: kept_text(&format!("workload {} {hash:016x}", model.name)),
            hash,
            health: kept_text(&model.health),
            steps,
            bodies: model.bodies.clone(),
            journeys: journeys.collect(),
            classes: model.classes.clone(),
            races: races.table,
            rules: races.rules,
            made: self.made,
            values: usize::from(self.values),
        }
    }

    /// Gives each operation under each of its names a row.
    fn note_steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Rest { .. } => {}
                Step::Race { race } => {
                    let race = &self.model.races[*race];
                    for side in &race.sides {
                        self.note_call(side.operation, side.label.as_deref());
                    }
                    for probe in &race.probes {
                        self.note_call(probe.operation, None);
                    }
                }
                Step::Repeat { steps, .. } | Step::Chance { steps, .. } => self.note_steps(steps),
                Step::Call {
                    operation, label, ..
                } => self.note_call(*operation, label.as_deref()),
            }
        }
    }

    fn note_call(&mut self, operation: usize, label: Option<&str>) {
        let model = self.model;
        let called = &model.operations[operation];
        let label = label.unwrap_or(&called.label);
        if place_of(&self.steps, operation, label).is_some() {
            return;
        }
        let mut same = self.steps.iter();
        let same = same.find(|draft| draft.operation == operation);
        let (compiled, made) = match same {
            Some(draft) => (draft.compiled, draft.made.clone()),
            None => self.operation(called),
        };
        self.steps.push(DraftStep {
            operation,
            label: label.to_owned(),
            compiled,
            made,
        });
    }

    fn operation(&mut self, operation: &Operation) -> (&'static engine::Operation, Range<u16>) {
        let first = self.made.len() as u16;
        let path = self.head_parts(&operation.path);
        let headers: Vec<(&'static str, &'static [HeadPart])> = operation
            .headers
            .iter()
            .map(|(name, value)| (kept_text(name), self.head_parts(value)))
            .collect();
        let reading = ReplyReading {
            expect: operation.expect.clone(),
            refusals: operation.refusals.clone(),
            reads: operation.reads.clone(),
            names: self.names,
            heeds_retry_after: operation.heeds_retry_after,
        };
        let compiled = engine::Operation {
            method: operation.method,
            path: kept_text(&operation.shown_path),
            success: operation.expect.first(),
            template: Some(kept(HeadTemplate {
                path,
                headers: kept_all(headers),
            })),
            reading: Some(kept(reading)),
            ..engine::Operation::PLAIN
        };
        (kept(compiled), first..self.made.len() as u16)
    }

    /// What is made up goes into values of its own, just before the request is written.
    fn head_parts(&mut self, parts: &[Part]) -> &'static [HeadPart] {
        let parts = parts.iter().map(|part| match part {
            Part::Text(text) => HeadPart::Text(kept_text(text)),
            Part::Value(position) => HeadPart::Value(*position),
            // Only bodies draw.
            Part::Drawn(_) => HeadPart::Text(""),
            Part::Made(generator) => {
                let position = self.values;
                self.values += 1;
                self.made.push((position, generator.clone()));
                HeadPart::Value(position)
            }
        });
        kept_all(parts.collect())
    }

    fn journey(&self, journey: &Journey, tables: Tables) -> CompiledJourney {
        let mut instructions = Vec::new();
        self.instruct(&journey.steps, tables, 0, &mut instructions);
        let mut races = instructions.iter();
        CompiledJourney {
            name: kept_text(&journey.name),
            about: journey.about.clone(),
            is_logged: races.any(|it| matches!(it, Instruction::Race { .. })),
            instructions,
        }
    }

    fn instruct(&self, steps: &[Step], tables: Tables, depth: u8, out: &mut Vec<Instruction>) {
        for step in steps {
            match step {
                Step::Call {
                    operation,
                    label,
                    on_failure,
                } => out.extend(self.call(*operation, label.as_deref(), *on_failure, tables.0)),
                &Step::Race { race } => out.push(Instruction::Race {
                    race: &tables.1[race],
                }),
                &Step::Rest { least_ns, most_ns } => {
                    out.push(Instruction::Rest { least_ns, most_ns });
                }
                Step::Repeat { least, most, steps } => {
                    let at = out.len();
                    let repeat = |past| Instruction::Repeat {
                        counter: depth,
                        least: *least,
                        most: *most,
                        past,
                    };
                    out.push(repeat(0));
                    self.instruct(steps, tables, depth + 1, out);
                    out.push(Instruction::Again {
                        counter: depth,
                        to: at as u16 + 1,
                    });
                    out[at] = repeat(out.len() as u16);
                }
                Step::Chance { share, steps } => {
                    let at = out.len();
                    let chance = |past| Instruction::Chance {
                        share: *share,
                        past,
                    };
                    out.push(chance(0));
                    self.instruct(steps, tables, depth, out);
                    out[at] = chance(out.len() as u16);
                }
            }
        }
    }

    fn call(
        &self,
        operation: usize,
        label: Option<&str>,
        on_failure: OnFailure,
        table: &'static [engine::Step],
    ) -> Option<Instruction> {
        let CompiledCall { step, body, made } = self.called(operation, label, table)?;
        Some(Instruction::Call {
            step,
            body,
            made,
            goes_on: on_failure == OnFailure::Continue,
        })
    }

    /// What a call of `operation` consists of.
    pub(super) fn called(
        &self,
        operation: usize,
        label: Option<&str>,
        table: &'static [engine::Step],
    ) -> Option<CompiledCall> {
        let called = &self.model.operations[operation];
        let label = label.unwrap_or(&called.label);
        let place = place_of(&self.steps, operation, label)?;
        Some(CompiledCall {
            step: &table[place],
            body: called.body,
            made: self.steps[place].made.clone(),
        })
    }
}

fn place_of(steps: &[DraftStep], operation: usize, label: &str) -> Option<usize> {
    let mut steps = steps.iter();
    steps.position(|draft| draft.operation == operation && draft.label == label)
}
