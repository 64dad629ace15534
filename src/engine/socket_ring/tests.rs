//! The ring over real sockets: each test plays the server with blocking calls on the same thread, or on
//! one beside it.

use super::*;
use crate::engine::net::IdleState;
use crate::engine::runtime::{Runtime, spawn};
use crate::plan::Driver;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

/// Runs `test` on a thread of its own runtime, with a ring of eight sockets that is driven.
fn with_ring<F: Future<Output = ()>>(test: impl FnOnce(Rc<SocketRing>) -> F) {
    let mut runtime = Runtime::beside_another(Driver::Uring, 16).unwrap();
    runtime.block_on(async {
        let ring = SocketRing::new(8).unwrap();
        let driving = spawn(drive(Rc::clone(&ring)));
        test(Rc::clone(&ring)).await;
        ring.end();
        driving.join().await.unwrap();
        assert_eq!(Rc::strong_count(&ring), 1, "nothing holds the ring");
    });
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

fn on(ring: &Rc<SocketRing>, place: u32) -> (RingSocket, TcpStream) {
    let (client, server) = pair();
    (RingSocket::new(ring, place, client.into()), server)
}

/// Sends `request` and lets the driver hand it over.
fn ask(socket: &RingSocket, request: &[u8]) {
    socket.send(request.to_vec());
}

async fn text(socket: &RingSocket, bytes: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < bytes {
        match socket.arrival().await {
            Arrival::Buffer(received) => got.extend_from_slice(received.as_ref()),
            other => panic!("{} of {bytes} bytes, then {}", got.len(), named(&other)),
        }
    }
    got
}

fn named<B>(arrival: &Arrival<B>) -> String {
    match arrival {
        Arrival::Buffer(_) => "bytes".to_owned(),
        Arrival::Closed => "closed".to_owned(),
        Arrival::Broken(errno) => format!("broken {errno}"),
        Arrival::Unsent(errno) => format!("unsent {errno}"),
        Arrival::SentInPart(errno) => format!("sent in part {errno}"),
    }
}

/// Lets tasks and completions come until `is_so`.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        spawn(async {}).join().await;
        std::thread::yield_now();
    }
}

/// Waits until a request is there, without holding up the thread that has to hand it over.
async fn until_asked(server: &TcpStream) {
    server.set_nonblocking(true).unwrap();
    until(|| server.peek(&mut [0; 1]).is_ok_and(|bytes| bytes == 1)).await;
    server.set_nonblocking(false).unwrap();
}

#[test]
fn a_request_and_its_reply_travel_again_and_again() {
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 3);
        let serving = std::thread::spawn(move || {
            let mut request = [0; 5];
            for _ in 0..1_000 {
                server.read_exact(&mut request).unwrap();
                server.write_all(&request).unwrap();
            }
            server
        });
        for number in 0..1_000 {
            let request = format!("{number:05}");
            ask(&socket, request.as_bytes());
            assert_eq!(text(&socket, 5).await, request.as_bytes());
            assert_eq!(socket.finish(), Leftover::None);
            assert_eq!(socket.idle(), IdleState::Quiet);
        }
        drop(serving.join().unwrap());
        until(|| socket.idle() == IdleState::Closed).await;
    });
}

#[test]
fn what_comes_unasked_for_is_no_reply() {
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 0);
        server
            .write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
            .unwrap();
        until(|| socket.idle() == IdleState::Unsolicited).await;
        // The place serves another connection then, which knows nothing of it.
        drop(socket);
        let (socket, mut server) = on(&ring, 0);
        assert_eq!(socket.idle(), IdleState::Quiet);
        ask(&socket, b"?");
        until_asked(&server).await;
        server.write_all(b"one").unwrap();
        assert_eq!(text(&socket, 3).await, b"one");
        server.write_all(b"more").unwrap();
        let is_more = socket.finish() == Leftover::Received;
        until(|| is_more || socket.idle() == IdleState::Unsolicited).await;
        assert_eq!(socket.idle(), IdleState::Unsolicited);
    });
}

#[test]
fn a_reply_larger_than_all_buffers_arrives_whole_and_in_order() {
    const BYTES: usize = 3 << 20;
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 1);
        let serving = std::thread::spawn(move || {
            server.read_exact(&mut [0; 1]).unwrap();
            let much: Vec<u8> = (0..BYTES).map(|at| (at / 7) as u8).collect();
            server.write_all(&much).unwrap();
        });
        ask(&socket, b"?");
        let got = text(&socket, BYTES).await;
        assert!(
            got.iter()
                .enumerate()
                .all(|(at, &byte)| byte == (at / 7) as u8)
        );
        assert_eq!(socket.finish(), Leftover::None);
        serving.join().unwrap();
    });
}

