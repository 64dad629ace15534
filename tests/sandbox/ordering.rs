//! The sandbox's carts and orders over real sockets, against what was measured of ShopStream.

use crate::sandbox_client::{Client, Reply, shop};
use serde_json::{Value, json};

const DONE: &str = r#"{"status":"ok"}"#;
const NOBODY: &str = "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f";
const CART_ITEM: &str = r#"{"product_id":"p","variant_id":"v"}"#;

fn address() -> Value {
    json!({"street": "s", "city": "c", "postal_code": "p", "country": "US"})
}

fn item() -> Value {
    json!({"product_id": "p", "variant_id": "v", "sku": "s", "title": "t", "quantity": 1, "unit_price": 2.5})
}

fn order() -> Value {
    json!({"customer_id": "c", "items": [item()], "shipping_address": address(), "billing_address": address()})
}

fn checkout() -> String {
    json!({"shipping": address(), "billing": address()}).to_string()
}

#[track_caller]
fn assert_reply(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body));
}

/// The body of a refusal with one message.
fn refused(field: &str, message: &str) -> String {
    format!(r#"{{"error":{{"{field}":["{message}"]}}}}"#)
}

/// The body of a refusal of a text that is too long.
fn too_long(field: &str, max: usize) -> String {
    refused(
        field,
        &format!("String should have at most {max} characters"),
    )
}

fn create(client: &mut Client, path: &str, body: &str) -> String {
    let reply = client.call("POST", path, body);
    assert_eq!(reply.status, 201, "{reply:?}");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let (_, id) = body.as_object().unwrap().iter().next().unwrap();
    id.as_str().unwrap().to_owned()
}

/// A command on an order: method, what follows the order's path, and a body.
fn command(name: &str) -> (&'static str, String, String) {
    let method = match name {
        "items" | "coupon" => "POST",
        _ => "PUT",
    };
    let body = match name {
        "payment/pending" => r#"{"payment_id":"p","payment_method":"m"}"#.into(),
        "payment/success" => r#"{"payment_id":"q","amount":-1,"payment_method":"n"}"#.into(),
        "payment/failure" => r#"{"payment_id":"p","reason":"r"}"#.into(),
        "ship" => r#"{"shipment_id":"s","carrier":"c","tracking_number":"t"}"#.into(),
        "ship/partial" => {
            r#"{"shipment_id":"s","carrier":"c","tracking_number":"t","shipped_item_ids":["x"]}"#
                .into()
        }
        "return/request" => r#"{"reason":"r"}"#.into(),
        "return/record" => "{}".into(),
        "cancel" => r#"{"reason":"r","cancelled_by":"anybody"}"#.into(),
        "refund" => r#"{"refund_amount":null}"#.into(),
        "items" => item().to_string(),
        "coupon" => r#"{"coupon_code":"c"}"#.into(),
        _ => String::new(),
    };
    (method, name.to_owned(), body)
}

fn carry_out(client: &mut Client, id: &str, name: &str) -> Reply {
    let (method, path, body) = command(name);
    client.call(method, &format!("/orders/{id}/{path}"), &body)
}

/// The commands, in the order of the contract's matrix.
const COMMANDS: [&str; 16] = [
    "confirm",
    "payment/pending",
    "payment/success",
    "payment/failure",
    "processing",
    "ship",
    "ship/partial",
    "deliver",
    "complete",
    "return/request",
    "return/approve",
    "return/record",
    "cancel",
    "refund",
    "items",
    "coupon",
];

/// Each state, by which commands it is reached, and which commands work in it with the state that
/// they lead to.
const MATRIX: [(&str, &str, &str); 14] = [
    (
        "Created",
        "",
        "confirm:Confirmed payment/failure:Confirmed cancel:Cancelled items:Created coupon:Created",
    ),
    (
        "Confirmed",
        "confirm",
        "payment/pending:Payment_Pending cancel:Cancelled",
    ),
    (
        "Payment_Pending",
        "confirm payment/pending",
        "confirm:Confirmed payment/success:Paid payment/failure:Confirmed cancel:Cancelled items:Payment_Pending",
    ),
    (
        "Paid",
        "confirm payment/pending payment/success",
        "processing:Processing ship:Shipped cancel:Cancelled",
    ),
    (
        "Processing",
        "confirm payment/pending payment/success processing",
        "ship:Shipped ship/partial:Partially_Shipped",
    ),
    (
        "Partially_Shipped",
        "confirm payment/pending payment/success processing ship/partial",
        "ship:Shipped",
    ),
    (
        "Shipped",
        "confirm payment/pending payment/success ship",
        "deliver:Delivered",
    ),
    (
        "Delivered",
        "confirm payment/pending payment/success ship deliver",
        "complete:Completed return/request:Return_Requested",
    ),
    (
        "Return_Requested",
        "confirm payment/pending payment/success ship deliver return/request",
        "return/approve:Return_Approved",
    ),
    (
        "Return_Approved",
        "confirm payment/pending payment/success ship deliver return/request return/approve",
        "return/record:Returned",
    ),
    (
        "Returned",
        "confirm payment/pending payment/success ship deliver return/request return/approve return/record",
        "refund:Refunded",
    ),
    ("Cancelled", "cancel", "refund:Refunded"),
    (
        "Completed",
        "confirm payment/pending payment/success ship deliver complete",
        "",
    ),
    ("Refunded", "cancel refund", ""),
];

/// What a command says in a state in which it does not work; the cancellable states as `list`.
fn refusal_of(name: &str, state: &str, list: &str) -> String {
    let target = match name {
        "confirm" | "payment/failure" | "items" => "Confirmed",
        "payment/pending" => "Payment_Pending",
        "payment/success" => "Paid",
        "processing" => "Processing",
        "deliver" => "Delivered",
        "complete" => "Completed",
        "return/request" => "Return_Requested",
        "return/approve" => "Return_Approved",
        "return/record" => "Returned",
        other => {
            return match other {
                "ship" => "Order must be Paid, Processing, or Partially Shipped to ship".into(),
                "ship/partial" => "Order must be Processing for partial shipment".into(),
                "refund" => "Only cancelled or returned orders can be refunded".into(),
                "coupon" => "Coupons can only be applied in Created state".into(),
                "cancel" => format!(
                    "Cannot cancel order in {state} state. Cancellation is only allowed from: {list}"
                ),
                other => panic!("{other} is no command"),
            };
        }
    };
    format!("Cannot transition from {state} to {target}")
}

/// The four cancellable states in the order in which this process lists them.
fn cancellable(client: &mut Client) -> String {
    let id = create(client, "/orders", &order().to_string());
    assert_reply(&carry_out(client, &id, "cancel"), 200, DONE);
    let reply = carry_out(client, &id, "cancel");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let message = body["error"]["status"][0].as_str().unwrap();
    let list = message.split_once("only allowed from: ").unwrap().1;
    let mut states: Vec<&str> = list.split(", ").collect();
    states.sort_unstable();
    assert_eq!(states, ["Confirmed", "Created", "Paid", "Payment_Pending"]);
    list.to_owned()
}

/// What the status oracle tells: a refusal names the state and changes nothing.
fn state_of(client: &mut Client, id: &str) -> String {
    let reply = carry_out(client, id, "return/record");
    if reply.status == 200 {
        return "Return_Approved".into();
    }
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let message = body["error"]["status"][0].as_str().unwrap();
    let rest = message.strip_prefix("Cannot transition from ").unwrap();
    rest.strip_suffix(" to Returned").unwrap().to_owned()
}

#[test]
fn every_cell_of_the_order_matrix() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let list = cancellable(&mut client);
    for (state, way, works) in MATRIX {
        for name in COMMANDS {
            let id = create(&mut client, "/orders", &order().to_string());
            for step in way.split_whitespace() {
                assert_reply(&carry_out(&mut client, &id, step), 200, DONE);
            }
            let end = works
                .split_whitespace()
                .filter_map(|cell| cell.split_once(':'))
                .find(|(known, _)| *known == name);
            let reply = carry_out(&mut client, &id, name);
            match end {
                Some((_, end)) => {
                    assert_reply(&reply, 200, DONE);
                    assert_eq!(state_of(&mut client, &id), end, "{name} in {state}");
                }
                None => {
                    let message = refusal_of(name, state, &list);
                    assert_reply(&reply, 400, &refused("status", &message));
                    assert_eq!(state_of(&mut client, &id), state, "{name}");
                }
            }
        }
    }
}

