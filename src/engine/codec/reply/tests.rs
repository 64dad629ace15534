//! Replies whole, in pieces, and malformed.

mod field;

use super::super::malformed::{MAX_HEAD_BYTES, MAX_HEADER_LINES, Misplaced, Offset};
use super::*;
use proptest::prelude::*;

const LIMIT: usize = 1_000;

/// Feeds `wire` in pieces cut at `cuts`, then closes. What a connection would see.
fn feed(wire: &[u8], cuts: &[usize], limit: usize) -> Result<(Reply, Vec<u8>), Malformed> {
    let mut parser = ReplyParser::new(limit);
    let mut buffer = Vec::new();
    let mut sent = 0;
    for end in cuts.iter().copied().chain([wire.len()]) {
        let end = end.clamp(sent, wire.len());
        buffer.extend_from_slice(&wire[sent..end]);
        sent = end;
        if let Some(reply) = parser.advance(&mut buffer)? {
            let body = buffer[reply.body.clone()].to_vec();
            return Ok((reply, body));
        }
    }
    let reply = parser.close(&buffer)?;
    let body = buffer[reply.body.clone()].to_vec();
    Ok((reply, body))
}

fn whole(wire: &str) -> Result<(u16, String, bool), Malformed> {
    feed(wire.as_bytes(), &[], LIMIT).map(|(reply, body)| {
        (
            reply.status,
            String::from_utf8(body).unwrap(),
            reply.reusable,
        )
    })
}

#[test]
fn a_reply_to_head_ends_with_its_head() {
    for fields in [
        "content-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
        "",
    ] {
        let wire = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let mut parser = ReplyParser::new(LIMIT);
        for _ in 0..2 {
            parser.set_bodiless(true);
            parser.reset();
            let reply = parser.whole(wire.as_bytes()).unwrap().unwrap();
            assert_eq!((reply.body.len(), reply.reusable), (0, true), "{fields}");
            let mut buffer = wire.clone().into_bytes();
            parser.reset();
            assert_eq!(parser.advance(&mut buffer).unwrap(), Some(reply));
        }
        // A later reply of the same head has its body again.
        parser.set_bodiless(false);
        parser.reset();
        assert_eq!(parser.whole(wire.as_bytes()), Ok(None), "{fields}");
    }
}

fn ok(status: u16, body: &str, reusable: bool) -> Result<(u16, String, bool), Malformed> {
    Ok((status, body.to_owned(), reusable))
}

