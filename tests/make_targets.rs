//! The load tests of the Makefile, and the script that drives a whole ShopStream: what they would
//! run. Docker, and the checkout's make, are stand-ins that write down how they were called.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `make -n TARGET` would run, on one line.
fn commands_of(target: &str, variables: &[&str]) -> String {
    let output = Command::new("make")
        .args(["-n", "--no-print-directory", target])
        .args(variables)
        .env_remove("MAKEFLAGS")
        .current_dir(repository())
        .output()
        .expect("make runs");
    assert!(output.status.success(), "{target}: {output:?}");
    String::from_utf8_lossy(&output.stdout).replace('\n', " ")
}

#[test]
fn the_hunt_is_for_the_breaking_point_of_the_flood() {
    let asks = "hunt --profile stress --slo 'response: p(99) < 500ms' -H http://localhost:8000";
    let commands = commands_of("hunt", &[]);
    assert!(commands.contains(asks), "{commands}");
    let changed = [
        "HOST=http://127.0.0.1:9",
        "SLO=failed: count < 1",
        "ARGS=--to 50",
    ];
    let commands = commands_of("hunt", &changed);
    let asks = "--slo 'failed: count < 1' -H http://127.0.0.1:9 --to 50";
    assert!(commands.contains(asks), "{commands}");
}

#[test]
fn every_load_test_runs_its_class_with_locusts_pacing() {
    for (target, command) in [
        ("loadtest-mixed", "--web --profile load --pacing class"),
        (
            "loadtest-cross-domain",
            "--web --profile cross-domain --pacing class",
        ),
        (
            "loadtest-race",
            "--web --profile race-conditions --pacing class",
        ),
        (
            "loadtest-flash-sale",
            "--web --profile flash-sale --pacing class",
        ),
        ("loadtest-stress", "--web --profile stress --pacing class"),
        (
            "loadtest-cross-flood",
            "--web --profile cross-flood --pacing class",
        ),
        (
            "loadtest-headless",
            "--profile load --pacing class -H http://localhost:8000 --csv results/loadtest",
        ),
        (
            "loadtest-spike",
            "--profile spike --pacing class -H http://localhost:8000 --csv results/spike-test",
        ),
        (
            "loadtest-headless-race",
            "--profile race-conditions --pacing class -H http://localhost:8000 --csv results/race-test",
        ),
        (
            "loadtest-headless-flash",
            "--profile flash-sale --pacing class -H http://localhost:8000 --csv results/flash-sale-test",
        ),
        ("loadtest", "--web IdentityUser CatalogueUser"),
        (
            "loadtest",
            "CrossDomainFloodUser SpikeUser -u 50 -r 5 -t 5m",
        ),
    ] {
        let commands = commands_of(target, &[]);
        assert!(commands.contains("build --release --locked"), "{commands}");
        assert!(commands.contains(command), "{target}: {commands}");
    }
}

#[test]
fn host_and_arguments_are_passed_on() {
    let commands = commands_of(
        "loadtest-spike",
        &["HOST=http://127.0.0.1:9999", "ARGS=-t 5s"],
    );
    assert!(commands.contains("-H http://127.0.0.1:9999"), "{commands}");
    assert!(commands.trim_end().ends_with("-t 5s"), "{commands}");
    let stack = commands_of("loadtest-stack-scaled", &["SHOPSTREAM=/some/where"]);
    assert!(
        stack.contains("loadtest-stack.sh --scaled --shopstream \"/some/where\""),
        "{stack}"
    );
    let checkout = tempfile::tempdir().expect("a directory");
    std::fs::write(checkout.path().join("Makefile"), "truncate-db:\n\t@true\n").expect("written");
    let clean = commands_of(
        "loadtest-clean",
        &[&format!("SHOPSTREAM={}", checkout.path().display())],
    );
    assert!(clean.contains("truncate-db"), "{clean}");
}

#[test]
fn emptying_nothing_says_what_is_missing() {
    let output = Command::new("make")
        .args(["loadtest-clean"])
        .env_remove("MAKEFLAGS")
        .current_dir(repository())
        .output()
        .expect("make runs");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("SHOPSTREAM=DIR"), "{text}");
}

/// A made-up checkout, and programs that write down their arguments.
struct Stand {
    directory: tempfile::TempDir,
}