#[test]
fn items_of_an_order_are_unknown_after_its_state() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = create(&mut client, "/orders", &order().to_string());
    let item = format!("/orders/{id}/items/x");
    let quantity = format!("{item}/quantity");
    let two = r#"{"new_quantity":2}"#;
    let unknown = refused("item_id", "Item not found");
    assert_reply(&client.call("DELETE", &item, ""), 400, &unknown);
    assert_reply(&client.call("PUT", &quantity, two), 400, &unknown);
    assert_eq!(
        client
            .call("PUT", &quantity, r#"{"new_quantity":0}"#)
            .status,
        422
    );
    assert_reply(&carry_out(&mut client, &id, "confirm"), 200, DONE);
    assert_reply(
        &client.call("DELETE", &item, ""),
        400,
        &refused("status", "Items can only be removed in Created state"),
    );
    assert_reply(
        &client.call("PUT", &quantity, two),
        400,
        &refused(
            "status",
            "Item quantities can only be updated in Created state",
        ),
    );
}

#[test]
fn orders_may_be_odd() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    for (field, value) in [
        ("items", json!([])),
        ("shipping_cost", json!(-5)),
        ("discount_total", json!(1e9)),
        ("tax_total", json!("12.5")),
        ("currency", json!("")),
        ("currency", json!("ZZZ")),
    ] {
        let mut body = order();
        body[field] = value;
        create(&mut client, "/orders", &body.to_string());
    }
    for amount in ["1e12", "-1", "null"] {
        let id = create(&mut client, "/orders", &order().to_string());
        assert_reply(&carry_out(&mut client, &id, "cancel"), 200, DONE);
        let body = format!(r#"{{"refund_amount":{amount}}}"#);
        let reply = client.call("PUT", &format!("/orders/{id}/refund"), &body);
        assert_reply(&reply, 200, DONE);
    }
}

