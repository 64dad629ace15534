//! What a description (OpenAPI 3, Swagger 2) says of each operation, put the same way for both.

use super::wording::{id_name, snake};
use crate::workload_file::described::ordered::Json;
use crate::workload_file::described::schemas::{Schemas, Unmet};

/// Methods that workloads have, as descriptions write them, with their words.
const METHODS: [(&str, &str); 6] = [
    ("get", "GET"),
    ("head", "HEAD"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
];
/// Operations that are read of a description.
pub const MOST_OPERATIONS: usize = 500;
/// Longest path, in bytes.
const LONGEST_PATH: usize = 1_000;

/// A piece of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// A parameter: its name, and what the value is called in all of the description.
    Parameter(&'a str, String),
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it goes: `path`, `query`, `header` or `cookie`.
    pub place: &'a str,
    /// Whether it has to be there.
    pub must: bool,
    /// What it is.
    pub schema: &'a Json,
    /// What it may look like.
    pub example: Option<&'a Json>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Sent<'a> {
    /// Nothing.
    Nothing,
    /// JSON, with an example.
    Json(&'a Json, Option<&'a Json>),
    /// A form as a schema has it.
    Form(&'a Json, Option<&'a Json>),
    /// A form of these fields.
    Fields(Vec<Parameter<'a>>),
    /// A text of this type.
    Text(String),
    /// What no workload can send.
    Other(String),
}

/// An operation as it is described.
#[derive(Clone, Debug)]
pub struct Described<'a> {
    /// What the file calls it.
    pub key: String,
    /// The method's word.
    pub method: &'static str,
    /// The path in pieces.
    pub path: Vec<Piece<'a>>,
    /// What it does, in a few words.
    pub summary: &'a str,
    /// Parameters but those of the path.
    pub parameters: Vec<Parameter<'a>>,
    /// Parameters of the path.
    pub in_path: Vec<Parameter<'a>>,
    /// What is sent.
    pub sent: Sent<'a>,
    /// Statuses of success, as a file has them.
    pub expect: Vec<String>,
    /// Statuses that are no success, of those that are described.
    pub refusals: Vec<u16>,
    /// What the reply to a success is.
    pub reply: Option<&'a Json>,
    /// Whether it wants somebody to be logged in.
    pub is_guarded: bool,
    /// Whether it is not to be used any more.
    pub is_deprecated: bool,
}

impl Described<'_> {
    /// The texts of the path between slashes, without parameters.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        let texts = self.path.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.split('/').filter(|it| !it.is_empty())),
            Piece::Parameter(..) => None,
        });
        texts.flatten().collect()
    }

    /// What the values of the path's parameters are called.
    #[must_use]
    pub fn values(&self) -> Vec<&str> {
        let values = self.path.iter().filter_map(|piece| match piece {
            Piece::Parameter(_, value) => Some(value.as_str()),
            Piece::Text(_) => None,
        });
        values.collect()
    }
}

/// The operations of a description, in its order, and whether there are more.
#[must_use]
pub fn operations<'a>(schemas: Schemas<'a>) -> (Vec<Described<'a>>, bool) {
    let root = schemas.root;
    let mut found: Vec<Described<'a>> = Vec::new();
    for (path, item) in root.members_of("paths") {
        let item = schemas.meant(item);
        for (name, operation) in item.members() {
            let Some((_, word)) = METHODS.iter().find(|(known, _)| known == name) else {
                continue;
            };
            if found.len() >= MOST_OPERATIONS {
                return (found, true);
            }
            if path.len() > LONGEST_PATH || !path.starts_with('/') {
                continue;
            }
            let mut described = described(schemas, word, path, item, operation);
            described.key = free_key(&described.key, &found);
            let is_known = |other: &Described<'_>| {
                other.method == described.method
                    && shape_of(&other.path) == shape_of(&described.path)
            };
            if !found.iter().any(is_known) {
                found.push(described);
            }
        }
    }
    (found, false)
}

