//! `shopblast --workload FILE` against a shop that is no ShopStream, and `shopblast check FILE`.

use crate::invocation::{run, run_inside};
use crate::other_shop::{Manners, OtherShop};
use serde_json::Value;
use shopblast::cli::workload_schema_text;
use std::path::Path;

fn file() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/other-shop.toml");
    path.to_str().expect("text").to_owned()
}

/// The row of a record called `name`.
fn row<'a>(record: &'a Value, name: &str) -> &'a Value {
    let rows = record["names"].as_array().expect("names");
    let found = rows.iter().find(|row| row["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {rows:?}"))
}

#[test]
fn the_example_is_carried_out_to_the_letter() {
    let shop = OtherShop::start(Manners::default());
    let ended = run(&format!(
        "--workload {} --profile quick -H {} -t 3s",
        file(),
        shop.url()
    ));
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["plan"]["profile"], "quick");
    // Each user signs up once, and keeps its token.
    let signed_up = row(&record, "POST /users")["success"].as_u64();
    assert_eq!(signed_up, Some(10));
    assert_eq!(shop.asked("POST /sessions"), 10);
    let carts = row(&record, "POST /carts")["success"]
        .as_u64()
        .expect("a count");
    let sold = row(&record, "POST {cart}/checkout")["success"]
        .as_u64()
        .expect("a count");
    assert!(sold > 3 && carts >= sold, "{carts} carts, {sold} sold");
    let lines = row(&record, "POST {cart}/lines")["success"]
        .as_u64()
        .expect("a count");
    assert!(lines > sold, "one to four lines a cart: {lines} of {sold}");
    let looked = row(&record, "GET /items/{item}")["success"]
        .as_u64()
        .expect("a count");
    assert_eq!(
        looked
            + row(&record, "GET /items/{item} (before buying)")["success"]
                .as_u64()
                .unwrap_or(0),
        shop.asked("GET /items/{item}")
    );
    let journeys: Vec<&str> = record["journeys"]
        .as_array()
        .expect("journeys")
        .iter()
        .filter_map(|journey| journey["name"].as_str())
        .collect();
    assert_eq!(journeys, ["arrive", "browse", "buy"]);
}

#[test]
fn a_rate_limit_is_an_outcome_and_is_heeded() {
    let manners = Manners {
        refuses_every: 5,
        retry_after_s: 60,
        ..Manners::default()
    };
    let shop = OtherShop::start(manners);
    let line = format!(
        "--workload {} -H {} Shopper -u 2 -r 2 -t 4s",
        file(),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    // No request has failed.
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let refused: u64 = ["GET /items?page={$int 1..3}", "GET /items/{item}"]
        .iter()
        .filter_map(|name| row(&record, name)["refused"].as_u64())
        .sum();
    // Two users, who both rest to the end once they were refused.
    assert!((1..=2).contains(&refused), "{refused}: {}", ended.told());
    let errors = record["errors"].to_string();
    assert!(errors.contains("rate limited"), "{errors}");
}

#[test]
fn a_hunt_and_the_fastest_pace_go_the_same_way() {
    let shop = OtherShop::start(Manners::default());
    let ended = run(&format!(
        "--workload {} --profile rush -H {} -t 2s --seed 7",
        file(),
        shop.url()
    ));
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    let ended = run(&format!(
        "hunt --workload {} Hurried -H {} --in users --from 1 --to 1 --window 1s --longest-window 1s \
         --warm-up 1s --rest-limit 1s",
        file(),
        shop.url()
    ));
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
}

#[test]
fn a_check_tells_what_would_be_sent() {
    let checked = run_inside(&format!("check {}", file()));
    assert_eq!(checked.code, 0, "{}", checked.told());
    for says in [
        "sound; 7 operations, 3 journeys, 2 classes, 2 profiles",
        "journey arrive: sign up and log in: once a user",
        "POST /users → 201; keeps user from /id",
        "1..3 times:",
        "in 30 % of the passes:",
        "think 0.02..0.06 s",
        "class Shopper: arrive once, then browse=3, buy",
    ] {
        assert!(checked.out.contains(says), "{says}: {}", checked.out);
    }
    let line = format!(
        "check {} --print-requests 3 -H http://shop.test/api",
        file()
    );
    let printed = run_inside(&line).out;
    for says in [
        "── buy, request 3",
        "POST /api/sessions HTTP/1.1\nhost: shop.test\n",
        "user=_user_&password=open%20sesame",
        "authorization: Bearer _token_\n",
        "\"currency\":",
        "POST /_cart_/lines HTTP/1.1",
    ] {
        assert!(printed.contains(says), "{says}: {printed}");
    }
    // The same seed, the same requests, but for the id of the run.
    assert_eq!(
        run_inside(&line).out.matches("\"quantity\":2").count(),
        printed.matches("\"quantity\":2").count()
    );
}

#[test]
fn a_file_that_is_wrong_sends_nothing_and_says_where() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("mine.toml");
    let text = std::fs::read_to_string(file()).expect("the example");
    let text = text
        .replace("{token}", "{tokn}")
        .replace("call = \"get_item\", repeat", "call = \"get_itm\", repeat");
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("text");
    for line in [
        format!("check {path}"),
        format!("--workload {path} -H http://127.0.0.1:9"),
    ] {
        let ended = run_inside(&line);
        assert_eq!(ended.code, 104, "{}", ended.told());
        assert!(
            ended
                .err
                .contains("there is no value `tokn`; did you mean `token`?"),
            "{}",
            ended.err
        );
        assert!(
            ended
                .err
                .contains("there is no operation `get_itm`; did you mean `get_item`?"),
            "{}",
            ended.err
        );
        assert!(ended.err.contains("mine.toml:22:37:"), "{}", ended.err);
    }
    for (line, says) in [
        (
            format!("--workload {} --profile quik", file()),
            "did you mean `quick`?",
        ),
        (
            format!("--workload {} Shoper", file()),
            "did you mean `Shopper`?",
        ),
        (
            format!("--workload {} --with stritc", file()),
            "did you mean `strict`?",
        ),
        ("--workload ./none.toml".to_owned(), "cannot be read"),
        ("check ./none.toml".to_owned(), "cannot be read"),
    ] {
        let ended = run_inside(&line);
        assert_eq!(ended.code, 104, "{line}: {}", ended.told());
        assert!(ended.err.contains(says), "{line}: {}", ended.err);
    }
}

