//! Bodies as files have them.

use super::document::{At, Document, Table};
use super::sections::texts;
use super::sum_checks::{check_sum, is_number_text, summed_draws};
use super::templates::{self, Names, most_bytes};
use crate::plan::Suggestion;
use crate::workload_file::model::definitions::{Body, BodyKind, DrawSet, Node, RunOption};
use crate::workload_file::model::sums::Sum;
use crate::workload_file::model::texts::Part;
use toml::de::{DeTable, DeValue};

/// Largest body, in bytes, as far as can be told beforehand.
const MOST_BODY_BYTES: usize = 1 << 20;
/// Deepest nesting of a body.
const DEEPEST: usize = 32;
/// The member of an element that says how many there are, and the one that says what each is.
const REPEAT: &str = "$repeat";
const OF: &str = "$of";
/// The keys that hold a body.
const KINDS: [&str; 3] = ["json", "form", "text"];

/// Bodies of a kind, at most, where a file says how many.
const MOST_BODIES: u32 = 10_000;
/// Elements of an array whose number is drawn, and how often an element of one is repeated, at most.
const MOST_ELEMENTS: u32 = 1_000;

/// What bodies may refer to.
#[derive(Clone, Copy)]
pub struct Known<'n> {
    /// Names of what users keep.
    pub values: &'n [String],
    /// Ways in which a run may differ.
    pub options: &'n [RunOption],
    /// What is drawn for several bodies together.
    pub sets: &'n [DrawSet],
}

/// A body that is being read.
pub struct BodyReader<'n> {
    known: Known<'n>,
    names: Vec<String>,
    draws: Vec<Vec<Part>>,
    /// Draws that the body shares with others; they come before its own.
    shared: &'n [Vec<Part>],
    /// Bytes of each draw, at most.
    drawn_bytes: Vec<usize>,
    /// Bytes of the body so far, at most.
    bytes: usize,
    /// Sums of the body, and where each stands.
    sums: Vec<(Sum, usize)>,
}

/// The body that `table` holds, if it holds one.
pub fn body(document: &mut Document<'_>, table: Table<'_, '_>, known: Known<'_>) -> Option<Body> {
    let there: Vec<&str> = KINDS
        .into_iter()
        .filter(|kind| table.get(kind).is_some())
        .collect();
    if let [first, second, ..] = there[..] {
        let says = format!("`{second}` does not go with `{first}`: a request has one body");
        document.mistake(table.offset_of(second), says);
    }
    let draw = table.get("draw");
    let Some(&kind) = there.first() else {
        if draw.is_some() {
            let says = "`draw` means nothing without a body: `json`, `form` or `text`";
            document.mistake(table.offset_of("draw"), says);
        }
        return None;
    };
    let tied = table
        .get("tied")
        .and_then(|value| tied(document, value, known.sets));
    let mut reader = BodyReader::new(known);
    if let Some(set) = tied.map(|position| &known.sets[position]) {
        reader.names.clone_from(&set.names);
        reader.shared = &set.draws;
        for draw in &set.draws {
            let bytes = most_bytes(draw, &reader.drawn_bytes);
            reader.drawn_bytes.push(bytes);
        }
    }
    if let Some(draw) = draw {
        reader.read_draws(document, draw);
    }
    let value = table.get(kind)?;
    let read = match kind {
        "json" => {
            let node = reader.node(document, value, 0)?;
            let draws = [reader.shared, &reader.draws[..]].concat();
            for (sum, offset) in &reader.sums {
                if let Some(values) = document.noting(*offset, check_sum(sum, &node, &draws)) {
                    document.note_summed(*offset, values.into_iter());
                }
            }
            BodyKind::Json(node)
        }
        "form" => {
            let fields = texts(document, value, "form");
            let fields = fields.into_iter().map(|(name, _, value, text)| {
                let parts = reader.parts(document, &text, value);
                templates::refuse_sums(document, &parts, value.span().start);
                (name.to_owned(), parts)
            });
            BodyKind::Form(fields.collect())
        }
        _ => {
            let text = document.text(value, "text", "\"a,b\"")?;
            let parts = reader.parts(document, text, value);
            templates::refuse_sums(document, &parts, value.span().start);
            BodyKind::Text(parts)
        }
    };
    if reader.bytes > MOST_BODY_BYTES {
        let says = format!(
            "this body may get longer than {} MiB",
            MOST_BODY_BYTES >> 20
        );
        document.mistake(table.offset_of(kind), says);
    }
    let count = table.get("count").and_then(|value| count(document, value));
    let same = table.get("same_in_pass");
    let same = same.and_then(|value| document.switch(value, "same_in_pass"));
    document.count_body(table.offset_of(kind), reader.bytes);
    Some(Body {
        name: None,
        count,
        tied,
        is_same_in_pass: same.unwrap_or(false),
        names: reader.names,
        draws: reader.draws,
        kind: read,
    })
}

