//! The command line as a whole: arguments, environment and profile in, command or message out.

mod bad_input;
mod environment;
mod fleets;
mod hunts;
mod loads;
mod options_of_files;

use super::*;
use crate::plan::{AddressChoice, Driver, ExitCode, Load, Pacing, RunId, Stage, Target, Topology};
use crate::run::{Output, RunRequest};
use crate::sandbox::{DrainRate, Names, ObservatoryConfig, PipelineConfig, ShopConfig};
use crate::shop::{Generation, ShopSettings, Suite};
use std::any::Any;
use std::path::PathBuf;
use std::time::Duration;

const SEED: u64 = 4_711;

fn entropy() -> Entropy {
    Entropy {
        seed: SEED,
        run_id: RunId::new(1_700_000_000_000, 42, 7),
    }
}

/// Parses a line of arguments on a machine with the CPUs 0 to 3.
fn parse_with(line: &str, environment: &[(&str, &str)]) -> Result<CliCommand, CliError> {
    let args = std::iter::once("shopblast").chain(line.split_whitespace());
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let machine = Machine {
        topology: Topology::flat(&[0, 1, 2, 3]),
    };
    parse(args.map(OsString::from), environment, &machine, entropy())
}

fn request_with(line: &str, environment: &[(&str, &str)]) -> RunRequest {
    match parse_with(line, environment) {
        Ok(CliCommand::Run(request)) => *request,
        other => panic!("{line}: {other:?}"),
    }
}

fn request(line: &str) -> RunRequest {
    request_with(line, &[])
}

/// The embedded shop that a run brings along.
fn shop_of(request: &RunRequest) -> Option<&ShopConfig> {
    let own: &dyn Any = &**request.sandbox.as_ref()?;
    own.downcast_ref()
}

fn message_with(line: &str, environment: &[(&str, &str)]) -> String {
    match parse_with(line, environment) {
        Err(error) => {
            assert_eq!(error.exit_code(), ExitCode::BadPlan);
            error.to_string()
        }
        Ok(command) => panic!("{line}: {command:?}"),
    }
}

fn message(line: &str) -> String {
    message_with(line, &[])
}

