//! Requests whole, in pieces, and malformed.

use super::*;
use crate::engine::codec::MAX_BODY_BYTES;
use proptest::prelude::*;

const PARTIAL: Incoming<'_> = Incoming::Partial {
    awaits_continue: false,
};

fn complete(bytes: &[u8]) -> (Request<'_>, usize) {
    match parse(bytes) {
        Incoming::Complete { request, consumed } => (request, consumed),
        other => panic!("{other:?}"),
    }
}

fn body_of(request: &Request<'_>) -> Vec<u8> {
    request.body.contiguous(&mut Vec::new()).to_vec()
}

#[test]
fn a_post_is_read_with_its_body_and_leaves_the_next_request() {
    let bytes = b"POST /customers?a=b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Any: y\r\ncontent-length: 2\r\n\r\n{}GET ";
    let (request, consumed) = complete(bytes);
    assert_eq!((request.method, request.target), ("POST", "/customers?a=b"));
    assert_eq!(request.content_type, Some(&b"application/json"[..]));
    assert_eq!(body_of(&request), b"{}");
    assert_eq!(&bytes[consumed..], b"GET ");
    assert_eq!(request.header("HOST"), Some(&b"x"[..]));
    assert_eq!(request.header("x-any"), Some(&b"y"[..]));
    assert_eq!(request.header("x-other"), None);
    assert!(!request.asks_close && !request.is_http_10 && !request.expects_continue);
}

#[test]
fn chunks_extensions_and_trailers_are_read() {
    let bytes = b"POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n1\r\n{\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\nrest";
    let (request, consumed) = complete(bytes);
    assert_eq!(body_of(&request), b"{0123456789");
    assert_eq!(&bytes[consumed..], b"rest");
}

#[test]
fn close_continue_and_old_versions_are_noticed() {
    assert!(
        complete(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
            .0
            .asks_close
    );
    assert!(
        !complete(b"GET / HTTP/1.1\r\nconnection: Close\r\n\r\n")
            .0
            .asks_close
    );
    assert!(complete(b"GET / HTTP/1.0\r\n\r\n").0.is_http_10);
    assert_eq!(
        parse(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n"),
        Incoming::Partial {
            awaits_continue: true
        }
    );
    assert_eq!(complete(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n").1, 22);
}

#[test]
fn what_uvicorn_takes_for_garbage_is_bad() {
    let long_head = format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(MAX_HEAD_BYTES));
    let long_line = format!(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;{}",
        "a".repeat(5_000)
    );
    for bad in [
        "hello\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.2\r\n\r\n",
        "get / HTTP/1.1\r\n\r\n",
        "BREW / HTTP/1.1\r\n\r\n",
        "CONNECT x:1 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\n\n",
        "GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: abc\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 67108865\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx\n\r\n",
        &long_head,
        &long_line,
        "\x16\x03\x01\x02\x00",
    ] {
        assert_eq!(parse(bad.as_bytes()), Incoming::Bad, "{bad:.80}");
    }
}

/// What never comes to an end in a chunked body: how it begins, and what is sent for ever after.
const ENDLESS: &[(&str, &str)] = &[
    ("1;", "x"),
    ("1", " "),
    ("", "0"),
    ("", "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\ny\r\n"),
    ("", "00000000000000000000000000000001\r\ny\r\n"),
    ("0\r\n", "t: 1\r\n"),
    ("0\r\nt: ", "1"),
];

#[test]
fn a_chunked_body_without_end_meets_a_limit_before_it_takes_much_room() {
    for (start, forever) in ENDLESS {
        let mut text = format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{start}");
        while parse(text.as_bytes()) != Incoming::Bad {
            for _ in 0..(8 << 10) / forever.len() {
                text.push_str(forever);
            }
            let bound = 4 * MAX_HEAD_BYTES;
            assert!(text.len() < bound, "no limit: {start:?} and {forever:?}");
        }
    }
}

#[test]
fn a_body_in_small_chunks_takes_no_more_room_than_the_largest_one() {
    let head = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    let framed = "1\r\ny\r\n".repeat(20_000);
    // What is announced counts before it comes.
    let with = |announced: usize| format!("{head}{framed}{announced:x}\r\n");
    assert_eq!(
        parse(with(MAX_BODY_BYTES - framed.len()).as_bytes()),
        PARTIAL
    );
    assert_eq!(parse(with(MAX_BODY_BYTES).as_bytes()), Incoming::Bad);
}

/// The start of a request, and pieces that come after it.
const IN_PIECES: &[(&str, &str)] = &[
    (
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        "1\r\ny\r\n",
    ),
    (
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
        "t: 1\r\n",
    ),
    ("POST / HTTP/1.1\r\ncontent-length: 9999\r\n\r\n", "y"),
];

/// Nobody looks at bytes again that are spoiled after they were read.
#[test]
fn what_was_read_of_a_body_is_not_read_again() {
    for (start, piece) in IN_PIECES {
        let mut progress = RequestProgress::default();
        let mut text = start.as_bytes().to_vec();
        for _ in 0..100 {
            assert_eq!(progress.parse(&text), PARTIAL, "{start:?}");
            let read = text.len();
            text[start.len()..read].fill(b'\n');
            text.extend_from_slice(piece.as_bytes());
        }
        assert_eq!(progress.parse(&text), PARTIAL, "{start:?}");
    }
}

#[test]
fn a_long_head_is_read_again_only_for_a_line_of_it() {
    let mut progress = RequestProgress::default();
    let mut text = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(KEEN_BYTES));
    let start = text.len();
    assert_eq!(progress.parse(text.as_bytes()), PARTIAL);
    // Would be bad, if anybody looked.
    text.push('\0');
    assert_eq!(progress.parse(text.as_bytes()), PARTIAL);
    text.push_str("\r\n");
    assert_eq!(progress.parse(text.as_bytes()), Incoming::Bad);
    let mut progress = RequestProgress::default();
    text.truncate(start);
    while progress.parse(text.as_bytes()) == PARTIAL {
        text.push_str("bbbbbbbb");
        assert!(text.len() < 2 * MAX_HEAD_BYTES, "no limit");
    }
}

/// Requests of every framing, sound by construction.
fn request_text() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..60);
    let cut = 1..20_usize;
    (
        prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        "/[a-z/?=%0-9]{0,20}",
        prop::collection::vec(("[a-w][a-z-]{0,8}", "[ -~&&[^\r\n]]{0,20}"), 0..5),
        body,
        cut,
        prop::option::of(any::<bool>()),
        0..3_usize,
    )
        .prop_map(
            |(method, target, fields, body, cut, chunked, blank_lines)| {
                let mut text = b"\r\n".repeat(blank_lines);
                text.extend_from_slice(format!("{method} {target} HTTP/1.1\r\n").as_bytes());
                for (name, value) in fields {
                    if !["expect", "connection", "content-type"].contains(&name.as_str()) {
                        text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                    }
                }
                match chunked {
                    None => text.extend_from_slice(b"\r\n"),
                    Some(false) => {
                        text.extend_from_slice(
                            format!("content-length: {}\r\n\r\n", body.len()).as_bytes(),
                        );
                        text.extend_from_slice(&body);
                    }
                    Some(true) => {
                        text.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
                        for piece in body.chunks(cut) {
                            text.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                            text.extend_from_slice(piece);
                            text.extend_from_slice(b"\r\n");
                        }
                        text.extend_from_slice(b"0\r\n\r\n");
                    }
                }
                text
            },
        )
}

