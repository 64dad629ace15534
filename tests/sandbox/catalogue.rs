//! The sandbox's products and categories over real sockets, against what was measured of ShopStream.

use crate::sandbox_client::{Client, Reply, shop};
use serde_json::{Value, json};

const DONE: &str = r#"{"status":"ok"}"#;
const NOBODY: &str = "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f";
const VARIANT: &str = r#"{"variant_sku":"VAR-1","base_price":9.99}"#;
const IMAGE: &str = r#"{"url":"https://x/y.jpg"}"#;

#[track_caller]
fn assert_reply(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body));
}

fn refused(field: &str, message: &str) -> String {
    format!(r#"{{"error":{{"{field}":["{message}"]}}}}"#)
}

fn create(client: &mut Client, path: &str, body: &str) -> String {
    let reply = client.call("POST", path, body);
    assert_eq!(reply.status, 201, "{reply:?}");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let (_, id) = body.as_object().unwrap().iter().next().unwrap();
    id.as_str().unwrap().to_owned()
}

fn product(client: &mut Client) -> String {
    create(client, "/products", r#"{"sku":"SKU-1","title":"T"}"#)
}

/// Each state, how it is reached, and what the three transitions answer there: nothing when they
/// work, else field and message.
type Cell = Option<(&'static str, &'static str)>;
const NOT_DRAFT: (&str, &str) = ("status", "Only draft products can be activated");
const NOT_ACTIVE: (&str, &str) = ("status", "Only active products can be discontinued");
const NOT_DISCONTINUED: (&str, &str) = ("status", "Only discontinued products can be archived");

#[test]
fn every_cell_of_the_product_matrix() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let states: [(&[&str], [Cell; 3]); 4] = [
        (&[], [None, Some(NOT_ACTIVE), Some(NOT_DISCONTINUED)]),
        (
            &["activate"],
            [Some(NOT_DRAFT), None, Some(NOT_DISCONTINUED)],
        ),
        (
            &["activate", "discontinue"],
            [Some(NOT_DRAFT), Some(NOT_ACTIVE), None],
        ),
        (
            &["activate", "discontinue", "archive"],
            [Some(NOT_DRAFT), Some(NOT_ACTIVE), Some(NOT_DISCONTINUED)],
        ),
    ];
    for (steps, answers) in states {
        for (transition, answer) in ["activate", "discontinue", "archive"].iter().zip(answers) {
            let id = product(&mut client);
            let path = format!("/products/{id}");
            assert_reply(
                &client.call("POST", &format!("{path}/variants"), VARIANT),
                201,
                DONE,
            );
            for step in steps {
                assert_reply(
                    &client.call("PUT", &format!("{path}/{step}"), ""),
                    200,
                    DONE,
                );
            }
            // Variants, images and details are taken in every state.
            assert_reply(
                &client.call("POST", &format!("{path}/variants"), VARIANT),
                201,
                DONE,
            );
            assert_reply(
                &client.call("POST", &format!("{path}/images"), IMAGE),
                201,
                DONE,
            );
            assert_reply(
                &client.call("PUT", &format!("{path}/details"), "{}"),
                200,
                DONE,
            );
            let reply = client.call("PUT", &format!("{path}/{transition}"), "");
            match answer {
                None => assert_reply(&reply, 200, DONE),
                Some((field, message)) => assert_reply(&reply, 400, &refused(field, message)),
            }
        }
    }
}

#[test]
fn a_product_without_a_variant_is_not_activated() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    let id = product(&mut client);
    let reply = client.call("PUT", &format!("/products/{id}/activate"), "");
    assert_reply(
        &reply,
        400,
        &refused(
            "variants",
            "Product must have at least one variant to be activated",
        ),
    );
}

#[test]
fn a_product_has_ten_images() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    let path = format!("/products/{}/images", product(&mut client));
    for _ in 0..10 {
        assert_reply(&client.call("POST", &path, IMAGE), 201, DONE);
    }
    let reply = client.call("POST", &path, IMAGE);
    assert_reply(
        &reply,
        400,
        &refused("images", "Cannot have more than 10 images"),
    );
}

#[test]
fn products_are_refused_layer_by_layer() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let with = |field: &str, value: Value| {
        let mut body = json!({"sku": "SKU-1", "title": "T"});
        body[field] = value;
        body.to_string()
    };
    let long = |count: usize| json!("x".repeat(count));
    for (field, limit) in [
        ("sku", 50),
        ("title", 255),
        ("brand", 100),
        ("visibility", 20),
    ] {
        let reply = client.call("POST", "/products", &with(field, long(limit + 1)));
        assert_eq!(reply.status, 422, "{field}");
        assert!(reply.body.contains(&format!("at most {limit} characters")));
    }
    let too_long = refused("description", "String should have at most 255 characters");
    let reply = client.call("POST", "/products", &with("description", long(256)));
    assert_reply(&reply, 400, &too_long);
    let empty = refused("title", "String should have at least 1 character");
    let reply = client.call("POST", "/products", &with("title", json!("")));
    assert_reply(&reply, 400, &empty);
    for (sku, message) in [
        ("ab", "String should have at least 3 characters"),
        (
            "a b c",
            "SKU must contain only alphanumeric characters and hyphens",
        ),
        ("-abc", "SKU must not start or end with a hyphen"),
        ("a--bc", "SKU must not contain consecutive hyphens"),
    ] {
        let reply = client.call("POST", "/products", &with("sku", json!(sku)));
        assert_reply(&reply, 400, &refused("code", message));
    }
    let reply = client.call("POST", "/products", &with("slug", json!("Not a slug")));
    assert_reply(
        &reply,
        400,
        &refused(
            "slug",
            "Slug must contain only lowercase alphanumeric characters and hyphens",
        ),
    );
    let reply = client.call("POST", "/products", &with("visibility", json!("Secret")));
    assert_reply(
        &reply,
        400,
        &refused(
            "visibility",
            "Input should be 'Public', 'Unlisted' or 'Tier_Restricted'",
        ),
    );
    // The same SKU again is taken.
    for _ in 0..2 {
        create(
            &mut client,
            "/products",
            &with("visibility", json!("Tier_Restricted")),
        );
    }
}

