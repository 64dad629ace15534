//! How the sandbox speaks HTTP, over real sockets, against what was measured of uvicorn.

use crate::sandbox_client::{Client, Reply, sandbox, shop};
use shopblast::plan::Driver;
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxError, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

fn reply_to(sandbox: &Sandbox, request: &[u8]) -> (Reply, Client) {
    let mut client = Client::connect(sandbox.address());
    client.write(request);
    let method = if request.starts_with(b"HEAD") {
        "HEAD"
    } else {
        "GET"
    };
    (client.reply_to(method), client)
}

/// Whether the server closes the connection without another byte.
fn is_closed(client: &mut Client) -> bool {
    client.pending.is_empty() && matches!(client.stream.read(&mut [0; 1]), Ok(0))
}

fn registration(external_id: &str) -> String {
    let body = format!(
        r#"{{"external_id":"{external_id}","email":"a@b.co","first_name":"A","last_name":"B"}}"#
    );
    let length = body.len();
    format!("POST /customers HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[test]
fn headers_are_uvicorns() {
    let sandbox = shop(10);
    let (reply, _client) = reply_to(&sandbox, HEALTH);
    assert_eq!((reply.status, reply.reason.as_str()), (200, "OK"));
    assert_eq!(
        reply.names(),
        ["date", "server", "content-length", "content-type"]
    );
    assert_eq!(reply.field("server"), Some("uvicorn"));
    assert!(reply.field("date").unwrap().ends_with(" GMT"));
    assert!(reply.body.starts_with(r#"{"status":"ok","domains":{"#));
}

#[test]
fn wrong_methods_and_paths() {
    let sandbox = shop(10);
    for (line, status, allow) in [
        ("GET /customers", 405, Some("POST")),
        ("HEAD /customers", 405, Some("POST")),
        ("OPTIONS /customers", 405, Some("POST")),
        ("PATCH /health", 405, Some("GET")),
        ("GET /customers/x/addresses/y", 405, Some("PUT")),
        ("GET /customers/x", 404, None),
        ("GET /", 404, None),
        ("OPTIONS *", 404, None),
    ] {
        let (reply, mut client) = reply_to(&sandbox, format!("{line} HTTP/1.1\r\n\r\n").as_bytes());
        assert_eq!(
            (reply.status, reply.field("allow")),
            (status, allow),
            "{line}"
        );
        let body = match (status, line.starts_with("HEAD")) {
            (_, true) => "",
            (405, _) => r#"{"detail":"Method Not Allowed"}"#,
            _ => r#"{"detail":"Not Found"}"#,
        };
        assert_eq!(reply.body, body, "{line}");
        client.write(HEALTH);
        assert_eq!(client.reply().status, 200, "the connection goes on");
    }
}

#[test]
fn a_trailing_slash_is_redirected_to_an_absolute_address() {
    let sandbox = shop(10);
    let (reply, _client) = reply_to(
        &sandbox,
        b"POST /customers/?a=b HTTP/1.1\r\nhost: shop:1\r\ncontent-length: 2\r\n\r\n{}",
    );
    assert_eq!(
        (reply.status, reply.reason.as_str()),
        (307, "Temporary Redirect")
    );
    assert_eq!(reply.field("location"), Some("http://shop:1/customers?a=b"));
    assert_eq!(
        reply.names(),
        ["date", "server", "content-length", "location"]
    );
    let (reply, _client) = reply_to(&sandbox, b"GET /health/ HTTP/1.1\r\n\r\n");
    let here = format!("http://{}/health", sandbox.address());
    assert_eq!(reply.field("location"), Some(here.as_str()));
}

#[test]
fn browsers_of_other_origins_are_let_in() {
    let sandbox = shop(10);
    let (reply, _client) = reply_to(
        &sandbox,
        b"GET /health HTTP/1.1\r\nOrigin: http://a\r\n\r\n",
    );
    assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
    assert_eq!(
        reply.field("access-control-allow-credentials"),
        Some("true")
    );
    let (reply, _client) = reply_to(
        &sandbox,
        b"OPTIONS /customers HTTP/1.1\r\norigin: http://a\r\naccess-control-request-method: POST\r\naccess-control-request-headers: x-y\r\n\r\n",
    );
    assert_eq!((reply.status, reply.body.as_str()), (200, "OK"));
    assert_eq!(
        reply.names(),
        [
            "date",
            "server",
            "vary",
            "access-control-allow-methods",
            "access-control-max-age",
            "access-control-allow-credentials",
            "access-control-allow-origin",
            "access-control-allow-headers",
            "content-length",
            "content-type"
        ]
    );
}

#[test]
fn connections_are_closed_when_asked_or_old() {
    let sandbox = shop(10);
    let (reply, mut client) = reply_to(
        &sandbox,
        b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\nGET /health HTTP/1.1\r\n\r\n",
    );
    assert_eq!(reply.field("connection"), Some("close"));
    assert_eq!(reply.names().last(), Some(&"connection"));
    assert!(is_closed(&mut client));
    let (reply, mut client) = reply_to(
        &sandbox,
        b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    );
    assert_eq!((reply.status, reply.field("connection")), (200, None));
    assert!(is_closed(&mut client));
}

#[test]
fn garbage_is_answered_and_the_connection_closed() {
    let sandbox = shop(10);
    let long_head = [b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'a'; 70_000]].concat();
    for garbage in [
        &b"hello\r\n\r\n"[..],
        b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
        b"POST /customers HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        &long_head,
    ] {
        let mut client = Client::connect(sandbox.address());
        // The server may answer and close before the last of a long head is written.
        let _ = client.stream.write_all(garbage);
        let reply = client.reply();
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (400, "Invalid HTTP request received.")
        );
        assert_eq!(
            reply.names(),
            [
                "date",
                "server",
                "content-type",
                "content-length",
                "connection"
            ]
        );
        assert_eq!(
            reply.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let sandbox = shop(1_000);
    let mut client = Client::connect(sandbox.address());
    let requests: String = (0..50)
        .map(|number| {
            if number % 3 == 0 {
                "GET /nowhere HTTP/1.1\r\n\r\n".to_owned()
            } else {
                registration(&format!("EXT-{number}"))
            }
        })
        .collect();
    client.write(requests.as_bytes());
    for number in 0..50 {
        let expected = if number % 3 == 0 { 404 } else { 201 };
        assert_eq!(client.reply().status, expected, "request {number}");
    }
}

#[test]
fn requests_may_arrive_byte_by_byte() {
    for driver in [Driver::Uring, Driver::Epoll] {
        let sandbox = sandbox(
            SandboxMode::Shop(ShopConfig {
                generation: Generation::Five,
                retain: 10,
                ..ShopConfig::default()
            }),
            driver,
        );
        let mut client = Client::connect(sandbox.address());
        for byte in registration("EXT-1").as_bytes() {
            client.write(&[*byte]);
        }
        assert_eq!(client.reply().status, 201);
    }
}

#[test]
fn chunked_bodies_are_read() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    let body = r#"{"external_id":"EXT-1","email":"a@b.co","first_name":"A","last_name":"B"}"#;
    let (left, right) = body.split_at(20);
    client.write(
        format!(
            "POST /customers HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{left}\r\n{:x};a=b\r\n{right}\r\n0\r\n\r\n",
            left.len(),
            right.len()
        )
        .as_bytes(),
    );
    assert_eq!(client.reply().status, 201);
    client.write(HEALTH);
    assert_eq!(client.reply().status, 200);
}

#[test]
fn a_client_that_waits_for_continue_gets_it_once() {
    let sandbox = shop(10);
    let request = registration("EXT-1");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut client = Client::connect(sandbox.address());
    client.write(format!("{head}\r\nexpect: 100-continue\r\n\r\n").as_bytes());
    let go_on = client.reply();
    assert_eq!((go_on.status, go_on.fields.len()), (100, 0));
    let (left, right) = body.split_at(5);
    client.write(left.as_bytes());
    std::thread::sleep(Duration::from_millis(20));
    client.write(right.as_bytes());
    assert_eq!(client.reply().status, 201);
}

#[test]
fn large_bodies_are_read_completely() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    let reply = client.call(
        "POST",
        "/customers",
        &format!("[\"{}\"", "x".repeat(8 << 20)),
    );
    assert_eq!(reply.status, 422);
    assert!(
        reply
            .body
            .contains(&format!("\"loc\":[\"body\",{}]", (8 << 20) + 3))
    );
    client.write(HEALTH);
    assert_eq!(client.reply().status, 200);
}

#[test]
fn idle_connections_are_closed_after_five_seconds_and_fresh_ones_are_not() {
    let sandbox = shop(10);
    let mut fresh = Client::connect(sandbox.address());
    let (_, mut idle) = reply_to(&sandbox, HEALTH);
    let since = Instant::now();
    assert!(is_closed(&mut idle));
    assert!(
        since.elapsed() > Duration::from_millis(4_900),
        "closed too early"
    );
    fresh.write(HEALTH);
    assert_eq!(fresh.reply().status, 200);
}

#[test]
fn half_closed_connections_are_answered() {
    let sandbox = shop(10);
    let mut client = Client::connect(sandbox.address());
    client.write(HEALTH);
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.reply().status, 200);
    assert!(is_closed(&mut client));
}

#[test]
fn the_fixed_server_answers_everything_alike() {
    for driver in [Driver::Uring, Driver::Epoll] {
        let sandbox = sandbox(SandboxMode::Fixed, driver);
        let mut client = Client::connect(sandbox.address());
        let requests = [HEALTH, registration("EXT-1").as_bytes(), HEALTH].concat();
        client.write(&requests.repeat(20));
        for _ in 0..60 {
            let reply = client.reply();
            assert_eq!(
                (reply.status, reply.body.as_str()),
                (
                    201,
                    r#"{"customer_id":"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f"}"#
                )
            );
            assert_eq!(
                reply.names(),
                ["date", "server", "content-length", "content-type"]
            );
        }
    }
}

#[test]
fn a_stopped_sandbox_ends_its_connections_and_frees_its_port() {
    for driver in [Driver::Uring, Driver::Epoll] {
        let sandbox = sandbox(
            SandboxMode::Shop(ShopConfig {
                generation: Generation::Five,
                retain: 10,
                ..ShopConfig::default()
            }),
            driver,
        );
        let address = sandbox.address();
        let (_, mut client) = reply_to(&sandbox, HEALTH);
        sandbox.stop();
        assert!(is_closed(&mut client));
        drop(client);
        TcpListener::bind(address).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
    }
}

#[test]
fn another_thread_can_end_the_wait() {
    let sandbox = shop(10);
    let stopper = sandbox.stopper();
    let waiting = std::thread::spawn(move || sandbox.wait());
    stopper.stop();
    waiting.join().unwrap();
}

#[test]
fn what_cannot_be_started_says_why() {
    let start = |address: &str, mode, cores: &[usize]| {
        Sandbox::start(&SandboxConfig {
            address: address.parse().unwrap(),
            mode,
            cores: cores.to_vec(),
            driver: Driver::Uring,
            ..SandboxConfig::default()
        })
        .map(|sandbox| sandbox.address())
    };
    let running = shop(10);
    let taken = running.address().to_string();
    let error = start(&taken, SandboxMode::Fixed, &[]).unwrap_err();
    assert!(matches!(error, SandboxError::AddressTaken(_)));
    assert!(error.to_string().contains(&taken) && error.to_string().contains("--port"));
    let elsewhere = start("192.0.2.1:0", SandboxMode::Fixed, &[]).unwrap_err();
    assert!(matches!(elsewhere, SandboxError::NotHere(_)));
    let two = start(
        "127.0.0.1:0",
        SandboxMode::Shop(ShopConfig {
            generation: Generation::Five,
            retain: 1,
            ..ShopConfig::default()
        }),
        &[0, 1],
    )
    .unwrap_err();
    assert!(matches!(two, SandboxError::TooManyCores { cores: 2, .. }));
    assert!(
        two.to_string()
            .contains("1 API workers of the shop cannot be on 2 cores")
    );
    let no_core = start("127.0.0.1:0", SandboxMode::Fixed, &[100_000]).unwrap_err();
    assert!(matches!(no_core, SandboxError::Pin(100_000)));
}
