//! `hunt.html` in a real Chromium: axes say what they show, and points what they stand for.

use crate::chromium::{Browser, Page};
use crate::drawn;
use shopblast::hunt::{HuntRecord, hunt_page};
use tempfile::TempDir;

const RECORD: &str = include_str!("../golden/hunt.json");

/// The page of a hunt that has everything.
pub struct Hunted {
    directory: TempDir,
}

impl Hunted {
    pub fn new() -> Self {
        let record = HuntRecord::read(RECORD).expect("a hunt");
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("hunt.html"), hunt_page(&record)).expect("written");
        Self { directory }
    }

    pub fn url(&self) -> String {
        format!("file://{}/hunt.html", self.directory.path().display())
    }
}

fn open(browser: &Browser, hunted: &Hunted) -> Page {
    let page = browser.blank();
    page.resize(1280, 900, false);
    drawn::keep(&page);
    page.go(&hunted.url());
    page.wait_until("document.documentElement.dataset.ready");
    page
}

#[test]
fn a_hunt_says_what_it_shows() {
    let (browser, hunted) = (Browser::launch(), Hunted::new());
    let page = open(&browser, &hunted);
    page.wait_until("drawn.some(([, text]) => text === 'requests in flight')");
    for (place, across, up) in [
        ("#throughput", "load, journeys/s", "requests/s"),
        ("#latency", "load, journeys/s", "response time"),
        ("#growth", "load, journeys/s", "events/s"),
        ("#scalability", "requests in flight", "requests/s"),
    ] {
        let texts = drawn::texts(&page, place);
        for title in [across, up] {
            assert!(
                texts.contains(&title.to_owned()),
                "{place}, {title}: {texts:?}"
            );
        }
    }
    let latency = drawn::texts(&page, "#latency");
    assert!(
        latency.iter().any(|text| drawn::is_duration(text)),
        "{latency:?}"
    );

    // What is pointed at is told: the probe, its load, whether it was sustained, and its figures.
    for (place, figures) in [
        ("#throughput", ["offered ", "carried "]),
        ("#latency", ["p50 ", "p99 "]),
    ] {
        page.hover(&format!("{place} .u-over"), 0.9, 0.5);
        page.wait_until("!document.querySelector('#tip').hidden");
        let tip = page.text("#tip");
        assert!(tip.starts_with("probe "), "{tip}");
        assert!(tip.contains(" journeys/s, not sustained\n"), "{tip}");
        for figure in figures {
            assert!(tip.lines().any(|line| line.starts_with(figure)), "{tip}");
        }
        let legend = page.text(&format!("{place} .u-legend"));
        assert!(!legend.contains('–'), "{legend}");
    }
    page.hover("h1", 0.5, 0.5);
    page.wait_until("document.querySelector('#tip').hidden");
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(page.requests().len(), 1, "{:?}", page.requests());
}
