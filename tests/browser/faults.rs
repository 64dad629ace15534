//! What was wrong with the page once, each in a real browser: tabs that starve each other, a form that
//! is not what runs, a zoom that is undone, focus and figures that are lost.

use crate::chromium::{Browser, Page};
use crate::invocation::PROGRAM;
use crate::web_server::{WebServer, read_json};
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// More than the connections that a browser keeps to one server.
const MANY_TABS: usize = 7;

fn state_is(state: &str) -> String {
    format!("document.querySelector('#state').textContent === '{state}'")
}

fn says(selector: &str, text: &str) -> String {
    format!(
        "document.querySelector({}).textContent.includes({})",
        json!(selector),
        json!(text)
    )
}

fn at_start(browser: &Browser, server: &WebServer) -> Page {
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.go(&server.url());
    page.wait_until("!document.querySelector('#start').hidden");
    page.wait_until("document.querySelectorAll('#classes li').length >= 13");
    page
}

fn running(page: &Page) {
    page.wait_until(&state_is("running"));
    page.wait_until("document.querySelector('#start').hidden");
}

/// Loads the page again, and returns once what was there is gone.
fn reload(page: &Page) {
    page.evaluate("(window.isOld = true, location.reload())");
    page.wait_until("!window.isOld && document.querySelector('#views')?.hidden === false");
}

#[test]
fn stop_works_in_the_last_of_many_tabs() {
    let server = WebServer::start("--sandbox SpikeUser");
    server.swarm("user_count=2&spawn_rate=100");
    let browser = Browser::launch();
    let pages: Vec<Page> = (0..MANY_TABS)
        .map(|_| browser.open(&server.url()))
        .collect();
    for page in &pages {
        running(page);
        page.wait_until("document.querySelector('#log').children.length > 0");
    }
    let last = pages.last().expect("a page");
    last.click("#stop");
    last.wait_until(&says("#told", "requests in flight are waited for"));
    for page in &pages {
        page.wait_until(&state_is("stopped"));
        // A tab that joined late knows what the first one knows.
        let lines = page.count("#log li");
        assert_eq!(lines, pages[0].count("#log li"));
    }
}

#[test]
fn a_click_that_comes_to_nothing_is_told() {
    let server = WebServer::start("--sandbox SpikeUser");
    server.swarm("user_count=2&spawn_rate=100");
    let browser = Browser::launch();
    let page = browser.open(&server.url());
    running(&page);
    let network = |is_offline: bool| {
        let conditions = json!({
            "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        page.call("Network.emulateNetworkConditions", conditions);
    };
    network(true);
    page.click("#stop");
    page.wait_until(&says(
        "#trouble",
        "Stop: shopblast cannot be reached, so it was not done",
    ));
    page.wait_until("document.querySelector('#stop').ariaDisabled !== 'true'");
    network(false);
    assert_eq!(server.get("/stats/requests").json()["state"], "running");
    page.click("#stop");
    page.wait_until(&state_is("stopped"));
    page.wait_until("document.querySelector('#trouble').hidden");
}

#[test]
fn the_form_is_what_runs_and_its_command_runs_again() {
    let mut server = WebServer::start(
        "--sandbox --api-workers 2 --profile load -u 9 -r 50 -t 60s --pacing max IdentityUser=2",
    );
    let browser = Browser::launch();
    let page = at_start(&browser, &server);
    let value = |id: &str| page.evaluate(&format!("document.querySelector('#{id}').value"));
    for (id, typed) in [
        ("users", "9"),
        ("spawn-rate", "50"),
        ("run-time", "1m"),
        ("pacing", "max"),
    ] {
        assert_eq!(value(id), typed, "{id}");
    }
    // Nothing ticked runs nothing.
    page.click("#class-IdentityUser");
    page.click("#start-button");
    page.wait_until(&says("#start-error", "User classes: tick at least one"));
    assert_eq!(page.evaluate("document.activeElement.type"), "checkbox");
    assert_eq!(server.get("/stats/requests").json()["state"], "ready");
    // What is blank is what its placeholder says, and not what was typed.
    page.evaluate(
        "(document.querySelector('#profile').value = '',
          document.querySelector('#profile').dispatchEvent(new Event('change')))",
    );
    page.click("#class-SpikeUser");
    page.type_into("#run-time", "1s");
    assert_eq!(
        page.evaluate("document.querySelector('#users').placeholder"),
        "1"
    );
    page.click("#start-button");
    page.wait_until(&state_is("stopped"));
    let run = server.run_json();
    assert_eq!(run["plan"]["profile"], "custom");
    assert_eq!(run["plan"]["pacing"], "class");
    assert_eq!(run["plan"]["classes"][0]["class"], "SpikeUser");
    assert_eq!(run["plan"]["classes"].as_array().map(Vec::len), Some(1));
    assert_eq!(run["peak_users"], 1);
    let command = run["command"].as_str().expect("a command");
    let words = shlex::split(command).expect("words");
    let directory = tempfile::tempdir().expect("a directory");
    let again = Command::new(PROGRAM)
        .env_clear()
        .args(&words[1..])
        .arg("--results")
        .arg(directory.path())
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(0), "{command}: {told}");
    let mut entries = std::fs::read_dir(directory.path()).expect("results");
    let record = entries.next().expect("a record").expect("an entry").path();
    let repeated = read_json(&record.join("run.json"));
    for key in ["profile", "classes", "load", "run_time", "pacing"] {
        assert_eq!(repeated["plan"][key], run["plan"][key], "{key}: {command}");
    }
    server.when_stopped();
}

