//! Sums of what is known only when a request is sent: what is sent, what is not, and mistakes in them.

use super::{FileWorkload, Model, read};
use crate::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation, Workload,
};
use crate::plan::{ClassShare, Load, Plan, Stage, UniqueNumbers, WaitTime};
use crate::stats::{CoreInterval, Outcome};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// `STEPS` stands for the steps of the journey.
const FILE: &str = r#"
name = "sums"

[data.products]
rows = [{ sku = "a", price = 9.95 }, { sku = "b", price = "0.10" }]
order = "random"

[operations.quote]
request = "GET /quote"
read = { price = "/price", fee = "/fee" }

[operations.order]
request = "POST /orders?least={$sum price*2}"
headers = { x-fee = "{$sum fee + 1}" }
draw = { quantity = "{$int 1..5}" }

[operations.order.json]
quantity = "{quantity}"
amount = "{$sum price*quantity - fee + 0.05}"
again = "{$sum price*quantity - fee + 0.05}"
lines = [{ "$repeat" = "0..3", n = "{$int 1..4}", price = "{price}" }]
total = "{$sum /lines n*price}"
told = "{$text sum /lines n*price}"
stock = "{$sum products.price*quantity}"
sizes = [{ size = "{$int 1..9}" }]
size = "{$sum /sizes size}"

[operations.pay]
request = "POST /payments"
form = { amount = "{$sum price*3}" }

[races.rush]
sides = { order = { racers = 3 } }

[rules.few]
race = "rush"
at_most = 3

[journeys.buy]
steps = [STEPS]
"#;

