//! The HTML report in a real Chromium: it draws, sorts, filters, zooms and switches, complains of
//! nothing, and asks nobody for anything.

use crate::chromium::{Browser, Page};
use crate::endurance_record;
use crate::invocation::{Ended, run};
use serde_json::Value;
use shopblast::record::Recorded;
use shopblast::report::html_report;
use std::path::Path;

const RUN: &str = "--profile race-audit --sandbox --bug oversell=0.05 -u 16 -t 3s";
/// Size of the report of half an hour.
const MOST_BYTES: usize = 3_000_000;
const CHARTS: [&str; 6] = [
    "#chart-throughput",
    "#chart-latency",
    "#chart-spectrum",
    "#chart-events",
    "#chart-cores",
    "#chart-connections",
];

fn address(directory: &Path) -> String {
    format!("file://{}/report.html", directory.display())
}

fn open(browser: &Browser, ended: &Ended) -> Page {
    let page = browser.open(&address(&ended.record_directory()));
    page.wait_until("document.documentElement.dataset.ready");
    page
}

/// Checks that all went well on the page, and that it asked for itself only.
fn is_content(page: &Page) {
    assert_eq!(page.complaints(), Vec::<String>::new());
    let requests = page.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
}

fn numbers(page: &Page, expression: &str) -> Vec<f64> {
    let value = page.evaluate(expression);
    let values = value.as_array().expect("a list").iter();
    values.filter_map(Value::as_f64).collect()
}

/// The values of a column of the names that are shown.
fn column(page: &Page, column: usize) -> Vec<f64> {
    numbers(
        page,
        &format!(
            "[...document.querySelector('#names-table').tBodies[0].rows].filter((row) => !row.hidden).map((row) => Number(row.cells[{column}].dataset.value))"
        ),
    )
}

#[test]
fn the_report_works() {
    let (browser, ended) = (Browser::launch(), run(RUN));
    let page = open(&browser, &ended);
    for chart in CHARTS {
        let axes = page.count(&format!("{chart} canvas"));
        assert!(axes > 0, "{chart} is not drawn");
    }
    assert!(
        page.text("h1").contains("Did not hold"),
        "{}",
        page.text("h1")
    );
    assert!(page.text("#rules").contains("VIOLATED"));
    assert!(page.text(".witness .curl").contains("curl -s -X POST"));

    sorts_and_filters(&page);
    zooms(&page);
    switches_lines(&page);
    shows_latencies_of_a_name(&page);
    changes_its_theme(&page);
    is_content(&page);
    saves_pictures(&browser, &page);
    hands_on_what_is_looked_at(&browser, &page);
}

fn sorts_and_filters(page: &Page) {
    let all = page.count("#names-table tbody tr");
    let by_requests = "#names-table thead th:nth-child(2) button";
    page.click(by_requests);
    let falling = column(page, 1);
    assert!(
        falling.is_sorted_by(|one, other| one >= other),
        "{falling:?}"
    );
    page.click(by_requests);
    assert!(column(page, 1).is_sorted(), "{:?}", column(page, 1));
    assert_eq!(page.count("#names-table th[aria-sort='ascending']"), 1);

    page.type_into("#names-filter", "refund webhook");
    let shown = column(page, 1).len() as u64;
    assert!(shown > 0 && shown < all, "{shown} of {all}");
    assert_eq!(page.text("#names-shown"), format!("{shown} of {all}"));
    page.type_into("#names-filter", "");
    assert_eq!(column(page, 1).len() as u64, all);

    let is_shown = "getComputedStyle(document.querySelector('#names-table tbody .view-outcomes')).display !== 'none'";
    assert_eq!(page.evaluate(is_shown), false);
    page.evaluate("(() => { const view = document.querySelector('#names-view'); view.value = 'outcomes'; view.dispatchEvent(new Event('change')); })()");
    assert_eq!(page.evaluate(is_shown), true);
}

/// The first and last label of a chart's time axis are drawn, not text: what the page keeps of its
/// span is whether it is the whole one.
fn zooms(page: &Page) {
    let is_whole = "document.querySelector('#whole-time').disabled";
    assert_eq!(page.evaluate(is_whole), true);
    page.drag_across("#chart-throughput .u-over", 0.4, 0.8);
    page.wait_until(&format!("!{is_whole}"));
    page.click("#whole-time");
    page.wait_until(is_whole);
    page.drag_across("#chart-latency .u-over", 0.2, 0.6);
    page.wait_until(&format!("!{is_whole}"));
    page.double_click("#chart-latency .u-over");
    page.wait_until(is_whole);
}

