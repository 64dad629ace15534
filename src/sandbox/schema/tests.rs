//! What is wrong with a request, told as the shop tells it.

use super::*;
use proptest::prelude::*;

static SCHEMA: Schema = Schema(&[
    SchemaField::text("a", 3),
    SchemaField::optional_text("b", 2),
    SchemaField::optional_text_without_limit("c"),
]);

type Read = [Option<String>; 3];

fn read_with(body: &[u8], content_type: Option<&[u8]>) -> Result<Read, (u16, String)> {
    BodyReader::default()
        .read(
            &SCHEMA,
            body,
            content_type,
            || Ok(()),
            |fields| Ok([0, 1, 2].map(|index| fields.text(index).map(String::from))),
        )
        .map_err(|refusal| (refusal.status(), refusal.body()))
}

fn read(body: &str) -> Result<Read, (u16, String)> {
    read_with(body.as_bytes(), Some(b"application/json"))
}

fn schema_refusal(list: &str) -> Result<Read, (u16, String)> {
    Err((422, format!("{{\"detail\":[{list}]}}")))
}

#[test]
fn fields_come_in_the_schemas_order_and_strangers_are_ignored() {
    let read_fields = read(r#"{"c":null,"z":[1,{"a":2}],"b":"é","a":"x\ty"}"#).unwrap();
    assert_eq!(read_fields, [Some("x\ty".into()), Some("é".into()), None]);
    let last_wins = read(r#"{"a":1,"a":"x"}"#).unwrap();
    assert_eq!(last_wins[0].as_deref(), Some("x"));
}

#[test]
fn limits_count_characters() {
    assert!(read(r#"{"a":"ééé"}"#).is_ok());
    assert_eq!(
        read(r#"{"a":"éééé"}"#),
        schema_refusal(
            r#"{"type":"string_too_long","loc":["body","a"],"msg":"String should have at most 3 characters","input":"éééé","ctx":{"max_length":3}}"#
        )
    );
}

#[test]
fn every_fault_is_listed_in_the_schemas_order() {
    assert_eq!(
        read(r#"{"b":1.0,"c":[true]}"#),
        schema_refusal(concat!(
            r#"{"type":"missing","loc":["body","a"],"msg":"Field required","input":{"b":1.0,"c":[true]}},"#,
            r#"{"type":"string_type","loc":["body","b"],"msg":"Input should be a valid string","input":1.0},"#,
            r#"{"type":"string_type","loc":["body","c"],"msg":"Input should be a valid string","input":[true]}"#
        ))
    );
    assert_eq!(
        read(r#"{"a":null}"#),
        schema_refusal(
            r#"{"type":"string_type","loc":["body","a"],"msg":"Input should be a valid string","input":null}"#
        )
    );
}

#[test]
fn bodies_that_are_no_object_are_refused() {
    let missing = r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#;
    assert_eq!(read(""), schema_refusal(missing));
    assert_eq!(read("null"), schema_refusal(missing));
    for (body, input) in [
        ("[]", "[]"),
        ("1.50", "1.5"),
        ("\"x\"", "\"x\""),
        ("true", "true"),
    ] {
        assert_eq!(
            read(body),
            schema_refusal(&format!(
                r#"{{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":{input}}}"#
            ))
        );
    }
    assert_eq!(
        read("{\"é\":x}"),
        schema_refusal(
            r#"{"type":"json_invalid","loc":["body",5],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}"#
        )
    );
}

#[test]
fn the_media_type_decides_how_a_body_is_read() {
    let body = br#"{"a":"x"}"#;
    for json in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/a+json"),
    ] {
        assert!(read_with(body, json.map(str::as_bytes)).is_ok(), "{json:?}");
    }
    for text in ["text/plain", "json", "application/x-www-form-urlencoded"] {
        assert_eq!(
            read_with(body, Some(text.as_bytes())),
            schema_refusal(
                r#"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"a\":\"x\"}"}"#
            )
        );
    }
    assert_eq!(
        read_with(b"\xff", Some(b"text/plain")),
        Err((
            400,
            r#"{"error":"'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"}"#
                .into()
        ))
    );
}

#[test]
fn what_cannot_be_read_or_echoed_is_a_400() {
    let unreadable = Err((
        400,
        r#"{"detail":"There was an error parsing the body"}"#.into(),
    ));
    assert_eq!(read_with(b"{\"a\":\"\xff\"}", None), unreadable);
    assert_eq!(read(&"[".repeat(2_000)), unreadable);
    let range = Err((
        400,
        r#"{"error":"Out of range float values are not JSON compliant"}"#.into(),
    ));
    assert_eq!(read(r#"{"a":NaN}"#), range);
    assert_eq!(read(r#"{"a":1e400}"#), range);
    assert_eq!(
        read(r#"{"z":"\ud800"}"#),
        Err((400, r#"{"error":"'utf-8' codec can't encode character '\\ud800' in position 85: surrogates not allowed"}"#.into()))
    );
    assert_eq!(
        read(r#"{"a":"\ud800"}"#),
        Err((400, r#"{"error":"'utf-8' codec can't encode character '\\ud800' in position 149: surrogates not allowed"}"#.into()))
    );
    // In a member that nobody reads, both go through.
    assert!(read(r#"{"a":"x","z":["\ud800",NaN,1e400]}"#).is_ok());
    assert!(read("\u{feff}{\"a\":\"x\"}").is_ok());
}

#[test]
fn the_commands_limits_are_the_second_layer() {
    let long = "x".repeat(256);
    assert_eq!(
        read(&format!(r#"{{"a":"","c":"{long}"}}"#)),
        Err((400, r#"{"error":{"a":["String should have at least 1 character"],"c":["String should have at most 255 characters"]}}"#.into()))
    );
    assert!(read(r#"{"a":"x","b":"","c":""}"#).is_ok());
}

proptest! {
    /// The fast way and the exact way agree: what the fast one takes, the exact one reads alike.
    #[test]
    fn both_ways_read_alike(body in r#"\{("[abz]":("[a-c\\nu0-9é"]{0,4}"|null|[0-9.eE+\-]{0,5}|[ \t\n])[, ]?){0,4}\}?"#) {
        let mut bytes = body.clone().into_bytes();
        let mut tape = Tape::null();
        let mut buffers = Buffers::default();
        if simd_json::fill_tape(&mut bytes, &mut buffers, &mut tape).is_ok()
            && let Some(fast) = SCHEMA.fields_of(tape.as_value())
        {
            let fast: Read = [0, 1, 2].map(|index| fast.text(index).map(String::from));
            let exact = read_exactly(&SCHEMA, body.as_bytes(), || Ok(()), |fields| {
                Ok([0, 1, 2].map(|index| fields.text(index).map(String::from)))
            });
            match exact {
                Ok(exact) => prop_assert_eq!(exact, fast),
                Err(refusal) => prop_assert!(matches!(refusal, Refusal::Rules(_)), "{:?}", refusal),
            }
        }
    }
}