const SCHEMA: &str = "schema/workload.schema.json";

#[test]
fn the_committed_schema_of_workloads_is_that_of_the_reader() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    let text = workload_schema_text();
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{SCHEMA} is out of date; refresh it with `BLESS_GOLDEN=1 cargo test \
         the_committed_schema_of_workloads`"
    );
    // What an editor makes of the example, profiles included.
    let schema = serde_json::from_str(&committed).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let example = std::fs::read_to_string(file()).expect("the example");
    let value = |text: &str| -> Value { toml::from_str(text).expect("TOML") };
    let complaints: Vec<String> = validator
        .iter_errors(&value(&example))
        .map(|error| error.to_string())
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    for (right, wrong) in [
        ("users = 10", "usres = 10"),
        ("pacing = \"max\"", "pacing = \"fast\""),
        ("chance = \"30%\"", "chance = \"often\""),
    ] {
        assert!(
            !validator.is_valid(&value(&example.replace(right, wrong))),
            "{wrong}"
        );
    }
}

/// Of ShopStream's own replies only few fields are kept over HTTP/2; a file may ask for any.
#[test]
fn any_field_of_a_reply_can_be_read_over_http2() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("fields.toml");
    let text = r#"
name = "fields"
health = "/health"

[operations.look]
request = "GET /health"
read = { kind = "header content-type" }

[operations.again]
request = "GET /health"
name = "GET /health (again)"
headers = { accept = "{kind}" }

[journeys.read]
steps = ["look", "again"]
"#;
    std::fs::write(&file, text).expect("written");
    for wire in ["", "--http2"] {
        let ended = run(&format!(
            "--workload {} --sandbox {wire} -u 2 -t 1s",
            file.display()
        ));
        assert_eq!(ended.code, 0, "{}", ended.told());
        let record = ended.record();
        let failed = record["totals"]["failed"].as_u64();
        assert_eq!(failed, Some(0), "{wire}");
        let requests = record["totals"]["requests"].as_u64();
        assert!(requests > Some(4), "{wire}: {requests:?}");
    }
}

#[test]
fn figures_of_tags_are_in_the_record_and_thresholds_judge_them() {
    let shop = OtherShop::start(Manners::default());
    let text = std::fs::read_to_string(file()).expect("the example");
    let text = text.replace(
        "request = \"GET /items/{item}\"\n",
        "request = \"GET /items/{item}\"\ntags = [\"read\"]\n",
    );
    let text = text.replace(
        "request = \"POST /carts\"\n",
        "request = \"POST /carts\"\ntags = [\"cart\", \"write\"]\n",
    );
    let text = text.replace(
        "request = \"POST {cart}/lines\"\n",
        "request = \"POST {cart}/lines\"\ntags = [\"cart\", \"write\"]\n",
    );
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tagged.toml");
    std::fs::write(&path, text).expect("a file");
    let run_with = |threshold: &str| {
        let path = path.display();
        run(&format!(
            "--workload {path} --profile quick -H {} -t 2s --details --threshold {threshold}",
            shop.url()
        ))
    };
    let ended = run_with("response{tag=\"cart\"}:p(95)<60s");
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let tags = record["tags"].as_array().expect("tags");
    let of = |tag: &str| tags.iter().find(|row| row["tag"] == tag).expect("a tag");
    let sum = ["POST /carts", "POST {cart}/lines"].map(|name| {
        let row = row(&record, name);
        assert_eq!(row["tags"], serde_json::json!(["cart", "write"]));
        row["requests"].as_u64().expect("a count")
    });
    assert_eq!(of("cart")["requests"], sum[0] + sum[1]);
    assert_eq!(of("cart")["response_us"], of("write")["response_us"]);
    assert!(ended.told().contains("tag cart"), "{}", ended.told());
    // Another one is crossed, and one that no request has is refused before anything is sent.
    assert_eq!(run_with("response{tag=\"read\"}:max<1us").code, 99);
    let refused = run_with("response{tag=\"raed\"}:max<1s");
    assert_eq!(refused.code, 104);
    assert!(
        refused.told().contains("did you mean `read`?"),
        "{}",
        refused.told()
    );
}
