//! The sandbox's payments and invoices over real sockets, against what was measured of ShopStream.

use crate::sandbox_client::{Client, Reply, shop};
use serde_json::{Value, json};
use std::collections::HashSet;

const PROCESSED: &str = r#"{"status":"processed"}"#;
const RETRIED: &str = r#"{"status":"retry_initiated"}"#;
const REFUNDED: &str = r#"{"status":"refund_processed"}"#;
const NOBODY: &str = "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f";
const NO_JSON: &str = r#"{"error":"22P02-ERROR: invalid input syntax for type json"}"#;

#[track_caller]
fn assert_reply(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body));
}

/// The body of a refusal with one message.
fn refused(field: &str, message: &str) -> String {
    format!(r#"{{"error":{{"{field}":["{message}"]}}}}"#)
}

fn too_long(field: &str, max: usize) -> String {
    refused(
        field,
        &format!("String should have at most {max} characters"),
    )
}

fn empty(field: &str) -> String {
    refused(field, "String should have at least 1 character")
}

fn payment(amount: f64) -> Value {
    json!({"order_id": "o", "customer_id": "c", "amount": amount, "payment_method_type": "anything", "idempotency_key": "k"})
}

fn invoice() -> Value {
    json!({"order_id": "o", "customer_id": "c", "line_items": [{"description": "d", "quantity": 1.5, "unit_price": 0}]})
}

/// The value of the only field in a reply.
fn id_in(reply: &Reply, status: u16, field: &str) -> String {
    assert_eq!(reply.status, status, "{reply:?}");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let id = body[field].as_str().unwrap().to_owned();
    assert_eq!(reply.body, format!(r#"{{"{field}":"{id}"}}"#));
    assert_eq!(id.len(), 36);
    id
}

fn pay(client: &mut Client, amount: f64) -> String {
    let reply = client.call("POST", "/payments", &payment(amount).to_string());
    id_in(&reply, 201, "payment_id")
}

/// Sends what the gateway sends, with this signature.
fn call_back(client: &mut Client, path: &str, body: &str, signature: &str) -> Reply {
    let length = body.len();
    client.write(
        format!(
            "POST {path} HTTP/1.1\r\nX-Gateway-Signature: {signature}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
    client.reply()
}

fn webhook(client: &mut Client, id: &str, word: &str) -> Reply {
    let body = json!({"payment_id": id, "gateway_status": word, "gateway_transaction_id": "t"});
    let body = body.to_string();
    call_back(client, "/payments/webhook", &body, "test-signature")
}

fn retry(client: &mut Client, id: &str) -> Reply {
    client.call("POST", &format!("/payments/{id}/retry"), "")
}

fn ask_refund(client: &mut Client, id: &str, amount: f64) -> Reply {
    let body = json!({"amount": amount, "reason": "r"}).to_string();
    client.call("POST", &format!("/payments/{id}/refund"), &body)
}

fn refund_webhook(client: &mut Client, id: &str, refund_id: &str) -> Reply {
    let body = json!({"payment_id": id, "refund_id": refund_id, "gateway_refund_id": "g"});
    let body = body.to_string();
    call_back(client, "/payments/refund/webhook", &body, "test-signature")
}

/// Asks for a refund and has it completed.
fn refund(client: &mut Client, id: &str, amount: f64) {
    let refund_id = id_in(&ask_refund(client, id, amount), 200, "refund_id");
    assert_reply(&refund_webhook(client, id, &refund_id), 200, REFUNDED);
}

/// A payment of 50 in `state`.
fn payment_in(client: &mut Client, state: &str) -> String {
    let id = pay(client, 50.0);
    let word = match state {
        "Pending" => return id,
        "Failed" => "failed",
        _ => "succeeded",
    };
    assert_reply(&webhook(client, &id, word), 200, PROCESSED);
    match state {
        "Partially_Refunded" => refund(client, &id, 20.0),
        "Refunded" => refund(client, &id, 50.0),
        _ => {}
    }
    id
}

#[test]
fn every_cell_of_the_payment_matrix() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let not_failed = refused("status", "Payment can only be retried from Failed state");
    let not_paid = refused(
        "status",
        "Refunds can only be requested for succeeded or partially refunded payments",
    );
    for state in [
        "Pending",
        "Failed",
        "Succeeded",
        "Partially_Refunded",
        "Refunded",
    ] {
        for (word, target) in [
            ("succeeded", "Succeeded"),
            ("failed", "Failed"),
            ("Succeeded", "Failed"),
        ] {
            let id = payment_in(&mut client, state);
            let reply = webhook(&mut client, &id, word);
            let end = if state == "Pending" {
                assert_reply(&reply, 200, PROCESSED);
                target
            } else {
                let message = format!("Cannot transition from {state} to {target}");
                assert_reply(&reply, 400, &refused("status", &message));
                state
            };
            let message = format!("Cannot transition from {end} to Failed");
            let oracle = webhook(&mut client, &id, "x");
            assert_reply(&oracle, 400, &refused("status", &message));
        }
        let id = payment_in(&mut client, state);
        let retried = retry(&mut client, &id);
        match state {
            "Failed" => assert_reply(&retried, 200, RETRIED),
            _ => assert_reply(&retried, 400, &not_failed),
        }
        let id = payment_in(&mut client, state);
        let asked = ask_refund(&mut client, &id, 1.0);
        match state {
            "Succeeded" | "Partially_Refunded" => {
                id_in(&asked, 200, "refund_id");
            }
            _ => assert_reply(&asked, 400, &not_paid),
        }
    }
}

#[test]
fn a_success_needs_a_transaction() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = pay(&mut client, 1.0);
    for (transaction, refusal) in [
        (
            json!(null),
            refused("gateway_transaction_id", "Input should be a valid string"),
        ),
        (json!(""), empty("gateway_transaction_id")),
    ] {
        let body = json!({"payment_id": id, "gateway_status": "succeeded", "gateway_transaction_id": transaction});
        let body = body.to_string();
        let reply = call_back(&mut client, "/payments/webhook", &body, "test-signature");
        assert_reply(&reply, 400, &refusal);
    }
    let failure = json!({"payment_id": id, "gateway_status": "failed"}).to_string();
    let reply = call_back(&mut client, "/payments/webhook", &failure, "test-signature");
    assert_reply(&reply, 200, PROCESSED);
}

#[test]
fn a_payment_has_three_attempts() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = pay(&mut client, 1.0);
    for _ in 0..2 {
        assert_reply(&webhook(&mut client, &id, "failed"), 200, PROCESSED);
        assert_reply(&retry(&mut client, &id), 200, RETRIED);
    }
    assert_reply(&webhook(&mut client, &id, "failed"), 200, PROCESSED);
    assert_reply(
        &retry(&mut client, &id),
        400,
        &refused("attempts", "Maximum retry attempts (3) exceeded"),
    );
}

#[test]
fn refunds_are_limited_by_the_completed_ones() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = payment_in(&mut client, "Succeeded");
    assert_reply(
        &ask_refund(&mut client, &id, 50.01),
        400,
        &refused(
            "amount",
            "Refund total (50.01) would exceed payment amount (50.0)",
        ),
    );
    let open = [30.0, 30.0, 1.0]
        .map(|amount| id_in(&ask_refund(&mut client, &id, amount), 200, "refund_id"));
    assert_eq!(open.iter().collect::<HashSet<_>>().len(), 3);
    assert_reply(&refund_webhook(&mut client, &id, &open[0]), 200, REFUNDED);
    assert_reply(
        &ask_refund(&mut client, &id, 30.0),
        400,
        &refused(
            "amount",
            "Refund total (60.0) would exceed payment amount (50.0)",
        ),
    );
    for refund_id in &open[1..] {
        assert_reply(&refund_webhook(&mut client, &id, refund_id), 200, REFUNDED);
        assert_reply(
            &refund_webhook(&mut client, &id, refund_id),
            400,
            &refused("refund", "Refund is not in Requested state"),
        );
    }
    assert_reply(
        &refund_webhook(&mut client, &id, NOBODY),
        400,
        &refused("refund_id", "Refund not found"),
    );
    assert_reply(
        &ask_refund(&mut client, &id, 1.0),
        400,
        &refused(
            "status",
            "Refunds can only be requested for succeeded or partially refunded payments",
        ),
    );
    let tenths = pay(&mut client, 0.3);
    assert_reply(&webhook(&mut client, &tenths, "succeeded"), 200, PROCESSED);
    refund(&mut client, &tenths, 0.1);
    refund(&mut client, &tenths, 0.1);
    assert_reply(
        &ask_refund(&mut client, &tenths, 0.1),
        400,
        &refused(
            "amount",
            "Refund total (0.30000000000000004) would exceed payment amount (0.3)",
        ),
    );
}

#[test]
fn webhooks_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let unsigned = r#"{"detail":"Invalid webhook signature"}"#;
    let long = "é".repeat(256);
    for (path, body, limited, max) in [
        (
            "/payments/webhook",
            json!({"payment_id": NOBODY, "gateway_status": "failed", "failure_reason": "r"}),
            "gateway_status",
            50,
        ),
        (
            "/payments/refund/webhook",
            json!({"payment_id": NOBODY, "refund_id": "r", "gateway_refund_id": "g"}),
            "gateway_refund_id",
            255,
        ),
    ] {
        let fine = body.to_string();
        let mut beyond = body.clone();
        beyond[limited] = json!(long);
        let beyond = beyond.to_string();
        for signature in ["", "test-signature-", "TEST-SIGNATURE"] {
            assert_eq!(call_back(&mut client, path, "{}", signature).status, 422);
            for body in [&beyond, &fine] {
                let reply = call_back(&mut client, path, body, signature);
                assert_reply(&reply, 401, unsigned);
            }
        }
        assert_reply(&client.call("POST", path, &fine), 401, unsigned);
        let reply = call_back(&mut client, path, &beyond, "test-signature");
        assert_reply(&reply, 400, &too_long(limited, max));
        let reply = call_back(&mut client, path, &fine, "test-signature");
        let unknown =
            format!(r#"{{"error":"`Payment` object with identifier {NOBODY} does not exist."}}"#);
        assert_reply(&reply, 404, &unknown);
    }
}

#[test]
fn payments_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    for (field, value, refusal) in [
        ("order_id", json!(""), empty("order_id")),
        ("customer_id", json!(""), empty("customer_id")),
        ("currency", json!("EURO"), too_long("currency", 3)),
        ("last4", json!("12345"), too_long("last4", 4)),
        (
            "payment_method_type",
            json!("é".repeat(51)),
            too_long("payment_method_type", 50),
        ),
        ("idempotency_key", json!(""), empty("idempotency_key")),
        (
            "idempotency_key",
            json!("é".repeat(256)),
            too_long("idempotency_key", 255),
        ),
        ("amount", json!("inf"), NO_JSON.into()),
    ] {
        let mut body = payment(1.0);
        body[field] = value;
        let reply = client.call("POST", "/payments", &body.to_string());
        assert_reply(&reply, 400, &refusal);
    }
    for (field, value, kind) in [
        ("amount", json!(0), "greater_than"),
        ("amount", json!("nan"), "greater_than"),
        ("amount", json!("x"), "float_parsing"),
        ("last4", json!(1234), "string_type"),
        ("currency", json!(null), "string_type"),
    ] {
        let mut body = payment(1.0);
        body[field] = value;
        let reply = client.call("POST", "/payments", &body.to_string());
        assert_eq!(reply.status, 422, "{reply:?}");
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["detail"][0]["type"], kind, "{field}");
    }
    let without_key =
        json!({"order_id": "o", "customer_id": "c", "amount": 1, "payment_method_type": "m"});
    let reply = client.call("POST", "/payments", &without_key.to_string());
    assert_eq!(reply.status, 422);
}

