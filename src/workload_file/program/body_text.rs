//! How a body is written: what is drawn for it, and its texts with what goes into them.

use crate::engine::{ArenaBuilder, BodyWriter, Form, Values, encode};
use crate::plan::UniqueNumbers;
use crate::workload_file::model::decimals::Decimal;
use crate::workload_file::model::definitions::{Body, BodyKind, Node};
use crate::workload_file::model::generated::{Turn, write_units};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::texts::{Drawn, Part, Product};
use crate::workload_file::program::late_sums::{placeholder, terms_of};
use fastrand::Rng;
use std::borrow::Cow;

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

    fn adapted(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => Cow::Borrowed(text),
            // Most texts have nothing to escape (RFC 8259, section 7), and all of a workload's are made before
            // its run begins.
            Self::JsonText if !text.bytes().any(is_escaped_in_json) => Cow::Borrowed(text),
            Self::JsonText => {
                let quoted = serde_json::to_string(text).unwrap_or_default();
                let inner = quoted.get(1..quoted.len().saturating_sub(1));
                Cow::Owned(inner.unwrap_or_default().to_owned())
            }
            Self::Encoded => {
                let mut out = Vec::new();
                encode(text.as_bytes(), &mut out);
                Cow::Owned(String::from_utf8(out).unwrap_or_default())
            }
        }
    }
}

fn is_escaped_in_json(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// What one body has drawn, and what its parts are written with.
struct Writer<'a, 'b, 'c> {
    drawn: &'a [Drawn],
    totals: Totals,
    turn: Turn<'a>,
    options: u32,
    rng: &'a mut Rng,
    out: &'b mut BodyWriter<'c>,
    /// Where what generators make stands until it is adapted.
    made: String,
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

/// A sum of products of what is drawn and of numbers, exact: they are counted in units of their last digits.
fn sum(products: &[Product], drawn: &[Drawn]) -> String {
    // Without values of the user all is one term: those with values were taken for values before.
    let terms = terms_of(products, drawn);
    let sum = terms.first().map_or(Decimal::ZERO, |term| term.coefficient);
    match (sum.units(), i64::try_from(sum.units().0)) {
        ((_, 1..), Ok(units)) => {
            let mut out = String::new();
            write_units(units, sum.units().1, &mut out);
            out
        }
        _ => String::from_utf8_lossy(&sum.text()).into_owned(),
    }
}

/// `body` as it is before there are users, for the sums of its lists: each value of the user stands there as
/// [`placeholder`] of it, and sums as nothing. `rng` stays where it is, so that what is written afterwards is drawn
/// alike.
pub fn draft(body: &Body, drawn: &[Drawn], turn: (Turn<'_>, u32), rng: &Rng) -> Vec<u8> {
    let mut same = rng.clone();
    let arena = ArenaBuilder::build(1, |out| {
        write_with(Totals::Later, (body, drawn), turn, &mut same, out);
    });
    let mut text = Vec::new();
    let nobody = (&[][..], &Values::default());
    arena.append(0, nobody, &mut UniqueNumbers::of_set_up(), &mut text);
    text
}

/// Writes `body` into `out`, with what was `drawn` for it. Its lists are those of the `draft`, which is empty where
/// nothing adds them up.
pub fn write(
    body: &Body,
    (drawn, draft): (&[Drawn], Vec<u8>),
    turn: (Turn<'_>, u32),
    rng: &mut Rng,
    out: &mut BodyWriter<'_>,
) {
    write_with(Totals::Of(draft), (body, drawn), turn, rng, out);
}

/// Whether `body` has a sum of a list that is known before there are users.
pub fn has_total_of(body: &Body) -> bool {
    matches!(&body.kind, BodyKind::Json(node) if has_total(node))
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
        made: String::new(),
    };
    match &body.kind {
        BodyKind::Json(node) => writer.node(node),
        BodyKind::Text(parts) => writer.parts(parts, Place::Plain),
        BodyKind::Form(fields) => {
            for (place, (name, value)) in fields.iter().enumerate() {
                let and = if place > 0 { "&" } else { "" };
                let name = Place::Encoded.adapted(name);
                [and, &name, "="]
                    .iter()
                    .for_each(|text| writer.out.raw(text));
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
                    [comma, "\"", &name, "\":"]
                        .iter()
                        .for_each(|text| self.out.raw(text));
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
                return self.made(generator, Place::Plain);
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
                Part::Made(generator) => self.made(generator, place),
            }
        }
    }

    /// A value of the user, which is not there when only sums are looked for.
    fn value(&mut self, position: u16, form: Form) {
        match (&self.totals, form) {
            (Totals::Of(_), _) => self.out.raw_value(position, form),
            (Totals::Later, Form::Json) => self.out.raw(&placeholder(position)),
            (Totals::Later, _) => {}
        }
    }

    fn made(&mut self, generator: &Generator, place: Place) {
        match (generator.total(), &self.totals) {
            (Some(_), Totals::Later) => self.out.raw("0"),
            (Some(sum), Totals::Of(body)) => self.out.raw(&place.adapted(&sum.of(body))),
            (None, _) => {
                self.made.clear();
                generator.draw(self.rng, self.turn, &mut self.made);
                self.out.raw(&place.adapted(&self.made));
            }
        }
    }
}
