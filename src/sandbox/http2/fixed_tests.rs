//! Tests of the cheapest server over HTTP/2.

use super::*;
use proptest::prelude::*;

const DATE_ONE: &Date = b"Sun, 22 Nov 2026 07:26:06 GMT";
const DATE_TWO: &Date = b"Sun, 22 Nov 2026 07:26:07 GMT";
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn framed(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    [&frame(payload.len(), kind, flags, stream)[..], payload].concat()
}

/// Kind, flags, stream and payload of all frames.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        all.push((head[3], head[4], word(&head[5..]), rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    all
}

/// Streams whose replies are whole, in their order.
fn answered(out: &[u8]) -> Vec<u32> {
    let frames = frames(out);
    let streams = |wanted: u8| -> Vec<u32> {
        let of_kind = frames.iter().filter(|(kind, ..)| *kind == wanted);
        of_kind.map(|(_, _, stream, _)| *stream).collect()
    };
    assert_eq!(streams(HEADERS), streams(DATA));
    streams(DATA)
}

fn begun() -> FixedHttp2 {
    let mut server = FixedHttp2::new(DATE_ONE, b"0123456789");
    let mut out = Vec::new();
    server.take_from(&mut HELLO.to_vec(), &mut out).unwrap();
    let kinds: Vec<u8> = frames(&out).into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, [SETTINGS, WINDOW_UPDATE]);
    server
}

fn taken(server: &mut FixedHttp2, bytes: &[u8]) -> Vec<u8> {
    let (mut buffer, mut out) = (bytes.to_vec(), Vec::new());
    server.take_from(&mut buffer, &mut out).unwrap();
    assert!(buffer.is_empty());
    out
}

#[test]
fn replies_carry_the_date_and_the_number_of_their_stream() {
    let mut server = begun();
    let request = framed(HEADERS, END_HEADERS | END_STREAM, 7, &[]);
    let out = taken(&mut server, &request);
    server.set_date(DATE_TWO);
    let later = taken(&mut server, &request);
    let all = frames(&out);
    let (kind, flags, stream, head) = &all[0];
    assert_eq!((*kind, *flags, *stream), (HEADERS, END_HEADERS, 7));
    assert!(head.starts_with(&[0x08, 3, b'2', b'0', b'1', 0x0f, 18, 29]));
    assert_eq!(all[1], (DATA, END_STREAM, 7, b"0123456789".to_vec()));
    let text = |out: &[u8]| String::from_utf8_lossy(out).into_owned();
    assert_eq!(text(&later), text(&out).replace(":06 GMT", ":07 GMT"));
}

#[test]
fn who_has_no_room_waits_until_there_is_some() {
    let mut server = begun();
    server.room = 25;
    let request = |stream| framed(HEADERS, END_HEADERS | END_STREAM, stream, &[]);
    let all: Vec<u8> = [1, 3, 5, 7, 9].into_iter().flat_map(request).collect();
    assert_eq!(answered(&taken(&mut server, &all)), [1, 3]);
    // Who gives up needs none.
    taken(&mut server, &framed(RST_STREAM, 0, 5, &[0; 4]));
    let more = framed(WINDOW_UPDATE, 0, 0, &10_u32.to_be_bytes());
    assert_eq!(answered(&taken(&mut server, &more)), [7]);
    assert_eq!(answered(&taken(&mut server, &more)), [9]);
    assert_eq!(server.room, 5);
}

#[test]
fn what_was_sent_is_given_back() {
    let mut server = begun();
    let opened = framed(HEADERS, END_HEADERS, 1, &[]);
    taken(&mut server, &opened);
    let out = taken(&mut server, &framed(DATA, 0, 1, &[0; 1_000]));
    assert_eq!(
        frames(&out),
        [(WINDOW_UPDATE, 0, 1, 1_000_u32.to_be_bytes().to_vec())]
    );
    server.taken = GIVEN_BACK_AT - 1;
    let out = taken(&mut server, &framed(DATA, END_STREAM, 1, &[0; 1]));
    let last = frames(&out).pop().unwrap();
    assert_eq!(
        last,
        (WINDOW_UPDATE, 0, 0, GIVEN_BACK_AT.to_be_bytes().to_vec())
    );
    assert_eq!(server.taken, 0);
}

proptest! {
    #[test]
    fn every_stream_is_answered_once_however_the_bytes_are_cut(
        requests in prop::collection::vec((0..3_usize, 0..3_usize, 0..40_usize), 1..20),
        cut in 1..200_usize,
    ) {
        let mut text = HELLO.to_vec();
        let mut streams = Vec::new();
        for (number, &(more_heads, bodies, length)) in requests.iter().enumerate() {
            let stream = number as u32 * 2 + 1;
            streams.push(stream);
            let ends = if bodies == 0 { END_STREAM } else { 0 };
            let whole = if more_heads == 0 { END_HEADERS } else { 0 };
            text.extend(framed(HEADERS, ends | whole, stream, &[0x82; 9]));
            for left in (0..more_heads).rev() {
                let whole = if left == 0 { END_HEADERS } else { 0 };
                text.extend(framed(CONTINUATION, whole, stream, &vec![0x84; length]));
            }
            for left in (0..bodies).rev() {
                let ends = if left == 0 { END_STREAM } else { 0 };
                text.extend(framed(DATA, ends, stream, &vec![b'x'; length]));
            }
            text.extend(framed(PING, 0, 0, &[7; 8]));
        }
        let mut server = FixedHttp2::new(DATE_ONE, b"{}");
        let (mut buffer, mut out) = (Vec::new(), Vec::new());
        for piece in text.chunks(cut) {
            buffer.extend_from_slice(piece);
            server.take_from(&mut buffer, &mut out).unwrap();
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(answered(&out), streams);
        let pings = frames(&out).into_iter().filter(|(kind, ..)| *kind == PING).count();
        prop_assert_eq!(pings, requests.len());
    }

    #[test]
    fn no_bytes_bring_it_down(
        bytes in prop::collection::vec(
            (0..12_u8, any::<u8>(), 0..12_u32, prop::collection::vec(any::<u8>(), 0..20)),
            0..60,
        ),
    ) {
        let mut text = HELLO.to_vec();
        for (kind, flags, stream, payload) in bytes {
            text.extend(framed(kind, flags, stream, &payload));
        }
        let mut out = Vec::new();
        let mut server = FixedHttp2::new(DATE_ONE, b"{}");
        if server.take_from(&mut text, &mut out).is_err() {
            prop_assert_eq!(frames(&out).pop().map(|(kind, ..)| kind), Some(GOAWAY));
        }
        prop_assert!(server.waiting.len() <= MAX_STREAMS as usize);
    }
}
