//! The page in a real browser, as a person uses it.

use crate::chromium::{Browser, Page};
use crate::web_server::WebServer;
use std::io::{Read, Write};
use std::net::TcpListener;

/// Nothing went wrong on the page, and it asked nobody but its own server.
fn is_clean(page: &Page, server: &WebServer) {
    assert_eq!(page.complaints(), Vec::<String>::new());
    for request in page.requests() {
        let is_own = request.starts_with(&format!("{}/", server.url()));
        assert!(is_own || request == "about:blank", "{request}");
    }
}

fn state_is(state: &str) -> String {
    format!("document.querySelector('#state').textContent === '{state}'")
}

/// A number that the page shows, without its separators.
fn number(selector: &str) -> String {
    format!("Number(document.querySelector('{selector}').textContent.replace(/[^0-9.]/g, ''))")
}

fn open_tab(page: &Page, name: &str) {
    page.click(&format!("#tab-{name}"));
    page.wait_until(&format!("!document.querySelector('#panel-{name}').hidden"));
}

#[test]
fn a_test_is_started_watched_changed_and_stopped() {
    let server = WebServer::start("--sandbox --csv-full-history");
    let browser = Browser::launch();
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.go(&server.url());
    page.wait_until("!document.querySelector('#start').hidden");
    page.wait_until("document.querySelectorAll('#classes li').length >= 13");

    // A wrong form is told in words, and corrected.
    page.click("#start-button");
    page.wait_until(
        "document.querySelector('#start-error').textContent.includes('User classes: tick at least one')",
    );
    page.click("#class-MixedWorkloadUser");
    page.type_into("#users", "4");
    page.type_into("#spawn-rate", "100");
    page.click("#start-button");
    page.wait_until(&state_is("running"));
    page.wait_until("document.querySelector('#start').hidden");

    // The numbers move.
    page.wait_until(&format!("{} === 4", number("#tile-users")));
    open_tab(&page, "statistics");
    let requests = number("#panel-statistics tfoot td:nth-child(3)");
    page.wait_until(&format!("{requests} > 0"));
    let before = page.evaluate(&requests).as_f64().expect("a number");
    page.wait_until(&format!("{requests} > {before}"));
    open_tab(&page, "charts");
    page.wait_until("document.querySelectorAll('#panel-charts canvas').length === 4");

    // Tables are sorted by their heads, also with the keyboard.
    open_tab(&page, "statistics");
    page.evaluate("document.querySelector('#panel-statistics th:nth-child(3) button').focus()");
    page.press("Enter", 13);
    page.wait_until(
        "document.querySelector('#panel-statistics th:nth-child(3)').ariaSort === 'descending'",
    );

    // Users are changed.
    page.click("#edit");
    page.type_into("#edit-users", "0");
    page.click("#edit-apply");
    page.wait_until("document.querySelector('#edit-error').textContent.includes('Users `0`')");
    page.type_into("#edit-users", "9");
    page.click("#edit-apply");
    page.wait_until("!document.querySelector('#edit-dialog').open");
    page.wait_until(&format!("{} === 9", number("#tile-users")));

    for tab in [
        "failures",
        "races",
        "ratio",
        "backlog",
        "generator",
        "log",
        "files",
        "history",
    ] {
        open_tab(&page, tab);
    }
    page.wait_until(
        "document.querySelector('#log').textContent.includes('Users are changed to 9')",
    );
    page.click("#reset");
    page.wait_until("document.querySelector('#log').textContent.includes('Figures were reset')");

    page.click("#stop");
    page.wait_until(&state_is("stopped"));
    page.wait_until("!document.querySelector('#verdict').hidden");
    page.wait_until("!document.querySelector('#new').hidden");
    is_clean(&page, &server);

    // The report opens, in a tab of its own.
    open_tab(&page, "files");
    page.wait_until("document.querySelectorAll('#panel-files .files li').length > 8");
    let report = browser.open(&format!("{}/stats/report", server.url()));
    report.wait_until("document.body.innerText.includes('MixedWorkloadUser')");
    is_clean(&report, &server);
}

#[test]
fn every_file_can_be_taken_away() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    server.swarm("user_count=2&spawn_rate=100");
    server.when_stopped();
    let place = tempfile::tempdir().expect("a directory");
    let browser = Browser::launch();
    browser.save_downloads_in(place.path());
    let page = browser.open(&format!("{}/#files", server.url()));
    page.wait_until("document.querySelectorAll('#panel-files .files li').length > 8");
    let names = page.evaluate(
        "[...document.querySelectorAll('#panel-files .files a')].map((link) => link.textContent)",
    );
    // The first of the links above the files opens the report in a tab.
    let above = 2..=page.count("#panel-files .downloads a");
    let files = 1..=page.count("#panel-files .files li");
    let links = above
        .map(|place| format!("#panel-files .downloads a:nth-child({place})"))
        .chain(files.map(|place| format!("#panel-files .files li:nth-child({place}) a")));
    for (before, link) in links.enumerate() {
        page.click(&link);
        server.wait_for(&link, |_| (browser.downloads() > before).then_some(()));
    }
    let saved = |name: &str| std::fs::read(place.path().join(name)).expect(name);
    for name in names.as_array().expect("names") {
        let name = name.as_str().expect("a name");
        let original = std::fs::read(server.record().join(name)).expect(name);
        assert!(saved(name) == original, "{name} came through unchanged");
    }
    let run = server
        .record()
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let archive = saved(&format!("{run}.tar"));
    let mut archive = tar::Archive::new(archive.as_slice());
    let entries = archive.entries().expect("an archive").count();
    assert_eq!(entries, names.as_array().expect("names").len());
    assert!(saved(&format!("report_{run}.html")).starts_with(b"<!"));
    assert!(saved(&format!("requests_{run}.csv")).starts_with(b"Type,Name,"));
    is_clean(&page, &server);
}

