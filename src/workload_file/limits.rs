//! Whether a target takes the bodies of a workload, as far as its own description (OpenAPI) tells: what is
//! required, types, lengths, spans, choices. Bodies are held to it before anything of them is made.

use super::facts::{Fact, literal, literal_text, made};
use crate::plan::Suggestion;
use crate::workload_file::model::definitions::{Body, BodyKind, Node, Operation};
use crate::workload_file::model::texts::Part;
use serde_json::Value;

/// Deepest nesting of a description that is followed.
const DEEPEST: usize = 32;
/// Complaints about one operation, at most.
const MOST_COMPLAINTS: usize = 10;

/// A target's description of itself.
#[derive(Clone, Debug)]
pub struct Description(Value);

impl Description {
    /// Reads a description in JSON.
    ///
    /// # Errors
    /// When it is none: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("this is no OpenAPI description in JSON: {error}"))?;
        match value.get("paths") {
            Some(Value::Object(_)) => Ok(Self(value)),
            _ => Err("this is no OpenAPI description: it has no `paths`".to_owned()),
        }
    }

    /// What it would refuse of the requests of `operation` with this body, for which `draws` are drawn; each
    /// with its place.
    #[must_use]
    pub fn complaints(
        &self,
        operation: &Operation,
        body: Option<&Body>,
        draws: &[Vec<Part>],
    ) -> Vec<String> {
        let Some((path, described)) = self.described(operation) else {
            return Vec::new();
        };
        let request = self.resolved(&described["requestBody"]);
        let mut complaints = Vec::new();
        match body.map(|body| &body.kind) {
            None if request["required"] == true => {
                complaints.push("the body is missing, which is required".to_owned());
            }
            Some(BodyKind::Json(node)) => {
                let schema = &request["content"]["application/json"]["schema"];
                if schema.is_object() {
                    let looked = Looked {
                        description: self,
                        draws,
                    };
                    looked.at(node, schema, "", 0, &mut complaints);
                }
            }
            _ => {}
        }
        complaints.truncate(MOST_COMPLAINTS);
        let of = format!("{} {path}", operation.method.word());
        let complaints = complaints.into_iter();
        complaints
            .map(|it| format!("the target refuses {of}: {it}"))
            .collect()
    }

    /// The path that is described and fits, and what is said of the method there.
    fn described(&self, operation: &Operation) -> Option<(&str, &Value)> {
        let asked = operation.shown_path.split('?').next().unwrap_or_default();
        let paths = self.0["paths"].as_object()?;
        let method = operation.method.word().to_lowercase();
        let fitting = paths.iter().filter(|(path, _)| fits(path, asked));
        let described = fitting.filter_map(|(path, it)| Some((path.as_str(), it.get(&method)?)));
        // The one with the fewest placeholders says most.
        described.min_by_key(|(path, _)| path.matches('{').count())
    }

    /// What a reference leads to.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        for _ in 0..DEEPEST {
            let pointer = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
            match pointer.and_then(|pointer| self.0.pointer(pointer)) {
                Some(inner) => schema = inner,
                None => break,
            }
        }
        schema
    }
}

/// Whether a path that is asked for is of the described one.
fn fits(described: &str, asked: &str) -> bool {
    let [mut described, mut asked] = [described, asked].map(|path| path.split('/'));
    loop {
        match (described.next(), asked.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other || one.contains('{') && !other.is_empty() => {}
            _ => return false,
        }
    }
}

/// A body that is looked at.
struct Looked<'l> {
    description: &'l Description,
    draws: &'l [Vec<Part>],
}

