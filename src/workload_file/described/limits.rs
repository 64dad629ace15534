//! Whether a target takes what a workload sends, as far as its own description (OpenAPI) tells: operations,
//! what is required, types, lengths, spans, choices. Bodies are held to it before anything of them is made.

use super::facts::{Fact, literal, literal_text, made};
use super::ordered::Json;
use super::schemas::Schemas;
use super::written;
use crate::plan::Suggestion;
use crate::workload_file::model::definitions::{Body, BodyKind, Node, Operation};
use crate::workload_file::model::texts::Part;
use std::cell::Cell;

/// Kinds within kinds that are followed in one place.
const DEEPEST: usize = 32;
/// Complaints about one operation, at most.
const MOST_COMPLAINTS: usize = 10;
/// Schemas that are looked at for one body, at most: kinds of kinds would grow without end.
const MOST_LOOKS: u32 = 20_000;
/// Paths of a description, at most.
const MOST_PATHS: usize = 5_000;
/// Stands for anything in a segment.
const ANYTHING: char = '\u{1}';

/// A target's description of itself.
#[derive(Clone, Debug)]
pub struct Description {
    root: Json,
    /// The path that all others are below, by the description.
    below: String,
    /// Segments of each path.
    paths: Vec<Vec<String>>,
}

impl Description {
    /// Reads a description in JSON or YAML.
    ///
    /// # Errors
    /// When it is none, or is too large: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = written::read(text)
            .map_err(|error| format!("this is no OpenAPI description: {error}"))?;
        let Some(Json::Object(paths)) = root.get("paths") else {
            return Err("this is no OpenAPI description: it has no `paths`".to_owned());
        };
        if paths.len() > MOST_PATHS {
            return Err(format!("this description has more than {MOST_PATHS} paths"));
        }
        let paths = paths.iter().map(|(path, _)| segments(path)).collect();
        let below = root.at("/servers/0/url").and_then(Json::as_text);
        let below = below
            .or_else(|| root.text_of("basePath"))
            .unwrap_or_default();
        let below = match below.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
            None => below,
        };
        Ok(Self {
            below: below.trim_end_matches('/').to_owned(),
            paths,
            root,
        })
    }

    /// Whether it has `operation`, called below `base_path`. What goes to a place that a reply gives is
    /// taken for known.
    #[must_use]
    pub fn has(&self, operation: &Operation, base_path: &str) -> bool {
        !matches!(operation.path.first(), Some(Part::Text(_)))
            || self.found(operation, base_path).next().is_some()
    }

    /// What it would refuse of the requests of `operation`, called below `base_path`, with this body, for
    /// which `draws` are drawn; each with its place.
    #[must_use]
    pub fn complaints(
        &self,
        operation: &Operation,
        base_path: &str,
        body: Option<&Body>,
        draws: &[Vec<Part>],
    ) -> Vec<String> {
        // The one with the fewest placeholders says most; another than the one that is meant says nothing.
        let found = self.found(operation, base_path);
        let found = found.filter(|found| !found.is_by_chance);
        let Some(found) = found.min_by_key(|found| found.placeholders) else {
            return Vec::new();
        };
        let schemas = Schemas { root: &self.root };
        let request = found.operation.get("requestBody");
        let request = request.map(|request| schemas.meant(request));
        let mut complaints = Vec::new();
        match body.map(|body| &body.kind) {
            None if request.is_some_and(|request| request.is_true("required")) => {
                complaints.push("the body is missing, which is required".to_owned());
            }
            Some(BodyKind::Json(node)) => {
                let place = "/content/application~1json/schema";
                let schema = request.and_then(|request| request.at(place));
                if let Some(schema @ Json::Object(_)) = schema {
                    let looked = Looked {
                        schemas,
                        draws,
                        looks: Cell::new(0),
                    };
                    looked.at(node, schema, "", 0, &mut complaints);
                }
            }
            _ => {}
        }
        complaints.truncate(MOST_COMPLAINTS);
        let of = format!("{} {}", operation.method.word(), found.path);
        let complaints = complaints.into_iter();
        complaints
            .map(|it| format!("the target refuses {of}: {it}"))
            .collect()
    }

    /// Where `operation` is described, perhaps.
    fn found<'d>(
        &'d self,
        operation: &Operation,
        base_path: &str,
    ) -> impl Iterator<Item = Found<'d>> + use<'d> {
        let parts = operation.path.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            _ => ANYTHING.to_string(),
        });
        let called: String = parts.collect();
        let called = called.split('?').next().unwrap_or_default();
        let mut ways = vec![segments(called), segments(&format!("{base_path}{called}"))];
        ways.extend(called.strip_prefix(&self.below).map(segments));
        let method = operation.method.word().to_lowercase();
        let described = self.root.members_of("paths").iter().zip(&self.paths);
        described.filter_map(move |((path, item), segments)| {
            let mut ways = ways.iter();
            let way = ways.find(|called| is_same(called, segments))?;
            let item = Schemas { root: &self.root }.meant(item);
            let mut pairs = way.iter().zip(segments);
            Some(Found {
                path,
                operation: item.get(&method)?,
                placeholders: segments.iter().filter(|it| it.contains('{')).count(),
                is_by_chance: pairs.any(|(called, described)| {
                    called.contains(ANYTHING) && !described.contains('{')
                }),
            })
        })
    }
}

