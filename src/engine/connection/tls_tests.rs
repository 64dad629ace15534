//! Connections over TLS, under every driver, against servers of rustls that say what a test wants.

use super::*;
use crate::engine::addresses::{ConnectionPositions, CoreAddresses, TargetAddresses};
use crate::engine::codec::ReplyParser;
use crate::engine::exchange_buffers::ExchangeBuffers;
use crate::engine::inbox::Inbox;
use crate::engine::pacer::Pacer;
use crate::engine::recorder::Recorder;
use crate::engine::runtime::{Runtime, spawn};
use crate::engine::socket_ring::{SocketRing, drive};
use crate::engine::tls::TlsClient;
use crate::engine::tls::testing::{client, own, server};
use crate::plan::{AddressChoice, Driver};
use crate::stats::{CoreInterval, Counters, SetShape};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const SHAPE: SetShape = SetShape {
    names: 0,
    journeys: 1,
    races: 0,
    rules: 0,
};
const DRIVERS: [Driver; 3] = [Driver::Uring, Driver::PlainUring, Driver::Epoll];
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

type Secured = StreamOwned<ServerConnection, TcpStream>;

/// What became of requests: the status and body of each, or whether it was sent and why there is no reply.
type Answers = Vec<Result<(u16, Vec<u8>), (Broken, String)>>;

/// Sends `requests` requests one after the other, `pause_ms` apart, to a server that gives each of its
/// connections to `serve`, with the number that it has among them.
fn exchange(
    driver: Driver,
    tls: &TlsClient,
    (requests, pause_ms): (usize, u64),
    serve: impl Fn(TcpStream, usize) + Send + 'static,
) -> (Answers, Counters) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            serve(stream.unwrap(), number);
        }
    });
    let mut runtime = Runtime::beside_another(driver, 16).unwrap();
    runtime.block_on(async {
        let pacer = Pacer::start(4).unwrap();
        let interval = Box::new(CoreInterval::new(0, SHAPE));
        let recorder = Rc::new(RefCell::new(Recorder::new(interval, Box::default())));
        let ring = (driver == Driver::Uring).then(|| SocketRing::new(1).unwrap());
        let driving = ring.clone().map(|ring| spawn(drive(ring)));
        let addresses = Arc::new(TargetAddresses::new(&[address.into()], AddressChoice::All));
        let transport = Transport::new(
            CoreAddresses::new(addresses, ConnectionPositions::default(), now_ns()),
            Duration::from_secs(20),
            (1, 1),
            pacer.clone(),
            Rc::clone(&recorder),
            ring.clone(),
        );
        let transport = Rc::new(transport.with_tls(Some(tls)));
        let mut connection = Connection::new(Rc::clone(&transport), 0);
        let (mut inbox, mut reason) = (Inbox::default(), Reason::default());
        let mut parser = ReplyParser::new(1 << 20);
        let mut answers = Vec::new();
        for _ in 0..requests {
            let mut out = transport.request_buffer();
            out.extend_from_slice(REQUEST);
            let exchange = connection
                .exchange(ExchangeBuffers {
                    out: &mut out,
                    inbox: &mut inbox,
                    parser: &mut parser,
                    reason: &mut reason,
                })
                .await;
            answers.push(match exchange.result {
                Ok(reply) => Ok((reply.status, inbox.bytes()[reply.body].to_vec())),
                Err(broken) => Err((broken, reason.as_str().to_owned())),
            });
            inbox.clear();
            pacer.until(now_ns() + pause_ms * 1_000_000).await;
        }
        connection.hang_up();
        pacer.stop().await;
        if let (Some(ring), Some(driving)) = (ring, driving) {
            ring.end();
            let _ = driving.join().await;
        }
        let counters = recorder.borrow_mut().interval().counters;
        (answers, counters)
    })
}

fn secured(tcp: TcpStream, config: &Arc<ServerConfig>) -> Secured {
    tcp.set_nodelay(true).unwrap();
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), tcp)
}

/// Reads one request; whether there was one.
fn read_request(stream: &mut Secured) -> bool {
    let mut request = vec![0; REQUEST.len()];
    stream.read_exact(&mut request).is_ok() && request == REQUEST
}

