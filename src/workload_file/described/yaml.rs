//! Descriptions that are written in YAML (1.2, core schema), read into the JSON that they mean. The reader gives
//! one event after the other, so that what is too deep or too much ends where it is.

use super::ordered::{Json, MOST_VALUES};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Number;
use std::collections::{HashMap, HashSet};

/// Deepest nesting.
const DEEPEST: usize = 128;
/// Bytes of all texts together, with those that aliases stand for; as many more are kept for aliases.
const MOST_TEXT_BYTES: usize = 32 << 20;
/// What aliases may make of any text, however short.
const ROOM: Size = Size {
    values: 20_000,
    text_bytes: 1 << 20,
};
/// The name under which members of others are taken over.
const MERGE: &str = "<<";

/// The value of `text`, which is YAML.
///
/// # Errors
/// When it is none, holds too much (an alias counts as what it stands for), or what JSON has not: a sentence.
pub fn parse(text: &str) -> Result<Json, String> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        levels: Vec::new(),
        anchors: HashMap::new(),
        read: Size::default(),
        kept: Size::default(),
        // A text has no more values than bytes, and a long one may have more by aliases.
        most: Size {
            values: MOST_VALUES.min(ROOM.values + text.len()),
            text_bytes: MOST_TEXT_BYTES.min(ROOM.text_bytes + 2 * text.len()),
        },
    };
    reader.document()
}

/// How much something is.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    values: usize,
    text_bytes: usize,
}

/// A value that began, with what it holds so far.
enum Open {
    Array(Vec<Json>),
    Object {
        members: Vec<(String, Json)>,
        /// Name of the next member, when that was read.
        name: Option<String>,
        /// Objects whose members are taken over.
        merged: Vec<Json>,
    },
}

/// A value that is being read.
struct Level {
    open: Open,
    /// What aliases call it; 0 when nothing does.
    anchor: usize,
    /// How much was read before it.
    before: Size,
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    levels: Vec<Level>,
    /// What aliases stand for, and how much it is.
    anchors: HashMap<usize, (Json, Size)>,
    read: Size,
    /// How much is kept for aliases: anchors within anchors are kept again.
    kept: Size,
    /// How much there may be of both.
    most: Size,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Json, String> {
        let mut whole = None;
        while let Some(event) = self.events.next_event() {
            let (event, span) = event.map_err(|error| refused(&error))?;
            if whole.is_some() && matches!(event, Event::DocumentStart(_)) {
                return Err(at(span, "a second document begins, and there is to be one"));
            }
            let value = self.event(event).map_err(|says| at(span, &says))?;
            match (value, self.levels.last_mut()) {
                (None, _) => {}
                (Some(value), None) => whole = Some(value),
                (Some(value), Some(level)) => level.put(value).map_err(|says| at(span, says))?,
            }
        }
        whole.ok_or_else(|| "it is empty".to_owned())
    }

