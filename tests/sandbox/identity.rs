//! The sandbox's identity domain over real sockets, against what was measured of ShopStream.

use crate::sandbox_client::{Client, Reply, shop};
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};

fn registration(external_id: &str) -> String {
    format!(
        r#"{{"external_id":"{external_id}","email":"a@b.co","first_name":"A","last_name":"B"}}"#
    )
}

fn register(client: &mut Client) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let reply = client.call(
        "POST",
        "/customers",
        &registration(&format!("EXT-{number}")),
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    id_in(&reply)
}

fn id_in(reply: &Reply) -> String {
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    body["customer_id"].as_str().unwrap().to_owned()
}

/// The registration above with `field` replaced by, or extended with, a JSON value.
fn registration_with(field: &str, value: &str) -> String {
    let mut body: Value = serde_json::from_str(&registration("EXT-with")).unwrap();
    body[field] = serde_json::from_str(value).unwrap();
    body.to_string()
}

#[track_caller]
fn assert_reply(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body));
}

#[test]
fn every_cell_of_the_state_matrix() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let address = r#"{"street":"s","city":"c","postal_code":"p","country":"US"}"#;
    let suspend = ("suspend", r#"{"reason":"r"}"#);
    let reactivate = ("reactivate", "");
    let close = ("close", "");
    let not_active = Some("Only active accounts can be suspended");
    let not_suspended = Some("Only suspended accounts can be reactivated");
    let closed = Some("Account is already closed");
    let paths = [
        ("Active", None, [None, not_suspended, None]),
        ("Suspended", Some(suspend), [not_active, None, None]),
        ("Closed", Some(close), [not_active, not_suspended, closed]),
    ];
    for (state, way, refusals) in paths {
        for ((operation, body), refusal) in [suspend, reactivate, close].into_iter().zip(refusals) {
            let id = register(&mut client);
            if let Some((step, body)) = way {
                assert_eq!(
                    client
                        .call("PUT", &format!("/customers/{id}/{step}"), body)
                        .status,
                    200
                );
            }
            for (operation, body, status) in [
                ("profile", r#"{"first_name":"N"}"#, 200),
                ("tier", r#"{"new_tier":"Silver"}"#, 200),
            ] {
                let path = format!("/customers/{id}/{operation}");
                assert_eq!(client.call("PUT", &path, body).status, status, "{state}");
            }
            let added = client.call("POST", &format!("/customers/{id}/addresses"), address);
            assert_reply(&added, 201, r#"{"status":"ok"}"#);
            let reply = client.call("PUT", &format!("/customers/{id}/{operation}"), body);
            match refusal {
                None => assert_reply(&reply, 200, r#"{"status":"ok"}"#),
                Some(message) => {
                    let body = format!(r#"{{"error":{{"status":["{message}"]}}}}"#);
                    assert_reply(&reply, 400, &body);
                }
            }
        }
    }
}

#[test]
fn a_reactivated_customer_can_be_suspended_again() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = register(&mut client);
    for operation in ["suspend", "reactivate", "suspend", "close"] {
        let path = format!("/customers/{id}/{operation}");
        assert_eq!(client.call("PUT", &path, r#"{"reason":"r"}"#).status, 200);
    }
}

#[test]
fn tiers_only_rise() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let tiers = ["Standard", "Silver", "Gold", "Platinum"];
    for (from, current) in tiers.into_iter().enumerate() {
        for (to, wanted) in tiers.into_iter().enumerate() {
            let id = register(&mut client);
            let mut upgrade = |tier: &str| {
                let body = format!(r#"{{"new_tier":"{tier}"}}"#);
                client.call("PUT", &format!("/customers/{id}/tier"), &body)
            };
            if from > 0 {
                assert_eq!(upgrade(current).status, 200);
            }
            if to > from {
                assert_reply(&upgrade(wanted), 200, r#"{"status":"ok"}"#);
                continue;
            }
            let refused = format!(
                r#"{{"error":{{"tier":["Cannot downgrade from {current} to {wanted}"]}}}}"#
            );
            assert_reply(&upgrade(wanted), 400, &refused);
        }
    }
    let id = register(&mut client);
    for (body, refusal) in [
        (
            r#"{"new_tier":"silver"}"#,
            r#"{"error":"'silver' is not in list"}"#,
        ),
        (
            r#"{"new_tier":"it's"}"#,
            r#"{"error":"\"it's\" is not in list"}"#,
        ),
        (
            r#"{"new_tier":""}"#,
            r#"{"error":{"new_tier":["String should have at least 1 character"]}}"#,
        ),
    ] {
        let reply = client.call("PUT", &format!("/customers/{id}/tier"), body);
        assert_reply(&reply, 400, refusal);
    }
}

#[test]
fn external_ids_are_unique_and_emails_are_not() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    assert_eq!(
        client
            .call("POST", "/customers", &registration("it's"))
            .status,
        201
    );
    assert_eq!(
        client
            .call("POST", "/customers", &registration("other"))
            .status,
        201
    );
    assert_reply(
        &client.call("POST", "/customers", &registration("it's")),
        400,
        r#"{"error":{"external_id":["Customer with external_id 'it's' is already present."]}}"#,
    );
}

#[test]
fn registrations_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let empty = r#"["String should have at least 1 character"]"#;
    for (field, value, status, error) in [
        (
            "email",
            r#""a""#,
            400,
            r#"{"_entity":["Invalid email address: 'a'"]}"#,
        ),
        (
            "phone",
            r#""abc""#,
            400,
            r#"{"_entity":["Invalid phone number: 'abc'"]}"#,
        ),
        (
            "date_of_birth",
            r#""2020-13-01""#,
            400,
            r#""month must be in 1..12""#,
        ),
        (
            "date_of_birth",
            r#""x""#,
            400,
            r#""Invalid isoformat string: 'x'""#,
        ),
        (
            "external_id",
            r#""""#,
            400,
            &format!(r#"{{"external_id":{empty}}}"#),
        ),
        (
            "first_name",
            r#""""#,
            400,
            &format!(r#"{{"first_name":{empty}}}"#),
        ),
    ] {
        let reply = client.call("POST", "/customers", &registration_with(field, value));
        assert_reply(&reply, status, &format!(r#"{{"error":{error}}}"#));
    }
    for (field, value, kind) in [
        ("external_id", "5", "string_type"),
        ("email", "true", "string_type"),
        ("phone", "[]", "string_type"),
        ("last_name", "null", "string_type"),
    ] {
        let reply = client.call("POST", "/customers", &registration_with(field, value));
        assert_reply(
            &reply,
            422,
            &format!(
                r#"{{"detail":[{{"type":"{kind}","loc":["body","{field}"],"msg":"Input should be a valid string","input":{value}}}]}}"#
            ),
        );
    }
    for (field, max) in [
        ("external_id", 255),
        ("email", 254),
        ("first_name", 100),
        ("last_name", 100),
        ("phone", 20),
        ("date_of_birth", 10),
    ] {
        let value = "é".repeat(max + 1);
        let body = registration_with(field, &format!("\"{value}\""));
        let reply = client.call("POST", "/customers", &body);
        assert_reply(
            &reply,
            422,
            &format!(
                r#"{{"detail":[{{"type":"string_too_long","loc":["body","{field}"],"msg":"String should have at most {max} characters","input":"{value}","ctx":{{"max_length":{max}}}}}]}}"#
            ),
        );
    }
    for (body, fields) in [
        ("phone", r#""""#),
        ("date_of_birth", "null"),
        ("stranger", "[1]"),
    ]
    .map(|(field, value)| (registration_with(field, value), field))
    {
        let body = body.replace("EXT-with", fields);
        assert_eq!(
            client.call("POST", "/customers", &body).status,
            201,
            "{body}"
        );
    }
}

#[test]
fn missing_fields_and_bodies_that_are_no_json_are_refused() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let missing = |field: &str| {
        format!(
            r#"{{"type":"missing","loc":["body","{field}"],"msg":"Field required","input":{{}}}}"#
        )
    };
    let all = ["external_id", "email", "first_name", "last_name"].map(missing);
    assert_reply(
        &client.call("POST", "/customers", "{}"),
        422,
        &format!(r#"{{"detail":[{}]}}"#, all.join(",")),
    );
    assert_reply(
        &client.call("POST", "/customers", ""),
        422,
        r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#,
    );
    assert_reply(
        &client.call("POST", "/customers", r#"{"a":1,}"#),
        422,
        r#"{"detail":[{"type":"json_invalid","loc":["body",7],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]}"#,
    );
    client.write(b"POST /customers HTTP/1.1\r\ncontent-length: 3\r\n\r\n\"\xff\"");
    assert_reply(
        &client.reply(),
        400,
        r#"{"detail":"There was an error parsing the body"}"#,
    );
    client.write(
        b"POST /customers HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}",
    );
    assert_reply(
        &client.reply(),
        422,
        r#"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{}"}]}"#,
    );
}

#[test]
fn address_books_have_their_rules() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = register(&mut client);
    let path = format!("/customers/{id}/addresses");
    let address = |more: &str| {
        format!(r#"{{"street":"s","city":"c","postal_code":"p","country":"US"{more}}}"#)
    };
    for (more, error) in [
        (
            r#","label":"home""#,
            r#"{"label":["Input should be 'Home', 'Work' or 'Other'"]}"#,
        ),
        (
            r#","geo_lat":"91","geo_lng":"0""#,
            r#"{"latitude":["Input should be less than or equal to 90"]}"#,
        ),
        (
            r#","geo_lat":"0","geo_lng":"-180.5""#,
            r#"{"longitude":["Input should be greater than or equal to -180"]}"#,
        ),
        (
            r#","geo_lat":"x","geo_lng":"0""#,
            r#""could not convert string to float: 'x'""#,
        ),
    ] {
        let reply = client.call("POST", &path, &address(more));
        assert_reply(&reply, 400, &format!(r#"{{"error":{error}}}"#));
    }
    let mut accepted = vec![
        "",
        r#","geo_lat":"99""#,
        r#","geo_lng":"x""#,
        r#","label":"""#,
    ];
    accepted.extend([r#","label":"Work""#; 6]);
    for more in accepted {
        assert_reply(
            &client.call("POST", &path, &address(more)),
            201,
            r#"{"status":"ok"}"#,
        );
    }
    assert_reply(
        &client.call("POST", &path, &address("")),
        400,
        r#"{"error":{"addresses":["Cannot have more than 10 addresses"]}}"#,
    );
    let unknown = r#"{"error":{"addresses":["Address zz not found"]}}"#;
    assert_reply(
        &client.call("PUT", &format!("{path}/zz"), "{}"),
        400,
        unknown,
    );
    assert_reply(
        &client.call("DELETE", &format!("{path}/zz"), ""),
        400,
        unknown,
    );
    assert_reply(
        &client.call("PUT", &format!("{path}/zz/default"), ""),
        400,
        unknown,
    );
}

#[test]
fn unknown_customers_are_404_on_every_operation_and_after_the_fields_limits() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let address = r#"{"street":"s","city":"c","postal_code":"p","country":"US"}"#;
    for (method, path, body) in [
        ("PUT", "profile", "{}"),
        ("POST", "addresses", address),
        ("PUT", "addresses/x", "{}"),
        ("DELETE", "addresses/x", ""),
        ("PUT", "addresses/x/default", ""),
        ("PUT", "suspend", r#"{"reason":"r"}"#),
        ("PUT", "reactivate", ""),
        ("PUT", "close", ""),
        ("PUT", "tier", r#"{"new_tier":"silver"}"#),
    ] {
        for id in ["not-a-uuid", "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f"] {
            assert_reply(
                &client.call(method, &format!("/customers/{id}/{path}"), body),
                404,
                &format!(r#"{{"error":"`Customer` object with identifier {id} does not exist."}}"#),
            );
        }
    }
    let no_reason = client.call("PUT", "/customers/x/suspend", r#"{"reason":""}"#);
    assert_eq!(
        no_reason.status, 400,
        "the command's limits come before the customer"
    );
    let long_reason = format!(r#"{{"reason":"{}"}}"#, "x".repeat(501));
    assert_eq!(
        client
            .call("PUT", "/customers/x/suspend", &long_reason)
            .status,
        422
    );
}

#[test]
fn profiles_are_checked_before_they_are_changed() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = register(&mut client);
    let path = format!("/customers/{id}/profile");
    for (body, status, reply) in [
        ("{}", 200, r#"{"status":"ok"}"#),
        (r#"{"phone":""}"#, 200, r#"{"status":"ok"}"#),
        (
            r#"{"first_name":"","last_name":""}"#,
            400,
            r#"{"error":{"first_name":["String should have at least 1 character"],"last_name":["String should have at least 1 character"]}}"#,
        ),
        (
            r#"{"date_of_birth":""}"#,
            400,
            r#"{"error":"Invalid isoformat string: ''"}"#,
        ),
        (
            r#"{"first_name":"","phone":"x"}"#,
            400,
            r#"{"error":{"_entity":["Invalid phone number: 'x'"]}}"#,
        ),
    ] {
        assert_reply(&client.call("PUT", &path, body), status, reply);
    }
}

#[test]
fn the_shop_forgets_its_oldest_customers_and_nothing_else() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let ids: Vec<String> = (0..250).map(|_| register(&mut client)).collect();
    for (number, id) in ids.iter().enumerate() {
        let reply = client.call("PUT", &format!("/customers/{id}/close"), "");
        let expected = if number < 150 { 404 } else { 200 };
        assert_eq!(reply.status, expected, "customer {number}");
    }
}
