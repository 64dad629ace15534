//! The JSON schema of workload files, for editors: made from the keys that the reader knows.

use super::key::{Key, Takes};
use super::keys::{CHECK_KEYS, FILE_KEYS, REFUSAL_KEYS};
use serde_json::{Map, Value, json};

/// What a file calls something.
const NAME: &str = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*$";
/// A status, a class or a span.
const STATUS: &str = r"^\s*([1-9][0-9]{2}|[1-9][xX]{2}|[1-9][0-9]{2}\s*\.\.\s*[1-9][0-9]{2})\s*$";
const REQUEST: &str = r"^(GET|HEAD|POST|PUT|PATCH|DELETE) \S.*$";
const TEST: &str = r"^\s*(no\s+)?((option|value|done)\s+\S+|\S+\s*!?=\s*.*)$";
const EVENT: &str = r"^[A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9][A-Za-z0-9_-]*( stays)?$";
const SHARE: &str = r"^[0-9]+(\.[0-9]+)?\s*%$";

/// The schema as text, with a final line end; `profile` is that of one profile. It knows less than the
/// reader: not which names there are, nor whether values are there when they are needed.
#[must_use]
pub fn schema_text(mut profile: Value) -> String {
    if let Some(keywords) = profile.as_object_mut() {
        // Its table gives its name, and the file its classes.
        for key in ["$schema", "title", "required"] {
            keywords.remove(key);
        }
        if let Some(Value::Object(keys)) = keywords.get_mut("properties") {
            for of_shop in ["with", "rounds", "round_every", "stock"] {
                keys.remove(of_shop);
            }
        }
    }
    let mut definitions = Map::new();
    if let Some(inner) = profile.get_mut("$defs").map(Value::take) {
        definitions.extend(inner.as_object().cloned().unwrap_or_default());
    }
    if let Some(keywords) = profile.as_object_mut() {
        keywords.remove("$defs");
    }
    definitions.insert("profile".to_owned(), profile);
    definitions.insert("steps".to_owned(), steps());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workload of shopblast",
        "required": ["name", "operations", "journeys"],
        "$defs": definitions,
    });
    if let (Some(schema), Value::Object(table)) = (schema.as_object_mut(), table(FILE_KEYS)) {
        schema.extend(table);
    }
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

fn table(keys: &'static [Key]) -> Value {
    let properties = keys.iter().map(|key| {
        let mut schema = taken(key.takes);
        if let Some(keywords) = schema.as_object_mut() {
            keywords.insert("description".to_owned(), key.about.into());
        }
        (key.name.to_owned(), schema)
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties.collect::<Map<String, Value>>(),
    })
}

fn named(value: Value) -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": value,
    })
}

fn steps() -> Value {
    let step = table(super::keys::STEP_KEYS);
    json!({
        "type": "array",
        "minItems": 1,
        "items": { "anyOf": [{ "type": "string", "pattern": NAME }, step] },
    })
}

