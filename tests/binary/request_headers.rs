//! What every request carries when the user says so, seen by a gateway that writes down what passes it;
//! and that what is secret is written down nowhere else.

use crate::invocation::{Ended, run, shopblast};
use crate::sandbox_client::sandbox;
use crate::small_server::serving;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

const SECRET: &str = "geheim-4711";

/// A gateway before a shop: passes everything on, and keeps what clients sent.
struct Gateway {
    address: String,
    seen: Arc<Mutex<Vec<u8>>>,
    _shop: Sandbox,
}

impl Gateway {
    fn before(bugs: Bugs) -> Self {
        let shop = sandbox(
            SandboxMode::Shop(ShopConfig {
                bugs,
                generation: Generation::Five,
                ..ShopConfig::default()
            }),
            Driver::Uring,
        );
        let behind = shop.address();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let address = serving(move |client| {
            let server = TcpStream::connect(behind).expect("the shop accepts");
            let (mut replies, mut back) =
                (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || {
                let _ = io::copy(&mut replies, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
            let _ = pass_on(client, &server, &kept);
            let _ = server.shutdown(Shutdown::Write);
        });
        Self {
            address,
            seen,
            _shop: shop,
        }
    }

    /// The heads of all requests so far, and forgets them.
    fn heads(&self) -> Vec<String> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let text = String::from_utf8(seen).expect("requests are text");
        let heads = text.split(" HTTP/1.1\r\n").skip(1);
        heads
            .map(|rest| rest.split("\r\n\r\n").next().unwrap_or_default().to_owned())
            .collect()
    }
}

fn pass_on(mut client: TcpStream, mut server: &TcpStream, seen: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut piece = [0; 16 << 10];
    loop {
        let count = client.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        // Each head comes in one piece; bodies of several connections may stand in each other.
        seen.lock().unwrap().extend_from_slice(&piece[..count]);
        server.write_all(&piece[..count])?;
    }
}

/// Nothing that was printed or recorded holds the secret.
fn holds_no_secret(ended: &Ended) {
    let told = format!("{}{}", ended.out, ended.err);
    assert!(!told.contains(SECRET), "{told}");
    let directory = ended.record_directory();
    for file in ended.record_files() {
        let bytes = std::fs::read(directory.join(&file)).expect("a file of the record");
        let is_there = memchr::memmem::find(&bytes, SECRET.as_bytes()).is_some();
        assert!(!is_there, "{file} holds the secret");
    }
}

fn traceparent(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n");
    lines.find_map(|line| line.strip_prefix("traceparent: "))
}

fn replay(record: &Path, arguments: &[&str]) -> String {
    let output = shopblast()
        .args(["replay", record.to_str().expect("a path")])
        .args(arguments)
        .output()
        .expect("the binary starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn every_request_carries_what_was_asked_for_and_no_secret_is_told() {
    let gateway = Gateway::before(Bugs::default().with(Bug::Oversell, 1.0));
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    std::fs::write(&token, format!("{SECRET}\n")).expect("a file");
    let place = &gateway.address;
    let ended = run(&format!(
        "RaceAuditUser IdentityUser --pacing max -H http://shop.test/ --connect-to {place} -u 8 -r 100 -t 2s \
         --trace --header x-tenant:blue --header=x-api-key:{SECRET} --bearer-from {} --no-observatory",
        token.display()
    ));
    assert_eq!(ended.code, 96, "{}", ended.told());
    holds_no_secret(&ended);
    let heads = gateway.heads();
    let record = ended.record();
    let requests = record["totals"]["requests"].as_u64().expect("a count");
    assert!(heads.len() as u64 >= requests, "the look before it, too");
    let wanted = format!(
        "host: shop.test\r\nx-tenant: blue\r\nx-api-key: {SECRET}\r\nauthorization: Bearer {SECRET}"
    );
    for head in &heads {
        assert!(head.starts_with(&wanted), "{head}");
    }
    let traces: Vec<&str> = heads.iter().filter_map(|head| traceparent(head)).collect();
    assert!(traces.len() as u64 >= requests, "every request of the load");
    let different: HashSet<&&str> = traces.iter().collect();
    assert_eq!(different.len(), traces.len(), "an id of its own each");
    let witness = &record["witnesses"][0];
    for exchange in witness["exchanges"].as_array().expect("a list") {
        let mut headers = exchange["headers"].as_array().expect("a list").iter();
        let named = headers.find(|header| header[0] == "traceparent");
        let named = named.and_then(|header| header[1].as_str());
        assert!(different.contains(&named.expect("a trace")), "{exchange}");
    }
    let told = &record["plan"]["target"]["headers"];
    assert_eq!(
        told,
        &serde_json::json!(["x-tenant: blue", "x-api-key: ***", "authorization: ***"])
    );

    // What no record keeps has to be given again; the rest is there.
    let witness = witness["number"].to_string();
    let text = replay(&ended.record_directory(), &["--witness", &witness]);
    assert!(
        text.contains("the run sent x-api-key, authorization, whose values no record keeps"),
        "{text}"
    );
    assert!(!gateway.heads().is_empty());
    let again = [
        "--header",
        &format!("x-api-key: {SECRET}"),
        "--bearer-from",
        token.to_str().unwrap(),
    ];
    let text = replay(
        &ended.record_directory(),
        &[&["--witness", &witness], &again[..]].concat(),
    );
    assert!(
        !text.contains("no record keeps") && !text.contains(SECRET),
        "{text}"
    );
    let heads = gateway.heads();
    assert!(!heads.is_empty());
    for head in &heads {
        assert!(head.starts_with(&wanted), "{head}");
    }
}

#[test]
fn a_shop_in_this_process_gets_the_headers_too() {
    let ended = run(&format!(
        "IdentityUser --sandbox -u 2 -t 1s --header authorization:{SECRET}"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    holds_no_secret(&ended);
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    for (flags, says) in [
        ("--header x-a", "write it like 'NAME: VALUE'"),
        ("--header Content-Length:5", "written by shopblast itself"),
        ("--connect-to 127.0.0.1", "the port is missing"),
        ("--connect-to 8.8.8.8:80", "--allow-host 8.8.8.8"),
        (
            "--bearer-from /no/such/file",
            "there is no such file, and no such variable is set",
        ),
    ] {
        let ended = run(&format!(
            "IdentityUser -H http://shop.test -u 1 -t 1s {flags}"
        ));
        assert_eq!(ended.code, 104, "{flags}: {}", ended.told());
        assert!(ended.told().contains(says), "{flags}: {}", ended.told());
    }
}
