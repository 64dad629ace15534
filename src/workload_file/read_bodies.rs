//! Bodies as files have them.

use super::document::{At, Document, Table};
use super::generators::Generator;
use super::model::{Body, BodyKind, Node, Part};
use super::sections::texts;
use super::sum_checks::check_sum;
use super::sums::Sum;
use super::templates::{self, Names, most_bytes};
use toml::de::{DeTable, DeValue};

/// Largest body, in bytes, as far as can be told beforehand.
const MOST_BODY_BYTES: usize = 1 << 20;
/// Deepest nesting of a body.
const DEEPEST: usize = 32;
/// How often an element of a list is repeated, at most.
const MOST_ELEMENTS: u32 = 1_000;
/// The member of an element that says how many there are, and the one that says what each is.
const REPEAT: &str = "$repeat";
const OF: &str = "$of";
/// The keys that hold a body.
const KINDS: [&str; 3] = ["json", "form", "text"];

/// A body that is being read.
pub struct BodyReader<'n> {
    values: &'n [String],
    names: Vec<String>,
    draws: Vec<Vec<Part>>,
    /// Bytes of each draw, at most.
    drawn_bytes: Vec<usize>,
    /// Bytes of the body so far, at most.
    bytes: usize,
    /// Sums of the body, and where each stands.
    sums: Vec<(Sum, usize)>,
}

/// The body that `table` holds, if it holds one.
pub fn body(document: &mut Document<'_>, table: Table<'_, '_>, values: &[String]) -> Option<Body> {
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
    let mut reader = BodyReader {
        values,
        names: Vec::new(),
        draws: Vec::new(),
        drawn_bytes: Vec::new(),
        bytes: 0,
        sums: Vec::new(),
    };
    if let Some(draw) = draw {
        reader.read_draws(document, draw);
    }
    let value = table.get(kind)?;
    let read = match kind {
        "json" => {
            let node = reader.node(document, value, 0)?;
            for (sum, offset) in &reader.sums {
                document.noting(*offset, check_sum(sum, &node, &reader.draws));
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
    Some(Body {
        draws: reader.draws,
        kind: read,
    })
}

impl BodyReader<'_> {
    fn read_draws(&mut self, document: &mut Document<'_>, value: &At<'_>) {
        for (name, offset, value, text) in texts(document, value, "draw") {
            if self.values.iter().any(|known| known == name) {
                let says = format!("`{name}` is read of a reply already; call it something else");
                document.mistake(offset, says);
            }
            let names = Names {
                values: self.values,
                draws: &self.names,
                has_users: false,
            };
            let parts = templates::parts(document, &text, value.span(), names);
            templates::refuse_sums(document, &parts, value.span().start);
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
            values: self.values,
            draws: &self.names,
            has_users: true,
        };
        let parts = templates::parts(document, text, value.span(), names);
        self.bytes = self
            .bytes
            .saturating_add(most_bytes(&parts, &self.drawn_bytes));
        for part in &parts {
            if let Part::Made(Generator::Sum(sum)) = part {
                self.sums.push((sum.clone(), value.span().start));
            }
        }
        parts
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
                let nodes = elements.iter();
                let nodes = nodes.filter_map(|element| self.element(document, element, depth + 1));
                Some(Node::Array(nodes.collect()))
            }
            DeValue::Table(members) => {
                if let Some((name, _)) = members.get_key_value(REPEAT) {
                    let says =
                        "`$repeat` is for elements of a list: [{ \"$repeat\" = \"1..3\", … }]";
                    document.mistake(name.span().start, says);
                }
                Some(self.object(document, members, depth))
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
        let node = match members.get(OF) {
            None => self.object(document, members, depth),
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
        Some(Node::Several {
            least,
            most,
            node: Box::new(node),
        })
    }

    fn object(&mut self, document: &mut Document<'_>, members: &DeTable<'_>, depth: usize) -> Node {
        let mut members: Vec<_> = members.iter().collect();
        members.sort_by_key(|(name, _)| name.span().start);
        let members = members
            .into_iter()
            .filter(|(name, _)| &**name.get_ref() != REPEAT);
        let nodes = members.filter_map(|(name, member)| {
            let name: &str = name.get_ref().as_ref();
            self.bytes = self.bytes.saturating_add(name.len() + 4);
            Some((name.to_owned(), self.node(document, member, depth + 1)?))
        });
        Node::Object(nodes.collect())
    }
}
