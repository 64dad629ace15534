//! A witness in the live page and in the report: its commands are copied, and work.

use crate::chromium::{Browser, Page};
use crate::invocation::{PROGRAM, shopblast};
use crate::web_server::WebServer;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// A shop that is still there when the run is over.
struct Shop {
    process: Child,
    address: String,
}

impl Shop {
    fn open() -> Self {
        let mut process = shopblast()
            .args(["sandbox", "--port", "0", "--bug", "oversell=0.2"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let found = lines.map_while(Result::ok).find_map(|line| {
            let start = line.find("http://")?;
            Some(line[start..].split([' ', ',']).next()?.to_owned())
        });
        let address = found.expect("the sandbox says where it is");
        Self { process, address }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shell(command: &str) -> Output {
    let output = Command::new("sh").args(["-ec", command]).output();
    output.expect("a shell")
}

/// Every request is answered.
fn curl_works(commands: &str) {
    assert!(
        commands.starts_with("curl -s -X POST http://127.0.0.1:"),
        "{commands}"
    );
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: the commands are not carried out, there is no curl");
        return;
    }
    // A refusal is an answer, too.
    let told = shell(&commands.replace("curl -s ", "curl -s -o /dev/null -w '%{http_code}\\n' "));
    assert!(told.status.success(), "{told:?}");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(
        text.lines().count(),
        commands.matches("curl -s ").count(),
        "{text}"
    );
    assert!(text.lines().all(|status| status != "000"), "{text}");
}

/// It is fired again, whatever becomes of it.
fn replay_works(command: &str) {
    let rest = command.strip_prefix("shopblast ").expect("our name");
    let told = shell(&format!("cd / && '{PROGRAM}' {rest}"));
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        text.contains("fired again at http://127.0.0.1:"),
        "{told:?}"
    );
    let code = told.status.code();
    assert!(code == Some(96) || code == Some(0), "{told:?}");
}

/// A click on the button copies what the element holds.
fn is_copied(page: &Page, button: &str, text: &str) {
    // Only what is in front may use the clipboard.
    page.call("Page.bringToFront", json!({}));
    page.click(button);
    page.wait_until(&format!(
        "document.querySelector({}).textContent === 'Copied'",
        json!(button)
    ));
    assert_eq!(page.evaluate("navigator.clipboard.readText()"), text);
}

#[test]
fn a_witness_can_be_sent_again_from_the_page_and_from_the_report() {
    let shop = Shop::open();
    let mut server = WebServer::start(&format!("-H {} --no-observatory", shop.address));
    let browser = Browser::launch();
    let page = browser.blank();
    browser.grant(&["clipboardReadWrite", "clipboardSanitizedWrite"]);
    page.resize(1280, 900, false);
    page.go(&server.url());
    server.swarm("user_count=16&spawn_rate=100&run_time=3s&user_classes=RaceAuditUser");
    server.when_stopped();
    page.wait_until("!document.querySelector('#views').hidden");
    page.click("#tab-races");
    page.wait_until("document.querySelector('#panel-races td button')");
    page.click("#panel-races td button");
    page.wait_until("document.querySelector('#witness-dialog').open");
    let written = |page: &Page, selector: &str| {
        let text = page.evaluate(&format!("document.querySelector('{selector}').textContent"));
        text.as_str().expect("a text").to_owned()
    };
    let (curl, replay) = (
        written(&page, "#witness-curl"),
        written(&page, "#witness-replay"),
    );
    is_copied(&page, ".command:has(#witness-curl) button", &curl);
    is_copied(&page, ".command:has(#witness-replay) button", &replay);
    curl_works(&curl);
    replay_works(&replay);

    let report = browser.blank();
    report.resize(1280, 900, false);
    report.go(&format!("file://{}/report.html", server.record().display()));
    report.wait_until("document.documentElement.dataset.ready");
    let first = ".witness[open] .command";
    let (curl, replay) = (
        written(&report, &format!("{first} .curl")),
        written(&report, &format!("{first} .replay")),
    );
    is_copied(&report, &format!("{first}:has(.curl) button"), &curl);
    is_copied(&report, &format!("{first}:has(.replay) button"), &replay);
    curl_works(&curl);
    replay_works(&replay);
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(report.complaints(), Vec::<String>::new());
}
