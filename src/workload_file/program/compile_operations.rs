//! From operations, under the names that steps give them, to the rows of the statistics.

use super::beside::Beside;
use super::checks::ReadyCheck;
use super::reading::{ReadyRefusal, ReplyReading};
use super::request_program::BodyChoice;
use crate::engine::{self, HeadPart, HeadTemplate};
use crate::stats::{Event, Tags};
use crate::workload_file::model::definitions::{
    Body, BodyKind, Call, Model, Node, Operation, Step,
};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::replies::{Check, Raised, Refusal};
use crate::workload_file::model::texts::Part;
use std::ops::Range;

/// What is kept to the end of the process.
pub fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The same of a text.
pub fn kept_text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// The same of a list.
pub fn kept_all<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

/// A step before there is a table of them: its operation, its name, and what is made up for its head.
struct DraftStep {
    operation: usize,
    label: String,
    compiled: &'static engine::Operation,
    made: Range<u16>,
    raises: Vec<Raised>,
    tags: Vec<String>,
}

/// The operations of a workload, with a row of the statistics for each under each of its names.
pub struct Compiler<'a> {
    /// The workload.
    pub model: &'a Model,
    drafts: Vec<DraftStep>,
    /// The rows of the statistics, behind those of the parts that are written in Rust.
    pub steps: &'static [engine::Step],
    /// How many of them are of those parts.
    first: usize,
    /// What is sent, with a value wherever something is known only then.
    pub bodies: Vec<Body>,
    /// Positions of what is made up for each body when it is sent.
    pub body_made: Vec<Range<u16>>,
    /// What is made up for heads, and for bodies where they are sent: the value that takes it, and what
    /// it is.
    pub made: Vec<(u16, Generator)>,
    /// Values of a user, with those that only take what is made up.
    pub values: u16,
    /// Names of the values that are read.
    names: &'static [String],
}

impl<'a> Compiler<'a> {
    fn new(model: &'a Model) -> Self {
        Self {
            model,
            drafts: Vec::new(),
            steps: &[],
            first: 0,
            bodies: model.bodies.clone(),
            body_made: Vec::new(),
            made: Vec::new(),
            values: model.values.len() as u16,
            names: kept_all(model.values.clone()),
        }
    }

    /// With the rows of all that is called, behind those of what is `beside` it.
    pub fn of_all(model: &'a Model, beside: Beside) -> Self {
        let mut compiler = Self::new(model);
        compiler.note_bodies();
        let once = model.set_up.iter().chain(&model.tear_down);
        for journey in model.journeys.iter().chain(once) {
            compiler.note_steps(&journey.steps);
        }
        let place = |draft: &DraftStep| model.rows.iter().position(|row| *row == draft.label);
        compiler
            .drafts
            .sort_by_key(|draft| place(draft).unwrap_or(usize::MAX));
        compiler.first = beside.steps.len();
        let own = compiler.drafts.iter().zip(compiler.first as u16..);
        let own = own.map(|(draft, index)| engine::Step {
            index,
            operation: draft.compiled,
            name: kept_text(&draft.label),
            raises: events(&draft.raises, beside.outbox),
            stays: draft.raises.iter().filter(|event| event.stays).count(),
        });
        let beside = beside.steps.iter().map(|step| engine::Step { ..*step });
        compiler.steps = kept_all(beside.chain(own).collect());
        compiler
    }

    /// Words by which the figures of each row are added up.
    pub fn tags(&self) -> Vec<Tags> {
        let tags = self.drafts.iter().map(|draft| {
            let words = draft.tags.iter().map(|word| kept_text(word));
            kept_all(words.collect())
        });
        tags.collect()
    }

    /// What is known only when a body is sent goes into values of its own.
    fn note_bodies(&mut self) {
        let mut bodies = std::mem::take(&mut self.bodies);
        for body in &mut bodies {
            let first = self.made.len() as u16;
            each_text(&mut body.kind, &mut |parts| self.make_late(parts));
            self.body_made.push(first..self.made.len() as u16);
        }
        self.bodies = bodies;
    }

    /// Positions of what is made up when the body at `body` is sent.
    pub fn made_for(&self, body: Option<u16>) -> Range<u16> {
        body.map_or(0..0, |body| self.body_made[usize::from(body)].clone())
    }

    fn make_late(&mut self, parts: &mut [Part]) {
        for part in parts {
            if let Part::Made(generator) = part
                && generator.counts_from().is_some()
            {
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
                Step::Rest { .. } | Step::Set(_) | Step::Tally { .. } => {}
                Step::Repeat { steps, .. }
                | Step::Chance { steps, .. }
                | Step::When { steps, .. } => self.note_steps(steps),
                Step::Call(call) => {
                    self.note_call(call);
                    self.note_steps(call.on_failure.steps());
                }
                Step::Race { race } => {
                    let race = &self.model.races[*race];
                    let sides = race.sides.iter().map(Call::from);
                    let probes = race.probes.iter().map(Call::from);
                    sides.chain(probes).for_each(|call| self.note_call(&call));
                }
            }
        }
    }

