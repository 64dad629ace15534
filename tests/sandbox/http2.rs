//! The sandbox over HTTP/2: many requests at once, what becomes of each stream, how connections end,
//! and that frames which nobody should send disturb nobody.

use crate::certificates::Authority;
use crate::sandbox_client::sandbox;
use crate::wires::{Http2Client, secured, serving, trusting};
use shopblast::engine::tls::client_config;
use shopblast::plan::Driver;
use shopblast::sandbox::{
    Chaos, FallsOver, Mishap, Sandbox, SandboxConfig, SandboxMode, ServiceTime, ShopConfig,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\n\r\n";
const SOMETHING: &[u8] = b"GET /nothing HTTP/1.1\r\n\r\n";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// `GET /` of http, by the static table (RFC 7541, appendix A).
const GET: &[u8] = &[0x82, 0x84, 0x86];

fn start(shop: ShopConfig) -> Sandbox {
    sandbox(SandboxMode::Shop(shop), Driver::Uring)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// What a client begins with.
fn hello() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// The next frame; `None` when the connection is closed.
fn next_frame(stream: &mut impl Read) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
        payload,
    })
}

/// The next frame of a kind.
fn next_of(stream: &mut impl Read, kind: u8) -> Option<Frame> {
    std::iter::from_fn(|| next_frame(stream)).find(|frame| frame.kind == kind)
}

fn raw(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream
}

#[test]
fn http_2_is_spoken_by_those_who_choose_it_in_the_handshake() {
    for mode in [SandboxMode::Shop(ShopConfig::default()), SandboxMode::Fixed] {
        let authority = Authority::new();
        let served = Sandbox::start(&SandboxConfig {
            mode,
            tls: Some(serving(&authority.issue(&["127.0.0.1"]))),
            ..SandboxConfig::default()
        })
        .unwrap();
        let config = client_config(&trusting(&authority), &[b"h2", b"http/1.1"]).unwrap();
        let mut stream = secured(served.address(), &Arc::new(config));
        let request = frame(HEADERS, 5, 1, GET);
        stream.write_all(&[hello(), request].concat()).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
        let head = next_of(&mut stream, HEADERS).unwrap();
        assert_eq!((head.stream, head.flags & 4), (1, 4));
        let body = next_of(&mut stream, DATA).unwrap();
        let text = String::from_utf8(body.payload).unwrap();
        assert!(text == r#"{"detail":"Not Found"}"# || text.starts_with(r#"{"customer_id":"#));
    }
}

#[test]
fn requests_of_one_connection_are_served_together_and_in_their_order() {
    let shop = start(ShopConfig {
        service: ServiceTime::Constant(2_000_000),
        servers: Some(8),
        ..ShopConfig::default()
    });
    let mut stream = raw(shop.address());
    let requests: Vec<u8> = (0..100)
        .flat_map(|number| frame(HEADERS, 5, number * 2 + 1, GET))
        .collect();
    stream.write_all(&[hello(), requests].concat()).unwrap();
    let answered: Vec<u32> = (0..100)
        .map(|_| next_of(&mut stream, HEADERS).unwrap().stream)
        .collect();
    let mut sorted = answered.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..100).map(|it| it * 2 + 1).collect::<Vec<_>>());
    let place = |stream| answered.iter().position(|one| *one == stream).unwrap();
    assert!(place(1) < place(199), "{answered:?}");
}

#[test]
fn a_crash_ends_its_stream_and_nothing_else() {
    let shop = start(ShopConfig::default());
    let mut client = Http2Client::connect(shop.address());
    let reply = client.exchange(b"GET /products?page=0 HTTP/1.1\r\n\r\n");
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (500, "Internal Server Error")
    );
    assert_eq!(client.exchange(HEALTH).status, 200);
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn mishaps_befall_streams() {
    let shop = start(ShopConfig {
        chaos: Chaos::default().with(Mishap::Reset, 1.0),
        ..ShopConfig::default()
    });
    let mut client = Http2Client::connect(shop.address());
    for _ in 0..8 {
        let error = client.ask(SOMETHING).unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{error}");
    }
    assert_eq!(client.exchange(HEALTH).status, 200);

    let shop = start(ShopConfig {
        chaos: Chaos::default().with(Mishap::Stall, 1.0),
        ..ShopConfig::default()
    });
    let mut stream = raw(shop.address());
    // The second one is of a path that is spared.
    let health = [&[0x82, 0x04, 7][..], b"/health", &[0x86]].concat();
    let requests = [frame(HEADERS, 5, 1, GET), frame(HEADERS, 5, 3, &health)];
    stream
        .write_all(&[hello(), requests.concat()].concat())
        .unwrap();
    assert_eq!(next_of(&mut stream, HEADERS).unwrap().stream, 3);

    let shop = start(ShopConfig {
        chaos: Chaos::default().with(Mishap::Slow, 1.0),
        ..ShopConfig::default()
    });
    let mut client = Http2Client::connect(shop.address());
    assert_eq!(client.exchange(SOMETHING).status, 404);
}

