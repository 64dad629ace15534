//! Numbers, truth values, lists and nested objects, as pydantic takes and refuses them.

use super::*;
use proptest::prelude::*;

static LINE: Schema = Schema(&[
    SchemaField::free_text("sku", 50),
    SchemaField::integer_from("quantity", 1),
    SchemaField::number_from("unit_price", 0.0),
]);
static ORDER: Schema = Schema(&[
    SchemaField::objects("items", &LINE).optional(),
    SchemaField::object("line", &LINE).optional(),
    SchemaField::integer("change").optional(),
    SchemaField::number_above("amount", 0.0).optional(),
    SchemaField::boolean("truth").or_boolean(false),
    SchemaField::texts("ids").optional(),
    SchemaField::integer_from("minutes", 1).or_integer_or_null(15),
    SchemaField::free_text("currency", 3).or_text("USD"),
]);

fn read<T>(body: &str, then: impl FnOnce(&Fields<'_>) -> T) -> Result<T, (u16, String)> {
    let json = Some(&b"application/json"[..]);
    BodyReader::default()
        .read(
            &ORDER,
            body.as_bytes(),
            json,
            || Ok(()),
            |fields| Ok(then(fields)),
        )
        .map_err(|refusal| (refusal.status(), refusal.body()))
}

#[track_caller]
fn check_refused(body: &str, list: &str) {
    let refused = read(body, |_| ()).unwrap_err();
    assert_eq!(refused, (422, format!("{{\"detail\":[{list}]}}")), "{body}");
}

#[test]
fn absent_fields_have_their_defaults() {
    read("{}", |fields| {
        assert!(fields.objects(0).is_empty());
        assert_eq!(fields.object(1), None);
        assert_eq!(fields.integer(2), None);
        assert!(!fields.boolean(4));
        assert_eq!(fields.texts(5), None);
        assert_eq!(fields.integer(6), Some(15));
        assert_eq!(fields.text(7), Some("USD"));
    })
    .unwrap();
    read(r#"{"minutes":null,"ids":null,"items":null}"#, |fields| {
        assert_eq!(fields.integer(6), None);
    })
    .unwrap();
    check_refused(
        r#"{"currency":null}"#,
        r#"{"type":"string_type","loc":["body","currency"],"msg":"Input should be a valid string","input":null}"#,
    );
}

#[test]
fn nested_objects_are_read() {
    let body = r#"{"items":[{"sku":"a","quantity":2,"unit_price":9.5},{"sku":"b","quantity":1,"unit_price":3,"z":0}],"ids":["x","y"],"truth":true}"#;
    read(body, |fields| {
        let items = fields.objects(0);
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].text(0), Some("a"));
        assert_eq!(items[0].required_integer(1), 2);
        assert_eq!(items[1].required_number(2), 3.0);
        assert_eq!(fields.texts(5), Some(&["x", "y"][..]));
        assert!(fields.boolean(4));
    })
    .unwrap();
}

#[test]
fn python_is_lenient_with_numbers() {
    for (given, taken) in [
        ("\"2\"", 2),
        ("\" 1_0 \"", 10),
        ("\"+3.00\"", 3),
        ("true", 1),
        ("1.0", 1),
        ("-7", -7),
        ("1000000000000", 1_000_000_000_000),
        ("99999999999999999999", i64::MAX),
    ] {
        let body = format!("{{\"change\":{given}}}");
        assert_eq!(
            read(&body, |fields| fields.integer(2)),
            Ok(Some(taken)),
            "{given}"
        );
    }
    for (given, taken) in [
        ("\"12.5\"", 12.5),
        ("3", 3.0),
        ("true", 1.0),
        ("\"inf\"", f64::INFINITY),
    ] {
        let body = format!("{{\"amount\":{given}}}");
        assert_eq!(
            read(&body, |fields| fields.number(3)),
            Ok(Some(taken)),
            "{given}"
        );
    }
    for (given, taken) in [
        ("\"Yes\"", true),
        ("0", false),
        ("1.0", true),
        ("\"off\"", false),
    ] {
        let body = format!("{{\"truth\":{given}}}");
        assert_eq!(
            read(&body, |fields| fields.boolean(4)),
            Ok(taken),
            "{given}"
        );
    }
}

