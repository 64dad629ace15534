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
