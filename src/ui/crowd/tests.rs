//! Guests that are slow, silent or too many.

use super::*;
use crate::engine::tls::{client_config, server_config, server_name};
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
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
        Self::over(patience, None)
    }

    /// One that speaks TLS, with a certificate for `localhost`.
    fn in_tls(patience: Patience) -> (Self, Arc<ClientConfig>) {
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let identity = TlsIdentity {
            chain_pem: own.cert.pem().into_bytes(),
            key_pem: own.signing_key.serialize_pem().into_bytes(),
        };
        let trust = TlsSettings {
            roots: TlsRoots::Pem(own.cert.pem().into_bytes()),
            ..TlsSettings::default()
        };
        let config = server_config(&identity, &[]).unwrap();
        let client = client_config(&trust, &[]).unwrap();
        (
            Self::over(patience, Some(Arc::new(config))),
            Arc::new(client),
        )
    }

    fn over(patience: Patience, tls: Option<Arc<ServerConfig>>) -> Self {
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
                let crowd = Crowd::new(listener, tls, 2, patience);
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
        let who = async |ConnectInfo(visit): ConnectInfo<Visit>, headers: HeaderMap| {
            let answering = visit.answering();
            let friend = || "a friend".into_response();
            answering.until_the_end_of(visit.refusal(&headers).unwrap_or_else(friend))
        };
        Router::new()
            .route("/who", get(who))
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

/// A visit in TLS, on which nothing was asked yet.
fn visit_in_tls(host: &Host, client: &Arc<ClientConfig>) -> StreamOwned<ClientConnection, Stream> {
    let stream = host.send(b"");
    let name = server_name("localhost").unwrap();
    let tls = ClientConnection::new(Arc::clone(client), name).unwrap();
    StreamOwned::new(tls, stream)
}

/// What is answered in TLS to `asked`.
fn answered_in_tls(host: &Host, client: &Arc<ClientConfig>, asked: &[u8]) -> String {
    let mut visit = visit_in_tls(host, client);
    let mut text = Vec::new();
    // A connection that is closed before has ended, too.
    let _ = visit.write_all(asked).and_then(|()| visit.flush());
    let _ = visit.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

const ASKED_ONCE: &[u8] = b"GET / HTTP/1.0\r\nhost: localhost\r\n\r\n";

#[test]
fn who_begins_a_handshake_and_does_not_end_it_gives_its_place_up() {
    let mut patience = PATIENT;
    // Room for an honest handshake on a busy machine.
    patience.head = 10 * SHORT;
    let (host, client) = Host::in_tls(patience);
    // Nothing; the first byte of a record; a record that announces much; one with nonsense in it.
    let begun: &[&[u8]] = &[
        b"",
        b"\x16",
        b"\x16\x03\x01\x40\x00\x01",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff",
    ];
    for text in begun {
        let stalled = [host.send(text), host.send(text)];
        for stream in &stalled {
            assert!(!rest(stream).contains("HTTP"), "{}", text.escape_ascii());
        }
        let mut attempts = 0;
        while !answered_in_tls(&host, &client, ASKED_ONCE).starts_with("HTTP/1.0 200") {
            attempts += 1;
            assert!(attempts < 300, "they keep their places");
        }
        drop(stalled);
    }
}

#[test]
fn who_speaks_in_clear_where_tls_is_spoken_is_known_by_it() {
    let (host, client) = Host::in_tls(PATIENT);
    let told = rest(&host.send(b"GET /who HTTP/1.0\r\nhost: a.test:1\r\n\r\n"));
    assert!(told.starts_with("HTTP/1.0 400"), "{told}");
    assert!(
        told.ends_with("this port speaks TLS: open https://a.test:1/\n"),
        "{told}"
    );
    let told = rest(&host.send(b"GET /who HTTP/1.0\r\nhost: a@b\r\n\r\n"));
    assert!(
        told.ends_with("its address begins with https://\n"),
        "{told}"
    );
    let asked = b"GET /who HTTP/1.0\r\nhost: a.test\r\n\r\n";
    let told = answered_in_tls(&host, &client, asked);
    assert!(told.ends_with("a friend"), "{told}");
}

#[test]
fn who_finds_no_room_is_told_in_tls() {
    let (host, client) = Host::in_tls(PATIENT);
    let inside = [host.send(b"\x16"), host.send(b"\x16")];
    let mut told = answered_in_tls(&host, &client, ASKED_ONCE);
    while told.contains("200 OK") {
        told = answered_in_tls(&host, &client, ASKED_ONCE);
    }
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    drop(inside);
}
