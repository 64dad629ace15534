//! Races and rules of files: mistakes with their places, and races in virtual time at shops that keep their
//! word, lose replies, or do not keep it.

use super::{FileWorkload, Model, read};
use crate::engine::{
    Broken, Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation,
    Workload,
};
use crate::plan::{ClassShare, Load, Plan, RaceRules, Stage, UniqueNumbers, WaitTime};
use crate::stats::{CoreInterval, Outcome, Part, RuleCounts, Violation};
use fastrand::Rng;
use std::sync::Arc;
use std::time::Duration;

const FILE: &str = r#"name = "races"

[operations.log_in]
request = "POST /sessions"
json = {}
read = { token = "/token" }

[operations.make]
request = "POST /items"
headers = { authorization = "Bearer {token}" }
json = { pieces = "{$int 2..5}" }
read = { item = "/id", stock = "/pieces" }

[operations.take]
request = "POST /items/{item}/take"
headers = { authorization = "Bearer {token}", key = "{$unique}" }
json = { count = "{$int 1..3}", item = "{item}", of = 7 }
refused = 409

[operations.end]
request = "POST /items/{item}/end"
json = {}

[operations.look]
request = "GET /items/{item}"

[races.rush]
draw = { mark = "{$unique}" }
sides = { take = { racers = 5 } }

[races.end]
sides = { end = {}, take = { racers = 2, name = "late" } }

[rules.few]
race = "rush"
at_most = 5

[rules.not_oversold]
race = "rush"
sum = "request /count"
at_most = "{stock}"

[rules.nothing_lost]
race = "rush"
probe = "look"
value = "/left"
sum = "request /count"
equals = "{stock}"

[rules.possible]
race = "rush"
probe = "look"
value = "/left"
between = [0, "{stock}"]

[rules.last]
race = "rush"
probe = "look"
value = "/last"
names = "request header key"

[rules.one_id]
race = "rush"
key = "request header key"
id = "/taken"

[rules.ended]
race = "end"
after = "end"
probe = "take"

[journeys.enter]
steps = ["log_in"]

[journeys.rush]
steps = ["make", { race = "rush" }, { race = "end" }]

[classes.User]
journeys = ["rush"]
first = "enter"
"#;

