//! Pages by axe-core's rules, light and dark, on a desktop's screen and on a phone's. What installs
//! axe-core and runs this is `scripts/accessibility.sh`.

use crate::axe;
use crate::chromium::{Browser, Page};
use crate::comparison_page::Compared;
use crate::hunt_page::Hunted;
use crate::invocation::run;

const RUN: &str = "--profile race-audit --sandbox --bug oversell=0.05 -u 16 -t 3s";

/// What is folded away has to be accessible, too; of many alike one is enough.
fn unfolded(page: &Page) {
    page.wait_until("document.documentElement.dataset.ready");
    page.evaluate("document.querySelectorAll('details details.witness').forEach((one, place) => { if (place > 2) one.remove(); })");
    page.evaluate(
        "document.querySelectorAll('details').forEach((details) => { details.open = true; })",
    );
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
    );
}

fn page_with(body: &str) -> String {
    let page = format!(
        "<!doctype html><html lang='en'><title>t</title><meta name='viewport' content='width=device-width'><main><h1>t</h1>{body}</main>"
    );
    format!("data:text/html,{}", page.replace('#', "%23"))
}

#[test]
fn what_breaks_a_rule_is_found() {
    let Some(script) = axe::script() else { return };
    let browser = Browser::launch();
    axe::is_accessible(&browser, &script, &page_with("<p>good</p>"), |_| {});
    let pale = "<p style='color:#aaa;background:#fff'>pale</p>";
    let nested = "<div role='img'><button>in it</button></div>";
    let page = browser.open(&page_with(&format!("{pale}{nested}")));
    let broken = axe::broken_rules(&page, &script);
    for rule in ["color-contrast", "nested-interactive"] {
        let is_found = broken.iter().any(|line| line.starts_with(rule));
        assert!(is_found, "{rule}: {broken:?}");
    }
}

#[test]
fn a_report_is_accessible() {
    let Some(script) = axe::script() else { return };
    let ended = run(RUN);
    let url = format!("file://{}/report.html", ended.record_directory().display());
    axe::is_accessible(&Browser::launch(), &script, &url, |page| {
        unfolded(page);
        // Lines that are off, and a span that can be left.
        page.click("#chart-latency .u-legend .u-series:nth-child(2) th");
        page.drag_across("#chart-throughput .u-over", 0.2, 0.7);
        page.wait_until("!document.querySelector('#whole-time').disabled");
    });
}

#[test]
fn a_hunt_is_accessible() {
    let Some(script) = axe::script() else { return };
    let hunted = Hunted::new();
    axe::is_accessible(&Browser::launch(), &script, &hunted.url(), unfolded);
}

#[test]
fn a_comparison_is_accessible() {
    let Some(script) = axe::script() else { return };
    let browser = Browser::launch();
    // One run a side is not judged.
    for runs in [1, 2] {
        let compared = Compared::of(runs, "-t 1s", ["--service-time 1ms"; 2], "old,new");
        axe::is_accessible(&browser, &script, &compared.url(), |page| {
            unfolded(page);
            page.click(".sides button");
        });
    }
}
