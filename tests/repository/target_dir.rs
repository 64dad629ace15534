//! Where cargo builds, as the Makefile and the scripts find it, whichever way cargo was told.

use std::path::Path;
use std::process::Command;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Variables, `{home}` in which is a directory with a configuration file of cargo, and what is found.
const WAYS: &[(&[(&str, &str)], &str)] = &[
    (&[], "{repository}/target"),
    (&[("CARGO_TARGET_DIR", "/by/variable")], "/by/variable"),
    (&[("CARGO_BUILD_TARGET_DIR", "/by/build")], "/by/build"),
    (
        &[
            ("CARGO_TARGET_DIR", "/first"),
            ("CARGO_BUILD_TARGET_DIR", "/second"),
        ],
        "/first",
    ),
    (&[("CARGO_HOME", "{home}")], "/by/file"),
    (
        &[
            ("CARGO_HOME", "{home}"),
            ("CARGO_TARGET_DIR", "/by/variable"),
        ],
        "/by/variable",
    ),
    (
        &[
            ("CARGO_BUILD_TARGET", "some-machine"),
            ("CARGO_TARGET_DIR", "/x"),
        ],
        "/x/some-machine",
    ),
    // Without a cargo to ask, as root has it at the end.
    (&[("CARGO", "/no/cargo")], "target"),
    (&[("CARGO", "/no/cargo"), ("CARGO_TARGET_DIR", "/x")], "/x"),
    (
        &[("CARGO", "/no/cargo"), ("CARGO_BUILD_TARGET_DIR", "/y")],
        "/y",
    ),
];

/// `program` with these variables, and none of cargo's own that say where to build.
fn told(program: &str, arguments: &[&str], variables: &[(&str, &str)], home: &str) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repository());
    for name in [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_TARGET",
        "MAKEFLAGS",
        "CARGO",
    ] {
        command.env_remove(name);
    }
    for (name, value) in variables {
        command.env(name, value.replace("{home}", home));
    }
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_cargo_was_told_is_found() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("config.toml");
    std::fs::write(file, "[build]\ntarget-dir = \"/by/file\"\n").expect("written");
    let home = home.path().display().to_string();
    for (variables, expected) in WAYS {
        let expected = expected.replace("{repository}", &repository().display().to_string());
        let told = told("bash", &["scripts/target-dir.sh"], variables, &home);
        assert_eq!(told.trim_end(), expected, "{variables:?}");
    }
}

/// A target of make that starts what was built, and what it starts.
const STARTED: &[(&str, &str)] = &[
    ("demo", "/by/build/demo/shopblast "),
    ("hunt", "/by/build/release/shopblast hunt"),
    (
        "loadtest-headless",
        "/by/build/release/shopblast --profile load",
    ),
    ("install-assets", "/by/build/release/shopblast man"),
];

#[test]
fn make_starts_what_was_built_there() {
    for (target, started) in STARTED {
        let variables = [("CARGO_BUILD_TARGET_DIR", "/by/build")];
        let told = told(
            "make",
            &["-n", "--no-print-directory", target],
            &variables,
            "",
        );
        assert!(told.contains(started), "{target}: {told}");
    }
}

/// Else one of them would look elsewhere.
#[test]
fn no_other_script_reads_cargos_variables() {
    let scripts = std::fs::read_dir(repository().join("scripts")).expect("a directory");
    let mut seen = 0;
    for entry in scripts.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_script = name.ends_with(".sh") && name != "target-dir.sh";
        // The bare machine has its own.
        if !is_script || name == "first-minutes.sh" {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("text");
        assert!(!text.contains("CARGO_TARGET_DIR"), "{name}");
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
}