/// The path as far as it tells requests apart: names in statistics have to differ.
fn shape_of<'p>(path: &'p [Piece<'_>]) -> Vec<&'p str> {
    let shape = path.iter().map(|piece| match piece {
        Piece::Text(text) => *text,
        Piece::Parameter(..) => "{}",
    });
    shape.collect()
}

fn free_key(wanted: &str, found: &[Described<'_>]) -> String {
    let is_free = |key: &str| found.iter().all(|other| other.key != key);
    let mut numbered = (2..).map(|number| format!("{wanted}_{number}"));
    match is_free(wanted) {
        true => wanted.to_owned(),
        false => numbered.find(|key| is_free(key)).unwrap_or_default(),
    }
}

fn described<'a>(
    schemas: Schemas<'a>,
    method: &'static str,
    path: &'a str,
    item: &'a Json,
    operation: &'a Json,
) -> Described<'a> {
    let own = operation.elements_of("parameters").iter();
    let shared = item.elements_of("parameters").iter();
    let mut parameters: Vec<Parameter<'a>> = Vec::new();
    let mut sent = Sent::Nothing;
    let mut fields = Vec::new();
    for parameter in own.chain(shared).map(|it| schemas.meant(it)) {
        let (Some(name), Some(place)) = (parameter.text_of("name"), parameter.text_of("in")) else {
            continue;
        };
        let content = parameter.members_of("content").first();
        let schema = parameter.get("schema");
        let schema = schema.or_else(|| content.and_then(|(_, media)| media.get("schema")));
        let read = Parameter {
            name,
            place,
            must: parameter.is_true("required") || place == "path",
            schema: schema.unwrap_or(parameter),
            example: example(schemas, parameter),
        };
        match place {
            "body" => sent = Sent::Json(read.schema, None),
            "formData" => fields.push(read),
            _ if parameters
                .iter()
                .any(|it| it.name == name && it.place == place) => {}
            _ => parameters.push(read),
        }
    }
    if !fields.is_empty() {
        let has_files = fields
            .iter()
            .any(|field| field.schema.text_of("type") == Some("file"));
        sent = match has_files {
            true => Sent::Other("multipart/form-data".to_owned()),
            false => Sent::Fields(fields),
        };
    }
    if let Some(body) = operation.get("requestBody") {
        sent = body_of(schemas, schemas.meant(body));
    }
    if matches!(method, "GET" | "HEAD") {
        sent = Sent::Nothing;
    }
    let (in_path, parameters) = parameters.into_iter().partition(|it| it.place == "path");
    let responses = operation.members_of("responses");
    let root = schemas.root;
    let is_listed = |security: &Json| matches!(security, Json::Array(ways) if ways.iter().all(|way| !way.members().is_empty()) && !ways.is_empty());
    let security = operation.get("security").or_else(|| root.get("security"));
    Described {
        key: key_of(operation, method, path),
        method,
        path: pieces(path),
        summary: operation.text_of("summary").unwrap_or_default(),
        parameters,
        in_path,
        sent,
        expect: expected(responses),
        refusals: refusals(responses),
        reply: reply(schemas, responses),
        is_guarded: security.is_some_and(is_listed),
        is_deprecated: operation.is_true("deprecated"),
    }
}

fn example<'a>(schemas: Schemas<'a>, holder: &'a Json) -> Option<&'a Json> {
    let several = || {
        let (_, first) = holder.members_of("examples").first()?;
        schemas.meant(first).get("value")
    };
    holder.get("example").or_else(several)
}

fn body_of<'a>(schemas: Schemas<'a>, body: &'a Json) -> Sent<'a> {
    let media = body.members_of("content");
    let plain = |kind: &str| {
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    };
    let of = |is: &dyn Fn(&str) -> bool| media.iter().find(|(kind, _)| is(&plain(kind)));
    if let Some((_, media)) = of(&|kind| kind == "application/json")
        .or_else(|| of(&|kind| kind.ends_with("+json") || kind == "*/*"))
    {
        return match media.get("schema") {
            Some(schema) => Sent::Json(schema, example(schemas, media)),
            None => Sent::Nothing,
        };
    }
    if let Some((_, media)) = of(&|kind| kind == "application/x-www-form-urlencoded") {
        return match media.get("schema") {
            Some(schema) => Sent::Form(schema, example(schemas, media)),
            None => Sent::Nothing,
        };
    }
    if let Some((kind, _)) = of(&|kind| kind.starts_with("text/")) {
        return Sent::Text(plain(kind));
    }
    match media.first() {
        Some((kind, _)) => Sent::Other(kind.clone()),
        None => Sent::Nothing,
    }
}