#[test]
fn a_connection_ends_after_so_many_requests() {
    let shop = start(ShopConfig {
        keepalive_requests: Some(3),
        ..ShopConfig::default()
    });
    let mut stream = raw(shop.address());
    stream.write_all(&hello()).unwrap();
    for number in [1, 3] {
        stream.write_all(&frame(HEADERS, 5, number, GET)).unwrap();
        let head = next_of(&mut stream, HEADERS).unwrap();
        assert_eq!(head.stream, number);
    }
    stream.write_all(&frame(HEADERS, 5, 5, GET)).unwrap();
    // Whoever hears that no more are taken says when it has heard it.
    let goaway = next_of(&mut stream, GOAWAY).unwrap();
    assert_eq!(goaway.payload[4..8], [0; 4]);
    let ping = next_of(&mut stream, PING).unwrap();
    // What was under way is answered.
    assert_eq!(next_of(&mut stream, HEADERS).unwrap().stream, 5);
    stream.write_all(&frame(HEADERS, 5, 7, GET)).unwrap();
    stream.write_all(&frame(PING, 1, 0, &ping.payload)).unwrap();
    assert_eq!(next_of(&mut stream, HEADERS).unwrap().stream, 7);
    let last = next_of(&mut stream, GOAWAY).unwrap();
    assert_eq!(last.payload, [0, 0, 0, 7, 0, 0, 0, 0]);
    while next_frame(&mut stream).is_some() {}

    // Over HTTP/1.1 the last reply announces it.
    let mut client = crate::sandbox_client::Client::connect(shop.address());
    let said = [(); 3].map(|()| {
        client.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        client.reply().field("connection").is_some()
    });
    assert_eq!(said, [false, false, true]);
    assert_eq!(client.stream.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn who_has_been_idle_for_too_long_is_told_to_go() {
    let shop = start(ShopConfig::default());
    let mut stream = raw(shop.address());
    let request = frame(HEADERS, 5, 1, GET);
    stream.write_all(&[hello(), request].concat()).unwrap();
    next_of(&mut stream, HEADERS).unwrap();
    let goaway = next_of(&mut stream, GOAWAY).unwrap();
    assert_eq!(goaway.payload[..8], [0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(next_frame(&mut stream).is_none());
}

#[test]
fn a_shop_that_falls_takes_its_connections_along() {
    let shop = start(ShopConfig {
        falls_over: Some(FallsOver {
            above: 20,
            back_after: None,
        }),
        service: ServiceTime::Constant(50_000_000),
        ..ShopConfig::default()
    });
    let mut stream = raw(shop.address());
    let requests: Vec<u8> = (0..40)
        .flat_map(|number| frame(HEADERS, 5, number * 2 + 1, GET))
        .collect();
    stream.write_all(&[hello(), requests].concat()).unwrap();
    while next_frame(&mut stream).is_some() {}
}

#[test]
fn bodies_larger_than_the_windows_arrive_whole() {
    let shop = start(ShopConfig::default());
    let mut client = Http2Client::connect(shop.address());
    let body = "x".repeat(3 << 20);
    let reply = client.exchange(post("/customers", &body).as_bytes());
    assert_eq!(reply.status, 422, "{}", reply.body.len());
    let description = client.exchange(b"GET /openapi.json HTTP/1.1\r\n\r\n");
    let _: serde_json::Value = serde_json::from_str(&description.body).unwrap();
}

#[test]
fn the_fixed_server_answers_every_stream() {
    let fixed = sandbox(SandboxMode::Fixed, Driver::Uring);
    let mut client = Http2Client::connect(fixed.address());
    let large = "x".repeat(1 << 20);
    // More than the client's first window has room for.
    for number in 0..3_000 {
        let reply = match number % 1_000 {
            0 => client.exchange(post("/customers", &large).as_bytes()),
            number if number % 2 == 0 => client.exchange(post("/customers", "{}").as_bytes()),
            _ => client.exchange(HEALTH),
        };
        assert_eq!(reply.status, 201);
        let names = ["date", "server", "content-length", "content-type"];
        assert_eq!(reply.names(), names);
        assert_eq!(reply.field("content-length"), Some("54"));
        assert_eq!(reply.body.len(), 54);
    }
}

/// Frames that end the connection, whoever gets them.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let flood = |one: &dyn Fn(u32) -> Vec<u8>| (0..20_000).flat_map(one).collect::<Vec<u8>>();
    vec![
        ("too long", frame(DATA, 0, 1, &[0; 16_385])),
        ("data of nothing", frame(DATA, 0, 0, b"x")),
        ("data of what was never opened", frame(DATA, 0, 9, b"x")),
        ("an even stream", frame(HEADERS, 5, 2, GET)),
        ("a head of the connection", frame(HEADERS, 5, 0, GET)),
        ("nothing goes on", frame(CONTINUATION, 4, 1, GET)),
        (
            "something else goes on",
            [frame(HEADERS, 1, 1, GET), frame(HEADERS, 5, 3, GET)].concat(),
        ),
        ("half a setting", frame(SETTINGS, 0, 0, &[0, 4, 0])),
        ("half a ping", frame(PING, 0, 0, &[0; 4])),
        ("half an update", frame(WINDOW_UPDATE, 0, 0, &[0; 2])),
        (
            "too large a window",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]).repeat(2),
        ),
        (
            "a head without an end",
            [
                frame(HEADERS, 1, 1, GET),
                flood(&|_| frame(CONTINUATION, 0, 1, &[0x82; 64])),
            ]
            .concat(),
        ),
    ]
}

/// Frames of which the shop has to do with what is in them.
fn hostile_to_the_shop() -> Vec<(&'static str, Vec<u8>)> {
    let resets = (0..20_000).flat_map(|number| {
        let stream = number * 2 + 1;
        [
            frame(HEADERS, 5, stream, GET),
            frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]),
        ]
        .concat()
    });
    vec![
        ("opened and reset", resets.collect()),
        ("no HPACK", frame(HEADERS, 5, 1, &[0xff; 40])),
        ("a promise", frame(PUSH_PROMISE, 4, 1, &[0, 0, 0, 2, 0x82])),
        ("settings of a stream", frame(SETTINGS, 0, 1, &[])),
        (
            "a stream that was there before",
            [frame(HEADERS, 5, 5, GET), frame(HEADERS, 5, 3, GET)].concat(),
        ),
    ]
}