#[test]
fn a_request_that_the_kernel_takes_piece_by_piece_arrives_whole() {
    const BYTES: usize = 16 << 20;
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 2);
        let serving = std::thread::spawn(move || {
            let mut got = vec![0; BYTES];
            server.read_exact(&mut got).unwrap();
            assert!(
                got.iter()
                    .enumerate()
                    .all(|(at, &byte)| byte == (at / 5) as u8)
            );
            server.write_all(b"ok").unwrap();
        });
        let request: Vec<u8> = (0..BYTES).map(|at| (at / 5) as u8).collect();
        socket.send(request);
        assert_eq!(text(&socket, 2).await, b"ok");
        serving.join().unwrap();
    });
}

#[test]
fn a_reply_that_comes_before_the_request_has_left_is_told_and_ends_the_connection() {
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 4);
        // More than the kernel takes while nobody reads.
        socket.send(vec![b'?'; 64 << 20]);
        until_asked(&server).await;
        server.write_all(b"413").unwrap();
        assert_eq!(text(&socket, 3).await, b"413");
        assert_eq!(socket.finish(), Leftover::Unsent);
        drop((socket, server));
        // The place serves the next connection, and nothing of the rest goes there.
        let (socket, mut server) = on(&ring, 4);
        ask(&socket, b"next");
        until_asked(&server).await;
        let mut came = [0; 5];
        assert_eq!(server.read(&mut came).unwrap(), 4);
        assert_eq!(&came[..4], b"next");
        server.write_all(b"ok").unwrap();
        assert_eq!(text(&socket, 2).await, b"ok");
        assert_eq!(socket.finish(), Leftover::None);
    });
}

#[test]
fn every_end_is_told_as_what_it_is() {
    with_ring(|ring| async move {
        let (socket, server) = on(&ring, 0);
        drop(server);
        until(|| socket.idle() == IdleState::Closed).await;
        // The first bytes to a closed connection are answered with a reset.
        ask(&socket, b"?");
        assert_eq!(named(&socket.arrival().await), "closed");

        let (socket, server) = on(&ring, 1);
        ask(&socket, b"?");
        until_asked(&server).await;
        // A connection that ends with something unread ends with a reset.
        drop(server);
        let told = named(&socket.arrival().await);
        assert_eq!(told, format!("broken {}", libc::ECONNRESET));
    });
}

#[test]
fn a_place_that_is_opened_again_hears_nothing_of_the_connection_before() {
    with_ring(|ring| async move {
        for round in 0..200 {
            let (socket, mut server) = on(&ring, 5);
            ask(&socket, b"?");
            let answered = round % 3;
            if answered > 0 {
                until_asked(&server).await;
                server.read_exact(&mut [0; 1]).unwrap();
                server.write_all(b"late").unwrap();
            }
            if answered > 1 {
                assert_eq!(text(&socket, 4).await, b"late");
            }
            drop(socket);
        }
        let (socket, mut server) = on(&ring, 5);
        ask(&socket, b"?");
        until_asked(&server).await;
        server.write_all(b"mine").unwrap();
        assert_eq!(text(&socket, 4).await, b"mine");
        assert_eq!(socket.finish(), Leftover::None);
    });
}

#[test]
fn pieces_of_one_stream_of_bytes_do_not_overtake_each_other() {
    const PIECES: usize = 100;
    // Together more than any socket's buffers hold.
    const PIECE_BYTES: usize = 200_001;
    with_ring(|ring| async move {
        let (socket, mut server) = on(&ring, 5);
        ring.begin(5);
        let reading = std::thread::spawn(move || {
            let mut piece = vec![0; PIECE_BYTES];
            for number in 0..PIECES {
                server.read_exact(&mut piece).unwrap();
                assert!(piece.iter().all(|byte| *byte == number as u8), "{number}");
            }
            server
        });
        let mut was_sending = 0;
        for number in 0..PIECES {
            // Whoever waits for what comes is woken when the piece before has left.
            std::future::poll_fn(|context| {
                let mut arrival = std::pin::pin!(socket.arrival());
                match ring.is_sending(5) {
                    true => {
                        was_sending += 1;
                        assert!(arrival.as_mut().poll(context).is_pending());
                        std::task::Poll::Pending
                    }
                    false => std::task::Poll::Ready(()),
                }
            })
            .await;
            let piece = vec![number as u8; PIECE_BYTES];
            match number % 2 {
                0 => ring.send(5, piece),
                _ => ring.send_now(5, piece),
            }
        }
        assert!(was_sending > 0);
        until(|| !ring.is_sending(5)).await;
        drop(reading.join().unwrap());
    });
}