fn model() -> Model {
    read(FILE, "races.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// How a shop behaves.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// So many replies in a hundred are lost, half of them before anything was done.
    lost: u32,
    /// What it grants beyond what there is, in a hundred requests.
    oversold: u32,
    /// Whether an ended thing is taken of.
    stays_open: bool,
}

/// What came of 2 s of one user: counts by the names of rules, and the violations.
fn raced(
    seed: u64,
    manners: Manners,
    rules: RaceRules,
) -> (Vec<(&'static str, RuleCounts)>, Vec<Violation>) {
    raced_by(&model(), seed, manners, rules)
}

fn raced_by(
    model: &Model,
    seed: u64,
    manners: Manners,
    rules: RaceRules,
) -> (Vec<(&'static str, RuleCounts)>, Vec<Violation>) {
    let workload = FileWorkload::new(model);
    let length = Duration::from_secs(2);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: length.as_micros() as u64,
    };
    let mut plan = Plan {
        classes: vec![ClassShare {
            class: "User".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    plan.races.rules = rules;
    let script = Arc::new(workload.script(&plan, &workload.presumed()).unwrap());
    let recorder = Recorder::new(
        Box::new(CoreInterval::new(0, script.shape())),
        script.rows(),
    )
    .with_races(script.race_rows());
    let heads = PreparedHeads::new(script.steps(), &plan.target).unwrap();
    let mut rng = Rng::with_seed(seed);
    let mut items: Vec<(i64, i64, bool, String)> = Vec::new();
    let mut world = Simulation::new(0, recorder, heads, move |request, _| {
        let text = String::from_utf8_lossy(request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let is_contended = parts.len() == 3 || text.starts_with("GET");
        let is_lost = is_contended && rng.u32(..100) < manners.lost;
        let after_ns = rng.u64(1_000_000..3_000_000);
        if is_lost && rng.bool() {
            return SimulatedAnswer::broken(after_ns, Broken::Lost, "lost");
        }
        let place = parts.get(1).and_then(|id| id.parse::<usize>().ok());
        let (status, said) = match (parts[0], place.map(|place| &mut items[place])) {
            ("sessions", _) => (200, r#"{"token":"s-e-c-r-e-t"}"#.to_owned()),
            ("items", None) => {
                let pieces = body["pieces"].as_i64().unwrap();
                items.push((pieces, pieces, false, String::new()));
                let id = items.len() - 1;
                (200, format!(r#"{{"id":{id},"pieces":{pieces}}}"#))
            }
            (_, Some(item)) if parts.len() == 2 => {
                (200, format!(r#"{{"left":{},"last":"{}"}}"#, item.1, item.3))
            }
            (_, Some(item)) if parts[2] == "end" => {
                item.2 = true;
                (200, "{}".to_owned())
            }
            (_, Some(item)) => {
                let count = body["count"].as_i64().unwrap();
                let is_faulty = rng.u32(..100) < manners.oversold;
                let is_over = item.2 && !manners.stays_open;
                match !is_over && (count <= item.1 || is_faulty) {
                    true => {
                        item.1 -= count.min(item.1);
                        let key = text.split("key: ").nth(1).unwrap();
                        item.3 = key.split('\r').next().unwrap().to_owned();
                        (200, format!(r#"{{"taken":"{}"}}"#, rng.u64(..)))
                    }
                    false => (409, "{}".to_owned()),
                }
            }
            _ => (404, "{}".to_owned()),
        };
        match is_lost {
            true => SimulatedAnswer::broken(after_ns, Broken::Lost, "lost"),
            false => SimulatedAnswer::reply(after_ns, status, said.into_bytes()),
        }
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(1_000, 2_000).unwrap(),
        seed,
        unique: UniqueNumbers::of_user(3),
        due_ns: 0,
    };
    world.spawn_user(&script, start, length.as_nanos() as u64);
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let ledger = &recorder.interval().contests.ledger;
    let names = script.rules().iter().map(|rule| rule.name);
    let counts = names.zip(ledger.rules.iter().cloned()).collect();
    (counts, ledger.violations.clone())
}

fn of<'a>(counts: &'a [(&'static str, RuleCounts)], name: &str) -> &'a RuleCounts {
    let found = counts.iter().find(|(known, _)| *known == name);
    &found.unwrap_or_else(|| panic!("{name}")).1
}

#[test]
fn a_shop_that_keeps_its_word_is_never_accused_however_many_replies_are_lost() {
    for seed in 0..20 {
        for (lost, sequential) in [(0, false), (10, false), (50, false), (20, true)] {
            let manners = Manners {
                lost,
                ..Manners::default()
            };
            let rules = RaceRules {
                sequential,
                ..RaceRules::default()
            };
            let (counts, violations) = raced(seed, manners, rules);
            assert_eq!(violations, [], "{seed} {lost}");
            for (name, counts) in &counts {
                assert_eq!(counts.broken, 0, "{name}");
                assert!(counts.were_made(), "{name}");
                if lost == 0 {
                    assert_eq!(counts.undecided, 0, "{name} {counts:?}");
                }
            }
            if lost == 50 {
                assert!(of(&counts, "not_oversold").undecided > 10);
            }
        }
    }
}

#[test]
fn a_shop_that_does_not_is_found_although_replies_are_lost() {
    for lost in [0, 20] {
        let manners = Manners {
            lost,
            oversold: 40,
            stays_open: true,
        };
        let (counts, violations) = raced(1, manners, RaceRules::default());
        for name in ["not_oversold", "nothing_lost", "ended"] {
            assert!(of(&counts, name).broken > 0, "{name}: {counts:?}");
        }
        for name in ["few", "possible", "last", "one_id"] {
            assert_eq!(of(&counts, name).broken, 0, "{name}");
        }
        assert!(!violations.is_empty());
    }
}

#[test]
fn a_witness_tells_what_was_handed_on_and_no_secret() {
    let manners = Manners {
        oversold: 60,
        ..Manners::default()
    };
    let (_, violations) = raced(3, manners, RaceRules::default());
    let violation = violations
        .iter()
        .find(|violation| violation.rule == "not_oversold")
        .unwrap();
    assert_eq!(violation.race.as_deref(), Some("rush"));
    let check = violation.check.as_ref().unwrap();
    assert_eq!(check.high.as_deref(), Some("{stock}"));
    let parts: Vec<Part> = violation.exchanges.iter().map(|it| it.part).collect();
    assert_eq!(parts[..2], [Part::Before, Part::Before]);
    let [log_in, make, .., racer, probe] = &violation.exchanges[..] else {
        panic!("{parts:?}");
    };
    assert_eq!((racer.part, probe.part), (Part::Racer, Part::Probe));
    assert_eq!(log_in.reply, r#"{"token":"{token}"}"#);
    assert_eq!(log_in.reads[0].told, "{token}");
    assert_eq!(
        make.headers,
        [("authorization".to_owned(), "Bearer {token}".to_owned())]
    );
    let held = |exchange: &crate::stats::WitnessExchange, part: &str| -> Vec<String> {
        let text = match part {
            "path" => &exchange.path,
            "body" => &exchange.body,
            header => {
                let mut headers = exchange.headers.iter();
                &headers.find(|(name, _)| name == header).unwrap().1
            }
        };
        let held = exchange.holds.iter().filter(|it| it.part == part);
        held.map(|it| format!("{}={}", it.name, &text[it.at..it.at + it.bytes]))
            .collect()
    };
    let item = &make.reads[0];
    assert_eq!((item.name.as_str(), item.from.as_str()), ("item", "/id"));
    let item = format!("item={}", item.told);
    assert_eq!(held(racer, "path"), std::slice::from_ref(&item));
    assert_eq!(held(racer, "body"), [item]);
    assert_eq!(held(racer, "authorization"), ["token={token}"]);
    assert!(held(racer, "key").is_empty(), "what is made up is nobody's");
    assert_eq!(racer.side, Some(0));
    assert!(!format!("{violation:?}").contains("s-e-c-r-e-t"));
    let shown = violation.exchanges.iter().filter(|it| it.shows);
    assert!(shown.clone().count() >= 1);
    assert!(shown.clone().all(|it| it.outcome == Outcome::Success));
}

/// What a step puts together of a token is none of a record's business either, and is renewed with it.
#[test]
fn a_secret_is_hidden_that_a_step_has_put_into_another_value() {
    let text = FILE
        .replace(
            "authorization = \"Bearer {token}\", key",
            "authorization = \"{who}\", key",
        )
        .replace(
            "steps = [\"make\",",
            "steps = [{ set = { who = \"Bearer {token}\" } }, \"make\",",
        )
        .replace("of = 7", "of = \"{who}\"");
    let model = read(&text, "races.toml").unwrap_or_else(|error| panic!("{error}"));
    let manners = Manners {
        oversold: 60,
        ..Manners::default()
    };
    let (_, violations) = raced_by(&model, 3, manners, RaceRules::default());
    assert!(!violations.is_empty());
    assert!(!format!("{violations:?}").contains("s-e-c-r-e-t"));
    let exchanges = violations.iter().flat_map(|it| &it.exchanges);
    let takes = exchanges.filter(|it| it.path.ends_with("/take"));
    for take in takes.inspect(|take| assert_eq!(take.headers[0].1, "Bearer {token}")) {
        for (part, text) in [("authorization", &take.headers[0].1), ("body", &take.body)] {
            let mut holds = take.holds.iter();
            let held = holds.find(|it| it.part == part && it.name == "token");
            let held = held.unwrap_or_else(|| panic!("{part}: {take:?}"));
            assert_eq!(&text[held.at..held.at + held.bytes], "{token}");
        }
    }
}

/// What is wrong in the file, the line of it, and what is said.
#[test]
fn a_mistake_is_told_with_its_place_and_a_remedy() {
    for (right, wrong, says) in [
        (
            "{ race = \"end\" }]",
            "{ race = \"endd\" }]",
            "did you mean `end`?",
        ),
        (
            "race = \"rush\"\nat_most",
            "race = \"rus\"\nat_most",
            "did you mean `rush`?",
        ),
        ("at_most = 5", "at_most = \"x\"", "is a whole number from 0"),
        (
            "at_most = 5",
            "of = [\"tak\"]\nat_most = 5",
            "did you mean `take`?",
        ),
        ("at_most = 5", "", "`few` says nothing"),
        (
            "at_most = 5",
            "at_most = 5\nequals = 3",
            "`equals` does not go with `at_most`",
        ),
        (
            "\"{stock}\"\n\n[rules.nothing",
            "\"{stok}\"\n\n[rules.nothing",
            "did you mean `stock`?",
        ),
        (
            "\"{stock}\"\n\n[rules.nothing",
            "\"many\"\n\n[rules.nothing",
            "is a number",
        ),
        (
            "sum = \"request /count\"\nat_most",
            "sum = \"/count\"\nat_most",
            "like \"request /quantity\"",
        ),
        (
            "sum = \"request /count\"\nat_most",
            "sum = \"request /cuont\"\nat_most",
            "`take` sends nothing there",
        ),
        (
            "names = \"request header key\"",
            "names = \"request header kye\"",
            "sends nothing there",
        ),
        ("value = \"/last\"", "value = \"/*\"", "without `*`"),
        (
            "probe = \"look\"\nvalue = \"/last\"",
            "probe = \"lok\"\nvalue = \"/last\"",
            "did you mean `look`?",
        ),
        (
            "probe = \"look\"\nvalue = \"/last\"",
            "value = \"/last\"",
            "this rule lacks an operation",
        ),
        (
            "between = [0, \"{stock}\"]",
            "between = [0]",
            "has two ends",
        ),
        ("between = [0, \"{stock}\"]", "", "give it one of `equals`"),
        (
            "after = \"end\"",
            "after = \"ende\"",
            "has no side `ende`; did you mean `end`?",
        ),
        ("id = \"/taken\"", "", "this rule lacks where replies name"),
        ("racers = 5", "racers = 65", "from 1 to 64"),
        (
            "racers = 5",
            "racers = 1",
            "a race has 2 to 64 racers, not 1",
        ),
        (
            "sides = { take = { racers = 5 } }",
            "",
            "`rush` lacks its sides",
        ),
        (
            "end = {}, take",
            "end = {}, a = { call = \"end\" }, b = { call = \"end\" }, take",
            "1 to 3 sides",
        ),
        (
            "end = {}",
            "end = { call = \"edn\" }",
            "there is no operation `edn`",
        ),
        (
            "draw = { mark = \"{$unique}\" }",
            "draw = { mark = \"x {$unique}\" }",
            "one thing that is made up",
        ),
        (
            "draw = { mark = \"{$unique}\" }",
            "draw = { item = \"{$unique}\" }",
            "is read of a reply already",
        ),
        ("draw = { mark", "draws = { mark", "did you mean `draw`?"),
        (
            "name = \"late\"",
            "name = \"GET /items/{item}\"",
            "is the name of `look`",
        ),
        (
            "{ race = \"end\" }",
            "{ race = \"end\", on_failure = \"abort\" }",
            "does not go with `race`",
        ),
        (
            "{ race = \"end\" }",
            "{ race = \"end\", call = \"make\" }",
            "keep one of them",
        ),
        // The flow: what a race, its probes and its rules need has to be there.
        (
            "\"make\", { race = \"rush\" }",
            "{ race = \"rush\" }",
            "`not_oversold` needs `stock`",
        ),
        (
            "\"make\", { race = \"rush\" }",
            "{ race = \"rush\" }",
            "`take` needs `item`",
        ),
        (
            "request = \"POST /items\"",
            "request = \"POST /items?{mark}\"",
            "which the race `rush` draws",
        ),
    ] {
        let text = FILE.replace(right, wrong);
        assert_ne!(text, FILE, "{right}");
        let error = read(&text, "x.toml").expect_err(wrong).to_string();
        assert!(error.contains(says), "{wrong}: {error}");
        let line = |text: &str| text.lines().count();
        assert!(
            error.lines().all(|told| {
                let mut parts = told.split(':');
                let place = parts.nth(1).and_then(|it| it.parse::<usize>().ok());
                place.is_some_and(|place| (1..=line(&text)).contains(&place))
            }),
            "{error}"
        );
    }
}

#[test]
fn the_requests_of_racers_differ_where_they_are_made_up_and_share_what_the_race_draws() {
    let text = FILE
        .replace("of = 7", "of = \"{mark}\"")
        .replace(
            "[races.end]\nsides = { end = {}, take = { racers = 2, name = \"late\" } }",
            "[races.end]\nsides = { end = { racers = 2 } }",
        )
        .replace("probe = \"take\"", "")
        .replace("after = \"end\"", "at_most = 2");
    let model = read(&text, "x.toml").unwrap_or_else(|error| panic!("{error}"));
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
    assert_eq!(script.race_connections(100), 5 * 16);
    let requests = script.first_requests(1, &plan, &model.values, 7).unwrap();
    let racers = &requests[1..6];
    let after = |text: &str, mark: &str, end: char| {
        let rest = text.split(mark).nth(1).unwrap_or_else(|| panic!("{text}"));
        rest.split(end).next().unwrap().to_owned()
    };
    let keys: std::collections::BTreeSet<String> =
        racers.iter().map(|it| after(it, "key: ", '\r')).collect();
    assert_eq!(keys.len(), 5);
    let drawn: std::collections::BTreeSet<String> = racers
        .iter()
        .map(|it| after(it, "\"of\":\"", '"'))
        .collect();
    assert_eq!(drawn.len(), 1);
    assert!(requests[6].starts_with("GET /items/"), "{}", requests[6]);
}
