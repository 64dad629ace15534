//! JSON as Python reads it.

use super::*;
use proptest::prelude::*;

fn rewritten(text: &str) -> String {
    let mut written = String::new();
    write(&read(text).unwrap().value, &mut written).unwrap();
    written
}

/// Messages and offsets as CPython 3.11 and FastAPI 0.128 gave them.
#[test]
fn faults_have_pythons_messages_and_offsets() {
    const NAME: &str = "Expecting property name enclosed in double quotes";
    const COMMA: &str = "Expecting ',' delimiter";
    const VALUE: &str = "Expecting value";
    for (text, message, at) in [
        ("  ", VALUE, 2),
        ("{", NAME, 1),
        ("{]", NAME, 1),
        ("{\"a\"", "Expecting ':' delimiter", 4),
        ("{\"a\":", VALUE, 5),
        ("{\"a\":1", COMMA, 6),
        ("{\"a\":1,", NAME, 7),
        ("{\"a\":1,}", NAME, 7),
        ("{a:1}", NAME, 1),
        ("[1,", VALUE, 3),
        ("[1", COMMA, 2),
        ("[1 2]", COMMA, 3),
        ("nul", VALUE, 0),
        ("{\"a\":\"x", "Unterminated string starting at", 5),
        ("{\"a\":\"\\", "Unterminated string starting at", 5),
        ("{\"a\":\"x\ny\"}", "Invalid control character at", 7),
        ("{\"a\":\"\\x\"}", "Invalid \\escape", 6),
        ("{\"a\":\"\\u12\"}", "Invalid \\uXXXX escape", 7),
        ("{\"a\":\"\\u00zz\"}", "Invalid \\uXXXX escape", 7),
        ("{}x", "Extra data", 2),
        ("{} {}", "Extra data", 3),
        ("{\"a\":01}", COMMA, 6),
        ("{\"a\":-}", VALUE, 5),
        ("{\"a\":1.}", COMMA, 6),
        ("{\"a\":.5}", VALUE, 5),
        ("{\"a\":1e}", COMMA, 6),
        ("{\"\u{e9}\":x}", VALUE, 5),
        ("\u{e9}", VALUE, 0),
        ("\n\n {x", NAME, 4),
        ("[]]", "Extra data", 2),
        ("-", VALUE, 0),
        ("+1", VALUE, 0),
        ("\0", VALUE, 0),
        ("[,]", VALUE, 1),
        ("\"", "Unterminated string starting at", 0),
    ] {
        assert_eq!(
            read(text),
            Err(JsonFault::Syntax { message, at }),
            "{text:?}"
        );
    }
    assert_eq!(read(&"[".repeat(2_000)), Err(JsonFault::TooDeep));
}

#[test]
fn values_are_written_as_fastapi_does() {
    for (text, written) in [
        (" { \"a\" : [ 1 , 2.50 ] } ", r#"{"a":[1,2.5]}"#),
        ("1E22", "1e+22"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        (
            r#""\u00e9\/\b\f\n\r\t\u0001\"\\\ud83d\ude00""#,
            "\"\u{e9}/\\b\\f\\n\\r\\t\\u0001\\\"\\\\\u{1f600}\"",
        ),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        ("[true,false,null]", "[true,false,null]"),
    ] {
        assert_eq!(rewritten(text), written);
    }
    for text in ["NaN", "[Infinity]", "{\"a\":-Infinity}", "1e999"] {
        assert_eq!(
            write(&read(text).unwrap().value, &mut String::new()),
            Err(OutOfRange)
        );
    }
}

#[test]
fn lone_surrogates_are_remembered() {
    assert_eq!(
        read(r#"["\ud800","\udc01"]"#).unwrap().lone_surrogate,
        Some(0xd800)
    );
    assert_eq!(
        read(r#""\ud800\ud83d\ude00""#).unwrap().lone_surrogate,
        Some(0xd800)
    );
    assert_eq!(read(r#""\ud83d\ude00""#).unwrap().lone_surrogate, None);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn json_like_text_is_judged_as_serde_does(text in r#"[\[\]{}",:\\ u0-9eE+.\-a"]{0,12}"#) {
        // serde_json refuses floats out of range and lone surrogates, which Python reads.
        let ours = read(&text);
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => prop_assert!(ours.is_ok(), "{:?}", ours),
            Err(error) => prop_assert!(
                ours.as_ref().map_or(true, |document| document.lone_surrogate.is_some()
                    || error.to_string().contains("out of range")),
                "{:?} {}", ours, error
            ),
        }
    }

    #[test]
    fn texts_survive_writing_and_reading(text in any::<String>()) {
        let mut written = String::new();
        write_text(&text, &mut written);
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text.clone());
        prop_assert_eq!(read(&written).unwrap().value, Json::Text(text));
    }
}
