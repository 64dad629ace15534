//! The sandbox's stock and warehouses over real sockets, against what was measured of ShopStream.

use crate::sandbox_client::{Client, Reply, shop};
use serde_json::{Value, json};

const DONE: &str = r#"{"status":"ok"}"#;
const NOBODY: &str = "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f";

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

fn new_stock(quantity: i64) -> Value {
    json!({"product_id": "p", "variant_id": "v", "warehouse_id": "w", "sku": "s", "initial_quantity": quantity})
}

/// A new item; its path.
fn stock(client: &mut Client, quantity: i64) -> String {
    let id = create(client, "/inventory", &new_stock(quantity).to_string());
    format!("/inventory/{id}")
}

fn reservation(quantity: i64) -> String {
    json!({"order_id": "o", "quantity": quantity}).to_string()
}

/// What is available, by asking for too much.
fn available(client: &mut Client, path: &str) -> i64 {
    let reply = client.call("POST", &format!("{path}/reserve"), &reservation(1 << 40));
    assert_eq!(reply.status, 400);
    let (_, rest) = reply.body.split_once("Insufficient stock: ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

fn new_warehouse() -> Value {
    json!({"name": "W", "address": {"street": "s", "city": "c", "postal_code": "p", "country": "US"}})
}

#[test]
fn levels_follow_the_commands() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = stock(&mut client, 100);
    let mut after = |command: &str, body: Value| {
        let method = if command == "reserve" { "POST" } else { "PUT" };
        let reply = client.call(method, &format!("{path}/{command}"), &body.to_string());
        let status = if command == "reserve" { 201 } else { 200 };
        assert_reply(&reply, status, DONE);
        available(&mut client, &path)
    };
    assert_eq!(
        after("receive", json!({"quantity": 25, "reference": "PO-1"})),
        125
    );
    assert_eq!(
        after("reserve", json!({"order_id": "o", "quantity": 5})),
        120
    );
    // The same order may reserve again.
    assert_eq!(
        after(
            "reserve",
            json!({"order_id": "o", "quantity": "5", "expires_in_minutes": null})
        ),
        115
    );
    let shrinkage = json!({"quantity_change": -3, "adjustment_type": "shrinkage", "reason": "r", "adjusted_by": "a"});
    assert_eq!(after("adjust", shrinkage), 112);
    assert_eq!(
        after("damage", json!({"quantity": 12, "reason": "wet"})),
        100
    );
    assert_eq!(
        after(
            "damage/write-off",
            json!({"quantity": 10, "approved_by": "a"})
        ),
        100
    );
    assert_eq!(
        after("return", json!({"quantity": 1, "order_id": "o"})),
        101
    );
    assert_eq!(
        after(
            "stock-check",
            json!({"counted_quantity": 50, "checked_by": "a"})
        ),
        40
    );
}

#[test]
fn stock_commands_are_refused_with_what_there_is() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = stock(&mut client, 10);
    let mut refusal = |method: &str, command: &str, body: Value| {
        let reply = client.call(method, &format!("{path}/{command}"), &body.to_string());
        assert_eq!(reply.status, 400, "{command}");
        reply.body
    };
    assert_eq!(
        refusal("POST", "reserve", json!({"order_id": "o", "quantity": 11})),
        refused("quantity", "Insufficient stock: 10 available, 11 requested")
    );
    let adjustment = |change: i64, reason: &str| json!({"quantity_change": change, "adjustment_type": "x", "reason": reason, "adjusted_by": "a"});
    assert_eq!(
        refusal("PUT", "adjust", adjustment(-11, "r")),
        refused(
            "quantity_change",
            "Adjustment would result in negative on-hand: -1"
        )
    );
    assert_eq!(
        refusal("PUT", "adjust", adjustment(1, "")),
        refused("reason", "String should have at least 1 character")
    );
    assert_eq!(
        refusal("PUT", "damage", json!({"quantity": 11, "reason": "r"})),
        refused(
            "quantity",
            "Cannot damage more than unreserved stock: 10 available"
        )
    );
    assert_eq!(
        refusal(
            "PUT",
            "damage/write-off",
            json!({"quantity": 1, "approved_by": "a"})
        ),
        refused("quantity", "Cannot write off more than damaged: 0 damaged")
    );
    assert_eq!(available(&mut client, &path), 10);
}

