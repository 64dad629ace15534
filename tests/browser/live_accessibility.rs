//! The live page by axe-core's rules: every tab, light and dark, wide and narrow. What installs axe-core and
//! runs this is `scripts/accessibility.sh`.

use crate::axe::{self, broken_rules};
use crate::chromium::{Browser, Page};
use crate::web_server::WebServer;

const TABS: [&str; 10] = [
    "charts",
    "statistics",
    "failures",
    "races",
    "ratio",
    "backlog",
    "generator",
    "log",
    "files",
    "history",
];
const SCREENS: [(u32, u32, bool); 2] = [(1280, 900, false), (390, 844, true)];

#[test]
fn axe_finds_nothing_wrong_with_the_page() {
    let Some(axe) = axe::script() else { return };
    let mut server = WebServer::start(
        "--sandbox --api-workers 2 --bug oversell=0.05 --profile race-audit -u 20 -r 20 --threshold http_reqs:count<1",
    );
    let browser = Browser::launch();
    let mut found = Vec::new();
    let mut look = |page: &Page, what: &str| {
        let violations = broken_rules(page, &axe);
        found.extend(
            violations
                .into_iter()
                .map(|violation| format!("{what}: {violation}")),
        );
    };
    for (width, height, is_phone) in SCREENS {
        for scheme in ["light", "dark"] {
            let page = browser.blank();
            page.resize(width, height, is_phone);
            page.prefer(scheme);
            let view = format!("{scheme}, {width} wide");
            page.go(&server.url());
            page.wait_until("document.querySelectorAll('#classes li').length >= 13");
            page.wait_until("!document.querySelector('#views').hidden");
            if page.evaluate("document.querySelector('#start').hidden") == true {
                page.click("#new");
            }
            look(&page, &format!("{view}, start form"));
            page.evaluate("document.querySelector('#classes input:checked').click()");
            page.evaluate("[...document.querySelectorAll('#classes input:checked')].forEach((box) => box.click())");
            page.click("#start-button");
            look(&page, &format!("{view}, start form with an error"));
            server.swarm("run_time=30s");
            page.wait_until("document.querySelector('#start').hidden");
            for tab in TABS {
                page.evaluate(&format!("document.querySelector('#tab-{tab}').click()"));
                look(&page, &format!("{view}, running, {tab}"));
            }
            page.evaluate("document.querySelector('#edit').click()");
            look(&page, &format!("{view}, edit"));
            page.evaluate("document.querySelector('#edit-cancel').click()");
            server.post("/stop", "");
            server.when_stopped();
            for tab in TABS {
                page.evaluate(&format!("document.querySelector('#tab-{tab}').click()"));
                look(&page, &format!("{view}, stopped, {tab}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