#[test]
fn faults_are_told_in_pydantics_words_and_places() {
    for (body, list) in [
        (
            r#"{"change":1.5}"#,
            r#"{"type":"int_from_float","loc":["body","change"],"msg":"Input should be a valid integer, got a number with a fractional part","input":1.5}"#,
        ),
        (
            r#"{"change":"x"}"#,
            r#"{"type":"int_parsing","loc":["body","change"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}"#,
        ),
        (
            r#"{"change":[]}"#,
            r#"{"type":"int_type","loc":["body","change"],"msg":"Input should be a valid integer","input":[]}"#,
        ),
        (
            r#"{"minutes":0}"#,
            r#"{"type":"greater_than_equal","loc":["body","minutes"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}}"#,
        ),
        (
            r#"{"amount":0}"#,
            r#"{"type":"greater_than","loc":["body","amount"],"msg":"Input should be greater than 0","input":0,"ctx":{"gt":0.0}}"#,
        ),
        (
            r#"{"amount":{}}"#,
            r#"{"type":"float_type","loc":["body","amount"],"msg":"Input should be a valid number","input":{}}"#,
        ),
        (
            r#"{"truth":2}"#,
            r#"{"type":"bool_parsing","loc":["body","truth"],"msg":"Input should be a valid boolean, unable to interpret input","input":2}"#,
        ),
        (
            r#"{"ids":"x"}"#,
            r#"{"type":"list_type","loc":["body","ids"],"msg":"Input should be a valid list","input":"x"}"#,
        ),
        (
            r#"{"ids":["x",1]}"#,
            r#"{"type":"string_type","loc":["body","ids",1],"msg":"Input should be a valid string","input":1}"#,
        ),
        (
            r#"{"items":[{"sku":"a","quantity":1},3]}"#,
            r#"{"type":"missing","loc":["body","items",0,"unit_price"],"msg":"Field required","input":{"sku":"a","quantity":1}},{"type":"model_attributes_type","loc":["body","items",1],"msg":"Input should be a valid dictionary or object to extract fields from","input":3}"#,
        ),
        (
            r#"{"line":{"sku":1,"quantity":1,"unit_price":-0.5}}"#,
            r#"{"type":"string_type","loc":["body","line","sku"],"msg":"Input should be a valid string","input":1},{"type":"greater_than_equal","loc":["body","line","unit_price"],"msg":"Input should be greater than or equal to 0","input":-0.5,"ctx":{"ge":0.0}}"#,
        ),
    ] {
        check_refused(body, list);
    }
}

proptest! {
    /// What the fast reader takes, the exact one takes for the same.
    #[test]
    fn both_readers_agree(
        quantity in -3i64..10_000_000_000,
        price in -2.0f64..1e6,
        sku in "[a-zé\"\\\\]{0,60}",
        truth: bool,
    ) {
        let body = serde_json::json!({
            "items": [{"sku": sku, "quantity": quantity, "unit_price": price}],
            "truth": truth,
            "ids": [sku],
        })
        .to_string();
        let mut seen = None;
        let fast = read(&body, |fields| seen = Some(format!("{fields:?}")));
        let mut exact = None;
        let exactly = exact::read_exactly(&ORDER, body.as_bytes(), || Ok(()), |fields| {
            exact = Some(format!("{fields:?}"));
            Ok(())
        });
        prop_assert_eq!(fast.is_ok(), exactly.is_ok());
        prop_assert_eq!(seen, exact);
    }
}

static NEWER: Schema = Schema(&[
    SchemaField::integer_between("rating", 1, 5).optional(),
    SchemaField::unlimited_text("body")
        .with_least_chars(3)
        .optional(),
    SchemaField::text("reason", 5)
        .with_least_chars(1)
        .optional(),
    SchemaField::hour_and_minute("start").optional(),
    SchemaField::optional_moment("as_of"),
    SchemaField::dictionaries("packages").optional(),
]);

