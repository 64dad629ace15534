//! `--with OPTION` beside `--workload FILE`: in runs, checks, lists and pages.

use super::*;

/// A workload file with two options, in a directory that lives as long as the first value.
fn file() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    std::fs::write(
        &path,
        r#"
name = "mine"
about = "a shop of ours"

[options]
gift = "things are wrapped"
fast = "nobody looks around"

[operations.look]
request = "GET /items"

[operations.wrap]
request = "POST /wraps"

[journeys.buy]
about = "buy one thing"
steps = ["look", { call = "wrap", when = "option gift" }]

[journeys.rush]
steps = ["look"]

[classes.Buyer]
about = "buys"
journeys = ["buy", "rush"]
with = { fast = ["rush"] }
wait = "1s"

[profiles.quick]
description = "a look"
users = 2
"#,
    )
    .unwrap();
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

#[test]
fn a_run_has_the_options_of_its_file_in_the_order_of_the_file() {
    let (_directory, path) = file();
    let words = |with: &str| {
        let plan = request(&format!("--workload {path} {with}")).plan;
        (plan.options.clone(), plan.hash())
    };
    let (usual, hash) = words("");
    assert_eq!(usual.len(), 1);
    let (both, other) = words("--with fast,strict --with gift");
    assert_eq!(both[1..], ["gift", "fast", "strict"]);
    assert_ne!(hash, other);
    assert_eq!(words("--with strict,gift,fast,gift").1, other);
    let said = message(&format!("--workload {path} --with gfit"));
    assert_eq!(
        said,
        "mine has no option `gfit`; did you mean `gift`? (options: gift, fast, strict)"
    );
    // Those of the built-in shop are none of a file's.
    assert!(message(&format!("--workload {path} --with by-request")).contains("no option"));
    assert!(message("SpikeUser --with gift").contains("there is no option `gift`"));
}

#[test]
fn hunts_and_comparisons_take_them_too() {
    let (_directory, path) = file();
    let line = format!("hunt --workload {path} --with fast -H http://localhost:1");
    match parse_with(&line, &[]) {
        Ok(CliCommand::Hunt(hunt)) => assert!(format!("{hunt:?}").contains("\"fast\"")),
        other => panic!("{other:?}"),
    }
    let line = format!("compare --run a= --run b= -- --workload {path} --with fast -t 1s");
    match parse_with(&line, &[]) {
        Ok(CliCommand::Compare(compare)) => assert!(format!("{compare:?}").contains("\"fast\"")),
        other => panic!("{other:?}"),
    }
    let line = format!("hunt --workload {path} --with fats -H http://localhost:1");
    assert!(message(&line).contains("did you mean `fast`?"));
}

#[test]
fn a_check_prints_what_a_run_with_options_would_send() {
    let (_directory, path) = file();
    let usual = printed(&format!("check {path} --print-requests 9"));
    assert!(usual.contains("option gift: things are wrapped"), "{usual}");
    assert!(usual.contains("class Buyer: buy, rush\n  with option fast: rush\n"));
    assert!(!usual.contains("POST /wraps HTTP"), "{usual}");
    let gift = printed(&format!("check {path} --print-requests 9 --with gift"));
    assert!(gift.contains("POST /wraps HTTP"), "{gift}");
    assert!(message(&format!("check {path} --with fats")).contains("did you mean `fast`?"));
}

#[test]
fn a_file_is_listed_like_what_is_built_in() {
    let (_directory, path) = file();
    let all = printed(&format!("list --workload {path}"));
    assert_eq!(printed(&format!("--workload {path} --list")), all);
    for says in [
        "mine: a shop of ours\n",
        "User classes:\n  Buyer  buys\n",
        "Profiles:\n  quick  a look\n",
        "Journeys:\n  buy   buy one thing\n",
        "  gift    things are wrapped\n",
        "  strict  every failed step ends its journey\n",
    ] {
        assert!(all.contains(says), "{says}: {all}");
    }
    let class = printed(&format!("list --workload {path} --class Buyer"));
    assert!(class.contains("with option fast: rush"), "{class}");
    assert!(class.contains("wait: 1 to 1 s after each step"), "{class}");
    let journey = printed(&format!("list --workload {path} --journey buy"));
    assert!(journey.contains("with option gift:"), "{journey}");
    let profile = printed(&format!("list --workload {path} --profile quick"));
    assert!(profile.contains("2 users"), "{profile}");
    for (flags, says) in [
        ("--class Byer", "did you mean `Buyer`?"),
        ("--journey rsh", "did you mean `rush`?"),
        ("--profile quik", "did you mean `quick`?"),
    ] {
        let said = message(&format!("list --workload {path} {flags}"));
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn a_page_offers_the_journeys_of_its_options_and_keeps_them_in_its_command() {
    let (_directory, path) = file();
    let line = format!("--web --workload {path} --with fast -H http://localhost:77");
    let Ok(CliCommand::Web(page)) = parse_with(&line, &[]) else {
        panic!("no page");
    };
    let journeys = &page.offer.classes[0].journeys;
    assert_eq!(journeys, &[("rush".to_owned(), 1.0)]);
    let order = crate::ui::web::SwarmOrder::default();
    let planned = page.planner.plan(&order, 1, entropy().run_id).unwrap();
    assert!(
        planned.command.contains("--with fast"),
        "{}",
        planned.command
    );
    assert_eq!(planned.request.plan.options[1..], ["fast"]);
    let offered: Vec<&str> = page
        .offer
        .options
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(offered, ["gift", "fast", "strict"]);
    let order = |form: &[u8]| crate::ui::web::SwarmOrder::parse(form).unwrap();
    let planned = page
        .planner
        .plan(&order(b"with=gift&with=strict"), 1, entropy().run_id);
    assert_eq!(
        planned.unwrap().request.plan.options[1..],
        ["gift", "strict"]
    );
    let refused = page
        .planner
        .plan(&order(b"with=gfit"), 1, entropy().run_id)
        .unwrap_err();
    assert!(
        refused.why.contains("did you mean `gift`?"),
        "{}",
        refused.why
    );
}

/// Those of ShopStream's suite are files of their own at the top of the repository; a workload has its own with it.
#[test]
fn a_workload_carries_profiles_in_its_files_and_runs_those_of_other_files() {
    let (directory, path) = file();
    let text = std::fs::read_to_string(&path).unwrap();
    let named = text.replacen(
        "name = \"mine\"",
        "name = \"mine\"\nfiles = [\"loads.toml\"]",
        1,
    );
    std::fs::write(&path, named).unwrap();
    let beside =
        |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    beside(
        "loads.toml",
        "[profiles.long]\nusers = 7\nrun_time = \"9m\"\n",
    );
    beside(
        "apart.toml",
        "name = \"apart\"\ndescription = \"x\"\nclasses = [\"Buyer\"]\nusers = 5\nrun_time = \"1m\"\n",
    );
    let apart = directory.path().join("apart.toml");
    for (profile, users) in [("quick", 2), ("long", 7), (apart.to_str().unwrap(), 5)] {
        let line = format!("--workload {path} --profile {profile} -t 1s -H http://localhost:1");
        assert_eq!(request(&line).plan.max_users(), users, "{profile}");
    }
    let said = message(&format!("--workload {path} --profile smoke"));
    assert!(
        said.contains("no profile `smoke`") && said.contains("long"),
        "{said}"
    );
    let listed = printed(&format!("list --workload {path}"));
    assert!(listed.contains("  long"), "{listed}");
}