#[test]
fn a_zoom_stays_while_seconds_come_in() {
    let mut server = WebServer::start("--sandbox SpikeUser");
    server.swarm("user_count=2&spawn_rate=100");
    let browser = Browser::launch();
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.go(&format!("{}/#charts", server.url()));
    running(&page);
    let legend = "document.querySelector('#chart-rate .u-legend .u-value').textContent";
    page.wait_until(&format!("{legend} >= '0:05'"));
    // The cursor at the edge of the chart tells where its axis begins and ends.
    let ends = || {
        let at = |across: f64| {
            page.hover("#chart-rate .u-over", across, 0.5);
            page.evaluate(legend).as_str().expect("a time").to_owned()
        };
        (at(0.01), at(0.99))
    };
    page.drag_across("#chart-rate .u-over", 0.2, 0.6);
    page.wait_until("!document.querySelector('#unzoom').hidden");
    let zoomed = ends();
    page.hover("#tile-users", 0.5, 0.5);
    page.wait_until(&format!("{legend} !== '–'"));
    let before = page.evaluate(legend).as_str().expect("a time").to_owned();
    page.wait_until(&format!("{legend} > '{before}'"));
    let later = page.evaluate(legend).as_str().expect("a time").to_owned();
    page.wait_until(&format!("{legend} > '{later}'"));
    assert_eq!(ends(), zoomed, "seconds came in, the zoom stayed");
    assert_eq!(
        page.evaluate("document.querySelector('#unzoom').hidden"),
        false
    );
    page.click("#unzoom");
    page.wait_until("document.querySelector('#unzoom').hidden");
    assert_ne!(ends().1, zoomed.1);
    server.post("/stop", "");
    server.when_stopped();
}

#[test]
fn focus_and_figures_are_kept() {
    let mut server = WebServer::start("--sandbox SpikeUser -u 2 -r 100");
    let browser = Browser::launch();
    let page = at_start(&browser, &server);
    page.evaluate("document.querySelector('#start-button').focus()");
    page.press("Enter", 13);
    running(&page);
    page.wait_until("document.activeElement.id === 'test'");
    page.wait_until("Number(document.querySelector('#tile-users').textContent) === 2");
    page.evaluate("document.querySelector('#stop').focus()");
    page.press("Enter", 13);
    page.wait_until(&state_is("stopped"));
    page.wait_until("document.activeElement.id === 'new'");
    let figures = page.text("#tile-rate-sub");
    assert_ne!(figures, "");

    // A host that is mistyped is told at its field, and takes nothing away.
    page.press("Enter", 13);
    page.wait_until("document.activeElement.id === 'profile'");
    page.type_into("#users", "none");
    page.click("#start-button");
    page.wait_until(&says("#start-error", "Users `none`: give a whole number"));
    page.wait_until("document.activeElement.id === 'users'");
    assert_eq!(
        page.evaluate("document.querySelector('#users').ariaInvalid"),
        "true"
    );
    page.type_into("#users", "2");
    page.type_into("#host", "http://127.0.0.1:9");
    page.click("#start-button");
    page.wait_until(&says("#start-error", "is the shop up?"));
    assert_eq!(
        page.evaluate("document.querySelector('#start').hidden"),
        false
    );
    assert_eq!(
        page.evaluate("document.querySelector('#host').value"),
        "http://127.0.0.1:9"
    );
    // What the server told of the test that it refused does not take the form away, however late it comes.
    for _ in 0..30 {
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(
            page.evaluate("document.querySelector('#start').hidden"),
            false
        );
    }
    page.wait_until("document.querySelector('#back').checkVisibility()");
    page.click("#back");
    page.wait_until("!document.querySelector('#test').hidden");
    assert_eq!(page.text("#tile-rate-sub"), figures);
    server.when_stopped();
}

