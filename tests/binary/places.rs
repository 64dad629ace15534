//! Where connections go and what they come from: Unix sockets, addresses and interfaces of this machine,
//! and a path before the shop's own. A relay before the shop writes down who came with what.

use crate::invocation::{Ended, run, shopblast};
use crate::sandbox_client::sandbox;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxMode, ServiceTime, ShopConfig};
use shopblast::shop::Generation;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What came: each connection's peer, and the heads of requests.
#[derive(Default)]
struct Seen {
    peers: BTreeSet<String>,
    heads: Vec<String>,
}

/// A relay before a shop. Its threads end with the test's process.
struct Relay {
    seen: Arc<Mutex<Seen>>,
    shop: Sandbox,
}

/// Both kinds of streams.
trait Stream: Read + Write + Send + Sized + 'static {
    fn twin(&self) -> Self;
    fn end(&self);
}

impl Stream for TcpStream {
    fn twin(&self) -> Self {
        self.try_clone().expect("a descriptor")
    }

    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Stream for UnixStream {
    fn twin(&self) -> Self {
        self.try_clone().expect("a descriptor")
    }

    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Relay {
    fn before(bugs: Bugs, api_workers: usize) -> Self {
        let shop = sandbox(
            SandboxMode::Shop(ShopConfig {
                bugs,
                api_workers,
                service: ServiceTime::Computed,
                generation: Generation::Five,
                ..ShopConfig::default()
            }),
            Driver::Uring,
        );
        Self {
            seen: Arc::default(),
            shop,
        }
    }

    /// Relays on a Unix socket.
    fn at_socket(self, path: &str) -> Self {
        let listener = UnixListener::bind(path).expect("a socket");
        let (seen, behind) = (Arc::clone(&self.seen), self.shop.address());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                relay(stream, behind, "", &seen);
            }
        });
        self
    }

    /// Relays on a port; requests have `base` before their paths, and lose it.
    fn at_port(self, base: &'static str) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, behind) = (Arc::clone(&self.seen), self.shop.address());
        thread::spawn(move || {
            while let Ok((stream, peer)) = listener.accept() {
                let peer = peer.ip().to_string();
                seen.lock().unwrap().peers.insert(peer);
                relay(stream, behind, base, &seen);
            }
        });
        (self, address)
    }

    /// Who came since the last time.
    fn peers(&self) -> Vec<String> {
        let peers = std::mem::take(&mut self.seen.lock().unwrap().peers);
        peers.into_iter().collect()
    }

    /// The heads of all requests since the last time.
    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap().heads)
    }
}

/// Passes on what comes, without `base`.
fn relay<S: Stream>(client: S, behind: SocketAddr, base: &'static str, seen: &Arc<Mutex<Seen>>) {
    let server = TcpStream::connect(behind).expect("the shop accepts");
    server.set_nodelay(true).expect("a connection");
    let (mut replies, mut back) = (server.twin(), client.twin());
    let seen = Arc::clone(seen);
    thread::spawn(move || {
        let _ = io::copy(&mut replies, &mut back);
        back.end();
    });
    thread::spawn(move || {
        let _ = pass_on(client, &server, base, &seen);
        let _ = server.shutdown(Shutdown::Write);
    });
}

fn pass_on<S: Stream>(
    mut client: S,
    mut server: &TcpStream,
    base: &str,
    seen: &Mutex<Seen>,
) -> io::Result<()> {
    let mut piece = [0; 16 << 10];
    loop {
        let count = client.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        // Each head comes in one piece, but for its last byte in a race of requests without a body.
        let piece = &piece[..count];
        if [&b"GET "[..], b"POST ", b"PUT "]
            .iter()
            .any(|word| piece.starts_with(word))
        {
            let end = memchr::memmem::find(piece, b"\r\n\r\n").map_or(count, |end| end + 4);
            let head = String::from_utf8_lossy(&piece[..end]).into_owned();
            seen.lock().unwrap().heads.push(head);
        }
        let begins = [" ", base, "/"].concat();
        match memchr::memmem::find(piece, begins.as_bytes()) {
            Some(at) if !base.is_empty() && at < 8 => {
                server.write_all(&piece[..=at])?;
                server.write_all(&piece[at + 1 + base.len()..])?;
            }
            _ => server.write_all(piece)?,
        }
    }
}

