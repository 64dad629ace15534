//! Rows, counts, sums and checks together with what steps, options and races can say, in virtual time.

use super::{FileWorkload, read};
use crate::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation, Workload,
};
use crate::plan::{ClassShare, Load, Plan, Stage, UniqueNumbers, WaitTime};
use crate::stats::{CoreInterval, Outcome};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const FILE: &str = r#"
name = "together"

[options]
gifts = "wraps what is bought"

[data.people]
rows = [{ mail = "ann@x.y", kind = "guest" }, { mail = "bob@x.y", kind = "vip" }, { mail = "unused", kind = "guest" }]
per = "user"

[draws.lines]
draw = { n = "{$int 2..4}", unit = "{$float 0.10..9.90}" }

[operations.make]
request = "POST /orders"
headers = { label = "{label}" }
body = "order"

[operations.greet]
request = "GET /vip/{number}"

[operations.claim]
request = "POST /claims"
json = { by = "{people.mail}", number = "{$counter 1}" }
read = { owner = "/by" }

[operations.claim.check]
"/by" = "{people.mail}"

[bodies.order]
tied = "lines"

[bodies.order.json]
number = "{$text counter 7}"
same = [{ "$repeat" = "2..3", price = "{$price 1..9}" }]
mixed = [{ price = 0.25 }, { "$repeat" = 2, price = "{unit}" }]
wrapped = { "{$if gifts}" = [{ price = 1 }], "{$else}" = [] }
sum = "{$sum /same price}"
both = "{$text sum /mixed price}"
gifts = "{$sum /wrapped price}"

[races.rush]
sides = { claim = { racers = 3 } }

[journeys.visit]
steps = [
  { set = { number = "{$counter 5}", label = "x{$counter 5}-{$counter 100}" } },
  "make",
  { race = "rush" },
  { call = "greet", when = "people.kind = vip", check = { "/hi" = "vip" } },
  { call = "claim", check = { "/by" = { exists = false } }, on_failure = "continue" },
]
"#;

/// Heads and bodies of requests, and how often each name succeeded and failed.
type Seen = (Vec<(String, Value)>, Vec<(String, u64, u64)>);

/// What the user of the number `user` sends in 3 s.
fn sent(user: u32, options: &[&'static str]) -> Seen {
    let model = read(FILE, "together.toml").unwrap_or_else(|error| panic!("{error}"));
    let workload = FileWorkload::new(&model);
    let length = Duration::from_secs(3);
    let stage = Stage {
        users: 2,
        spawn_rate_per_s: 1.0,
        duration_us: length.as_micros() as u64,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: "User".to_owned(),
            weight: 1,
        }],
        options: options.to_vec(),
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    let script = Arc::new(workload.script(&plan, &workload.presumed()).unwrap());
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let heads = PreparedHeads::new(script.steps(), &plan.target).unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&log);
    let mut world = Simulation::new(0, recorder, heads, move |request, _| {
        let text = String::from_utf8_lossy(request).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let answer = match head.contains(" /claims ") {
            true => serde_json::json!({ "by": body["by"] }),
            false => serde_json::json!({ "hi": "vip" }),
        };
        kept.borrow_mut().push((head.to_owned(), body));
        SimulatedAnswer::reply(5_000_000, 200, answer.to_string().into_bytes())
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(10_000, 20_000).unwrap(),
        seed: 1,
        unique: UniqueNumbers::of_user(user),
        due_ns: 0,
    };
    world.spawn_user(&script, start, length.as_nanos() as u64);
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let names = script.names();
    let counts = names.iter().zip(&interval.names).map(|(name, counts)| {
        let of = |outcome| counts.outcomes[outcome];
        (
            name.name.to_owned(),
            of(Outcome::Success),
            of(Outcome::Failed),
        )
    });
    (log.take(), counts.collect())
}

/// The bodies that went to `path`.
fn bodies<'s>(sent: &'s [(String, Value)], path: &str) -> Vec<&'s Value> {
    let there = format!(" {path} ");
    let to = sent.iter().filter(|(head, _)| head.contains(&there));
    to.map(|(_, body)| body).collect()
}

