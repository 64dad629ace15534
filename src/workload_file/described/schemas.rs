//! Schemas of a description, as far as they say what a value has to be: references followed, what holds
//! together put together, one of several kinds chosen.

use super::ordered::Json;

/// References, and kinds within kinds, that are followed in one place.
const DEEPEST: usize = 24;
/// Schemas that hold together of one value, at most.
const MOST_PARTS: usize = 64;
/// Members of one object that are looked at.
const MOST_MEMBERS: usize = 500;

/// Where references lead.
#[derive(Clone, Copy)]
pub struct Schemas<'a> {
    /// The whole description.
    pub root: &'a Json,
}

/// Why a schema says nothing that could be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// It holds itself, again and again.
    Endless,
    /// It leads nowhere, or says what no value meets.
    Nothing(String),
}

/// What a schema says before anything is chosen.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    /// What holds together: the schema, what it refers to, and what it has under `allOf`.
    pub parts: Vec<&'a Json>,
    /// Kinds of which one has to hold, for each place that names some.
    pub choices: Vec<&'a [Json]>,
}

/// What holds of one value: all of these schemas together.
#[derive(Clone, Debug, Default)]
pub struct Shape<'a> {
    parts: Vec<&'a Json>,
    /// References that lead here, those of outer values first.
    pub way: Vec<&'a str>,
}

impl<'a> Schemas<'a> {
    /// What `schema` says; `way` are the references that lead to it.
    ///
    /// # Errors
    /// When it leads nowhere, or to itself.
    pub fn shape(&self, schema: &'a Json, way: &[&'a str]) -> Result<Shape<'a>, Unmet> {
        let mut shape = Shape {
            parts: Vec::new(),
            way: way.to_vec(),
        };
        self.add(schema, &mut shape, 0)?;
        Ok(shape)
    }

    /// What holds of a value of `schema` whatever it is, and what it may be one of. References that are
    /// followed are added to `way`.
    ///
    /// # Errors
    /// When it leads nowhere, or to itself.
    pub fn said(&self, schema: &'a Json, way: &mut Vec<&'a str>) -> Result<Said<'a>, Unmet> {
        let mut said = Said::default();
        self.gather(schema, &mut said, way, 0)?;
        Ok(said)
    }

    fn gather(
        &self,
        schema: &'a Json,
        said: &mut Said<'a>,
        way: &mut Vec<&'a str>,
        depth: usize,
    ) -> Result<(), Unmet> {
        if depth > DEEPEST || said.parts.len() >= MOST_PARTS {
            return Err(Unmet::Endless);
        }
        if let Some(reference) = schema.text_of("$ref") {
            if way.contains(&reference) || way.len() >= DEEPEST {
                return Err(Unmet::Endless);
            }
            way.push(reference);
            self.gather(self.follow(reference)?, said, way, depth + 1)?;
        }
        said.parts.push(schema);
        for part in schema.elements_of("allOf") {
            self.gather(part, said, way, depth + 1)?;
        }
        for several in ["oneOf", "anyOf"] {
            let kinds = schema.elements_of(several);
            if !kinds.is_empty() {
                said.choices.push(kinds);
            }
        }
        Ok(())
    }

    fn add(&self, schema: &'a Json, shape: &mut Shape<'a>, depth: usize) -> Result<(), Unmet> {
        if depth > DEEPEST || shape.parts.len() >= MOST_PARTS {
            return Err(Unmet::Endless);
        }
        let said = self.said(schema, &mut shape.way)?;
        shape.parts.extend(said.parts);
        for kinds in said.choices {
            let mut why = Unmet::Nothing("one of several kinds is nothing but null".to_owned());
            let mut is_chosen = false;
            for kind in kinds.iter().filter(|kind| !is_null(kind)) {
                let mut with = shape.clone();
                match self.add(kind, &mut with, depth + 1) {
                    Ok(()) => {
                        *shape = with;
                        is_chosen = true;
                        break;
                    }
                    Err(error) => why = error,
                }
            }
            if !is_chosen {
                return Err(why);
            }
        }
        Ok(())
    }

    /// What `reference` leads to within the description.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn follow(&self, reference: &str) -> Result<&'a Json, Unmet> {
        let pointer = reference.strip_prefix('#').map(decoded);
        let found = pointer.as_deref().and_then(|pointer| self.root.at(pointer));
        found.ok_or_else(|| Unmet::Nothing(format!("{reference} leads nowhere")))
    }

    /// `value`, or what it refers to.
    #[must_use]
    pub fn meant(&self, value: &'a Json) -> &'a Json {
        let mut value = value;
        for _ in 0..DEEPEST {
            match value.text_of("$ref").map(|it| self.follow(it)) {
                Some(Ok(followed)) => value = followed,
                _ => break,
            }
        }
        value
    }
}

