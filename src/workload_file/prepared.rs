//! What is made before the clock starts: bodies of each kind, and what is made up for heads.

use super::generators::Generator;
use super::model::{Body, BodyKind, Node, Part};
use super::program::Program;
use crate::engine::{Arena, ArenaBuilder, BodyWriter, Form, Values, encode};
use crate::plan::{RunId, UNIQUE_TEXT_BYTES, UniqueNumbers, fnv1a};
use fastrand::Rng;

/// Bodies of a kind that has something made up: as many as the built-in workload has.
const BODIES: usize = 2_048;
/// Texts of something that is made up for heads.
const TEXTS: usize = 1_024;
/// Bytes that they have at most.
const TEXTS_BYTES: usize = 256 << 10;
/// Bytes that all bodies of one kind have at most, about: longer ones are fewer.
const KIND_BYTES: usize = 4 << 20;
/// The same of all kinds together.
const ALL_BYTES: usize = 64 << 20;

/// What a plan's users send. Shared by all cores.
#[derive(Debug)]
pub struct Supplies {
    /// By the position of the body; `None` for what the plan never sends.
    bodies: Vec<Option<Arena>>,
    /// By the position of what is made up.
    made: Vec<MadeUp>,
}

/// What is made up for heads.
#[derive(Debug)]
enum MadeUp {
    /// One of these.
    Drawn {
        texts: Vec<Box<[u8]>>,
        is_bare: bool,
    },
    /// A number that no other request has, between these.
    Unique { before: Vec<u8>, after: Vec<u8> },
    /// The next number of the user, from this one on.
    Counter(u32),
}

/// What bodies are drawn from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Seed of the plan.
    pub seed: u64,
    /// What makes its unique values differ from those of every other run.
    pub run_id: &'a RunId,
}

impl Supplies {
    /// Prepares what `program` sends, of bodies only those that are `needed`.
    pub fn new(program: &Program, needed: impl Fn(u16) -> bool, source: Source<'_>) -> Self {
        let bodies = (0..).zip(&program.bodies);
        let room = KIND_BYTES.min(ALL_BYTES / program.bodies.len().max(1));
        Self {
            bodies: bodies
                .map(|(position, body)| {
                    needed(position).then(|| {
                        let mut rng = source.stream("body", position);
                        arena(body, source.run_id, &mut rng, room)
                    })
                })
                .collect(),
            made: (0..)
                .zip(&program.made)
                .map(|(position, (_, generator))| {
                    MadeUp::new(
                        generator,
                        source.run_id,
                        &mut source.stream("head", position),
                    )
                })
                .collect(),
        }
    }

    /// The bodies at `position`.
    #[inline]
    #[must_use]
    pub fn body(&self, position: u16) -> Option<&Arena> {
        self.bodies[usize::from(position)].as_ref()
    }

    /// Makes something up for the value `value`.
    #[inline]
    pub fn make(
        &self,
        position: usize,
        value: u16,
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        match &self.made[position] {
            MadeUp::Drawn { texts, is_bare } => {
                values.set(value, &texts[rng.usize(..texts.len())], *is_bare);
            }
            MadeUp::Counter(from) => {
                let number = u64::from(*from) + u64::from(values.next_turn(value));
                let mut digits = itoa::Buffer::new();
                values.set(value, digits.format(number).as_bytes(), true);
            }
            MadeUp::Unique { before, after } => {
                let mut number = [0; UNIQUE_TEXT_BYTES];
                unique.write_next(&mut number);
                let mut text = smallvec::SmallVec::<[u8; 96]>::new();
                text.extend_from_slice(before);
                text.extend_from_slice(&number);
                text.extend_from_slice(after);
                values.set(value, &text, false);
            }
        }
    }

    /// Memory that the bodies take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let bodies = self.bodies.iter().flatten();
        bodies.map(Arena::memory_bytes).sum()
    }
}

impl Source<'_> {
    /// A random stream of its own for each kind, so that one more leaves the others as they were.
    fn stream(self, what: &str, position: u16) -> Rng {
        Rng::with_seed(self.seed ^ fnv1a(format!("{what} {position}").as_bytes()))
    }
}

impl MadeUp {
    fn new(generator: &Generator, run_id: &RunId, rng: &mut Rng) -> Self {
        if generator.is_unique() {
            let (before, after) = generator.around_unique(run_id);
            return Self::Unique {
                before: before.into_bytes(),
                after: after.as_bytes().to_vec(),
            };
        }
        if let Generator::Counter(from) = generator {
            return Self::Counter(*from);
        }
        let mut draw = |_| {
            let mut text = String::new();
            generator.draw(rng, &mut text);
            text.into_bytes().into_boxed_slice()
        };
        let texts = TEXTS
            .min(TEXTS_BYTES / generator.most_bytes().max(1))
            .max(1);
        Self::Drawn {
            texts: (0..texts).map(&mut draw).collect(),
            is_bare: generator.is_bare(),
        }
    }
}