/// How many of something are made.
pub fn count(document: &mut Document<'_>, value: &At<'_>) -> Option<u32> {
    document.count(value, "count", 1..MOST_BODIES + 1)
}

fn tied(document: &mut Document<'_>, value: &At<'_>, sets: &[DrawSet]) -> Option<usize> {
    let name = document.text(value, "tied", "\"amounts\"")?;
    let found = sets.iter().position(|set| set.name == name);
    if found.is_none() {
        let known = sets.iter().map(|set| set.name.as_str());
        let suggestion = Suggestion::for_word(name, known);
        let says =
            format!("there are no draws `{name}`{suggestion} (write them as [draws.{name}])");
        document.mistake(value.span().start, says);
    }
    found
}

/// Draws that several bodies share: their names, and what is drawn.
pub fn draws(
    document: &mut Document<'_>,
    value: &At<'_>,
    known: Known<'_>,
) -> (Vec<String>, Vec<Vec<Part>>) {
    let mut reader = BodyReader::new(known);
    reader.read_draws(document, value);
    (reader.names, reader.draws)
}

impl<'n> BodyReader<'n> {
    fn new(known: Known<'n>) -> Self {
        Self {
            known,
            names: Vec::new(),
            draws: Vec::new(),
            shared: &[],
            drawn_bytes: Vec::new(),
            bytes: 0,
            sums: Vec::new(),
        }
    }

    fn read_draws(&mut self, document: &mut Document<'_>, value: &At<'_>) {
        for (name, offset, value, text) in texts(document, value, "draw") {
            if self.known.values.iter().any(|known| known == name) {
                let says = format!("`{name}` is read of a reply already; call it something else");
                document.mistake(offset, says);
            }
            if self.names.iter().any(|known| known == name) {
                let says = format!("`{name}` is drawn already, together with others");
                document.mistake(offset, says);
            }
            let names = Names {
                values: self.known.values,
                draws: &self.names,
                has_users: false,
                is_body: true,
                may_sum: false,
            };
            let parts = templates::parts(document, &text, value.span(), names);
            templates::refuse_sums(document, &parts, value.span().start);
            self.check_drawn(document, &parts, value.span().start);
            let bytes = most_bytes(&parts, &self.drawn_bytes);
            if bytes > MOST_BODY_BYTES {
                document.mistake(offset, "this may get longer than any body");
            }
            self.drawn_bytes.push(bytes);
            self.draws.push(parts);
            self.names.push(name.to_owned());
        }
    }

    fn parts(&mut self, document: &mut Document<'_>, text: &str, value: &At<'_>) -> Vec<Part> {
        let names = Names {
            values: self.known.values,
            draws: &self.names,
            has_users: true,
            is_body: true,
            may_sum: true,
        };
        let parts = templates::parts(document, text, value.span(), names);
        self.bytes = self
            .bytes
            .saturating_add(most_bytes(&parts, &self.drawn_bytes));
        self.check_drawn(document, &parts, value.span().start);
        for part in &parts {
            if let Part::Made(generator) = part
                && let Some(sum) = generator.total()
            {
                self.sums.push((sum.clone(), value.span().start));
            }
        }
        parts
    }

