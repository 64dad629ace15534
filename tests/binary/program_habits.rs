//! What one expects of a program beside its work: it says which build it is, explains itself, and is
//! installed and packed with what shells and editors need. Run as its user would run it.

use shopblast::shop::Profile;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Most lines and columns of the short help: two screens.
const TWO_SCREENS: (usize, usize) = (100, 100);

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `shopblast` with these arguments.
fn shopblast(arguments: &[&str]) -> Output {
    let mut command = crate::invocation::shopblast();
    command.args(arguments).output().expect("the binary starts")
}

/// What it prints when it ends well.
fn printed(arguments: &[&str]) -> String {
    let output = shopblast(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What it says when it refuses.
fn refused(arguments: &[&str]) -> String {
    let output = shopblast(arguments);
    assert_eq!(output.status.code(), Some(104), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn the_version_names_commit_and_build() {
    let version = printed(&["--version"]);
    assert_eq!(printed(&["version"]), version);
    let head = format!("shopblast {} (", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&head), "{version}");
    for word in ["build:", "rustc ", "features:", "drivers:", "uring"] {
        assert!(version.contains(word), "{word}: {version}");
    }
    let short = printed(&["-V"]);
    assert_eq!(short.lines().count(), 1, "{short}");
    assert_eq!(version.lines().next(), Some(short.trim_end()));
    let commit = version.split(['(', ')']).nth(1).expect("a commit");
    let hash = commit.trim_end_matches("-dirty");
    let is_hash = hash.len() >= 7 && hash.chars().all(|c| c.is_ascii_hexdigit());
    assert!(
        is_hash || std::env::var_os("SOURCE_COMMIT").is_some() || hash == "unknown",
        "{commit}"
    );
}

#[test]
fn the_commands_are_words_that_can_be_asked_for() {
    let help = printed(&["help"]);
    assert!(help.contains("Usage: shopblast") && help.contains("Examples:"));
    let of_hunts = printed(&["help", "hunt"]);
    assert!(of_hunts.contains("--slo <EXPR>"), "{of_hunts}");
    let unknown = refused(&["help", "hnt"]);
    assert!(unknown.contains("unrecognized subcommand"), "{unknown}");
}

#[test]
fn the_short_help_takes_two_screens_and_begins_with_what_matters() {
    let help = printed(&["-h"]);
    let (lines, columns) = TWO_SCREENS;
    assert!(help.lines().count() <= lines, "{}", help.lines().count());
    let widest = help.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(columns), "{widest:?}");
    let headings: Vec<&str> = help
        .lines()
        .filter(|line| line.ends_with(':') && !line.starts_with(' '))
        .collect();
    let expected = [
        "Examples:",
        "Commands:",
        "Arguments:",
        "Load:",
        "Target:",
        "Output:",
    ];
    assert_eq!(&headings[..expected.len()], expected, "{headings:?}");
    assert_eq!(headings.last(), Some(&"Help:"));
    assert!(!help.contains("--drain-rate") && help.contains("--help-sandbox"));
}

#[test]
fn the_embedded_shop_has_a_help_of_its_own_and_is_in_the_long_one() {
    let of_shop = printed(&["--help-sandbox"]);
    let all = printed(&["--help"]);
    for flag in [
        "--service-time <DIST>",
        "--chaos <NAME=P>",
        "--drain-rate <N>",
    ] {
        assert!(of_shop.contains(flag), "{flag}: {of_shop}");
        assert!(all.contains(flag), "{flag}");
    }
    assert!(!of_shop.contains("--users"), "{of_shop}");
    assert_eq!(printed(&["hunt", "--help-sandbox"]), of_shop);
    assert!(printed(&["sandbox", "-h"]).contains("--service-time <DIST>"));
}

#[test]
fn a_flag_of_another_tool_is_answered_with_ours() {
    for (arguments, expected) in [
        (&["--vus", "5"][..], "--vus of k6 is --users here"),
        (&["-c", "100"], "-c of wrk is --users here"),
        (
            &["--duration=30s"],
            "--duration of wrk and k6 is --run-time here",
        ),
        (&["-f", "locustfile.py"], "-f of Locust is --profile here"),
        (&["--latency"], "--latency of wrk is not needed here"),
        (&["hunt", "--duration", "1m"], "is --run-time here"),
    ] {
        let message = refused(arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    let elsewhere = refused(&["report", "--duration", "1"]);
    assert!(!elsewhere.contains("k6"), "{elsewhere}");
}

#[test]
fn completions_are_scripts_that_their_shells_accept() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("--spawn-rate") || script.contains("-l spawn-rate"));
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("script");
        std::fs::write(&path, script).expect("written");
        // Shells that are not here cannot be asked.
        if let Ok(output) = Command::new(shell).arg("-n").arg(&path).output() {
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }
    assert!(refused(&["completions", "tcsh"]).contains("bash, zsh, fish"));
}

/// The names of a directory's files.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn manual_pages_are_printed_or_written() {
    let page = printed(&["man"]);
    assert!(page.contains(".TH shopblast 1"), "{page}");
    let directory = tempfile::tempdir().expect("a directory");
    let pages: PathBuf = directory.path().join("share/man1");
    let path = pages.to_str().expect("text");
    assert_eq!(printed(&["man", "--dir", path]), "");
    assert_eq!(
        std::fs::read_to_string(pages.join("shopblast.1")).ok(),
        Some(page)
    );
    let of_hunts = std::fs::read_to_string(pages.join("shopblast-hunt.1")).expect("a page");
    assert_eq!(printed(&["man", "hunt"]), of_hunts);
    assert!(names_in(&pages).len() > 8);
    assert!(refused(&["man", "hnt"]).contains("no manual page of `hnt`"));
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("written");
    let below = file.join("man1");
    let message = refused(&["man", "--dir", below.to_str().expect("text")]);
    let says = format!("--dir: cannot write {}", below.display());
    assert!(message.contains(&says), "{message}");
}

#[test]
fn the_embedded_shop_alone_is_something_to_run() {
    let results = tempfile::tempdir().expect("a directory");
    let path = results.path().to_str().expect("text");
    let line = ["--sandbox", "-t", "1s", "--no-tui", "--results", path];
    let output = shopblast(&line);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{output:?}");
    let first = said.lines().next().unwrap_or_default();
    assert!(
        first.contains("profile smoke, 5 users at most, 1 s"),
        "{said}"
    );
    let runs = names_in(results.path());
    assert!(runs.len() == 1 && runs[0].contains("smoke"), "{runs:?}");
    let quiet = [&line[..], &["--quiet"]].concat();
    let output = shopblast(&quiet);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("no profile"));
}

