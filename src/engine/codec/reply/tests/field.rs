//! Replies as servers send them, and RFC 9112 lets a recipient take them.

use super::*;

#[test]
fn what_the_field_sends_is_taken() {
    let lines = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
    let hundred = lines(MAX_HEADER_LINES);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: \r\n\r\n";
    let padding = "y".repeat(MAX_HEAD_BYTES - head.len());
    let full = head.replace("x: ", &format!("x: {padding}")) + "ok";
    let chunked = |line: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {line}\r\n\r\n");
    let extended = chunked("chunked") + "2;x=" + &"y".repeat(60 << 10) + "\r\nok\r\n0\r\n\r\n";
    let trailers = chunked("chunked") + "2\r\nok\r\n0\r\n" + &"a: b\r\n".repeat(5_000) + "\r\n";
    let cases = [
        // Lines that end in a bare LF (RFC 9112 §2.2), and no reason phrase.
        ("HTTP/1.1 200\nContent-Length: 2\n\nok", ok(200, "ok", true)),
        (
            "HTTP/1.1  200  OK\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "\r\n\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        // A minor version of the future.
        (
            "HTTP/1.9 200 OK\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\nok",
            ok(999, "ok", true),
        ),
        // Folded lines (§5.2), also a list's and a number's, and before the first field (§2.2).
        (
            "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\t \r\ncontent-length:\r\n 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\nconnection: x,\r\n close\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.1 200 OK\r\n stray: x\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        // Lists over several lines (§9.3): close wins, whichever comes first.
        (
            "HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\nconnection: x, , Close\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nconnection: upgrade\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        // Spaces before a colon, control characters that end nothing, bytes above 127.
        (
            "HTTP/1.1 200 \u{1}OK\r\nX-\u{7e} : \u{1}\u{7f}\u{b}é\r\ncontent-length \t: 2 \r\n\r\nok",
            ok(200, "ok", true),
        ),
        // One length in a list (§6.3), and more zeros than a number needs.
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2, 2,\r\ncontent-length: 02\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 00000000000000000000000002\r\n\r\nok",
            ok(200, "ok", true),
        ),
        // What has no body has none, whatever its head says of it.
        (
            "HTTP/1.1 204 No Content\r\ncontent-length: x\r\n\r\n",
            ok(204, "", true),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n",
            ok(304, "", true),
        ),
        // Codings: `identity` is none, the last one decides, HTTP/1.0 knows none.
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nok",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Identity\r\ncontent-length: 2\r\n\r\nok",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ntransfer-encoding: , identity, chunked\r\n\r\n0\r\n\r\n",
            ok(200, "", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ok(200, "ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\nxyz",
            ok(200, "xyz", false),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ok(200, "ok", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ok(200, "ok", false),
        ),
        // Chunks: extensions, padding, zeros, bare LFs, trailers.
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1 \t\r\no\r\n0001 ; a=\"\u{1};\"\nk\n000\nt: 1\n\n",
            ok(200, "ok", true),
        ),
        (extended.as_str(), ok(200, "ok", true)),
        (trailers.as_str(), ok(200, "ok", true)),
        (hundred.as_str(), ok(200, "", false)),
        (full.as_str(), ok(200, "ok", true)),
    ];
    for (wire, expected) in cases {
        assert_eq!(whole(wire), expected, "{wire:.99?}");
        for cut in (1..wire.len()).take(200) {
            let (reply, body) = feed(wire.as_bytes(), &[cut], LIMIT).unwrap();
            let read = (
                reply.status,
                String::from_utf8(body).unwrap(),
                reply.reusable,
            );
            assert_eq!(Ok(read), expected, "{wire:.99?} at {cut}");
            assert_eq!(reply.wire_bytes, wire.len() as u64, "{wire:.99?}");
        }
    }
}

#[test]
fn extensions_and_trailers_have_one_limit_together() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let third = "y".repeat(MAX_HEAD_BYTES / 3);
    let [one, end] = [format!("1;{third}\r\no\r\n"), "0\r\n".to_owned()];
    let trailer = format!("t: {third}\r\n");
    for (wire, expected) in [
        (format!("{head}{one}{end}{trailer}\r\n"), ok(200, "o", true)),
        (
            format!("{head}{one}{one}{one}{end}\r\n"),
            Err(Malformed::ChunkExtensions),
        ),
        (
            format!("{head}{one}{one}{end}{trailer}\r\n"),
            Err(Malformed::ChunkExtensions),
        ),
        (
            format!("{head}{end}{trailer}{trailer}{trailer}"),
            Err(Malformed::ChunkExtensions),
        ),
        (
            format!("{head}1;{third}{third}{third}"),
            Err(Malformed::ChunkExtensions),
        ),
    ] {
        assert_eq!(whole(&wire), expected);
    }
}
