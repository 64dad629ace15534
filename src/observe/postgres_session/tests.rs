//! Databases that answer without end, or not at all.

use super::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream as Stream};
use std::thread::{self, JoinHandle};

const PIECE_BYTES: usize = 16 << 10;
/// Lets everybody in, and tells of itself next.
const LET_IN: &[u8] = b"R\0\0\0\x08\0\0\0\0";
/// The same, and waits for a query.
const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
/// A parameter of the server, a notice, a row of a thousand bytes.
const PARAMETER: &[u8] = b"S\0\0\0\x08a\0b\0";
const NOTICE: &[u8] = b"N\0\0\0\x16SNOTICE\0C00000\0M\0\0";
const ROW: &[u8] = b"D\0\0\0\x0d\0\x01\0\0\0\x03abc";
/// What a query is answered when it is prepared, one column of text, and when it is bound.
const COLUMNS: &[u8] = b"1\0\0\0\x04t\0\0\0\x06\0\0T\0\0\0\x1a\0\x01c\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0Z\0\0\0\x05I";
const BOUND: &[u8] = b"2\0\0\0\x04";

/// A server that says one of `texts` each time it is asked something, and goes on with `forever`; and who
/// asks it with this `sslmode`.
fn server(
    mode: &str,
    texts: &'static [&'static [u8]],
    forever: &'static [u8],
) -> (PostgresSession, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sender = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = say(&mut stream, texts, forever);
        // Until the other end has given it up.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let address = format!("postgres://shop@{address}/d?sslmode={mode}");
    let address = PostgresAddress::parse(&address).unwrap();
    let (policy, tls) = (AddressPolicy::default(), TlsSettings::default());
    let session = PostgresSession::new(address, policy, tls);
    (session, sender)
}

fn say(stream: &mut Stream, texts: &[&[u8]], forever: &[u8]) -> io::Result<()> {
    for text in texts {
        // However much was asked: an answer comes for what is there.
        let _asked = stream.read(&mut [0; 4_096])?;
        stream.write_all(text)?;
    }
    let piece = forever.repeat(PIECE_BYTES / forever.len().max(1));
    while !piece.is_empty() {
        stream.write_all(&piece)?;
    }
    Ok(())
}

/// What a server says each time it is asked, and then for ever, and what is told of it.
type HostileServer = (&'static [&'static [u8]], &'static [u8], &'static str);

const HOSTILE: &[HostileServer] = &[
    (&[LET_IN], PARAMETER, "more than the 2 MiB"),
    (&[LET_IN], NOTICE, "more than the 2 MiB"),
    (&[b""], NOTICE, "unexpected message"),
    (&[b"R\x7f\xff\xff\xff"], b"x", "more than the 2 MiB"),
    (&[WELCOME], PARAMETER, "more than the 2 MiB"),
    (&[WELCOME, PARAMETER], NOTICE, "more than the 2 MiB"),
    (&[WELCOME, COLUMNS, BOUND], ROW, "more than the 2 MiB"),
    (
        &[WELCOME, b"T\x7f\xff\xff\xff"],
        b"x",
        "more than the 2 MiB",
    ),
    (
        &[b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        b"",
        "has not answered",
    ),
    (&[b"X\xff\xff\xff\xff"], b"", "invalid message length"),
    (&[WELCOME, b"X"], b"", "has not answered for 4 s"),
    (&[b""], b"", "has not answered for 4 s"),
];

#[test]
fn an_answer_without_end_is_given_up_before_it_fills_the_memory() {
    for &(texts, forever, told) in HOSTILE {
        let (mut session, sender) = server("disable", texts, forever);
        let problem = session.query("SELECT 1").unwrap_err();
        assert!(problem.text().contains(told), "{problem}: {texts:?}");
        drop(session);
        sender.join().unwrap();
    }
}

/// The same of one that is asked for TLS, with the `sslmode`.
const HOSTILE_IN_TLS: &[(&str, HostileServer)] = &[
    ("require", (&[b"N"], b"", "the server does not speak TLS")),
    (
        "require",
        (&[b"E"], NOTICE, "the server does not speak TLS"),
    ),
    (
        "require",
        (
            &[b"S", b"HTTP/1.1 400 Bad Request\r\n\r\n"],
            b"",
            "what answers does not speak TLS",
        ),
    ),
    (
        "require",
        (&[b"S"], b"S", "what answers does not speak TLS"),
    ),
    // Records of a handshake that announce more than there is, and bring nothing, without end.
    (
        "require",
        (
            &[b"S"],
            b"\x16\x03\x03\x00\x01\x02",
            "postgres://shop@127.0.0.1",
        ),
    ),
    (
        "require",
        (
            &[b"S"],
            b"\x16\x03\x03\x40\x00",
            "postgres://shop@127.0.0.1",
        ),
    ),
    ("require", (&[b"S", b""], b"", "has not answered for 4 s")),
    (
        "prefer",
        (&[b"N", LET_IN], PARAMETER, "more than the 2 MiB"),
    ),
];

#[test]
fn a_server_that_is_asked_for_tls_and_breaks_it_is_given_up() {
    for &(mode, (texts, forever, told)) in HOSTILE_IN_TLS {
        let (mut session, sender) = server(mode, texts, forever);
        let problem = session.query("SELECT 1").unwrap_err();
        assert!(problem.text().contains(told), "{problem}: {texts:?}");
        drop(session);
        sender.join().unwrap();
    }
}
