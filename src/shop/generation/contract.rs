//! What a shop takes and answers, operation by operation: read from its description of itself
//! (OpenAPI), without everything that no request feels.

use super::shape::{ShapeReader, ValueShape};
use crate::plan::fnv1a;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Media type of the bodies that journeys send.
const JSON: &str = "application/json";
/// The methods that a description has entries for; other members of a path are none.
const METHODS: [&str; 7] = ["get", "post", "put", "delete", "patch", "head", "options"];

/// Method (upper case) and path, with `{}` for every part that differs from call to call.
pub type OperationKey = (String, String);

/// Every operation of a shop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contract {
    operations: BTreeMap<OperationKey, OperationContract>,
}

/// What one operation takes and answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationContract {
    /// The path as it was written, with names.
    pub path: String,
    /// Required parameters beside those in the path, for example `query page`.
    pub parameters: BTreeSet<String>,
    /// Media types of a body; empty without one.
    pub media_types: BTreeSet<String>,
    /// The JSON body.
    pub body: Option<ValueShape>,
    /// Statuses of success.
    pub successes: BTreeSet<String>,
}

/// Why a text is no description of a shop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContract {
    /// Not JSON.
    #[error("it is no JSON ({0})")]
    NoJson(String),
    /// JSON, but not OpenAPI.
    #[error("it names no operations")]
    NoOperations,
    /// More than can be looked through.
    #[error("it is too intricate to be read")]
    Intricate,
}

impl Contract {
    /// Reads a description. Operations below `base_path` are those of the shop, when there are any:
    /// a shop that is mounted there names its paths with or without it.
    ///
    /// # Errors
    /// When the text is no description.
    pub fn read(text: &str, base_path: &str) -> Result<Self, NoContract> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| NoContract::NoJson(error.to_string()))?;
        let reader = ShapeReader::new(&document);
        let paths = document["paths"].as_object();
        let paths = paths.filter(|paths| !paths.is_empty());
        let paths = paths.ok_or(NoContract::NoOperations)?;
        let mut operations = BTreeMap::new();
        for (path, methods) in paths {
            let path = own_path(path, base_path);
            for method in METHODS {
                if methods[method].is_object() {
                    let key = key(method, path);
                    operations.insert(key, operation(&reader, path, methods, &methods[method]));
                }
            }
        }
        match reader.gave_up() {
            true => Err(NoContract::Intricate),
            false => Ok(Self { operations }),
        }
    }

    /// How many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The operation with this method and path, whatever the path's parts are called.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<&OperationContract> {
        self.operations.get(&key(method, path))
    }

    /// All of them, by method and path.
    pub fn operations(&self) -> impl Iterator<Item = (&OperationKey, &OperationContract)> {
        self.operations.iter()
    }

    /// Stands for everything that requests feel: two shops with the same hash take the same
    /// requests. 16 hex digits (FNV-1a, 64 bit).
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = String::new();
        for ((method, path), operation) in &self.operations {
            let _ = write!(
                text,
                "{method} {path} {:?} {:?} {:?}",
                operation.parameters, operation.media_types, operation.successes
            );
            if let Some(body) = &operation.body {
                body.spell(&mut text);
            }
            text.push('\n');
        }
        format!("{:016x}", fnv1a(text.as_bytes()))
    }
}

/// The path without `base_path`.
fn own_path<'a>(path: &'a str, base_path: &str) -> &'a str {
    match path.strip_prefix(base_path) {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

fn key(method: &str, path: &str) -> OperationKey {
    let parts = path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "{}" } else { part });
    let parts: Vec<&str> = parts.collect();
    (method.to_ascii_uppercase(), parts.join("/"))
}

fn operation(
    reader: &ShapeReader<'_>,
    path: &str,
    methods: &Value,
    operation: &Value,
) -> OperationContract {
    let lists = [&methods["parameters"], &operation["parameters"]];
    let parameters = lists.into_iter().filter_map(Value::as_array).flatten();
    let parameters = parameters
        .map(|parameter| reader.resolved(parameter))
        .filter(|parameter| parameter["required"] == true && parameter["in"] != "path")
        .map(|parameter| {
            let word = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("in"), word("name"))
        });
    let content = reader.resolved(&operation["requestBody"])["content"].as_object();
    let statuses = operation["responses"].as_object().into_iter().flatten();
    OperationContract {
        path: path.to_owned(),
        parameters: parameters.collect(),
        media_types: content
            .into_iter()
            .flatten()
            .map(|(media_type, _)| media_type.clone())
            .collect(),
        body: content
            .and_then(|content| content.get(JSON))
            .map(|body| reader.read(&body["schema"])),
        successes: statuses
            .map(|(status, _)| status.clone())
            .filter(|status| status.starts_with('2'))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = r##"{
        "openapi": "3.1.0",
        "paths": {"/api/orders/{id}": {
            "parameters": [{"in": "header", "name": "x-key", "required": true}],
            "put": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/a"}}}},
                "responses": {"200": {}, "422": {}}
            }
        }},
        "a": {"type": "object", "properties": {"b": {"type": "string"}}}
    }"##;

    #[test]
    fn an_operation_is_found_whatever_its_ids_are_called_and_wherever_it_is_mounted() {
        let contract = Contract::read(DESCRIPTION, "/api").unwrap();
        let operation = contract.operation("PUT", "/orders/{order_id}").unwrap();
        assert_eq!(operation.path, "/orders/{id}");
        assert_eq!(Vec::from_iter(&operation.parameters), ["header x-key"]);
        assert_eq!(Vec::from_iter(&operation.successes), ["200"]);
        assert!(operation.body.as_ref().unwrap().fields.contains_key("b"));
        let elsewhere = Contract::read(DESCRIPTION, "").unwrap();
        assert!(elsewhere.operation("PUT", "/api/orders/{x}").is_some());
        assert!(elsewhere.operation("PUT", "/orders/{x}").is_none());
    }

    #[test]
    fn the_hash_is_of_what_requests_feel() {
        let hash = |text: &str| Contract::read(text, "").unwrap().hash();
        let plain = hash(DESCRIPTION);
        let titled =
            DESCRIPTION.replace(r#""type": "string""#, r#""title": "B", "type": "string""#);
        assert_eq!(hash(&titled), plain);
        let shorter =
            DESCRIPTION.replace(r#""type": "string""#, r#""type": "string", "maxLength": 4"#);
        assert_ne!(hash(&shorter), plain);
        assert_ne!(hash(&DESCRIPTION.replace("200", "201")), plain);
    }

    #[test]
    fn other_texts_are_told() {
        let why = |text: &str| Contract::read(text, "").unwrap_err().to_string();
        assert!(why("<html>").contains("no JSON"), "{}", why("<html>"));
        assert!(why("{}").contains("no operations"));
        assert!(why("[1]").contains("no operations"));
        assert!(why(r#"{"paths": {}}"#).contains("no operations"));
    }
}