/// A place of a description.
struct Found<'d> {
    path: &'d str,
    operation: &'d Json,
    placeholders: usize,
    /// Whether it is the one only where a value happens to be what is written there.
    is_by_chance: bool,
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Whether a path that is called may be a described one: a parameter is anything but nothing, and so is what
/// is put in.
fn is_same(called: &[String], described: &[String]) -> bool {
    let fits = |(called, described): (&String, &String)| {
        called == described
            || described.contains('{') && !called.is_empty()
            || called.contains(ANYTHING)
    };
    called.len() == described.len() && called.iter().zip(described).all(fits)
}

/// A body that is looked at.
struct Looked<'l> {
    schemas: Schemas<'l>,
    draws: &'l [Vec<Part>],
    looks: Cell<u32>,
}

impl<'l> Looked<'l> {
    fn at(&self, node: &Node, schema: &'l Json, place: &str, depth: usize, out: &mut Vec<String>) {
        self.looks.set(self.looks.get() + 1);
        if depth > DEEPEST || out.len() >= MOST_COMPLAINTS || self.looks.get() > MOST_LOOKS {
            return;
        }
        // What leads nowhere, or to itself, says nothing.
        let Ok(said) = self.schemas.said(schema, &mut Vec::new()) else {
            return;
        };
        for kinds in &said.choices {
            let mut first: Option<Vec<String>> = None;
            let mut is_taken = false;
            for kind in *kinds {
                let mut complaints = Vec::new();
                self.at(node, kind, place, depth + 1, &mut complaints);
                is_taken |= complaints.is_empty();
                let is_null = self.schemas.meant(kind).text_of("type") == Some("null");
                if !is_null && first.is_none() {
                    first = Some(complaints);
                }
            }
            if !is_taken {
                out.extend(first.unwrap_or_default());
            }
        }
        for part in said.parts {
            self.part(node, part, place, depth, out);
        }
    }

    /// The same of one schema alone.
    fn part(
        &self,
        node: &Node,
        schema: &'l Json,
        place: &str,
        depth: usize,
        out: &mut Vec<String>,
    ) {
        match node {
            Node::Object(members) => self.object(members, schema, place, depth, out),
            Node::Array(elements) => {
                let (mut least, mut most) = (0, 0);
                let elements = elements.iter().map(|element| {
                    let (fewest, many, element) = match element {
                        Node::Repeated {
                            least,
                            most,
                            element,
                        } => (*least, *most, &**element),
                        element => (1, 1, element),
                    };
                    (least, most) = (least + u64::from(fewest), most + u64::from(many));
                    element
                });
                let elements: Vec<&Node> = elements.collect();
                self.array(&elements, (least, most), schema, (place, depth), out);
            }
            Node::Several {
                least,
                most,
                element,
            } => {
                let counts = (u64::from(*least), u64::from(*most));
                self.array(&[element], counts, schema, (place, depth), out);
            }
            // Only arrays have several.
            Node::Repeated { element, .. } => self.part(element, schema, place, depth, out),
            Node::Either { with, without, .. } => {
                self.part(with, schema, place, depth, out);
                self.part(without, schema, place, depth, out);
            }
            Node::Literal(json) => complain(&literal(json), schema, place, out),
            Node::Text(parts) => complain(&self.text(parts), schema, place, out),
        }
    }

