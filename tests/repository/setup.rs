//! `scripts/setup.sh`, and what `make` makes of it, on machines that lack something. Every program of
//! such a machine is a stand-in, but for those that scripts are written with.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What every machine has.
const BASIC: &[&str] = &[
    "bash", "cat", "cut", "dirname", "head", "make", "mktemp", "rm", "sed", "sh", "sort",
];
/// The least Rust, as the manifest has it.
const NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");
const ROOT: &str = "0";
const USER: &str = "1000";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A machine with all that is needed.
struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    fn of(user: &str) -> Self {
        let machine = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        std::fs::create_dir(machine.programs()).expect("made");
        let path = std::env::var_os("PATH").expect("a path");
        for name in BASIC {
            let found = std::env::split_paths(&path)
                .map(|place| place.join(name))
                .find(|file| file.exists())
                .unwrap_or_else(|| panic!("{name} is on the path"));
            symlink(found, machine.programs().join(name)).expect("linked");
        }
        machine.has("id", &format!("echo {user}"));
        for name in ["cc", "chromium", "git", "initdb", "redis-server", "ss"] {
            machine.has(name, "");
        }
        machine.has_cargo(&format!("{NEEDED}.0"));
        // Installs what is asked for by making programs of the packages' names.
        let installed = machine.programs().join("$word").display().to_string();
        machine.has(
            "apt-get",
            &format!(
                "for word in \"$@\"; do case $word in chromium|git|redis-server) echo '#!/bin/sh' >\"{installed}\";;\n\
                 gcc) echo '#!/bin/sh' >\"{}\";; iproute2) echo '#!/bin/sh' >\"{}\";; esac; done\n\
                 for file in {}/*; do [ -L $file ] || /bin/chmod 755 $file; done",
                machine.programs().join("cc").display(),
                machine.programs().join("ss").display(),
                machine.programs().display(),
            ),
        );
        machine
    }

    fn programs(&self) -> PathBuf {
        self.directory.path().join("programs")
    }

    /// A program that writes down how it was called, and then does as it is told.
    fn has(&self, name: &str, then: &str) {
        let file = self.programs().join(name);
        let log = self.directory.path().join("log");
        let text = format!(
            "#!/bin/bash\necho {name} \"$@\" >>{}\n{then}\n",
            log.display()
        );
        std::fs::write(&file, text).expect("written");
        let may_run = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&file, may_run).expect("executable");
    }

    fn has_cargo(&self, version: &str) {
        let told =
            format!("[ \"$*\" != --version ] || echo 'cargo {version} (0123abcde 2026-01-01)'");
        self.has("cargo", &told);
    }

    fn lacks(&self, name: &str) {
        std::fs::remove_file(self.programs().join(name)).expect("removed");
    }

    fn runs(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(self.programs().join(program))
            .args(arguments)
            .env_clear()
            .env("PATH", self.programs())
            .current_dir(repository())
            .output()
            .expect("it runs")
    }

    fn set_up(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.runs("bash", &[&["scripts/setup.sh"], arguments].concat());
        (output.status.code(), text(&output))
    }

    /// How the stand-ins were called.
    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn where_all_is_there_nothing_is_said_or_done() {
    let machine = Machine::of(ROOT);
    for arguments in [&[][..], &["build"], &["test"]] {
        assert_eq!(machine.set_up(arguments), (Some(0), String::new()));
    }
    assert_eq!(machine.set_up(&["--left-out"]), (Some(0), "\n".to_owned()));
    assert!(!machine.log().contains("apt-get"), "{}", machine.log());
}