/// `text` without percent signs before two digits, where that is a text.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn is_null(schema: &Json) -> bool {
    let is_type = schema.text_of("type") == Some("null");
    is_type
        || schema.get("const") == Some(&Json::Null)
        || schema.elements_of("enum") == [Json::Null]
}

impl<'a> Shape<'a> {
    /// What the first schema that has it says under `keyword`.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&'a Json> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }

    /// The text under `keyword`.
    #[must_use]
    pub fn text(&self, keyword: &str) -> Option<&'a str> {
        self.get(keyword)?.as_text()
    }

    /// The largest number that any schema has under `keyword`.
    #[must_use]
    pub fn largest(&self, keyword: &str) -> Option<f64> {
        let numbers = self.parts.iter().filter_map(|part| part.number_of(keyword));
        numbers.max_by(f64::total_cmp)
    }

    /// The smallest number that any schema has under `keyword`.
    #[must_use]
    pub fn smallest(&self, keyword: &str) -> Option<f64> {
        let numbers = self.parts.iter().filter_map(|part| part.number_of(keyword));
        numbers.min_by(f64::total_cmp)
    }

    /// Whether any schema says that `keyword` is so.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.parts.iter().any(|part| part.is_true(keyword))
    }

    /// The members that an object may have, each with whether it must.
    #[must_use]
    pub fn members(&self) -> Vec<(&'a str, &'a Json, bool)> {
        let mut members: Vec<(&str, &Json, bool)> = Vec::new();
        for part in &self.parts {
            for (name, schema) in part.members_of("properties").iter().take(MOST_MEMBERS) {
                if members.len() < MOST_MEMBERS && !members.iter().any(|(known, ..)| known == name)
                {
                    members.push((name, schema, false));
                }
            }
        }
        let required = self.required();
        for (name, _, must) in &mut members {
            *must = required.contains(name);
        }
        members
    }

    /// The names of the members that an object must have.
    #[must_use]
    pub fn required(&self) -> Vec<&'a str> {
        let lists = self
            .parts
            .iter()
            .flat_map(|part| part.elements_of("required"));
        lists.filter_map(Json::as_text).take(MOST_MEMBERS).collect()
    }

    /// The kind of value: the first that is not null, said or told by what else is said.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        for part in &self.parts {
            match part.get("type") {
                Some(Json::Text(kind)) if kind != "null" => return kind,
                Some(Json::Array(kinds)) => {
                    let mut kinds = kinds.iter().filter_map(Json::as_text);
                    if let Some(kind) = kinds.find(|kind| *kind != "null") {
                        return kind;
                    }
                }
                _ => {}
            }
        }
        let has = |keywords: &[&str]| keywords.iter().any(|it| self.get(it).is_some());
        if has(&["properties", "additionalProperties", "required"]) {
            "object"
        } else if has(&["items", "minItems", "maxItems"]) {
            "array"
        } else if has(&["minimum", "maximum", "multipleOf", "exclusiveMinimum"]) {
            "number"
        } else {
            "string"
        }
    }

    /// A value that the description shows.
    #[must_use]
    pub fn example(&self) -> Option<&'a Json> {
        let of = |part: &&'a Json| {
            let examples = part.get("examples").map(|examples| match examples {
                Json::Array(elements) => elements.first(),
                other => Some(other),
            });
            examples.flatten().or_else(|| part.get("example"))
        };
        self.parts
            .iter()
            .find_map(of)
            .or_else(|| self.get("default"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_together_is_put_together_and_null_is_not_chosen() {
        let root = Json::parse(
            r##"{"a":{"allOf":[{"$ref":"#/b~1c"},{"required":["y"],"properties":{"y":{"type":["null","integer"]}}}]},
                "b/c":{"type":"object","properties":{"x":{"anyOf":[{"type":"null"},{"type":"string","maxLength":3}]}}},
                "loop":{"$ref":"#/loop"},"two":{"oneOf":[{"$ref":"#/two"},{"type":"boolean"}]}}"##,
        )
        .unwrap();
        let schemas = Schemas { root: &root };
        let shape = schemas.shape(root.get("a").unwrap(), &[]).unwrap();
        assert_eq!(shape.kind(), "object");
        let members = shape.members();
        let named: Vec<(&str, bool)> = members
            .iter()
            .map(|(name, _, must)| (*name, *must))
            .collect();
        assert_eq!(named, [("x", false), ("y", true)]);
        let x = schemas.shape(members[0].1, &[]).unwrap();
        assert_eq!((x.kind(), x.smallest("maxLength")), ("string", Some(3.0)));
        let of = |name: &str| schemas.shape(root.get(name).unwrap(), &[]);
        assert_eq!(of("loop").unwrap_err(), Unmet::Endless);
        assert_eq!(of("two").unwrap().kind(), "boolean");
        assert!(schemas.follow("other.json#/a").is_err());
    }
}
