//! The rule against circles, over small made-up trees.

use super::super::File;
use super::circles;

/// What the rule says of a tree of files.
fn said(tree: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<File> = tree
        .iter()
        .map(|(path, text)| File {
            path: (*path).to_owned(),
            text: Some((*text).to_owned()),
        })
        .collect();
    let findings = circles(&files);
    findings.iter().map(ToString::to_string).collect()
}

/// Checks that a tree has one circle, with these ties.
fn has_circle(tree: &[(&str, &str)], ties: &[&str]) {
    let said = said(tree);
    assert_eq!(said.len(), 1, "{said:?}");
    let found: Vec<&str> = said[0].lines().skip(1).map(str::trim).collect();
    assert_eq!(found, ties, "{said:?}");
}

fn has_none(tree: &[(&str, &str)]) {
    assert_eq!(said(tree), Vec::<String>::new());
}

#[test]
fn a_child_that_takes_its_parents_error_closes_a_circle() {
    has_circle(
        &[
            ("src/lib.rs", "mod server;"),
            (
                "src/server/mod.rs",
                "mod door;\nuse door::open;\n\npub enum ServerError { Shut }\nfn f() { open() }\n",
            ),
            (
                "src/server/door.rs",
                "use super::ServerError;\npub fn open() -> ServerError { ServerError::Shut }\n",
            ),
        ],
        &[
            "src/server/door.rs:1 takes ServerError from src/server/mod.rs",
            "src/server/mod.rs:2 takes open from src/server/door.rs",
        ],
    );
}

#[test]
fn a_circle_of_three_is_told_once_with_every_tie() {
    has_circle(
        &[
            ("src/lib.rs", "mod a;\nmod b;\nmod c;"),
            ("src/a.rs", "use crate::b::{B, other};\npub struct A;"),
            (
                "src/b.rs",
                "pub struct B;\npub fn other() {\n    crate::c::run();\n}",
            ),
            ("src/c.rs", "pub fn run() { let _ = super::a::A; }"),
        ],
        &[
            "src/a.rs:1 takes B, other from src/b.rs",
            "src/b.rs:3 takes run from src/c.rs",
            "src/c.rs:1 takes A from src/a.rs",
        ],
    );
}

#[test]
fn two_circles_are_two_findings() {
    let said = said(&[
        ("src/a.rs", "use crate::b::B;\npub struct A;"),
        ("src/b.rs", "use crate::a::A;\npub struct B;"),
        (
            "src/c.rs",
            "use crate::d::D;\nuse crate::a::A;\npub struct C;",
        ),
        ("src/d.rs", "use crate::c::C;\npub struct D;"),
        ("src/lib.rs", ""),
    ]);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("src/a.rs:1: 2 files"), "{said:?}");
    assert!(said[1].starts_with("src/c.rs:1: 2 files"), "{said:?}");
}

#[test]
fn handing_on_is_not_importing() {
    let door = (
        "src/server/door.rs",
        "use super::Key;\npub struct Door(Key);",
    );
    let key = ("src/server/key.rs", "pub struct Key;");
    has_none(&[
        ("src/lib.rs", ""),
        (
            "src/server/mod.rs",
            "mod door;\nmod key;\npub use door::Door;\npub(crate) use key::Key;",
        ),
        door,
        key,
    ]);
    // The parent gives the door something that it defines, and uses what it hands on.
    has_circle(
        &[
            ("src/lib.rs", ""),
            (
                "src/server/mod.rs",
                "mod door;\npub use door::Door;\npub struct Key;\npub struct House(Door);",
            ),
            door,
        ],
        &[
            "src/server/door.rs:1 takes Key from src/server/mod.rs",
            "src/server/mod.rs:4 takes Door from src/server/door.rs",
        ],
    );
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    has_circle(
        &[
            ("src/lib.rs", ""),
            (
                "src/plan/mod.rs",
                "mod load;\npub use load::{Load as Burden, *};",
            ),
            (
                "src/plan/load.rs",
                "use crate::run::Face;\npub struct Load;\npub struct Stage;",
            ),
            (
                "src/run.rs",
                "use crate::plan::{self, Burden};\npub struct Face;\nfn f() { plan::Stage; }",
            ),
        ],
        &[
            "src/plan/load.rs:1 takes Face from src/run.rs",
            "src/run.rs:1 takes Load, Stage from src/plan/load.rs",
        ],
    );
}