proptest! {
    #[test]
    fn every_split_of_a_request_is_partial_until_the_last_byte(text in request_text(), tail in prop::collection::vec(any::<u8>(), 0..20)) {
        for end in 0..text.len() {
            prop_assert_eq!(
                parse(&text[..end]),
                Incoming::Partial { awaits_continue: false },
                "first {} bytes", end
            );
        }
        let mut followed = text.clone();
        followed.extend_from_slice(&tail);
        let (request, consumed) = complete(&followed);
        prop_assert_eq!(consumed, text.len());
        let (alone, _) = complete(&text);
        prop_assert_eq!(request, alone);
    }

    #[test]
    fn requests_in_pieces_are_read_as_the_whole_ones(texts in prop::collection::vec(request_text(), 1..4), step in 1..40_usize) {
        let sent = texts.concat();
        let mut progress = RequestProgress::default();
        let (mut buffer, mut read) = (Vec::new(), Vec::new());
        for piece in sent.chunks(step) {
            buffer.extend_from_slice(piece);
            while let Incoming::Complete { consumed, .. } = progress.parse(&buffer) {
                read.push(buffer.drain(..consumed).collect::<Vec<u8>>());
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(read, texts);
    }

    #[test]
    fn arbitrary_bytes_in_pieces_end_as_they_do_at_once(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1..40_usize) {
        let mut progress = RequestProgress::default();
        let ends = (0..=bytes.len()).step_by(step).chain([bytes.len()]);
        for end in ends {
            prop_assert_eq!(progress.parse(&bytes[..end]), parse(&bytes[..end]));
            if !matches!(parse(&bytes[..end]), Incoming::Partial { .. }) {
                break;
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_damaged_request_never_panics_and_never_takes_more_than_there_is(
        mut text in request_text(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let at = at.index(text.len());
        text[at] = byte;
        if let Incoming::Complete { request, consumed } = parse(&text) {
            prop_assert!(consumed <= text.len());
            prop_assert!(body_of(&request).len() <= text.len());
        }
    }
}