impl Looked<'_> {
    fn at(&self, node: &Node, schema: &Value, place: &str, depth: usize, out: &mut Vec<String>) {
        if depth > DEEPEST || out.len() >= MOST_COMPLAINTS {
            return;
        }
        let schema = self.description.resolved(schema);
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.at(node, all, place, depth + 1, out);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(ways) = schema[key].as_array() else {
                continue;
            };
            let mut first: Option<Vec<String>> = None;
            let mut is_taken = false;
            for way in ways {
                let mut complaints = Vec::new();
                self.at(node, way, place, depth + 1, &mut complaints);
                is_taken |= complaints.is_empty();
                let is_null = self.description.resolved(way)["type"] == "null";
                if !is_null && first.is_none() {
                    first = Some(complaints);
                }
            }
            if !is_taken {
                out.extend(first.unwrap_or_default());
            }
        }
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
            Node::Repeated { element, .. } => self.at(element, schema, place, depth + 1, out),
            Node::Either { with, without, .. } => {
                self.at(with, schema, place, depth + 1, out);
                self.at(without, schema, place, depth + 1, out);
            }
            Node::Literal(json) => complain(&literal(json), schema, place, out),
            Node::Text(parts) => complain(&self.text(parts), schema, place, out),
        }
    }

    fn object(
        &self,
        members: &[(String, Node)],
        schema: &Value,
        place: &str,
        depth: usize,
        out: &mut Vec<String>,
    ) {
        if !is_allowed(schema, "object") {
            out.push(wrong_type(place, "an object", schema));
            return;
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if members.iter().all(|(known, _)| known != name) {
                out.push(format!("{place}/{name} is missing, which is required"));
            }
        }
        let properties = schema["properties"].as_object();
        for (name, member) in members {
            let inner = format!("{place}/{name}");
            match properties.and_then(|known| known.get(name)) {
                Some(schema) => self.at(member, schema, &inner, depth + 1, out),
                None if schema["additionalProperties"] == false => {
                    let known = properties.into_iter().flat_map(|known| known.keys());
                    let suggestion = Suggestion::for_word(name, known.map(String::as_str));
                    out.push(format!("{inner} is not known there{suggestion}"));
                }
                None if schema["additionalProperties"].is_object() => {
                    self.at(
                        member,
                        &schema["additionalProperties"],
                        &inner,
                        depth + 1,
                        out,
                    );
                }
                None => {}
            }
        }
    }

    fn array(
        &self,
        elements: &[&Node],
        (least, most): (u64, u64),
        schema: &Value,
        (place, depth): (&str, usize),
        out: &mut Vec<String>,
    ) {
        if !is_allowed(schema, "array") {
            out.push(wrong_type(place, "a list", schema));
            return;
        }
        if let Some(wanted) = schema["minItems"].as_u64().filter(|it| least < *it) {
            out.push(format!(
                "{place} may have {least} elements, and {wanted} is the least"
            ));
        }
        if let Some(wanted) = schema["maxItems"].as_u64().filter(|it| most > *it) {
            out.push(format!(
                "{place} may have {most} elements, and {wanted} is the most"
            ));
        }
        if schema["items"].is_object() {
            for element in elements {
                self.at(
                    element,
                    &schema["items"],
                    &format!("{place}/*"),
                    depth + 1,
                    out,
                );
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

/// Whether a schema takes values of this type.
fn is_allowed(schema: &Value, wanted: &str) -> bool {
    let is_it = |name: &str| name == wanted || name == "number" && wanted == "integer";
    match &schema["type"] {
        Value::String(name) => is_it(name) || wanted == "null" && schema["nullable"] == true,
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_it),
        _ => true,
    }
}

fn wrong_type(place: &str, is: &str, schema: &Value) -> String {
    let place = if place.is_empty() { "the body" } else { place };
    format!("{place} is {is}, and has to be of type {}", schema["type"])
}

/// Says what of `schema` a value may not hold to.
fn complain(fact: &Fact, schema: &Value, place: &str, out: &mut Vec<String>) {
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
    let allowed = schema["enum"].as_array().map(Vec::as_slice).or(one);
    match fact {
        Fact::Text {
            least,
            most,
            choices,
        } => {
            for choice in choices.iter().flatten() {
                if allowed.is_some_and(|known| !known.iter().any(|it| it == choice.as_str())) {
                    let known = allowed.into_iter().flatten().filter_map(Value::as_str);
                    let suggestion = Suggestion::for_word(choice, known);
                    out.push(format!(
                        "{place} may be `{choice}`, which is none of its values{suggestion}"
                    ));
                }
            }
            let length = |key: &str| schema[key].as_u64().map(|it| it as usize);
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
                && !allowed.iter().any(|it| it.as_f64() == Some(*least))
            {
                out.push(format!("{place} is {least}, which is none of its values"));
            }
            let limit = |key: &str| schema[key].as_f64();
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
mod tests {
    use super::Description;
    use crate::workload_file::read;
    use serde_json::json;

    /// What is said of a body that is written so.
    fn said(body: &str) -> Vec<String> {
        let description = json!({
            "paths": { "/orders/{id}": { "post": { "requestBody": { "required": true, "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Order" } }
            } } } } },
            "components": { "schemas": { "Order": {
                "type": "object", "required": ["name", "lines"], "additionalProperties": false,
                "properties": {
                    "name": { "type": "string", "minLength": 2, "maxLength": 5 },
                    "kind": { "enum": ["card", "wallet"] },
                    "n": { "type": "integer", "minimum": 1, "exclusiveMaximum": 10 },
                    "price": { "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "null" }] },
                    "lines": { "type": "array", "minItems": 1, "maxItems": 3,
                        "items": { "type": ["string", "integer"] } }
                }
            } } }
        });
        let description = Description::parse(&description.to_string()).unwrap();
        let text = format!(
            "name = \"x\"\n[operations.a]\nrequest = \"POST /orders/{{$int 1..9}}?x=1\"\n{body}\n[journeys.j]\nsteps = \
             [\"a\"]"
        );
        let model = read(&text, "x.toml").unwrap();
        let operation = &model.operations[0];
        let body = operation.body.map(|body| &model.bodies[usize::from(body)]);
        let draws = body.map_or_else(Vec::new, |body| model.draws_of(body));
        description.complaints(operation, body, &draws)
    }

    #[test]
    fn what_the_target_takes_is_no_complaint() {
        for body in [
            r#"json = { name = "abc", lines = [1, "a"] }"#,
            r#"json = { name = "{$digits 5}", lines = [{ "$repeat" = "1..3", "$of" = "{$word}" }], n = "{$int 1..9}" }"#,
            r#"json = { name = "{$choice ab|abc}", lines = ["x"], kind = "{$choice card|wallet}", price = "{$price 1..9}" }"#,
            r#"json = { name = "ab", lines = [1], price = 0.5 }"#,
        ] {
            assert_eq!(said(body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn what_the_target_would_refuse_is_told_with_its_place() {
        for (body, says) in [
            ("", "the body is missing"),
            (
                r#"json = { lines = [1] }"#,
                "/name is missing, which is required",
            ),
            (
                r#"json = { name = "a", lines = [1] }"#,
                "/name may have 1 characters, and 2 is the least",
            ),
            (
                r#"json = { name = "{$uuid}", lines = [1] }"#,
                "/name may have 36 characters, and 5 is the most",
            ),
            (
                r#"json = { name = "n{$digits 5}", lines = [1] }"#,
                "/name may have 6 characters",
            ),
            (
                r#"json = { name = 7, lines = [1] }"#,
                "/name is a whole number",
            ),
            (
                r#"json = { name = "ab", lines = [] }"#,
                "/lines may have 0 elements, and 1 is the least",
            ),
            (
                r#"json = { name = "ab", lines = [{ "$repeat" = "1..4", "$of" = 1 }] }"#,
                "may have 4 elements, and 3",
            ),
            (
                r#"json = { name = "ab", lines = [1.5] }"#,
                "/lines/* is a number with digits",
            ),
            (
                r#"json = { name = "ab", lines = 1 }"#,
                "/lines is a whole number",
            ),
            (
                r#"json = { name = "ab", lines = [1], n = "{$int 0..5}" }"#,
                "/n may be 0, and 1 is the least",
            ),
            (
                r#"json = { name = "ab", lines = [1], n = "{$int 1..10}" }"#,
                "/n may be 10, and has to be below 10",
            ),
            (
                r#"json = { name = "ab", lines = [1], n = "{$decimal 1..2}" }"#,
                "/n is a number with digits",
            ),
            (
                r#"json = { name = "ab", lines = [1], kind = "{$choice card|walet}" }"#,
                "did you mean `wallet`?",
            ),
            (
                r#"json = { name = "ab", lines = [1], price = 0 }"#,
                "/price may be 0, and has to be above 0",
            ),
            (
                r#"json = { name = "ab", lines = [1], nmae = 1 }"#,
                "/nmae is not known there",
            ),
            (r#"json = [1]"#, "the body is a list"),
        ] {
            let complaints = said(body);
            assert_eq!(complaints.len(), 1, "{body}: {complaints:?}");
            assert!(complaints[0].contains(says), "{body}: {complaints:?}");
            assert!(complaints[0].starts_with("the target refuses POST /orders/{id}: "));
        }
    }

    #[test]
    fn what_is_no_description_is_told() {
        for text in ["", "{}", "[]", "{\"paths\": 1}"] {
            assert!(
                Description::parse(text)
                    .unwrap_err()
                    .contains("no OpenAPI description")
            );
        }
    }
}
