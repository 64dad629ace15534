//! The shop's refusals, judged.

use super::*;
use proptest::prelude::*;

fn reason(status: u16, body: &str) -> String {
    judge_contended(status, body.as_bytes())
        .1
        .as_str()
        .to_owned()
}

fn outcomes(status: u16, body: &str) -> (Outcome, Outcome) {
    let body = body.as_bytes();
    (
        judge_ordinary(status, body).0,
        judge_contended(status, body).0,
    )
}

#[test]
fn a_business_rule_is_a_refusal_only_in_a_race() {
    let body = r#"{"error":{"quantity":["Insufficient stock: 3 available, 10 requested"]}}"#;
    assert_eq!(outcomes(400, body), (Outcome::Failed, Outcome::Refused));
    assert_eq!(outcomes(422, body), (Outcome::Failed, Outcome::Refused));
    assert_eq!(
        reason(400, body),
        "quantity: Insufficient stock: … available, … requested"
    );
    assert_eq!(
        reason(
            400,
            r#"{"error":{"quantity":["Insufficient stock: -3 available, 7 requested"]}}"#
        ),
        reason(400, body)
    );
}

#[test]
fn duplicates_share_a_reason_whatever_the_value() {
    let body = r#"{"error":{"external_id":["Customer with external_id 'EXT-LT-7e1d' is already present."]}}"#;
    assert_eq!(
        reason(400, body),
        "external_id: Customer with external_id '…' is already present."
    );
    assert_eq!(outcomes(400, body).0, Outcome::Failed);
}

#[test]
fn a_bare_500_is_a_lost_version_race_only_where_there_is_a_race() {
    assert_eq!(
        outcomes(500, "Internal Server Error"),
        (Outcome::Failed, Outcome::Conflict)
    );
}

#[test]
fn a_409_is_a_conflict_everywhere() {
    let conflict = (Outcome::Conflict, Outcome::Conflict);
    assert_eq!(
        outcomes(409, r#"{"error":{"_entity":["Wrong expected version 3"]}}"#),
        conflict
    );
    assert_eq!(outcomes(409, ""), conflict);
}

#[test]
fn other_server_errors_are_failures() {
    let failed = (Outcome::Failed, Outcome::Failed);
    assert_eq!(outcomes(500, "Internal Server Error\n"), failed);
    assert_eq!(outcomes(503, "Internal Server Error"), failed);
    assert_eq!(outcomes(502, "<html>\r\n<h1>Bad  Gateway</h1>"), failed);
    assert_eq!(
        reason(502, "<html>\r\n<h1>Bad  Gateway</h1>"),
        "<html> <…>Bad Gateway</…>"
    );
}

#[test]
fn a_malformed_request_is_our_own_failure() {
    let body = r#"{"detail":[{"type":"missing","loc":["body","email"],"msg":"Field required","input":{"a":[1]}},
        {"type":"greater_than_equal","loc":["body","items",0,"quantity"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}}]}"#;
    assert_eq!(outcomes(422, body), (Outcome::Failed, Outcome::Failed));
    assert_eq!(
        reason(422, body),
        "body.email: Field required; body.items.….quantity: Input should be greater than or equal to …"
    );
}

#[test]
fn bare_texts_are_failures() {
    let failed = (Outcome::Failed, Outcome::Failed);
    let unknown_tier = r#"{"error":"'silver' is not in list"}"#;
    assert_eq!(outcomes(400, unknown_tier), failed);
    assert_eq!(reason(400, unknown_tier), "'…' is not in list");
    let unknown_id = r#"{"error":"`Customer` object with identifier b5a3c71a-c732-4188-bc9a-ca6cfd65a82f does not exist."}"#;
    assert_eq!(outcomes(404, unknown_id), failed);
    assert_eq!(
        reason(404, unknown_id),
        "`Customer` object with identifier … does not exist."
    );
    let signature = r#"{"detail":"Invalid webhook signature"}"#;
    assert_eq!(outcomes(401, signature), failed);
    assert_eq!(reason(401, signature), "Invalid webhook signature");
    let not_text = r#"{"detail":"There was an error parsing the body"}"#;
    assert_eq!(outcomes(400, not_text), failed);
}