#[test]
fn refund_requests_and_retries_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = payment_in(&mut client, "Succeeded");
    let path = format!("/payments/{id}/refund");
    for (amount, reason, status, refusal) in [
        (json!(1), json!(""), 400, empty("reason")),
        (json!(1), json!("é".repeat(501)), 400, too_long("reason", 500)),
        (json!("inf"), json!("r"), 400, NO_JSON.into()),
        (
            json!(0),
            json!("r"),
            422,
            r#"{"detail":[{"type":"greater_than","loc":["body","amount"],"msg":"Input should be greater than 0","input":0,"ctx":{"gt":0.0}}]}"#.into(),
        ),
    ] {
        let body = json!({"amount": amount, "reason": reason}).to_string();
        assert_reply(&client.call("POST", &path, &body), status, &refusal);
    }
    for id in ["not-a-uuid", NOBODY] {
        let unknown =
            format!(r#"{{"error":"`Payment` object with identifier {id} does not exist."}}"#);
        assert_reply(&retry(&mut client, id), 404, &unknown);
        assert_reply(&ask_refund(&mut client, id, 1.0), 404, &unknown);
    }
}

#[test]
fn the_same_idempotency_key_makes_another_payment() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let ids: HashSet<String> = [1.0, 1.0, 2.0]
        .map(|amount| pay(&mut client, amount))
        .into();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_gateway_tells_what_it_is_set_to_and_nothing_follows() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    for (body, told) in [
        ("{}", r#"true,"failure_reason":"Card declined"}"#),
        (
            r#"{"should_succeed":"no","failure_reason":"a \"b\" é"}"#,
            r#"false,"failure_reason":"a \"b\" é"}"#,
        ),
        (
            r#"{"should_succeed":false,"failure_reason":""}"#,
            r#"false,"failure_reason":""}"#,
        ),
    ] {
        let told = format!(r#"{{"gateway":"FakeGateway","should_succeed":{told}"#);
        let reply = client.call("POST", "/payments/gateway/configure", body);
        assert_reply(&reply, 200, &told);
    }
    payment_in(&mut client, "Succeeded");
    let null = r#"{"failure_reason":null}"#;
    let reply = client.call("POST", "/payments/gateway/configure", null);
    assert_eq!(reply.status, 422);
}

#[test]
fn invoices_are_voided_once() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let mut odd = invoice();
    odd["line_items"] = json!([]);
    odd["tax"] = json!(-3);
    for body in [invoice(), odd] {
        let reply = client.call("POST", "/invoices", &body.to_string());
        let id = id_in(&reply, 201, "invoice_id");
        let mut void = |reason: &str| {
            let body = json!({"reason": reason}).to_string();
            client.call("PUT", &format!("/invoices/{id}/void"), &body)
        };
        assert_reply(&void(""), 400, &empty("reason"));
        assert_reply(&void(&"é".repeat(501)), 400, &too_long("reason", 500));
        assert_reply(&void("r"), 200, r#"{"status":"voided"}"#);
        assert_reply(
            &void("r"),
            400,
            &refused("status", "Cannot transition from Voided to Voided"),
        );
    }
    let reply = client.call("PUT", "/invoices/x/void", r#"{"reason":"r"}"#);
    let unknown = r#"{"error":"`Invoice` object with identifier x does not exist."}"#;
    assert_reply(&reply, 404, unknown);
}

#[test]
fn invoices_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    for (pointer, value, status, refusal) in [
        ("/order_id", json!(""), 400, empty("order_id")),
        (
            "/line_items/0/description",
            json!("é".repeat(501)),
            400,
            too_long("description", 500),
        ),
        ("/line_items/0/description", json!(""), 400, empty("description")),
        ("/tax", json!("-inf"), 400, NO_JSON.into()),
        (
            "/line_items/0/quantity",
            json!(-1),
            422,
            r#"{"detail":[{"type":"greater_than_equal","loc":["body","line_items",0,"quantity"],"msg":"Input should be greater than or equal to 0","input":-1,"ctx":{"ge":0.0}}]}"#.into(),
        ),
    ] {
        let mut body = invoice();
        body["tax"] = json!(0);
        *body.pointer_mut(pointer).unwrap() = value;
        let reply = client.call("POST", "/invoices", &body.to_string());
        assert_reply(&reply, status, &refusal);
    }
}
