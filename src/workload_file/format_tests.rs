//! The format as it is told: to readers of the documentation, and to editors.

use super::tests::{BUILT_IN_TEXT, EXAMPLE, refused, with};
use crate::workload_file::format::key::Key;
use crate::workload_file::format::keys::{
    BODY_KEYS, CHECK_KEYS, CLASS_KEYS, DATA_KEYS, DRAW_SET_KEYS, FILE_KEYS, JOURNEY_KEYS,
    NOT_RAISED_KEYS, OPERATION_KEYS, REFUSAL_KEYS, STEP_KEYS,
};
use crate::workload_file::format::race_keys::{RACE_KEYS, RULE_KEYS, SIDE_KEYS};

#[test]
fn every_key_is_documented() {
    let documentation = include_str!("../../docs/workloads.md");
    let tables: [&[Key]; 14] = [
        FILE_KEYS,
        CHECK_KEYS,
        DATA_KEYS,
        RACE_KEYS,
        SIDE_KEYS,
        RULE_KEYS,
        DRAW_SET_KEYS,
        OPERATION_KEYS,
        REFUSAL_KEYS,
        NOT_RAISED_KEYS,
        BODY_KEYS,
        JOURNEY_KEYS,
        STEP_KEYS,
        CLASS_KEYS,
    ];
    for key in tables.into_iter().flatten() {
        assert!(
            documentation.contains(&format!("| `{}` |", key.name)),
            "{}",
            key.name
        );
    }
    for (name, wants, makes) in super::GENERATORS {
        let makes = makes.replace('|', "\\|");
        let written = match wants.is_empty() {
            true => format!("| `{{${name}}}` | {makes} |"),
            false => format!("| `{{${name} {}}}` | {makes} |", wants.replace('|', "\\|")),
        };
        assert!(documentation.contains(&written), "{written}");
    }
}

/// What an editor makes of a file is what the reader makes of it, as far as a schema can tell.
#[test]
fn the_schema_knows_what_the_reader_takes() {
    let profile = serde_json::json!({ "type": "object" });
    let schema = serde_json::from_str(&super::schema_text(profile)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = |text: &str| -> serde_json::Value { toml::from_str(text).unwrap() };
    for text in [
        EXAMPLE,
        &with(""),
        &with("expect = [200, \"2xx\", \"300..304\"]\nrefused = { 4xx = \"no\" }\nconflict = 500"),
        &with("read = { a = \"/a/*\", b = \"header X\", c = \"body\" }\nretry_after = false"),
        &with("form = { a = 1, b = true, c = \"{$word}\" }\ndraw = { d = \"{$name}\" }"),
        &with("raises = [\"Shop.Visited stays\", \"Shop.Left\"]"),
        &with("raises = [\"Shop.Visited\"]\nvisible = \"GET /visits/{id}?full=1\""),
        BUILT_IN_TEXT.as_str(),
    ] {
        let read = crate::workload_file::read_of_program(text, "x.toml");
        assert!(read.is_ok(), "{read:?}");
        let complaints: Vec<String> = validator
            .iter_errors(&value(text))
            .map(|error| error.to_string())
            .collect();
        assert!(complaints.is_empty(), "{text}: {complaints:?}");
    }
    for lines in [
        "expet = 200",
        "expect = \"ok\"",
        "expect = []",
        "refused = { 4040 = \"x\" }",
        "retry_after = 1",
        "read = { a = \"id\" }",
        "name = 7",
        "headers = { a = [] }",
    ] {
        let text = with(lines);
        refused(&text);
        assert!(!validator.is_valid(&value(&text)), "{lines}");
    }
    for text in [
        "name = \"x\"",
        "name = \"a b\"\n[operations.a]\nrequest = \"GET /\"\n[journeys.j]\nsteps = [\"a\"]",
        "name = \"x\"\n[operations.a]\nrequest = \"get /\"\n[journeys.j]\nsteps = [\"a\"]",
        "name = \"x\"\n[operations.a]\nrequest = \"GET /\"\n[journeys.j]\nsteps = []",
        "name = \"x\"\n[operations.a]\nrequest = \"GET /\"\n[journeys.j]\nsteps = [{ chance = \"x\" }]",
    ] {
        refused(text);
        assert!(!validator.is_valid(&value(text)), "{text}");
    }
}

#[test]
fn where_a_thing_can_be_seen_is_a_read_with_its_id() {
    let raising = "raises = [\"Shop.Visited\"]\n";
    for wrong in [
        "visible = \"GET /visits\"",
        "visible = \"GET visits/{id}\"",
        "visible = \"PUT /visits/{id}\"",
        "visible = \"GET /visits/{id}/{id}\"",
        "visible = \"GET /visits/{id}/{visitor}\"",
        "visible = \"GET /visits/{id} HTTP/1.0\"",
        "visible = 7",
    ] {
        let mistakes = refused(&with(&format!("{raising}{wrong}"))).to_string();
        assert!(mistakes.contains("`visible`"), "{wrong}: {mistakes}");
    }
    let mistakes = refused(&with("visible = \"GET /visits/{id}\"")).to_string();
    assert!(mistakes.contains("`raises`"), "{mistakes}");
}
