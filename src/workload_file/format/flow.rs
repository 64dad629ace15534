//! Whether every value is there when a request needs it: read by a step that comes before on every way
//! that a journey can take, or by the journey that users make first.

use super::document::Document;
use super::read_journeys::CallPlaces;
use crate::workload_file::model::definitions::{
    Body, BodyKind, Call, Data, Model, Node, OnFailure, Operation, Step, Test, Tested,
};
use crate::workload_file::model::race_model::Race;
use crate::workload_file::model::replies::Asked;
use crate::workload_file::model::texts::Part;
use std::collections::BTreeSet;

type Positions = BTreeSet<u16>;

/// Notes each call that may lack a value. `places` are those of the calls of each journey.
pub fn check(document: &mut Document<'_>, model: &Model, places: &CallPlaces) {
    let needs: Vec<Positions> = model.operations.iter().map(needs).collect();
    let shared = check_once(document, model, (&needs, places));
    for (at, (journey, places)) in model.journeys.iter().zip(&places.journeys).enumerate() {
        let mut checked: Vec<Option<usize>> = Vec::new();
        for class in &model.classes {
            let makes = class.may_make(at);
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
            let mut kept = given(model);
            kept.extend(&shared);
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

/// Notes what set-up and tear-down may lack; gives the values that are there after the set-up.
fn check_once(
    document: &mut Document<'_>,
    model: &Model,
    (needs, places): (&[Positions], &CallPlaces),
) -> Positions {
    let mut shared = Positions::new();
    for (once, places, is_first) in [
        (&model.set_up, &places.set_up, true),
        (&model.tear_down, &places.tear_down, false),
    ] {
        let Some(once) = once else {
            continue;
        };
        let mut walk = Walk {
            model,
            needs,
            places: places.iter().copied(),
            lacking: Vec::new(),
        };
        let mut kept = shared.clone();
        walk.steps(&once.steps, &mut kept);
        if walk.lacking.is_empty() && !data_of(model, &once.steps).is_empty() {
            let place = places.first().copied().unwrap_or_default();
            document.mistake(
                place,
                "neither set-up nor tear-down has rows: those are users'",
            );
        }
        for (place, who, value) in walk.lacking {
            document.mistake(place, lacking_once(model, who, value));
        }
        each_step(&once.steps, &mut |step| {
            if let Step::Race { race } = step {
                let name = &model.races[*race].name;
                let says = format!("`{name}` is a race, and those are users': put it in a journey");
                document.mistake(places.first().copied().unwrap_or_default(), says);
            }
        });
        if is_first {
            shared = kept;
        }
    }
    shared
}

fn lacking_once(model: &Model, who: Needing, value: u16) -> String {
    let name = &model.values[usize::from(value)];
    let key = who.key(model);
    match given(model).contains(&value) {
        true => format!(
            "`{key}` holds `{name}`, and neither set-up nor tear-down has rows: those are users'"
        ),
        false => format!(
            "`{key}` needs `{name}`, which is not there yet: call what reads it before, in the set-up"
        ),
    }
}

/// Values that are columns of rows: those are there from the first.
fn given(model: &Model) -> Positions {
    let columns = model.data.iter().flat_map(|data| &data.columns);
    columns.map(|(value, _)| *value).collect()
}

/// Positions of the data of which `steps` hold anything.
pub fn data_of(model: &Model, steps: &[Step]) -> Vec<u16> {
    let mut held = Positions::new();
    each_step(steps, &mut |step| match step {
        Step::Call(call) => {
            held.extend(needs(&model.operations[call.operation]));
            note_sent(model, call, &mut held);
            call.otherwise
                .iter()
                .for_each(|(_, it)| note(it, &mut held));
        }
        Step::Set(values) => values.iter().for_each(|(_, it)| note(it, &mut held)),
        Step::When { test, .. } => {
            if let Tested::Value(value) | Tested::Is(value, _) = test.of {
                held.insert(value);
            }
        }
        Step::Race { race } => {
            let of = &model.races[*race];
            let sides = of.sides.iter().map(Call::from);
            for call in sides.chain(of.probes.iter().map(Call::from)) {
                held.extend(needs(&model.operations[call.operation]));
                note_sent(model, &call, &mut held);
            }
            let rules = model.rules.iter().filter(|rule| rule.race == *race);
            held.extend(rules.flat_map(|rule| rule.places.values()));
        }
        Step::Rest { .. } | Step::Tally { .. } | Step::Repeat { .. } | Step::Chance { .. } => {}
    });
    let is_held = |data: &Data| data.columns.iter().any(|(value, _)| held.contains(value));
    let data = (0..).zip(&model.data);
    data.filter(|(_, data)| is_held(data))
        .map(|(position, _)| position)
        .collect()
}

/// Positions of the values that `steps` may read or make up.
pub fn reads_of(model: &Model, steps: &[Step]) -> Vec<u16> {
    let mut read = Positions::new();
    each_step(steps, &mut |step| match step {
        Step::Call(call) => {
            let of = &model.operations[call.operation];
            let reads = call.reads.as_ref().unwrap_or(&of.reads);
            read.extend(reads.iter().map(|read| read.value));
            read.extend(call.otherwise.iter().map(|(value, _)| *value));
        }
        Step::Set(values) => read.extend(values.iter().map(|(value, _)| *value)),
        _ => {}
    });
    read.into_iter().collect()
}

/// Does `work` with each of `steps`, and with those within them.
pub fn each_step<'m>(steps: &'m [Step], work: &mut impl FnMut(&'m Step)) {
    for step in steps {
        work(step);
        match step {
            Step::Rest { .. } | Step::Set(_) | Step::Tally { .. } | Step::Race { .. } => {}
            Step::Call(call) => each_step(call.on_failure.steps(), work),
            Step::Repeat { steps, .. } | Step::Chance { steps, .. } | Step::When { steps, .. } => {
                each_step(steps, work)
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

impl Needing {
    fn key(self, model: &Model) -> &str {
        match self {
            Self::Operation(operation) => &model.operations[operation].key,
            Self::Rule(rule) => &model.rules[rule].name,
        }
    }
}

fn lacking(model: &Model, who: Needing, value: u16, has_first: bool) -> String {
    let name = &model.values[usize::from(value)];
    let key = who.key(model);
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
        for read in reads.iter().filter(|read| read.is_optional) {
            kept.remove(&read.value);
        }
        let certain = reads.iter().filter(|read| !read.is_optional);
        let certain = certain.map(|read| read.value);
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
        note_sent(self.model, call, &mut needs);
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

/// The values that the body of a call holds, and what is asked of its reply.
fn note_sent(model: &Model, call: &Call, needs: &mut Positions) {
    let body = model.body_of(call).map(usize::from);
    if let Some(body) = body.and_then(|body| model.bodies.get(body)) {
        note_body(body, needs);
    }
    let checks = call.checks.as_ref();
    for check in checks.unwrap_or(&model.operations[call.operation].checks) {
        if let Asked::Equals(parts) | Asked::Contains(parts) = &check.asked {
            note(parts, needs);
        }
    }
}

fn note(parts: &[Part], needs: &mut Positions) {
    needs.extend(parts.iter().flat_map(Part::values));
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
        Node::Several { element, .. } | Node::Repeated { element, .. } => note_node(element, needs),
        Node::Either { with, without, .. } => {
            note_node(with, needs);
            note_node(without, needs);
        }
        Node::Literal(_) => {}
    }
}