fn told_by(arguments: &[&str]) -> (i32, String) {
    let output = shopblast().args(arguments).output();
    let output = output.expect("the binary starts");
    let told = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap_or(-1);
    (code, String::from_utf8_lossy(&told).into_owned())
}

/// The first witness of the planted fault.
fn first_witness(ended: &Ended) -> String {
    let record = ended.record();
    let mut witnesses = record["witnesses"].as_array().expect("witnesses").iter();
    let witness = witnesses.find(|witness| witness["rule"] == "not-oversold");
    witness.expect("pieces were oversold")["number"].to_string()
}

#[test]
fn a_shop_at_a_unix_socket_is_loaded_raced_and_replayed_like_any_other() {
    let directory = tempfile::tempdir().expect("a directory");
    for driver in ["uring", "plain-uring", "epoll"] {
        let path = directory.path().join(format!("{driver}.sock"));
        let path = path.to_str().expect("a path");
        let relay = Relay::before(Bugs::default().with(Bug::Oversell, 1.0), 1).at_socket(path);
        let ended = run(&format!(
            "RaceAuditUser IdentityUser --pacing max -H unix:{path} -u 8 -r 100 -t 2s --cores 2 --oversubscribe \
             --driver {driver} --no-observatory"
        ));
        assert_eq!(ended.code, 96, "{driver}: {}", ended.told());
        let record = ended.record();
        let target = &record["target"];
        assert_eq!(target["url"], format!("unix:{path}"));
        assert_eq!(target["addresses"][0]["address"], format!("unix:{path}"));
        assert_eq!(record["plan"]["target"]["connect_to"]["unix"], path);
        assert!(record["processes"]["connections"].as_u64() > Some(0));
        assert_eq!(record["connections"]["failed"], 0);
        let requests = record["totals"]["requests"].as_u64().expect("a count");
        let heads = relay.heads();
        assert!(
            heads.len() as u64 >= requests && requests > 50,
            "{requests}"
        );
        for head in &heads {
            assert!(head.contains("\r\nhost: localhost\r\n"), "{head}");
        }
        let commands = format!("http://localhost/inventory --unix-socket {path} ");
        assert!(ended.told().contains(&commands), "{}", ended.told());

        let witness = first_witness(&ended);
        let record = ended.record_directory();
        let record = record.to_str().expect("a path");
        let (code, told) = told_by(&["replay", record, "--witness", &witness, "--times", "20"]);
        assert_eq!(code, 96, "{told}");
        assert!(
            told.contains(&format!("fired again at unix:{path}")),
            "{told}"
        );
        assert!(!relay.heads().is_empty());

        let (code, told) = told_by(&["doctor", "-H", &format!("unix:{path}"), "-u", "5"]);
        assert_eq!(code, 0, "{told}");
        for says in [
            &*format!("health: unix:{path} is a ShopStream"),
            "workers: the shop ",
            "ports: a Unix socket takes none",
        ] {
            assert!(told.contains(says), "{says}: {told}");
        }
    }
}

#[test]
fn requests_to_a_unix_socket_name_the_host_of_the_address() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("shop.sock");
    let path = path.to_str().expect("a path");
    let relay = Relay::before(Bugs::default(), 1).at_socket(path);
    let ended = run(&format!(
        "IdentityUser -H http://shop.test --connect-to unix:{path} -u 2 -t 1s --no-observatory"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(ended.record()["target"]["url"], "http://shop.test");
    let heads = relay.heads();
    assert!(!heads.is_empty());
    for head in &heads {
        assert!(head.contains("\r\nhost: shop.test\r\n"), "{head}");
    }
}

#[test]
fn a_unix_socket_that_is_none_is_told_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(at("file"), "").expect("a file");
    drop(UnixListener::bind(at("left")).expect("a socket"));
    let long = format!("/{}", "a".repeat(107));
    for (path, code, says) in [
        (at("none"), 107, "there is no socket at this path"),
        (at("file"), 107, "what is at this path is no socket"),
        (at("left"), 107, "no server listens on it any more"),
        (long, 104, "at most 107 bytes, and this one 108; a link"),
        ("shop.sock".to_owned(), 104, "begins with `/`"),
    ] {
        for flag in ["", "--no-preflight"] {
            let ended = run(&format!("IdentityUser -H unix:{path} -u 1 -t 1s {flag}"));
            assert_eq!(ended.code, code, "{path}: {}", ended.told());
            let is_looked_at = flag.is_empty() || code == 104;
            assert!(
                !is_looked_at || ended.told().contains(says),
                "{path}: {}",
                ended.told()
            );
        }
    }
}

