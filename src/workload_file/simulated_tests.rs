//! Workloads in virtual time: what is sent, in which order, and that a seed tells all of it.

use super::{FileWorkload, read};
use crate::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation, Workload,
};
use crate::plan::{ClassShare, Load, Plan, Stage, UniqueNumbers, WaitTime};
use crate::stats::{CoreInterval, Outcome};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const FILE: &str = r#"
name = "simulated"

[operations.log_in]
request = "POST /sessions"
json = { key = "{$unique}" }
read = { token = "/session/token" }

[operations.list]
request = "GET /items?page={$int 1..1000000}"
headers = { authorization = "Bearer {token}" }
read = { item = "/items/*/id" }

[operations.item]
request = "GET /items/{item}"

[operations.order]
request = "POST /orders"
json = { item = "{item}", count = "{$int 1..1000000}", twice = ["{note}", "{note}!"] }
draw = { note = "{$words 3}" }
refused = { 409 = "sold out" }

[journeys.enter]
steps = ["log_in"]

[journeys.buy]
steps = [
  "list",
  { call = "item", repeat = "0..3", think = "1s" },
  { call = "order", on_failure = "continue" },
  { steps = ["order", { call = "item", name = "GET /items/{item} (again)" }], chance = "50%" },
]

[classes.Buyer]
journeys = ["buy"]
first = "enter"
"#;

/// How often each step succeeded, by name.
type Successes = Vec<(String, u64)>;

/// What one user of `seed` sends in ten minutes, and how often each step succeeded.
fn sent(seed: u64) -> (Vec<String>, Successes, (u64, u64)) {
    let model = read(FILE, "simulated.toml").unwrap();
    let workload = FileWorkload::new(&model);
    let length = Duration::from_secs(600);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: length.as_micros() as u64,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: "Buyer".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    let script = Arc::new(workload.script(&plan, &workload.presumed()).unwrap());
    let recorder = Recorder::new(
        Box::new(CoreInterval::new(0, script.shape())),
        script.rows(),
    );
    let heads = PreparedHeads::new(script.steps(), &plan.target).unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&log);
    let mut orders = 0;
    let mut world = Simulation::new(0, recorder, heads, move |request, _| {
        let text = String::from_utf8_lossy(request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_order = path == "/orders";
        kept.borrow_mut().push(text);
        orders += u64::from(is_order);
        let (status, body) = match path.as_str() {
            "/sessions" => (201, r#"{"session":{"token":"t-1"}}"#),
            "/orders" if orders % 4 == 0 => (409, "{}"),
            path if path.starts_with("/items?") => (200, r#"{"items":[{"id":7},{"id":"a b"}]}"#),
            _ => (200, "{}"),
        };
        SimulatedAnswer::reply(2_000_000, status, body.as_bytes().to_vec())
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(500_000, 1_500_000).unwrap(),
        seed,
        unique: UniqueNumbers::of_user(3),
        due_ns: 0,
    };
    world.spawn_user(&script, start, length.as_nanos() as u64);
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let names = script.names();
    let counts = names
        .iter()
        .zip(&interval.names)
        .map(|(name, counts)| (name.name.to_owned(), counts.outcomes[Outcome::Success]));
    let buys = &interval.journeys[1];
    let ended = (buys.completed, buys.aborted);
    (log.take(), counts.collect(), ended)
}

#[test]
fn a_journey_is_carried_out_as_it_is_written() {
    let (sent, counts, (completed, aborted)) = sent(1);
    let lines: Vec<&str> = sent.iter().filter_map(|text| text.lines().next()).collect();
    assert_eq!(lines[0], "POST /sessions HTTP/1.1");
    assert_eq!(
        sent.iter()
            .filter(|text| text.starts_with("POST /sessions"))
            .count(),
        1
    );
    assert!(lines[1].starts_with("GET /items?page="));
    assert!(
        sent[1].contains("\r\nauthorization: Bearer t-1\r\n"),
        "{}",
        sent[1]
    );
    // A number stays one in JSON, a text is one, and both are encoded in a path.
    let orders = sent.iter().filter(|text| text.starts_with("POST /orders"));
    let bodies: Vec<&str> = orders
        .filter_map(|text| text.split("\r\n\r\n").nth(1))
        .collect();
    assert!(
        bodies
            .iter()
            .any(|body| body.starts_with(r#"{"item":7,"count":"#)),
        "{bodies:?}"
    );
    assert!(
        bodies
            .iter()
            .any(|body| body.starts_with(r#"{"item":"a b","count":"#))
    );
    assert!(
        lines.contains(&"GET /items/7 HTTP/1.1") && lines.contains(&"GET /items/a%20b HTTP/1.1")
    );
    for body in &bodies {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let note = body["twice"][0].as_str().unwrap();
        assert_eq!(body["twice"][1], format!("{note}!"));
    }
    assert!(
        completed > 50 && aborted > 2,
        "{completed} completed, {aborted} aborted"
    );
    let of = |name: &str| counts.iter().find(|(known, _)| known == name).unwrap().1;
    let again = of("GET /items/{item} (again)");
    // Half of the passes go on by chance, and one order in four is refused on the way.
    let passes = completed + aborted;
    assert!(
        again * 10 > passes * 2 && again * 10 < passes * 5,
        "{again} of {passes}"
    );
    let looked = of("GET /items/{item}");
    assert!(
        looked > passes && looked < passes * 2,
        "0 to 3 times: {looked} of {passes}"
    );
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let first = sent(1);
    assert_eq!(first.0, sent(1).0);
    assert_ne!(first.0, sent(2).0);
}

#[test]
fn a_workload_that_was_compiled_before_is_found_again() {
    let model = read(FILE, "simulated.toml").unwrap();
    let other = read(&FILE.replace("1s", "2s"), "simulated.toml").unwrap();
    let again = model.clone();
    let word = |model| FileWorkload::new(model).plan_words(&[]).unwrap()[0];
    assert!(std::ptr::eq(word(&model), word(&again)));
    assert_ne!(word(&model), word(&other));
}

/// Nobody is late for what was due before: a schedule begins behind what is done once.
#[test]
fn a_schedule_begins_behind_the_first_journey() {
    let text = r#"
name = "paced"
[operations.seed]
request = "POST /seeds"
[operations.order]
request = "POST /orders"
[journeys.seeds]
steps = [{ call = "seed", repeat = 5, at_once = "again" }]
[journeys.orders]
steps = ["order"]
[classes.Buyer]
pace = "1s"
first = "seeds"
journeys = ["orders"]
"#;
    let workload = FileWorkload::new(&read(text, "paced.toml").unwrap());
    let length = Duration::from_secs(6);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: length.as_micros() as u64,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: "Buyer".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    let script = Arc::new(workload.script(&plan, &workload.presumed()).unwrap());
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows());
    let heads = PreparedHeads::new(script.steps(), &plan.target).unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&log);
    let mut world = Simulation::new(0, recorder, heads, move |request, now_ns| {
        if request.starts_with(b"POST /orders") {
            kept.borrow_mut().push(now_ns / 1_000_000);
        }
        SimulatedAnswer::reply(500_000_000, 200, *b"{}")
    });
    let start = SessionStart {
        class: 0,
        wait: script.wait_of(0),
        seed: 1,
        unique: UniqueNumbers::of_user(0),
        due_ns: 0,
    };
    world.spawn_user(&script, start, length.as_nanos() as u64);
    world.run();
    assert_eq!(log.take(), [2_500, 3_500, 4_500, 5_500]);
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    assert_eq!(recorder.interval().counters.shed, 0);
}
