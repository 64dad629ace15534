//! Behind an nginx of Debian's packages, as shops stand: TLS, names, certificates that are wrong, limits of
//! connections. What was counted is held against nginx's own log. Without nginx it is left out with a word.

use crate::certificates::{Authority, Identity};
use crate::invocation::{Ended, run};
use crate::sandbox_client::shop;
use shopblast::sandbox::Sandbox;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than it takes to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// Another program may take a free port before nginx does.
const ATTEMPTS: usize = 5;

/// A server of nginx's before the shop: its name here, and what makes it what it is, after `listen PORT`.
type Server = (&'static str, &'static str);

/// One process of nginx, ended when dropped.
struct Nginx {
    process: Child,
    servers: Vec<(&'static str, u16)>,
    ca: String,
    directory: TempDir,
    _shop: Sandbox,
}

impl Nginx {
    /// Starts it; `None`, and says so, where there is none.
    fn with(servers: &[Server]) -> Option<Self> {
        let shop = shop(10_000);
        let directory = tempfile::tempdir().expect("a directory");
        let at = directory.path();
        let authority = Authority::new();
        let ca = authority.write(at).display().to_string();
        write(at, "shop", &authority.issue(&["shop.test"]));
        write(at, "second", &authority.issue(&["second.test"]));
        write(at, "expired", &authority.issue_expired(&["shop.test"]));
        write(at, "foreign", &Authority::new().issue(&["shop.test"]));
        for _ in 0..ATTEMPTS {
            let ports = free_ports(servers.len());
            let named = servers.iter().zip(&ports);
            let named: Vec<_> = named.map(|(server, &port)| (server.0, port)).collect();
            let text = configuration(at, &shop.address().to_string(), servers, &ports);
            std::fs::write(at.join("nginx.conf"), text).expect("written");
            let Some(mut process) = start(at) else {
                eprintln!("left out: nginx is not installed (apt-get install nginx)");
                return None;
            };
            if comes_up(&mut process, &ports) {
                return Some(Self {
                    process,
                    servers: named,
                    ca,
                    directory,
                    _shop: shop,
                });
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        let said = std::fs::read_to_string(at.join("error.log")).unwrap_or_default();
        panic!("nginx does not start: {said}");
    }

    /// A run against one of its servers.
    fn run(&self, server: &str, host: &str, flags: &str) -> Ended {
        let found = self.servers.iter().find(|(name, _)| *name == server);
        let port = found.expect("it has such a server").1;
        run(&format!(
            "IdentityUser -H {host} --connect-to 127.0.0.1:{port} -u 8 -r 1000 -t 2s --pacing max \
             --no-observatory {flags}"
        ))
    }

    /// What a server has passed on of loads: method, path and status a line.
    fn passed(&self, server: &str) -> Vec<String> {
        let path = self.directory.path().join(format!("{server}.log"));
        let text = std::fs::read_to_string(path).expect("a log");
        let lines = text.lines();
        let of_load =
            |line: &&str| !line.contains(" /health ") && !line.contains(" /openapi.json ");
        lines.filter(of_load).map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write(directory: &Path, name: &str, identity: &Identity) {
    identity.write(directory, name);
}

/// One process, without a master, so that it ends with its own id.
fn configuration(at: &Path, shop: &str, servers: &[Server], ports: &[u16]) -> String {
    let place = at.display();
    let mut text = format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{ client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;\n\
         uwsgi_temp_path {place}/d; scgi_temp_path {place}/e; ssl_protocols TLSv1.2 TLSv1.3;\n\
         upstream shop {{ server {shop}; keepalive 32; keepalive_requests 1000000; }}\n\
         log_format short '$request_method $uri $status $server_protocol $ssl_protocol';\n\
         proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host;\n"
    );
    for ((name, shape), port) in servers.iter().zip(ports) {
        let shape = shape.replace("{at}", &place.to_string());
        let certificate = |who: &str| {
            format!("ssl_certificate {place}/{who}.pem; ssl_certificate_key {place}/{who}-key.pem;")
        };
        let shape = ["shop", "second", "expired", "foreign"]
            .iter()
            .fold(shape, |shape, who| {
                shape.replace(&format!("{{{who}}}"), &certificate(who))
            });
        text += &format!(
            "server {{ listen 127.0.0.1:{port} {shape} access_log {place}/{name}.log short; \
             location / {{ proxy_pass http://shop; }} }}\n"
        );
    }
    text + "}\n"
}

fn start(at: &Path) -> Option<Child> {
    // Debian has it where only root looks.
    ["nginx", "/usr/sbin/nginx"].iter().find_map(|program| {
        Command::new(program)
            .arg("-p")
            .arg(at)
            .arg("-c")
            .arg(at.join("nginx.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
    })
}

fn comes_up(process: &mut Child, ports: &[u16]) -> bool {
    let give_up = Instant::now() + PATIENCE;
    let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
    while Instant::now() < give_up {
        if ports.iter().all(listens) {
            return true;
        }
        if !matches!(process.try_wait(), Ok(None)) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn free_ports(count: usize) -> Vec<u16> {
    let taken: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    let ports = taken.iter();
    ports
        .map(|listener| listener.local_addr().expect("an address").port())
        .collect()
}

/// Requests, failed, unknown.
fn counted(ended: &Ended) -> [u64; 3] {
    let totals = &ended.record()["totals"];
    ["requests", "failed", "unknown"].map(|name| totals[name].as_u64().expect("a count"))
}

/// A load that nothing happens to: as much was counted as nginx's log has, all of it with `mark`.
fn passes_whole(nginx: &Nginx, server: &str, host: &str, flags: &str, mark: &str) {
    let ended = nginx.run(server, host, flags);
    let [requests, failed, unknown] = counted(&ended);
    assert!(requests > 200, "{server}: {}", ended.told());
    assert_eq!((failed, unknown), (0, 0), "{server}: {}", ended.told());
    let passed = nginx.passed(server);
    assert_eq!(passed.len() as u64, requests, "{server}");
    let other = passed.iter().find(|line| !line.contains(mark));
    assert_eq!(other, None, "{server}");
}

#[test]
fn the_end_of_a_connection_after_a_hundred_requests_costs_none() {
    let limited = [
        ("plain", "; keepalive_requests 100;"),
        ("tls", "ssl; {shop} keepalive_requests 100;"),
        ("http2", "http2; keepalive_requests 100;"),
        ("http2-shared", "http2; keepalive_requests 100;"),
    ];
    let Some(nginx) = Nginx::with(&limited) else {
        return;
    };
    let ca = format!("--ca {}", nginx.ca);
    passes_whole(&nginx, "plain", "http://shop.test", "", "HTTP/1.1");
    passes_whole(&nginx, "tls", "https://shop.test", &ca, "HTTP/1.1 TLSv1.3");
    passes_whole(&nginx, "http2", "http://shop.test", "--http2", "HTTP/2.0");
    let shared = "--http2 --connections 2";
    passes_whole(
        &nginx,
        "http2-shared",
        "http://shop.test",
        shared,
        "HTTP/2.0",
    );
}

#[test]
fn loads_pass_whole_as_ingresses_speak_tls() {
    let servers = [
        ("old", "ssl; {shop} ssl_protocols TLSv1.2;"),
        ("second", "ssl; {second} server_name second.test;"),
        ("other-curve", "ssl; {shop} ssl_ecdh_curve secp384r1;"),
        ("small-records", "ssl; {shop} ssl_buffer_size 64;"),
        (
            "wanting",
            "ssl; {shop} ssl_verify_client on; ssl_client_certificate {at}/ca.pem;",
        ),
    ];
    let Some(nginx) = Nginx::with(&servers) else {
        return;
    };
    let at = nginx.directory.path().display();
    let ca = format!("--ca {}", nginx.ca);
    let shown = format!("{ca} --client-cert {at}/shop.pem --client-key {at}/shop-key.pem");
    let https = "https://shop.test";
    passes_whole(&nginx, "old", https, &ca, "TLSv1.2");
    passes_whole(&nginx, "second", "https://second.test", &ca, "TLSv1.3");
    passes_whole(&nginx, "other-curve", https, &ca, "TLSv1.3");
    passes_whole(&nginx, "small-records", https, &ca, "TLSv1.3");
    passes_whole(&nginx, "wanting", https, &shown, "TLSv1.3");
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_and_nothing_is_sent() {
    let servers = [
        ("good", "ssl; {shop}"),
        ("expired", "ssl; {expired}"),
        ("other-name", "ssl; {second}"),
        ("foreign", "ssl; {foreign}"),
        (
            "wanting",
            "ssl; {shop} ssl_verify_client on; ssl_client_certificate {at}/ca.pem;",
        ),
        ("nameless", "ssl; ssl_reject_handshake on;"),
        ("plain", ";"),
    ];
    let Some(nginx) = Nginx::with(&servers) else {
        return;
    };
    let ca = format!("--ca {}", nginx.ca);
    let https = "https://shop.test";
    for (server, host, flags, says) in [
        ("expired", https, &*ca, "has expired"),
        (
            "other-name",
            https,
            &ca,
            "its certificate is of second.test only",
        ),
        ("foreign", https, &ca, "does not hold its authority"),
        ("good", https, "", "--ca FILE"),
        ("wanting", https, &ca, "wants to be shown a certificate"),
        (
            "nameless",
            https,
            &ca,
            "does not know the name it was asked for",
        ),
        ("plain", https, &ca, "plain HTTP is spoken on this port"),
        ("good", "http://shop.test", "", "TLS is spoken on this port"),
    ] {
        let ended = nginx.run(server, host, flags);
        let told = ended.told();
        assert_eq!(ended.code, 107, "{server}: {told}");
        assert!(told.contains(says), "{server}: {told}");
        let is_right = says.contains("plain HTTP") || !told.contains("plain HTTP is spoken");
        assert!(is_right, "{server}: {told}");
        let passed = nginx.passed(server);
        assert!(
            passed.iter().all(|line| !line.starts_with("POST")),
            "{passed:?}"
        );
    }
}
