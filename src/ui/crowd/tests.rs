//! Guests that are slow, silent or too many.

use super::*;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use std::io::{Read, Write};
use std::net::TcpStream as Stream;

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);
const ASKED: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const PATIENT: Patience = Patience {
    head: LONG,
    body: LONG,
    idle: LONG,
    listening: LONG,
};

/// A server with room for two, which answers `/` at once and `/slow` after a second. Its thread ends
/// with the test's process.
struct Host {
    address: SocketAddr,
}

impl Host {
    fn new(patience: Patience) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let crowd = Crowd::new(listener, 2, patience);
                let service = Self::router().into_make_service_with_connect_info::<Visit>();
                axum::serve(crowd, service).await
            })
        });
        Self { address }
    }

    fn router() -> Router {
        let slow = async |ConnectInfo(visit): ConnectInfo<Visit>| {
            let _answering = visit.answering();
            tokio::time::sleep(5 * SHORT).await;
            "slow"
        };
        let endless = async |ConnectInfo(visit): ConnectInfo<Visit>| {
            let piece = || Some((Ok::<_, io::Error>(vec![b'x'; 64 << 10]), ()));
            let body = futures_util::stream::unfold((), move |()| std::future::ready(piece()));
            let response = axum::response::Response::new(axum::body::Body::from_stream(body));
            visit.answering().until_the_end_of(response)
        };
        let at_once = async |ConnectInfo(visit): ConnectInfo<Visit>| {
            let _answering = visit.answering();
            "here"
        };
        Router::new()
            .route("/", get(at_once))
            .route("/slow", get(slow))
            .route("/endless", get(endless))
    }

    /// A connection on which `text` was sent.
    fn send(&self, text: &[u8]) -> Stream {
        let mut stream = Stream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(text).unwrap();
        stream
    }
}

/// What comes until the connection is closed.
fn rest(mut stream: &Stream) -> String {
    let mut text = Vec::new();
    // A connection that is reset has ended, too.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn first(mut stream: &Stream) -> String {
    let mut text = [0; 12];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

type SlowGuest = (&'static [u8], fn(&mut Patience));

/// What a guest sends that never asks anything whole, or nothing more, and which patience ends it.
const SLOW: &[SlowGuest] = &[
    (b"", |patience| patience.head = SHORT),
    (b"G", |patience| patience.head = SHORT),
    (b"GET / HTTP/1.1\r\nhost: lo", |patience| {
        patience.head = SHORT
    }),
    (ASKED, |patience| patience.idle = SHORT),
    (b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n", |patience| {
        patience.idle = SHORT
    }),
];

#[test]
fn who_asks_slowly_or_nothing_gives_its_place_up() {
    for (text, ends) in SLOW {
        let mut patience = PATIENT;
        ends(&mut patience);
        let host = Host::new(patience);
        let stream = host.send(text);
        let told = rest(&stream);
        let is_whole = text.ends_with(b"\r\n\r\n");
        assert_eq!(told.contains("200 OK"), is_whole, "{told}");
        // There is room again.
        for _ in 0..2 {
            let stream = host.send(ASKED);
            assert!(first(&stream).ends_with("200"));
        }
    }
}

#[test]
fn a_head_that_comes_drop_by_drop_is_slow_too() {
    let host = Host::new(Patience {
        head: SHORT,
        ..PATIENT
    });
    let mut stream = host.send(b"GET / HTTP/1.1\r\n");
    let mut drops = 0;
    while stream.write_all(b"a: b\r\n").is_ok() {
        std::thread::sleep(SHORT / 10);
        drops += 1;
        assert!(drops < 3_000, "it is never too slow");
    }
}

#[test]
fn an_answer_that_takes_long_is_waited_for() {
    let host = Host::new(Patience {
        head: SHORT,
        idle: SHORT,
        body: SHORT,
        listening: SHORT,
    });
    let told = rest(&host.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"));
    assert!(told.ends_with("slow"), "{told}");
}

/// How a guest listens to an answer without end, from time to time.
type Listener = fn(&mut Stream);

const LISTENERS: &[Listener] = &[
    |_| {},
    // So little gives the other side no room to send more.
    |stream| drop(stream.read(&mut [0])),
];

#[test]
fn who_stops_listening_gives_its_place_up() {
    for listen in LISTENERS {
        let host = Host::new(Patience {
            listening: SHORT,
            ..PATIENT
        });
        let asked = b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n";
        let mut deaf = [host.send(asked), host.send(asked)];
        let mut attempts = 0;
        while !first(&host.send(ASKED)).ends_with("200") {
            for _ in 0..10 {
                deaf.iter_mut().for_each(listen);
                std::thread::sleep(SHORT / 10);
            }
            attempts += 1;
            assert!(attempts < 300, "they keep their places");
        }
        drop(deaf);
    }
}

#[test]
fn who_finds_no_room_is_told() {
    let host = Host::new(PATIENT);
    let inside = [host.send(b"G"), host.send(b"G")];
    // Those inside are let in one after the other.
    let mut told = rest(&host.send(ASKED));
    while told.contains("200 OK") {
        told = rest(&host.send(ASKED));
    }
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{told}"
    );
    drop(inside);
}