#[test]
fn orders_are_refused_layer_by_layer() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let empty = |field: &str| refused(field, "String should have at least 1 character");
    let long = |chars: usize| json!("é".repeat(chars));
    let no_json = r#"{"error":"22P02-ERROR: invalid input syntax for type json"}"#.to_owned();
    for (pointer, value, body) in [
        ("/customer_id", json!(""), empty("customer_id")),
        ("/currency", json!("EURO"), too_long("currency", 3)),
        ("/items/0/sku", long(51), too_long("sku", 50)),
        ("/items/0/sku", json!(""), empty("sku")),
        ("/items/0/title", long(256), too_long("title", 255)),
        ("/items/0/product_id", json!(""), empty("product_id")),
        ("/shipping_address/city", long(101), too_long("city", 100)),
        ("/shipping_address/state", long(101), too_long("state", 100)),
        ("/billing_address/street", json!(""), empty("street")),
        (
            "/billing_address/street",
            long(256),
            too_long("street", 255),
        ),
        ("/tax_total", json!("nan"), no_json.clone()),
        ("/items/0/unit_price", json!("inf"), no_json),
    ] {
        let mut sent = order();
        sent["currency"] = json!("USD");
        sent["tax_total"] = json!(0);
        sent["shipping_address"]["state"] = json!(null);
        *sent.pointer_mut(pointer).unwrap() = value;
        let reply = client.call("POST", "/orders", &sent.to_string());
        assert_reply(&reply, 400, &body);
    }
    for (pointer, value, kind) in [
        ("/items/0/quantity", json!(0), "greater_than_equal"),
        ("/items/0/quantity", json!(1.5), "int_from_float"),
        ("/items/0/unit_price", json!(-0.01), "greater_than_equal"),
        ("/items/0/sku", json!(5), "string_type"),
        ("/items", json!({}), "list_type"),
        ("/customer_id", json!(null), "string_type"),
        ("/billing_address", json!("x"), "model_attributes_type"),
    ] {
        let mut sent = order();
        *sent.pointer_mut(pointer).unwrap() = value;
        let reply = client.call("POST", "/orders", &sent.to_string());
        assert_eq!(reply.status, 422, "{reply:?}");
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["detail"][0]["type"], kind, "{pointer}");
    }
}