const PROFILE_SCHEMA: &str = "schema/profile.schema.json";

#[test]
fn the_committed_schema_of_profiles_is_that_of_the_types() {
    let path = repository().join(PROFILE_SCHEMA);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, Profile::schema_text()).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == Profile::schema_text(),
        "{PROFILE_SCHEMA} is out of date; refresh it with `BLESS_GOLDEN=1 cargo test \
         the_committed_schema_of_profiles`"
    );
}

/// The text of a file of the repository.
fn text(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_seccomp_profile_lets_io_uring_through_and_no_namespaces() {
    let profile: serde_json::Value =
        serde_json::from_str(&text("deploy/seccomp.json")).expect("JSON");
    assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
    let rules = profile["syscalls"].as_array().expect("rules");
    let of_name = |name: &str| {
        let named = rules.iter().filter(|rule| {
            let names = rule["names"].as_array().expect("names");
            names.iter().any(|known| known == name)
        });
        named.collect::<Vec<_>>()
    };
    for name in [
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "epoll_wait",
        "execve",
    ] {
        let rules = of_name(name);
        assert!(
            rules.len() == 1 && rules[0].get("args").is_none(),
            "{name}: {rules:?}"
        );
        assert_eq!(rules[0]["action"], "SCMP_ACT_ALLOW", "{name}");
    }
    for name in [
        "mount",
        "unshare",
        "setns",
        "bpf",
        "ptrace",
        "init_module",
        "reboot",
    ] {
        assert!(of_name(name).is_empty(), "{name}");
    }
    // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
    assert_eq!(of_name("clone")[0]["args"][0]["value"], 0x7e02_0000);
    assert_eq!(of_name("clone3")[0]["errnoRet"], 38);
}

#[test]
fn the_containerfile_copies_what_there_is_and_all_that_is_compiled_in() {
    let text = text("deploy/Containerfile");
    let copied: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[..words.len() - 1].to_vec()
        })
        .collect();
    for path in &copied {
        assert!(repository().join(path).exists(), "{path}");
    }
    for path in [
        "src",
        "build.rs",
        "Cargo.lock",
        "profiles",
        "templates",
        "assets",
    ] {
        assert!(copied.contains(&path), "{path}");
    }
    let images = text.lines().filter_map(|line| line.strip_prefix("FROM "));
    for image in images {
        assert!(!image.contains('/'), "{image}: by its short name");
    }
}

