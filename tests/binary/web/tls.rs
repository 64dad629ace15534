//! The page in TLS, with a certificate that is made here: for programs that know who vouches for it, and
//! for nobody in clear.

use crate::certificates::Authority;
use crate::invocation::shopblast;
use crate::web_server::WebServer;
use serde_json::Value;
use shopblast::observe::agent;
use shopblast::plan::{TlsRoots, TlsSettings};
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const OPEN_METRICS: &str = "application/openmetrics-text";
const TOKEN: &str = "correct-horse-battery";

/// A certificate of this machine in files, and who vouches for it.
struct Served {
    directory: TempDir,
    authority: Authority,
    cert: PathBuf,
    key: PathBuf,
}

impl Served {
    fn new() -> Self {
        let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (cert, key) = authority
            .issue(&["localhost", "127.0.0.1"])
            .write(directory.path(), "page");
        Self {
            directory,
            authority,
            cert,
            key,
        }
    }

    /// Flags that serve with it.
    fn flags(&self) -> String {
        format!(
            "--web-cert {} --web-key {}",
            self.cert.display(),
            self.key.display()
        )
    }

    fn client(&self) -> ureq::Agent {
        let tls = TlsSettings {
            roots: TlsRoots::Pem(self.authority.pem().as_bytes().to_vec()),
            ..TlsSettings::default()
        };
        agent(PATIENCE, Some(&tls))
    }
}

fn json(mut response: ureq::http::Response<ureq::Body>) -> Value {
    let text = response.body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn scripts_steer_a_load_test_over_tls() {
    let served = Served::new();
    let server = WebServer::start(&format!("--sandbox SpikeUser {}", served.flags()));
    let url = server.url();
    assert!(server.out().contains(&url), "{}", server.out());
    let client = served.client();
    let form = "user_count=2&spawn_rate=2&run_time=60s";
    let started = client
        .post(format!("{url}/swarm"))
        .header("content-type", "application/x-www-form-urlencoded")
        .send(form)
        .unwrap();
    assert_eq!(json(started)["success"], true);
    loop {
        let stats = client.get(format!("{url}/stats/requests")).call().unwrap();
        if json(stats)["user_count"] == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // What never ends travels as well.
    let live = client.get(format!("{url}/live")).call().unwrap();
    let mut first = [0; 16];
    live.into_body()
        .into_reader()
        .read_exact(&mut first)
        .unwrap();
    assert!(first.is_ascii());
    let stopped = client.get(format!("{url}/stop")).call().unwrap();
    assert_eq!(json(stopped)["success"], true);
    // Nobody else's word counts, and no name but its own.
    let stranger = agent(PATIENCE, None).get(format!("{url}/tasks")).call();
    assert!(stranger.is_err());
}

#[test]
fn tokens_and_cookies_travel_in_tls_only() {
    let served = Served::new();
    let server = WebServer::start(&format!(
        "--sandbox SpikeUser {} --web-token {TOKEN}",
        served.flags()
    ));
    let url = server.url();
    let client = served.client();
    let refused = client.get(format!("{url}/tasks")).call().unwrap();
    assert_eq!(refused.status(), 401);
    let shown = client
        .get(format!("{url}/tasks"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .call()
        .unwrap();
    assert_eq!(shown.status(), 200);
    let login = client
        .post(format!("{url}/login"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", &url)
        .send(format!("token={TOKEN}"))
        .unwrap();
    assert_eq!(login.status(), 204);
    let cookie = login.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; Secure;"), "{cookie}");
    // In clear nothing is answered but where to go, token or not.
    let bearer = format!("Bearer {TOKEN}");
    for headers in [&[][..], &[("authorization", bearer.as_str())]] {
        let reply = server.ask("GET", "/tasks", headers, "");
        assert_eq!(reply.status, 400);
        assert_eq!(reply.header("connection"), "close");
        let says = format!("this port speaks TLS: open https://{}/\n", server.authority);
        assert_eq!(reply.text(), says);
    }
    assert!(!server.out().contains(TOKEN) && !server.err().contains(TOKEN));
}

#[test]
fn curl_and_metrics_come_in_tls() {
    let served = Served::new();
    let ca = served.authority.write(served.directory.path());
    let results = served.directory.path().join("results");
    let errors = served.directory.path().join("err");
    let mut run = shopblast()
        .args("SpikeUser --sandbox -u 1 --pacing class -t 60s --prometheus 0".split(' '))
        .args(served.flags().split(' '))
        .arg("--results")
        .arg(&results)
        .stdout(std::fs::File::create(served.directory.path().join("out")).unwrap())
        .stderr(std::fs::File::create(&errors).unwrap())
        .spawn()
        .unwrap();
    let address = loop {
        let said = std::fs::read_to_string(&errors).unwrap();
        let mut lines = said.lines();
        match lines.find_map(|line| line.strip_prefix("metrics: ")) {
            Some(address) if said.ends_with('\n') => break address.to_owned(),
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
        assert_eq!(run.try_wait().unwrap(), None, "{said}");
    };
    assert!(address.starts_with("https://127.0.0.1:"), "{address}");
    let mut scraped = served
        .client()
        .get(&address)
        .header("accept", OPEN_METRICS)
        .call()
        .unwrap();
    assert_eq!(scraped.status(), 200);
    let text = scraped.body_mut().read_to_string().unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let place = address.trim_start_matches("https://");
    let mut in_clear = TcpStream::connect(place.trim_end_matches("/metrics")).unwrap();
    let asked = b"GET /metrics HTTP/1.0\r\nhost: x\r\n\r\n";
    std::io::Write::write_all(&mut in_clear, asked).unwrap();
    let mut told = String::new();
    in_clear.read_to_string(&mut told).unwrap();
    assert!(
        told.starts_with("HTTP/1.0 400") && told.contains("https://x/"),
        "{told}"
    );
    match Command::new("curl")
        .args(["-sS", "--noproxy", "*", "-H"])
        .arg(format!("accept: {OPEN_METRICS}"))
        .arg("--cacert")
        .arg(&ca)
        .arg(&address)
        .output()
    {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}");
            assert!(output.stdout.ends_with(b"# EOF\n"));
        }
        Err(_) => eprintln!("left out: curl is not installed"),
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_certificate_that_is_of_no_use_is_told_before_anything_is_served() {
    let served = Served::new();
    let other = served.authority.issue(&["localhost"]);
    let (_, other_key) = other.write(served.directory.path(), "other");
    for (flags, says) in [
        (
            format!("--web-cert {}", served.cert.display()),
            "the private key",
        ),
        (
            format!(
                "--web-cert {} --web-key {}",
                served.cert.display(),
                other_key.display()
            ),
            "cannot be used",
        ),
        (
            format!("--web-key {}", served.key.display()),
            "--web-cert <FILE>",
        ),
        ("--web-cert none.pem".to_owned(), "none.pem"),
    ] {
        let ended = shopblast()
            .args(["--web", "--web-port", "0", "--sandbox", "SpikeUser"])
            .args(flags.split(' '))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(104), "{told}");
        assert!(told.contains(says), "{told}");
    }
}
