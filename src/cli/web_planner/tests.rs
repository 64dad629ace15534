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
    let planned = web(line).planner.plan(&order, seed, run_id);
    planned.map_err(|refusal| refusal.why)
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

/// Lines that were typed, with forms that were sent.
const ORDERS: &[(&str, &str)] = &[
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
        "shopblast SpikeUser=1 -P9099 --web",
        "user_classes=SpikeUser=1&user_classes=IdentityUser=2",
    ),
    (
        "shopblast --web --profile load",
        "profile=spike&spawn_rate=3&user_count=4",
    ),
    (
        "shopblast --web --sandbox --profile smoke",
        "host=http://localhost:99",
    ),
    (
        "shopblast --web --sandbox --api-workers 2 --bug oversell=0.1 --engines 2 --profile smoke",
        "host=http://localhost:99",
    ),
    (
        "shopblast --web --sandbox --no-observatory --generation five SpikeUser",
        "host=http://localhost:99&user_count=2",
    ),
    ("shopblast --web --autostart SpikeUser", ""),
    (
        "shopblast --web SpikeUser --rate 50 --arrivals poisson --max-users 9",
        "user_count=3&spawn_rate=1",
    ),
    ("shopblast --web SpikeUser --rate 50 -t 4s", ""),
    (
        "shopblast --web --profile load",
        "profile=custom&user_classes=SpikeUser",
    ),
    (
        "shopblast --web --web-name load.example --web-base=/load SpikeUser -u 9 -r 3 -t 5s --pacing max",
        "whole=1&user_classes=IdentityUser",
    ),
    (
        "shopblast --web --profile load -H http://localhost:77 --allow-host a,b --with strict",
        "whole=1&profile=custom&user_classes=SpikeUser=7&user_count=2&spawn_rate=2.5",
    ),
    (
        "shopblast --web --sandbox --api-workers 2 --profile race-audit --threshold 'http_req_failed: rate < 0.01'",
        "whole=1&profile=race-audit&user_classes=RaceAuditUser=3&user_classes=FlashSaleUser&run_time=20s",
    ),
    (
        "shopblast --web --fail-on-saturation --quiet SpikeUser",
        "whole=1&user_classes=SpikeUser",
    ),
];

#[test]
fn the_command_in_the_record_does_the_same() {
    for (line, form) in ORDERS {
        let planned = planned(line, form).expect(line);
        assert!(!planned.command.contains("web"), "{}", planned.command);
        assert!(!planned.command.contains("secret"), "{}", planned.command);
        match command(&planned.command) {
            Ok(CliCommand::Run(request)) => {
                let (again, first) = (&request, &planned.request);
                assert_eq!(again.plan.hash(), first.plan.hash(), "{}", planned.command);
                assert_eq!(again.plan.target, first.plan.target, "{line}");
                assert_eq!(again.sandbox.is_some(), first.sandbox.is_some(), "{line}");
                assert_eq!(
                    format!("{:?}", again.observers),
                    format!("{:?}", first.observers),
                    "{line}"
                );
                assert_eq!(again.fail_on_saturation, first.fail_on_saturation, "{line}");
            }
            other => panic!("{}: {other:?}", planned.command),
        }
    }
}

#[test]
fn a_variable_is_part_of_the_command_in_the_record() {
    let machine = Machine {
        topology: Topology::flat(&[0, 1, 2, 3]),
    };
    let words = ["shopblast", "--web", "SpikeUser"].map(OsString::from);
    let environment = [("SHOPBLAST_SANDBOX", "1"), ("LOCUST_USERS", "6")];
    let environment = environment.map(|(name, value)| (name.into(), value.into()));
    let Ok(CliCommand::Web(request)) = parse(words, environment, &machine, entropy()) else {
        panic!("a page");
    };
    let Entropy { seed, run_id } = entropy();
    let planned = |form: &str| {
        let order = SwarmOrder::parse(form.as_bytes()).expect("a form");
        request
            .planner
            .plan(&order, seed, run_id)
            .expect("planned")
            .command
    };
    let here = planned("run_time=5s");
    assert_eq!(
        here,
        "shopblast --users 6 --sandbox --run-time 5s SpikeUser"
    );
    let there = planned("run_time=5s&host=http://localhost:9");
    assert!(!there.contains("--sandbox"), "{there}");
}

#[test]
fn a_unix_socket_is_a_target_only_where_the_page_was_started_with_it() {
    let line = "shopblast --web -u 9 -t 5s -H unix:/run/shop.sock SpikeUser";
    for form in ["", "host=unix:/run/shop.sock"] {
        let plan = planned(line, form).expect("planned").request.plan;
        assert_eq!(plan.target.url(), "unix:/run/shop.sock");
    }
    let elsewhere = planned(line, "host=unix:/run/other.sock");
    let said = elsewhere.expect_err("refused");
    assert!(said.contains("named where the page is started"), "{said}");
    let line = "shopblast --web -u 9 -t 5s SpikeUser";
    assert!(planned(line, "host=unix:/run/shop.sock").is_err());
}