    /// The value that ends with `event`, if one does.
    fn event(&mut self, event: Event<'_>) -> Result<Option<Json>, String> {
        let before = self.read;
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(None),
            Event::SequenceStart(anchor, _) => self.begin(Open::Array(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => {
                let open = Open::Object {
                    members: Vec::new(),
                    name: None,
                    merged: Vec::new(),
                };
                self.begin(open, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let level = self
                    .levels
                    .pop()
                    .ok_or("something ends that did not begin")?;
                let value = level.open.ended();
                self.keep(level.anchor, &value, level.before)?;
                Ok(Some(value))
            }
            Event::Alias(anchor) => {
                let named = self.anchors.get(&anchor);
                let (value, size) =
                    named.ok_or("an alias stands within what it names, or names nothing")?;
                // Counted before it is copied.
                self.read.grow(*size, self.most)?;
                Ok(Some(value.clone()))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let size = Size {
                    values: 1,
                    text_bytes: text.len(),
                };
                self.read.grow(size, self.most)?;
                let is_name = self.levels.last().is_some_and(Level::wants_name);
                let value = match is_name {
                    // Whatever it looks like: 200 is the name of a status.
                    true => Json::Text(text.into_owned()),
                    false => scalar(&text, style, tag.as_deref()),
                };
                self.keep(anchor, &value, before)?;
                Ok(Some(value))
            }
        }
    }

    fn begin(&mut self, open: Open, anchor: usize) -> Result<Option<Json>, String> {
        if self.levels.len() >= DEEPEST {
            return Err(format!("it nests more than {DEEPEST} deep"));
        }
        let before = self.read;
        let size = Size {
            values: 1,
            text_bytes: 0,
        };
        self.read.grow(size, self.most)?;
        self.levels.push(Level {
            open,
            anchor,
            before,
        });
        Ok(None)
    }

    /// Keeps what aliases stand for.
    fn keep(&mut self, anchor: usize, value: &Json, before: Size) -> Result<(), String> {
        if anchor == 0 {
            return Ok(());
        }
        let size = Size {
            values: self.read.values - before.values,
            text_bytes: self.read.text_bytes - before.text_bytes,
        };
        self.kept.grow(size, self.most)?;
        self.anchors.insert(anchor, (value.clone(), size));
        Ok(())
    }
}

impl Size {
    fn grow(&mut self, by: Self, most: Self) -> Result<(), String> {
        self.values = self.values.saturating_add(by.values);
        self.text_bytes = self.text_bytes.saturating_add(by.text_bytes);
        if self.values > most.values {
            return Err(format!(
                "it holds more than {} values, with those that aliases stand for",
                most.values
            ));
        }
        match self.text_bytes > most.text_bytes {
            true => Err(format!(
                "its texts have more than {} MiB, with those that aliases stand for",
                most.text_bytes >> 20
            )),
            false => Ok(()),
        }
    }
}

impl Level {
    fn wants_name(&self) -> bool {
        matches!(self.open, Open::Object { name: None, .. })
    }

    fn put(&mut self, value: Json) -> Result<(), &'static str> {
        match &mut self.open {
            Open::Array(elements) => elements.push(value),
            Open::Object {
                members,
                name,
                merged,
            } => match (name.take(), value) {
                (None, Json::Text(text)) => *name = Some(text),
                (None, Json::Number(number)) => *name = Some(number.to_string()),
                (None, _) => return Err("a name is no text here, which JSON has not"),
                (Some(known), value @ Json::Object(_)) if known == MERGE => merged.push(value),
                (Some(known), Json::Array(values)) if known == MERGE => merged.extend(values),
                (Some(known), value) => members.push((known, value)),
            },
        }
        Ok(())
    }
}

impl Open {
    fn ended(self) -> Json {
        match self {
            Self::Array(elements) => Json::Array(elements),
            Self::Object {
                mut members,
                merged,
                ..
            } => {
                let own = members.iter().map(|(name, _)| name.clone());
                let mut known: HashSet<String> = match merged.is_empty() {
                    true => HashSet::new(),
                    false => own.collect(),
                };
                for (name, value) in merged.iter().flat_map(Json::members) {
                    if known.insert(name.clone()) {
                        members.push((name.clone(), value.clone()));
                    }
                }
                Json::Object(members)
            }
        }
    }
}

/// What a scalar means (core schema, YAML 1.2 §10.3.2).
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Json {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Json::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" => Json::Switch(true),
        "false" | "False" | "FALSE" => Json::Switch(false),
        text => number(text).map_or_else(|| Json::Text(text.to_owned()), Json::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let whole = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(Number::from);
    if let Some(digits) = text.strip_prefix("0x") {
        return whole(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return whole(digits, 8);
    }
    let digits = text.trim_start_matches(['+', '-']);
    let begins = digits.starts_with(|it: char| it.is_ascii_digit() || it == '.');
    let is_number = begins
        && text.len() - digits.len() <= 1
        && digits.contains(|it: char| it.is_ascii_digit())
        && digits
            .bytes()
            .all(|it| it.is_ascii_digit() || b".eE+-".contains(&it));
    if !is_number {
        return None;
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    match text.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) => text.parse::<f64>().ok().and_then(Number::from_f64),
    }
}

fn at(span: Span, says: &str) -> String {
    let (line, column) = (span.start.line(), span.start.col() + 1);
    format!("{says} (line {line}, column {column})")
}

fn refused(error: &ScanError) -> String {
    let place = error.marker();
    let (line, column) = (place.line(), place.col() + 1);
    format!(
        "it is no YAML: {} (line {line}, column {column})",
        error.info()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(yaml: &str, json: &str) {
        assert_eq!(parse(yaml), Json::parse(json), "{yaml}");
    }

    #[test]
    fn yaml_means_the_same_as_json() {
        same(
            "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: 'it''s fine'}\n        \"404\":\n          description: >-\n            folded\n            text\n",
            r#"{"openapi":"3.0.3","paths":{"/a":{"get":{"responses":{"200":{"description":"it's fine"},"404":{"description":"folded text"}}}}}}"#,
        );
        same(
            "---\na: [1, -2, 1.5, 1e3, 0x10, 0o17, +7, 1.2.3, 2020-01-02, ~, '', True, no, .inf, 1-2]\n",
            r#"{"a":[1,-2,1.5,1000.0,16,15,7,"1.2.3","2020-01-02",null,"",true,"no",".inf","1-2"]}"#,
        );
        same(
            "a: !!str 12\nb: |\n  x\n  y\nc:\n",
            r#"{"a":"12","b":"x\ny\n","c":null}"#,
        );
        same("# nothing\n- x # more\n-   - y\n", r#"["x",["y"]]"#);
    }

    #[test]
    fn aliases_stand_for_what_they_name() {
        same(
            "base: &base {a: 1, b: [x]}\nsame: *base\nmore:\n  <<: *base\n  a: 2\n",
            r#"{"base":{"a":1,"b":["x"]},"same":{"a":1,"b":["x"]},"more":{"a":2,"b":["x"]}}"#,
        );
        same("- &n name\n- {*n : 1}\n", r#"["name",{"name":1}]"#);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_before_it_goes_off() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let same = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{same}]\n");
        }
        let error = parse(&bomb).unwrap_err();
        assert!(
            error.contains("with those that aliases stand for"),
            "{error}"
        );
        let long = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(40));
        assert!(parse(&long).unwrap_err().contains("MiB"));
        let nested: String = (0..120).map(|level| format!("&n{level} [")).collect();
        let nested = format!("{nested}{}{}", "x, ".repeat(10_000), "]".repeat(120));
        assert!(parse(&nested).unwrap_err().contains("aliases"));
    }

    #[test]
    fn what_is_no_description_is_told_with_its_place() {
        for (text, says) in [
            ("", "it is empty"),
            (
                "a: &a [*a]\n",
                "within what it names, or names nothing (line 1, column 8)",
            ),
            ("a: *b\n", "line 1"),
            ("a: 1\n---\nb: 2\n", "a second document begins"),
            ("? [x]\n: y\n", "a name is no text here"),
            ("a: [1\n", "it is no YAML"),
            ("a: b: c\n", "line 1"),
            ("a: 'x\n", "it is no YAML"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        for deep in ["[".repeat(1_000), "- ".repeat(1_000), "{a: ".repeat(1_000)] {
            assert!(parse(&deep).is_err());
        }
    }
}
