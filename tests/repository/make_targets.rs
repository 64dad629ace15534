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
        (
            "loadtest-fulfillment",
            "--web --suite today FulfillmentUser",
        ),
        (
            "loadtest-priority",
            "--web MigrationWithProductionTrafficUser",
        ),
        (
            "loadtest-priority-headless",
            "MigrationWithProductionTrafficUser -u 30 -r 5 -t 180s -H",
        ),
        (
            "loadtest-backfill-drain",
            "BackfillDrainRateUser -u 10 -r 10 -t 180s -H",
        ),
        (
            "loadtest-starvation",
            "PriorityStarvationTestUser -u 50 -r 10 -t 300s -H",
        ),
        (
            "loadtest-baseline",
            "PriorityLanesDisabledBaseline -u 30 -r 5 -t 180s -H",
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

/// Twelve targets of today's ShopStream name classes that its suite does not find.
#[test]
fn every_load_test_names_classes_and_profiles_that_there_are() {
    let text = std::fs::read_to_string(repository().join("Makefile")).expect("the Makefile");
    let targets = text
        .lines()
        .filter_map(|line| line.split_once(": release ## "))
        .filter(|(target, _)| target.starts_with("loadtest"));
    let mut count = 0;
    for (target, _) in targets {
        let commands = commands_of(target, &[]);
        let run = commands.rsplit("release/shopblast ").next();
        let words: Vec<&str> = run.expect("a run").split_whitespace().collect();
        let classes = words
            .iter()
            .filter(|word| word.starts_with(char::is_uppercase));
        let classes: Vec<&str> = classes.copied().collect();
        for class in &classes {
            assert!(
                shopblast::shop::user_class(class).is_some(),
                "{target}: {class}"
            );
        }
        match words.iter().position(|word| *word == "--profile") {
            Some(place) => {
                let profile = shopblast::shop::Profile::find_built_in(words[place + 1]);
                assert!(profile.is_some(), "{target}");
            }
            None => assert!(!classes.is_empty(), "{target}: {words:?}"),
        }
        count += 1;
    }
    assert_eq!(count, 17);
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
    let flush = format!(
        "docker compose --project-directory \"{}\" exec -T redis redis-cli FLUSHDB",
        checkout.path().display()
    );
    assert!(clean.contains(&flush), "{clean}");
}

/// The value of a flag in `commands`.
fn value<'a>(commands: &'a str, flag: &str) -> &'a str {
    let mut words = commands.split_whitespace().skip_while(|word| *word != flag);
    words.nth(1).unwrap_or_else(|| panic!("{flag}: {commands}"))
}