#[test]
fn a_success_that_was_not_expected_is_a_failure() {
    let failed = (Outcome::Failed, Outcome::Failed);
    assert_eq!(outcomes(200, r#"{"status":"ok"}"#), failed);
    assert_eq!(outcomes(201, r#"{"error":{"status":["no"]}}"#), failed);
}

#[test]
fn several_fields_and_messages_are_told_apart() {
    let body = r#"{"error":{"sku":["Too long","Not a \"code\""],"title":"Missing","tags":[]}}"#;
    assert_eq!(
        reason(400, body),
        "sku: Too long, Not a \"code\"; title: Missing; tags: "
    );
}

#[test]
fn line_ends_in_names_do_not_break_a_reason() {
    let body = r#"{"error":{"a\nb\u001b":["c\r\nd"]}}"#;
    assert_eq!(reason(400, body), "ab: c d");
    let body = r#"{"detail":[{"loc":["body","x\ty"],"msg":"Field required"}]}"#;
    assert_eq!(reason(422, body), "body.xy: Field required");
}

#[test]
fn an_empty_refusal_has_a_reason_too() {
    for body in [
        r#"{"error":""}"#,
        r#"{"error":{}}"#,
        r#"{"detail":[]}"#,
        r#"{"detail":" "}"#,
    ] {
        assert_eq!(reason(400, body), "no reason was given", "{body}");
    }
}

#[test]
fn apostrophes_are_no_quotes() {
    assert_eq!(
        reason(400, r#"{"error":"The shop can't, and won't, do 'that'"}"#),
        "The shop can't, and won't, do '…'"
    );
}

/// The shop lists the states of a set, in an order that differs between its processes.
#[test]
fn cancellation_reasons_do_not_depend_on_the_order_of_states() {
    let says = |states: &str| {
        reason(
            400,
            &format!(
                r#"{{"error":{{"status":["Cannot cancel order in Shipped state. Cancellation is only allowed from: {states}"]}}}}"#
            ),
        )
    };
    assert_eq!(says("Created, Paid"), says("Paid, Created"));
    assert!(
        says("Paid").ends_with("only allowed from: …"),
        "{}",
        says("Paid")
    );
}

#[test]
fn bodies_that_say_nothing_have_a_reason_too() {
    assert_eq!(reason(400, ""), "an empty body");
    assert_eq!(
        judge_contended(400, &[0xff, 0xfe]).1.as_str(),
        "a body that is not text"
    );
    assert_eq!(reason(400, r#"{"error":7}"#), r#"{"error":…}"#);
    assert_eq!(reason(400, "[]"), "[]");
}

fn error_like_body() -> impl Strategy<Value = Vec<u8>> {
    let text = "[ -~…ä]{0,300}".prop_map(|text| serde_json::json!(text));
    let body = (text, "[a-z_]{1,9}").prop_flat_map(|(text, field)| {
        prop_oneof![
            Just(serde_json::json!({"error": {field.as_str(): [text.clone(), text.clone()]}})),
            Just(serde_json::json!({"error": text.clone()})),
            Just(serde_json::json!({"detail": text.clone()})),
            Just(serde_json::json!({"detail": [{"loc": ["body", field, 3], "msg": text}]})),
        ]
    });
    body.prop_map(|body| body.to_string().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_get_an_outcome_and_a_reason(
        status in 100_u16..1_000,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..600),
            ".{0,600}".prop_map(String::into_bytes),
            error_like_body(),
        ],
        cut in any::<prop::sample::Index>(),
    ) {
        for body in [&body[..], &body[..cut.index(body.len() + 1)]] {
            for judge in [judge_ordinary, judge_contended] {
                let (outcome, reason) = judge(status, body);
                prop_assert_ne!(outcome, Outcome::Success);
                prop_assert!(reason.as_str().chars().all(|character| !character.is_control()));
            }
            let (outcome, _) = judge_ordinary(status, body);
            prop_assert_ne!(outcome, Outcome::Refused);
        }
    }

    #[test]
    fn numbers_ids_and_quoted_values_never_split_a_reason(
        one in any::<i64>(),
        other in any::<u32>(),
        id in proptest::array::uniform16(any::<u8>()),
        value in "[a-zA-Z0-9 ]{1,12}",
    ) {
        let says = |number: String, id: String, value: &str| {
            reason(400, &serde_json::json!({"error": {"field":
                [format!("{number} of {id}, '{value}' ({number})")]}}).to_string())
        };
        let id = uuid::Uuid::from_bytes(id);
        let digit = uuid::Uuid::nil();
        prop_assume!(id.to_string().bytes().any(|byte| byte.is_ascii_digit()));
        prop_assert_eq!(
            says(one.to_string(), id.to_string(), &value),
            says(other.to_string(), digit.to_string(), "x")
        );
    }
}
