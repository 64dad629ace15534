//! Hunts: the flags of runs that go with them, what a resumed one takes over, and their mistakes.

use super::*;
use crate::hunt::{HUNT_JSON, HuntRequest, LoadUnit};
use crate::observe::ObservatoryChoice;
use crate::record::Record;

fn hunt_with(line: &str, environment: &[(&str, &str)]) -> HuntRequest {
    match parse_with(line, environment) {
        Ok(CliCommand::Hunt(request)) => *request,
        other => panic!("{line}: {other:?}"),
    }
}

fn hunt(line: &str) -> HuntRequest {
    hunt_with(line, &[])
}

#[test]
fn a_profile_is_what_the_probes_do() {
    let request = hunt("hunt --profile stress --slo response:p(99)<500ms");
    assert_eq!(request.template.plan.profile, "stress");
    assert_eq!(request.unit, LoadUnit::ArrivalsPerS);
    assert_eq!(request.criteria.slo, ["response:p(99)<500ms"]);
    assert_eq!(
        (request.criteria.from, request.criteria.window_s),
        (100.0, 10.0)
    );
    assert_eq!(request.template.plan.cores, [0, 1]);
    let directory = request.directory.display().to_string();
    assert!(directory.starts_with("results/"), "{directory}");
    assert!(directory.contains("-hunt-stress-"), "{directory}");
    assert_eq!(
        request.arguments,
        ["--profile", "stress", "--slo", "response:p(99)<500ms"]
    );
}

#[test]
fn an_objective_on_what_events_take_needs_who_can_tell() {
    let line = "hunt --profile stress --slo event(OrderCreated).done:p(99)<2s";
    for (more, is_told) in [
        ("", false),
        ("--redis redis://127.0.0.1:6379", true),
        ("--outbox ordering=postgres://u@127.0.0.1/o", true),
        ("--redis redis://127.0.0.1:6379 --event-sample off", false),
        ("--observatory http://127.0.0.1:9000", false),
    ] {
        let parsed = parse_with(&format!("{line} {more}"), &[]);
        match parsed {
            Ok(CliCommand::Hunt(request)) if is_told => {
                let [threshold] = &request.template.plan.thresholds[..] else {
                    panic!("one threshold")
                };
                assert!(threshold.quantity.is_of_events());
            }
            Err(error) if !is_told => {
                let error = error.to_string();
                assert!(error.contains("--outbox, --redis"), "{error}");
            }
            other => panic!("{more}: {other:?}"),
        }
    }
}

#[test]
fn objectives_are_about_the_window_and_profiles_thresholds_are_not() {
    let (_directory, path) = profile_file(
        "classes = [\"SpikeUser\"]\nusers = 3\nthresholds = [\"failed: count < 1\"]\n",
    );
    let request = hunt(&format!("hunt --profile {path} --slo response:p(95)<1s"));
    let [threshold] = &request.template.plan.thresholds[..] else {
        panic!("one threshold")
    };
    let selector = threshold.quantity.selector();
    assert!(selector.admits(crate::plan::Tag::Phase, "steady"));
    assert!(!selector.admits(crate::plan::Tag::Phase, "spawning"));
}

#[test]
fn paced_journeys_have_time_to_begin_to_end() {
    let warm_up = |line| hunt(line).criteria.warm_up_s;
    assert_eq!(warm_up("hunt --profile stress"), 3.0);
    assert_eq!(warm_up("hunt --profile load"), 30.0);
    assert_eq!(warm_up("hunt --profile load --warm-up 5s"), 5.0);
    assert_eq!(warm_up("hunt --profile load --pacing max"), 3.0);
}

#[test]
fn users_are_another_unit() {
    let request = hunt("hunt --profile load --in users --to 40");
    assert_eq!(request.unit, LoadUnit::Users);
    assert_eq!((request.criteria.from, request.criteria.most), (10.0, 40.0));
}

#[test]
fn the_plan_is_the_same_whatever_the_bounds() {
    let hash = |line| hunt(line).template.plan.hash();
    let plain = hash("hunt SpikeUser");
    assert_eq!(plain, hash("hunt SpikeUser --from 5 --to 50 --window 20s"));
    assert_ne!(plain, hash("hunt SpikeUser --arrivals poisson"));
    assert_ne!(plain, hash("hunt IdentityUser"));
    let users = hash("hunt SpikeUser --in users");
    assert_eq!(users, hash("hunt SpikeUser --in users --from 2 --to 50"));
}

#[test]
fn an_embedded_shop_has_its_observatory() {
    let observatory = |line| {
        let template = hunt(line).template;
        shop_of(&template).unwrap().observatory.is_some()
    };
    assert!(observatory("hunt SpikeUser --sandbox"));
    assert!(!observatory("hunt SpikeUser --sandbox --no-observatory"));
}

