//! Starts as they are written, and what cannot be made a start of.

use super::{StartError, from_description, from_recording};
use crate::workload_file::read;
use proptest::prelude::{any, proptest};
use std::path::Path;

/// ShopStream's own descriptions, as the program knows them.
const TODAY: &str = include_str!("../../shop/generation/openapi-today.json");
const FIVE: &str = include_str!("../../shop/generation/openapi-five.json");
/// A small description with one of everything.
const SMALL: &str = include_str!("../../../tests/data/starts/small.openapi.json");

/// One that people wrote by hand.
const THINGS: &str = include_str!("../../../tests/data/starts/things.openapi.yaml");

/// What Chromium recorded of a visit to a small shop.
const RECORDED: &str = include_str!("../../../tests/data/starts/shop.har");

/// Fails when `actual` is not what the golden file `name` holds; `BLESS_GOLDEN=1` writes it anew.
#[track_caller]
fn is_golden(name: &str, actual: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = directory.join(name);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == actual,
        "{name} differs; see it and run with BLESS_GOLDEN=1:\n{actual}"
    );
}

#[test]
fn a_start_from_a_description_reads_like_this() {
    let start = from_description(SMALL, "small.openapi.json").unwrap();
    is_golden("workload-from-openapi.toml", &start.text);
}

#[test]
fn the_shops_own_descriptions_make_sound_files_with_their_chains() {
    for (text, origin) in [(TODAY, "today"), (FIVE, "five")] {
        let start = from_description(text, origin).unwrap();
        let model = read(&start.text, "x.toml").unwrap();
        assert!(
            model.operations.len() > 60,
            "{origin}: {}",
            model.operations.len()
        );
        for value in [
            "customer_id",
            "order_id",
            "cart_id",
            "product_id",
            "payment_id",
            "inventory_item_id",
        ] {
            assert!(
                model.values.iter().any(|known| known == value),
                "{origin}: {value}"
            );
        }
        let steps = |name: &str| {
            let journey = start
                .errands
                .iter()
                .find(|errand| errand.name == name)
                .unwrap();
            let keys = journey.first.iter().chain(&journey.then);
            keys.map(|at| start.operations[*at].key.as_str())
                .collect::<Vec<&str>>()
        };
        let order = steps("order");
        let at = |key: &str| order.iter().position(|known| *known == key);
        assert!(
            at("create_order") > at("register_customer"),
            "{origin}: {order:?}"
        );
        assert!(order.contains(&"confirm_order"), "{origin}: {order:?}");
        assert!(
            at("cancel_order") > at("confirm_order"),
            "{origin}: {order:?}"
        );
    }
}

/// What is JSON is YAML as well, when a comment comes first.
#[test]
fn a_description_in_yaml_gives_the_same_start() {
    let start = |text: &str| from_description(text, "small.openapi.json").unwrap().text;
    assert_eq!(start(&format!("# in YAML\n{SMALL}")), start(SMALL));
    let by_hand = start(THINGS);
    for told in [
        "\"GET /things/{thing_id}\"",
        "thing_id = \"/id\"",
        "size = \"{$int 1..9}\"",
        "conflict",
    ] {
        assert!(by_hand.contains(told), "{told} in\n{by_hand}");
    }
}