/// Whoever sees the program for the first time sees figures of the shop, and no warning.
#[test]
fn the_demo_is_a_load_that_its_shop_sustains() {
    let demo = commands_of("demo", &[]);
    assert!(demo.contains(" --sandbox "), "{demo}");
    let number = |flag| -> f64 {
        let text = value(&demo, flag).trim_end_matches("ms");
        text.parse().unwrap_or_else(|_| panic!("{flag}: {demo}"))
    };
    let capacity_per_s = number("--servers") * 1e3 / number("--service-time");
    // A journey of this class is one request or two.
    let asked_per_s = 2.0 * number("--rate");
    assert!(
        asked_per_s <= capacity_per_s / 3.0,
        "{asked_per_s} of {capacity_per_s}"
    );
    // Beside that, what the generator adds is small.
    assert!(number("--service-time") >= 100.0, "{demo}");
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

/// The contexts of a checkout, each of which has an engine and a database.
const FIVE: &[&str] = &["identity", "catalogue", "ordering", "inventory", "payments"];
const TODAY: &[&str] = &[
    "identity",
    "catalogue",
    "ordering",
    "inventory",
    "payments",
    "fulfillment",
    "reviews",
    "notifications",
];

/// What the script and the stand-ins need of the system; nothing else is found.
const TOOLS: [&str; 9] = [
    "bash", "cat", "dirname", "grep", "sed", "setsid", "sleep", "sort", "tr",
];

/// A made-up checkout, and programs that write down their arguments.
struct Stand {
    directory: tempfile::TempDir,
}

impl Stand {
    /// A checkout with these contexts, whose make and docker do as they are told.
    fn well(contexts: &[&str]) -> Self {
        Self::new(contexts, &[("make", "exit 0"), ("shopblast", WELL)])
    }

    fn new(contexts: &[&str], programs: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let checkout = directory.path().join("shopstream");
        std::fs::create_dir_all(&checkout).expect("made");
        std::fs::create_dir(directory.path().join("bin")).expect("made");
        let address = |context: &&str| {
            format!("- URL=postgresql://postgres:postgres@postgres:5432/{context}_local\n")
        };
        let addresses: String = contexts.iter().map(address).collect();
        let files = [
            ("Makefile", "setup-db:\n\tpoetry run protean db setup\n"),
            ("docker-compose.yml", addresses.as_str()),
        ];
        for (file, text) in files {
            std::fs::write(checkout.join(file), text).expect("written");
        }
        let stand = Self { directory };
        for tool in TOOLS {
            stand.link(tool);
        }
        stand.put("docker", &docker(contexts));
        stand.put("poetry", "exit 0");
        for (name, does) in programs {
            stand.put(name, does);
        }
        stand
    }

    /// A program that writes down its arguments, on one line, and then does what is said.
    fn put(&self, name: &str, does: &str) {
        let path = self.directory.path().join("bin").join(name);
        let log = self.directory.path().join("log");
        let text = format!(
            "#!/bin/sh\nlog={}\necho {name} \"$@\" >>\"$log\"\n{does}\n",
            log.display()
        );
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .expect("executable");
    }

    /// A program of the system.
    fn link(&self, name: &str) {
        let places = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
        let found = places.iter().find(|place| place.exists());
        let found = found.unwrap_or_else(|| panic!("there is no {name}"));
        let link = self.directory.path().join("bin").join(name);
        std::os::unix::fs::symlink(found, link).expect("linked");
    }

    fn take_away(&self, name: &str) {
        std::fs::remove_file(self.directory.path().join("bin").join(name)).expect("removed");
    }

    fn checkout(&self) -> String {
        self.directory
            .path()
            .join("shopstream")
            .display()
            .to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_patiently(arguments, "0")
    }

    fn run_patiently(&self, arguments: &[&str], wait_seconds: &str) -> Output {
        let bin = self.directory.path().join("bin");
        Command::new(bin.join("bash"))
            .arg(repository().join("scripts/loadtest-stack.sh"))
            .args(arguments)
            .env_clear()
            .env("PATH", &bin)
            .env("SHOPBLAST", bin.join("shopblast"))
            .env("WAIT_SECONDS", wait_seconds)
            .output()
            .expect("bash runs")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

/// Docker with a fresh volume, of which the init script has made the first five databases.
fn docker(contexts: &[&str]) -> String {
    let engines: Vec<String> = contexts
        .iter()
        .map(|context| format!("engine-{context}"))
        .collect();
    let there: Vec<String> = FIVE
        .iter()
        .map(|context| format!("{context}_local"))
        .collect();
    format!(
        "case \"$*\" in\n\
         *'config --services') printf '%s\\n' redis api {} postgres message-db ;;\n\
         *'redis-cli ping') echo PONG ;;\n\
         *pg_database*) printf '%s\\n' postgres template1 {} ;;\n\
         esac",
        engines.join(" "),
        there.join(" ")
    )
}

/// The stack is well once its Observatory, which starts in the background, has been asked for.
const WELL: &str =
    "[ \"$1\" = doctor ] || exit 0\nuntil grep -q ' observatory$' \"$log\"; do sleep 0.05; done";

/// The places of `sayings` in the log, each of which must be there.
fn places(log: &str, sayings: &[&str]) -> Vec<usize> {
    let place = |says: &&str| {
        log.find(says)
            .unwrap_or_else(|| panic!("{says} is not in\n{log}"))
    };
    sayings.iter().map(place).collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_stack_comes_up_is_loaded_and_goes_down() {
    for contexts in [FIVE, TODAY] {
        let stand = Stand::well(contexts);
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
        let made = |target: &str| format!("make -C {checkout} {target}");
        let steps = places(
            &log,
            &[
                &made("docker-up"),
                "exec -T postgres pg_isready",
                "exec -T message-db pg_isready",
                "exec -T redis redis-cli ping",
                &made("setup-db"),
                &made("truncate-db"),
                "exec -T redis redis-cli FLUSHDB",
                "up --detach --scale",
                "shopblast doctor --host http://localhost:8000",
                "shopblast --profile smoke --host http://localhost:8000",
                "down --remove-orphans",
            ],
        );
        assert!(steps.is_sorted(), "{log}");
        places(&log, &[&made("observatory")]);
        let up = log.lines().find(|line| line.contains("up --detach"));
        let up = up.unwrap_or_default();
        for context in contexts {
            let count = if *context == "identity" { 3 } else { 2 };
            let scale = format!("--scale engine-{context}={count}");
            assert!(up.contains(&scale), "{up}");
            assert!(
                up.contains(&format!(" engine-{context} ")) || up.ends_with(context),
                "{up}"
            );
        }
        assert_eq!(up.matches("--scale").count(), contexts.len(), "{up}");
    }
}

#[test]
fn databases_that_the_init_script_leaves_out_are_made_before_the_set_up() {
    let stand = Stand::well(TODAY);
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let log = stand.log();
    let made: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("createdb"))
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    assert_eq!(
        made,
        ["fulfillment_local", "notifications_local", "reviews_local"]
    );
    assert!(
        places(&log, &["createdb", " setup-db"]).is_sorted(),
        "{log}"
    );
    let five = Stand::well(FIVE);
    five.run(&["--shopstream", &five.checkout()]);
    assert!(!five.log().contains("createdb"), "{}", five.log());
}

/// A fresh PostgreSQL runs its init scripts first, and Redis may load what it has.
#[test]
fn slow_infrastructure_is_waited_for() {
    let stand = Stand::well(TODAY);
    let slow = format!(
        "case \"$*\" in\n\
         *'postgres pg_isready'*) [ $(grep -c 'T postgres pg_isready' \"$log\") -gt 2 ] || exit 1 ;;\n\
         *'redis-cli ping') [ $(grep -c 'redis-cli ping' \"$log\") -gt 1 ] || {{ echo LOADING; exit 0; }} ;;\n\
         esac\n{}",
        docker(TODAY)
    );
    stand.put("docker", &slow);
    let output = stand.run_patiently(&["--shopstream", &stand.checkout()], "60");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let log = stand.log();
    assert_eq!(log.matches("T postgres pg_isready").count(), 3, "{log}");
    assert_eq!(log.matches("redis-cli ping").count(), 2, "{log}");
    assert!(places(&log, &["redis-cli ping", " setup-db"]).is_sorted());
}

#[test]
fn infrastructure_that_never_comes_up_is_named_and_taken_down() {
    let stand = Stand::well(TODAY);
    let never = format!(
        "case \"$*\" in *'message-db pg_isready'*) exit 2 ;; esac\n{}",
        docker(TODAY)
    );
    stand.put("docker", &never);
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("message-db did not come up"),
        "{}",
        text(&output)
    );
    assert!(!stand.log().contains("setup-db"), "{}", stand.log());
    places(&stand.log(), &["down --remove-orphans"]);
}

#[test]
fn the_stack_goes_down_when_the_load_fails() {
    let stand = Stand::well(TODAY);
    stand.put("shopblast", "[ \"$1\" = doctor ] || exit 99");
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(99), "{}", text(&output));
    places(
        &stand.log(),
        &["shopblast --profile load", "down --remove-orphans"],
    );
}

#[test]
fn a_stack_that_does_not_become_well_is_not_loaded() {
    let stand = Stand::well(TODAY);
    stand.put("shopblast", "exit 107");
    let output = stand.run(&["--shopstream", &stand.checkout()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("did not become well"),
        "{}",
        text(&output)
    );
    assert!(!stand.log().contains("--profile"), "{}", stand.log());
    places(&stand.log(), &["down --remove-orphans"]);
}

#[test]
fn a_problem_that_stays_is_told_at_once() {
    let stand = Stand::well(TODAY);
    stand.put("shopblast", "echo 'problem it is another shop'; exit 1");
    // Far longer than the test may take: nothing is waited for.
    let output = stand.run_patiently(&["--shopstream", &stand.checkout()], "100000");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    for says in ["problem it is another shop", "doctor found a problem"] {
        assert!(text(&output).contains(says), "{}", text(&output));
    }
    assert!(!stand.log().contains("--profile"), "{}", stand.log());
    places(&stand.log(), &["down --remove-orphans"]);
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let stand = Stand::well(TODAY);
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
    let broken = Stand::well(TODAY);
    broken.put("docker", "exit 1");
    let output = broken.run(&["--shopstream", &broken.checkout()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("docker compose is missing"),
        "{}",
        text(&output)
    );
    let mute = Stand::well(&[]);
    let output = mute.run(&["--shopstream", &mute.checkout()]);
    assert_eq!(output.status.code(), Some(1));
    let says = "has no service engine-";
    assert!(text(&output).contains(says), "{}", text(&output));
    stand.take_away("poetry");
    let output = stand.run(&["--shopstream", &checkout]);
    assert_eq!(output.status.code(), Some(1));
    let says = "poetry is missing";
    assert!(text(&output).contains(says), "{}", text(&output));
    assert!(!stand.log().contains("docker-up"), "{}", stand.log());
    stand.put("poetry", "exit 0");
    let output = stand.run(&["--dry-run", "--shopstream", &checkout]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output).contains("+ docker compose"),
        "{}",
        text(&output)
    );
}
