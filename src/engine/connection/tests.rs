//! One connection of the second ring against a server that plays on the same thread or one beside it.

use super::*;
use crate::engine::addresses::{ConnectionPositions, CoreAddresses, TargetAddresses};
use crate::engine::pacer::Pacer;
use crate::engine::recorder::Recorder;
use crate::engine::runtime::{Runtime, spawn};
use crate::engine::socket_ring::{SocketRing, drive};
use crate::plan::{AddressChoice, Driver};
use crate::stats::{CoreInterval, Counters, SetShape};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

const SHAPE: SetShape = SetShape {
    names: 0,
    journeys: 1,
    races: 0,
    rules: 0,
};
/// More than the kernel takes while nobody reads.
const LARGE_BYTES: usize = 64 << 20;

/// Sends `requests` one after the other to a server that answers each of its connections with `reply` as
/// soon as a byte of a request has come, and then reads on until nothing comes. Gives the statuses and
/// what was counted.
fn exchange_with_a_hasty_server(
    requests: &[usize],
    reply: &'static [u8],
) -> (Vec<Option<u16>>, Counters) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = requests.len();
    let serving = std::thread::spawn(move || {
        let mut rest = vec![0; 1 << 20];
        for _ in 0..connections {
            let Ok((mut stream, _)) = listener.accept() else {
                return;
            };
            if stream.read(&mut [0]).is_ok() && stream.write_all(reply).is_ok() {
                while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
            }
        }
    });
    let mut runtime = Runtime::beside_another(Driver::Uring, 16).unwrap();
    let outcome = runtime.block_on(async {
        let pacer = Pacer::start(4).unwrap();
        let interval = Box::new(CoreInterval::new(0, SHAPE));
        let recorder = Rc::new(RefCell::new(Recorder::new(interval, Box::default())));
        let ring = SocketRing::new(1).unwrap();
        let driving = spawn(drive(Rc::clone(&ring)));
        let addresses = Arc::new(TargetAddresses::new(&[address.into()], AddressChoice::All));
        let transport = Rc::new(Transport::new(
            CoreAddresses::new(addresses, ConnectionPositions::default(), now_ns()),
            Duration::from_secs(60),
            (1, 1),
            pacer.clone(),
            Rc::clone(&recorder),
            Some(Rc::clone(&ring)),
        ));
        let mut connection = Connection::new(Rc::clone(&transport), 0);
        let mut inbox = Inbox::default();
        let mut parser = ReplyParser::sharing(1_024, Rc::clone(&transport.known_heads));
        let mut reason = Reason::default();
        let mut statuses = Vec::new();
        for &bytes in requests {
            let mut out = vec![b'?'; bytes];
            let exchange = connection.exchange(ExchangeBuffers {
                out: &mut out,
                inbox: &mut inbox,
                parser: &mut parser,
                reason: &mut reason,
            });
            let result = exchange.await.result;
            statuses.push(result.ok().map(|reply| reply.status));
            inbox.clear();
        }
        drop((connection, inbox));
        pacer.stop().await;
        ring.end();
        driving.join().await.unwrap();
        let counters = recorder.borrow_mut().interval().counters;
        (statuses, counters)
    });
    serving.join().unwrap();
    outcome
}

#[test]
fn a_reply_that_comes_before_its_request_has_left_counts_and_ends_the_connection() {
    let too_large = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";
    let requests = [LARGE_BYTES, LARGE_BYTES];
    let (statuses, counters) = exchange_with_a_hasty_server(&requests, too_large);
    assert_eq!(statuses, [Some(413); 2]);
    assert_eq!((counters.connects, counters.reconnects), (1, 1));
    assert_eq!((counters.answered_early, counters.unsolicited), (2, 0));
}

#[test]
fn more_than_a_reply_ends_the_connection_and_is_told_as_that() {
    let twice = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n";
    let (statuses, counters) = exchange_with_a_hasty_server(&[1, 1], twice);
    assert_eq!(statuses, [Some(200); 2]);
    assert_eq!((counters.connects, counters.reconnects), (1, 1));
    assert_eq!((counters.answered_early, counters.unsolicited), (0, 2));
}
