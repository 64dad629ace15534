//! What servers do to connections on which nothing is asked: it is counted, and fails no request.

use crate::invocation::run;
use crate::small_server::serving;
use crate::whole_request::is_complete;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

const CREATED: &[u8] =
    b"HTTP/1.1 201 Created\r\ncontent-length: 23\r\n\r\n{\"customer_id\":\"abc-1\"}";
const TIRED: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// So soon after its reply the server ends the connection: long before the next request.
const TIRES_AFTER: Duration = Duration::from_millis(30);

/// A server that answers one request of each connection, says `farewell` a little later, and closes.
fn server(farewell: &'static [u8]) -> String {
    let address = serving(move |stream| serve(stream, farewell));
    format!("http://{address}")
}

fn serve(mut stream: TcpStream, farewell: &[u8]) {
    let mut request = Vec::new();
    let mut piece = [0; 4_096];
    while !is_complete(&request) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
    if stream.write_all(CREATED).is_ok() {
        thread::sleep(TIRES_AFTER);
        let _ = stream.write_all(farewell);
    }
}

#[test]
fn what_a_server_does_between_requests_is_counted_and_fails_none() {
    for (farewell, counted, other, said) in [
        (
            &b""[..],
            "closed_between_requests",
            "unsolicited",
            "closed by the server between requests",
        ),
        (
            TIRED,
            "unsolicited",
            "closed_between_requests",
            "with bytes that nothing asked for",
        ),
    ] {
        let ended = run(&format!(
            "IdentityUser -H {} -u 4 -r 100 -t 4s --cores 1 --no-preflight --exit-code-on-error 0 --details",
            server(farewell)
        ));
        let record = ended.record();
        let connections = &record["connections"];
        let told = ended.told();
        assert_eq!(record["totals"]["unknown"], 0, "{told}");
        assert!(connections["reconnects"].as_u64().expect("a count") > 0);
        assert_eq!(connections[counted], connections["reconnects"], "{told}");
        assert_eq!(connections[other], 0, "{told}");
        assert!(told.contains(said), "{told}");
    }
}
