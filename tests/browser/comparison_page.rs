//! `compare.html` in a real Chromium: axes with labels and titles, lines that say which run they are,
//! sides that are switched, and zoom.

use crate::chromium::{Browser, Page};
use crate::drawn;
use crate::invocation::{PROGRAM, run};
use crate::web_server::read_json;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const RUN: &str = "SpikeUser -u 8 -r 100 --pacing max --sandbox --quiet";

/// A comparison.
pub struct Compared {
    directory: TempDir,
}

impl Compared {
    /// Of two runs a side, which are alike.
    pub fn new() -> Self {
        Self::of(2, "-t 2s", ["--service-time 1ms"; 2], "old <b>,new")
    }

    /// Of so many runs a side: flags of all runs, flags of each side, and the sides' names.
    pub fn of(runs: usize, all: &str, sides: [&str; 2], names: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let lines = sides.iter().flat_map(|side| {
            (1..=runs).map(move |seed| format!("{RUN} {all} {side} --seed {seed}"))
        });
        let ended: Vec<_> = lines.map(|line| run(&line)).collect();
        let records: Vec<PathBuf> = ended.iter().map(|ended| ended.record_directory()).collect();
        records.iter().for_each(|record| is_no_matter(record));
        let compared = Command::new(PROGRAM)
            .args(["compare", "--names", names, "--output"])
            .arg(directory.path())
            .arg("--fail-on-saturation=false")
            .args(&records[..runs])
            .arg("--")
            .args(&records[runs..])
            .output()
            .expect("it runs");
        assert!(compared.status.success(), "{compared:?}");
        Self { directory }
    }

    pub fn url(&self) -> String {
        format!("file://{}/compare.html", self.directory.path().display())
    }
}

/// Other tests run beside these, and a generator at its limit has its run left out.
fn is_no_matter(record: &Path) {
    let path = record.join("run.json");
    let mut run = read_json(&path);
    run["generator"]["state"] = "clean".into();
    std::fs::write(&path, run.to_string()).expect("written");
}

fn open(browser: &Browser, compared: &Compared) -> Page {
    let page = browser.blank();
    page.resize(1280, 900, false);
    drawn::keep(&page);
    page.go(&compared.url());
    page.wait_until("document.documentElement.dataset.ready");
    page
}

#[test]
fn a_comparison_says_what_it_shows() {
    let (browser, compared) = (Browser::launch(), Compared::new());
    let page = open(&browser, &compared);

    // Both axes of the percentiles have labels and titles.
    page.wait_until("drawn.some(([, text]) => text === 'service time')");
    for (place, title) in [
        ("#spectrum-response", "response time"),
        ("#spectrum-service", "service time"),
    ] {
        let texts = drawn::texts(&page, place);
        for text in [title, "percentile", "p50", "p90", "p99"] {
            assert!(
                texts.contains(&text.to_owned()),
                "{place}, {text}: {texts:?}"
            );
        }
        let durations = texts.iter().filter(|text| drawn::is_duration(text)).count();
        assert!(durations >= 2, "{place}: {texts:?}");
    }
    let over_time = drawn::texts(&page, "#time-requests");
    for text in ["time", "requests/s", "1 s"] {
        assert!(
            over_time.contains(&text.to_owned()),
            "{text}: {over_time:?}"
        );
    }

    // A line tells its run and its figure.
    page.hover("#spectrum-response .u-over", 0.5, 0.5);
    page.wait_until("!document.querySelector('#tip').hidden");
    let tip = page.text("#tip");
    let (name, value) = tip.split_once('\n').expect("two lines");
    assert!(
        name.starts_with("old <b>, ") || name.starts_with("new, "),
        "{tip}"
    );
    let (percentile, value) = value.split_once(": ").expect("a figure");
    assert!(
        percentile.starts_with('p') && drawn::is_duration(value),
        "{tip}"
    );
    page.hover("#differences-0 svg .row", 0.5, 0.5);
    page.wait_until("document.querySelector('#tip').textContent.includes('%')");

    // A side is switched in all charts, and back.
    let side = ".sides button[aria-checked='false']";
    page.click(".sides button");
    assert_eq!(page.count(side), 4);
    page.click(".sides button");
    assert_eq!(page.count(side), 0);

    // Zoom stays until it is taken back.
    let whole = "#time-requests";
    let back =
        format!("document.querySelector('{whole}').closest('figure').querySelector('.whole')");
    assert_eq!(page.evaluate(&format!("{back}.hidden")), true);
    page.drag_across("#time-requests .u-over", 0.2, 0.6);
    page.wait_until(&format!("!{back}.hidden"));
    page.click("#theme");
    assert_eq!(page.evaluate(&format!("{back}.hidden")), false);
    page.evaluate(&format!("{back}.click()"));
    page.wait_until(&format!("{back}.hidden"));
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(page.count("main b"), 0, "names are texts");
}
