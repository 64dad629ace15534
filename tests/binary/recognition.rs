//! What the target is, told before the load over real sockets: shops of both generations and in
//! between, shops that are somewhere else, and servers that are none.

use crate::described_server::{DescribedServer, Page, health};
use crate::invocation::{Ended, run};
use serde_json::{Value, json};
use shopblast::shop::{Contract, Generation};

/// Seeded, so that the journeys of a class come in the same order each time.
const LOAD: &str = "-u 1 -r 10 -t 1s --pacing max --cores 1 --seed 1";
const PREFLIGHT: [&str; 2] = ["GET /health", "GET /openapi.json"];

fn document(generation: Generation) -> Value {
    serde_json::from_str(generation.openapi()).expect("JSON")
}

fn properties<'a>(document: &'a mut Value, schema: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][schema]["properties"]
}

/// A shop of today that wants the colour of a product.
fn wants_a_colour() -> String {
    let mut changed = document(Generation::Today);
    properties(&mut changed, "CreateProductRequest")["colour"] = json!({"type": "string"});
    let required = &mut changed["components"]["schemas"]["CreateProductRequest"]["required"];
    required
        .as_array_mut()
        .expect("a list")
        .push("colour".into());
    changed.to_string()
}

#[track_caller]
fn refused(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, code, "{}", ended.told());
    for says in says {
        assert!(ended.err.contains(says), "{says}: {}", ended.told());
    }
    assert_eq!(ended.out, "", "{}", ended.told());
}

#[test]
fn both_generations_are_recognised_and_recorded() {
    for generation in Generation::ALL {
        let server = DescribedServer::shop(generation, generation.openapi());
        let ended = run(&format!("SpikeUser {LOAD} --details -H {}", server.url()));
        assert_eq!(ended.code, 0, "{}", ended.told());
        assert_eq!(server.asked()[..2], PREFLIGHT);
        assert!(!server.load().is_empty());
        let target = &ended.record()["target"];
        let hash = generation.contract().hash();
        let line = format!(
            "ShopStream \"{}\" ({} contexts, {} operations; schema {hash})",
            generation.name(),
            generation.contexts().len(),
            generation.contract().len(),
        );
        assert!(
            ended.err.contains(&format!("target: {line}")),
            "{}",
            ended.told()
        );
        assert!(ended.out.contains(&line), "{}", ended.told());
        assert_eq!(target["generation"], generation.name());
        assert_eq!(target["exact"], true);
        assert_eq!(target["recognised_by"], "description");
        assert_eq!(target["schema_hash"], hash);
        assert_eq!(target["url"], server.url());
        assert_eq!(target["hindrances"], json!([]));
        let page = ended.record_files();
        assert!(page.iter().any(|name| name == "report.html"), "{page:?}");
    }
}

#[test]
fn a_shop_below_a_path_is_asked_there_whatever_its_description_calls_it() {
    let plain = Generation::Today.openapi().to_owned();
    let mut mounted = document(Generation::Today);
    let paths = mounted["paths"].as_object_mut().expect("paths");
    *paths = std::mem::take(paths)
        .into_iter()
        .map(|(path, methods)| (format!("/api{path}"), methods))
        .collect();
    for openapi in [plain, mounted.to_string()] {
        let server = DescribedServer::start([
            ("/api/health", Page::json(health(Generation::Today))),
            ("/api/openapi.json", Page::json(openapi)),
        ]);
        let ended = run(&format!("SpikeUser {LOAD} -H {}/api", server.url()));
        assert_eq!(ended.code, 0, "{}", ended.told());
        assert_eq!(ended.record()["target"]["exact"], true, "{}", ended.told());
        assert!(server.load()[0].starts_with("POST /api/customers "));
    }
}

#[test]
fn a_shop_that_is_not_where_it_was_said_to_be_is_told_before_anything_is_sent() {
    let server = DescribedServer::shop(Generation::Five, Generation::Five.openapi());
    let url = server.url();
    let ended = run(&format!("SpikeUser {LOAD} -H {url}/api"));
    let hint = format!("{url} is a ShopStream: use -H {url} ");
    refused(
        &ended,
        104,
        &[
            "GET /api/health was answered with 404",
            &hint,
            "--no-preflight",
        ],
    );
    assert_eq!(server.asked(), ["GET /api/health", "GET /health"]);

    let server =
        DescribedServer::start([("/shops/a/health", Page::json(health(Generation::Today)))]);
    let url = server.url();
    let ended = run(&format!("SpikeUser {LOAD} -H {url}/shops/a/docs"));
    refused(&ended, 104, &[&format!("use -H {url}/shops/a ")]);
    assert_eq!(server.load(), Vec::<String>::new());
}