#[test]
fn commands_on_orders_have_limits_that_come_before_the_order() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    for (name, field, max) in [
        ("items", "sku", 50),
        ("items", "title", 255),
        ("coupon", "coupon_code", 100),
        ("payment/pending", "payment_id", 255),
        ("payment/success", "payment_method", 50),
        ("payment/failure", "reason", 500),
        ("ship", "carrier", 100),
        ("ship/partial", "tracking_number", 255),
        ("return/request", "reason", 500),
        ("cancel", "reason", 500),
        ("cancel", "cancelled_by", 50),
    ] {
        let (method, path, body) = command(name);
        for (value, refusal) in [
            ("é".repeat(max + 1), too_long(field, max)),
            (
                String::new(),
                refused(field, "String should have at least 1 character"),
            ),
        ] {
            let mut body: Value = serde_json::from_str(&body).unwrap();
            body[field] = json!(value);
            let path = format!("/orders/{NOBODY}/{path}");
            assert_reply(
                &client.call(method, &path, &body.to_string()),
                400,
                &refusal,
            );
        }
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body[field] = json!("é".repeat(max));
        let path = format!("/orders/{NOBODY}/{path}");
        assert_eq!(client.call(method, &path, &body.to_string()).status, 404);
    }
}

#[test]
fn unknown_orders_and_carts_are_404_on_every_operation() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let two = r#"{"new_quantity":2}"#;
    let checkout = checkout();
    let on_carts = [
        ("POST", "items", CART_ITEM),
        ("PUT", "items/x", two),
        ("DELETE", "items/x", ""),
        ("POST", "coupons", r#"{"coupon_code":"c"}"#),
        ("POST", "checkout", &checkout),
        ("PUT", "abandon", ""),
        ("POST", "merge", r#"{"source_session_id":"s"}"#),
    ];
    let on_orders = COMMANDS.map(command);
    let on_orders = on_orders
        .iter()
        .map(|(method, path, body)| (*method, path.as_str(), body.as_str()))
        .chain([("DELETE", "items/x", ""), ("PUT", "items/x/quantity", two)]);
    let all = on_carts
        .into_iter()
        .map(|call| ("carts", "ShoppingCart", call))
        .chain(on_orders.map(|call| ("orders", "Order", call)));
    for (kind, name, (method, path, body)) in all {
        for id in ["not-a-uuid", NOBODY] {
            let reply = client.call(method, &format!("/{kind}/{id}/{path}"), body);
            let unknown =
                format!(r#"{{"error":"`{name}` object with identifier {id} does not exist."}}"#);
            assert_reply(&reply, 404, &unknown);
        }
    }
}

#[test]
fn every_cell_of_the_cart_matrix() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let checkout = checkout();
    let operations = [
        (
            ("POST", "items", CART_ITEM),
            "Items can only be added to an active cart",
        ),
        (
            ("POST", "coupons", r#"{"coupon_code":"c"}"#),
            "Coupons can only be applied to an active cart",
        ),
        (
            ("POST", "merge", r#"{"source_session_id":""}"#),
            "Can only merge into an active cart",
        ),
        (
            ("POST", "checkout", &checkout),
            "Only active carts can be converted",
        ),
        (("PUT", "abandon", ""), "Only active carts can be abandoned"),
        (
            ("PUT", "items/x", r#"{"new_quantity":1}"#),
            "Item quantities can only be updated in an active cart",
        ),
        (
            ("DELETE", "items/x", ""),
            "Items can only be removed from an active cart",
        ),
    ];
    for state in ["Active", "Converted", "Abandoned"] {
        for ((method, operation, body), message) in operations {
            let id = create(&mut client, "/carts", r#"{"customer_id":"c"}"#);
            let path = |operation: &str| format!("/carts/{id}/{operation}");
            assert_reply(&client.call("POST", &path("items"), CART_ITEM), 200, DONE);
            match state {
                "Converted" => {
                    create(&mut client, &path("checkout"), &checkout);
                }
                "Abandoned" => {
                    assert_reply(&client.call("PUT", &path("abandon"), ""), 200, DONE);
                }
                _ => {}
            }
            let reply = client.call(method, &path(operation), body);
            if state != "Active" {
                assert_reply(&reply, 400, &refused("status", message));
            } else if operation == "items/x" {
                let unknown = refused("item_id", "Item not found in cart");
                assert_reply(&reply, 400, &unknown);
            } else if operation == "checkout" {
                assert_eq!((reply.status, reply.body.len()), (201, 51), "{reply:?}");
                assert!(reply.body.starts_with(r#"{"order_id":""#), "{reply:?}");
            } else {
                assert_reply(&reply, 200, DONE);
            }
        }
    }
}

#[test]
fn carts_have_their_oddities() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    assert_eq!(client.call("POST", "/carts", "").status, 422);
    let session = json!({"session_id": "é".repeat(256)}).to_string();
    assert_reply(
        &client.call("POST", "/carts", &session),
        400,
        &too_long("session_id", 255),
    );
    let id = create(&mut client, "/carts", "{}");
    let path = |operation: &str| format!("/carts/{id}/{operation}");
    let checkout = checkout();
    assert_reply(
        &client.call("POST", &path("checkout"), &checkout),
        400,
        &refused("cart", "Cannot convert an empty cart"),
    );
    let coupon = r#"{"coupon_code":"c"}"#;
    assert_reply(&client.call("POST", &path("coupons"), coupon), 200, DONE);
    assert_reply(
        &client.call("POST", &path("coupons"), coupon),
        400,
        &refused("coupon_code", "Coupon already applied"),
    );
    assert_eq!(
        client
            .call("POST", &path("merge"), r#"{"source_session_id":null}"#)
            .status,
        422
    );
    assert_reply(&client.call("POST", &path("items"), CART_ITEM), 200, DONE);
    let mut long = json!({"shipping": address(), "billing": address()});
    long["billing"]["country"] = json!("é".repeat(101));
    assert_reply(
        &client.call("POST", &path("checkout"), &long.to_string()),
        400,
        &too_long("country", 100),
    );
    let order = create(&mut client, &path("checkout"), &checkout);
    assert_reply(&carry_out(&mut client, &order, "confirm"), 200, DONE);
}

#[test]
fn a_quantity_that_the_database_cannot_hold_ends_the_connection_and_changes_nothing() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let id = create(&mut client, "/carts", "{}");
    let path = format!("/carts/{id}/items");
    let item = |quantity: i64| {
        json!({"product_id": "p", "variant_id": "v", "quantity": quantity}).to_string()
    };
    let most = i64::from(i32::MAX);
    assert_reply(&client.call("POST", &path, &item(most - 1)), 200, DONE);
    for quantity in [1_000_000_000_000, 2] {
        let mut client = Client::connect(sandbox.address());
        let reply = client.call("POST", &path, &item(quantity));
        assert_reply(&reply, 500, "Internal Server Error");
        assert_eq!(reply.field("connection"), None);
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut client.stream, &mut rest).unwrap();
        assert!(rest.is_empty());
    }
    assert_reply(&client.call("POST", &path, &item(1)), 200, DONE);
}
