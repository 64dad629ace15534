//! Bodies as files have them.

use super::document::{At, Document, Table};
use super::model::{Body, BodyKind, Node, Part};
use super::sections::texts;
use super::templates::{self, Names, most_bytes};
use toml::de::DeValue;

/// Largest body, in bytes, as far as can be told beforehand.
const MOST_BODY_BYTES: usize = 1 << 20;
/// Deepest nesting of a body.
const DEEPEST: usize = 32;
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
    };
    if let Some(draw) = draw {
        reader.read_draws(document, draw);
    }
    let value = table.get(kind)?;
    let read = match kind {
        "json" => BodyKind::Json(reader.node(document, value, 0)?),
        "form" => {
            let fields = texts(document, value, "form");
            let fields = fields.into_iter().map(|(name, _, value, text)| {
                let parts = reader.parts(document, &text, value);
                (name.to_owned(), parts)
            });
            BodyKind::Form(fields.collect())
        }
        _ => {
            let text = document.text(value, "text", "\"a,b\"")?;
            BodyKind::Text(reader.parts(document, text, value))
        }
    };
    if reader.bytes > MOST_BODY_BYTES {
        let says = format!(
            "this body may get longer than {} MiB",
            MOST_BODY_BYTES >> 20
        );
        document.mistake(table.offset_of(kind), says);
    }
    document.count_body(table.offset_of(kind), reader.bytes);
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
                let nodes = nodes.filter_map(|element| self.node(document, element, depth + 1));
                Some(Node::Array(nodes.collect()))
            }
            DeValue::Table(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| name.span().start);
                let nodes = members.into_iter().filter_map(|(name, member)| {
                    let name: &str = name.get_ref().as_ref();
                    self.bytes = self.bytes.saturating_add(name.len() + 4);
                    Some((name.to_owned(), self.node(document, member, depth + 1)?))
                });
                Some(Node::Object(nodes.collect()))
            }
        }
    }
}
