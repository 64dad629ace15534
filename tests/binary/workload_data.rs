//! Workload files with data of their own, against a shop that is no ShopStream: rows, sums, checks of
//! replies, set-up and tear-down, limits that the shop states.

use crate::invocation::{Invocation, run, run_inside};
use crate::other_shop::{Manners, OtherShop};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with a workload file and a file of rows.
fn folder(workload: &str, rows: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("mine.toml"), workload).expect("written");
    std::fs::write(folder.path().join("accounts.csv"), rows).expect("written");
    folder
}

fn file(folder: &TempDir) -> String {
    let path: &Path = folder.path();
    path.join("mine.toml").to_str().expect("text").to_owned()
}

/// So many accounts of the shop.
fn accounts(count: u64) -> String {
    let mut rows = "email,password,age,unused column\n".to_owned();
    for number in 0..count {
        let age = number + 18;
        let _ = writeln!(
            rows,
            "user+{number}@shop.test,\"p\"\"w & {number}\",{age},x"
        );
    }
    rows
}

const ROWS: &str = r#"
name = "rows"
health = "/health"

[data.accounts]
file = "accounts.csv"
numbers = ["age"]
order = "unique"
per = "user"

[data.products]
rows = [{ sku = "A-1" }, { sku = "b/2 ?" }, { sku = "C3" }]

[operations.log_in]
request = "POST /accounts/session"
json = { email = "{accounts.email}", password = "{accounts.password}", age = "{accounts.age}" }
read = { account = "/account" }

[operations.look]
request = "GET /products/{products.sku}"
headers = { x-who = "{accounts.email} {account}" }

[journeys.arrive]
steps = ["log_in"]

[journeys.browse]
steps = ["look"]

[classes.Guest]
journeys = ["browse"]
first = "arrive"
wait = "20ms"
"#;