#[test]
fn a_form_as_a_whole_means_what_it_shows() {
    let line = "shopblast --web --profile load -u 9 -r 3 -t 5s --pacing max -H http://127.0.0.1:1";
    let blank = planned(line, "whole=1&profile=custom&user_classes=SpikeUser").expect("planned");
    let plan = &blank.request.plan;
    assert_eq!((plan.profile.as_str(), users(&blank)), ("custom", 1));
    assert_eq!(
        (plan.run_time, plan.pacing),
        (LONGEST_DURATION, Pacing::Class)
    );
    assert_eq!(plan.target.authority, "localhost:8000");
    let scripts = planned(line, "").expect("planned");
    assert_eq!(
        users(&scripts),
        9,
        "what a script leaves out is what was typed"
    );
}

/// Those that were typed count for a script that says nothing of them, and not for a form as a whole.
#[test]
fn options_are_a_field_of_the_form() {
    let line = "shopblast --web --sandbox --with by-request SpikeUser -t 5s";
    let options = |form: &str| {
        let planned = planned(line, form).expect("planned");
        (planned.request.plan.options.clone(), planned.command)
    };
    assert_eq!(options("user_count=2").0, ["by-request"]);
    let (both, command) = options("with=strict&with=repeated-key");
    assert_eq!(both, ["strict", "repeated-key"]);
    assert!(
        command.contains("--with strict --with repeated-key") && !command.contains("by-request"),
        "{command}"
    );
    let (none, command) = options("whole=1&user_classes=SpikeUser");
    assert!(
        none.is_empty() && !command.contains("--with"),
        "{none:?} {command}"
    );
    let said = planned(line, "with=strikt").unwrap_err();
    assert!(
        said.starts_with("Options `strikt`") && said.contains("did you mean `strict`?"),
        "{said}"
    );
    let offer = web(line).offer;
    assert_eq!(offer.options.len(), 7);
    assert_eq!(offer.defaults.with, ["by-request"]);
    let of_url = web("shopblast --web --url http://127.0.0.1:1/a");
    assert!(of_url.offer.options.is_empty());
}

#[test]
fn no_observatory_stays_said_when_the_form_names_a_host() {
    let observes = |line: &str| {
        let planned = planned(line, "host=http://localhost:99&user_classes=SpikeUser");
        format!(
            "{:?}",
            planned.expect("planned").request.observers.observatory
        )
    };
    assert!(observes("shopblast --web --sandbox").starts_with("Tried"));
    for line in [
        "shopblast --web --no-observatory",
        "shopblast --web --sandbox --no-observatory",
    ] {
        assert_eq!(observes(line), "None", "{line}");
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
        ("user_count=0", "Users `0`: give a whole number from 1 to"),
        ("user_count=ten", "Users `ten`"),
        (
            "spawn_rate=-1",
            "Ramp up `-1`: give a number of users a second above 0",
        ),
        ("run_time=abc", "Run time `abc`"),
        (
            "host=ftp://x",
            "Host `ftp://x`: is not a target address: only http://",
        ),
        ("host=http://8.8.8.8", "--allow-host 8.8.8.8"),
        ("pacing=slow", "Pacing `slow`: give class or max"),
        ("user_classes=Spike", "did you mean"),
        ("user_classes=SpikeUser=0", "the weight must be"),
        ("profile=spikes", "Profile `spikes`: there is no profile"),
        ("profile=/etc/passwd", "there is no profile `/etc/passwd`"),
        ("profile=./profiles/spike.toml", "there is no profile"),
    ] {
        let said = planned("shopblast --web SpikeUser", form).expect_err(form);
        assert!(said.contains(says), "{form}: {said}");
    }
    let said = planned("shopblast --web", "").expect_err("nothing to run");
    assert!(
        said.starts_with("say what to run: choose a profile (smoke, load, "),
        "{said}"
    );
    assert!(
        !said.contains("shopblast"),
        "no command is typed on a page: {said}"
    );
    let rated = "shopblast --web SpikeUser --rate 50";
    for (line, form, says) in [
        (
            "shopblast --web SpikeUser",
            "whole=1",
            "User classes: tick at least one",
        ),
        (
            "shopblast --web --profile load",
            "whole=1&profile=load",
            "User classes: tick",
        ),
        (
            rated,
            "whole=1&user_classes=SpikeUser&spawn_rate=2",
            "Ramp up: journeys arrive at a rate",
        ),
    ] {
        let said = planned(line, form).expect_err(form);
        assert!(said.contains(says), "{form}: {said}");
        assert!(!said.contains("user_c"), "{said}");
    }
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

#[test]
fn what_requests_carry_goes_to_the_host_that_it_was_named_with() {
    let line =
        "shopblast --web --profile load -H http://127.0.0.1:1 --header 'x-tenant: blue' --trace";
    for (form, goes) in [
        ("", true),
        ("host=http://127.0.0.1:1", true),
        ("host=http://127.0.0.1:2", false),
    ] {
        let planned = planned(line, form).expect("planned");
        let target = &planned.request.plan.target;
        assert_eq!(
            (target.headers.has("x-tenant"), target.is_traced),
            (goes, goes),
            "{form}"
        );
        let says =
            planned.command.contains("x-tenant: blue") && planned.command.contains("--trace");
        assert_eq!(says, goes, "{}", planned.command);
    }
}