#[test]
fn variants_are_refused_layer_by_layer() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = format!("/products/{}/variants", product(&mut client));
    let with = |field: &str, value: Value| {
        let mut body: Value = serde_json::from_str(VARIANT).unwrap();
        body[field] = value;
        body.to_string()
    };
    let mut answered = |field: &str, value: Value| {
        let reply = client.call("POST", &path, &with(field, value));
        (reply.status, reply.body)
    };
    let rule = |field: &str, message: &str| (400, refused(field, message));
    let done = (201, DONE.to_owned());
    assert_eq!(answered("currency", json!("ZZZ")), done);
    assert_eq!(answered("attributes", json!("{\"size\": \"M\"}")), done);
    assert_eq!(answered("base_price", json!("12.5")), done);
    assert_eq!(
        answered("weight_unit", json!("st")),
        done,
        "without a weight"
    );
    assert_eq!(
        answered("base_price", json!(0)),
        rule(
            "base_price",
            "Input should be greater than or equal to 0.01"
        )
    );
    assert_eq!(
        answered("attributes", json!("red")),
        (
            400,
            r#"{"error":"Expecting value: line 1 column 1 (char 0)"}"#.into()
        )
    );
    assert_eq!(
        answered("base_price", json!("NaN")),
        (
            400,
            r#"{"error":"22P02-ERROR: invalid input syntax for type json"}"#.into()
        )
    );
    assert_eq!(answered("currency", json!("EURO")).0, 422);
    assert_eq!(answered("variant_sku", json!("x")).0, 400);
    let heavy = r#"{"variant_sku":"VAR-1","base_price":1,"weight_value":1,"weight_unit":"st"}"#;
    let reply = client.call("POST", &path, heavy);
    assert_reply(
        &reply,
        400,
        &refused(
            "unit",
            "Weight unit must be 'kg', 'lb', 'g', or 'oz', got 'st'",
        ),
    );
}

#[test]
fn unknown_parts_of_a_product_are_refused_after_the_product() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    let id = product(&mut client);
    for (method, path, body, field, message) in [
        (
            "PUT",
            "variants/x/price",
            r#"{"base_price":1}"#,
            "variants",
            "Variant x not found",
        ),
        (
            "PUT",
            "variants/x/tier-price",
            r#"{"tier":"Gold","price":1}"#,
            "variants",
            "Variant x not found",
        ),
        ("DELETE", "images/x", "", "images", "Image x not found"),
    ] {
        let reply = client.call(method, &format!("/products/{id}/{path}"), body);
        assert_reply(&reply, 400, &refused(field, message));
        let reply = client.call(method, &format!("/products/{NOBODY}/{path}"), body);
        assert_reply(
            &reply,
            404,
            &format!(r#"{{"error":"`Product` object with identifier {NOBODY} does not exist."}}"#),
        );
    }
}

#[test]
fn categories_are_five_levels_deep() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let mut parent = create(&mut client, "/categories", r#"{"name":"root"}"#);
    let child = |parent: &str| json!({"name": "child", "parent_category_id": parent}).to_string();
    for _ in 1..=4 {
        parent = create(&mut client, "/categories", &child(&parent));
    }
    let reply = client.call("POST", "/categories", &child(&parent));
    assert_reply(
        &reply,
        400,
        &refused(
            "level",
            "Category hierarchy cannot exceed 5 levels (depth 0-4)",
        ),
    );
    let reply = client.call("POST", "/categories", &child(NOBODY));
    assert_reply(
        &reply,
        404,
        &format!(r#"{{"error":"`Category` object with identifier {NOBODY} does not exist."}}"#),
    );
}

#[test]
fn categories_are_deactivated_once_and_changed_at_any_time() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = format!(
        "/categories/{}",
        create(&mut client, "/categories", r#"{"name":"root"}"#)
    );
    for round in 0..2 {
        assert_reply(&client.call("PUT", &path, r#"{"name":"other"}"#), 200, DONE);
        let order = format!(r#"{{"new_display_order":{}}}"#, -5 + round);
        assert_reply(
            &client.call("PUT", &format!("{path}/reorder"), &order),
            200,
            DONE,
        );
        let reply = client.call("PUT", &format!("{path}/deactivate"), "");
        match round {
            0 => assert_reply(&reply, 200, DONE),
            _ => assert_reply(
                &reply,
                400,
                &refused("status", "Category is already inactive"),
            ),
        }
    }
    let reply = client.call("PUT", &path, r#"{"attributes":"{"}"#);
    assert_eq!(reply.status, 400);
    assert!(
        reply
            .body
            .starts_with(r#"{"error":"Expecting property name"#),
        "{}",
        reply.body
    );
    let reply = client.call(
        "PUT",
        &format!("{path}/reorder"),
        r#"{"new_display_order":1.5}"#,
    );
    assert_eq!(reply.status, 422);
    let reply = client.call(
        "PUT",
        &format!("{path}/reorder"),
        r#"{"new_display_order":3000000000}"#,
    );
    assert_reply(&reply, 500, "Internal Server Error");
}