    fn object(
        &self,
        members: &[(String, Node)],
        schema: &'l Json,
        place: &str,
        depth: usize,
        out: &mut Vec<String>,
    ) {
        if !is_allowed(schema, "object") {
            out.push(wrong_type(place, "an object", schema));
            return;
        }
        let required = schema.elements_of("required").iter();
        for name in required.filter_map(Json::as_text) {
            if members.iter().all(|(known, _)| known != name) {
                out.push(format!("{place}/{name} is missing, which is required"));
            }
        }
        let known = schema.members_of("properties");
        let others = schema.get("additionalProperties");
        for (name, member) in members {
            let inner = format!("{place}/{name}");
            let found = known.iter().find(|(known, _)| known == name);
            match (found.map(|(_, schema)| schema), others) {
                (Some(schema), _) | (None, Some(schema @ Json::Object(_))) => {
                    self.at(member, schema, &inner, depth + 1, out);
                }
                (None, Some(Json::Switch(false))) => {
                    let known = known.iter().map(|(name, _)| name.as_str());
                    let suggestion = Suggestion::for_word(name, known);
                    out.push(format!("{inner} is not known there{suggestion}"));
                }
                _ => {}
            }
        }
    }

    fn array(
        &self,
        elements: &[&Node],
        (least, most): (u64, u64),
        schema: &'l Json,
        (place, depth): (&str, usize),
        out: &mut Vec<String>,
    ) {
        if !is_allowed(schema, "array") {
            out.push(wrong_type(place, "a list", schema));
            return;
        }
        if let Some(wanted) = whole(schema, "minItems").filter(|it| least < *it) {
            out.push(format!(
                "{place} may have {least} elements, and {wanted} is the least"
            ));
        }
        if let Some(wanted) = whole(schema, "maxItems").filter(|it| most > *it) {
            out.push(format!(
                "{place} may have {most} elements, and {wanted} is the most"
            ));
        }
        if let Some(items @ Json::Object(_)) = schema.get("items") {
            for element in elements {
                self.at(element, items, &format!("{place}/*"), depth + 1, out);
            }
        }
    }

    fn text(&self, parts: &[Part]) -> Fact {
        match parts {
            [Part::Value(_)] => Fact::Unknown,
            [Part::Drawn(position)] => match self.draws.get(usize::from(*position)) {
                Some(parts) => self.text(parts),
                None => Fact::Unknown,
            },
            [Part::Made(generator)] => made(generator),
            // They depend on what is drawn.
            [Part::Sum(_) | Part::Handle(_)] => Fact::Unknown,
            [Part::Text(text)] => literal_text(text),
            _ => self.texts(parts),
        }
    }

    /// What is known of a text of several parts.
    fn texts(&self, parts: &[Part]) -> Fact {
        let (mut shortest, mut longest) = (0, Some(0));
        for part in parts {
            let (least, most) = match part {
                Part::Text(text) => (text.chars().count(), Some(text.chars().count())),
                part => match self.text(std::slice::from_ref(part)) {
                    Fact::Text { least, most, .. } => (least, most),
                    _ => (0, None),
                },
            };
            shortest += least;
            longest = longest.zip(most).map(|(all, most)| all + most);
        }
        Fact::Text {
            least: shortest,
            most: longest,
            choices: None,
        }
    }
}

