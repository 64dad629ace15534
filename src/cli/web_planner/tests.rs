//! Orders of the form, with what was typed beside them.

use super::*;
use crate::cli::{CliCommand, parse};
use crate::plan::{Load, Topology};
use std::ffi::OsString;

fn entropy() -> Entropy {
    Entropy {
        seed: 7,
        run_id: RunId::new(1_700_000_000_000, 42, 7),
    }
}

fn command(line: &str) -> Result<CliCommand, CliError> {
    let words = shlex::split(line).expect("words");
    let machine = Machine {
        topology: Topology::flat(&[0, 1, 2, 3]),
    };
    parse(
        words.into_iter().map(OsString::from),
        [],
        &machine,
        entropy(),
    )
}

fn web(line: &str) -> WebRequest {
    match command(line) {
        Ok(CliCommand::Web(request)) => *request,
        other => panic!("{line}: {other:?}"),
    }
}

fn planned(line: &str, form: &str) -> Result<Planned, String> {
    let order = SwarmOrder::parse(form.as_bytes()).expect("a form");
    let Entropy { seed, run_id } = entropy();
    web(line).planner.plan(&order, seed, run_id)
}

fn users(planned: &Planned) -> u32 {
    planned.request.plan.max_users()
}

#[test]
fn the_form_takes_the_place_of_what_was_typed() {
    let line = "shopblast --web --profile load -u 9 -H http://127.0.0.1:1 --csv-full-history";
    let typed = planned(line, "").expect("planned");
    assert_eq!(
        (typed.request.plan.profile.as_str(), users(&typed)),
        ("load", 9)
    );
    let form = "user_count=20&spawn_rate=4&host=http://127.0.0.1:2&run_time=5s&profile=smoke\
                &user_classes=IdentityUser=3&user_classes=SpikeUser&pacing=max";
    let ordered = planned(line, form).expect("planned");
    let plan = &ordered.request.plan;
    assert_eq!((plan.profile.as_str(), users(&ordered)), ("smoke", 20));
    assert_eq!(plan.target.authority, "127.0.0.1:2");
    assert_eq!(plan.run_time, Duration::from_secs(5));
    assert_eq!(plan.pacing, Pacing::Max);
    assert_eq!(plan.classes[0].weight, 3);
    assert!(ordered.request.output.csv_full_history);
}

#[test]
fn the_command_in_the_record_does_the_same() {
    for (line, form) in [
        (
            "shopblast --web --sandbox",
            "user_classes=SpikeUser&user_count=5&run_time=7s",
        ),
        (
            "shopblast --web SpikeUser=2 -u 3 --web-token=secretsecret",
            "profile=&run_time=1m",
        ),
        (
            "shopblast SpikeUser IdentityUser -P 9 --web -t 3s",
            "user_classes=SpikeUser=4",
        ),
        (
            "shopblast --web --profile load",
            "profile=spike&spawn_rate=3&user_count=4",
        ),
        (
            "shopblast --web --sandbox --profile smoke",
            "host=http://localhost:99",
        ),
    ] {
        let planned = planned(line, form).expect(line);
        assert!(!planned.command.contains("web"), "{}", planned.command);
        assert!(!planned.command.contains("secret"), "{}", planned.command);
        match command(&planned.command) {
            Ok(CliCommand::Run(request)) => {
                assert_eq!(request.plan.hash(), planned.request.plan.hash(), "{line}");
                assert_eq!(request.plan.target, planned.request.plan.target, "{line}");
            }
            other => panic!("{}: {other:?}", planned.command),
        }
    }
}

#[test]
fn what_nobody_bounds_goes_on_until_it_is_stopped() {
    let run_time = |line, form| planned(line, form).expect("planned").request.plan.run_time;
    assert_eq!(run_time("shopblast --web SpikeUser", ""), LONGEST_DURATION);
    assert_eq!(
        run_time("shopblast --web SpikeUser -t 9s", ""),
        Duration::from_secs(9)
    );
    let minute = Duration::from_secs(60);
    assert_eq!(run_time("shopblast --web", "profile=smoke"), minute);
    assert_eq!(run_time("shopblast --web --profile smoke", ""), minute);
}