fn cents(value: &Value) -> i64 {
    let number = value.as_f64().unwrap_or_else(|| panic!("{value}"));
    (number * 100.0).round() as i64
}

fn total(list: &Value) -> i64 {
    let list = list.as_array().unwrap();
    list.iter().map(|it| cents(&it["price"])).sum()
}

#[test]
fn sums_are_those_of_lists_that_are_repeated_alone_and_with_others() {
    let (sent, _) = sent(0, &[]);
    let orders = bodies(&sent, "/orders");
    assert!(orders.len() > 10);
    let mut lengths = std::collections::BTreeSet::new();
    for (order, number) in orders.iter().zip(7..) {
        assert_eq!(order["number"], number.to_string());
        lengths.insert(order["same"].as_array().unwrap().len());
        assert_eq!(order["mixed"].as_array().unwrap().len(), 3);
        assert_eq!(cents(&order["sum"]), total(&order["same"]), "{order}");
        let both: f64 = order["both"].as_str().unwrap().parse().unwrap();
        let both = (both * 100.0).round() as i64;
        assert_eq!(both, total(&order["mixed"]), "{order}");
        assert_eq!(order["gifts"], 0);
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_sum_knows_what_the_options_of_the_run_decide() {
    let (sent, _) = sent(0, &["gifts"]);
    let orders = bodies(&sent, "/orders");
    assert!(orders.iter().all(|it| it["gifts"] == 1), "{orders:?}");
}

#[test]
fn each_count_of_a_step_and_of_a_body_goes_on_by_one() {
    let (sent, _) = sent(1, &[]);
    let labels: Vec<&str> = sent
        .iter()
        .filter_map(|(head, _)| head.split("label: ").nth(1)?.lines().next())
        .collect();
    assert_eq!(labels[..3], ["x5-100", "x6-101", "x7-102"]);
    let greeted: Vec<&str> = sent
        .iter()
        .filter_map(|(head, _)| head.strip_prefix("GET /vip/")?.split(' ').next())
        .collect();
    assert_eq!(greeted[..3], ["5", "6", "7"]);
    let claims = bodies(&sent, "/claims");
    let numbers: Vec<i64> = claims
        .iter()
        .map(|it| it["number"].as_i64().unwrap())
        .collect();
    let all: Vec<i64> = (1..=numbers.len() as i64).collect();
    assert_eq!(numbers, all, "racers count, too");
}

/// A column that only `when` names is kept, and racers are held to what the user knew, not to what
/// other racers read.
#[test]
fn rows_reach_branches_racers_and_checks() {
    for (user, mail, is_vip) in [(0, "ann@x.y", false), (1, "bob@x.y", true)] {
        let (sent, counts) = sent(user, &[]);
        let claims = bodies(&sent, "/claims");
        assert!(claims.len() > 20);
        assert!(claims.iter().all(|it| it["by"] == mail), "{claims:?}");
        let greeted = sent.iter().any(|(head, _)| head.contains(" /vip/"));
        assert_eq!(greeted, is_vip);
        let of = |part: &str| counts.iter().find(|(name, ..)| name.contains(part));
        let (_, claimed, refused) = of("/claims").unwrap();
        // Of each pass three racers succeed, and the step with a check of its own does not.
        assert!(claimed.abs_diff(3 * refused) <= 3, "{claimed} {refused}");
        assert!(*refused > 5);
        let (_, _, failed) = of("/vip/").unwrap();
        assert_eq!(*failed, 0);
    }
}

#[test]
fn what_a_set_up_cannot_do_is_told() {
    let with = |steps: &str| format!("{FILE}\n[setup]\nsteps = [{steps}]\n");
    for (steps, says) in [
        (r#"{ race = "rush" }"#, "is a race"),
        (
            r#"{ set = { number = "{people.mail}" } }, "greet""#,
            "neither set-up nor tear-down has rows",
        ),
        (r#""greet""#, "`greet` needs `number`"),
    ] {
        let error = read(&with(steps), "x.toml").unwrap_err().to_string();
        assert!(error.contains(says), "{steps}: {error}");
    }
    let model = read(
        &with(r#"{ set = { number = "{$int 1..9}" } }, "greet""#),
        "x.toml",
    );
    assert!(model.is_ok(), "{model:?}");
}