fn reply(body: &[u8]) -> Vec<u8> {
    let mut reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    reply.push_str(&String::from_utf8_lossy(body));
    reply.into_bytes()
}

fn body(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| b'a' + (at % 26) as u8).collect()
}

#[test]
fn replies_of_any_length_come_as_they_were_sent() {
    const SIZES: [usize; 8] = [0, 300, 1_900, 2_112, 5_000, 16_384, 20_000, 200_000];
    for driver in DRIVERS {
        for version in [&TLS13, &TLS12] {
            let own = own();
            let config = Arc::new(server(&own, &[version], &[]));
            let tls = client(own.cert.der(), &[b"http/1.1"]);
            let serve = move |tcp, _| {
                let mut stream = secured(tcp, &config);
                for size in SIZES {
                    if read_request(&mut stream) {
                        stream.write_all(&reply(&body(size))).unwrap();
                        stream.flush().unwrap();
                    }
                }
            };
            let (answers, counters) = exchange(driver, &tls, (SIZES.len(), 0), serve);
            for (size, answer) in SIZES.into_iter().zip(answers) {
                let (status, got) = answer.unwrap();
                assert!((status, got) == (200, body(size)), "{size} {driver:?}");
            }
            let counted = (counters.connects, counters.reconnects, counters.unsolicited);
            assert_eq!(counted, (1, 0, 0), "{driver:?}");
            assert_eq!(
                (counters.handshakes_full, counters.handshakes_resumed),
                (1, 0)
            );
        }
    }
}

#[test]
fn a_connection_that_the_server_ended_is_replaced_by_one_that_resumes_its_session() {
    for driver in DRIVERS {
        for version in [&TLS13, &TLS12] {
            let own = own();
            let config = Arc::new(server(&own, &[version], &[]));
            let tls = client(own.cert.der(), &[]);
            let serve = move |tcp, _| {
                let mut stream = secured(tcp, &config);
                if read_request(&mut stream) {
                    stream.write_all(&reply(b"once")).unwrap();
                    stream.conn.send_close_notify();
                    stream.flush().unwrap();
                }
            };
            let (answers, counters) = exchange(driver, &tls, (3, 150), serve);
            for answer in answers {
                assert_eq!(answer, Ok((200, b"once".to_vec())), "{driver:?}");
            }
            assert_eq!((counters.connects, counters.reconnects), (1, 2));
            let counted = (counters.closed_between_requests, counters.unsolicited);
            assert!(
                counted == (2, 0) || counted == (3, 0),
                "{driver:?} {counted:?}"
            );
            assert_eq!(
                (counters.handshakes_full, counters.handshakes_resumed),
                (1, 2)
            );
        }
    }
}

#[test]
fn what_comes_while_nothing_was_asked_answers_nothing() {
    for driver in DRIVERS {
        let own = own();
        let config = Arc::new(server(&own, &[&TLS13], &[]));
        let tls = client(own.cert.der(), &[]);
        let serve = move |tcp, number| {
            let mut stream = secured(tcp, &config);
            while read_request(&mut stream) {
                let body = format!("of {number}");
                stream.write_all(&reply(body.as_bytes())).unwrap();
                if number == 0 {
                    std::thread::sleep(Duration::from_millis(40));
                    // New keys are none of it, and what follows them is.
                    stream.conn.refresh_traffic_keys().unwrap();
                    stream.write_all(&reply(b"stray")).unwrap();
                }
                stream.flush().unwrap();
            }
        };
        let (answers, counters) = exchange(driver, &tls, (2, 200), serve);
        let expected = [Ok((200, b"of 0".to_vec())), Ok((200, b"of 1".to_vec()))];
        // The server goes on with the second connection when the first has ended.
        assert_eq!(answers, expected, "{driver:?}");
        assert_eq!(
            (counters.unsolicited, counters.reconnects),
            (1, 1),
            "{driver:?}"
        );
    }
}