#[test]
fn hostile_frames_end_their_connection_and_no_other() {
    let shop = SandboxMode::Shop(ShopConfig::default());
    let all = [hostile(), hostile_to_the_shop()].concat();
    for (mode, frames, status) in [(shop, all, 200), (SandboxMode::Fixed, hostile(), 201)] {
        let served = sandbox(mode, Driver::Uring);
        let mut steady = Http2Client::connect(served.address());
        for (name, bytes) in frames {
            let mut stream = raw(served.address());
            let mut writing = stream.try_clone().unwrap();
            let sending = std::thread::spawn(move || {
                // The server may end the connection before the last of it.
                let _ = writing.write_all(&[hello(), bytes].concat());
            });
            let mut goaway = None;
            while let Some(frame) = next_frame(&mut stream) {
                if frame.kind == GOAWAY {
                    goaway = Some(frame);
                }
            }
            // A flood may be cut off without a word.
            if let Some(goaway) = &goaway {
                assert_ne!(goaway.payload[4..8], [0; 4], "{name}");
            }
            sending.join().unwrap();
            assert_eq!(steady.exchange(HEALTH).status, status, "{name}");
        }
    }
}

#[test]
fn a_request_that_is_none_is_answered_as_over_http_11() {
    let shop = start(ShopConfig::default());
    let mut client = Http2Client::connect(shop.address());
    let reply = client.exchange(b"BREW /pot HTTP/1.1\r\n\r\n");
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (400, "Invalid HTTP request received.")
    );
    assert_eq!(reply.field("connection"), None);
    assert_eq!(client.exchange(HEALTH).status, 200);
}

#[test]
fn what_comes_in_one_segment_has_arrived_at_one_moment() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("arrivals.csv");
    let shop = Sandbox::start(&SandboxConfig {
        arrival_log: Some(log.clone()),
        ..SandboxConfig::default()
    })
    .unwrap();
    let mut stream = raw(shop.address());
    stream.write_all(&hello()).unwrap();
    for first in [1, 21] {
        let requests: Vec<u8> = (0..10)
            .flat_map(|number| frame(HEADERS, 5, first + number * 2, GET))
            .collect();
        stream.write_all(&requests).unwrap();
        for _ in 0..10 {
            next_of(&mut stream, HEADERS).unwrap();
        }
    }
    shop.stop();
    let text = std::fs::read_to_string(log).unwrap();
    let moments: Vec<&str> = text
        .lines()
        .filter(|line| line.ends_with("GET,/"))
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(moments.len(), 20, "{text}");
    for ten in moments.chunks(10) {
        assert!(ten.iter().all(|moment| *moment == ten[0]), "{text}");
    }
    assert_ne!(moments[0], moments[10]);
}