fn switches_lines(page: &Page) {
    let line = "#chart-latency .u-legend .u-series:nth-child(2)";
    let is_off = format!("document.querySelector({line:?}).classList.contains('u-off')");
    assert_eq!(page.evaluate(&is_off), false);
    page.click(&format!("{line} th"));
    page.wait_until(&is_off);
    page.evaluate(&format!(
        "document.querySelector({:?}).focus()",
        format!("{line} th")
    ));
    page.press("Enter", 13);
    page.wait_until(&format!("!{is_off}"));
    page.hover("#chart-latency .u-over", 0.5, 0.5);
    let value = format!("{line} .u-value");
    page.wait_until(&format!(
        "/^[0-9.]+ [µm]?s$/.test(document.querySelector({value:?}).textContent)"
    ));
}

fn shows_latencies_of_a_name(page: &Page) {
    let name = page.text("#names-table tbody tr:first-child th");
    page.click("#names-table tbody tr:first-child th button");
    assert_eq!(page.text("#latencies-of"), name);
    assert!(page.count("#chart-histogram rect") > 0);
    page.hover("#chart-heat canvas", 0.3, 0.3);
    let described = page.evaluate("document.querySelector('#chart-heat canvas').ariaLabel ?? document.querySelector('#chart-heat canvas').getAttribute('aria-label')");
    assert!(
        described.as_str().is_some_and(|text| text.contains(&name)),
        "{described}"
    );
}

fn changes_its_theme(page: &Page) {
    let paper = "getComputedStyle(document.body).backgroundColor";
    let before = page.evaluate(paper);
    page.click("#theme");
    assert_ne!(page.evaluate(paper), before);
    page.prefer("dark");
    page.click("#theme");
    assert_eq!(page.evaluate(paper), before, "what was chosen wins");
}