/// The whole number that is said under `keyword`.
fn whole(schema: &Json, keyword: &str) -> Option<u64> {
    let number = schema.number_of(keyword)?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}

/// Whether a schema takes values of this type.
fn is_allowed(schema: &Json, wanted: &str) -> bool {
    let is_it = |name: &str| name == wanted || name == "number" && wanted == "integer";
    match schema.get("type") {
        Some(Json::Text(name)) => is_it(name) || wanted == "null" && schema.is_true("nullable"),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_text).any(is_it),
        _ => true,
    }
}

fn wrong_type(place: &str, is: &str, schema: &Json) -> String {
    let place = if place.is_empty() { "the body" } else { place };
    let types = match schema.get("type") {
        Some(Json::Text(name)) => name.clone(),
        _ => {
            let names = schema.elements_of("type").iter();
            let names: Vec<&str> = names.filter_map(Json::as_text).collect();
            names.join(" or ")
        }
    };
    format!("{place} is {is}, and has to be of type {types}")
}

/// Says what of `schema` a value may not hold to.
fn complain(fact: &Fact, schema: &Json, place: &str, out: &mut Vec<String>) {
    let (kind, shown) = match fact {
        Fact::Unknown => return,
        Fact::Text { .. } => ("string", "a text"),
        Fact::Number { is_whole: true, .. } => ("integer", "a whole number"),
        Fact::Number { .. } => ("number", "a number with digits behind the point"),
        Fact::Boolean => ("boolean", "true or false"),
        Fact::Null => ("null", "null"),
    };
    if !is_allowed(schema, kind) {
        out.push(wrong_type(place, shown, schema));
        return;
    }
    let one = schema.get("const").map(std::slice::from_ref);
    let several = match schema.get("enum") {
        Some(Json::Array(values)) => Some(&values[..]),
        _ => None,
    };
    let allowed = several.or(one);
    match fact {
        Fact::Text {
            least,
            most,
            choices,
        } => {
            for choice in choices.iter().flatten() {
                if allowed.is_some_and(|known| !known.iter().any(|it| it.as_text() == Some(choice)))
                {
                    let known = allowed.into_iter().flatten().filter_map(Json::as_text);
                    let suggestion = Suggestion::for_word(choice, known);
                    out.push(format!(
                        "{place} may be `{choice}`, which is none of its values{suggestion}"
                    ));
                }
            }
            let length = |key: &str| whole(schema, key).map(|it| it as usize);
            if let (Some(wanted), Some(_)) = (length("minLength").filter(|it| least < it), most) {
                out.push(format!(
                    "{place} may have {least} characters, and {wanted} is the least"
                ));
            }
            if let (Some(wanted), Some(most)) = (length("maxLength"), most)
                && *most > wanted
            {
                out.push(format!(
                    "{place} may have {most} characters, and {wanted} is the most"
                ));
            }
        }
        Fact::Number { least, most, .. } => {
            if let Some(allowed) = allowed
                && least == most
                && !allowed.iter().any(|it| it.as_number() == Some(*least))
            {
                out.push(format!("{place} is {least}, which is none of its values"));
            }
            let limit = |key: &str| schema.number_of(key);
            if let Some(limit) = limit("minimum").filter(|limit| least < limit) {
                out.push(format!("{place} may be {least}, and {limit} is the least"));
            }
            if let Some(limit) = limit("maximum").filter(|limit| most > limit) {
                out.push(format!("{place} may be {most}, and {limit} is the most"));
            }
            if let Some(limit) = limit("exclusiveMinimum").filter(|limit| least <= limit) {
                out.push(format!(
                    "{place} may be {least}, and has to be above {limit}"
                ));
            }
            if let Some(limit) = limit("exclusiveMaximum").filter(|limit| most >= limit) {
                out.push(format!(
                    "{place} may be {most}, and has to be below {limit}"
                ));
            }
        }
        Fact::Boolean | Fact::Null | Fact::Unknown => {}
    }
}

#[cfg(test)]
mod tests;