#[test]
fn no_reservation_is_known() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = stock(&mut client, 10);
    client.call("POST", &format!("{path}/reserve"), &reservation(1));
    for (command, body) in [
        (
            format!("reservations/{NOBODY}/release"),
            r#"{"reason":"r"}"#,
        ),
        (format!("reservations/{NOBODY}/confirm"), ""),
        (format!("commit/{NOBODY}"), ""),
    ] {
        let reply = client.call("PUT", &format!("{path}/{command}"), body);
        assert_reply(
            &reply,
            400,
            &refused("reservation_id", "Reservation not found"),
        );
        let reply = client.call("PUT", &format!("/inventory/{NOBODY}/{command}"), body);
        assert_reply(
            &reply,
            404,
            &format!(
                r#"{{"error":"`InventoryItem` object with identifier {NOBODY} does not exist."}}"#
            ),
        );
    }
}

#[test]
fn shapes_of_stock_bodies_are_checked() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = stock(&mut client, 1_000_000_000_000);
    assert_eq!(available(&mut client, &path), 1_000_000_000_000);
    let mut body = new_stock(-1);
    let reply = client.call("POST", "/inventory", &body.to_string());
    assert_eq!(reply.status, 422);
    body["initial_quantity"] = json!(1);
    body["sku"] = json!("x".repeat(51));
    let reply = client.call("POST", "/inventory", &body.to_string());
    assert_reply(
        &reply,
        400,
        &refused("sku", "String should have at most 50 characters"),
    );
    for (command, body) in [
        ("receive", r#"{"quantity":0}"#),
        ("damage", r#"{"quantity":0,"reason":"r"}"#),
        ("return", r#"{"quantity":1}"#),
        ("stock-check", r#"{"counted_quantity":-1,"checked_by":"a"}"#),
    ] {
        let reply = client.call("PUT", &format!("{path}/{command}"), body);
        assert_eq!(reply.status, 422, "{command}");
    }
    let reply = client.call(
        "POST",
        &format!("{path}/reserve"),
        r#"{"order_id":"o","quantity":1,"expires_in_minutes":0}"#,
    );
    assert_eq!(reply.status, 422);
}

#[test]
fn every_cell_of_the_warehouse_matrix() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let path = format!(
        "/warehouses/{}",
        create(&mut client, "/warehouses", &new_warehouse().to_string())
    );
    for round in 0..2 {
        assert_reply(
            &client.call("PUT", &path, r#"{"name":"N","capacity":5}"#),
            200,
            DONE,
        );
        for kind in ["Regular", "Cold", "Hazmat"] {
            let zone = json!({"zone_name": "z", "zone_type": kind}).to_string();
            assert_reply(
                &client.call("POST", &format!("{path}/zones"), &zone),
                201,
                DONE,
            );
        }
        let reply = client.call("PUT", &format!("{path}/deactivate"), "");
        match round {
            0 => assert_reply(&reply, 200, DONE),
            _ => assert_reply(
                &reply,
                400,
                &refused("warehouse", "Warehouse is already inactive"),
            ),
        }
    }
    let reply = client.call(
        "POST",
        &format!("{path}/zones"),
        r#"{"zone_name":"z","zone_type":"Hot"}"#,
    );
    assert_reply(
        &reply,
        400,
        &refused("zone_type", "Input should be 'Regular', 'Cold' or 'Hazmat'"),
    );
    let reply = client.call("DELETE", &format!("{path}/zones/{NOBODY}"), "");
    assert_reply(&reply, 400, &refused("zone_id", "Zone not found"));
    let reply = client.call("PUT", &format!("/warehouses/{NOBODY}/deactivate"), "");
    assert_eq!(reply.status, 404);
}

#[test]
fn warehouses_are_refused_layer_by_layer() {
    let sandbox = shop(100);
    let mut client = Client::connect(sandbox.address());
    let mut body = new_warehouse();
    body["address"]["street"] = json!(7);
    let reply = client.call("POST", "/warehouses", &body.to_string());
    assert_eq!(reply.status, 422);
    assert!(
        reply.body.contains(r#""loc":["body","address","street"]"#),
        "{}",
        reply.body
    );
    body["address"]["street"] = json!("x".repeat(256));
    let reply = client.call("POST", "/warehouses", &body.to_string());
    assert_reply(
        &reply,
        400,
        &refused("street", "String should have at most 255 characters"),
    );
    body["address"]["street"] = json!("s");
    body["capacity"] = json!(-1);
    assert_eq!(
        client.call("POST", "/warehouses", &body.to_string()).status,
        422
    );
    body["capacity"] = json!(3_000_000_000_i64);
    let reply = client.call("POST", "/warehouses", &body.to_string());
    assert_reply(&reply, 500, "Internal Server Error");
}