#[test]
fn users_of_the_form_close_an_open_model() {
    let line = "shopblast --web SpikeUser --rate 50 --max-users 9";
    let typed = planned(line, "").expect("planned");
    assert!(matches!(typed.request.plan.load, Load::Open { .. }));
    let ordered = planned(line, "user_count=3&spawn_rate=1").expect("planned");
    assert!(matches!(ordered.request.plan.load, Load::Closed { .. }));
}

#[test]
fn wrong_forms_are_told_field_by_field() {
    for (form, says) in [
        (
            "user_count=0",
            "user_count `0`: give a whole number from 1 to",
        ),
        ("user_count=ten", "user_count `ten`"),
        (
            "spawn_rate=-1",
            "spawn_rate `-1`: give a number of users a second above 0",
        ),
        ("run_time=abc", "run_time `abc`"),
        ("host=https://x", "https is not supported"),
        ("host=http://8.8.8.8", "--allow-host 8.8.8.8"),
        ("pacing=slow", "pacing `slow`: give class or max"),
        ("user_classes=Spike", "did you mean"),
        ("user_classes=SpikeUser=0", "the weight must be"),
        ("profile=spikes", "there is no profile `spikes`"),
        ("profile=/etc/passwd", "there is no profile `/etc/passwd`"),
        ("profile=./profiles/spike.toml", "there is no profile"),
    ] {
        let said = planned("shopblast --web SpikeUser", form).expect_err(form);
        assert!(said.contains(says), "{form}: {said}");
    }
    let said = planned("shopblast --web", "").expect_err("nothing to run");
    assert!(said.contains("say what to run"), "{said}");
}

#[test]
fn a_public_host_needs_permission_in_the_form_too() {
    for host in ["8.8.8.8", "169.254.169.254", "[fe80::1]"] {
        let form = format!("host=http://{host}&user_classes=SpikeUser");
        assert!(planned("shopblast --web", &form).is_err(), "{host}");
        let line = format!("shopblast --web --allow-host {host}");
        assert!(planned(&line, &form).is_ok(), "{host}");
    }
}

#[test]
fn a_profile_file_that_was_typed_may_be_chosen_by_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("mine.toml");
    let text = "name = \"mine\"\ndescription = \"x\"\nclasses = [\"SpikeUser\"]\nusers = 6\n";
    std::fs::write(&path, text).expect("written");
    let line = format!("shopblast --web --profile {}", path.display());
    assert_eq!(users(&planned(&line, "profile=mine").expect("planned")), 6);
    assert!(planned("shopblast --web", "profile=mine").is_err());
    assert!(
        web(&line)
            .offer
            .profiles
            .iter()
            .any(|profile| profile.name == "mine")
    );
    let none = planned(&line, "profile=custom&user_classes=IdentityUser").expect("planned");
    assert_eq!(
        (none.request.plan.profile.as_str(), users(&none)),
        ("custom", 1)
    );
}

#[test]
fn there_is_a_page_only_when_one_is_wanted() {
    let is_web = |line: &str| matches!(command(line), Ok(CliCommand::Web(_)));
    assert!(is_web("shopblast --web"));
    assert!(is_web("shopblast SpikeUser --autostart"));
    assert!(!is_web("shopblast SpikeUser"));
    assert!(!is_web("shopblast SpikeUser --web --headless"));
    assert!(!is_web("shopblast SpikeUser --autostart --headless"));
    assert_eq!(
        web("shopblast SpikeUser --autostart").first,
        Some(SwarmOrder::default())
    );
    assert_eq!(web("shopblast SpikeUser --web").first, None);
}

#[test]
fn what_cannot_be_is_told_before_a_page_is_opened() {
    for (line, says) in [
        ("shopblast --autostart", "say what to run"),
        ("shopblast --web Spike", "there is no user class"),
        ("shopblast --web --profile spikes", "there is no profile"),
        (
            "shopblast --web --web-token short",
            "at least 12 characters",
        ),
        ("shopblast --web --web-port 99999", "99999"),
    ] {
        let said = command(line).expect_err(line).to_string();
        assert!(said.contains(says), "{line}: {said}");
    }
}