#[test]
fn all_connections_come_from_the_interfaces_that_were_named() {
    let relay = Relay::before(Bugs::default().with(Bug::Oversell, 1.0), 1);
    let (relay, address) = relay.at_port("");
    let two = ["127.0.0.2", "127.0.0.3"];
    for driver in ["uring", "epoll"] {
        let ended = run(&format!(
            "RaceAuditUser IdentityUser --pacing max -H http://{address} -u 8 -r 100 -t 1s --driver {driver} \
             --interface 127.0.0.2,127.0.0.3 --no-observatory"
        ));
        assert_eq!(ended.code, 96, "{}", ended.told());
        assert_eq!(relay.peers(), two, "{driver}");
        let told = &ended.record()["plan"]["target"]["interfaces"];
        assert_eq!(told, &serde_json::json!(two));

        let (witness, record) = (first_witness(&ended), ended.record_directory());
        let record = record.to_str().expect("a path");
        told_by(&["replay", record, "--witness", &witness]);
        assert!(relay.peers().iter().all(|peer| two.contains(&&**peer)));
        let elsewhere = ["--interface", "127.0.0.9"];
        told_by(&[&["replay", record, "--witness", &witness], &elsewhere[..]].concat());
        assert_eq!(relay.peers(), ["127.0.0.9"]);
    }
    let host = format!("http://{address}");
    let (code, told) = told_by(&["doctor", "-H", &host, "--interface", "127.0.0.2,127.0.0.3"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("for each of 2 interfaces"), "{told}");
    let peers = relay.peers();
    let is_named = |peer: &String| two.contains(&&**peer);
    assert!(!peers.is_empty() && peers.iter().all(is_named), "{peers:?}");
    let ended = run(&format!(
        "IdentityUser -H {host} -u 1 -t 1s --interface lo --no-observatory"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(relay.peers(), ["127.0.0.1"]);
}

#[test]
fn an_interface_that_leads_nowhere_is_refused_before_anything_is_sent() {
    let relay = Relay::before(Bugs::default(), 1);
    let (relay, address) = relay.at_port("");
    for (flags, says) in [
        (
            "--interface nosuch0",
            "this machine has no such interface; it has ",
        ),
        ("--interface 198.51.100.1", "no such address; it has "),
        ("--interface ::1", "none of these leads to 127.0.0.1:"),
        (
            "--interface a/b",
            "is no address and no name of an interface",
        ),
        (
            "--interface lo --connect-to unix:/run/shop.sock",
            "connections to a Unix socket come from no interface",
        ),
    ] {
        let ended = run(&format!(
            "IdentityUser -H http://{address} -u 1 -t 1s {flags}"
        ));
        assert_eq!(ended.code, 104, "{flags}: {}", ended.told());
        assert!(ended.told().contains(says), "{flags}: {}", ended.told());
    }
    assert!(relay.peers().is_empty());
}

#[test]
fn a_shop_behind_a_path_is_met_loaded_raced_replayed_and_looked_at_there() {
    let relay = Relay::before(Bugs::default().with(Bug::Oversell, 1.0), 1);
    let (relay, address) = relay.at_port("/eu/shop");
    let host = format!("http://{address}/eu/shop");
    let ended = run(&format!(
        "RaceAuditUser IdentityUser --pacing max -H {host}/ -u 8 -r 100 -t 2s --no-observatory"
    ));
    assert_eq!(ended.code, 96, "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["target"]["url"], host);
    assert_eq!(record["target"]["recognised_by"], "description");
    assert!(record["processes"]["connections"].as_u64() > Some(0));
    let told = ended.told();
    assert!(told.contains(&format!(" {host}/inventory ")), "{told}");
    let (witness, record) = (first_witness(&ended), ended.record_directory());
    let record = record.to_str().expect("a path");
    let (code, told) = told_by(&["replay", record, "--witness", &witness, "--times", "20"]);
    assert_eq!(code, 96, "{told}");
    let (code, told) = told_by(&["doctor", "-H", &host, "-u", "5"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("operations: all that journeys use are there"),
        "{told}"
    );
    assert!(told.contains("workers: the shop "), "{told}");
    let heads = relay.heads();
    assert!(heads.len() > 100);
    for head in &heads {
        let path = head.split(' ').nth(1).expect("a path");
        assert!(path.starts_with("/eu/shop/"), "{head}");
    }
}