#[test]
fn what_is_no_description_is_told_with_why() {
    for (text, says) in [
        ("", "it is empty"),
        ("<!doctype html>", "it has no `openapi`"),
        ("{\"openapi\":", "it is no JSON"),
        ("openapi: 3.0.0\npaths: [", "it is no YAML: "),
        ("openapi: 3.0.0\npaths: {}", "nothing that could be called"),
        ("{}", "it has no `openapi`"),
        (
            "{\"openapi\":\"3.1.0\",\"paths\":{}}",
            "nothing that could be called",
        ),
        (
            "{\"openapi\":\"3.1.0\",\"paths\":{\"/a/{b}\":{\"get\":{}}}}",
            "of 1 operations",
        ),
    ] {
        let error = from_description(text, "some.json").unwrap_err();
        assert!(error.to_string().starts_with("some.json "), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// A description of one operation whose body is `schema`, with these further components.
fn with_body(schema: &str, more: &str) -> String {
    format!(
        "{{\"openapi\":\"3.1.0\",\"paths\":{{\"/a\":{{\"get\":{{}},\"post\":{{\"requestBody\":{{\"content\":\
         {{\"application/json\":{{\"schema\":{schema}}}}}}}}}}}}},\"components\":{{\"schemas\":{{{more}}}}}}}"
    )
}

#[test]
fn descriptions_without_end_are_no_trouble() {
    let wide = (0..2_000).map(|at| format!("\"p{at}\":{{\"$ref\":\"#/components/schemas/B\"}}"));
    let wide: Vec<String> = wide.collect();
    let doubling = (0..40).map(|at| {
        let next = format!("{{\"$ref\":\"#/components/schemas/D{}\"}}", at + 1);
        format!(
            "\"D{at}\":{{\"required\":[\"a\",\"b\"],\"properties\":{{\"a\":{next},\"b\":{next}}}}}"
        )
    });
    let doubling: Vec<String> = doubling.collect();
    let refer = |name: &str| format!("{{\"$ref\":\"#/components/schemas/{name}\"}}");
    for (what, schema, more) in [
        ("itself", refer("A"), format!("\"A\":{}", refer("A"))),
        (
            "itself within",
            refer("A"),
            format!(
                "\"A\":{{\"required\":[\"a\"],\"properties\":{{\"a\":{}}}}}",
                refer("A")
            ),
        ),
        (
            "wide",
            refer("A"),
            format!(
                "\"A\":{{\"properties\":{{{}}}}},\"B\":{{\"type\":\"string\"}}",
                wide.join(",")
            ),
        ),
        (
            "doubling",
            refer("D0"),
            format!("{},\"D40\":{{\"type\":\"integer\"}}", doubling.join(",")),
        ),
        (
            "a long text",
            "{\"type\":\"string\",\"minLength\":1e12}".to_owned(),
            String::new(),
        ),
        (
            "many elements",
            "{\"type\":\"array\",\"minItems\":1e9}".to_owned(),
            String::new(),
        ),
        (
            "many members",
            "{\"type\":\"object\",\"minProperties\":1e9}".to_owned(),
            String::new(),
        ),
        (
            "no number",
            "{\"type\":\"integer\",\"minimum\":5,\"maximum\":1}".to_owned(),
            String::new(),
        ),
        (
            "a wild pattern",
            "{\"type\":\"string\",\"pattern\":\"(a+)+{99}$\"}".to_owned(),
            String::new(),
        ),
    ] {
        let start = from_description(&with_body(&schema, &more), "x").unwrap();
        assert!(start.text.len() < 200_000, "{what}: {}", start.text.len());
        read(&start.text, "x.toml").unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(matches!(
        from_description(&deep, "x"),
        Err(StartError::NoDescription { .. })
    ));
}

#[test]
fn a_start_from_a_recording_reads_like_this() {
    let start = from_recording(RECORDED, "shop.har", None).unwrap();
    is_golden("workload-from-har.toml", &start.text);
    // What was typed, and what the shop gave for it, is not written down.
    for secret in ["open sesame", "tttt", "k-17", "c-1"] {
        assert!(
            RECORDED.contains(secret) && !start.text.contains(secret),
            "{secret}"
        );
    }
    let model = read(&start.text, "x.toml").unwrap();
    assert_eq!(model.values, ["user_id", "token", "item_id", "cart_place"]);
}

#[test]
fn what_is_no_recording_is_told_with_why() {
    for (text, origin, says) in [
        ("", None, "it is no JSON"),
        ("{}", None, "no `log`"),
        (
            RECORDED,
            Some("http://elsewhere.test"),
            "requests to http://127.0.0.1:22510",
        ),
    ] {
        let error = from_recording(text, "some.har", origin).unwrap_err();
        assert!(
            error.to_string().starts_with("some.har is no recording"),
            "{error}"
        );
        assert!(error.to_string().contains(says), "{error}");
    }
    let visited = from_recording(RECORDED, "some.har", Some("HTTP://127.0.0.1:22510/"));
    assert!(visited.is_ok());
}

/// One exchange of a recording.
fn exchanged(
    request: &str,
    headers: &str,
    posted: &str,
    reply_headers: &str,
    reply: &str,
) -> String {
    let (method, url) = request.split_once(' ').unwrap();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "{{\"request\":{{\"method\":\"{method}\",\"url\":\"{url}\",\"headers\":[{headers}]{posted}}},\"response\":\
         {{\"status\":200,\"headers\":[{reply_headers}],\"content\":{{\"mimeType\":\"application/json\",\"text\":{}}}}}}}",
        quoted(reply)
    )
}

#[test]
fn cookies_and_tokens_are_read_or_left_out_and_told() {
    let entries = [
        exchanged(
            "POST http://a.test/login",
            "{\"name\":\"Cookie\",\"value\":\"tracker=geheim1\"},{\"name\":\"Authorization\",\"value\":\"Basic Z2VoZWltMg==\"}",
            ",\"postData\":{\"mimeType\":\"application/json\",\"text\":\"{\\\"user\\\":\\\"ann\\\",\\\"password\\\":\\\"geheim3\\\",\\\"pin\\\":4711,\\\"note\\\":null}\"}",
            "{\"name\":\"Set-Cookie\",\"value\":\"sid=geheim4; Path=/; HttpOnly\"},{\"name\":\"X-CSRF-Token\",\"value\":\"geheim5-x\"}",
            "{\"order\":{\"id\":7},\"total\":7}",
        ),
        exchanged(
            "GET http://a.test/orders/7?size=7&access_token=geheim6",
            "{\"name\":\"cookie\",\"value\":\"sid=geheim4; tracker=geheim1\"},{\"name\":\"x-csrf-token\",\"value\":\"geheim5-x\"},{\"name\":\"x-api-key\",\"value\":\"geheim7\"}",
            "",
            "",
            "[]",
        ),
        exchanged("GET http://b.test/other", "", "", "", "{}"),
    ];
    let text = format!("{{\"log\":{{\"entries\":[{}]}}}}", entries.join(","));
    let start = from_recording(&text, "a.har", None).unwrap();
    let written = &start.text;
    assert!(
        !written.contains("geheim") && !written.contains("4711"),
        "{written}"
    );
    for says in [
        "request = \"GET /orders/{order_id}?size=7&access_token=CHANGE-ME\"",
        "cookie = \"{cookie}\"",
        "x-csrf-token = \"{x_csrf_token}\"",
        "password = \"CHANGE-ME\"",
        "`password` held a secret",
        "the header x-api-key held a secret",
        "the cookie `tracker`",
        "--bearer-from",
        "cannot say null",
        "left out: 1 × to http://b.test",
    ] {
        assert!(written.contains(says), "{says}: {written}");
    }
}

proptest! {
    #[test]
    fn whatever_was_recorded_a_start_is_sound(at in 0..RECORDED.len(), cut in 0..40_usize, put in "[ -~\n]{0,12}") {
        let start = RECORDED.floor_char_boundary(at);
        let end = RECORDED.ceil_char_boundary((start + cut).min(RECORDED.len()));
        let text = format!("{}{put}{}", &RECORDED[..start], &RECORDED[end..]);
        if let Err(StartError::NotSound(error)) = from_recording(&text, "x", None) {
            panic!("{error}\n{text}");
        }
    }

    #[test]
    fn whatever_texts_are_recorded_a_start_is_sound(
        path in "/[ -~]{0,24}", name in any::<String>(), value in any::<String>(), header in "[ -~]{0,12}"
    ) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let body = quoted(&format!("{{{}:{}}}", quoted(&name), quoted(&value)));
        let url = quoted(&format!("http://a.test{path}"));
        let (name, value, header) = (quoted(&name), quoted(&value), quoted(&header));
        let entry = |kind: &str| format!(
            "{{\"request\":{{\"method\":\"POST\",\"url\":{url},\"headers\":[{{\"name\":{header},\"value\":{value}}},\
             {{\"name\":\"x-own\",\"value\":{value}}}],\"postData\":{{\"mimeType\":\"{kind}\",\"text\":{body},\
             \"params\":[{{\"name\":{name},\"value\":{value}}}]}}}},\"response\":{{\"status\":201,\"headers\":\
             [{{\"name\":\"location\",\"value\":{value}}},{{\"name\":\"set-cookie\",\"value\":{value}}}],\"content\":\
             {{\"mimeType\":\"application/json\",\"text\":{body}}}}}}}"
        );
        let kinds = ["application/json", "application/x-www-form-urlencoded", "text/xml", ""];
        let entries: Vec<String> = kinds.iter().chain(&kinds).map(|kind| entry(kind)).collect();
        let text = format!("{{\"log\":{{\"entries\":[{}]}}}}", entries.join(","));
        if let Err(StartError::NotSound(error)) = from_recording(&text, "x", None) {
            panic!("{error}\n{text}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_described_a_start_is_sound(at in 0..SMALL.len(), cut in 0..40_usize, put in "[ -~\n]{0,12}") {
        let start = SMALL.floor_char_boundary(at);
        let end = SMALL.ceil_char_boundary((start + cut).min(SMALL.len()));
        let text = format!("{}{put}{}", &SMALL[..start], &SMALL[end..]);
        if let Err(StartError::NotSound(error)) = from_description(&text, "x") {
            panic!("{error}\n{text}");
        }
    }

    #[test]
    fn whatever_things_are_called_a_start_is_sound(
        path in "/[ -~]{0,20}(/\\{[ -~]{0,8}\\})?", name in any::<String>(), title in any::<String>(), text in any::<String>()
    ) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let (path, name, title, text) = (quoted(&path), quoted(&name), quoted(&title), quoted(&text));
        let described = format!(
            "{{\"openapi\":\"3.1.0\",\"info\":{{\"title\":{title}}},\"paths\":{{\"/a\":{{\"get\":{{}}}},{path}:{{\"post\":\
             {{\"operationId\":{name},\"summary\":{text},\"parameters\":[{{\"in\":\"query\",\"required\":true,\
             \"name\":{name},\"example\":{text}}},{{\"in\":\"header\",\"required\":true,\"name\":{title},\
             \"schema\":{{\"enum\":[{text},{name}]}}}}],\"requestBody\":{{\"content\":{{\"application/json\":\
             {{\"schema\":{{\"properties\":{{{name}:{{\"const\":{text}}},\"x\":{{\"example\":{title}}}}}}}}}}}}},\
             \"responses\":{{\"200\":{{\"content\":{{\"application/json\":{{\"schema\":{{\"properties\":\
             {{\"id\":{{\"type\":\"string\"}},{title}:{{\"type\":\"string\"}}}}}}}}}}}}}}}}}}}}}}"
        );
        match from_description(&described, "x") {
            Ok(_) => {}
            Err(error) => panic!("{error}\n{described}"),
        }
    }
}
