//! Whether every value is there when a request needs it: read by a step that comes before on every way
//! that a journey can take, or by the journey that users make first.

use super::document::Document;
use super::model::{Body, BodyKind, Data, Model, Node, OnFailure, Operation, Part, Step, Test};
use super::read_journeys::CallPlaces;
use std::collections::BTreeSet;

type Positions = BTreeSet<u16>;

/// Notes each call that may lack a value. `places` are those of the calls of each journey.
pub fn check(document: &mut Document<'_>, model: &Model, places: &CallPlaces) {
    let needs: Vec<Positions> = model.operations.iter().map(|it| needs(it, model)).collect();
    let mut shared = Positions::new();
    for (once, places) in [
        (&model.set_up, &places.set_up),
        (&model.tear_down, &places.tear_down),
    ] {
        let mut walk = Walk {
            model,
            needs: &needs,
            places: places.iter().copied(),
            lacking: Vec::new(),
        };
        let mut kept = shared.clone();
        if let Some(once) = once {
            walk.steps(&once.steps, &mut kept);
        }
        for (place, operation, value) in walk.lacking {
            document.mistake(place, lacking_once(model, operation, value));
        }
        if std::ptr::eq(once, &model.set_up) {
            shared = kept;
        }
    }
    for (at, (journey, places)) in model.journeys.iter().zip(&places.journeys).enumerate() {
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
            for (place, operation, value) in walk.lacking {
                let says = lacking(model, operation, value, before.is_some());
                document.mistake(place, says);
            }
        }
    }
}

fn lacking_once(model: &Model, operation: usize, value: u16) -> String {
    let name = &model.values[usize::from(value)];
    let key = &model.operations[operation].key;
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

/// Positions of the data that requests of `steps` hold.
pub fn data_of(model: &Model, steps: &[Step]) -> Vec<u16> {
    let mut called = BTreeSet::new();
    note_called(steps, &mut called);
    let mut held = Positions::new();
    for operation in called {
        held.extend(needs(&model.operations[operation], model));
    }
    let is_held = |data: &Data| data.columns.iter().any(|(value, _)| held.contains(value));
    let data = (0..).zip(&model.data);
    data.filter(|(_, data)| is_held(data))
        .map(|(position, _)| position)
        .collect()
}

/// Positions of the values that `steps` may read.
pub fn reads_of(model: &Model, steps: &[Step]) -> Vec<u16> {
    let mut called = BTreeSet::new();
    note_called(steps, &mut called);
    let reads = called
        .into_iter()
        .flat_map(|it| &model.operations[it].reads);
    let read: Positions = reads.map(|read| read.value).collect();
    read.into_iter().collect()
}

fn note_called(steps: &[Step], called: &mut BTreeSet<usize>) {
    for step in steps {
        match step {
            Step::Rest { .. } => {}
            Step::Call { operation, .. } => {
                called.insert(*operation);
            }
            Step::Repeat { steps, .. } | Step::Chance { steps, .. } => note_called(steps, called),
        }
    }
}

fn lacking(model: &Model, operation: usize, value: u16, has_first: bool) -> String {
    let name = &model.values[usize::from(value)];
    let key = &model.operations[operation].key;
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
    lacking: Vec<(usize, usize, u16)>,
}

impl<P: Iterator<Item = usize>> Walk<'_, P> {
    /// Goes through `steps`, before which `kept` is there for certain; adds what is afterwards.
    fn steps(&mut self, steps: &[Step], kept: &mut Positions) {
        for step in steps {
            match step {
                Step::Rest { .. } => {}
                Step::Call {
                    operation,
                    on_failure,
                    ..
                } => {
                    let place = self.places.next().unwrap_or_default();
                    let missing = self.needs[*operation].difference(kept);
                    let missing = missing.map(|value| (place, *operation, *value));
                    self.lacking.extend(missing);
                    if *on_failure == OnFailure::Abort {
                        let reads = self.model.operations[*operation].reads.iter();
                        kept.extend(reads.map(|read| read.value));
                    }
                }
                Step::Repeat {
                    least: 1.., steps, ..
                } => self.steps(steps, kept),
                Step::Repeat { steps, .. } | Step::Chance { steps, .. } => {
                    let mut within = kept.clone();
                    self.steps(steps, &mut within);
                }
            }
        }
    }
}

/// The values that a request of `operation` holds.
fn needs(operation: &Operation, model: &Model) -> Positions {
    let mut needs = Positions::new();
    note(&operation.path, &mut needs);
    for (_, value) in &operation.headers {
        note(value, &mut needs);
    }
    for check in &operation.checks {
        if let Test::Equals(parts) | Test::Contains(parts) = &check.test {
            note(parts, &mut needs);
        }
    }
    let body = operation.body;
    if let Some(body) = body.and_then(|body| model.bodies.get(usize::from(body))) {
        note_body(body, &mut needs);
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
        Node::Several { node, .. } => note_node(node, needs),
        Node::Literal(_) => {}
    }
}