#[test]
fn root_gets_what_is_missing() {
    let machine = Machine::of(ROOT);
    for name in ["cc", "chromium", "redis-server", "ss"] {
        machine.lacks(name);
    }
    let (code, told) = machine.set_up(&[]);
    assert_eq!(code, Some(0), "{told}");
    let packages = "gcc libc6-dev chromium fonts-dejavu-core redis-server iproute2";
    assert!(told.contains(&format!("installing {packages}")), "{told}");
    let installs = format!("apt-get install -y -qq --no-install-recommends {packages}\n");
    assert!(machine.log().contains(&installs), "{}", machine.log());
    assert!(!told.contains("leaves out"), "{told}");
    assert_eq!(machine.set_up(&[]), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_installed_is_an_error_for_root_and_the_line_is_told() {
    let machine = Machine::of(ROOT);
    machine.lacks("chromium");
    machine.has("apt-get", "exit 100");
    let (code, told) = machine.set_up(&[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("run: apt-get install -y --no-install-recommends chromium"));
    assert!(told.contains("INSTALL=no"), "{told}");
}

#[test]
fn another_user_is_told_the_line_and_tests_the_rest() {
    let machine = Machine::of(USER);
    machine.lacks("chromium");
    machine.lacks("redis-server");
    let (code, told) = machine.set_up(&[]);
    assert_eq!(code, Some(0), "{told}");
    for says in [
        "run as root: apt-get install -y --no-install-recommends chromium fonts-dejavu-core redis-server\n",
        "make test leaves out: browser stores\n",
    ] {
        assert!(told.contains(says), "{told}");
    }
    let (_, left_out) = machine.set_up(&["--left-out"]);
    assert_eq!(left_out, "browser stores\n");

    let tested = machine.runs("make", &["test"]);
    assert!(tested.status.success(), "{}", text(&tested));
    let told = String::from_utf8_lossy(&tested.stdout);
    assert!(
        told.trim_end()
            .ends_with("make setup tells what is missing"),
        "{told}"
    );
    assert!(told.contains("left out: browser stores;"), "{told}");
    let log = machine.log();
    assert!(!log.contains("apt-get"), "{log}");
    for call in ["cargo fmt --all", "cargo clippy", "cargo doc"] {
        assert!(log.contains(call), "{log}");
    }
    let run = log
        .lines()
        .find(|line| line.starts_with("cargo nextest run"))
        .unwrap_or_else(|| panic!("no tests in {log}"));
    for binary in ["--lib", "--test binary", "--test hunt", "--test sandbox"] {
        assert!(run.contains(binary), "{run}");
    }
    for binary in ["--test browser", "--test stores"] {
        assert!(!run.contains(binary), "{run}");
    }
}

#[test]
fn ci_leaves_nothing_out() {
    let machine = Machine::of(USER);
    machine.lacks("chromium");
    let output = machine.runs("bash", &[".ci/run"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.contains("lacks what these need: browser\n"), "{told}");
    assert!(!machine.log().contains("nextest"), "{}", machine.log());

    let machine = Machine::of(USER);
    let output = machine.runs("bash", &[".ci/run"]);
    assert!(output.status.success(), "{}", text(&output));
    let run = machine.log();
    for binary in ["browser", "stores", "hunt", "repository"] {
        assert!(run.contains(&format!(" --test {binary}")), "{run}");
    }
}

/// Else nothing would be left out by it.
#[test]
fn everything_that_can_be_left_out_is_a_step_or_a_directory_of_tests() {
    let machine = Machine::of(USER);
    for name in ["chromium", "redis-server", "git"] {
        machine.lacks(name);
    }
    machine.has(
        "cargo",
        "case $1 in --version) echo cargo 9.0.0;; fmt|clippy|deny) exit 1;; esac",
    );
    let (code, told) = machine.set_up(&[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("rustup component add rustfmt clippy"),
        "{told}"
    );
    let (_, left_out) = machine.set_up(&["--left-out"]);
    assert_eq!(left_out, "browser stores format lint deny\n");
    let makefile = std::fs::read_to_string(repository().join("Makefile")).expect("a Makefile");
    for name in left_out.split_whitespace() {
        let tests = repository().join("tests").join(name).join("main.rs");
        let is_step = makefile.contains(&format!("\n{name}:\n"));
        assert!(tests.is_file() || is_step, "{name}");
    }
}

#[test]
fn a_compiler_that_cannot_link_is_none() {
    let machine = Machine::of(USER);
    machine.has("cc", "exit 1");
    for arguments in [["build"], ["test"]] {
        let (code, told) = machine.set_up(&arguments);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("apt-get install -y --no-install-recommends gcc libc6-dev"));
        assert!(
            told.contains("nothing can be built without gcc libc6-dev"),
            "{told}"
        );
    }
    let demo = machine.runs("make", &["demo"]);
    assert!(!demo.status.success());
    assert!(!machine.log().contains("cargo build"), "{}", machine.log());
}

#[test]
fn an_old_rust_is_named_before_cargo_reads_the_manifest() {
    for (version, is_enough) in [
        ("1.9.0", false),
        ("1.63.0", false),
        (&format!("{NEEDED}.0"), true),
        (&format!("{NEEDED}.1-nightly"), true),
        ("1.1000.0", true),
        ("2.0.0", true),
    ] {
        let machine = Machine::of(USER);
        machine.has_cargo(version);
        let (code, told) = machine.set_up(&["build"]);
        assert_eq!(code == Some(0), is_enough, "{version}: {told}");
        if !is_enough {
            assert!(
                told.contains(&format!("this is cargo {version}, ")),
                "{told}"
            );
            assert!(told.contains("rustup update"), "{told}");
            for target in ["demo", "test"] {
                assert!(!machine.runs("make", &[target]).status.success());
            }
            let calls = machine.log();
            assert!(
                calls.lines().all(|call| call == "cargo --version"),
                "{calls}"
            );
        }
    }
    let machine = Machine::of(USER);
    machine.lacks("cargo");
    let (code, told) = machine.set_up(&["build"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Rust is missing: install Rust 1."), "{told}");
}

#[test]
fn the_usage_is_told() {
    let machine = Machine::of(ROOT);
    let (code, told) = machine.set_up(&["--help"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.starts_with("Usage: scripts/setup.sh "), "{told}");
    let (code, told) = machine.set_up(&["everything"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("unknown argument: everything"), "{told}");
}