#[test]
fn a_body_until_the_end_needs_the_end_to_be_said() {
    for driver in DRIVERS {
        for is_said in [true, false] {
            let own = own();
            let config = Arc::new(server(&own, &[&TLS13], &[]));
            let tls = client(own.cert.der(), &[]);
            let serve = move |tcp, _| {
                let mut stream = secured(tcp, &config);
                assert!(read_request(&mut stream));
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").unwrap();
                if is_said {
                    stream.conn.send_close_notify();
                }
                stream.flush().unwrap();
            };
            let (answers, _) = exchange(driver, &tls, (1, 0), serve);
            match (is_said, &answers[0]) {
                (true, Ok((200, body))) => assert_eq!(body, b"half"),
                (false, Err((Broken::Lost, why))) => assert!(why.contains("close_notify"), "{why}"),
                (_, other) => panic!("{driver:?} {other:?}"),
            }
        }
    }
}

/// The reason of a request that a handshake kept from being sent.
fn unsent(
    driver: Driver,
    tls: &TlsClient,
    serve: impl Fn(TcpStream, usize) + Send + 'static,
) -> String {
    let (answers, counters) = exchange(driver, tls, (1, 0), serve);
    assert_eq!((counters.connects, counters.connect_failures), (0, 1));
    assert_eq!(counters.handshakes_full, 0);
    match answers.into_iter().next() {
        Some(Err((Broken::NotSent, why))) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn why_a_handshake_failed_is_told_and_its_request_was_not_sent() {
    for driver in DRIVERS {
        let (own, other) = (own(), own());
        let config = Arc::new(server(&own, &[&TLS13], &[]));
        let serving = |config: &Arc<ServerConfig>| {
            let config = Arc::clone(config);
            move |tcp, _| {
                let mut stream = secured(tcp, &config);
                let _ = read_request(&mut stream);
            }
        };
        let stranger = client(other.cert.der(), &[]);
        let why = unsent(driver, &stranger, serving(&config));
        assert!(why.starts_with("cannot connect: TLS: "), "{why}");
        // Both say the same name of whoever vouches for them.
        assert!(why.contains("nobody who is trusted vouches"), "{why}");
        let tls = client(own.cert.der(), &[]);
        let why = unsent(driver, &tls, |mut tcp, _| {
            let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = tcp.read(&mut [0; 1_024]);
        });
        assert!(why.contains("plain HTTP"), "{why}");
        let why = unsent(driver, &tls, |mut tcp, _| {
            let _ = tcp.read(&mut [0; 1_024]);
        });
        assert!(why.contains("closed the connection"), "{why}");
    }
}

#[test]
fn a_server_that_wants_a_certificate_has_taken_no_request() {
    for driver in DRIVERS {
        let own = own();
        let mut roots = RootCertStore::empty();
        roots.add(own.cert.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            crate::engine::tls::provider(),
        );
        let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(crate::engine::tls::provider())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![own.cert.der().clone()], key.unwrap())
            .unwrap();
        let config = Arc::new(config);
        let tls = client(own.cert.der(), &[]);
        let (answers, _) = exchange(driver, &tls, (1, 0), move |tcp, _| {
            let mut stream = secured(tcp, &config);
            assert!(!read_request(&mut stream));
            // What was sent is read, so that no reset overtakes the alert.
            let _ = stream
                .sock
                .set_read_timeout(Some(Duration::from_millis(100)));
            let _ = stream.sock.read(&mut [0; 4_096]);
        });
        match &answers[0] {
            Err((Broken::NotSent, why)) => {
                assert!(why.contains("wants to be shown a certificate"), "{why}")
            }
            other => panic!("{driver:?} {other:?}"),
        }
    }
}

#[test]
fn what_was_changed_on_the_way_is_no_reply() {
    for driver in DRIVERS {
        let own = own();
        let config = Arc::new(server(&own, &[&TLS13], &[]));
        let tls = client(own.cert.der(), &[]);
        let serve = move |tcp, _| {
            let mut stream = secured(tcp, &config);
            assert!(read_request(&mut stream));
            stream.conn.writer().write_all(&reply(b"true")).unwrap();
            let mut records = Vec::new();
            stream.conn.write_tls(&mut records).unwrap();
            let last = records.len() - 1;
            records[last] ^= 1;
            stream.sock.write_all(&records).unwrap();
            let _ = stream.sock.read(&mut [0; 64]);
        };
        let (answers, _) = exchange(driver, &tls, (1, 0), serve);
        match &answers[0] {
            Err((Broken::Lost, why)) => assert!(why.contains("forged"), "{why}"),
            other => panic!("{driver:?} {other:?}"),
        }
    }
}