#[test]
fn the_address_names_the_tab_and_back_leads_to_the_one_before() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    server.swarm("user_count=1");
    server.when_stopped();
    let browser = Browser::launch();
    let page = browser.open(&format!("{}/#failures", server.url()));
    page.wait_until(&state_is("stopped"));
    page.wait_until("!document.querySelector('#panel-failures').hidden");
    page.click("#tab-generator");
    page.wait_until("location.hash === '#generator'");
    page.click("#tab-statistics");
    page.wait_until("location.hash === '#statistics'");
    page.evaluate("history.back()");
    page.wait_until("!document.querySelector('#panel-generator').hidden");
    reload(&page);
    page.wait_until(&state_is("stopped"));
    page.wait_until("!document.querySelector('#panel-generator').hidden");
}

#[test]
fn charts_have_marks_choosers_and_pictures() {
    let mut server = WebServer::start("--sandbox SpikeUser --threshold http_reqs:count<1");
    server.swarm("user_count=2&spawn_rate=100");
    let browser = Browser::launch();
    let place = tempfile::tempdir().expect("a directory");
    browser.save_downloads_in(place.path());
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.go(&format!("{}/#charts", server.url()));
    running(&page);
    server.post("/swarm", "user_count=5&spawn_rate=100");
    page.wait_until(&says("#marks-list", "Edit Users are changed to 5"));
    page.wait_until(&says("#marks-list", "Ramp All users spawned"));
    server.post("/stats/reset", "");
    page.wait_until(&says("#marks-list", "Reset Figures were reset"));

    page.click("#lines summary");
    page.click("#lines .choices label:nth-child(4) input");
    page.wait_until("document.querySelectorAll('#chart-response .u-legend .u-off').length === 1");
    page.click("#lines summary");
    page.click("#tab-statistics");
    let head = "[...document.querySelectorAll('#panel-statistics > .table th')]
        .filter((head) => !head.hidden).map((head) => head.textContent.replace(/\\s/, ' '))";
    let shows = |text: &str| format!("{head}.includes('{text}')");
    page.wait_until(&format!("{} && !{}", shows("95 %"), shows("99.9 %")));
    page.click("#panel-statistics .chooser summary");
    page.evaluate(
        "[...document.querySelectorAll('#panel-statistics .choices label')]
            .find((label) => label.textContent.includes('99.9')).querySelector('input').click()",
    );
    page.wait_until(&shows("99.9 %"));
    // It is remembered.
    reload(&page);
    page.wait_until(&shows("99.9 %"));

    page.click("#tab-charts");
    page.wait_until("document.querySelector('#panel-charts canvas')?.checkVisibility()");
    page.click("#panel-charts figure:first-child .save");
    server.wait_for("the picture", |_| (browser.downloads() > 0).then_some(()));
    let mut saved = std::fs::read_dir(place.path()).expect("pictures");
    let picture = std::fs::read(saved.next().expect("one").expect("an entry").path());
    assert!(picture.expect("read").starts_with(b"\x89PNG"));
    assert_eq!(page.complaints(), Vec::<String>::new());
    server.post("/stop", "");
    server.when_stopped();
}
