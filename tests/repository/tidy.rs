//! Keeps the repository tidy: rules of the house that the compiler does not know, checked over its
//! own files. A finding names file and line, the rule, and what to do.

use crate::files::{File, files};
use crate::rules::{Finding, RULES};

#[test]
fn the_repository_follows_its_rules() {
    let files = files();
    assert!(files.len() > 50, "only {} files were found", files.len());
    let findings: Vec<String> = files
        .iter()
        .flat_map(|file| RULES.iter().flat_map(|rule| rule(file)))
        .map(|finding: Finding| finding.to_string())
        .collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn lock_files_are_kept() {
    let files = files();
    for path in ["Cargo.lock", "fuzz/Cargo.lock"] {
        assert!(
            files.iter().any(|file| file.path == path),
            "{path} is missing: commit it, so that every build takes the same dependencies"
        );
    }
}

/// What the rules find in a file of these lines.
fn found(path: &str, text: &str) -> Vec<String> {
    let file = File {
        path: path.to_owned(),
        text: Some(text.to_owned()),
    };
    let findings = RULES.iter().flat_map(|rule| rule(&file));
    findings.map(|finding| finding.to_string()).collect()
}

/// Checks that exactly one rule speaks, at a place and with a word.
fn speaks(path: &str, text: &str, place: &str, word: &str) {
    let findings = found(path, text);
    assert_eq!(findings.len(), 1, "{path} {text:?}: {findings:?}");
    assert!(findings[0].starts_with(place), "{findings:?}");
    assert!(findings[0].contains(word), "{findings:?}");
}

#[test]
fn files_that_follow_the_rules_pass() {
    let passing = [
        ("src/plan/x.rs", "//! X.\n\nuse super::Load;\n"),
        (
            "src/stats/x.rs",
            "//! X.\n\nuse crate::plan::{self, Plan};\n",
        ),
        (
            "src/sandbox/x.rs",
            "//! X.\n\nuse crate::shop::X;\nuse crate::{engine::now_ns, stats};\n",
        ),
        (
            "src/cli/x.rs",
            "//! X.\n\nuse crate::{plan::A, shop::{B, plan}};\n// crate::cli\n",
        ),
        (
            "src/engine/x.rs",
            "//! X.\n// SAFETY: it is ours.\nlet x = unsafe { f() };\n",
        ),
        ("src/engine/x.rs", "//! X.\n#![deny(unsafe_code)]\n"),
        ("src/main.rs", "//! X.\nuse shopblast::cli;\n"),
        (
            "README.md",
            "see ./profiles and http://localhost/home/page\n",
        ),
    ];
    for (path, text) in passing {
        assert_eq!(found(path, text), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn every_rule_can_speak() {
    let marker = concat!("TO", "DO");
    let long = format!("//! X.\n{}", "\n".repeat(600));
    speaks("src/plan/x.rs", "use std::io;\n", "src/plan/x.rs:1:", "//!");
    speaks("tests/x.rs", &long, "tests/x.rs:601:", "600");
    speaks("src/main.rs", &long[..100], "src/main.rs:80:", "80");
    speaks(
        "src/run/x.rs",
        "//! X.\n// SAFETY: yes.\nunsafe { f() }\n",
        "src/run/x.rs:3:",
        "src/engine",
    );
    speaks(
        "src/engine/x.rs",
        "//! X.\n\nunsafe { f() }\n",
        "src/engine/x.rs:3:",
        "SAFETY",
    );
    speaks(
        "src/engine/x.rs",
        "//! X.\nunsafe impl Send for X {}\n",
        "src/engine/x.rs:2:",
        "SAFETY",
    );
    speaks(
        "src/run/x.rs",
        &format!("//! X.\n// {marker}: more\n"),
        "src/run/x.rs:2:",
        marker,
    );
    speaks(
        "src/run/x.rs",
        concat!("//! X.\nfn f() { to", "do!() }\n"),
        "src/run/x.rs:2:",
        "finish",
    );
    speaks(
        "docs/x.md",
        concat!("a FIX", "ME here\n"),
        "docs/x.md:1:",
        "FIX",
    );
    speaks(
        "src/run/utils.rs",
        "//! X.\n",
        "src/run/utils.rs:1:",
        "utils",
    );
    speaks(
        "tests/helpers/x.txt",
        "",
        "tests/helpers/x.txt:1:",
        "helpers",
    );
    speaks(
        "src/run/x.rs",
        "//! X.\npub mod common;\n",
        "src/run/x.rs:2:",
        "common",
    );
    speaks(
        "src/plan/x.rs",
        "//! X.\nuse crate::stats::X;\n",
        "src/plan/x.rs:2:",
        "plan may not import stats",
    );
    speaks(
        "src/engine/x.rs",
        "//! X.\nfn f(x: crate::shop::X) {}\n",
        "src/engine/x.rs:2:",
        "engine may not import shop",
    );
    speaks(
        "src/shop/x.rs",
        "//! X.\nuse crate::{plan, sandbox::X};\n",
        "src/shop/x.rs:2:",
        "shop may not import sandbox",
    );
    speaks(
        "src/report/x.rs",
        "//! X.\nuse crate::{\n    plan,\n    run::X,\n};\n",
        "src/report/x.rs:2:",
        "report may not import run",
    );
    speaks("src/attic/x.rs", "//! X.\n", "src/attic/x.rs:1:", "attic");
    speaks(
        "x.toml",
        concat!("path = \"/ho", "me/me/x\"\n"),
        "x.toml:1:",
        "path",
    );
    speaks(
        "tests/x.rs",
        concat!(
            "//! X.\nconst X: &str = env!(\"CARGO_BIN_",
            "EXE_shopblast\");\n"
        ),
        "tests/x.rs:2:",
        "tests/invocation",
    );
    speaks("x.md", concat!("see ../sha", "red/x\n"), "x.md:1:", "path");
}