/// Bodies of one kind: one of those that are all alike, and no more of long ones than there is room for.
fn arena(body: &Body, run_id: &RunId, rng: &mut Rng, room: usize) -> Arena {
    let mut count = if is_alike(body) { 1 } else { BODIES };
    if count > 1 {
        let mut sample = rng.clone();
        let one = ArenaBuilder::build(1, |out| write(body, run_id, &mut sample, out));
        count = count.min(room / one.memory_bytes().max(1)).max(1);
    }
    ArenaBuilder::build(count, |out| write(body, run_id, rng, out))
}

/// Whether all bodies are the same but for what is patched in.
fn is_alike(body: &Body) -> bool {
    let parts_alike = |parts: &Vec<Part>| {
        parts.iter().all(|part| match part {
            Part::Made(Generator::Sum(_)) => true,
            Part::Made(generator) => generator.is_unique(),
            _ => true,
        })
    };
    fn node_alike(node: &Node, parts_alike: &impl Fn(&Vec<Part>) -> bool) -> bool {
        match node {
            Node::Object(members) => members
                .iter()
                .all(|(_, node)| node_alike(node, parts_alike)),
            Node::Array(elements) => elements.iter().all(|node| node_alike(node, parts_alike)),
            Node::Text(parts) => parts_alike(parts),
            Node::Several { least, most, node } => least == most && node_alike(node, parts_alike),
            Node::Literal(_) => true,
        }
    }
    body.draws.iter().all(parts_alike)
        && match &body.kind {
            BodyKind::Json(node) => node_alike(node, &parts_alike),
            BodyKind::Form(fields) => fields.iter().all(|(_, value)| parts_alike(value)),
            BodyKind::Text(parts) => parts_alike(parts),
        }
}

/// What a text is written into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    JsonText,
    Encoded,
    Plain,
}

impl Place {
    fn form(self) -> Form {
        match self {
            Self::JsonText => Form::JsonText,
            Self::Encoded => Form::Encoded,
            Self::Plain => Form::Plain,
        }
    }

    fn adapted(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::JsonText => {
                let quoted = serde_json::to_string(text).unwrap_or_default();
                let inner = quoted.get(1..quoted.len().saturating_sub(1));
                inner.unwrap_or_default().to_owned()
            }
            Self::Encoded => {
                let mut out = Vec::new();
                encode(text.as_bytes(), &mut out);
                String::from_utf8(out).unwrap_or_default()
            }
        }
    }
}

/// What one body has drawn, and what its parts are written with.
struct Writer<'a, 'b, 'c> {
    drawn: Vec<(String, bool)>,
    sums: Sums,
    run_id: &'a RunId,
    rng: &'a mut Rng,
    out: &'b mut BodyWriter<'c>,
}

/// What becomes of the sums of a body.
enum Sums {
    /// Nothing yet: the body is written to see what they add up.
    Later,
    /// They are of this text.
    Of(Vec<u8>),
}

fn write(body: &Body, run_id: &RunId, rng: &mut Rng, out: &mut BodyWriter<'_>) {
    let sums = match &body.kind {
        BodyKind::Json(node) if has_sum(node) => {
            // With a stream of its own, so that what is written afterwards is drawn alike.
            let mut same = rng.clone();
            let arena = ArenaBuilder::build(1, |out| {
                write_with(Sums::Later, body, run_id, &mut same, out);
            });
            let mut text = Vec::new();
            let nobody = (&[][..], &Values::default());
            arena.append(0, nobody, &mut UniqueNumbers::of_set_up(), &mut text);
            text
        }
        _ => Vec::new(),
    };
    write_with(Sums::Of(sums), body, run_id, rng, out);
}

fn has_sum(node: &Node) -> bool {
    match node {
        Node::Object(members) => members.iter().any(|(_, member)| has_sum(member)),
        Node::Array(elements) => elements.iter().any(has_sum),
        Node::Several { node, .. } => has_sum(node),
        Node::Text(parts) => {
            let is_sum = |part: &Part| matches!(part, Part::Made(Generator::Sum(_)));
            parts.iter().any(is_sum)
        }
        Node::Literal(_) => false,
    }
}

