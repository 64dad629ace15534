//! Keeps the repository tidy: rules of the house that the compiler does not know, checked over its
//! own files. A finding names file and line, the rule, and what to do.

use crate::files::{File, files};
use crate::rules::{Finding, RULES, RULES_OF_ALL, circles};

#[test]
fn the_repository_follows_its_rules() {
    let files = files();
    assert!(files.len() > 50, "only {} files were found", files.len());
    let findings = found_in(&files);
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let circles: Vec<String> = circles(&files()).iter().map(Finding::to_string).collect();
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
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

/// What the rules find in these files.
fn found_in(files: &[File]) -> Vec<String> {
    let of_each = files
        .iter()
        .flat_map(|file| RULES.iter().flat_map(|rule| rule(file)));
    let of_all = RULES_OF_ALL.iter().flat_map(|rule| rule(files));
    let findings = of_each.chain(of_all);
    findings.map(|finding| finding.to_string()).collect()
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: Some(text.to_owned()),
    }
}

/// What the rules find in a file of these lines.
fn found(path: &str, text: &str) -> Vec<String> {
    found_in(&[file(path, text)])
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
        (
            "benches/floor/ring.rs",
            "//! X.\n// SAFETY: it is ours.\nlet x = unsafe { f() };\n",
        ),
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
        "benches/floor/floor.rs",
        "//! X.\n// SAFETY: yes.\nunsafe { f() }\n",
        "benches/floor/floor.rs:3:",
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
    speaks(
        "src/run/x.rs",
        "//! X.\nuse crate::{plan, shop::X};\n",
        "src/run/x.rs:2:",
        "run may not know shop",
    );
    speaks(
        "src/hunt/x.rs",
        "//! X.\nfn f(x: crate::sandbox::X) {}\n",
        "src/hunt/x.rs:2:",
        "hunt may not know sandbox",
    );
    assert!(found("src/doctor/x.rs", "//! X.\nuse crate::shop::X;\n").is_empty());
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

/// What the rules find in a page of these lines, beside a few other files.
fn found_on_page(text: &str) -> Vec<String> {
    let picture = File {
        path: "docs/picture.png".to_owned(),
        text: None,
    };
    found_in(&[
        file("docs/page.md", text),
        file(
            "docs/SUMMARY.md",
            "- [Page](page.md)\n- [Other](deep/other.md)\n",
        ),
        file(
            "docs/deep/other.md",
            "# A *heading*, `with code`\n```\n## No heading\n```\n## Twice\n## Twice\n",
        ),
        file("src/lib.rs", "//! X.\n"),
        picture,
    ])
}

#[test]
fn links_that_lead_somewhere_pass() {
    let passing = [
        "[a](deep/other.md), [b](deep/other.md#a-heading-with-code) and [c](../src/lib.rs \"title\")",
        "[a](deep/other.md#twice) [b](deep/other.md#twice-1) [c](deep/) [d](..)",
        "## Here and there\n[a](#here-and-there)",
        "![a](picture.png) <img src=\"picture.png\" alt=\"\">",
        "[a][b]\n\n[b]: deep/other.md#twice",
        "[a](https://example.org/x#y) [b](mailto:x) <http://localhost/y>",
        "`[a](nothing.md)`, and `![b](nothing.png)`",
        "```\n[a](nothing.md)\n```\n~~~sh\n```\n[b](nothing.md)\n~~~\n",
    ];
    for text in passing {
        assert_eq!(found_on_page(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let broken = [
        ("\n[a](nothing.md)", "docs/page.md:2:", "docs/nothing.md"),
        (
            "[a](deep/other.md#no-heading)",
            "docs/page.md:1:",
            "no heading",
        ),
        (
            "[a](deep/other.md#twice-2)",
            "docs/page.md:1:",
            "no heading",
        ),
        ("[a](#here)", "docs/page.md:1:", "no heading"),
        ("[a](../src/lib.rs#x)", "docs/page.md:1:", "no headings"),
        ("![a](pictures.png)", "docs/page.md:1:", "docs/pictures.png"),
        ("<img src=\"no.png\">", "docs/page.md:1:", "docs/no.png"),
        ("[b]: ../no.md", "docs/page.md:1:", "no.md"),
        ("[a](../../x.md)", "docs/page.md:1:", "leaves"),
        ("[a](/docs/page.md)", "docs/page.md:1:", "leaves"),
        ("`code` [a](no.md) `code`", "docs/page.md:1:", "docs/no.md"),
        ("```\n```\n[a](no.md)", "docs/page.md:3:", "docs/no.md"),
    ];
    for (text, place, word) in broken {
        let findings = found_on_page(text);
        assert_eq!(findings.len(), 1, "{text}: {findings:?}");
        assert!(findings[0].starts_with(place), "{findings:?}");
        assert!(findings[0].contains(word), "{findings:?}");
    }
}

#[test]
fn a_chapter_that_is_in_no_list_is_found() {
    let findings = found_in(&[
        file("docs/SUMMARY.md", "- [A](a.md)\n"),
        file("docs/a.md", "# A\n"),
        file("docs/b.md", "# B\n"),
    ]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("docs/b.md:1:"), "{findings:?}");
}

#[test]
fn the_glossary_may_name_only_what_the_code_has() {
    let found_for = |table: &str| {
        let text = format!("`Elsewhere`\n## Glossary\n{table}\n## Next\n| a | `Beyond` |\n");
        found_in(&[
            file("docs/architecture.md", &text),
            file(
                "src/lib.rs",
                "//! X.\n\n// Lost\npub enum Outcome { Refused }\n",
            ),
        ])
    };
    let passing =
        "| Word | In the code |\n|---|---|\n| a | `Outcome`, `Outcome::Refused` | `x.csv` |";
    assert_eq!(found_for(passing), Vec::<String>::new());
    for wrong in ["Outcomes", "Lost", "Outcome::Lost", "Outcome::"] {
        let findings = found_for(&format!("| a | `Outcome`, `{wrong}` | b |"));
        assert_eq!(findings.len(), 1, "{wrong}: {findings:?}");
        assert!(
            findings[0].starts_with("docs/architecture.md:3:"),
            "{findings:?}"
        );
        assert!(findings[0].contains(wrong), "{findings:?}");
    }
    assert_eq!(found_for("nothing").len(), 1, "a glossary without terms");
}

#[test]
fn the_rooms_that_are_described_are_those_that_there_are() {
    let found_for = |rows: &str| {
        let text = format!("## Rooms\n{rows}\n## Glossary\n| a | `Load` |\n");
        found_in(&[
            file("docs/architecture.md", &text),
            file("src/lib.rs", "//! X.\n"),
            file("src/plan/mod.rs", "//! X.\npub enum Load {}\n"),
            file("crates/core/src/stats/mod.rs", "//! X.\n"),
        ])
    };
    let both = "| `plan` | a |\n| `stats` | `b` |";
    assert_eq!(found_for(both), Vec::<String>::new());
    for (rows, place, word) in [
        (
            "| `plan` | a |",
            "docs/architecture.md:1:",
            "`stats` is not under",
        ),
        (
            "| `plan` | a |\n| `stats` | b |\n| `attic` | c |",
            "docs/architecture.md:4:",
            "no room `attic`",
        ),
    ] {
        let findings = found_for(rows);
        assert_eq!(findings.len(), 1, "{rows}: {findings:?}");
        assert!(findings[0].starts_with(place), "{findings:?}");
        assert!(findings[0].contains(word), "{findings:?}");
    }
}