#[test]
fn a_name_that_a_macro_makes_belongs_to_the_file_of_its_path() {
    has_circle(
        &[
            ("src/lib.rs", ""),
            ("src/a.rs", "use super::b::Made;\npub struct A;"),
            ("src/b.rs", "use super::a::*;\nmake! { Made }"),
        ],
        &[
            "src/a.rs:1 takes Made from src/b.rs",
            "src/b.rs:1 takes * from src/a.rs",
        ],
    );
}

#[test]
fn a_module_alone_is_nothing_until_something_in_it_is_named() {
    let b = ("src/b.rs", "use super::a;\npub struct B;");
    has_none(&[
        ("src/lib.rs", ""),
        ("src/a.rs", "use super::b::B;\npub fn f() {}"),
        b,
    ]);
    has_circle(
        &[
            ("src/lib.rs", ""),
            ("src/a.rs", "use super::b::B;\npub fn f() {}"),
            (
                "src/b.rs",
                "use super::a;\npub struct B;\nfn g() { a::f(); }",
            ),
        ],
        &[
            "src/a.rs:1 takes B from src/b.rs",
            "src/b.rs:3 takes f from src/a.rs",
        ],
    );
}

#[test]
fn comments_and_strings_are_no_imports() {
    has_none(&[
        ("src/lib.rs", ""),
        ("src/a.rs", "use crate::b::B;\npub struct A;"),
        (
            "src/b.rs",
            concat!(
                "//! See [`crate::a::A`].\n/* use crate::a::A; /* again */ use crate::a::A; */\n",
                "pub struct B;\nconst C: [&str; 4] = [\"crate::a::A \\\" crate::a::A\",\n",
                "    r#\"use \"crate::a::A\";\"#, \"'\", r\"\\\"];\n",
                "fn f<'a>(_: &'a str) -> char { '\"' }\nconst D: &[u8] = b\"crate::a::A\";\n",
            ),
        ),
    ]);
}

#[test]
fn what_follows_a_string_or_a_letter_is_read() {
    let texts = [
        "const C: &str = \"\\\\\"; use crate::a::A;\npub struct B;",
        "const C: char = '\\''; use crate::a::A;\npub struct B;",
        "const C: &str = r##\"a\"# \"##; use crate::a::A;\npub struct B;",
        "/* a /* b */ c */ use crate::a::A;\npub struct B;",
        "const C: [f64; 2] = [1.0, 2.5e3]; use crate::a::A;\npub struct B;",
    ];
    for text in texts {
        has_circle(
            &[
                ("src/lib.rs", ""),
                ("src/a.rs", "use crate::b::B;\npub struct A;"),
                ("src/b.rs", text),
            ],
            &[
                "src/a.rs:1 takes B from src/b.rs",
                "src/b.rs:1 takes A from src/a.rs",
            ],
        );
    }
}

#[test]
fn what_only_tests_see_does_not_count() {
    has_none(&[
        ("src/lib.rs", ""),
        ("src/a.rs", "use crate::b::B;\npub struct A;"),
        (
            "src/b.rs",
            concat!(
                "#[cfg(test)]\nuse crate::a::A;\npub struct B;\n",
                "#[cfg(test)]\n#[allow(dead_code)]\nfn made_up() { crate::a::A; }\n",
                "#[cfg(test)]\nimpl<T, U> From<(T, U)> for B {\n    fn from() { crate::a::A; }\n}\n",
                "pub struct C {\n    #[cfg(test)]\n    a: crate::a::A,\n    b: u8,\n}\n",
                "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n#[cfg(test)]\nmod more;\n",
            ),
        ),
        ("src/b/more.rs", "use crate::a::A;\nuse super::B;"),
        (
            "src/b/more/yet.rs",
            "use crate::a::A;\nuse super::super::B;",
        ),
    ]);
}

#[test]
fn members_and_other_crates_are_not_files() {
    has_none(&[
        ("src/lib.rs", ""),
        (
            "src/a.rs",
            "use crate::b::B;\npub struct A;\npub fn fmt() {}",
        ),
        (
            "src/b.rs",
            "use std::fmt;\nuse serde::{self, Serialize as A};\npub struct B;\n\
             fn f(x: B) -> fmt::Result { x.fmt(); <B as A>::a::A(x) }",
        ),
    ]);
}
