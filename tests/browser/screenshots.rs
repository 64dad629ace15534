//! Pictures of the pages for the documentation, taken by `scripts/screenshots.sh`.

use crate::chromium::{Browser, Page};
use crate::comparison_page::Compared;
use crate::hunt_page::Hunted;
use crate::invocation::run;
use std::path::{Path, PathBuf};

const RUN: &str = "--profile race-audit --sandbox --api-workers 2 --bug oversell=0.003 -u 48 -r 12 -t 20s --seed 5";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn save(page: &Page, name: &str) {
    std::fs::create_dir_all(docs()).expect("made");
    std::fs::write(docs().join(name), page.screenshot(false)).expect("written");
}

#[test]
#[ignore = "writes pictures into docs"]
fn the_report_light_and_dark_wide_and_narrow() {
    let ended = run(RUN);
    let address = format!("file://{}/report.html", ended.record_directory().display());
    let browser = Browser::launch();
    let views = [
        ("report-light.png", "light", 1180, 1010, false, "#verdict"),
        ("report-dark.png", "dark", 1180, 900, false, "#latencies"),
        ("report-races.png", "light", 1180, 1000, false, "#contests"),
        ("report-phone.png", "light", 390, 1100, true, "#verdict"),
        (
            "report-phone-dark.png",
            "dark",
            390,
            1100,
            true,
            "#over-time",
        ),
    ];
    for (name, scheme, width, height, is_phone, section) in views {
        let page = browser.blank();
        page.prefer(scheme);
        page.resize(width, height, is_phone);
        page.go(&address);
        page.wait_until("document.documentElement.dataset.ready");
        if section != "#verdict" {
            page.evaluate(&format!(
                "document.querySelector({section:?}).scrollIntoView({{behavior: 'instant'}})"
            ));
            page.evaluate(
                "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
            );
        }
        save(&page, name);
    }
}

#[test]
#[ignore = "writes pictures into docs"]
fn a_hunt_and_a_comparison() {
    let sides = ["--service-time 2ms", "--service-time 1500us"];
    let compared = Compared::of(4, "-t 5s", sides, "2 ms,1.5 ms");
    let hunted = Hunted::new();
    let browser = Browser::launch();
    for (name, url) in [("hunt.png", hunted.url()), ("compare.png", compared.url())] {
        let page = browser.blank();
        page.prefer("light");
        page.resize(1180, 1000, false);
        page.go(&url);
        page.wait_until("document.documentElement.dataset.ready");
        save(&page, name);
    }
}
