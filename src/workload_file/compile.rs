//! From a checked workload to the program that users carry out. What the statistics and requests of a
//! whole process refer to is kept to its end; a workload that was compiled before is not compiled again,
//! so that a page that reads its file for each run keeps one program for each text of it.

use super::checks::ReadyCheck;
use super::flow;
use super::generators::Generator;
use super::model::{BodyKind, Journey, Model, Node, OnFailure, Operation, Part, Step};
use super::program::{CompiledJourney, Instruction, Program};
use super::reading::ReplyReading;
use crate::engine::{self, HeadPart, HeadTemplate};
use crate::plan::fnv1a;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Programs of this process.
static PROGRAMS: Mutex<Vec<&'static Program>> = Mutex::new(Vec::new());

/// The program of `model`.
pub fn program_of(model: &Model) -> &'static Program {
    // What must hold of a run changes nothing of what is sent.
    let sent = Model {
        thresholds: Vec::new(),
        ..model.clone()
    };
    // Everything in it is in its debugging form.
    let hash = fnv1a(format!("{sent:?}").as_bytes());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = programs.iter().find(|known| known.hash == hash) {
        return known;
    }
    let program = kept(Compiler::new(model).compile(hash));
    programs.push(program);
    program
}

fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn kept_text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn kept_all<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

/// A step before there is a table of them: its operation, its name, and what is made up for its head.
struct DraftStep {
    operation: usize,
    label: String,
    compiled: &'static engine::Operation,
    made: Range<u16>,
}

struct Compiler<'a> {
    model: &'a Model,
    steps: Vec<DraftStep>,
    made: Vec<(u16, Generator)>,
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
        let mut bodies = model.bodies.clone();
        let body_made = bodies.iter_mut().map(|body| {
            let first = self.made.len() as u16;
            each_text(&mut body.kind, &mut |parts| self.make_late(parts));
            first..self.made.len() as u16
        });
        let body_made = body_made.collect();
        let once = model.set_up.iter().chain(&model.tear_down);
        for journey in model.journeys.iter().chain(once) {
            self.note_steps(&journey.steps);
        }
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
        let journeys = model.journeys.iter();
        let journeys = journeys.map(|journey| self.journey(journey, steps));
        Program {
            name: model.name.clone(),
            word: kept_text(&format!("workload {} {hash:016x}", model.name)),
            hash,
            health: kept_text(&model.health),
            steps,
            bodies,
            body_made,
            data: model.data.clone(),
            set_up: model.set_up.as_ref().map(|journey| {
                let reads = flow::reads_of(model, &journey.steps);
                (self.journey(journey, steps), reads)
            }),
            tear_down: model.tear_down.as_ref().map(|it| self.journey(it, steps)),
            cookies: model.cookies,
            journeys: journeys.collect(),
            classes: model.classes.clone(),
            made: self.made,
            values: usize::from(self.values),
        }
    }

    /// What is known only when a body is sent goes into values of its own.
    fn make_late(&mut self, parts: &mut [Part]) {
        for part in parts {
            if let Part::Made(generator @ Generator::Counter(_)) = part {
                let position = self.values;
                self.values += 1;
                self.made.push((position, generator.clone()));
                *part = Part::Value(position);
            }
        }
    }

    /// Gives each operation under each of its names a row.
    fn note_steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Rest { .. } => {}
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
            checks: operation.checks.iter().map(ReadyCheck::new).collect(),
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

    fn journey(&self, journey: &Journey, steps: &'static [engine::Step]) -> CompiledJourney {
        let mut instructions = Vec::new();
        self.instruct(&journey.steps, steps, 0, &mut instructions);
        CompiledJourney {
            name: kept_text(&journey.name),
            about: journey.about.clone(),
            data: flow::data_of(self.model, &journey.steps),
            instructions,
        }
    }

    fn instruct(
        &self,
        steps: &[Step],
        table: &'static [engine::Step],
        depth: u8,
        out: &mut Vec<Instruction>,
    ) {
        for step in steps {
            match step {
                Step::Call {
                    operation,
                    label,
                    on_failure,
                } => out.extend(self.call(*operation, label.as_deref(), *on_failure, table)),
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
                    self.instruct(steps, table, depth + 1, out);
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
                    self.instruct(steps, table, depth, out);
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
        let called = &self.model.operations[operation];
        let label = label.unwrap_or(&called.label);
        let place = place_of(&self.steps, operation, label)?;
        Some(Instruction::Call {
            step: &table[place],
            body: called.body,
            made: self.steps[place].made.clone(),
            goes_on: on_failure == OnFailure::Continue,
        })
    }
}

/// Does `work` with every text of a body.
fn each_text(kind: &mut BodyKind, work: &mut impl FnMut(&mut [Part])) {
    match kind {
        BodyKind::Json(node) => each_text_of(node, work),
        BodyKind::Form(fields) => fields.iter_mut().for_each(|(_, value)| work(value)),
        BodyKind::Text(parts) => work(parts),
    }
}

fn each_text_of(node: &mut Node, work: &mut impl FnMut(&mut [Part])) {
    match node {
        Node::Object(members) => members
            .iter_mut()
            .for_each(|(_, it)| each_text_of(it, work)),
        Node::Array(elements) => elements.iter_mut().for_each(|it| each_text_of(it, work)),
        Node::Several { node, .. } => each_text_of(node, work),
        Node::Text(parts) => work(parts),
        Node::Literal(_) => {}
    }
}

fn place_of(steps: &[DraftStep], operation: usize, label: &str) -> Option<usize> {
    let mut steps = steps.iter();
    steps.position(|draft| draft.operation == operation && draft.label == label)
}
