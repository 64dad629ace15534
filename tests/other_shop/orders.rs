//! What the shop has for those who bring data of their own: accounts that may log in once, orders whose
//! total is the sum of their lines, campaigns that are opened and closed once, and a description of it.

use super::{Answer, Asked, Books};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the shop keeps of that.
#[derive(Debug, Default)]
pub struct OrderBooks {
    /// How often each account logged in.
    pub logins: BTreeMap<String, u64>,
    /// Totals of orders in cents, with the number of their lines.
    pub orders: Vec<(u64, usize)>,
    /// Campaigns that are open.
    campaigns: HashSet<String>,
    /// How often a campaign was opened and closed.
    pub opened: u64,
    pub closed: u64,
    /// How often the basket was asked for with its cookie, and without.
    pub with_cookie: u64,
    pub without_cookie: u64,
    /// How often each SKU was asked for.
    pub skus: HashMap<String, u64>,
}

/// The answer, if this is what was asked for.
pub fn answer(books: &mut Books, asked: &Asked, path: &str) -> Option<Result<Answer, String>> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let own = &mut books.orders;
    let plain = |status, body| Ok((status, String::new(), body));
    Some(match (asked.method.as_str(), &parts[..]) {
        ("POST", ["accounts", "session"]) => log_in(own, asked),
        ("GET", ["products", sku]) => {
            *own.skus.entry((*sku).to_owned()).or_default() += 1;
            let stock = if *sku == "gone" { "none" } else { "plenty" };
            Ok((
                200,
                "X-Shop: other shop 2\r\n".to_owned(),
                json!({"sku": sku, "stock": stock, "price": 9.5, "tags": ["a"], "text": "order no 17"}),
            ))
        }
        ("HEAD", ["products", _]) => plain(200, Value::Null),
        ("GET", ["basket"]) => {
            let cookie = asked.header("cookie").unwrap_or_default();
            match cookie.contains("basket=b-7") {
                true => own.with_cookie += 1,
                false => own.without_cookie += 1,
            }
            let headers = "Set-Cookie: basket=b-7; Path=/\r\n".to_owned();
            Ok((200, headers, json!({"basket": []})))
        }
        ("POST", ["orders"]) => order(own, asked),
        ("POST", ["campaigns"]) => {
            own.opened += 1;
            let id = format!("camp/{}", own.opened);
            own.campaigns.insert(id.clone());
            plain(201, json!({"id": id, "code": 1_700 + own.opened}))
        }
        ("GET", ["campaigns", id, "offer"]) => {
            match own.campaigns.contains(&id.replace("%2F", "/")) {
                true => plain(200, json!({"offer": 5})),
                false => Err(format!("no campaign {id}")),
            }
        }
        ("DELETE", ["campaigns", id]) => {
            own.closed += 1;
            match own.campaigns.remove(&id.replace("%2F", "/")) {
                true => plain(204, Value::Null),
                false => Err(format!("no campaign {id} to close")),
            }
        }
        _ => return None,
    })
}

fn log_in(own: &mut OrderBooks, asked: &Asked) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let email = body["email"].as_str().unwrap_or_default().to_owned();
    let number = email
        .strip_prefix("user+")
        .and_then(|it| it.strip_suffix("@shop.test"));
    let number: u64 = number
        .and_then(|it| it.parse().ok())
        .ok_or("no such account")?;
    let is_right = body["password"] == format!("p\"w & {number}") && body["age"] == number + 18;
    if !is_right {
        return Err("a wrong password".to_owned());
    }
    *own.logins.entry(email).or_default() += 1;
    Ok((200, String::new(), json!({"account": number})))
}

/// Cents of a number of JSON with at most two digits behind the point.
fn cents(value: &Value) -> Option<u64> {
    let number = value.as_f64()? * 100.0;
    let whole = number.round();
    ((number - whole).abs() < 1e-6 && whole >= 0.0).then_some(whole as u64)
}

fn order(own: &mut OrderBooks, asked: &Asked) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let lines = body["lines"].as_array().ok_or("no lines")?;
    let mut sum = 0;
    for line in lines {
        let quantity = line["quantity"].as_u64().filter(|it| (1..=5).contains(it));
        let price = cents(&line["price"]).filter(|price| *price > 0);
        sum += quantity.ok_or("no quantity")? * price.ok_or("no price")?;
    }
    let total = cents(&body["total"]).ok_or("no total")?;
    if lines.is_empty() || total != sum {
        return Err(format!("{total} is not the sum {sum}"));
    }
    own.orders.push((total, lines.len()));
    Ok((201, String::new(), json!({"order": own.orders.len()})))
}

/// What the shop says of itself.
pub fn description() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "other shop", "version": "1"},
        "paths": {
            "/accounts/session": {"post": {
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Login"}
                }}},
                "responses": {"200": {"description": "in"}}
            }},
            "/orders": {"post": {
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Order"}
                }}},
                "responses": {"201": {"description": "made"}}
            }},
            "/products/{sku}": {"get": {"responses": {"200": {"description": "one"}}}}
        },
        "components": {"schemas": {
            "Login": {"type": "object", "required": ["email", "password"], "properties": {
                "email": {"type": "string", "minLength": 3, "maxLength": 60},
                "password": {"type": "string", "minLength": 4},
                "age": {"type": "integer", "minimum": 18, "maximum": 10_000}
            }},
            "Order": {"type": "object", "required": ["lines", "total"], "additionalProperties": false,
                "properties": {
                    "lines": {"type": "array", "minItems": 1, "maxItems": 6, "items": {
                        "type": "object", "required": ["sku", "quantity", "price"], "properties": {
                            "sku": {"type": "string"},
                            "quantity": {"type": "integer", "minimum": 1, "maximum": 5},
                            "price": {"type": "number", "exclusiveMinimum": 0}
                        }
                    }},
                    "total": {"type": "number"},
                    "payment": {"enum": ["card", "wallet"]}
                }
            }
        }}
    })
}
