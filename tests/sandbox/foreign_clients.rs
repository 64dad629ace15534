//! The sandbox over TLS and HTTP/2, asked by clients that nobody here wrote: curl and openssl, where
//! they are there.

use crate::certificates::Authority;
use crate::wires::serving;
use shopblast::sandbox::{Sandbox, SandboxConfig, TlsServing};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a test says when it cannot look.
fn is_missing(program: &str, says: &str) -> bool {
    let version = match program {
        "openssl" => "version",
        _ => "--version",
    };
    let output = Command::new(program).arg(version).output();
    let is_there = output.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains(says));
    if !is_there {
        eprintln!("skipped: there is no {program} with {says}");
    }
    !is_there
}

struct Served {
    directory: tempfile::TempDir,
    address: SocketAddr,
    authority: Authority,
    _sandbox: Sandbox,
}

impl Served {
    fn start(clients: Option<&Authority>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        authority.write(directory.path());
        let sandbox = Sandbox::start(&SandboxConfig {
            tls: Some(TlsServing {
                client_ca_pem: clients.map(|clients| clients.pem().as_bytes().to_vec()),
                ..serving(&authority.issue(&["localhost", "127.0.0.1"]))
            }),
            ..SandboxConfig::default()
        })
        .unwrap();
        Self {
            directory,
            address: sandbox.address(),
            authority,
            _sandbox: sandbox,
        }
    }

    fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn curl(ca: Option<&Path>, arguments: &[&str], url: &str) -> Output {
    let mut command = Command::new("curl");
    command.args(["-sS", "-m", "30", "-w", "%{http_code} %{http_version}"]);
    command.args(["-o", "/dev/null"]);
    if let Some(ca) = ca {
        command.arg("--cacert").arg(ca);
    }
    command.args(arguments).arg(url).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn curl_speaks_every_version_with_it() {
    if is_missing("curl", "HTTP2") {
        return;
    }
    let served = Served::start(None);
    let ca = served.ca();
    let url = format!("https://{}/health", served.address);
    for (flags, says) in [
        (&["--http2"][..], "200 2"),
        (&["--http1.1"], "200 1.1"),
        (&["--http1.1", "--tls-max", "1.2"], "200 1.1"),
        (&["--http2", "--tls-max", "1.2"], "200 2"),
        (&["--no-alpn"], "200 1.1"),
    ] {
        let output = curl(Some(&ca), flags, &url);
        assert_eq!(told(&output), says, "{flags:?}: {output:?}");
    }
    let posted = curl(
        Some(&ca),
        &[
            "--http2",
            "-H",
            "content-type: application/json",
            "-d",
            "{}",
        ],
        &format!("https://{}/customers", served.address),
    );
    assert_eq!(told(&posted), "422 2");
    // Whom nobody vouches for (60), and who is no speaker of it (52, 56: nothing but an alert came).
    assert_eq!(curl(None, &[], &url).status.code(), Some(60));
    let plain = curl(None, &[], &format!("http://{}/health", served.address));
    assert!(
        matches!(plain.status.code(), Some(1 | 52 | 56)),
        "{plain:?}"
    );

    let plain = Sandbox::start(&SandboxConfig::default()).unwrap();
    let url = format!("http://{}/health", plain.address());
    for (flag, says) in [
        ("--http2-prior-knowledge", "200 2"),
        ("--http2", "200 1.1"),
        ("--http1.1", "200 1.1"),
    ] {
        assert_eq!(told(&curl(None, &[flag], &url)), says, "{flag}");
    }
}

#[test]
fn curl_comes_in_with_a_certificate_where_one_is_asked_for() {
    if is_missing("curl", "HTTP2") {
        return;
    }
    let clients = Authority::new();
    let served = Served::start(Some(&clients));
    let ca = served.ca();
    let url = format!("https://{}/health", served.address);
    clients
        .issue(&["client"])
        .write(served.directory.path(), "known");
    served
        .authority
        .issue(&["other"])
        .write(served.directory.path(), "other");
    let paths = |name: &str| {
        let path = |end: &str| served.at(&format!("{name}{end}.pem")).display().to_string();
        (path(""), path("-key"))
    };
    let with = |name: &str| {
        let (cert, key) = paths(name);
        curl(Some(&ca), &["--cert", &cert, "--key", &key], &url)
    };
    let known = with("known");
    assert_eq!(told(&known), "200 2", "{known:?}");
    let other = with("other");
    assert!(!other.status.success(), "{other:?}");
    let nobody = curl(Some(&ca), &[], &url);
    assert!(!nobody.status.success(), "{nobody:?}");
}

#[test]
fn openssl_resumes_its_sessions_and_is_told_what_it_may_speak() {
    if is_missing("openssl", "OpenSSL 3") {
        return;
    }
    let served = Served::start(None);
    let address = served.address.to_string();
    let (ca, session) = (served.ca(), served.at("session.pem"));
    let ask = |flags: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &address, "-verify_return_error"]);
        command.arg("-CAfile").arg(&ca).args(flags);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // It waits for the reply, with which tickets of TLS 1.3 have come, and for the end.
        let request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut input = process.stdin.take().unwrap();
        // One that was refused does not read it.
        let _ = std::io::Write::write_all(&mut input, request);
        let output = process.wait_with_output().unwrap();
        drop(input);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text + &String::from_utf8_lossy(&output.stderr)
    };
    let path = session.display().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        let first = ask(&[version, "-ign_eof", "-sess_out", &path]);
        assert!(first.contains("New, TLSv1."), "{first}");
        assert!(first.contains(r#"{"status":"ok""#), "{first}");
        let again = ask(&[version, "-ign_eof", "-sess_in", &path]);
        assert!(again.contains("Reused, TLSv1."), "{again}");
        let chosen = ask(&[version, "-ign_eof", "-alpn", "spdy/1,http/1.1"]);
        assert!(chosen.contains("ALPN protocol: http/1.1"), "{chosen}");
        let refused = ask(&[version, "-alpn", "spdy/1"]);
        assert!(refused.contains("no application protocol"), "{refused}");
    }
}
