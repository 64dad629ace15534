//! The page behind nginx: under another name, and below paths that nginx keeps or cuts off.

use crate::chromium::Browser;
use crate::web_server::WebServer;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const PLACES: [&str; 2] = ["/usr/sbin/nginx", "/usr/bin/nginx"];
const NAME: &str = "load.example";

/// nginx, for as long as it is needed.
struct Nginx(Child);

impl Nginx {
    /// Listens on `port`, and asks the page at `behind`.
    fn start(program: &str, directory: &Path, port: u16, behind: &str) -> Self {
        let place = directory.display();
        let settings = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/errors;
            events {{}}
            http {{
              access_log off;
              client_body_temp_path {place}/1; proxy_temp_path {place}/2; fastcgi_temp_path {place}/3;
              uwsgi_temp_path {place}/4; scgi_temp_path {place}/5;
              server {{
                listen 127.0.0.1:{port};
                location /kept/ {{ proxy_pass http://{behind}; proxy_set_header Host $http_host; }}
                location /cut/ {{ proxy_pass http://{behind}/; }}
              }}
            }}"
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, settings).expect("written");
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let give_up = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let errors = std::fs::read_to_string(directory.join("errors")).unwrap_or_default();
            assert!(Instant::now() < give_up, "nginx does not listen: {errors}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_test_is_started_and_stopped_behind_a_proxy() {
    let Some(program) = PLACES.into_iter().find(|place| Path::new(place).is_file()) else {
        eprintln!("left out: nginx is missing (`apt-get install nginx-light`)");
        return;
    };
    let port = free_port();
    let server = WebServer::start(&format!(
        "--sandbox SpikeUser -u 2 -r 100 --web-name {NAME}:{port} --web-base /kept"
    ));
    let directory = tempfile::tempdir().expect("a directory");
    let _nginx = Nginx::start(program, directory.path(), port, &server.authority);
    let browser = Browser::launch_with(&[&format!("--host-resolver-rules=MAP {NAME} 127.0.0.1")]);
    for path in ["kept", "cut"] {
        let page = browser.blank();
        page.resize(1280, 900, false);
        page.go(&format!("http://{NAME}:{port}/{path}/"));
        page.wait_until("!document.querySelector('#views').hidden");
        if page.evaluate("document.querySelector('#start').hidden") == true {
            page.click("#new");
        }
        page.wait_until("document.querySelectorAll('#classes li').length >= 13");
        page.click("#start-button");
        page.wait_until("document.querySelector('#state').textContent === 'running'");
        // Seconds come in as they pass, and not when the proxy has collected some.
        page.wait_until("Number(document.querySelector('#tile-users').textContent) === 2");
        for tab in ["ratio", "files", "history", "statistics"] {
            page.click(&format!("#tab-{tab}"));
        }
        page.click("#stop");
        page.wait_until("document.querySelector('#state').textContent === 'stopped'");
        page.click("#tab-files");
        page.wait_until("document.querySelectorAll('#panel-files .files li').length > 8");
        let report = page.evaluate("document.querySelector('#panel-files a').href");
        let report = browser.open(report.as_str().expect("an address"));
        report.wait_until("document.body.innerText.includes('SpikeUser')");
        // Without TLS a browser heeds one of the headers at this machine's own names only.
        let complaints = page.complaints().into_iter();
        let complaints = complaints.filter(|told| !told.contains("Cross-Origin-Opener-Policy"));
        assert_eq!(complaints.collect::<Vec<_>>(), Vec::<String>::new());
        for request in page.requests() {
            let is_own = request.starts_with(&format!("http://{NAME}:{port}/{path}/"));
            assert!(is_own || request == "about:blank", "{request}");
        }
    }
}