/// Runs a target of the Makefile that builds nothing: the test's own program stands for the release.
fn make(target: &str, variables: &[String]) -> Output {
    Command::new("make")
        .args(["--no-print-directory", target])
        .args(variables)
        .env_remove("MAKEFLAGS")
        .current_dir(repository())
        .output()
        .expect("make runs")
}

#[test]
fn what_is_installed_is_removed_again() {
    let place = tempfile::tempdir().expect("a directory");
    let variables = [
        format!("DESTDIR={}/", place.path().display()),
        "PREFIX=usr".to_owned(),
        "CARGO=no-such-cargo".to_owned(),
        format!("BUILT={}", crate::invocation::PROGRAM),
        format!("ASSETS_DIR={}/assets", place.path().display()),
    ];
    let output = make("install", &variables);
    assert!(output.status.success(), "{output:?}");
    let share = place.path().join("usr/share");
    for path in [
        "man/man1/shopblast.1",
        "man/man1/shopblast-hunt.1",
        "bash-completion/completions/shopblast",
        "zsh/site-functions/_shopblast",
        "fish/vendor_completions.d/shopblast.fish",
    ] {
        let length = std::fs::metadata(share.join(path)).map(|file| file.len());
        assert!(length.is_ok_and(|length| length > 200), "{path}");
    }
    let installed = place.path().join("usr/bin/shopblast");
    let version = Command::new(&installed)
        .arg("-V")
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&version.stdout), printed(&["-V"]));
    let output = make("uninstall", &variables);
    assert!(output.status.success(), "{output:?}");
    assert!(!installed.exists());
    assert_eq!(names_in(&share.join("man/man1")), Vec::<String>::new());
}

#[test]
fn every_way_to_install_is_in_the_help_and_a_missing_tool_is_named() {
    let output = make("help", &[]);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for target in ["install", "uninstall", "deb", "container"] {
        assert!(
            help.contains(&format!("make {target} ")),
            "{target}: {help}"
        );
    }
    let output = make("deb", &["CARGO=no-such-cargo".to_owned()]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cargo install cargo-deb"), "{said}");
}

#[test]
fn the_package_takes_files_that_there_are() {
    let manifest: toml::Value = toml::from_str(&text("Cargo.toml")).expect("TOML");
    let assets = &manifest["package"]["metadata"]["deb"]["assets"];
    for asset in assets.as_array().expect("assets") {
        let source = asset[0].as_str().expect("a path");
        // What is built, and what make install-assets writes.
        if source.starts_with("target/release/") {
            continue;
        }
        let found = glob::glob(&repository().join(source).to_string_lossy());
        assert!(
            found.is_ok_and(|mut paths| paths.next().is_some()),
            "{source}"
        );
    }
}
