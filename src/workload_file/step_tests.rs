//! What steps can say: branches, values of their own, compensation, counts; and mistakes in them.

use super::{FileWorkload, Model, built_in, outline, read};
use crate::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation, Workload,
};
use crate::plan::{ClassShare, Load, Plan, Stage, UniqueNumbers, WaitTime};
use crate::stats::CoreInterval;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A file of these operations and steps.
fn file(steps: &str) -> String {
    format!(
        r#"
name = "x"
[options]
extra = "asks once more"
[draws.sums]
draw = {{ pieces = "{{$int 1..9}}", price = "{{$float 0.50..9.99}}", total = "{{$sum pieces*price + price}}" }}
[operations.begin]
request = "POST /begin"
expect = 200
read = {{ id = "/id" }}
[operations.buy]
request = "POST /buy/{{id}}"
body = "bought"
[operations.count]
request = "POST /count"
body = "counted"
[operations.end]
request = "POST /end/{{id}}"
json = {{ lines = ["{{$times 2..3}}", "{{$int 1..2}}"] }}
[bodies.bought]
tied = "sums"
json = {{ n = "{{pieces}}", total = "{{total}}" }}
[bodies.counted]
draw = {{ sum = "{{$each 0..20}}" }}
json = {{ sum = "{{sum}}" }}
[bodies.refunded]
tied = "sums"
json = {{ back = "{{total}}", price = "{{price}}" }}
[races.rush]
sides = {{ buy = {{ racers = 3 }}, refund = {{ call = "buy", body = "refunded", name = "refund", racers = 2 }} }}
[rules.few]
race = "rush"
of = ["refund"]
sum = "request /price"
at_most = 20
[journeys.j]
steps = [{steps}]
"#
    )
}

