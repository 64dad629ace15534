//! Ids in every layout, and what is none.

use super::*;
use proptest::prelude::*;

const UUID: &str = "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f";

fn read(body: &str) -> Option<String> {
    Id::read(body.as_bytes(), "customer_id").map(|id| id.as_str().to_owned())
}

#[test]
fn the_id_is_read_in_any_layout() {
    let expected = Some(UUID.to_owned());
    assert_eq!(read(&format!(r#"{{"customer_id":"{UUID}"}}"#)), expected);
    assert_eq!(
        read(&format!("{{ \"customer_id\" : \"{UUID}\" }}\n")),
        expected
    );
    assert_eq!(
        read(&format!(r#"{{"a":[1],"customer_id":"{UUID}","z":null}}"#)),
        expected
    );
    assert_eq!(
        read(r#"{"customer_id":"a\u002db"}"#),
        Some("a-b".to_owned())
    );
}

#[test]
fn what_is_no_id_is_refused() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"customer_id":""}"#,
        r#"{"customer_id":7}"#,
        r#"{"customer_id":null}"#,
        r#"{"order_id":"a"}"#,
        r#"{"customer_id":"a/b"}"#,
        r#"{"customer_id":"a\r\nhost: b"}"#,
        r#"{"customer_id":"."}"#,
        r#"{"customer_id":".."}"#,
        r#"{"customer_id":"\u002e\u002e"}"#,
        r#"{"customer_id":"../admin"}"#,
        r#"{"customer_id":"%2e%2e"}"#,
        r#"{"customer_id":"a\u0000"}"#,
        r#"{"customer_id":"a b"}"#,
        r#"{"customer_id":"a?b=c"}"#,
        r#"{"customer_id":"a#b"}"#,
        r#"{"customer_id":"\u202e"}"#,
        r#"{"customer_id":"a"#,
        r#"{"customer_id":"ä"}"#,
    ] {
        assert_eq!(read(body), None, "{body}");
    }
    assert_eq!(
        read(&format!(r#"{{"customer_id":"{}"}}"#, "a".repeat(64))),
        None
    );
    assert!(read(&format!(r#"{{"customer_id":"{}"}}"#, "a".repeat(63))).is_some());
}

#[test]
fn two_fields_are_not_taken_for_one_id() {
    assert_eq!(read(r#"{"customer_id":"a","b":"c"}"#), Some("a".to_owned()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Id::read(&body, "customer_id");
    }

    #[test]
    fn an_id_comes_back_as_it_was(text in "[A-Za-z0-9._~-]{1,63}") {
        prop_assume!(text != "." && text != "..");
        let id = Id::new(text.as_bytes()).unwrap();
        prop_assert_eq!(id.as_str(), &text);
        prop_assert_eq!(read(&format!(r#"{{"customer_id":"{text}"}}"#)), Some(text));
    }
}