#[test]
fn framing_follows_the_rfc() {
    let cases = [
        (
            "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
            ok(201, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nconnection: Keep-Alive\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nuntil close",
            ok(200, "until close", false),
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", ok(204, "", true)),
        (
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n",
            ok(304, "", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nt: 1\r\n\r\n",
            ok(200, "abc0123456789", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n0\r\n\r\n",
            ok(200, "", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nxyz",
            ok(200, "xyz", false),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
            ok(200, "", false),
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
            ok(201, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
    ];
    for (wire, expected) in cases {
        assert_eq!(whole(wire), expected, "{wire:?}");
    }
}

#[test]
fn wire_bytes_count_everything_received_for_the_reply() {
    let wire = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let (reply, _) = feed(wire.as_bytes(), &[], LIMIT).unwrap();
    assert_eq!(reply.wire_bytes, wire.len() as u64);
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// What never comes to an end: how it begins, what is sent for ever after, and the limit that it
/// meets.
const ENDLESS: &[(&str, &str, Malformed)] = &[
    ("HTTP/1.1 200 OK\r\nx: ", "y", Malformed::HeadTooLarge),
    ("", "HTTP/1.1 100 Continue\r\n\r\n", Malformed::HeadTooLarge),
    ("HTTP/1.1 200 OK\r\n\r\n", "y", Malformed::BodyTooLarge),
    (CHUNKED, "1\r\ny\r\n", Malformed::BodyTooLarge),
    ("1;", "x", Malformed::ChunkExtensions),
    ("1", " ", Malformed::ChunkExtensions),
    ("", "0", Malformed::ChunkExtensions),
    (
        "",
        "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\ny\r\n",
        Malformed::ChunkExtensions,
    ),
    (
        "",
        "00000000000000000000000000000000000000000000000001\r\ny\r\n",
        Malformed::ChunkExtensions,
    ),
    ("0\r\n", "t: 1\r\n", Malformed::ChunkExtensions),
    ("0\r\nt: ", "1", Malformed::ChunkExtensions),
];

#[test]
fn whatever_has_no_end_meets_a_limit_and_takes_little_room() {
    const BODY: usize = 64 << 10;
    const PIECE: usize = 4 << 10;
    for &(start, forever, expected) in ENDLESS {
        let is_chunks = expected == Malformed::ChunkExtensions;
        let mut parser = ReplyParser::new(BODY);
        let mut buffer = Vec::new();
        let mut piece = [if is_chunks { CHUNKED } else { "" }, start].concat();
        let mut sent = 0;
        let met = loop {
            while piece.len() < PIECE {
                piece.push_str(forever);
            }
            sent += piece.len();
            buffer.extend_from_slice(piece.as_bytes());
            piece.clear();
            match parser.advance(&mut buffer) {
                Ok(None) => {}
                other => break other.map(|_| ()),
            }
            assert!(sent < 8 << 20, "no limit: {start:?} and {forever:?}");
        };
        assert_eq!(met, Err(expected), "{start:?} and {forever:?}");
        // A body, its framing or a head, and the piece that came last.
        let room = BODY + 2 * MAX_HEAD_BYTES + 2 * PIECE;
        assert!(buffer.capacity() <= 2 * room, "{start:?} and {forever:?}");
        assert!(buffer.len() <= room, "{} of {forever:?}", buffer.len());
    }
}

#[test]
fn a_body_of_small_chunks_takes_the_room_of_its_data_and_is_counted_whole() {
    let body = "0123456789".repeat(20_000);
    let mut wire = CHUNKED.to_owned();
    for letter in body.chars() {
        wire.push_str(&format!("1\r\n{letter}\r\n"));
    }
    wire.push_str("0\r\n\r\n");
    let mut parser = ReplyParser::new(body.len());
    let mut buffer = Vec::new();
    let mut largest = 0;
    let mut reply = None;
    for piece in wire.as_bytes().chunks(1_000) {
        buffer.extend_from_slice(piece);
        largest = largest.max(buffer.len());
        reply = reply.or(parser.advance(&mut buffer).unwrap());
    }
    let reply = reply.unwrap();
    assert!(largest < body.len() + (70 << 10), "{largest}");
    assert_eq!(&buffer[reply.body], body.as_bytes());
    assert_eq!(reply.wire_bytes, wire.len() as u64);
    assert!(reply.reusable);
}

fn misplaced(byte: u8, at: usize) -> Misplaced {
    Misplaced::new(byte, at)
}

#[test]
fn every_malformed_reply_has_a_reason() {
    let long_head = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\n\r\n",
        "y".repeat(MAX_HEAD_BYTES)
    );
    let endless_head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(MAX_HEAD_BYTES));
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        "a: b\r\n".repeat(MAX_HEADER_LINES + 1)
    );
    let endless_100 = "HTTP/1.1 100 Continue\r\n\r\n".repeat(3_000);
    let too_large = Malformed::BodyTooLarge;
    let cases = [
        ("", Malformed::ClosedBeforeReply),
        (
            "SSH-2.0-OpenSSH_9.2\r\n",
            Malformed::NotHttp(misplaced(b'S', 0)),
        ),
        ("+PONG\r\n", Malformed::NotHttp(misplaced(b'+', 0))),
        ("HTTP/2 200\r\n\r\n", Malformed::NotHttp(misplaced(b'2', 5))),
        (
            "HTTP/1.1 99x Odd\r\n\r\n",
            Malformed::NotHttp(misplaced(b'x', 11)),
        ),
        (
            "HTTP/1.1200 OK\r\n\r\n",
            Malformed::NotHttp(misplaced(b'2', 8)),
        ),
        (
            "HTTP/1.1 2000 OK\r\n\r\n",
            Malformed::NotHttp(misplaced(b'0', 12)),
        ),
        (
            "HTTP/1.1 20\r\n\r\n",
            Malformed::NotHttp(misplaced(b'\r', 11)),
        ),
        (
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            Malformed::Name(misplaced(b' ', 19)),
        ),
        (
            "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
            Malformed::Name(misplaced(b':', 17)),
        ),
        (
            "HTTP/1.1 200 OK\r\na\u{1}b: c\r\n\r\n",
            Malformed::Name(misplaced(1, 18)),
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\na\0: c\r\n\r\n",
            Malformed::Name(misplaced(0, 43)),
        ),
        (
            "HTTP/1.1 200 OK\r\na: b\0\r\n\r\n",
            Malformed::Value(misplaced(0, 21)),
        ),
        (
            "HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n",
            Malformed::Value(misplaced(b'\r', 21)),
        ),
        (
            "HTTP/1.1 200 OK\r\na: b\r\r\n\r\n",
            Malformed::Value(misplaced(b'\r', 21)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-le",
            Malformed::ClosedWithinReply,
        ),
        ("\r\n", Malformed::ClosedWithinReply),
        (
            "HTTP/1.1 100 Continue\r\n\r\n",
            Malformed::ClosedWithinReply,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
            Malformed::ClosedWithinReply,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            Malformed::ContentLength(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
            Malformed::ContentLength(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n",
            Malformed::ContentLength(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 2\r\n\r\n",
            Malformed::ContentLength(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\n",
            Malformed::ContentLength(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            Malformed::ContentLength(Offset::new(36)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            too_large,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", too_large),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Malformed::Status(101),
        ),
        ("HTTP/1.1 099 Odd\r\n\r\n", Malformed::Status(99)),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked;q=1\r\n\r\n",
            Malformed::TransferEncoding(Offset::new(17)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
            Malformed::Chunk(misplaced(b'x', 47)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
            Malformed::Chunk(misplaced(b'\r', 47)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3 4\r\nabc\r\n",
            Malformed::Chunk(misplaced(b'4', 49)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\rabc",
            Malformed::Chunk(misplaced(b'\r', 48)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            Malformed::Chunk(misplaced(b'd', 53)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
            too_large,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
            too_large,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
            Malformed::ClosedWithinReply,
        ),
        (long_head.as_str(), Malformed::HeadTooLarge),
        (endless_head.as_str(), Malformed::HeadTooLarge),
        (endless_100.as_str(), Malformed::HeadTooLarge),
        (many.as_str(), Malformed::TooManyHeaders),
    ];
    for (wire, expected) in cases {
        assert_eq!(whole(wire).unwrap_err(), expected, "{wire:.60?}");
        // The reason is what was wrong first, in whatever pieces it came.
        for cut in (1..wire.len()).take(200) {
            let in_pieces = feed(wire.as_bytes(), &[cut], LIMIT);
            assert_eq!(in_pieces.unwrap_err(), expected, "{wire:.60?} at {cut}");
        }
    }
    let endless_body = format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(LIMIT + 1));
    assert_eq!(whole(&endless_body).unwrap_err(), too_large);
}

#[test]
fn a_reason_names_the_limit_or_the_byte() {
    for (malformed, says) in [
        (
            Malformed::NotHttp(misplaced(0x16, 0)),
            "does not start with a status line but has `\\x16` (byte 0)",
        ),
        (
            Malformed::Name(misplaced(b' ', 19)),
            "malformed reply head: a space (byte 19) in the name",
        ),
        (
            Malformed::Value(misplaced(b'\r', 21)),
            "malformed reply head: `\\r` (byte 21) in the value",
        ),
        (Malformed::HeadTooLarge, "larger than 64 KiB"),
        (Malformed::TooManyHeaders, "more than 100 header lines"),
        (Malformed::Status(101), "unexpected reply status 101"),
        (Malformed::BodyTooLarge, "the limit (--max-body)"),
        (
            Malformed::ContentLength(Offset::new(36)),
            "(line at byte 36)",
        ),
        (
            Malformed::Chunk(misplaced(b'x', 47)),
            "malformed chunk in the reply: `x` (byte 47)",
        ),
        (Malformed::ChunkExtensions, "larger than 64 KiB"),
    ] {
        let said = malformed.to_string();
        assert!(said.contains(says), "{said}");
        assert!(said.len() <= crate::stats::REASON_BYTES, "{said}");
    }
}

#[test]
fn a_parser_is_good_for_one_reply_after_another() {
    let mut parser = ReplyParser::new(LIMIT);
    for _ in 0..3 {
        parser.reset();
        let mut buffer =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_vec();
        assert!(parser.advance(&mut buffer).unwrap().unwrap().reusable);
    }
}

#[test]
fn a_head_that_comes_again_is_read_the_same_and_a_new_one_anew() {
    let mut parser = ReplyParser::new(LIMIT);
    let mut read = |wire: &str| {
        parser.reset();
        let mut buffer = wire.as_bytes().to_vec();
        let reply = parser.advance(&mut buffer).unwrap().unwrap();
        (reply.status, reply.body.len(), reply.reusable)
    };
    for _ in 0..2 {
        assert_eq!(
            read("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok"),
            (201, 2, true)
        );
        assert_eq!(
            read("HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\nyes"),
            (201, 3, true)
        );
        assert_eq!(
            read(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\nyes"
            ),
            (201, 3, true)
        );
        let long = format!(
            "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n",
            "y".repeat(500)
        );
        assert_eq!(read(&long), (200, 0, true));
    }
}

/// Heads and bodies put together from what servers send, rightly and wrongly.
fn pieces_of_heads() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("\r\n"),
        Just("\n"),
        Just("\r"),
        Just("HTTP/1.1 200 OK\r\n"),
        Just("HTTP/1.0 500\n"),
        Just("HTTP/1.1 103 Hints\r\n"),
        Just("content-length: 3\r\n"),
        Just("Content-Length: 3, 3"),
        Just("content-length: 12\r\n"),
        Just("transfer-encoding: chunked\r\n"),
        Just("Transfer-Encoding: gzip,"),
        Just("transfer-encoding: identity\r\n"),
        Just("connection: close\r\n"),
        Just("connection: keep-alive"),
        Just(" \tfolded"),
        Just("x :\u{1}y\r\n"),
        Just("x: \0\r\n"),
        Just("3\r\nabc\r\n"),
        Just("3;x=\"y\"\nabc\n"),
        Just("0\r\n\r\n"),
        Just("abc"),
    ];
    let pieces = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let start = prop_oneof![Just(""), Just("HTTP/1.1 200 OK\r\n")];
    (start, pieces).prop_map(|(start, pieces)| format!("{start}{pieces}").into_bytes())
}

fn any_wire() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        (body.clone(), any::<bool>()).prop_map(|(body, skip)| {
            let mut wire = Vec::new();
            if skip {
                wire.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            wire.extend_from_slice(
                format!(
                    "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                )
                .as_bytes(),
            );
            wire.extend_from_slice(&body);
            wire
        }),
        proptest::collection::vec(body.clone(), 0..4).prop_map(|chunks| {
            let mut wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            wire
        }),
        body.prop_map(|body| [b"HTTP/1.1 200 OK\r\n\r\n", &body[..]].concat()),
        proptest::collection::vec(any::<u8>(), 0..200),
        pieces_of_heads(),
    ]
}

proptest! {
    #[test]
    fn a_reply_split_at_every_byte_is_the_same_reply(wire in any_wire()) {
        // Bytes after a reply spoil the connection only when they come with it.
        let end = match feed(&wire, &[], LIMIT) {
            Ok((reply, _)) => reply.wire_bytes as usize,
            Err(_) => wire.len(),
        };
        let wire = &wire[..end];
        let expected = feed(wire, &[], LIMIT);
        for cut in 0..=wire.len() {
            prop_assert_eq!(&feed(wire, &[cut], LIMIT), &expected, "cut at {}", cut);
        }
        let every: Vec<usize> = (0..wire.len()).collect();
        prop_assert_eq!(&feed(wire, &every, LIMIT), &expected);
    }

    #[test]
    fn a_parser_that_knows_a_head_reads_what_a_new_one_reads(before in any_wire(), wire in any_wire()) {
        let mut parser = ReplyParser::new(LIMIT);
        let _ = parser.advance(&mut before.clone());
        parser.reset();
        let (mut mine, mut fresh) = (wire.clone(), wire);
        prop_assert_eq!(parser.advance(&mut mine), ReplyParser::new(LIMIT).advance(&mut fresh));
        prop_assert_eq!(mine, fresh);
    }

    #[test]
    fn damaged_replies_never_panic(wire in any_wire(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut wire = wire;
        if !wire.is_empty() {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        let _ = feed(&wire, &[wire.len() / 2], LIMIT);
    }
}
