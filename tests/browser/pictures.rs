//! The pictures of the page in `docs/`: taken by `scripts/screenshots.sh`, not by every test run.

use crate::chromium::{Browser, Page};
use crate::web_server::WebServer;
use std::path::Path;

fn take(page: &Page, name: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    std::fs::write(place, page.screenshot(false)).expect("written");
}

/// A race audit of a shop that really races, and has a fault.
#[test]
#[ignore = "writes pictures into docs/"]
fn pictures_of_the_page() {
    let mut server = WebServer::start(
        "--sandbox --api-workers 4 --service-time exponential:4ms --conflicts 409 --bug oversell=0.02",
    );
    let browser = Browser::launch();
    let page = browser.blank();
    page.resize(1440, 960, false);
    page.prefer("light");
    page.go(&server.url());
    page.wait_until("document.querySelectorAll('#classes li').length >= 13");
    page.wait_until("!document.querySelector('#start').hidden");
    page.evaluate(
        "(document.querySelector('#profile').value = 'load',
          document.querySelector('#profile').dispatchEvent(new Event('change')))",
    );
    take(&page, "web-start.png");

    server.swarm("user_count=40&spawn_rate=4&run_time=60s&user_classes=MixedWorkloadUser=3&user_classes=RaceAuditUser&pacing=class");
    page.wait_until("document.querySelector('#state').textContent === 'running'");
    server.stats_when("a while", |stats| {
        stats["stats"].as_array().is_some_and(|rows| {
            rows.last()
                .is_some_and(|all| all["num_requests"].as_u64() > Some(9_000))
        })
    });
    page.click("#tab-charts");
    take(&page, "web-charts.png");
    page.prefer("dark");
    page.click("#tab-statistics");
    page.wait_until("document.querySelectorAll('#panel-statistics tbody tr').length > 20");
    take(&page, "web-statistics-dark.png");
    page.click("#tab-races");
    page.wait_until("document.querySelectorAll('#panel-races tbody tr').length > 5");
    take(&page, "web-races-dark.png");
    server.post("/stop", "");
    server.when_stopped();
    page.prefer("light");
    page.click("#tab-charts");
    page.resize(390, 844, true);
    page.evaluate("scrollTo(0, 0)");
    page.wait_until("document.querySelector('#chart-rate canvas').clientWidth < 390");
    take(&page, "web-phone.png");
}
