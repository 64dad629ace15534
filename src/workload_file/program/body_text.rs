//! How a body is written: what is drawn for it, and its texts with what goes into them.

use crate::engine::{ArenaBuilder, BodyWriter, Form, Values, encode};
use crate::plan::UniqueNumbers;
use crate::workload_file::model::definitions::{Body, BodyKind, Node};
use crate::workload_file::model::generated::{Turn, write_units};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::texts::{Part, Product};
use fastrand::Rng;

/// Longest handle, in characters.
const HANDLE_CHARACTERS: usize = 20;

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

/// What is drawn once a body: a text, and whether it is none in JSON.
pub type Drawn = (String, bool);

/// What one body has drawn, and what its parts are written with.
struct Writer<'a, 'b, 'c> {
    drawn: &'a [Drawn],
    totals: Totals,
    turn: Turn<'a>,
    options: u32,
    rng: &'a mut Rng,
    out: &'b mut BodyWriter<'c>,
}

/// What becomes of the sums of lists of a body.
enum Totals {
    /// Nothing yet: the body is written to see what they add up.
    Later,
    /// They are of this text.
    Of(Vec<u8>),
}

/// Draws `draws` one after the other, behind those that are `drawn` already.
pub fn draw_all(
    draws: &[Vec<Part>],
    mut drawn: Vec<Drawn>,
    rng: &mut Rng,
    turn: Turn<'_>,
) -> Vec<Drawn> {
    for draw in draws {
        let next = draw_one(draw, &drawn, rng, turn);
        drawn.push(next);
    }
    drawn
}

fn draw_one(parts: &[Part], drawn: &[Drawn], rng: &mut Rng, turn: Turn<'_>) -> Drawn {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(same) => text.push_str(same),
            Part::Drawn(position) => text.push_str(&drawn[usize::from(*position)].0),
            Part::Made(generator) => generator.draw(rng, turn, &mut text),
            Part::Handle(of) => text.push_str(&handle(of, drawn)),
            Part::Sum(products) => text.push_str(&sum(products, drawn)),
            // A draw is made before there are users.
            Part::Value(_) => {}
        }
    }
    let is_bare = match parts {
        [Part::Made(generator)] => generator.is_bare(),
        [Part::Drawn(position)] => drawn[usize::from(*position)].1,
        [Part::Sum(_)] => true,
        _ => false,
    };
    (text, is_bare)
}

/// Letters of draws in small: safe in any e-mail address.
fn handle(of: &[u16], drawn: &[Drawn]) -> String {
    of.iter()
        .flat_map(|position| drawn[usize::from(*position)].0.chars())
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .take(HANDLE_CHARACTERS)
        .collect()
}

/// A sum of products, exact: numbers are counted in units of their last digits.
fn sum(products: &[Product], drawn: &[Drawn]) -> String {
    let product = |product: &Product| {
        let mut units = if product.is_less { -1 } else { 1 };
        let mut decimals = 0;
        for position in &product.factors {
            let text = &drawn[usize::from(*position)].0;
            let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
            let digits: i128 = format!("{whole}{rest}").parse().unwrap_or(0);
            units *= digits;
            decimals += rest.len() as u32;
        }
        (units, decimals)
    };
    let products: Vec<(i128, u32)> = products.iter().map(product).collect();
    let decimals = products.iter().map(|(_, decimals)| *decimals).max();
    let decimals = decimals.unwrap_or(0);
    let scaled = |(units, own): &(i128, u32)| units * 10_i128.pow(decimals - own);
    let units: i128 = products.iter().map(scaled).sum();
    let mut out = String::new();
    match decimals {
        0 => out.push_str(&units.to_string()),
        decimals => write_units(units as i64, decimals, &mut out),
    }
    out
}

/// Writes `body` into `out`, with what was `drawn` for it.
pub fn write(
    body: &Body,
    drawn: &[Drawn],
    (turn, options): (Turn<'_>, u32),
    rng: &mut Rng,
    out: &mut BodyWriter<'_>,
) {
    let totals = match &body.kind {
        BodyKind::Json(node) if has_total(node) => {
            // With a stream of its own, so that what is written afterwards is drawn alike.
            let mut same = rng.clone();
            let arena = ArenaBuilder::build(1, |out| {
                let turn = (turn, options);
                write_with(Totals::Later, (body, drawn), turn, &mut same, out);
            });
            let mut text = Vec::new();
            let nobody = (&[][..], &Values::default());
            arena.append(0, nobody, &mut UniqueNumbers::of_set_up(), &mut text);
            text
        }
        _ => Vec::new(),
    };
    write_with(Totals::Of(totals), (body, drawn), (turn, options), rng, out);
}

fn has_total(node: &Node) -> bool {
    match node {
        Node::Object(members) => members.iter().any(|(_, member)| has_total(member)),
        Node::Array(elements) => elements.iter().any(has_total),
        Node::Several { element, .. } | Node::Repeated { element, .. } => has_total(element),
        Node::Either { with, without, .. } => has_total(with) || has_total(without),
        Node::Text(parts) => {
            let is_total = |part: &Part| matches!(part, Part::Made(made) if made.total().is_some());
            parts.iter().any(is_total)
        }
        Node::Literal(_) => false,
    }
}

fn write_with(
    totals: Totals,
    (body, drawn): (&Body, &[Drawn]),
    (turn, options): (Turn<'_>, u32),
    rng: &mut Rng,
    out: &mut BodyWriter<'_>,
) {
    let mut writer = Writer {
        drawn,
        totals,
        turn,
        options,
        rng,
        out,
    };
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
    fn node(&mut self, node: &Node) {
        match node {
            Node::Literal(json) => self.out.raw(json),
            Node::Several {
                least,
                most,
                element,
            } => {
                let count = self.rng.u32(*least..=*most);
                self.out.raw("[");
                for place in 0..count {
                    self.out.raw(if place > 0 { "," } else { "" });
                    self.node(element);
                }
                self.out.raw("]");
            }
            // Only arrays have several.
            Node::Repeated { element, .. } => self.node(element),
            Node::Either {
                option,
                with,
                without,
            } => match self.options & (1 << option) {
                0 => self.node(without),
                _ => self.node(with),
            },
            Node::Text(parts) => self.json_text(parts),
            Node::Array(elements) => {
                self.out.raw("[");
                let mut is_first = true;
                for element in elements {
                    let (times, element) = match element {
                        Node::Repeated {
                            least,
                            most,
                            element,
                        } => (self.rng.u32(*least..=*most), &**element),
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
            [Part::Sum(products)] => return self.out.raw(&sum(products, self.drawn)),
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
                Part::Handle(of) => self.out.raw(&place.adapted(&handle(of, self.drawn))),
                Part::Sum(products) => self.out.raw(&place.adapted(&sum(products, self.drawn))),
                Part::Made(generator) if generator.is_unique() => {
                    let (before, after) = generator.around_unique(self.turn.run_id);
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
        match (&self.totals, form) {
            (Totals::Of(_), _) => self.out.raw_value(position, form),
            (Totals::Later, Form::Json) => self.out.raw("null"),
            (Totals::Later, _) => {}
        }
    }

    fn made(&mut self, generator: &Generator) -> String {
        match (generator.total(), &self.totals) {
            (Some(_), Totals::Later) => "0".to_owned(),
            (Some(sum), Totals::Of(body)) => sum.of(body),
            (None, _) => {
                let mut text = String::new();
                generator.draw(self.rng, self.turn, &mut text);
                text
            }
        }
    }
}
