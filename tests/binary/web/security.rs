//! Who is let in, and what nobody gets: other sites, bent names, wrong tokens, files elsewhere.

use crate::invocation::shopblast;
use crate::web_server::WebServer;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::Duration;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const TOKEN: &str = "correct-horse-battery";

fn is_ready(server: &WebServer) -> bool {
    server.get("/stats/requests").json()["state"] == "ready"
}

#[test]
fn other_sites_start_stop_and_read_nothing() {
    let mut server = WebServer::start("--sandbox SpikeUser");
    let order = "user_count=1&run_time=60s";
    for header in [
        ("origin", "http://evil.example"),
        ("origin", "http://127.0.0.1:1"),
        ("origin", "null"),
        ("referer", "http://evil.example/"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
        ("host", "evil.example:8089"),
    ] {
        let reply = server.ask("POST", "/swarm", &[FORM, header], order);
        assert_eq!(reply.status, 403, "{header:?}");
        assert!(is_ready(&server), "{header:?}");
    }
    server.swarm(order);
    for path in ["/stop", "/stats/reset"] {
        for header in [
            ("sec-fetch-site", "cross-site"),
            ("referer", "http://evil.example/"),
            ("host", "evil.example"),
            ("sec-purpose", "prefetch"),
        ] {
            let reply = server.ask("GET", path, &[header], "");
            assert_eq!(reply.status, 403, "{path} {header:?}");
        }
    }
    for path in ["/", "/stats/requests", "/live", "/history", "/page/app.js"] {
        for header in [("host", "evil.example"), ("sec-fetch-site", "cross-site")] {
            assert_eq!(server.ask("GET", path, &[header], "").status, 403, "{path}");
        }
    }
    let no_host = server.ask("GET", "/stats/requests", &[("host", "")], "");
    assert!([400, 403].contains(&no_host.status), "{no_host:?}");
    server.stats_when("it goes on", |stats| stats["user_count"] == 1);
    // A script of the user's own, and the page itself, may.
    let here = format!("http://{}", server.authority);
    let own = [("origin", here.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(
        server.ask("POST", "/stop", &own, "").json()["success"],
        true
    );
    server.when_stopped();
}

#[test]
fn a_public_target_needs_permission() {
    let server = WebServer::start("SpikeUser --no-preflight");
    // The last ones are where clouds keep the credentials of their machines.
    for host in ["203.0.113.9", "169.254.169.254", "%5Bfe80%3A%3A1%5D"] {
        let form = format!("host=http%3A%2F%2F{host}");
        let answer = server.post("/swarm", &form).json();
        assert_eq!(answer["success"], false, "{host}");
        let told = answer["message"].as_str().expect("a message");
        assert!(
            told.contains("load goes to private addresses only"),
            "{told}"
        );
    }
    assert!(is_ready(&server));
}

#[test]
fn only_who_knows_the_token_comes_in() {
    let server = WebServer::start_with("--sandbox", &[("SHOPBLAST_WEB_TOKEN", TOKEN)]);
    for path in [
        "/stats/requests",
        "/live",
        "/history",
        "/setup",
        "/page/app.js",
        "/tasks",
    ] {
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    assert_eq!(server.post("/swarm", "user_count=1").status, 401);
    let page = server.ask("GET", "/", &[("accept", "text/html")], "");
    assert_eq!((page.status, page.header("location")), (303, "login"));
    assert!(server.get("/login").text().contains("Token"));

    let wrong = server.ask(
        "GET",
        "/setup",
        &[("authorization", "Bearer wrong-horse-battery")],
        "",
    );
    assert_eq!(wrong.status, 401);
    let wrong = server.post("/login", "token=wrong-horse-battery");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (403, ""));
    assert_eq!(server.post("/login", "").status, 403);

    let bearer = format!("Bearer {TOKEN}");
    let right = server.ask("GET", "/setup", &[("authorization", &bearer)], "");
    assert_eq!(right.status, 200);
    let login = server.post("/login", &format!("token={TOKEN}"));
    assert_eq!(login.status, 204);
    let cookie = login.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(TOKEN), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    assert_eq!(server.ask("GET", "/", &[("cookie", pair)], "").status, 200);
    assert!(
        !server.out().contains(TOKEN),
        "a token that was given is not printed"
    );
}

#[test]
fn other_machines_need_a_token_that_is_made_up_when_none_is_given() {
    let server = WebServer::start("--web-host 0.0.0.0 --sandbox");
    assert_eq!(server.get("/stats/requests").status, 401);
    let out = server.out();
    let line = out
        .lines()
        .find(|line| line.starts_with("token: "))
        .expect("a token");
    let token = line.split(' ').nth(1).expect("a token");
    assert!(token.len() >= 32, "{token}");
    let bearer = format!("Bearer {token}");
    let reply = server.ask("GET", "/stats/requests", &[("authorization", &bearer)], "");
    assert_eq!(reply.status, 200);
    assert!(out.contains(&format!("/login#{token}")), "{out}");
}

#[test]
fn no_file_outside_the_records_is_read() {
    let mut server = WebServer::start("--sandbox SpikeUser -t 1s");
    server.swarm("user_count=1");
    server.when_stopped();
    let record = server.record();
    let run = record
        .file_name()
        .expect("a name")
        .to_str()
        .expect("text")
        .to_owned();
    let secret = server
        .results()
        .parent()
        .expect("a directory")
        .join("secret.csv");
    fs::write(&secret, "secret").expect("written");
    symlink(&secret, record.join("link.csv")).expect("linked");
    symlink("/etc", server.results().join("link")).expect("linked");
    fs::create_dir(record.join("deep")).expect("made");
    for path in [
        format!("/results/{run}/../../secret.csv"),
        format!("/results/{run}/..%2f..%2fsecret.csv"),
        format!("/results/{run}/%2e%2e%2f%2e%2e%2fsecret.csv"),
        format!("/results/{run}%2f..%2f../secret.csv"),
        "/results/../secret.csv".to_owned(),
        "/results/%2e%2e/secret.csv".to_owned(),
        "/results/..%2f/secret.csv".to_owned(),
        format!("/results/{run}/link.csv"),
        format!("/results/{run}/deep"),
        format!("/results/{run}/%2fetc%2fpasswd"),
        format!("/results/{run}/run.json%00.csv"),
        "/results/link/passwd".to_owned(),
        "/results/link/record.tar".to_owned(),
        "/results/nothing/record.tar".to_owned(),
        "/results/..%2f..%2fetc/passwd".to_owned(),
        "/page/..%2fmod.rs".to_owned(),
        "/page/%2fetc%2fpasswd".to_owned(),
    ] {
        let reply = server.get(&path);
        assert!(reply.status >= 400, "{path}: {}", reply.text());
        assert!(!reply.text().contains("secret"), "{path}");
        assert!(!reply.text().contains("root:"), "{path}");
    }
    let read = server.get(&format!("/results/{run}/run.json"));
    assert_eq!(read.status, 200);
    assert!(read.header("content-disposition").starts_with("attachment"));
    let archive = server.get(&format!("/results/{run}/record.tar"));
    assert!(
        !archive.text().contains("secret"),
        "links are not followed into archives"
    );
    assert!(!server.get("/history").text().contains("secret"));
}

#[test]
fn every_answer_is_hardened() {
    let server = WebServer::start("--sandbox");
    for path in [
        "/",
        "/login",
        "/page/app.js",
        "/stats/requests",
        "/nowhere",
        "/history",
    ] {
        let reply = server.get(path);
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
    let refused = server.ask("GET", "/", &[("host", "evil.example")], "");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    let index = server.get("/").text();
    assert!(
        !index.contains("<script>") && !index.contains(" style="),
        "nothing is inline"
    );
    assert!(!index.contains("://"), "nothing comes from elsewhere");
}

#[test]
fn forms_readers_and_methods_are_bounded() {
    let server = WebServer::start("--sandbox");
    let huge = format!("host={}", "x".repeat(1 << 20));
    assert_eq!(server.post("/swarm", &huge).status, 413);
    assert_eq!(server.ask("PUT", "/swarm", &[], "").status, 405);
    assert_eq!(server.get("/swarm").status, 405);
    // Readers of live updates that stay; the first bytes tell that they are in.
    let mut readers = Vec::new();
    for _ in 0..32 {
        let mut reader = server.send("GET", "/live", &[], "");
        let mut begin = [0; 15];
        reader.read_exact(&mut begin).expect("an answer");
        assert!(
            begin.ends_with(b"200 OK"),
            "{:?}",
            String::from_utf8_lossy(&begin)
        );
        readers.push(reader);
    }
    assert_eq!(server.get("/live").status, 503);
    drop(readers);
    let mut server = server;
    server.wait_for("a free place", |server| {
        let mut reader = server.send("GET", "/live", &[], "");
        let mut begin = [0; 15];
        reader.read_exact(&mut begin).expect("an answer");
        begin.ends_with(b"200 OK").then_some(())
    });
}

/// No token is needed for a connection, and so nobody may keep all of them.
#[test]
fn a_crowd_that_asks_slowly_leaves_again() {
    let mut server = WebServer::start_with("--sandbox", &[("SHOPBLAST_WEB_TOKEN", TOKEN)]);
    let connect = |text: &str| {
        let mut stream = TcpStream::connect(&server.authority).expect("connected");
        stream.write_all(text.as_bytes()).expect("sent");
        stream
    };
    let host = &server.authority;
    let slow_body = format!("POST /login HTTP/1.0\r\nhost: {host}\r\ncontent-length: 9\r\n\r\ntok");
    let mut slow = connect(&slow_body);
    // Guests who send something all the time, and never all of it.
    let of_a_head = "GET /login HTTP/1.1\r\n".to_owned();
    let of_a_body = format!("POST /login HTTP/1.1\r\nhost: {host}\r\ncontent-length: 9999\r\n\r\n");
    let of_chunks =
        format!("POST /login HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\n");
    let drips = [
        (connect(&of_a_head), "a: b\r\n"),
        (connect(&of_a_body), "t"),
        (connect(&of_chunks), "1\r\nt\r\n"),
    ];
    let drips = drips.map(|(mut stream, drop)| {
        std::thread::spawn(move || {
            // Until it is closed, and that was noticed.
            while stream.write_all(drop.as_bytes()).is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        })
    });
    let crowd: Vec<TcpStream> = (4..256).map(|_| connect("GET /login HT")).collect();
    let status = |server: &WebServer| server.get("/login").status;
    server.wait_for("the crowd", |server| (status(server) == 503).then_some(()));
    let told = server.get("/login");
    assert!(told.text().contains("too many visitors"), "{told:?}");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.0 408 "), "{answer}");
    server.wait_for("room again", |server| (status(server) == 200).then_some(()));
    for drip in drips {
        drip.join().expect("no panic");
    }
    drop(crowd);
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = shopblast()
        .env_clear()
        .args(["--web", "--web-port", &port])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(104));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains(&port) && told.contains("--web-port"),
        "{told}"
    );
}