fn taken(takes: Takes) -> Value {
    let status = || {
        json!({ "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 999 },
        { "type": "string", "pattern": STATUS },
    ] })
    };
    let statuses = || {
        json!({ "anyOf": [
        status(),
        { "type": "array", "minItems": 1, "items": status() },
    ] })
    };
    let plain = || json!({ "type": ["string", "number", "boolean"] });
    match takes {
        Takes::Line => {
            json!({ "type": "string", "pattern": r"^[^\r\n]*\S[^\r\n]*$", "maxLength": 200 })
        }
        Takes::Template => json!({ "type": "string" }),
        Takes::Request => json!({ "type": "string", "pattern": REQUEST }),
        Takes::Path => json!({ "type": "string", "pattern": r"^/[^\s#]*$" }),
        Takes::Name => json!({ "type": "string", "pattern": NAME }),
        Takes::Switch => json!({ "type": "boolean" }),
        Takes::Count => json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 }),
        Takes::Numbers => json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 10_000 },
            { "type": "string", "pattern": r"^\s*[0-9]+(\s*\.\.\s*[0-9]+)?\s*$" },
        ] }),
        Takes::Times => json!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "minLength": 1 },
        ] }),
        Takes::Share => json!({ "type": "string", "pattern": SHARE }),
        Takes::OnFailure => json!({ "anyOf": [
            { "enum": ["abort", "continue", "break"] },
            { "$ref": "#/$defs/steps" },
        ] }),
        Takes::Test => json!({ "type": "string", "pattern": TEST }),
        Takes::AtOnce => json!({ "enum": [true, false, "again"] }),
        Takes::Events => {
            json!({ "type": "array", "items": { "type": "string", "pattern": EVENT } })
        }
        Takes::Lines => json!({ "type": "array", "items": taken(Takes::Line) }),
        Takes::NamedLines => named(taken(Takes::Line)),
        Takes::NamedNumbers => named(json!({ "type": "integer" })),
        Takes::NamedNames => named(taken(Takes::Name)),
        Takes::OptionWeights => named(taken(Takes::Weights)),
        Takes::Statuses => statuses(),
        Takes::Reasons => json!({ "anyOf": [
            statuses(),
            {
                "type": "array",
                "minItems": 1,
                "items": { "anyOf": [status(), table(REFUSAL_KEYS)] },
            },
            {
                "type": "object",
                "propertyNames": { "pattern": STATUS },
                "additionalProperties": plain(),
            },
        ] }),
        Takes::Templates => json!({ "type": "object", "additionalProperties": plain() }),
        Takes::Places => named(json!({ "type": "string", "pattern": "^(/.*|header .*|body)$" })),
        Takes::Json => json!({}),
        Takes::Weights => json!({ "anyOf": [
            { "type": "array", "minItems": 1, "items": { "type": "string", "pattern": NAME } },
            named(json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 })),
        ] }),
        Takes::Steps => json!({ "$ref": "#/$defs/steps" }),
        Takes::Table(keys) => table(keys),
        Takes::Names => json!({
            "type": "array",
            "minItems": 1,
            "items": { "type": "string", "pattern": NAME },
        }),
        Takes::Told => json!({
            "type": "string",
            "pattern": r"^(request /.*|request header \S+|reply /.*)$",
        }),
        Takes::Pointer => json!({ "type": "string", "pattern": "^/" }),
        Takes::Pointers => json!({ "anyOf": [
            taken(Takes::Pointer),
            { "type": "array", "minItems": 1, "maxItems": 8, "items": taken(Takes::Pointer) },
        ] }),
        Takes::Bound => plain(),
        Takes::Bounds => json!({
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": { "type": ["string", "number"] },
        }),
        Takes::Tables(keys) => named(table(keys)),
        Takes::File => json!({ "type": "string", "pattern": r"^[^/].*\.[A-Za-z]+$" }),
        Takes::FileOrPath => {
            json!({ "type": "string", "pattern": r"^(/[^\s#]*|[^/].*\.[A-Za-z]+)$" })
        }
        Takes::Rows => json!({
            "type": "array",
            "minItems": 1,
            "items": { "type": "object", "minProperties": 1, "additionalProperties": plain() },
        }),
        Takes::Checks => json!({
            "type": "object",
            "propertyNames": { "pattern": "^(/.*|header .+|body|size)$" },
            "additionalProperties": { "anyOf": [plain(), table(CHECK_KEYS)] },
        }),
        Takes::Thresholds => {
            json!({ "type": "array", "items": { "type": "string", "minLength": 1 } })
        }
        Takes::Span => json!({ "type": "string", "pattern": r"^.*\d.*\.\..*\d.*$" }),
        Takes::Plain => plain(),
        Takes::Columns => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::Word(words) => json!({ "enum": words }),
        Takes::Profiles => named(json!({ "$ref": "#/$defs/profile" })),
    }
}