#[test]
fn each_user_has_a_row_that_nobody_else_has() {
    let shop = OtherShop::start(Manners::default());
    let folder = folder(ROWS, &accounts(12));
    let line = format!(
        "--workload {} -H {} -u 12 -r 12 -t 2s",
        file(&folder),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    shop.look(|books| {
        assert_eq!(books.logins.len(), 12, "{:?}", books.logins);
        assert!(books.logins.values().all(|times| *times == 1));
        // In sequence, each user through all of them: about as often each.
        assert_eq!(books.skus.len(), 3, "{:?}", books.skus);
        let most = books.skus.values().max().copied().unwrap_or(0);
        let least = books.skus.values().min().copied().unwrap_or(0);
        assert!(most > 20 && most - least <= 12, "{:?}", books.skus);
        assert!(books.skus.contains_key("b%2F2%20%3F"), "{:?}", books.skus);
    });
}

#[test]
fn more_users_than_unique_rows_are_refused_or_stop_as_the_file_says() {
    let shop = OtherShop::start(Manners::default());
    let few = folder(ROWS, &accounts(5));
    let line = format!(
        "--workload {} -H {} -u 9 -r 9 -t 1s",
        file(&few),
        shop.url()
    );
    let ended = run_inside(&line);
    assert_ne!(ended.code, 0);
    assert!(
        ended
            .err
            .contains("`accounts` has 5 rows, and 9 users are to have one each"),
        "{}",
        ended.err
    );
    assert_eq!(shop.asked("POST /accounts/session"), 0);
    let text = ROWS.replace("per = \"user\"", "per = \"user\"\nused_up = \"stop\"");
    let few = folder(&text, &accounts(5));
    let line = format!(
        "--workload {} -H {} -u 9 -r 9 -t 1s",
        file(&few),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(shop.look(|books| books.logins.len()), 5);
    assert_eq!(shop.asked("POST /accounts/session"), 5);
}

#[test]
fn a_row_is_used_up_once_whoever_is_faster_and_however_journeys_arrive() {
    let text = ROWS
        .replace("per = \"user\"", "per = \"pass\"")
        .replace("first = \"arrive\"\n", "")
        .replace("journeys = [\"browse\"]", "journeys = [\"arrive\"]")
        .replace(" {account}\"", "\"");
    let folder = folder(&text, &accounts(60));
    for model in ["-u 7 -r 7", "--rate 100 --max-users 5"] {
        let shop = OtherShop::start(Manners::default());
        let line = format!(
            "--workload {} -H {} {model} -t 2s --pacing max",
            file(&folder),
            shop.url()
        );
        let ended = run(&line);
        assert_eq!(shop.wrong(), Vec::<String>::new());
        assert_eq!(
            shop.look(|books| books.logins.len()),
            60,
            "{model}: {}",
            ended.told()
        );
        assert_eq!(shop.asked("POST /accounts/session"), 60, "{model}");
    }
}

#[test]
fn rows_that_are_wrong_are_told_with_their_line_and_nothing_is_sent() {
    for (rows, says) in [
        (
            "email,password,age\na,b,1\nc,d\n",
            "accounts.csv:3: this row has 2 fields",
        ),
        (
            "email,password,age\na,b,old\n",
            "accounts.csv:2: `age` is no number",
        ),
        (
            "mail,password,age\na,b,1\n",
            "there is no value `accounts.email`; did you mean `accounts.mail`?",
        ),
    ] {
        let folder = folder(ROWS, rows);
        let ended = run_inside(&format!("check {}", file(&folder)));
        assert_eq!(ended.code, 104, "{}", ended.told());
        assert!(ended.err.contains(says), "{says}: {}", ended.err);
    }
    let outside = ROWS.replace("accounts.csv", "../accounts.csv");
    let folder = folder(&outside, "");
    let ended = run_inside(&format!("check {}", file(&folder)));
    assert!(
        ended.err.contains("leads out of the folder"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("mine.toml:6:8: "), "{}", ended.err);
}

#[test]
fn a_check_shows_the_rows() {
    let folder = folder(ROWS, &accounts(12));
    let checked = run_inside(&format!("check {} --print-requests 1", file(&folder)));
    assert_eq!(checked.code, 0, "{}", checked.told());
    for says in [
        "data accounts: 12 rows with email, password, age, each once, one a user",
        "data products: 3 rows with sku, in sequence, one a pass of a journey",
        r#"{"email":"user+0@shop.test","password":"p\"w & 0","age":18}"#,
        "GET /products/A-1 HTTP/1.1",
    ] {
        assert!(checked.out.contains(says), "{says}: {}", checked.out);
    }
}

#[test]
fn bodies_are_held_to_what_the_shop_says_of_itself() {
    let described = ORDERS.replace("health =", "openapi = \"openapi.json\"\nhealth =");
    let described = described.replace("number = \"{$counter 1}\"\n", "");
    for (right, wrong, says) in [
        ("", "", ""),
        (
            "{$int 1..5}",
            "{$int 1..6}",
            "/lines/*/quantity may be 6, and 5 is the most",
        ),
        (
            "\"1..6\"",
            "\"0..6\"",
            "/lines may have 0 elements, and 1 is the least",
        ),
        (
            "total =",
            "totla =",
            "/totla is not known there; did you mean `total`?",
        ),
    ] {
        let folder = folder(&described.replace(right, wrong), "");
        let description = crate::other_shop::description().to_string();
        std::fs::write(folder.path().join("openapi.json"), description).expect("written");
        let ended = run_inside(&format!("check {}", file(&folder)));
        match says {
            "" => assert_eq!(ended.code, 0, "{}", ended.told()),
            says => {
                assert_eq!(ended.code, 104, "{}", ended.told());
                let said = format!("mine.toml:6:13: the target refuses POST /orders: {says}");
                assert!(ended.err.contains(&said), "{said}: {}", ended.err);
            }
        }
    }
}

const ONCE: &str = r#"
name = "once"
health = "/health"

[operations.open]
request = "POST /campaigns"
json = { name = "{$unique}" }
expect = 201
read = { campaign = "/id", code = "/code" }

[operations.offer]
request = "GET /campaigns/{campaign}/offer?code={code}"

[operations.close]
request = "DELETE /campaigns/{campaign}"
expect = 204

[setup]
steps = ["open"]

[teardown]
steps = ["close"]

[journeys.browse]
steps = ["offer"]
"#;

#[test]
fn what_a_set_up_reads_all_users_of_all_cores_have_and_it_is_cleared_away_once() {
    let shop = OtherShop::start(Manners::default());
    let folder = folder(ONCE, "");
    let line = format!(
        "--workload {} -H {} -u 6 -r 6 -t 2s --cores all",
        file(&folder),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(shop.look(|books| (books.opened, books.closed)), (1, 1));
    let offers = shop.asked("GET /campaigns/{id}/offer");
    assert!(offers > 100, "{offers}");
    let record = ended.record();
    let names = record["names"].as_array().expect("names");
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name["failed"] == 0), "{names:?}");
    // Neither belongs to a journey.
    assert_eq!(record["journeys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_was_set_up_is_cleared_away_after_ctrl_c() {
    let shop = OtherShop::start(Manners::default());
    let folder = folder(ONCE, "");
    let line = format!(
        "--workload {} -H {} -u 4 -r 4 -t 60s",
        file(&folder),
        shop.url()
    );
    let running = Invocation::begin(&line);
    let begun = Instant::now();
    while shop.asked("GET /campaigns/{id}/offer") < 20 && begun.elapsed() < Duration::from_secs(60)
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    running.interrupt();
    let ended = running.end();
    assert_eq!(ended.record()["interrupted"], true, "{}", ended.told());
    assert_eq!(shop.look(|books| (books.opened, books.closed)), (1, 1));
    assert_eq!(shop.wrong(), Vec::<String>::new());
}

#[test]
fn users_keep_cookies_where_the_file_says_so() {
    const BASKET: &str = r#"
name = "basket"
cookies = true
[operations.basket]
request = "GET /basket"
[operations.look]
request = "HEAD /products/A-1"
[journeys.look]
steps = ["basket", "look"]
"#;
    for (text, keeps) in [
        (BASKET.to_owned(), true),
        (BASKET.replace("cookies = true\n", ""), false),
    ] {
        let shop = OtherShop::start(Manners::default());
        let folder = folder(&text, "");
        let line = format!(
            "--workload {} -H {} -u 3 -r 3 -t 1s --no-preflight",
            file(&folder),
            shop.url()
        );
        let ended = run(&line);
        assert_eq!(ended.code, 0, "{}", ended.told());
        let (with, without) = shop.look(|books| (books.with_cookie, books.without_cookie));
        match keeps {
            true => assert!(without == 3 && with > 10, "{with} with, {without} without"),
            false => assert!(with == 0 && without > 10, "{with} with, {without} without"),
        }
        assert_eq!(shop.wrong(), Vec::<String>::new());
    }
}

#[test]
fn a_file_says_what_must_hold_of_every_run() {
    let shop = OtherShop::start(Manners::default());
    let text = ONCE.replace(
        "health =",
        "thresholds = [\"success: count < 1\"]\nhealth =",
    );
    let folder = folder(&text, "");
    let line = format!("--workload {} -H {} -u 1 -t 1s", file(&folder), shop.url());
    let ended = run(&line);
    assert_eq!(ended.code, 99, "{}", ended.told());
    assert!(
        ended.told().contains("success: count < 1"),
        "{}",
        ended.told()
    );
    let ended = run(&format!("{line} --no-thresholds"));
    assert_eq!(ended.code, 0, "{}", ended.told());
}

#[test]
fn a_set_up_that_fails_ends_the_run_before_the_load() {
    let shop = OtherShop::start(Manners::default());
    let text = ONCE.replace("\"/id\", code", "\"/no-id\", code");
    let folder = folder(&text, "");
    let line = format!("--workload {} -H {} -u 6 -t 2s", file(&folder), shop.url());
    let ended = run_inside(&line);
    // As with the built-in journeys' own set-up.
    assert_eq!(ended.code, 107, "{}", ended.told());
    for says in [
        "nothing was started: what all users share could not be set up",
        "no value for `campaign`",
        "POST /campaigns",
    ] {
        assert!(ended.err.contains(says), "{says}: {}", ended.err);
    }
    assert_eq!(shop.asked("GET /campaigns/{id}/offer"), 0);
}

const ORDERS: &str = r#"
name = "orders"
health = "/health"

[operations.order]
request = "POST /orders"
expect = 201
[operations.order.json]
total = "{$sum /lines quantity*price}"
number = "{$counter 1}"
lines = [{ "$repeat" = "1..6", sku = "S-{$zipf 50}", quantity = "{$int 1..5}", price = "{$price 0.50..199}" }]

[operations.look]
request = "GET /products/{$choice A-1|gone}"
[operations.look.check]
"/stock" = "plenty"
"/price" = 9.5
"/tags" = { type = "array" }
"/text" = { matches = 'no \d+$' }
"header x-shop" = { contains = "shop" }
size = "10..1000"

[journeys.buy]
steps = ["order"]

[journeys.browse]
steps = [{ call = "look", on_failure = "continue" }]
"#;

#[test]
fn totals_are_the_sums_of_their_lines() {
    let shop = OtherShop::start(Manners::default());
    let text = ORDERS.replace(
        "[journeys.browse]\nsteps = [{ call = \"look\", on_failure = \"continue\" }]\n",
        "",
    );
    let folder = folder(&text, "");
    let line = format!(
        "--workload {} -H {} -u 4 -r 4 -t 2s",
        file(&folder),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    shop.look(|books| {
        assert!(books.orders.len() > 100, "{}", books.orders.len());
        for lines in 1..=6 {
            let some = books
                .orders
                .iter()
                .filter(|(_, count)| *count == lines)
                .count();
            assert!(some * 20 > books.orders.len(), "{some} with {lines} lines");
        }
        let mut totals: Vec<u64> = books.orders.iter().map(|(total, _)| *total).collect();
        totals.sort_unstable();
        totals.dedup();
        assert!(totals.len() > 50, "{totals:?}");
    });
    let printed = run_inside(&format!("check {} --print-requests 3", file(&folder))).out;
    for says in ["\"number\":1,", "\"number\":2,", "\"number\":3,"] {
        assert!(printed.contains(says), "{printed}");
    }
}

#[test]
fn a_reply_that_says_something_else_has_failed_with_its_reason() {
    let shop = OtherShop::start(Manners::default());
    let text = ORDERS.replace("[journeys.buy]\nsteps = [\"order\"]\n", "");
    let one = folder(&text, "");
    let line = format!(
        "--workload {} -H {} -u 4 -r 4 -t 2s",
        file(&one),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_ne!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let names = record["names"].as_array().expect("names");
    let (failed, success) = (names[0]["failed"].as_u64(), names[0]["success"].as_u64());
    let (failed, success) = (failed.unwrap_or(0), success.unwrap_or(0));
    // Half of the products are gone.
    assert!(
        failed > 20 && success > 20,
        "{failed} failed, {success} succeeded"
    );
    let errors = record["errors"].to_string();
    assert!(
        errors.contains(r#"check failed: /stock is not \"plenty\""#),
        "{errors}"
    );
    assert!(
        ended.told().contains("check failed: /stock"),
        "{}",
        ended.told()
    );
    for (right, wrong, says) in [
        (
            "\"/price\" = 9.5",
            "\"/price\" = 9.75",
            "/price is not 9.75",
        ),
        (
            "type = \"array\"",
            "type = \"object\"",
            "/tags is no object",
        ),
        ("no \\d+$", "no x+$", "/text does not match no x+$"),
        (
            "contains = \"shop\"",
            "contains = \"stop\"",
            "header x-shop does not contain",
        ),
        ("10..1000", "500..1000", "size is not within 500..1000"),
    ] {
        let text = text.replace("|gone}", "|B-2}").replace(right, wrong);
        let other = folder(&text, "");
        let line = format!("--workload {} -H {} -u 1 -t 1s", file(&other), shop.url());
        let ended = run(&line);
        let errors = ended.record()["errors"].to_string();
        assert!(errors.contains(says), "{says}: {errors}");
    }
}