#[test]
fn variables_of_runs_that_a_hunt_has_no_use_for_are_left_to_runs() {
    let environment = [
        ("LOCUST_USERS", "20"),
        ("SHOPBLAST_RUN_TIME", "1m"),
        ("SHOPBLAST_THRESHOLD", "failed: count < 1"),
        ("LOCUST_HOST", "http://127.0.0.1:7000"),
        ("SHOPBLAST_REDIS", "redis://:pw@127.0.0.1"),
        ("SHOPBLAST_SLO", "response: p(99) < 1s"),
    ];
    let request = hunt_with("hunt SpikeUser", &environment);
    assert_eq!(request.template.plan.target.url(), "http://127.0.0.1:7000");
    assert!(request.template.observers.redis.is_some());
    assert_eq!(request.criteria.slo, ["response: p(99) < 1s"]);
    assert_eq!(
        request.template.observers.observatory,
        ObservatoryChoice::Tried(Target::parse("http://localhost:9000").unwrap())
    );
}

#[test]
fn flags_that_do_not_go_with_it_are_neither_taken_nor_shown() {
    let error = message("hunt SpikeUser -u 5");
    assert!(error.starts_with("a hunt has no --users; what you may want is --in users"));
    for flag in [
        "--junit x",
        "--json-file x",
        "--summary-export x",
        "--drain-wait 5s",
    ] {
        let error = message(&format!("hunt SpikeUser {flag}"));
        assert!(error.starts_with("a hunt has no --"), "{error}");
    }
    let help = printed("hunt --help");
    assert!(help.contains("--slo <EXPR>") && help.contains("--pacing <HOW>"));
    for hidden in ["--users", "--run-time", "--web-token", "--threshold <"] {
        assert!(!help.contains(hidden), "{hidden}");
    }
}

/// A directory with the record of a hunt that had these arguments.
fn hunted(line: &str) -> tempfile::TempDir {
    let request = hunt(line);
    let golden = include_str!("../../../tests/golden/hunt.json");
    let mut record: crate::hunt::HuntRecord = serde_json::from_str(golden).unwrap();
    record.arguments.clone_from(&request.arguments);
    record.plan_hash = request.template.plan.hash();
    record.criteria = request.criteria;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(HUNT_JSON), record.json_text()).unwrap();
    directory
}

#[test]
fn a_resumed_hunt_has_its_flags_and_those_given_win() {
    let directory = hunted("hunt SpikeUser --slo response:p(99)<20ms --from 7 --probes 3");
    let path = directory.path().display();
    let request = hunt(&format!("hunt --resume {path} --probes 9"));
    assert_eq!(
        (request.criteria.from, request.criteria.most_probes),
        (7.0, 9)
    );
    assert_eq!(request.criteria.slo, ["response:p(99)<20ms"]);
    assert_eq!(request.directory, directory.path());
    assert_eq!(request.template.plan.seed, 7, "the hunt's own");
    assert_eq!(request.resumed.unwrap().probes.len(), 9);
    let error = message(&format!("hunt --resume {path} --slo response:p(99)<50ms"));
    assert!(error.contains("differs in --slo"), "{error}");
    let error = message(&format!("hunt --resume {path} --arrivals poisson"));
    assert!(error.contains("differs in what the probes do"), "{error}");
}

#[test]
fn passwords_are_not_kept_and_have_to_be_given_again() {
    let directory = hunted("hunt SpikeUser --redis redis://:pw@127.0.0.1");
    let text = std::fs::read_to_string(directory.path().join(HUNT_JSON)).unwrap();
    assert!(!text.contains(":pw@"));
    let path = directory.path().display();
    let error = message(&format!("hunt --resume {path}"));
    assert_eq!(
        error,
        "--redis held a password, which was not kept; give --redis again beside --resume"
    );
    let request = hunt(&format!(
        "hunt --resume {path} --redis=redis://:pw@127.0.0.1"
    ));
    assert!(request.template.observers.redis.is_some());
}

/// One name for runs, hunts and comparisons; the older one of hunts still works.
#[test]
fn a_generator_at_its_limit_ends_a_hunt_unless_told_otherwise() {
    let with = |flag: &str| {
        let line = format!("hunt --profile stress --slo response:p(99)<500ms {flag}");
        hunt(&line).criteria.keep_spoiled
    };
    assert!(!with(""));
    assert!(!with("--fail-on-saturation"));
    assert!(!with("--fail-on-saturation=true"));
    assert!(with("--fail-on-saturation=false"));
    assert!(with("--keep-spoiled"));
    let of_run = |environment: &[(&str, &str)], line: &str| match parse_with(line, environment) {
        Ok(CliCommand::Run(request)) => request.fail_on_saturation,
        other => panic!("{other:?}"),
    };
    let variable = ("SHOPBLAST_FAIL_ON_SATURATION", "1");
    assert!(of_run(&[variable], "--profile smoke"));
    assert!(!of_run(
        &[variable],
        "--profile smoke --fail-on-saturation=false"
    ));
    assert!(!of_run(&[], "--profile smoke"));
}
