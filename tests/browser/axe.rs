//! axe-core, where `scripts/accessibility.sh` has put it: the rules of accessible pages, on a page as it
//! is shown.

use crate::chromium::{Browser, Page};
use std::path::{Path, PathBuf};

/// Each look of a page: its scheme, width, height, and whether the screen is a phone's.
pub const LOOKS: [(&str, u32, u32, bool); 4] = [
    ("light", 1280, 900, false),
    ("dark", 1280, 900, false),
    ("light", 390, 844, true),
    ("dark", 390, 844, true),
];

/// Every rule that axe-core has, in one line an element that breaks one.
const BROKEN: &str = "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.flatMap(({id, nodes}) => nodes.map(({target, any, all, none}) => `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({message}) => message).join('; ')}`)))";

fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("accessibility/node_modules/axe-core/axe.min.js")
}

/// The script; without it this says that the test was skipped.
pub fn script() -> Option<String> {
    let script = std::fs::read_to_string(place()).ok();
    if script.is_none() {
        eprintln!("skipped: there is no axe-core; scripts/accessibility.sh installs it");
    }
    script
}

/// What breaks a rule on the page as it is now.
pub fn broken_rules(page: &Page, script: &str) -> Vec<String> {
    if page.evaluate("typeof axe") == "undefined" {
        page.evaluate(&format!("{{ {script} }} 0"));
    }
    let found = page.evaluate(BROKEN);
    let lines = found.as_array().expect("a list").iter();
    lines
        .map(|line| line.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Shows `url` in every look, has `prepare` wait for it or open what is closed, and checks it.
///
/// # Panics
/// When an element breaks a rule: all of them are named.
pub fn is_accessible(browser: &Browser, script: &str, url: &str, prepare: impl Fn(&Page)) {
    let mut found = Vec::new();
    for (scheme, width, height, is_phone) in LOOKS {
        let page = browser.blank();
        page.prefer(scheme);
        page.resize(width, height, is_phone);
        page.go(url);
        prepare(&page);
        let broken = broken_rules(&page, script).into_iter();
        found.extend(broken.map(|line| format!("{scheme}, {width} wide: {line}")));
    }
    assert!(found.is_empty(), "{url}\n{}", found.join("\n"));
}