fn write_with(sums: Sums, body: &Body, run_id: &RunId, rng: &mut Rng, out: &mut BodyWriter<'_>) {
    let mut writer = Writer {
        drawn: Vec::new(),
        sums,
        run_id,
        rng,
        out,
    };
    for draw in &body.draws {
        let drawn = writer.draw(draw);
        writer.drawn.push(drawn);
    }
    match &body.kind {
        BodyKind::Json(node) => writer.node(node),
        BodyKind::Text(parts) => writer.parts(parts, Place::Plain),
        BodyKind::Form(fields) => {
            for (place, (name, value)) in fields.iter().enumerate() {
                let and = if place > 0 { "&" } else { "" };
                let name = Place::Encoded.adapted(name);
                writer.out.raw(&format!("{and}{name}="));
                writer.parts(value, Place::Encoded);
            }
        }
    }
}

impl Writer<'_, '_, '_> {
    /// What is drawn once a body: a text, and whether it is none in JSON.
    fn draw(&mut self, parts: &[Part]) -> (String, bool) {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(same) => text.push_str(same),
                Part::Drawn(position) => text.push_str(&self.drawn[usize::from(*position)].0),
                Part::Made(generator) => generator.draw(self.rng, &mut text),
                // A draw is made before there are users.
                Part::Value(_) => {}
            }
        }
        let is_bare = match parts {
            [Part::Made(generator)] => generator.is_bare(),
            [Part::Drawn(position)] => self.drawn[usize::from(*position)].1,
            _ => false,
        };
        (text, is_bare)
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Literal(json) => self.out.raw(json),
            Node::Text(parts) => self.json_text(parts),
            Node::Array(elements) => {
                self.out.raw("[");
                let mut is_first = true;
                for element in elements {
                    let (times, element) = match element {
                        Node::Several { least, most, node } => {
                            (self.rng.u32(*least..=*most), &**node)
                        }
                        element => (1, element),
                    };
                    for _ in 0..times {
                        self.out.raw(if is_first { "" } else { "," });
                        is_first = false;
                        self.node(element);
                    }
                }
                self.out.raw("]");
            }
            // Only arrays have several.
            Node::Several { node, .. } => self.node(node),
            Node::Object(members) => {
                self.out.raw("{");
                for (place, (name, member)) in members.iter().enumerate() {
                    let comma = if place > 0 { "," } else { "" };
                    let name = Place::JsonText.adapted(name);
                    self.out.raw(&format!("{comma}\"{name}\":"));
                    self.node(member);
                }
                self.out.raw("}");
            }
        }
    }

    fn json_text(&mut self, parts: &[Part]) {
        match parts {
            [Part::Value(position)] => return self.value(*position, Form::Json),
            [Part::Made(generator)] if generator.is_bare() => {
                let text = self.made(generator);
                return self.out.raw(&text);
            }
            [Part::Drawn(position)] if self.drawn[usize::from(*position)].1 => {
                return self.out.raw(&self.drawn[usize::from(*position)].0);
            }
            _ => {}
        }
        self.out.raw("\"");
        self.parts(parts, Place::JsonText);
        self.out.raw("\"");
    }

    fn parts(&mut self, parts: &[Part], place: Place) {
        for part in parts {
            match part {
                Part::Text(text) => self.out.raw(&place.adapted(text)),
                Part::Value(position) => self.value(*position, place.form()),
                Part::Drawn(position) => {
                    let text = place.adapted(&self.drawn[usize::from(*position)].0);
                    self.out.raw(&text);
                }
                Part::Made(generator) if generator.is_unique() => {
                    let (before, after) = generator.around_unique(self.run_id);
                    self.out.raw(&place.adapted(&before));
                    self.out.raw_unique();
                    self.out.raw(&place.adapted(after));
                }
                Part::Made(generator) => {
                    let text = self.made(generator);
                    self.out.raw(&place.adapted(&text));
                }
            }
        }
    }

    /// A value of the user, which is not there when only sums are looked for.
    fn value(&mut self, position: u16, form: Form) {
        match (&self.sums, form) {
            (Sums::Of(_), _) => self.out.raw_value(position, form),
            (Sums::Later, Form::Json) => self.out.raw("null"),
            (Sums::Later, _) => {}
        }
    }

    fn made(&mut self, generator: &Generator) -> String {
        match (generator, &self.sums) {
            (Generator::Sum(_), Sums::Later) => "0".to_owned(),
            (Generator::Sum(sum), Sums::Of(body)) => sum.of(body),
            _ => {
                let mut text = String::new();
                generator.draw(self.rng, &mut text);
                text
            }
        }
    }
}
