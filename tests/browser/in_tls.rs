//! The page in TLS, with a certificate that is made here, in a browser that is told to take it.

use crate::certificates::Authority;
use crate::chromium::Browser;
use crate::web_server::WebServer;

const TOKEN: &str = "correct-horse-battery";

#[test]
fn a_guarded_page_in_tls_starts_and_stops_a_test() {
    let directory = tempfile::tempdir().expect("a directory");
    let shown = Authority::new().issue(&["localhost", "127.0.0.1"]);
    let (cert, key) = shown.write(directory.path(), "page");
    let server = WebServer::start(&format!(
        "--sandbox SpikeUser -u 2 -r 100 --web-token {TOKEN} --web-cert {} --web-key {}",
        cert.display(),
        key.display()
    ));
    assert!(server.url().starts_with("https://"));
    let browser = Browser::launch_with(&["--ignore-certificate-errors"]);
    let page = browser.blank();
    page.resize(1280, 900, false);
    page.go(&format!("{}/login#{TOKEN}", server.url()));
    page.wait_until("location.pathname === '/' && location.hash === ''");
    page.wait_until("document.querySelector('#start')?.hidden === false");
    page.wait_until("document.querySelectorAll('#classes li').length >= 13");
    assert_eq!(page.evaluate("window.isSecureContext"), true);
    page.click("#start-button");
    page.wait_until("document.querySelector('#state').textContent === 'running'");
    page.wait_until("Number(document.querySelector('#tile-users').textContent) === 2");
    page.click("#stop");
    page.wait_until("document.querySelector('#state').textContent === 'stopped'");
    assert_eq!(page.complaints(), Vec::<String>::new());
    for request in page.requests() {
        let is_own = request.starts_with(&format!("{}/", server.url()));
        assert!(is_own || request == "about:blank", "{request}");
    }
}