#[test]
fn what_speaks_http_and_is_no_shop_gets_two_questions_at_most() {
    let html = || {
        Page::Whole(
            200,
            "content-type: text/html\r\n",
            b"<html>\x1b[2J hello".to_vec(),
        )
    };
    let cases: [(Page, i32, &[&str]); 9] = [
        (
            html(),
            104,
            &[
                "answered with 200 (text/html): <html> [2J hello",
                "-H http://host/api",
            ],
        ),
        (
            Page::refusal(404),
            104,
            &["404 (application/json): {\"detail\":\"Not Found\"}"],
        ),
        (Page::json("{}"), 104, &["is no ShopStream"]),
        (
            Page::json(r#"{"domains":{"billing":{}}}"#),
            104,
            &["is no ShopStream"],
        ),
        (Page::json("[1, 2"), 104, &["is no ShopStream"]),
        (Page::Endless, 104, &["more than 64 KiB"]),
        (
            Page::Whole(
                301,
                "location: http://127.0.0.1:1/shop/health\r\n",
                Vec::new(),
            ),
            104,
            &["301, which points to", "-H http://127.0.0.1:1/shop "],
        ),
        (
            Page::Whole(308, "location: https://shop.test/health\r\n", Vec::new()),
            104,
            &[
                "308, which points to https://shop.test",
                "-H https://shop.test (nothing else was sent",
            ],
        ),
        (
            Page::Whole(503, "", b"starting".to_vec()),
            107,
            &[
                "is not ready",
                "answered with 503: starting",
                "wait until the shop has started",
            ],
        ),
    ];
    for (page, code, says) in cases {
        let server = DescribedServer::start([("/health", page)]);
        let ended = run(&format!("SpikeUser {LOAD} -H {}", server.url()));
        refused(&ended, code, says);
        assert_eq!(server.asked(), ["GET /health"], "{}", ended.told());
    }
}

/// The older suite reads nothing, so that each GET would be a question.
#[test]
fn who_insists_gets_the_generation_asked_for_and_nobody_is_asked() {
    for (flag, generation, attributes) in [
        ("", "today", r#""attributes":{"size":"#),
        ("--generation today", "today", r#""attributes":{"size":"#),
        ("--generation five", "five", r#""attributes":"{\"size\": "#),
    ] {
        let server = DescribedServer::start([]);
        let line = format!(
            "CatalogueUser {LOAD} --suite five --no-preflight {flag} -H {}",
            server.url()
        );
        let ended = run(&line);
        let target = &ended.record()["target"];
        assert_eq!(target["generation"], generation, "{}", ended.told());
        assert_eq!(target["recognised_by"], "told");
        assert_eq!(
            (&target["exact"], &target["schema_hash"]),
            (&json!(false), &Value::Null)
        );
        assert!(
            server
                .asked()
                .iter()
                .all(|asked| !asked.starts_with("GET "))
        );
        let variants: Vec<String> = server
            .load()
            .into_iter()
            .filter(|request| request.contains("/variants "))
            .collect();
        assert!(!variants.is_empty(), "{}", ended.told());
        assert!(
            variants.iter().all(|request| request.contains(attributes)),
            "{variants:?}"
        );
    }
}

#[test]
fn what_the_chosen_journeys_cannot_do_is_named_before_the_load() {
    let server = DescribedServer::shop(Generation::Today, wants_a_colour());
    let url = server.url();
    let ended = run(&format!("SpikeUser CatalogueUser {LOAD} -H {url}"));
    refused(
        &ended,
        104,
        &[
            "cannot be carried out",
            "most like ShopStream \"today\" (8 contexts, 124 operations; schema ",
            "  POST /products: the field `colour` is now required\n",
            "--allow-drift",
        ],
    );
    assert_eq!(server.asked(), PREFLIGHT);

    // Journeys that create no products do not feel it.
    let ended = run(&format!("SpikeUser {LOAD} -H {url}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let target = &ended.record()["target"];
    assert_eq!(
        (&target["exact"], &target["unfelt"]),
        (&json!(false), &json!(1))
    );

    let ended = run(&format!("CatalogueUser {LOAD} --allow-drift -H {url}"));
    assert!(
        ended.err.contains("warning: the target lacks"),
        "{}",
        ended.told()
    );
    let hindrances = &ended.record()["target"]["hindrances"];
    assert_eq!(
        *hindrances,
        json!(["POST /products: the field `colour` is now required"])
    );
    assert!(
        server
            .load()
            .iter()
            .any(|request| request.starts_with("POST /products "))
    );
}

/// The older shop with the newer one's attributes.
#[test]
fn bodies_follow_the_shops_own_fields_without_a_flag() {
    let mut changed = document(Generation::Five);
    for schema in [
        "AddVariantRequest",
        "CreateCategoryRequest",
        "UpdateCategoryRequest",
    ] {
        properties(&mut changed, schema)["attributes"] =
            json!({"anyOf": [{"type": "object"}, {"type": "null"}]});
    }
    let server = DescribedServer::shop(Generation::Five, changed.to_string());
    let ended = run(&format!("CatalogueUser {LOAD} -H {}", server.url()));
    let target = &ended.record()["target"];
    assert_eq!(target["generation"], "five", "{}", ended.told());
    assert_eq!(target["adapted"].as_array().map(Vec::len), Some(3));
    let load = server.load();
    let with_attributes = load
        .iter()
        .filter(|request| request.contains("\"attributes\":"));
    let texts = with_attributes
        .clone()
        .filter(|request| !request.contains("\"attributes\":{"));
    assert!(with_attributes.count() > 0, "{}", ended.told());
    assert_eq!(texts.count(), 0);
}

#[test]
fn a_shop_without_a_description_is_recognised_by_its_contexts() {
    let packed = Page::Whole(200, "content-encoding: gzip\r\n", vec![0x1f, 0x8b, 8, 0]);
    let html = Page::Whole(200, "content-type: text/html\r\n", b"<html>".to_vec());
    let large = Page::Whole(200, "", vec![b' '; (4 << 20) + 1]);
    for (generation, page, says) in [
        (Generation::Five, Page::refusal(404), "answered with 404"),
        (Generation::Today, html, "it is no JSON"),
        (
            Generation::Today,
            Page::json("{}"),
            "it names no operations",
        ),
        (Generation::Five, packed, "packed as `gzip`"),
        (Generation::Today, large, "larger than 4 MiB"),
        (Generation::Today, Page::Endless, "larger than 4 MiB"),
        (
            Generation::Five,
            Page::Trickle,
            "no complete answer within 0.5 s",
        ),
    ] {
        let pages = [
            ("/health", Page::json(health(generation))),
            ("/openapi.json", page),
        ];
        let server = DescribedServer::start(pages);
        let ended = run(&format!(
            "SpikeUser {LOAD} --timeout 500ms -H {}",
            server.url()
        ));
        assert_eq!(ended.code, 0, "{says}: {}", ended.told());
        assert!(
            ended
                .err
                .contains("warning: the shop's description was not read")
        );
        assert!(ended.err.contains(says), "{says}: {}", ended.told());
        let target = &ended.record()["target"];
        assert_eq!(target["generation"], generation.name());
        assert_eq!(target["recognised_by"], "contexts");
        assert_eq!(server.asked()[..2], PREFLIGHT);
    }
}

#[test]
fn a_description_just_below_the_limit_is_read() {
    let mut text = Generation::Five.openapi().to_owned();
    text.push_str(&" ".repeat((4 << 20) - text.len()));
    let server = DescribedServer::shop(Generation::Five, text);
    let ended = run(&format!("SpikeUser {LOAD} -H {}", server.url()));
    assert_eq!(ended.record()["target"]["exact"], true, "{}", ended.told());
}

#[test]
fn the_generation_asked_for_is_what_a_shop_is_compared_with() {
    let server = DescribedServer::shop(Generation::Five, Generation::Five.openapi());
    let ended = run(&format!(
        "CatalogueUser {LOAD} --suite five --generation today -H {}",
        server.url()
    ));
    let target = &ended.record()["target"];
    assert_eq!(
        (&target["generation"], &target["exact"]),
        (&json!("today"), &json!(false))
    );
    // Bodies are the shop's own all the same.
    let load = server.load();
    let variants = load.iter().filter(|request| request.contains("/variants "));
    assert!(variants.clone().count() > 0 && ended.err.contains("most like"));
    assert!(
        variants
            .clone()
            .all(|request| request.contains(r#""attributes":"{\"size"#))
    );
}

#[test]
fn a_hunt_looks_once_and_no_further_when_it_is_no_shop() {
    let server = DescribedServer::start([]);
    let ended = run(&format!("hunt --profile spike -H {}", server.url()));
    refused(&ended, 104, &["is no ShopStream"]);
    assert_eq!(server.asked(), ["GET /health"]);
}

#[test]
fn hashes_are_those_of_the_descriptions() {
    let [five, today] = Generation::ALL.map(|it| it.contract().hash());
    assert_ne!(five, today);
    let spaced = Generation::Five
        .openapi()
        .replace("\"maxLength\"", " \"maxLength\" ");
    assert_eq!(
        Contract::read(&spaced, "").expect("a description").hash(),
        five
    );
}