fn sound(steps: &str) -> Model {
    read(&FILE.replace("STEPS", steps), "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn plan() -> Plan {
    let length = Duration::from_secs(20);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: length.as_micros() as u64,
    };
    Plan {
        classes: vec![ClassShare {
            class: "User".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    }
}

/// Requests that one user sends to a shop that gives these prices in turn, and how often each step succeeded and
/// failed, by name.
fn sent(steps: &str, prices: &'static [&'static str]) -> (Vec<String>, Vec<(String, u64, u64)>) {
    let model = sound(steps);
    let workload = FileWorkload::new(&model);
    let plan = plan();
    let script = Arc::new(workload.script(&plan, &workload.presumed()).unwrap());
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let heads = PreparedHeads::new(script.steps(), &plan.target).unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&log);
    let mut quotes = 0;
    let mut world = Simulation::new(0, recorder, heads, move |request, _| {
        let text = String::from_utf8_lossy(request).into_owned();
        let body = match text.starts_with("GET /quote") {
            true => {
                quotes += 1;
                let price = prices[(quotes - 1) % prices.len()];
                format!(r#"{{"price":{price},"fee":"0.10"}}"#)
            }
            false => "{}".to_owned(),
        };
        kept.borrow_mut().push(text);
        SimulatedAnswer::reply(1_000_000, 200, body.into_bytes())
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(1_000, 2_000).unwrap(),
        seed: 1,
        unique: UniqueNumbers::of_user(3),
        due_ns: 0,
    };
    world.spawn_user(&script, start, plan.run_time.as_nanos() as u64);
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let names = script.names();
    let counts = names.iter().zip(&recorder.interval().names);
    let counts = counts.map(|(name, counts)| {
        let of = |outcome| counts.outcomes[outcome];
        let name = name.name.to_owned();
        (name, of(Outcome::Success), of(Outcome::Failed))
    });
    (log.take(), counts.collect())
}

fn body(request: &str) -> &str {
    request.split("\r\n\r\n").nth(1).unwrap_or_default()
}

/// A number of JSON in thousandths; its text has at most three digits behind the point.
fn thousandths(value: &Json) -> i64 {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    assert!(rest.len() <= 3, "{text}");
    let units: i64 = format!("{whole}{rest:0<3}").parse().unwrap();
    units
}

/// Holds the body of an order to arithmetic of its own.
fn holds(order: &str) {
    let body: Json =
        serde_json::from_str(body(order)).unwrap_or_else(|error| panic!("{error}: {order}"));
    let least = order
        .split("least=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let least = thousandths(&Json::from(least));
    let price = least / 2;
    assert!(order.contains("\r\nx-fee: 1.10\r\n"), "{order}");
    let quantity = body["quantity"].as_i64().unwrap();
    assert_eq!(
        thousandths(&body["amount"]),
        price * quantity - 100 + 50,
        "{body}"
    );
    assert_eq!(body["amount"], body["again"]);
    let lines = body["lines"].as_array().unwrap();
    let counts = lines.iter().map(|line| line["n"].as_i64().unwrap());
    assert_eq!(
        thousandths(&body["total"]),
        counts.sum::<i64>() * price,
        "{body}"
    );
    assert!(
        body["told"].is_string() && body["total"].is_number(),
        "{body}"
    );
    assert_eq!(thousandths(&body["told"]), thousandths(&body["total"]));
    let stock = thousandths(&body["stock"]);
    assert!(
        stock == quantity * 9_950 || stock == quantity * 100,
        "{body}"
    );
    assert_eq!(body["size"], body["sizes"][0]["size"]);
}

#[test]
fn sums_are_those_of_what_is_sent_with_them() {
    let steps = r#""quote", "order", "pay""#;
    let (sent, counts) = sent(steps, &["19.99", "\"7.5\"", "5e-1", "1000000000000"]);
    let orders = sent.iter().filter(|text| text.starts_with("POST /orders"));
    let orders: Vec<&String> = orders.collect();
    assert!(orders.len() > 500, "{}", orders.len());
    orders.iter().for_each(|order| holds(order));
    let of_quantity = |quantity: u32, amount: &str| {
        let start = format!("{{\"quantity\":{quantity},\"amount\":{amount},");
        orders.iter().any(|order| body(order).starts_with(&start))
    };
    assert!(of_quantity(3, "59.92") && of_quantity(2, "14.95") && of_quantity(5, "2.45"));
    assert!(of_quantity(1, "999999999999.95"));
    let paid: Vec<&str> = sent.iter().map(|text| body(text)).collect();
    assert!(paid.contains(&"amount=59.97") && paid.contains(&"amount=1.5"));
    assert!(
        counts.iter().all(|(_, _, failed)| *failed == 0),
        "{counts:?}"
    );
}

#[test]
fn what_cannot_be_summed_up_is_not_sent_and_has_failed() {
    let steps = r#""quote", { call = "order", on_failure = "continue" }, "pay""#;
    let (sent, counts) = sent(steps, &["\"dear\"", "2", "true", "9e30"]);
    let count = |path: &str| sent.iter().filter(|text| text.starts_with(path)).count() as u64;
    let of = |name: &str| {
        let found = counts.iter().find(|(known, ..)| known.contains(name));
        let (_, successes, failed) = found.unwrap();
        (*successes, *failed)
    };
    let (ordered, withheld) = of("/orders");
    assert!(ordered > 10 && withheld > 20, "{counts:?}");
    assert_eq!(
        (count("POST /orders"), count("POST /payments")),
        (ordered, of("/payments").0)
    );
    assert!(of("/payments").1 > 20);
    // What cannot be written is not tried as fast as it fails: the user keeps away for a while.
    assert!(withheld < 4_000, "{withheld}");
}

#[test]
fn racers_have_the_sums_of_their_own_bodies_or_none_leaves() {
    let steps = r#""quote", { race = "rush" }"#;
    let (sent, counts) = sent(steps, &["19.99", "\"dear\"", "3"]);
    let orders = sent.iter().filter(|text| text.starts_with("POST /orders"));
    let orders: Vec<&String> = orders.collect();
    assert!(
        orders.len() > 30 && orders.len().is_multiple_of(3),
        "{}",
        orders.len()
    );
    orders.iter().for_each(|order| holds(order));
    let is_mixed = |race: &[&String]| race.iter().any(|racer| body(racer) != body(race[0]));
    assert!(orders.chunks(3).any(is_mixed));
    let (_, _, withheld) = counts
        .iter()
        .find(|(name, ..)| name.contains("/orders"))
        .unwrap();
    assert!(*withheld > 5, "{counts:?}");
}

#[test]
fn a_preview_says_what_is_added_up() {
    let model = sound(r#""quote", "order", "pay""#);
    let workload = FileWorkload::new(&model);
    let plan = plan();
    let script = workload.script(&plan, &workload.presumed()).unwrap();
    let requests = script.first_requests(0, &plan, &model.values, 3).unwrap();
    assert!(
        requests[1].starts_with("POST /orders?least=_2%2Aprice_ "),
        "{}",
        requests[1]
    );
    let order: Json = serde_json::from_str(body(&requests[1])).unwrap();
    let quantity = order["quantity"].as_i64().unwrap();
    let amount = format!("_{quantity}*price + -1*fee + 0.05_");
    assert_eq!(order["amount"], amount.as_str());
    // Rows are known.
    assert!(thousandths(&order["stock"]) > 0, "{order}");
    assert_eq!(body(&requests[2]), "amount=_3%2Aprice_");
}

#[test]
fn what_is_no_number_is_told_where_the_sum_stands() {
    let file = |sum: &str, step: &str| {
        format!(
            r#"
name = "x"
[data.products]
rows = [{{ sku = "a", price = 1 }}, {{ sku = "b", price = "two" }}]
[operations.read]
request = "GET /"
read = {{ price = "/price" }}
[operations.send]
request = "POST /"
draw = {{ many = "{{$int 1..3}}", word = "{{$word}}" }}
json = {{ sum = "{sum}", lines = [{{ n = "{{$int 1..2}}", w = "{{$word}}", p = "{{price}}" }}] }}
[journeys.j]
steps = [{step}"read", "send"]
"#
        )
    };
    for (sum, step, place, says) in [
        (
            "{$sum price*word}",
            "",
            "x.toml:11:16",
            "`word` is drawn as a text, and only numbers",
        ),
        (
            "{$sum price*prise}",
            "",
            "x.toml:11:17",
            "there is no `prise`; did you mean `price`?",
        ),
        (
            "{$sum products.price*many}",
            "",
            "x.toml:11:17",
            "row 2 of the data has `two` there",
        ),
        (
            "{$sum products.sku}",
            "",
            "x.toml:11:17",
            "row 1 of the data has `a` there",
        ),
        (
            "{$sum /lines n*w}",
            "",
            "x.toml:11:16",
            "w in /lines is no number",
        ),
        (
            "{$sum name*many}",
            "{ set = { name = \"{$word}\" } }, ",
            "x.toml:11:17",
            "`name` is never a number",
        ),
        (
            "{$sum later*many}",
            "{ call = \"read\", read = { later = \"/a\" }, on_failure = \"continue\" }, ",
            "x.toml:13:",
            "`send` needs `later`, which may not be there yet",
        ),
        (
            "1",
            "{ set = { twice = \"{$sum price*2}\" } }, ",
            "x.toml:13:",
            "such sums stand where one is written: in a path, a header or a body",
        ),
    ] {
        let text = file(sum, step);
        let error = match read(&text, "x.toml") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{sum} is sound"),
        };
        assert!(error.contains(says), "{sum}: {error}");
        assert!(error.contains(place), "{sum}: {error}");
    }
    for (sum, step) in [
        ("{$sum /lines n*p}", ""),
        ("{$sum price*many*1.19 + 2 - price}", ""),
        (
            "{$sum part*many}",
            "{ set = { part = \"{$digits 3}.5\" } }, ",
        ),
        (
            "{$sum part}",
            "{ set = { part = \"\" } }, { call = \"read\", read = { part = \"/p\" } }, ",
        ),
    ] {
        if let Err(error) = read(&file(sum, step), "x.toml") {
            panic!("{sum}: {error}");
        }
    }
}

#[test]
fn draws_stay_known_before_there_are_users() {
    let text = FILE.replace("STEPS", r#""quote", "order""#).replace(
        "quantity = \"{$int 1..5}\" }",
        "quantity = \"{$sum price*2}\" }",
    );
    let error = read(&text, "x.toml").map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("draws are made before; write the sum where it is sent"),
        "{error}"
    );
}