fn read_newer<T>(body: &str, then: impl FnOnce(&Fields<'_>) -> T) -> Result<T, String> {
    BodyReader::default()
        .read(
            &NEWER,
            body.as_bytes(),
            None,
            || Ok(()),
            |fields| Ok(then(fields)),
        )
        .map_err(|refusal| refusal.body())
}

#[test]
fn bounds_patterns_moments_and_dictionaries_are_read() {
    let body = r#"{"rating":"5","body":"é中x","reason":"r","start":"23:59","as_of":"2027-06-01","packages":[{"a":[1]},{}]}"#;
    read_newer(body, |fields| {
        assert_eq!(fields.integer(0), Some(5));
        assert_eq!(fields.text(1), Some("é中x"));
        assert_eq!(fields.text(3), Some("23:59"));
        assert_eq!(fields.integer(4), Some(1_811_808_000_000_000));
        assert_eq!(fields.dictionaries(5).len(), 2);
    })
    .unwrap();
    for (given, us) in [
        ("0", 0),
        ("1.5", 1_500_000),
        ("\"-1\"", -1_000_000),
        ("30000000000", 30_000_000_000_000),
        ("\"1970-01-01T00:00:01+00:00\"", 1_000_000),
    ] {
        let read = read_newer(&format!(r#"{{"as_of":{given}}}"#), |fields| {
            fields.integer(4)
        });
        assert_eq!(read, Ok(Some(us)), "{given}");
    }
    assert_eq!(
        read_newer(r#"{"as_of":null}"#, |fields| fields.integer(4)),
        Ok(None)
    );
}

#[test]
fn bounds_patterns_moments_and_dictionaries_are_refused_in_pydantics_words() {
    for (member, input, kind, message, context) in [
        (
            "rating",
            "6",
            "less_than_equal",
            "Input should be less than or equal to 5",
            r#""le":5"#,
        ),
        (
            "rating",
            "0",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
            r#""ge":1"#,
        ),
        (
            "body",
            r#""é中""#,
            "string_too_short",
            "String should have at least 3 characters",
            r#""min_length":3"#,
        ),
        (
            "reason",
            r#""""#,
            "string_too_short",
            "String should have at least 1 character",
            r#""min_length":1"#,
        ),
        (
            "reason",
            r#""rrrrrr""#,
            "string_too_long",
            "String should have at most 5 characters",
            r#""max_length":5"#,
        ),
        (
            "start",
            r#""9:00""#,
            "string_pattern_mismatch",
            r"String should match pattern '^\\d{2}:\\d{2}$'",
            r#""pattern":"^\\d{2}:\\d{2}$""#,
        ),
        (
            "as_of",
            r#""soon""#,
            "datetime_from_date_parsing",
            "Input should be a valid datetime or date, input is too short",
            r#""error":"input is too short""#,
        ),
    ] {
        let refused = read_newer(&format!(r#"{{"{member}":{input}}}"#), |_| ()).unwrap_err();
        let expected = format!(
            r#"{{"detail":[{{"type":"{kind}","loc":["body","{member}"],"msg":"{message}","input":{input},"ctx":{{{context}}}}}]}}"#
        );
        assert_eq!(refused, expected);
    }
    for (body, place, kind) in [
        (r#"{"as_of":true}"#, r#""as_of""#, "datetime_type"),
        (r#"{"packages":{}}"#, r#""packages""#, "list_type"),
        (r#"{"packages":[{},7]}"#, r#""packages",1"#, "dict_type"),
        (
            r#"{"start":"12:345"}"#,
            r#""start""#,
            "string_pattern_mismatch",
        ),
        (r#"{"start":7}"#, r#""start""#, "string_type"),
    ] {
        let refused = read_newer(body, |_| ()).unwrap_err();
        let start = format!(r#"{{"detail":[{{"type":"{kind}","loc":["body",{place}],"#);
        assert!(refused.starts_with(&start), "{body}: {refused}");
    }
}

proptest! {
    /// The fast way and the exact way agree about the newer kinds, too.
    #[test]
    fn both_ways_read_newer_kinds_alike(
        body in r#"\{("(rating|body|start)":("[0-9é]{0,3}:?[0-9]{0,3}"|null|[0-9.]{1,3}),?){0,3}\}"#
    ) {
        let mut bytes = body.clone().into_bytes();
        let mut tape = Tape::null();
        let mut buffers = Buffers::default();
        if simd_json::fill_tape(&mut bytes, &mut buffers, &mut tape).is_ok()
            && let Some(fast) = NEWER.fields_of(tape.as_value())
        {
            let fast = (fast.integer(0), [1, 3].map(|index| fast.text(index).map(String::from)));
            let exact = read_exactly(&NEWER, body.as_bytes(), || Ok(()), |fields| {
                Ok((fields.integer(0), [1, 3].map(|index| fields.text(index).map(String::from))))
            });
            prop_assert_eq!(exact, Ok(fast));
        }
    }
}