    fn note_call(&mut self, call: &Call) {
        let model = self.model;
        let called = &model.operations[call.operation];
        let label = call.label.as_ref().unwrap_or(&called.label);
        let tags = call.tags.as_ref().unwrap_or(&called.tags);
        if let Some(place) = self.place_of(call) {
            // One row: what any of its calls is added up by.
            let known = &mut self.drafts[place].tags;
            let more = tags.iter().filter(|tag| !known.contains(tag));
            let more: Vec<String> = more.cloned().collect();
            known.extend(more);
            return;
        }
        let mut same = self.drafts.iter();
        let same = same.find(|draft| draft.operation == call.operation);
        let (compiled, made) = match same {
            Some(draft) => (draft.compiled, draft.made.clone()),
            None => self.operation(called),
        };
        self.drafts.push(DraftStep {
            operation: call.operation,
            label: label.to_owned(),
            compiled,
            made,
            raises: call.raises.as_ref().unwrap_or(&called.raises).clone(),
            tags: tags.clone(),
        });
    }

    fn place_of(&self, call: &Call) -> Option<usize> {
        let called = &self.model.operations[call.operation];
        let label = call.label.as_ref().unwrap_or(&called.label);
        let mut drafts = self.drafts.iter();
        drafts.position(|draft| draft.operation == call.operation && draft.label == *label)
    }

    /// The step that `call` takes, with replies read as it says, and what is made up for its head.
    pub fn step_of(&self, call: &Call) -> Option<(&'static engine::Step, Range<u16>)> {
        let place = self.place_of(call)?;
        let made = self.drafts[place].made.clone();
        let step = &self.steps[self.first + place];
        let is_read_alike = call.expect.is_none()
            && call.refusals.is_none()
            && call.reads.is_none()
            && call.checks.is_none();
        if is_read_alike {
            return Some((step, made));
        }
        // The same row and the same head, read otherwise.
        let of = &self.model.operations[call.operation];
        let expect = call.expect.as_ref().unwrap_or(&of.expect);
        let reading = ReplyReading {
            expect: expect.clone(),
            refusals: meant(call.refusals.as_ref().unwrap_or(&of.refusals)),
            reasons: of.reasons.clone(),
            reads: call.reads.as_ref().unwrap_or(&of.reads).clone(),
            checks: ready(call.checks.as_ref().unwrap_or(&of.checks)),
            names: self.names,
            heeds_retry_after: of.heeds_retry_after,
        };
        let operation = engine::Operation {
            method: step.operation.method,
            path: step.operation.path,
            success: expect.first(),
            template: step.operation.template,
            reading: Some(kept(reading)),
            visible: step.operation.visible,
            ..engine::Operation::PLAIN
        };
        let read_otherwise = engine::Step {
            operation: kept(operation),
            ..*step
        };
        Some((kept(read_otherwise), made))
    }

    /// Which body of its kind is sent where nothing else says it.
    pub fn choice_of(&self, body: Option<u16>) -> BodyChoice {
        let tie = body.and_then(|body| self.model.tie_of(usize::from(body)));
        tie.map_or(BodyChoice::Any, |tie| BodyChoice::Tied(tie as u8))
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
            refusals: meant(&operation.refusals),
            reasons: operation.reasons.clone(),
            reads: operation.reads.clone(),
            checks: ready(&operation.checks),
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
            visible: operation.visible.as_deref().map(kept_text),
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
            Part::Drawn(_) | Part::Handle(_) | Part::Sum(_) => HeadPart::Text(""),
            Part::Made(generator) => {
                let position = self.values;
                self.values += 1;
                self.made.push((position, generator.clone()));
                HeadPart::Value(position)
            }
        });
        kept_all(parts.collect())
    }
}

fn meant(refusals: &[Refusal]) -> Vec<ReadyRefusal> {
    refusals.iter().map(ReadyRefusal::from).collect()
}

fn ready(checks: &[Check]) -> Vec<ReadyCheck> {
    checks.iter().map(ReadyCheck::new).collect()
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
        Node::Several { element, .. } | Node::Repeated { element, .. } => {
            each_text_of(element, work);
        }
        Node::Either { with, without, .. } => {
            each_text_of(with, work);
            each_text_of(without, work);
        }
        Node::Text(parts) => work(parts),
        Node::Literal(_) => {}
    }
}

/// Events as the engine knows them.
fn events(raised: &[Raised], outbox: fn(&str, &str) -> bool) -> &'static [Event] {
    let events = raised.iter().map(|event| Event {
        domain: kept_text(&event.domain),
        name: kept_text(&event.name),
        outbox: outbox(&event.domain, &event.name),
    });
    kept_all(events.collect())
}