/// Drawn by uPlot, by the page as SVG, and by the page on a canvas.
fn saves_pictures(browser: &Browser, page: &Page) {
    let place = tempfile::tempdir().expect("a directory");
    browser.save_downloads_in(place.path());
    for (saved, chart) in ["#chart-latency", "#chart-histogram", "#chart-heat"]
        .iter()
        .enumerate()
    {
        page.click(&format!("figure:has({chart}) .save"));
        let give_up = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while browser.downloads() <= saved {
            assert!(std::time::Instant::now() < give_up, "{chart} is not saved");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    let files = std::fs::read_dir(place.path()).expect("a directory");
    let files: Vec<_> = files.map(|file| file.expect("a file")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let name = file.file_name().into_string().expect("a name");
        assert!(
            name.starts_with("shopblast-") && name.ends_with(".png"),
            "{name}"
        );
        let picture = std::fs::read(file.path()).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
    }
    // The picture has more than the chart: its title above, its lines and whose it is below.
    let taller = "report.plots.picture(document.querySelector('figure:has(#chart-latency)')).then(({height}) => height / 2 - document.querySelector('#chart-latency canvas').clientHeight)";
    assert!(
        page.evaluate(taller)
            .as_f64()
            .is_some_and(|more| more > 50.0)
    );
}

/// Section and span are in the address, and whoever opens it sees the same.
fn hands_on_what_is_looked_at(browser: &Browser, page: &Page) {
    page.click(".sections a[href='#names']");
    page.wait_until("location.hash === '#names'");
    // The page has come to rest there.
    page.wait_until(
        "Math.abs(document.querySelector('#names').getBoundingClientRect().top - 7 * 16) < 8",
    );
    page.drag_across("#chart-throughput .u-over", 0.4, 0.8);
    page.wait_until("/^#[a-z-]+&from=[0-9.]+&to=[0-9.]+$/.test(location.hash)");
    let address = page.evaluate("location.href");
    let other = browser.open(address.as_str().expect("an address"));
    other.wait_until("document.documentElement.dataset.ready");
    other.wait_until("!document.querySelector('#whole-time').disabled");
    assert_eq!(other.evaluate("location.href"), address);
    other.click("#whole-time");
    other.wait_until("!location.hash.includes('from')");
    let last = "#repetition";
    other.click(&format!(".sections a[href='{last}']"));
    other.wait_until("document.querySelector('.sections a[aria-current]').hash === '#repetition'");
    assert_eq!(other.evaluate("location.hash"), last);
    assert_eq!(other.complaints(), Vec::<String>::new());
}

#[test]
fn it_follows_the_scheme_and_fits_a_phone() {
    let (browser, ended) = (Browser::launch(), run(RUN));
    let page = browser.blank();
    page.prefer("dark");
    page.resize(390, 844, true);
    page.go(&address(&ended.record_directory()));
    page.wait_until("document.documentElement.dataset.ready");
    assert_eq!(
        page.evaluate("document.documentElement.dataset.theme"),
        "dark"
    );
    let width = page.evaluate("document.documentElement.scrollWidth");
    assert_eq!(width, 390, "nothing sticks out");
    let printed = page.call("Page.printToPDF", serde_json::json!({}));
    assert!(printed["data"].as_str().is_some_and(|pdf| !pdf.is_empty()));
    is_content(&page);
}

#[test]
fn hostile_names_and_bodies_do_nothing() {
    let ended = run(RUN);
    let mut recorded = Recorded::read(&ended.record_directory()).expect("a record");
    let hostile = || {
        "</script><img src=x onerror=\"window.owned=1\"><script>window.owned=1</script><!--\u{2028}${window.owned=1}`'\"".to_owned()
    };
    let record = &mut recorded.run;
    record
        .names
        .iter_mut()
        .for_each(|name| name.name = hostile());
    record
        .errors
        .iter_mut()
        .for_each(|error| error.reason = hostile());
    record
        .races
        .iter_mut()
        .for_each(|race| race.name = hostile());
    for witness in &mut record.witnesses {
        let exchanges = witness.violation.exchanges.iter_mut();
        exchanges.for_each(|exchange| exchange.reply = hostile());
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("report.html");
    std::fs::write(path, html_report(&recorded, &|_, _| Vec::new())).expect("written");
    let browser = Browser::launch();
    let page = browser.open(&address(directory.path()));
    page.wait_until("document.documentElement.dataset.ready");
    page.click("#names-table tbody tr:first-child th button");
    page.click("#errors-table thead th:nth-child(5) button");
    assert!(page.text("#errors-table").contains("</script><img src=x"));
    assert!(page.text("#latencies-of").contains("</script><img src=x"));
    assert_eq!(page.evaluate("typeof window.owned"), "undefined");
    assert_eq!(page.count("main img"), 0);
    is_content(&page);
}

#[test]
fn half_an_hour_of_45_names_is_small_and_is_drawn() {
    let directory = tempfile::tempdir().expect("a directory");
    endurance_record::write(directory.path());
    let recorded = Recorded::read(directory.path()).expect("a record");
    let report = html_report(&recorded, &|_, _| Vec::new());
    assert!(report.len() < MOST_BYTES, "{} bytes", report.len());
    let bands = std::fs::metadata(directory.path().join("bands.csv")).expect("there");
    assert!(bands.len() < MOST_BYTES as u64, "{} bytes", bands.len());
    std::fs::write(directory.path().join("report.html"), report).expect("written");
    let browser = Browser::launch();
    let page = browser.open(&address(directory.path()));
    page.wait_until("document.documentElement.dataset.ready");
    assert_eq!(
        page.count("#names-table tbody tr"),
        endurance_record::NAMES as u64
    );
    assert!(page.text("#moments").contains("reconnects"));
    is_content(&page);
}

/// Measures, for `scripts/measure-report.sh`; asserts nothing about time.
#[test]
#[ignore = "a measurement"]
fn how_soon_half_an_hour_is_interactive() {
    let directory = tempfile::tempdir().expect("a directory");
    endurance_record::write(directory.path());
    let recorded = Recorded::read(directory.path()).expect("a record");
    let begun = std::time::Instant::now();
    let report = html_report(&recorded, &|_, _| Vec::new());
    println!(
        "made in {} ms, {} bytes",
        begun.elapsed().as_millis(),
        report.len()
    );
    std::fs::write(directory.path().join("report.html"), report).expect("written");
    let browser = Browser::launch();
    for _ in 0..5 {
        let page = browser.open(&address(directory.path()));
        page.wait_until("document.documentElement.dataset.ready");
        let ready_ms = page.evaluate("performance.getEntriesByName('ready')[0].startTime");
        println!("interactive {ready_ms} ms after the page was asked for");
    }
}
