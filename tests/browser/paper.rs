//! Written pages on paper: nothing is cut, no heading is left alone, and what paper cannot do is not
//! there.

use crate::chromium::{Browser, Page};
use crate::comparison_page::Compared;
use crate::hunt_page::Hunted;
use crate::invocation::run;
use base64::Engine;
use serde_json::{Value, json};
use std::process::Command;

const RUN: &str = "--profile race-audit --sandbox --bug oversell=0.05 -u 16 -t 3s";
/// A4, margins and all, in CSS pixels: what is higher goes on on another page.
const PAPER_HEIGHT: f64 = 1_123.0;
/// Within the margins of A4, in CSS pixels.
const PAPER_WIDTH: u32 = 703;

/// What sticks out of the figure or table that it belongs to, or out of the paper.
const CUT: &str = "[...document.querySelectorAll('.chart canvas, .chart svg, .scroll > table, pre')]
  .filter((one) => one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().right > Math.min(one.parentElement.getBoundingClientRect().right + 1, innerWidth))
  .map((one) => `${one.closest('[id]').id} ${one.tagName}`)";
/// The width of the widest chart.
const WIDEST: &str = "Math.max(...[...document.querySelectorAll('.chart canvas, .chart .plot > svg')].map((one) => one.getBoundingClientRect().width))";
/// The words above the columns of tables.
const COLUMNS: &str = "[...document.querySelectorAll('thead th')].flatMap((one) => one.textContent.trim().split(/\\s+/))";
/// The texts of all headings, and of what belongs between a heading and its table.
const HEADINGS: &str = "[...document.querySelectorAll('h1, h2, h3, h4, figcaption > span:first-child, .legend > :last-child, details.on-paper > summary')].map((one) => one.textContent.trim())";

fn is_whole_on_paper(browser: &Browser, url: &str) {
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.prefer("dark");
    page.go(url);
    page.wait_until("document.documentElement.dataset.ready");

    // As the browser has it while it prints.
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    // Nothing is drawn again when the paper is known: it has to have its width by now.
    assert_eq!(
        page.evaluate(WIDEST)
            .as_f64()
            .map(|width| width <= f64::from(PAPER_WIDTH)),
        Some(true),
        "{url}"
    );
    page.resize(PAPER_WIDTH, 900, false);
    page.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    assert_eq!(page.evaluate(CUT), json!([]), "{url}");
    let height = "document.querySelector('#names-table')?.getBoundingClientRect().height ?? 0";
    let names_height = page.evaluate(height).as_f64().expect("a height");
    let paper = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(page.evaluate(paper), "rgb(255, 255, 255)");
    let shown = "[...document.querySelectorAll('nav, #theme, .chart-tools, .command button')].filter((one) => one.checkVisibility()).length";
    assert_eq!(page.evaluate(shown), 0);
    assert_eq!(page.count("details.on-paper:not([open])"), 0);
    page.call("Emulation.setEmulatedMedia", json!({"media": ""}));
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    page.resize(1280, 900, false);
    assert_eq!(page.count("details.on-paper[open]"), 0);

    no_heading_ends_a_page(&page, url, names_height);
}

/// Reads the PDF with `pdftotext`, where that is installed. The table of names has this height on paper.
fn no_heading_ends_a_page(page: &Page, url: &str, names_height: f64) {
    let (headings, columns) = (page.evaluate(HEADINGS), page.evaluate(COLUMNS));
    let printed = page.call("Page.printToPDF", json!({"preferCSSPageSize": true}));
    let data = printed["data"].as_str().expect("a document");
    let document = base64::engine::general_purpose::STANDARD
        .decode(data)
        .expect("base64");
    assert!(document.starts_with(b"%PDF-"));
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("page.pdf");
    std::fs::write(&path, document).expect("written");
    let read = Command::new("pdftotext").arg(&path).arg("-").output();
    let Ok(read) = read else {
        eprintln!("skipped: headings are not looked for, there is no pdftotext (poppler-utils)");
        return;
    };
    let text = String::from_utf8_lossy(&read.stdout).into_owned();
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(pages.len() > 1, "{url}: {} pages", pages.len());
    // A table that goes on has its head again; the table of the phases has the same columns, once.
    let flat: Vec<&str> = text.split_whitespace().collect();
    let heads = flat.join(" ").matches("max Service p99 Lag p99").count();
    let goes_on = names_height > PAPER_HEIGHT;
    let once = page.count("#names-table, details.phases") as usize;
    assert!(!goes_on || heads > once, "{url}: {heads} heads");
    for (number, text) in pages.iter().enumerate() {
        // Below all else is the number of the page.
        let below = format!("{}/{}", number + 1, pages.len());
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let last = lines.rfind(|line| line.replace(' ', "") != below);
        let last = last.unwrap_or_default();
        let known = |all: &Value, text: &str| {
            all.as_array()
                .expect("a list")
                .iter()
                .any(|one| one == text)
        };
        // One word alone may be the name of a line, below a chart.
        let words: Vec<&str> = last.split_whitespace().collect();
        let is_columns = words.len() > 1 && words.iter().all(|word| known(&columns, word));
        let is_heading = known(&headings, last) || is_columns;
        assert!(
            !is_heading,
            "{url}, page {}: ends with {last:?}",
            number + 1
        );
    }
}

#[test]
fn a_report_can_be_printed() {
    let ended = run(RUN);
    let url = format!("file://{}/report.html", ended.record_directory().display());
    is_whole_on_paper(&Browser::launch(), &url);
}

#[test]
fn a_hunt_can_be_printed() {
    let hunted = Hunted::new();
    is_whole_on_paper(&Browser::launch(), &hunted.url());
}

#[test]
fn a_comparison_can_be_printed() {
    let compared = Compared::new();
    is_whole_on_paper(&Browser::launch(), &compared.url());
}
