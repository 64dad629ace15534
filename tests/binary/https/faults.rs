//! What is wrong on the way in is told with its remedy, and nothing is sent.

use super::gateway::{Gateway, Like, trusted};
use crate::certificates::Authority;
use crate::invocation::{Ended, run, shopblast};
use crate::sandbox_client::shop;
use crate::small_server::serving;
use shopblast::sandbox::Sandbox;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const LOAD: &str = "IdentityUser -u 1 -t 1s --no-observatory";

/// A run and a look of the doctor both say `says`, and that the target cannot be reached.
fn is_told(flags: &str, says: &[&str]) {
    let ended = run(&format!("{LOAD} {flags}"));
    let doctor = shopblast()
        .arg("doctor")
        .args(flags.split_whitespace())
        .output()
        .expect("the binary starts");
    let looked = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert_eq!(ended.code, 107, "{flags}: {}", ended.told());
    assert_eq!(doctor.status.code(), Some(107), "{flags}: {looked}");
    for says in says {
        assert!(ended.err.contains(says), "{flags}: {says}: {}", ended.err);
        assert!(looked.contains(says), "{flags}: {says}: {looked}");
    }
    assert!(!ended.is_recorded(), "{}", ended.told());
}

/// A shop, its authority's certificate in a file, and a directory for more.
struct Setting {
    shop: Sandbox,
    authority: Authority,
    directory: tempfile::TempDir,
    ca: PathBuf,
}

impl Setting {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (authority, _) = trusted();
        let ca = authority.write(directory.path());
        Self {
            shop: shop(100),
            authority,
            directory,
            ca,
        }
    }

    fn gateway(&self, names: &[&str], like: Like) -> Gateway {
        Gateway::before(self.shop.address(), &self.authority.issue(names), like)
    }

    fn flags(&self, gateway: &Gateway, name: &str) -> String {
        format!(
            "-H {} --connect-to {} --ca {}",
            gateway.url(name),
            gateway.address,
            self.ca.display()
        )
    }
}

#[test]
fn a_certificate_that_is_not_as_it_should_be_is_told_with_its_remedy() {
    let setting = Setting::new();
    let gateway = setting.gateway(&["other.test", "127.0.0.1"], Like::default());
    is_told(
        &setting.flags(&gateway, "shop.test"),
        &[
            "its certificate is of other.test, 127.0.0.1 only",
            "name the host as the certificate does",
            "--insecure",
        ],
    );
    let expired = setting.authority.issue_expired(&["shop.test"]);
    let gateway = Gateway::before(setting.shop.address(), &expired, Like::default());
    is_told(
        &setting.flags(&gateway, "shop.test"),
        &["has expired on 2002-01-01", "renew it", "--insecure"],
    );
    let gateway = setting.gateway(&["localhost"], Like::default());
    let url = gateway.url("localhost");
    is_told(
        &format!("-H {url}"),
        &[
            "nobody who is trusted vouches for its certificate",
            "with --ca FILE",
            "--insecure",
        ],
    );
    let stranger = Authority::new().issue(&["localhost"]);
    let gateway = Gateway::before(setting.shop.address(), &stranger, Like::default());
    is_told(
        &setting.flags(&gateway, "localhost"),
        &["the file of --ca does not hold its authority"],
    );
}

#[test]
fn a_server_that_wants_a_certificate_is_told_with_the_flags_that_show_one() {
    let setting = Setting::new();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let like = || Like {
            clients: Some(setting.authority.pem().to_owned()),
            version: Some(version),
            ..Like::default()
        };
        let gateway = setting.gateway(&["shop.test"], like());
        let flags = setting.flags(&gateway, "shop.test");
        is_told(&flags, &["--client-cert FILE"]);
        let stranger = Authority::new().issue(&["me"]);
        let (cert, key) = stranger.write(setting.directory.path(), "stranger");
        let shown = shown(&cert, &key);
        is_told(&format!("{flags} {shown}"), &["does not take"]);
    }
}

fn shown(cert: &Path, key: &Path) -> String {
    format!(
        "--client-cert {} --client-key {}",
        cert.display(),
        key.display()
    )
}

