//! Bodies held to descriptions.

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
    description.complaints(operation, "", body, &draws)
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

#[test]
fn what_is_described_is_found_whatever_is_put_in() {
    let file = "name = \"x\"\n[operations.a]\nrequest = \"POST /a\"\nread = { b = \"/id\" }\n\
                [operations.b]\nrequest = \"GET /api/a/{b}?c={$int 1..3}\"\n[operations.d]\nrequest = \
                \"GET /d\"\n[operations.e]\nrequest = \"PUT {b}\"\n[journeys.j]\nsteps = [\"a\"]\n";
    let model = read(file, "x.toml").unwrap();
    let described = r#"{"paths":{"/a":{"post":{}},"/a/{id}":{"get":{}},"/d":{"put":{}}},"servers":[{"url":"http://x.test/api/"}]}"#;
    let description = Description::parse(described).unwrap();
    let missing = |base_path: &str| {
        let operations = model.operations.iter();
        let missing = operations.filter(|operation| !description.has(operation, base_path));
        let labels = missing.map(|operation| operation.label.clone());
        labels.collect::<Vec<_>>()
    };
    assert_eq!(missing(""), ["GET /d"]);
    assert_eq!(missing("/v2"), ["GET /d"]);
}

#[test]
fn kinds_of_kinds_are_given_up_in_time() {
    let kinds = vec![json!({ "$ref": "#/k" }); 8];
    let description = json!({
        "paths": { "/a": { "post": { "requestBody": { "content": { "application/json": {
            "schema": { "anyOf": kinds } } } } } } },
        "k": { "anyOf": [ { "$ref": "#/l" }, { "$ref": "#/l" }, { "$ref": "#/l" } ] },
        "l": { "anyOf": [ { "$ref": "#/k" }, { "$ref": "#/k" }, { "type": "string" } ] },
    });
    let description = Description::parse(&description.to_string()).unwrap();
    let text = "name = \"x\"\n[operations.a]\nrequest = \"POST /a\"\njson = 7\n[journeys.j]\nsteps = [\"a\"]";
    let model = read(text, "x.toml").unwrap();
    // What it says is not known in the end; that it comes to an end is what matters.
    let said = description.complaints(&model.operations[0], "", model.bodies.first(), &[]);
    assert!(said.len() <= 10);
}