    /// Notes draws that sums in `parts`, which stand at `offset`, add up and that are no numbers.
    fn check_drawn(&self, document: &mut Document<'_>, parts: &[Part], offset: usize) {
        let drawn = |position: u16| {
            let position = usize::from(position);
            let own = position.checked_sub(self.shared.len());
            own.map_or(self.shared.get(position), |own| self.draws.get(own))
        };
        for position in parts.iter().flat_map(summed_draws) {
            let is_number = drawn(position).is_some_and(|parts| is_number_text(parts, &drawn));
            if !is_number {
                let name = self.names.get(usize::from(position));
                let name = name.map_or("", String::as_str);
                let says = format!(
                    "`$sum`: `{name}` is drawn as a text, and only numbers are added up, like {{$int 1..5}} or \
                     {{$decimal 0.50..99.99}}"
                );
                document.mistake(offset, says);
            }
        }
    }

    fn node(&mut self, document: &mut Document<'_>, value: &At<'_>, depth: usize) -> Option<Node> {
        let start = value.span().start;
        if depth > DEEPEST {
            let says = format!("a body nests at most {DEEPEST} deep");
            document.mistake(start, says);
            return None;
        }
        let literal = |reader: &mut Self, json: String| {
            reader.bytes = reader.bytes.saturating_add(json.len());
            Some(Node::Literal(json))
        };
        match value.get_ref() {
            DeValue::String(text) => Some(Node::Text(self.parts(document, text, value))),
            DeValue::Boolean(switch) => literal(self, switch.to_string()),
            DeValue::Datetime(moment) => literal(self, format!("\"{moment}\"")),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                match i64::from_str_radix(&digits, number.radix()) {
                    Ok(number) => literal(self, number.to_string()),
                    Err(_) => {
                        document.mistake(start, "this number is too large");
                        None
                    }
                }
            }
            DeValue::Float(number) => {
                let number = number.as_str().replace('_', "").parse::<f64>().ok();
                match number.filter(|number| number.is_finite()) {
                    Some(number) => literal(self, serde_json::json!(number).to_string()),
                    None => {
                        document.mistake(start, "JSON has no such number");
                        None
                    }
                }
            }
            DeValue::Array(elements) => {
                if let [times, element] = &elements[..]
                    && let Some(times_text) = times.get_ref().as_str()
                    && let Some(inner) = times_text.strip_prefix("{$times ")
                {
                    let (least, most) = self.several(document, inner, times.span().start)?;
                    let before = self.bytes;
                    let element = self.node(document, element, depth + 1)?;
                    let one = self.bytes - before;
                    self.bytes = before.saturating_add(one.saturating_mul(most as usize));
                    return Some(Node::Several {
                        least,
                        most,
                        element: Box::new(element),
                    });
                }
                let nodes = elements.iter();
                let nodes = nodes.filter_map(|element| self.element(document, element, depth + 1));
                let mut nodes: Vec<Node> = nodes.collect();
                // What is repeated alone is the whole list.
                if elements.len() == 1
                    && let Some(Node::Repeated { .. }) = nodes.first()
                    && let Some(Node::Repeated {
                        least,
                        most,
                        element,
                    }) = nodes.pop()
                {
                    return Some(Node::Several {
                        least,
                        most,
                        element,
                    });
                }
                Some(Node::Array(nodes))
            }
            DeValue::Table(members) => {
                if let Some((name, _)) = members.get_key_value(REPEAT) {
                    let says =
                        "`$repeat` is for elements of a list: [{ \"$repeat\" = \"1..3\", … }]";
                    document.mistake(name.span().start, says);
                }
                self.object(document, members, depth)
            }
        }
    }

    /// An element of a list, or several.
    fn element(
        &mut self,
        document: &mut Document<'_>,
        value: &At<'_>,
        depth: usize,
    ) -> Option<Node> {
        let members = match value.get_ref() {
            DeValue::Table(members) if members.contains_key(REPEAT) && depth <= DEEPEST => members,
            _ => return self.node(document, value, depth),
        };
        let repeat = members.get(REPEAT)?;
        let times = document.numbers(repeat, REPEAT, MOST_ELEMENTS);
        let before = self.bytes;
        let element = match members.get(OF) {
            None => self.object(document, members, depth)?,
            Some(of) => {
                let mut others = members.keys().map(|name| &**name.get_ref());
                if let Some(other) = others.find(|name| *name != REPEAT && *name != OF) {
                    let says =
                        format!("`{other}` does not go with `$of`, which is the whole element");
                    document.mistake(of.span().start, says);
                }
                self.node(document, of, depth)?
            }
        };
        let (least, most) = times?;
        let bytes = (self.bytes - before).saturating_mul(most as usize);
        self.bytes = before.saturating_add(bytes);
        Some(Node::Repeated {
            least,
            most,
            element: Box::new(element),
        })
    }

    /// An object, or what an option decides.
    fn object(
        &mut self,
        document: &mut Document<'_>,
        members: &DeTable<'_>,
        depth: usize,
    ) -> Option<Node> {
        let members = members.iter();
        let mut members: Vec<_> = members
            .filter(|(name, _)| name.get_ref() != REPEAT)
            .collect();
        members.sort_by_key(|(name, _)| name.span().start);
        if let [(name, with), (other, without)] = members[..]
            && other.get_ref() == "{$else}"
            && let Some(option) = name.get_ref().strip_prefix("{$if ")
        {
            let option = option.trim_end_matches('}').trim();
            let option = self.option(document, option, name.span().start)?;
            let with = self.node(document, with, depth + 1)?;
            let without = self.node(document, without, depth + 1)?;
            return Some(Node::Either {
                option,
                with: Box::new(with),
                without: Box::new(without),
            });
        }
        let nodes = members.into_iter().filter_map(|(name, member)| {
            let name: &str = name.get_ref().as_ref();
            self.bytes = self.bytes.saturating_add(name.len() + 4);
            Some((name.to_owned(), self.node(document, member, depth + 1)?))
        });
        Some(Node::Object(nodes.collect()))
    }

    /// How many elements `{$times A..B}` asks for.
    fn several(&self, document: &mut Document<'_>, inner: &str, at: usize) -> Option<(u32, u32)> {
        let span = inner.trim_end_matches('}');
        let (from, to) = span.split_once("..").unwrap_or((span, span));
        let read = |text: &str| text.trim().parse::<u32>().ok();
        match (read(from), read(to)) {
            (Some(from), Some(to)) if from <= to && to <= MOST_ELEMENTS => Some((from, to)),
            _ => {
                let says = format!(
                    "write the fewest and the most elements up to {MOST_ELEMENTS}, like [\"{{$times \
                     1..4}}\", {{ … }}]"
                );
                document.mistake(at, says);
                None
            }
        }
    }

    fn option(&self, document: &mut Document<'_>, name: &str, at: usize) -> Option<u16> {
        option(document, name, at, self.known.options)
    }
}

/// The position of the option called `name`.
pub fn option(
    document: &mut Document<'_>,
    name: &str,
    at: usize,
    options: &[RunOption],
) -> Option<u16> {
    let found = options.iter().position(|option| option.name == name);
    if found.is_none() {
        let known = options.iter().map(|option| option.name.as_str());
        let suggestion = Suggestion::for_word(name, known);
        let says = format!(
            "there is no option `{name}`{suggestion} (write it as [options], {name} = \"what it changes\")"
        );
        document.mistake(at, says);
    }
    found.map(|position| position as u16)
}