#[test]
fn runs_of_before_are_listed_with_their_reports() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    server.swarm("user_count=1");
    server.when_stopped();
    let browser = Browser::launch();
    let page = browser.open(&format!("{}/#history", server.url()));
    page.wait_until("document.querySelectorAll('#panel-history tbody tr').length === 1");
    let report = page.evaluate("document.querySelector('#panel-history tbody a').href");
    let report = browser.open(report.as_str().expect("an address"));
    report.wait_until("document.body.innerText.includes('SpikeUser')");
    is_clean(&report, &server);
    is_clean(&page, &server);
}

#[test]
fn text_of_the_target_stays_text() {
    let hostile = hostile_shop();
    let mut server = WebServer::start("SpikeUser --no-preflight -t 2s");
    server.swarm(&format!("user_count=1&host={hostile}"));
    server.when_stopped();
    let browser = Browser::launch();
    let page = browser.open(&format!("{}/#failures", server.url()));
    page.wait_until("document.querySelectorAll('#panel-failures tbody tr').length > 0");
    let told = page.text("#panel-failures tbody");
    assert!(told.contains("<script>"), "it is shown as it came: {told}");
    let report = browser.open(&format!("{}/stats/report", server.url()));
    report.wait_until("document.body.innerText.includes('<script>')");
    for shown in [&page, &report] {
        assert_eq!(
            shown.evaluate("window.hacked ?? null"),
            serde_json::Value::Null
        );
        assert_eq!(shown.count("img[src='x']"), 0);
        is_clean(shown, &server);
    }
}

/// A server that answers everything with an error whose text is markup. Returns its address.
fn hostile_shop() -> String {
    const DETAIL: &str =
        r#"{"detail":"<script>window.hacked=1</script><img src='x' onerror='window.hacked=2'>"}"#;
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut request = [0; 8_192];
                while stream.read(&mut request).is_ok_and(|bytes| bytes > 0) {
                    let answer = format!(
                        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{DETAIL}",
                        DETAIL.len()
                    );
                    if stream.write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn a_guarded_page_is_opened_by_the_printed_address() {
    let server = WebServer::start("--web-token correct-horse-battery --sandbox");
    let browser = Browser::launch();
    let page = browser.open(&server.url());
    page.wait_until("location.pathname === '/login'");
    page.type_into("#token", "wrong-horse-battery");
    page.press("Enter", 13);
    page.wait_until("document.querySelector('#error')?.hidden === false");
    page.type_into("#token", "correct-horse-battery");
    page.press("Enter", 13);
    page.wait_until("document.querySelector('#start')?.hidden === false");

    let printed = browser.open(&format!("{}/login#correct-horse-battery", server.url()));
    printed.wait_until("location.pathname === '/' && location.hash === ''");
}

#[test]
fn the_page_suits_keyboards_schemes_and_phones() {
    let server = WebServer::start("--sandbox");
    let browser = Browser::launch();
    let page = browser.blank();
    page.resize(390, 844, true);
    page.prefer("dark");
    page.go(&server.url());
    page.wait_until("document.querySelectorAll('#classes li').length >= 13");
    let overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(
        page.evaluate(overflow),
        false,
        "nothing is wider than the screen"
    );
    let unnamed = page.evaluate(
        "[...document.querySelectorAll('input, select, button')]
            .filter((field) => !field.labels?.length && !field.ariaLabel && !field.textContent.trim())
            .map((field) => field.outerHTML)",
    );
    assert_eq!(unnamed, serde_json::json!([]), "every control has a name");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        let contrasts = page.evaluate(CONTRASTS);
        for pair in contrasts.as_array().expect("pairs") {
            let contrast = pair[1].as_f64().expect("a number");
            assert!(contrast >= 4.5, "{scheme}: {pair}");
        }
    }
    is_clean(&page, &server);
}

/// Contrast of text and what lies behind it, by WCAG 2.2's formula.
const CONTRASTS: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const channels = (name) => {
        canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (name) => {
        const [r, g, b] = channels(name).map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    return [
        ['--ink', '--page'], ['--ink', '--card'], ['--muted', '--page'], ['--muted', '--card'],
        ['--accent', '--page'], ['--accent', '--card'], ['--accent-ink', '--accent'],
        ['--good', '--good-wash'], ['--bad', '--bad-wash'], ['--busy', '--busy-wash'],
        ['--bad', '--card'], ['--good', '--card'], ['--muted', '--grid'],
    ].map(([one, other]) => [`${one} on ${other}`, contrast(one, other)]);
})()";
