//! Replies whole, in pieces, and malformed.

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

#[test]
fn every_malformed_reply_has_a_reason() {
    let long_head = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\n\r\n",
        "y".repeat(MAX_HEAD_BYTES)
    );
    let endless_head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(MAX_HEAD_BYTES));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(65));
    let endless_100 = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
    let cases = [
        ("", Malformed::ClosedBeforeReply),
        ("SSH-2.0-OpenSSH_9.2\r\n", Malformed::NotHttp),
        ("+PONG\r\n", Malformed::NotHttp),
        ("HTTP/2 200\r\n\r\n", Malformed::NotHttp),
        ("HTTP/1.1 99x Odd\r\n\r\n", Malformed::NotHttp),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Malformed::Head),
        (
            "HTTP/1.1 200 OK\r\ncontent-le",
            Malformed::ClosedWithinReply,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
            Malformed::ClosedWithinReply,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            Malformed::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            Malformed::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            Malformed::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n",
            Malformed::BodyTooLarge,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Malformed::Status,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
            Malformed::Chunk,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            Malformed::Chunk,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
            Malformed::BodyTooLarge,
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
    }
    let endless_body = format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(LIMIT + 1));
    assert_eq!(whole(&endless_body).unwrap_err(), Malformed::BodyTooLarge);
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
    ]
}

proptest! {
    #[test]
    fn a_reply_split_at_every_byte_is_the_same_reply(wire in any_wire()) {
        let expected = feed(&wire, &[], LIMIT);
        for cut in 0..=wire.len() {
            prop_assert_eq!(&feed(&wire, &[cut], LIMIT), &expected, "cut at {}", cut);
        }
        let every: Vec<usize> = (0..wire.len()).collect();
        prop_assert_eq!(&feed(&wire, &every, LIMIT), &expected);
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