/// What the file calls an operation: its id, without what frameworks append to it.
fn key_of(operation: &Json, method: &str, path: &str) -> String {
    let flat: String = path
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let appended = format!("{flat}_{}", method.to_lowercase());
    match operation.text_of("operationId").filter(|id| !id.is_empty()) {
        Some(id) => snake(id.strip_suffix(&appended).unwrap_or(id)),
        None => snake(&format!("{} {path}", method.to_lowercase())),
    }
}

/// `path` in pieces.
fn pieces(path: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = path;
    let mut segment = "";
    while let Some((text, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        let last = text.rsplit('/').find(|it| !it.is_empty());
        segment = last.unwrap_or(segment);
        pieces.push(Piece::Parameter(name, id_name(name, segment)));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn expected(responses: &[(String, Json)]) -> Vec<String> {
    let of = |class: char| -> Vec<String> {
        let codes = responses.iter().map(|(code, _)| code.trim());
        let codes = codes.filter(|code| code.len() == 3 && code.starts_with(class));
        let codes = codes.filter_map(|code| match code.parse::<u16>() {
            Ok(code) => Some(code.to_string()),
            Err(_) if code.to_lowercase().ends_with("xx") => Some(format!("\"{class}xx\"")),
            Err(_) => None,
        });
        codes.collect()
    };
    let successes = of('2');
    if successes.is_empty() {
        of('3')
    } else {
        successes
    }
}

fn refusals(responses: &[(String, Json)]) -> Vec<u16> {
    let codes = responses
        .iter()
        .filter_map(|(code, _)| code.trim().parse().ok());
    codes.filter(|code| (400..600).contains(code)).collect()
}

/// The schema of the first success that has one.
fn reply<'a>(schemas: Schemas<'a>, responses: &'a [(String, Json)]) -> Option<&'a Json> {
    let successes = responses.iter().filter(|(code, _)| code.starts_with('2'));
    successes
        .map(|(_, response)| schemas.meant(response))
        .find_map(|response| {
            let media = response.members_of("content").iter();
            let is_json = |kind: &str| kind.contains("json") || kind == "*/*";
            let mut schemas = media.filter(|(kind, _)| is_json(kind));
            let new = schemas.find_map(|(_, media)| media.get("schema"));
            new.or_else(|| response.get("schema"))
        })
}

/// An id that replies to an operation give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giving {
    /// What it is called.
    pub value: String,
    /// Where it stands.
    pub pointer: String,
    /// How likely it is that others mean this one: 0 is the likeliest.
    pub rank: u8,
}

/// The ids that the replies to `described` give.
#[must_use]
pub fn givings(schemas: Schemas<'_>, described: &Described<'_>) -> Vec<Giving> {
    let Some(Ok(shape)) = described.reply.map(|reply| schemas.shape(reply, &[])) else {
        return Vec::new();
    };
    let segments = described.segments();
    let segment = segments.last().copied().unwrap_or_default();
    let own = described.values();
    let mut found = Vec::new();
    let mut add = |name: &str, of: &str, pointer: String, is_listed: bool| {
        let value = id_name(name, of);
        let rank = match (described.method, value == id_name("id", segment)) {
            _ if own.contains(&value.as_str()) => return,
            ("POST", true) if !is_listed => 0,
            ("POST", false) if !is_listed => 1,
            ("PUT", _) if !is_listed && own.is_empty() => 2,
            ("GET", _) if is_listed => 3,
            _ => return,
        };
        if super::wording::is_id(&value) && !name.contains('*') {
            found.push(Giving {
                value,
                pointer,
                rank,
            });
        }
    };
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    if shape.kind() == "array" {
        for (name, of, pointer) in ids_of(schemas, shape.get("items"), segment, &shape.way) {
            add(name, of, format!("/*/{}", escaped(&pointer)), true);
        }
        return found;
    }
    for (name, schema, _) in shape.members() {
        let Ok(member) = schemas.shape(schema, &shape.way) else {
            continue;
        };
        let place = escaped(name);
        match member.kind() {
            "string" | "integer" if super::wording::is_id(name) => {
                add(name, segment, format!("/{place}"), false);
            }
            "object" => {
                let holds = [
                    "data",
                    "result",
                    "item",
                    "attributes",
                    "resource",
                    "payload",
                ];
                let of = if holds.contains(&name) { segment } else { name };
                for (inner, of, pointer) in ids_of(schemas, Some(schema), of, &shape.way) {
                    add(inner, of, format!("/{place}/{}", escaped(&pointer)), false);
                }
            }
            "array" => {
                let lists = [
                    "data", "items", "results", "content", "records", "entries", "list",
                ];
                let of = if lists.contains(&name) { segment } else { name };
                for (inner, of, pointer) in ids_of(schemas, member.get("items"), of, &member.way) {
                    add(inner, of, format!("/{place}/*/{}", escaped(&pointer)), true);
                }
            }
            _ => {}
        }
    }
    found
}

/// The ids of the object that `schema` describes: name, resource, member.
fn ids_of<'a>(
    schemas: Schemas<'a>,
    schema: Option<&'a Json>,
    of: &'a str,
    way: &[&'a str],
) -> Vec<(&'a str, &'a str, String)> {
    let shape = schema.map_or(Err(Unmet::Endless), |schema| schemas.shape(schema, way));
    let Ok(shape) = shape else {
        return Vec::new();
    };
    let members = shape.members().into_iter();
    let ids = members.filter(|(name, ..)| super::wording::is_id(name));
    ids.map(|(name, ..)| (name, of, name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_descriptions_say_the_same() {
        let new = r##"{"openapi":"3.0.0","paths":{"/pets/{petId}":{"parameters":[{"name":"petId","in":"path","schema":{"type":"integer"}}],
            "post":{"operationId":"addPet","requestBody":{"content":{"application/json":{"schema":{"type":"object"}}}},
            "responses":{"201":{"content":{"application/json":{"schema":{"properties":{"toyId":{"type":"integer"}}}}}},"409":{},"2XX":{}}}}}}"##;
        let old = r##"{"swagger":"2.0","paths":{"/pets/{petId}":{
            "post":{"operationId":"addPet","parameters":[{"name":"petId","in":"path","type":"integer"},{"in":"body","name":"b","schema":{"type":"object"}}],
            "responses":{"201":{"schema":{"properties":{"toyId":{"type":"integer"}}}},"409":{},"2XX":{}}}}}}"##;
        for text in [new, old] {
            let root = Json::parse(text).unwrap();
            let schemas = Schemas { root: &root };
            let (operations, has_more) = operations(schemas);
            assert!(operations.len() == 1 && !has_more);
            let found = &operations[0];
            assert_eq!((found.key.as_str(), found.method), ("add_pet", "POST"));
            assert_eq!(found.values(), ["pet_id"]);
            assert_eq!(found.expect, ["201", "\"2xx\""]);
            assert_eq!(found.refusals, [409]);
            assert!(matches!(found.sent, Sent::Json(..)));
            assert_eq!(
                givings(schemas, found),
                [Giving {
                    value: "toy_id".to_owned(),
                    pointer: "/toyId".to_owned(),
                    rank: 1
                }]
            );
        }
    }

    #[test]
    fn what_frameworks_append_to_ids_is_left_out() {
        let root = Json::parse(r#"{"operationId":"register_customer_customers_post"}"#).unwrap();
        assert_eq!(key_of(&root, "POST", "/customers"), "register_customer");
        assert_eq!(key_of(&Json::Null, "PUT", "/a/{b}"), "put_a_b");
    }
}