fn sound(steps: &str) -> Model {
    read(&file(steps), "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// Request lines and bodies of one user's passes, where the `failing` of each path fail.
fn sent(steps: &str, options: &[&'static str], failing: &'static [&'static str]) -> Vec<String> {
    let model = sound(steps);
    let workload = FileWorkload::new(&model);
    let length = Duration::from_secs(2);
    let stage = Stage {
        users: 1,
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
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
        kept.borrow_mut().push(format!("{path} {body}"));
        let fails = failing.iter().any(|failing| path.starts_with(failing));
        let (status, body) = match fails {
            true => (503, "{}"),
            false => (200, r#"{"id":"i7"}"#),
        };
        SimulatedAnswer::reply(100_000_000, status, body.as_bytes().to_vec())
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::None,
        seed: 1,
        unique: UniqueNumbers::of_user(3),
        due_ns: 0,
    };
    world.spawn_user(&script, start, length.as_nanos() as u64);
    world.run();
    log.take()
}

/// The paths of that.
fn paths(steps: &str, options: &[&'static str], failing: &'static [&'static str]) -> Vec<String> {
    let sent = sent(steps, options, failing);
    let path = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
    sent.into_iter().map(path).collect()
}

#[test]
fn a_branch_is_taken_where_it_says() {
    let steps = r#""begin", { call = "end", when = "option extra" }"#;
    assert_eq!(paths(steps, &[], &[])[..3], ["/begin", "/begin", "/begin"]);
    assert_eq!(
        paths(steps, &["extra"], &[])[..3],
        ["/begin", "/end/i7", "/begin"]
    );
    let steps = r#"{ call = "begin", on_failure = "continue" }, { call = "end", when = "value id" },
        { call = "count", when = "no done begin" }"#;
    assert_eq!(paths(steps, &[], &[])[..3], ["/begin", "/end/i7", "/begin"]);
    assert_eq!(
        paths(steps, &[], &["/begin"])[..3],
        ["/begin", "/count", "/begin"]
    );
    // Both ways come, and each where its word says.
    let steps = r#"{ set = { id = "{$choice one=3|two}" } }, { call = "end", when = "id = one" },
        { call = "buy", when = "id != one" }"#;
    let taken = paths(steps, &[], &[]);
    assert!(taken.contains(&"/end/one".to_owned()) && taken.contains(&"/buy/two".to_owned()));
    assert!(
        taken
            .iter()
            .all(|path| ["/end/one", "/buy/two"].contains(&path.as_str()))
    );
}

/// Users who do not wait sleep all the same.
#[test]
fn what_is_asked_again_is_asked_until_it_is_so_with_a_sleep_in_between() {
    let until = |state: &str| {
        format!(
            r#"{{ call = "begin" }}, {{ repeat = 4, steps = [{{ when = "id != {state}", steps = [
            {{ sleep = "300ms" }}, {{ call = "begin", at_once = true }}] }}] }}, "count""#
        )
    };
    let paths_until = |state| paths(&until(state), &[], &[]);
    assert_eq!(paths_until("i7")[..3], ["/begin", "/count", "/begin"]);
    let never = paths_until("i8");
    let begun = never.iter().take_while(|path| *path == "/begin");
    assert_eq!(begun.count(), 5);
    // Each takes 100 ms, and 300 ms are slept before four of them: 1.8 s a pass, of 2 s.
    assert!((6..=8).contains(&never.len()), "{never:?}");
}

#[test]
fn a_value_that_may_be_there_is_looked_for() {
    let steps = |place: &str| {
        format!(
            r#""begin", {{ call = "begin", may_read = {{ id = "{place}" }} }},
            {{ call = "end", when = "value id" }}, "count""#
        )
    };
    let taken = |place: &str| paths(&steps(place), &[], &[]);
    assert_eq!(taken("/id")[..4], ["/begin", "/begin", "/end/i7", "/count"]);
    // What was known before is gone with it.
    assert_eq!(taken("/no")[..3], ["/begin", "/begin", "/count"]);
    for (steps, says) in [
        (
            r#"{ call = "begin", may_read = { id = "/id" } }, "end""#,
            "`end` needs `id`, which may not be there yet",
        ),
        (
            r#"{ call = "begin", read = { id = "/id" }, may_read = { id = "/id" } }"#,
            "stands under `read` and under `may_read`",
        ),
    ] {
        let told = read(&file(steps), "x.toml").unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn an_option_gives_a_class_journeys_that_it_has_not_without() {
    let text = file(r#""begin""#)
        + "[journeys.other]\nsteps = [\"count\"]\n[classes.User]\njourneys = [\"j\"]\n\
           with = { extra = [\"other\"] }\n";
    let workload = FileWorkload::new(&read(&text, "x.toml").unwrap());
    let length = Duration::from_secs(1);
    for (options, made) in [(vec![], ["j"]), (vec!["extra"], ["other"])] {
        let stage = Stage {
            users: 1,
            spawn_rate_per_s: 1.0,
            duration_us: 1_000_000,
        };
        let plan = Plan {
            classes: vec![ClassShare {
                class: "User".to_owned(),
                weight: 1,
            }],
            options,
            ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
        };
        let script = workload.script(&plan, &workload.presumed()).unwrap();
        assert_eq!(script.journeys(), made);
    }
}

#[test]
fn a_failure_has_what_comes_after_it() {
    let steps = r#"{ call = "begin", otherwise = { id = "own-{$serial}" }, on_failure = "continue" }, "end""#;
    let own = &paths(steps, &[], &["/begin"])[1];
    assert!(own.starts_with("/end/own-") && own.len() > 30, "{own}");
    let steps = r#""begin", { call = "buy", on_failure = ["end"] }, "count""#;
    let tried = paths(steps, &[], &["/buy"]);
    assert_eq!(tried[..4], ["/begin", "/buy/i7", "/end/i7", "/begin"]);
    let steps = r#""begin", { call = "buy", repeat = 3, on_failure = "break" }, "count""#;
    let left = paths(steps, &[], &["/buy"]);
    assert_eq!(left[..4], ["/begin", "/buy/i7", "/count", "/begin"]);
    let done = paths(steps, &[], &[]);
    assert_eq!(
        done[..5],
        ["/begin", "/buy/i7", "/buy/i7", "/buy/i7", "/count"]
    );
    // A strict user gives up where another goes on.
    let strict = paths(steps, &["strict"], &["/buy"]);
    assert_eq!(strict[..3], ["/begin", "/buy/i7", "/begin"]);
}

#[test]
fn bodies_agree_and_counts_pick_them() {
    let steps = r#"{ call = "begin", tally = { bought = 2 } }, { call = "buy", adds = { bought = "pieces" } },
        { call = "count", picks = { sum = "bought" } }, { call = "end", body = "refunded" }"#;
    let sent = sent(steps, &[], &[]);
    let body = |text: &str| -> serde_json::Value {
        serde_json::from_str(text.split_once(' ').unwrap().1).unwrap()
    };
    for pass in sent.chunks_exact(4) {
        let bought = body(&pass[1]);
        let counted = body(&pass[2]);
        let back = body(&pass[3]);
        assert_eq!(counted["sum"].as_i64(), bought["n"].as_i64().map(|n| n + 2));
        assert_eq!(back["back"], bought["total"]);
        let (n, price) = (
            bought["n"].as_f64().unwrap(),
            back["price"].as_f64().unwrap(),
        );
        let total = bought["total"].as_f64().unwrap();
        assert!((total - (n * price + price)).abs() < 1e-9, "{pass:?}");
    }
    assert!(sent.len() >= 16, "{sent:?}");
}

#[test]
fn a_race_stands_in_a_branch_and_its_bodies_agree_with_those_of_the_pass() {
    let steps = r#""begin", { race = "rush", repeat = 2, when = "option extra" }, "buy""#;
    let without = paths(steps, &[], &[]);
    assert!(without.len() > 10);
    assert!(
        without
            .chunks_exact(2)
            .all(|pass| pass == ["/begin", "/buy/i7"]),
        "{without:?}"
    );
    let with = sent(steps, &["extra"], &[]);
    let passes: Vec<&[String]> = with
        .split(|sent| sent.starts_with("/begin"))
        .filter(|pass| pass.len() == 11)
        .collect();
    assert!(passes.len() > 1, "{with:?}");
    let mut totals = Vec::new();
    for pass in passes {
        let total = |sent: &String| {
            let body: serde_json::Value =
                serde_json::from_str(sent.split_once(' ').unwrap().1).unwrap();
            let total = body.get("total").or(body.get("back")).unwrap();
            (total.to_string(), body.get("back").is_some())
        };
        let told: Vec<(String, bool)> = pass.iter().map(total).collect();
        assert!(
            told.iter().all(|(total, _)| *total == told[0].0),
            "{told:?}"
        );
        let refunds = told.iter().filter(|(_, is_refund)| *is_refund);
        assert_eq!(refunds.count(), 4, "two racers, twice");
        totals.push(told[0].0.clone());
    }
    totals.dedup();
    assert!(totals.len() > 1, "another pass has another: {totals:?}");
}

#[test]
fn what_a_run_without_an_option_never_races_it_needs_nothing_for() {
    let model = sound(r#""begin", { race = "rush", when = "option extra" }"#);
    let workload = FileWorkload::new(&model);
    let length = Duration::from_secs(1);
    for (options, racers, steps) in [(vec![], 0, 1), (vec!["extra"], 5, 3)] {
        let stage = Stage {
            users: 1,
            spawn_rate_per_s: 1.0,
            duration_us: 1_000_000,
        };
        let plan = Plan {
            classes: vec![ClassShare {
                class: "User".to_owned(),
                weight: 1,
            }],
            options,
            ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
        };
        let script = workload.script(&plan, &workload.presumed()).unwrap();
        assert_eq!(script.race_connections(1), racers);
        assert_eq!(script.races().len(), racers.min(1));
        assert_eq!(script.produced().len(), steps);
    }
}

#[test]
fn mistakes_of_steps_are_told() {
    for (steps, says) in [
        (
            r#"{ call = "begin", when = "extra" }"#,
            "`when` is \"option NAME\"",
        ),
        (
            r#"{ call = "begin", when = "option extre" }"#,
            "did you mean `extra`?",
        ),
        (
            r#"{ call = "begin", when = "done bgin" }"#,
            "did you mean `begin`?",
        ),
        (
            r#"{ call = "begin", when = "idd = 7" }"#,
            "did you mean `id`?",
        ),
        (
            r#"{ call = "begin", on_failure = "break" }"#,
            "no repetition around this",
        ),
        (
            r#""begin", { race = "rush", body = "bought" }"#,
            "`body` is of a call, and does not go with `race`",
        ),
        (r#"{ race = "rush" }"#, "`buy` needs `id`"),
        (
            r#"{ call = "begin", at_once = "again" }"#,
            "nothing is repeated here",
        ),
        (
            r#"{ call = "begin", at_once = 7 }"#,
            "`at_once` is true, false",
        ),
        (
            r#"{ call = "begin", body = "bough" }"#,
            "did you mean `bought`?",
        ),
        (
            r#"{ call = "begin", adds = { x = "y" } }"#,
            "`x` is not a count",
        ),
        (
            r#"{ call = "begin", not_raised = { event = "A.B", equal = ["x", "x"] } }"#,
            "`A.B` is not an event that it raises",
        ),
        (
            r#"{ call = "begin", tally = { x = 1 }, raises = ["A.B"], not_raised = { event = "A.B", equal = ["x"] } }"#,
            "`equal` is a list of two counts",
        ),
        (
            r#"{ call = "begin", not_raised = { event = "A.B" } }"#,
            "has an event and two counts",
        ),
        (
            r#"{ call = "begin", refused = [400, { check = { body = "no" } }] }"#,
            "`refused` lacks the status here",
        ),
        (
            r#"{ call = "begin", conflict = [{ status = 200, reason = "no" }] }"#,
            "`conflict` has statuses that count as success",
        ),
        (
            r#"{ call = "begin", tally = { x = "y" } }"#,
            "begins with a whole number",
        ),
        (
            r#"{ call = "begin", raises = ["Begun"] }"#,
            "like [\"Ordering.OrderCreated\"]",
        ),
        (
            r#"{ set = { id = "{$each 1..2}" } }"#,
            "goes through the bodies",
        ),
        (
            r#"{ steps = ["begin"], read = { id = "/id" } }"#,
            "does not go with `steps`",
        ),
        (r#"{ think = "1s", body = "bought" }"#, "add `call`"),
        (
            r#"{ call = "end", when = "option extra" }"#,
            "needs `id`, which may not be there",
        ),
    ] {
        let error = read(&file(steps), "x.toml").unwrap_err();
        assert!(error.to_string().contains(says), "{steps}: {error}");
    }
}

#[test]
fn an_outline_tells_of_all_that_steps_do() {
    let model = sound(
        r#"{ call = "begin", tally = { bought = 2 }, on_failure = ["count"] }, { set = { id = "{id}" } },
        { call = "end", when = "no option extra", at_once = true }"#,
    );
    let told = outline(&model, 0);
    for line in [
        "count bought from 2",
        "keeps id from /id; when it fails, ends after:",
        "make up id",
        "with no option extra:",
        "; at once",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn what_is_wrong_in_a_part_is_told_with_its_name() {
    let beside = |name: &str| match name {
        "a.toml" => Ok("# first\n[operations.a]\nrequest = \"GET /\"\n".to_owned()),
        "b.toml" => Ok("[journeys.j]\nsteps = [\"b\"]\n".to_owned()),
        "c.toml" => Ok("about = \"x\"\n".to_owned()),
        _ => Err("there is none".to_owned()),
    };
    let parts = |files: &str| {
        let text = format!("name = \"x\"\nfiles = [{files}]");
        super::Parts::read(text, "dir/x.toml", beside).and_then(|parts| parts.model())
    };
    let said = parts(r#""a.toml", "b.toml""#).unwrap_err().to_string();
    assert!(
        said.starts_with("dir/b.toml:2:10: there is no operation `b`"),
        "{said}"
    );
    for (files, says) in [
        (
            r#""d.toml""#,
            "dir/x.toml:2:10: `d.toml` cannot be read: there is none",
        ),
        (r#""../a.toml""#, "is no file beside this one"),
        (r#""a.toml", "a.toml""#, "is named twice"),
        (r#""c.toml""#, "the first thing in it has to be a table"),
    ] {
        let said = parts(files).unwrap_err().to_string();
        assert!(said.contains(says), "{files}: {said}");
    }
}

#[test]
fn what_is_compiled_in_is_sound() {
    for (name, _) in super::BUILT_IN {
        let parts = built_in(name).unwrap().unwrap();
        let model = parts.model().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(model.name, *name);
    }
    assert!(built_in("nothing").is_none());
}

/// A side with a name of its own is added up by words of its own; what has the operation's name, by the operation's.
#[test]
fn sides_of_a_race_may_have_tags_of_their_own() {
    let text = |side: &str| {
        format!(
            "name = \"x\"\n[operations.take]\nrequest = \"POST /take\"\ntags = [\"shop\"]\n[races.rush]\nsides = {{ take = \
             {{ racers = 2 }}, late = {{ call = \"take\", {side} }} }}\n[rules.one]\nrace = \"rush\"\nat_most = 1\n\
             [journeys.j]\nsteps = [{{ race = \"rush\" }}]\n"
        )
    };
    let model = read(
        &text("name = \"late take\", tags = [\"late\", \"write\"]"),
        "x.toml",
    )
    .unwrap();
    let workload = FileWorkload::new(&model);
    let length = Duration::from_secs(1);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: 1_000_000,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: "User".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    let script = workload.script(&plan, &workload.presumed()).unwrap();
    let tags: Vec<(&str, Vec<&str>)> = script
        .steps()
        .iter()
        .map(|step| (step.name, script.tags_of(step).to_vec()))
        .collect();
    assert_eq!(
        tags,
        [
            ("POST /take", vec!["shop"]),
            ("late take", vec!["late", "write"])
        ]
    );
    let outline = outline(&model, 0);
    assert!(
        outline.contains("late take → 2xx; tags late, write"),
        "{outline}"
    );
    let error = read(&text("tags = [\"late\"]"), "x.toml")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("give the side a `name`, or the operation these `tags`"),
        "{error}"
    );
}
