//! Whether every value is there when a request needs it: read by a step that comes before on every way
//! that a journey can take, or by the journey that users make first.

use super::document::Document;
use super::model::{
    Body, BodyKind, Call, Model, Node, OnFailure, Operation, Part, Step, Test, Tested,
};
use super::race_model::Race;
use super::read_journeys::CallPlaces;
use std::collections::BTreeSet;

type Positions = BTreeSet<u16>;

/// Notes each call that may lack a value. `places` are those of the calls of each journey.
pub fn check(document: &mut Document<'_>, model: &Model, places: &CallPlaces) {
    let needs: Vec<Positions> = model.operations.iter().map(needs).collect();
    for (at, (journey, places)) in model.journeys.iter().zip(places).enumerate() {
        let mut checked: Vec<Option<usize>> = Vec::new();
        for class in &model.classes {
            let makes = class.journeys.iter().any(|(made, _)| *made == at);
            let before = if makes { class.first } else { None };
            if (makes || class.first == Some(at)) && !checked.contains(&before) {
                checked.push(before);
            }
        }
        for before in checked {
            let mut walk = Walk {
                model,
                needs: &needs,
                places: places.iter().copied(),
                lacking: Vec::new(),
            };
            let mut kept = Positions::new();
            if let Some(first) = before {
                // What it lacks itself is told when it is looked at.
                let mut first_walk = Walk {
                    model,
                    needs: &needs,
                    places: [].iter().copied(),
                    lacking: Vec::new(),
                };
                first_walk.steps(&model.journeys[first].steps, &mut kept);
            }
            walk.steps(&journey.steps, &mut kept);
            for (place, who, value) in walk.lacking {
                let says = lacking(model, who, value, before.is_some());
                document.mistake(place, says);
            }
        }
    }
}

/// Who needs a value.
#[derive(Clone, Copy)]
enum Needing {
    Operation(usize),
    Rule(usize),
}

fn lacking(model: &Model, who: Needing, value: u16, has_first: bool) -> String {
    let name = &model.values[usize::from(value)];
    let key = match who {
        Needing::Operation(operation) => &model.operations[operation].key,
        Needing::Rule(rule) => &model.rules[rule].name,
    };
    let draws = |race: &&Race| race.draws.iter().any(|(drawn, _)| *drawn == value);
    if let Some(race) = model.races.iter().find(draws) {
        return format!(
            "`{key}` needs `{name}`, which the race `{}` draws: it is there for its racers and for what \
             comes after them",
            race.name
        );
    }
    let reads = |operation: &&Operation| operation.reads.iter().any(|read| read.value == value);
    let readers = model.operations.iter().filter(reads);
    let readers: Vec<String> = readers.map(|reader| format!("`{}`", reader.key)).collect();
    let readers = readers.join(" or ");
    let first = match has_first {
        true => ", or in the journey that the class makes first,",
        false => ", or have the class make a journey with it `first`,",
    };
    format!(
        "`{key}` needs `{name}`, which may not be there yet: call {readers} before{first} without \
         on_failure = \"continue\", and not by chance only"
    )
}

struct Walk<'m, P> {
    model: &'m Model,
    needs: &'m [Positions],
    places: P,
    lacking: Vec<(usize, Needing, u16)>,
}