fn printed(line: &str) -> String {
    match parse_with(line, &[]) {
        Ok(CliCommand::Print(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

/// One level of users, as a load.
fn level(users: u32, spawn_rate_per_s: f64, duration_s: u64) -> Load {
    Load::Closed {
        stages: vec![Stage {
            users,
            spawn_rate_per_s,
            duration_us: duration_s * 1_000_000,
        }],
    }
}

/// Writes a profile into a directory of its own; the directory lives as long as the first value.
fn profile_file(lines: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    let head = "name = \"mine\"\ndescription = \"d\"\n";
    std::fs::write(&path, format!("{head}{lines}")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

#[test]
fn a_profile_is_a_whole_plan() {
    let request = request("--profile spike");
    let plan = &request.plan;
    assert_eq!(plan.profile, "spike");
    assert_eq!(plan.load, level(100, 100.0, 120));
    assert_eq!(plan.run_time, Duration::from_secs(120));
    assert_eq!(plan.pacing, Pacing::Max);
    assert_eq!(plan.target.url(), "http://localhost:8000");
    assert_eq!(plan.request_timeout, Duration::from_secs(30));
    assert_eq!(plan.stop_timeout, Duration::from_secs(5));
    assert_eq!(plan.connections, None);
    assert_eq!(plan.max_body_bytes, 1 << 20);
    assert_eq!(plan.driver, Driver::Uring);
    assert_eq!((plan.seed, plan.run_id), (SEED, entropy().run_id));
    assert!(request.sandbox.is_none() && !request.fail_on_saturation && request.preflight);
    assert_eq!(request.exit_code_on_error, 1);
    assert_eq!(request.output.results, PathBuf::from("results"));
    assert_eq!(request.output.csv_prefix, None);
}

#[test]
fn flags_win_over_the_profile() {
    let request = request(
        "--profile spike -u 7 -r 2.5 -t 1m -s 0 --pacing class --timeout 500ms --max-body 64k \
         --connections 4 --driver epoll --seed 9 --run-id 0123456789abcdef --cores 2,0 IdentityUser=3 SpikeUser",
    );
    let plan = &request.plan;
    assert_eq!(plan.profile, "spike");
    assert_eq!(plan.load, level(7, 2.5, 60));
    assert_eq!(plan.run_time, Duration::from_secs(60));
    assert_eq!(plan.stop_timeout, Duration::ZERO);
    assert_eq!(plan.pacing, Pacing::Class);
    assert_eq!(plan.request_timeout, Duration::from_millis(500));
    assert_eq!(plan.max_body_bytes, 65_536);
    assert_eq!(plan.connections, Some(4));
    assert_eq!(plan.driver, Driver::Epoll);
    assert_eq!((plan.seed, plan.run_id.as_str()), (9, "0123456789abcdef"));
    assert_eq!(plan.cores, [2, 0]);
    let classes: Vec<(&str, u32)> = plan
        .classes
        .iter()
        .map(|share| (share.class.as_str(), share.weight))
        .collect();
    assert_eq!(classes, [("IdentityUser", 3), ("SpikeUser", 1)]);
}

#[test]
fn outputs_and_verdict_flags_are_handed_on() {
    let request = request(
        "SpikeUser --headless --autostart --no-tui --only-summary --quiet --csv out/x --csv-full-history \
         --results there --exit-code-on-error 0 --fail-on-saturation --no-preflight",
    );
    let expected = Output {
        csv_prefix: Some(PathBuf::from("out/x")),
        csv_full_history: true,
        results: PathBuf::from("there"),
        html: None,
        exports: Vec::new(),
        github: None,
        metrics: crate::run::MetricsTargets::default(),
        no_tui: true,
        only_summary: true,
        quiet: true,
        details: false,
        remark: None,
        silent: false,
    };
    assert_eq!(request.output, expected);
    assert_eq!(request.exit_code_on_error, 0);
    assert!(request.fail_on_saturation && !request.preflight);
}

#[test]
fn rounds_go_by_the_clock_as_the_profile_says_unless_the_command_does() {
    let (_directory, path) =
        profile_file("classes = [\"FlashSaleUser\"]\nrounds = 5\nround_every = \"2s\"\n");
    for (flags, every_ms) in [
        ("", Some(2_000)),
        ("--round-every 500ms", Some(500)),
        ("--sequential-races", None),
    ] {
        let request = request(&format!("--profile {path} -t 20 {flags}"));
        let settings = ShopSettings::of(&request.plan).unwrap();
        let every = every_ms.map(Duration::from_millis);
        assert_eq!(settings.round_every, every, "{flags}");
    }
}

#[test]
fn a_profile_may_be_a_file() {
    let (_directory, path) = profile_file(
        "classes = [\"IdentityUser=2\"]\nusers = 3\ntimeout = \"2s\"\nstop_timeout = 1\nconnections = 2\n",
    );
    let request = request(&format!("--profile {path} -t 20"));
    assert_eq!(request.plan.profile, "mine");
    assert_eq!(request.plan.load, level(3, 1.0, 20));
    assert_eq!(request.plan.request_timeout, Duration::from_secs(2));
    assert_eq!(request.plan.stop_timeout, Duration::from_secs(1));
    assert_eq!(request.plan.connections, Some(2));
    assert_eq!(request.plan.classes[0].weight, 2);
}

#[test]
fn the_sandbox_takes_the_place_of_the_host() {
    let request = request("--profile spike --sandbox");
    assert_eq!(shop_of(&request), Some(&ShopConfig::default()));
    assert_eq!(
        (request.plan.target.host.as_str(), request.plan.target.port),
        ("127.0.0.1", 0)
    );
    let moved = request
        .plan
        .with_target(Target::parse("http://[::1]:9000").unwrap());
    assert_eq!(moved.target.port, 9_000);
    assert_eq!(moved.profile, "spike");
}

#[test]
fn cores_are_shared_with_a_shop_on_this_machine() {
    let cores = |line: &str| request(&format!("--profile spike {line}")).plan.cores;
    assert_eq!(cores("--host http://10.0.0.7:8000"), [0, 1, 2, 3]);
    assert_eq!(cores(""), [0, 1]);
    assert_eq!(cores("--sandbox"), [0, 1]);
    assert_eq!(cores("--host http://[::1]:8000"), [0, 1]);
    assert_eq!(cores("--cores 3"), [0, 1, 2]);
    assert_eq!(cores("--cores 1-2 -u 1"), [1]);
    assert_eq!(cores("--host http://10.0.0.7 --connections 3"), [0, 1, 2]);
}

#[test]
fn an_embedded_shop_alone_is_looked_at() {
    let alone = request("--sandbox");
    assert_eq!(alone.plan.profile, "smoke");
    assert!(alone.sandbox.is_some());
    let remark = alone.output.remark.unwrap();
    assert!(
        remark.contains("profile smoke, 5 users at most, 60 s"),
        "{remark}"
    );
    let changed = request("--sandbox -u 3 -t 2s");
    let remark = changed.output.remark.unwrap();
    assert!(
        remark.contains("profile smoke, 3 users at most, 2 s"),
        "{remark}"
    );
    for named in [
        "--sandbox --profile spike",
        "--sandbox SpikeUser",
        "SpikeUser",
    ] {
        assert_eq!(request(named).output.remark, None, "{named}");
    }
    assert!(message("hunt --sandbox").contains("say what to run"));
}

#[test]
fn connections_go_round_a_names_addresses_unless_the_first_is_asked_for() {
    let chosen = |line: &str| request(line).plan.addresses;
    assert_eq!(chosen("SpikeUser"), AddressChoice::All);
    assert_eq!(chosen("SpikeUser --addresses first"), AddressChoice::First);
    let of_hash = |line: &str| request(line).plan.hash();
    assert_eq!(of_hash("SpikeUser"), of_hash("SpikeUser --addresses first"));
}

#[test]
fn public_addresses_need_to_be_allowed() {
    let refused = message("--profile spike --host http://8.8.8.8");
    assert!(
        refused.contains("8.8.8.8 is at the public address")
            && refused.contains("--allow-host 8.8.8.8"),
        "{refused}"
    );
    request("--profile spike --host http://8.8.8.8 --allow-host 8.8.8.8");
    for host in [
        "169.254.169.254",
        "169.254.0.1",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
    ] {
        let refused = message(&format!("--profile spike --host http://{host}"));
        assert!(refused.contains("at the link-local address"), "{refused}");
        let line = format!("--profile spike --host http://{host} --allow-host {host}");
        request(&line);
        for flag in [
            "--observatory http://",
            "--redis redis://",
            "--message-db postgres://",
        ] {
            let refused = message(&format!("--profile spike {flag}{host}"));
            assert!(refused.contains("at the link-local address"), "{refused}");
        }
    }
    let named = request(
        "--profile spike --host http://shop.example.org --allow-host a.org --allow-host b.org,c.org",
    );
    let public = "8.8.8.8".parse().unwrap();
    for host in ["a.org", "b.org", "c.org"] {
        assert_eq!(named.addresses.check(host, public), Ok(()));
    }
    assert!(named.addresses.check("shop.example.org", public).is_err());
}

#[test]
fn help_names_every_flag_and_version_is_printed() {
    let help = printed("--help");
    for argument in definition::command().get_arguments() {
        if let Some(long) = argument.get_long() {
            assert!(help.contains(&format!("--{long}")), "{long}");
        }
    }
    assert!(help.contains("shopblast --profile spike --sandbox"));
    assert!(printed("--version").starts_with("shopblast "));
    assert!(printed("sandbox --help").contains("--retain"));
    assert_eq!(printed("-l"), list_text(Suite::Today));
    assert_eq!(printed("-l --suite five"), list_text(Suite::Five));
}

#[test]
fn options_of_journeys_add_up() {
    let words = |line: &str| -> Vec<&str> { request(line).plan.options };
    assert!(words("SpikeUser").is_empty());
    assert_eq!(
        words("SpikeUser --with strict --with by-request,matching-count"),
        ["strict", "matching-count", "by-request"]
    );
    let hash = |line: &str| request(line).plan.hash();
    assert_ne!(hash("SpikeUser"), hash("SpikeUser --with strict"));
    assert_ne!(hash("SpikeUser"), hash("SpikeUser --sequential-races"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    let text =
        "name = \"mine\"\ndescription = \"d\"\nclasses = [\"SpikeUser\"]\nwith = [\"strict\"]\n";
    std::fs::write(&path, text).unwrap();
    let line = format!("--profile {} --with repeated-key", path.display());
    assert_eq!(words(&line), ["strict", "repeated-key"]);
}

#[test]
fn lists_are_printed() {
    let all = printed("list");
    assert!(all.starts_with(&list_text(Suite::Today)) && all.contains("release-probe"));
    assert!(printed("list --profile race").starts_with("race-conditions, race, races\n"));
    assert!(printed("list --class SpikeUser").starts_with("SpikeUser\n"));
    assert!(printed("list --journey InvoiceJourney").starts_with("InvoiceJourney\n"));
    let environment = [("SHOPBLAST_PROFILE", "spike"), ("LOCUST_USERS", "5")];
    match parse_with("list", &environment) {
        Ok(CliCommand::Print(text)) => assert_eq!(text, all, "what is listed is typed"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definitions_are_consistent() {
    definition::command().debug_assert();
}

#[test]
fn the_last_of_a_repeated_flag_counts() {
    assert_eq!(request("SpikeUser -u 5 -u 6").plan.max_users(), 6);
}

fn sandbox(line: &str) -> SandboxOptions {
    match parse_with(line, &[]) {
        Ok(CliCommand::Sandbox(options)) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

fn observatory(address: &str, names: Names) -> Option<ObservatoryConfig> {
    Some(ObservatoryConfig {
        address: address.parse().unwrap(),
        names,
    })
}

#[test]
fn the_sandboxes_pipeline_is_set_by_flags() {
    let options = sandbox("sandbox --engines identity=3,catalogue=0 --drain-rate unlimited");
    let expected = PipelineConfig {
        engines: [3, 0, 1, 1, 1, 1, 1, 0],
        drain_rate: DrainRate::Unlimited,
    };
    assert_eq!(options.shop.pipeline, expected);
    let options = sandbox("sandbox --observatory-port 9001 --observatory-names newer --port 0");
    assert_eq!(
        options.shop.observatory,
        observatory("127.0.0.1:9001", Names::Newer)
    );
    assert_eq!(sandbox("sandbox --no-observatory").shop.observatory, None);
}

#[test]
fn the_sandbox_and_its_observatory_are_of_one_generation() {
    let names = |options: &SandboxOptions| options.shop.observatory.as_ref().map(|one| one.names);
    let five = sandbox("sandbox --generation five");
    assert_eq!(five.shop.generation, Generation::Five);
    assert_eq!(names(&five), Some(Names::Five));
    let today = sandbox("sandbox --generation today --engines fulfillment=2");
    assert_eq!(today.shop.generation, Generation::Today);
    assert_eq!(names(&today), Some(Names::Today));
    let mixed = sandbox("sandbox --generation five --observatory-names newer");
    assert_eq!(names(&mixed), Some(Names::Newer));
}

#[test]
fn the_sandbox_listens_on_loopback_on_the_last_core() {
    let expected = SandboxOptions {
        bind: "127.0.0.1".parse().unwrap(),
        port: 8_000,
        fixed: false,
        cores: vec![3],
        shop: ShopConfig {
            observatory: observatory("127.0.0.1:9000", Names::Today),
            ..ShopConfig::default()
        },
        driver: Driver::Uring,
        arrival_log: None,
        tls: None,
    };
    assert_eq!(sandbox("sandbox"), expected);
    let changed = SandboxOptions {
        bind: "::".parse().unwrap(),
        port: 0,
        fixed: true,
        cores: vec![0, 1],
        shop: ShopConfig {
            retain: 5,
            api_workers: 2,
            observatory: observatory("[::]:0", Names::Today),
            ..ShopConfig::default()
        },
        driver: Driver::Epoll,
        arrival_log: None,
        tls: None,
    };
    assert_eq!(
        sandbox("sandbox --bind :: --port 0 --fixed --cores 2 --retain 5 --driver epoll"),
        changed
    );
}