impl Stand {
    fn new(programs: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let checkout = directory.path().join("shopstream");
        std::fs::create_dir_all(&checkout).expect("made");
        for file in ["Makefile", "docker-compose.yml"] {
            std::fs::write(checkout.join(file), "").expect("written");
        }
        let bin = directory.path().join("bin");
        std::fs::create_dir(&bin).expect("made");
        for (name, exit) in programs {
            let path = bin.join(name);
            let log = directory.path().join("log");
            let text = format!(
                "#!/bin/sh\necho {name} \"$@\" >>{}\n{exit}\n",
                log.display()
            );
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
                .expect("executable");
        }
        Self { directory }
    }

    fn checkout(&self) -> String {
        self.directory
            .path()
            .join("shopstream")
            .display()
            .to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let bin = self.directory.path().join("bin");
        let path = format!("{}:/usr/bin:/bin", bin.display());
        Command::new("bash")
            .arg(repository().join("scripts/loadtest-stack.sh"))
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .env("SHOPBLAST", bin.join("shopblast"))
            .env("WAIT_SECONDS", "0")
            .output()
            .expect("bash runs")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

/// The stack is well once its Observatory, which starts in the background, has been asked for.
const ALL_WELL: [(&str, &str); 3] = [
    ("docker", "exit 0"),
    ("make", "exit 0"),
    (
        "shopblast",
        "[ \"$1\" = doctor ] || exit 0\nuntil grep -q ' observatory$' \"${0%/*}/../log\"; do sleep 0.05; done",
    ),
];

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_stack_comes_up_is_loaded_and_goes_down() {
    let stand = Stand::new(&ALL_WELL);
    let checkout = stand.checkout();
    let output = stand.run(&[
        "--scaled",
        "--shopstream",
        &checkout,
        "--",
        "--profile",
        "smoke",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let log = stand.log();
    let place = |says: &str| {
        log.find(says)
            .unwrap_or_else(|| panic!("{says} is not in\n{log}"))
    };
    let steps = [
        place(&format!("make -C {checkout} docker-up")),
        place(&format!("make -C {checkout} setup-db")),
        place(&format!("make -C {checkout} truncate-db")),
        place("up --detach --scale engine-identity=3 --scale engine-catalogue=2"),
        place("shopblast doctor --host http://localhost:8000"),
        place("shopblast --profile smoke --host http://localhost:8000"),
        place("down --remove-orphans"),
    ];
    assert!(steps.is_sorted(), "{log}");
    place(&format!("make -C {checkout} observatory"));
}

#[test]
fn the_stack_goes_down_when_the_load_fails() {
    let failing = [
        ("docker", "exit 0"),
        ("make", "exit 0"),
        ("shopblast", "[ \"$1\" = doctor ] || exit 99"),
    ];
    let stand = Stand::new(&failing);
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(99), "{}", text(&output));
    assert!(
        stand.log().contains("shopblast --profile load"),
        "{}",
        stand.log()
    );
    assert!(
        stand.log().contains("down --remove-orphans"),
        "{}",
        stand.log()
    );
}

#[test]
fn a_stack_that_does_not_become_well_is_not_loaded() {
    let stand = Stand::new(&[
        ("docker", "exit 0"),
        ("make", "exit 0"),
        ("shopblast", "exit 107"),
    ]);
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("did not become well"),
        "{}",
        text(&output)
    );
    assert!(!stand.log().contains("--profile"), "{}", stand.log());
    assert!(
        stand.log().contains("down --remove-orphans"),
        "{}",
        stand.log()
    );
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let stand = Stand::new(&ALL_WELL);
    let checkout = stand.checkout();
    for (arguments, exit, says) in [
        (vec![], 2, "--shopstream DIR"),
        (vec!["--shopstream"], 2, "needs a directory"),
        (vec!["--fast"], 2, "unknown argument: --fast"),
        (
            vec!["--shopstream", "/nowhere/at/all"],
            1,
            "there is no directory /nowhere/at/all",
        ),
        (vec!["--shopstream", "/usr"], 1, "is no ShopStream checkout"),
    ] {
        let output = stand.run(&arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(
            text(&output).contains(says),
            "{arguments:?}: {}",
            text(&output)
        );
    }
    let broken = Stand::new(&[
        ("docker", "exit 1"),
        ("make", "exit 0"),
        ("shopblast", "exit 0"),
    ]);
    let output = broken.run(&["--shopstream", &broken.checkout()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("docker compose is missing"),
        "{}",
        text(&output)
    );
    let output = stand.run(&["--dry-run", "--shopstream", &checkout]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output).contains("+ docker compose"),
        "{}",
        text(&output)
    );
}