#[test]
fn the_other_protocol_is_told_with_the_address_that_would_be_right() {
    let setting = Setting::new();
    let plain = setting.shop.address();
    is_told(
        &format!("-H https://{plain}"),
        &[&format!(
            "plain HTTP is spoken on this port: use -H http://{plain}"
        )],
    );
    // Says nothing to what is no HTTP.
    let silent = serving(|mut client| {
        let mut first = [0; 3];
        if client.read_exact(&mut first).is_ok() && &first == b"GET" {
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    is_told(
        &format!("-H https://{silent}/api"),
        &[&format!("use -H http://{silent}/api")],
    );
    let gateway = setting.gateway(&["localhost"], Like::default());
    let address = gateway.address;
    is_told(
        &format!("-H http://{address}/api"),
        &[&format!(
            "TLS is spoken on this port: use -H https://{address}/api"
        )],
    );
    let nginx = serving(|mut client| {
        let _ = client.read(&mut [0; 4_096]);
        let body = "<html>400 The plain HTTP request was sent to HTTPS port</html>";
        let length = body.len();
        let reply = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {length}\r\n\r\n{body}");
        let _ = client.write_all(reply.as_bytes());
    });
    is_told(
        &format!("-H http://{nginx}"),
        &[&format!("use -H https://{nginx}")],
    );
}

#[test]
fn a_server_that_hangs_up_or_does_not_end_is_not_waited_for() {
    let hung_up = serving(drop);
    is_told(
        &format!("-H https://{hung_up}"),
        &["is this the port for https?"],
    );
}

#[test]
fn an_ingress_that_redirects_to_https_is_told_with_the_address_that_would_be_right() {
    let ingress = serving(|mut client| {
        let mut request = [0; 4_096];
        let count = client.read(&mut request).unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..count]);
        let path = request.split(' ').nth(1).unwrap_or_default();
        let reply = format!(
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: https://shop.test{path}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let _ = client.write_all(reply.as_bytes());
    });
    is_refused(
        &format!("{LOAD} -H http://{ingress}"),
        "name the address that it points to: -H https://shop.test",
    );
    let ended = run(&format!("{LOAD} -H http://{ingress} --no-preflight"));
    assert_eq!(ended.code, 1, "{}", ended.told());
    let told = ended.told();
    assert!(
        told.contains("redirect, not followed: use -H https://shop.test"),
        "{told}"
    );
}

/// A line, and what is said of it before anything is sent.
fn is_refused(line: &str, says: &str) -> Ended {
    let ended = run(line);
    assert_eq!(ended.code, 104, "{line}: {}", ended.told());
    assert!(ended.err.contains(says), "{line}: {}", ended.told());
    ended
}

#[test]
fn flags_that_cannot_be_are_refused_before_anything_is_sent() {
    let directory = tempfile::tempdir().expect("a directory");
    let (authority, identity) = trusted();
    let ca = authority.write(directory.path());
    let ca = ca.display();
    let (cert, key) = identity.write(directory.path(), "me");
    let (other, other_key) = authority.issue(&["x"]).write(directory.path(), "other");
    let https = format!("{LOAD} -H https://shop.test");
    is_refused(
        &format!("{LOAD} -H http://shop.test --ca {ca}"),
        "--ca is about TLS",
    );
    is_refused(
        &format!("{LOAD} --sandbox --insecure"),
        "--insecure is about TLS",
    );
    is_refused(
        &format!("{https} --ca {}", key.display()),
        "there is no PEM certificate",
    );
    is_refused(
        &format!("{https} --ca /no/such/file"),
        "--ca /no/such/file: No such file",
    );
    is_refused(
        &format!("{https} --client-key {}", key.display()),
        "--client-cert",
    );
    let mixed = shown(&cert, &other_key);
    let ended = is_refused(&format!("{https} {mixed}"), "cannot be used");
    let key_text = std::fs::read_to_string(&other_key).expect("a key");
    let line = key_text.lines().nth(1).expect("a line of it");
    assert!(!ended.told().contains(line), "{}", ended.told());
    is_refused(
        &format!("{https} --client-cert {}", other.display()),
        "the private key",
    );
    is_refused(
        &format!("{LOAD} -H https://8.8.8.8 --insecure"),
        "--allow-host 8.8.8.8",
    );
}