impl<P: Iterator<Item = usize>> Walk<'_, P> {
    /// Goes through `steps`, before which `kept` is there for certain; adds what is afterwards.
    fn steps(&mut self, steps: &[Step], kept: &mut Positions) {
        // What is there after the step before, if that is done only where something is so.
        let mut otherwise: Option<(&Test, Positions)> = None;
        for step in steps {
            let before = otherwise.take();
            match step {
                Step::Rest { .. } | Step::Tally { .. } => {}
                Step::Set(values) => kept.extend(values.iter().map(|(value, _)| *value)),
                Step::Call(call) => self.call(call, kept),
                Step::Race { race } => self.race(*race, kept),
                Step::Repeat {
                    least: 1.., steps, ..
                } => self.steps(steps, kept),
                Step::Repeat { steps, .. } | Step::Chance { steps, .. } => {
                    let mut within = kept.clone();
                    self.steps(steps, &mut within);
                }
                Step::When { test, steps } => {
                    let mut within = kept.clone();
                    if let (false, Tested::Value(value) | Tested::Is(value, _)) =
                        (test.is_not, &test.of)
                    {
                        within.insert(*value);
                    }
                    self.steps(steps, &mut within);
                    match before {
                        // One of the two is done.
                        Some((other, there))
                            if other.of == test.of && other.is_not != test.is_not =>
                        {
                            kept.extend(within.intersection(&there));
                        }
                        _ => otherwise = Some((test, within)),
                    }
                }
            }
        }
    }

    fn call(&mut self, call: &Call, kept: &mut Positions) {
        let operation = call.operation;
        let place = self.places.next().unwrap_or_default();
        self.send(call, place, kept);
        let mut afterwards = kept.clone();
        self.steps(call.on_failure.steps(), &mut afterwards);
        let reads = call.reads.as_ref();
        let reads = reads.unwrap_or(&self.model.operations[operation].reads);
        let otherwise = |value| call.otherwise.iter().any(|(other, _)| *other == value);
        let ends = matches!(call.on_failure, OnFailure::Abort | OnFailure::Instead(_));
        let certain = reads.iter().map(|read| read.value);
        kept.extend(certain.filter(|value| ends || otherwise(*value)));
    }

    /// What a race draws is there for all that it sends. What its racers read is not: of several who succeed
    /// nobody can say whose is meant.
    fn race(&mut self, position: usize, kept: &mut Positions) {
        let place = self.places.next().unwrap_or_default();
        let race = &self.model.races[position];
        kept.extend(race.draws.iter().map(|(value, _)| *value));
        let sides = race.sides.iter().map(Call::from);
        for call in sides.chain(race.probes.iter().map(Call::from)) {
            self.send(&call, place, kept);
        }
        for (rule, at) in self.model.rules.iter().zip(0..) {
            let values = rule.places.values().filter(|_| rule.race == position);
            let missing = values.filter(|value| !kept.contains(value));
            let missing = missing.map(|value| (place, Needing::Rule(at), value));
            self.lacking.extend(missing);
        }
    }

    /// Notes what the request of `call` needs and may lack.
    fn send(&mut self, call: &Call, place: usize, kept: &Positions) {
        let mut needs = self.needs[call.operation].clone();
        let body = self.model.body_of(call).map(usize::from);
        if let Some(body) = body.and_then(|body| self.model.bodies.get(body)) {
            note_body(body, &mut needs);
        }
        let who = Needing::Operation(call.operation);
        let missing = needs.difference(kept);
        self.lacking
            .extend(missing.map(|value| (place, who, *value)));
    }
}

/// The values that the head of a request of `operation` holds.
fn needs(operation: &Operation) -> Positions {
    let mut needs = Positions::new();
    note(&operation.path, &mut needs);
    for (_, value) in &operation.headers {
        note(value, &mut needs);
    }
    needs
}

fn note(parts: &[Part], needs: &mut Positions) {
    needs.extend(parts.iter().filter_map(|part| match part {
        Part::Value(position) => Some(*position),
        _ => None,
    }));
}

fn note_body(body: &Body, needs: &mut Positions) {
    match &body.kind {
        BodyKind::Json(node) => note_node(node, needs),
        BodyKind::Form(fields) => fields.iter().for_each(|(_, value)| note(value, needs)),
        BodyKind::Text(parts) => note(parts, needs),
    }
}

fn note_node(node: &Node, needs: &mut Positions) {
    match node {
        Node::Object(members) => members.iter().for_each(|(_, node)| note_node(node, needs)),
        Node::Array(elements) => elements.iter().for_each(|node| note_node(node, needs)),
        Node::Text(parts) => note(parts, needs),
        Node::Several { element, .. } => note_node(element, needs),
        Node::Either { with, without, .. } => {
            note_node(with, needs);
            note_node(without, needs);
        }
        Node::Literal(_) => {}
    }
}
