//! Servers that break the rules, or use them against us.

use super::frame::{FrameHead, flag, kind, setting, write, write_number, write_settings};
use super::played_server::*;
use super::*;

/// What a client with one stream makes of `wire`: the stream's end and the connection's.
fn made_of(wire: &[u8]) -> (Option<StreamFailure>, Option<ConnectionFailure>) {
    let mut client = greeted(&[]);
    let key = client.open(GET, false).unwrap();
    client.take_out(Vec::new());
    client.receive(wire, Vec::new);
    let failure = ended(&mut client, key).and_then(Result::err);
    if let Some(connection) = client.failure() {
        let out = client.take_out(Vec::new());
        let (last, payload) = frames(&out).pop().unwrap();
        assert_eq!(last.kind, kind::GOAWAY, "it is told");
        assert_eq!(payload[4..], connection.code().0.to_be_bytes());
    }
    (failure, client.failure())
}

#[test]
fn a_stream_that_breaks_the_rules_fails_alone() {
    let ended = |fields: &[(&str, &str)]| head(1, flag::END_STREAM, fields);
    let long = "x".repeat(100);
    for (wire, says) in [
        (ended(&[]), "a head without a status"),
        (ended(&[("date", "now")]), "a head without a status"),
        (
            ended(&[("date", "now"), (":status", "200")]),
            "a pseudo-header after others",
        ),
        (
            ended(&[(":status", "200"), (":status", "200")]),
            "two statuses",
        ),
        (ended(&[(":status", "2x0")]), "a status that is none"),
        (ended(&[(":status", "099")]), "a status that is none"),
        (
            ended(&[(":status", "200"), (":path", "/")]),
            "a pseudo-header that replies do not have",
        ),
        (
            ended(&[(":status", "200"), ("Date", "now")]),
            "a name in capitals, or none",
        ),
        (
            ended(&[(":status", "200"), ("", "now")]),
            "a name in capitals, or none",
        ),
        (
            ended(&[(":status", "200"), ("connection", "close")]),
            "a header of HTTP/1.1 connections",
        ),
        (
            ended(&[(":status", "200"), ("content-length", "-1")]),
            "a content-length that is no number",
        ),
        (
            ended(&[
                (":status", "200"),
                ("content-length", "1"),
                ("content-length", "2"),
            ]),
            "two content-lengths that differ",
        ),
        (
            ended(&[(":status", "200"), ("content-length", "1")]),
            "its body is not as long",
        ),
        (
            ended(&[(":status", "101")]),
            "an upgrade that nobody asked for",
        ),
        (ended(&[(":status", "100")]), "a reply that ends with a 1xx"),
        (data(1, 0, b"x"), "data before the head"),
        (
            [head(1, 0, OK), head(1, 0, &[("x", "y")])].concat(),
            "trailers that do not end it",
        ),
        (
            [head(1, 0, OK), ended(&[(":status", "200")])].concat(),
            "a pseudo-header in the trailers",
        ),
        (
            [
                head(1, 0, &[(":status", "200"), ("content-length", "3")]),
                data(1, 1, b"four"),
            ]
            .concat(),
            "its body is not as long",
        ),
        (
            server(|out| write_number(kind::WINDOW_UPDATE, 1, 0, out)),
            "a window that grows by nothing",
        ),
        (
            server(|out| write_number(kind::WINDOW_UPDATE, 1, 0x7fff_ffff, out)),
            "a window that is too large",
        ),
        (
            [head(1, 0, OK), data(1, 0, &long.repeat(11).into_bytes())].concat(),
            "larger than the limit (--max-body)",
        ),
        (
            head(1, 0, &[(":status", "200"), ("content-length", "1001")]),
            "larger than the limit",
        ),
    ] {
        let (stream, connection) = made_of(&wire);
        let said = stream
            .map(|failure| failure.to_string())
            .unwrap_or_default();
        assert!(said.contains(says), "{says}: {said}");
        assert_eq!(connection, None, "{says}");
    }
}

#[test]
fn a_connection_that_breaks_the_rules_ends_with_all_its_streams() {
    let raw = |kind, flags, stream, payload: &[u8]| {
        let payload = payload.to_vec();
        server(|out| write(kind, flags, stream, &payload, out))
    };
    let settings = |name, value| server(|out| write_settings(&[(name, value)], out));
    let number = |kind, stream, number| server(|out| write_number(kind, stream, number, out));
    let open_block = raw(kind::HEADERS, 0, 1, &block(OK));
    let too_large = FrameHead {
        length: 16_385,
        kind: kind::DATA,
        flags: 0,
        stream: 1,
    };
    for (wire, says) in [
        (
            server(|out| too_large.write(out)),
            "too large frame of a wrong size",
        ),
        (
            raw(kind::SETTINGS, 0, 0, b"12345"),
            "SETTINGS frame of a wrong size",
        ),
        (
            raw(kind::SETTINGS, flag::ACK, 0, b"123456"),
            "SETTINGS frame of a wrong size",
        ),
        (raw(kind::SETTINGS, 0, 1, b""), "settings of a stream"),
        (settings(setting::ENABLE_PUSH, 1), "pushed to"),
        (
            settings(setting::INITIAL_WINDOW_SIZE, 1 << 31),
            "a window that is too large",
        ),
        (
            settings(setting::MAX_FRAME_SIZE, 16_383),
            "a frame size that is none",
        ),
        (
            settings(setting::MAX_FRAME_SIZE, 1 << 24),
            "a frame size that is none",
        ),
        (
            raw(kind::PING, 0, 0, b"1234567"),
            "PING frame of a wrong size",
        ),
        (raw(kind::PING, 0, 1, b"12345678"), "a ping of a stream"),
        (raw(kind::GOAWAY, 0, 1, &[0; 8]), "a goodbye of a stream"),
        (
            raw(kind::GOAWAY, 0, 0, &[0; 7]),
            "GOAWAY frame of a wrong size",
        ),
        (
            raw(kind::RST_STREAM, 0, 1, b"123"),
            "RST_STREAM frame of a wrong size",
        ),
        (
            number(kind::RST_STREAM, 0, 1),
            "a reset of a stream that is not there",
        ),
        (
            number(kind::RST_STREAM, 3, 1),
            "a reset of a stream that is not there",
        ),
        (
            number(kind::RST_STREAM, 2, 1),
            "a reset of a stream that is not there",
        ),
        (
            raw(kind::WINDOW_UPDATE, 0, 0, b"123"),
            "WINDOW_UPDATE frame of a wrong size",
        ),
        (
            number(kind::WINDOW_UPDATE, 0, 0),
            "a window that grows by nothing",
        ),
        (
            number(kind::WINDOW_UPDATE, 0, 0x7fff_ffff),
            "a window that is too large",
        ),
        (
            number(kind::WINDOW_UPDATE, 5, 1),
            "a window of a stream that is not there",
        ),
        (
            raw(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 2]),
            "a push that was forbidden",
        ),
        (
            raw(kind::PRIORITY, 0, 0, &[0; 5]),
            "a priority of no stream",
        ),
        (data(0, 0, b"x"), "data of a stream that is not there"),
        (data(3, 0, b"x"), "data of a stream that is not there"),
        (
            raw(kind::DATA, flag::PADDED, 1, &[5, 0, 0]),
            "more padding than frame",
        ),
        (
            raw(kind::DATA, flag::PADDED, 1, &[]),
            "more padding than frame",
        ),
        (
            raw(kind::HEADERS, flag::PADDED | flag::END_HEADERS, 1, &[9]),
            "more padding than frame",
        ),
        (
            raw(
                kind::HEADERS,
                flag::PRIORITY | flag::END_HEADERS,
                1,
                &[0; 4],
            ),
            "more padding than frame",
        ),
        (head(0, 0, OK), "a head of a stream that is not there"),
        (head(7, 0, OK), "a head of a stream that is not there"),
        (
            raw(kind::HEADERS, flag::END_HEADERS, 1, &[0x80]),
            "no HPACK",
        ),
        (
            raw(kind::CONTINUATION, flag::END_HEADERS, 1, &[]),
            "goes on without a beginning",
        ),
        (
            [open_block.clone(), data(1, 0, b"x")].concat(),
            "interrupted",
        ),
        (
            [open_block.clone(), raw(kind::CONTINUATION, 4, 3, &[])].concat(),
            "interrupted",
        ),
        (
            [open_block.clone(), raw(0x20, 0, 1, &[])].concat(),
            "interrupted",
        ),
    ] {
        let (stream, connection) = made_of(&wire);
        let failure = connection.unwrap_or_else(|| panic!("{says}"));
        assert!(failure.to_string().contains(says), "{says}: {failure}");
        assert_eq!(stream, Some(StreamFailure::Lost(failure)), "{says}");
    }
}

#[test]
fn floods_are_told_from_what_a_server_may_say() {
    let ping = server(|out| write(kind::PING, 0, 0, &[7; 8], out));
    let settings = server(|out| write_settings(&[], out));
    let empty = data(1, 0, b"");
    let reset = server(|out| write_number(kind::RST_STREAM, 1, 0, out));
    let continuation = server(|out| write(kind::CONTINUATION, 0, 1, &[], out));
    let large = server(|out| write(kind::CONTINUATION, 0, 1, &[0x82; 16_000], out));
    let early = head(1, 0, &[(":status", "103")]);
    let unknown = server(|out| write(0x42, 0, 9, b"grease", out));
    let begun = server(|out| write(kind::HEADERS, 0, 1, &block(OK), out));
    for (first, again, says) in [
        (&[][..], &ping, "a flood of PING"),
        (&[], &settings, "a flood of SETTINGS"),
        (&head(1, 0, OK), &empty, "a flood of empty frames"),
        (&reset, &reset, "a flood of resets"),
        (&begun, &continuation, "a flood of CONTINUATION frames"),
        (&begun, &large, "larger than 64 KiB"),
        (&[], &early, "a flood of 1xx replies"),
        (&[], &unknown, "a flood of frames of no use"),
        (&[], &goodbye(1, 0), "a flood of GOAWAY"),
        (&reset, &head(1, 0, OK), "a flood of heads"),
    ] {
        let mut client = greeted(&[]);
        client.open(GET, false).unwrap();
        client.receive(first, Vec::new);
        let mut times = 0;
        while client.failure().is_none() {
            client.receive(again, Vec::new);
            times += 1;
            assert!(times < 2_000, "{says}");
        }
        assert!(client.out().len() < 64 << 10, "{says}");
        let failure = client.failure().unwrap().to_string();
        assert!(failure.contains(says), "{says}: {failure}");
    }
}

#[test]
fn more_data_than_the_window_is_refused_and_a_window_is_given_back_as_it_is_used() {
    let mut client = Client::new(ClientSettings {
        streams: 1,
        max_body_bytes: 64 << 20,
        is_secure: false,
        kept: KeptFields::Needed,
    });
    client.receive(&server(|out| write_settings(&[], out)), Vec::new);
    let key = client.open(GET, false).unwrap();
    client.receive(&head(key.id, 0, OK), Vec::new);
    client.take_out(Vec::new());
    let piece = data(key.id, 0, &[b'x'; 16_384]);
    for _ in 0..1_000 {
        client.receive(&piece, Vec::new);
    }
    assert_eq!(client.failure(), None);
    let given: u32 = frames(&client.take_out(Vec::new()))
        .iter()
        .filter(|(head, _)| (head.kind, head.stream) == (kind::WINDOW_UPDATE, key.id))
        .map(|(_, payload)| u32::from_be_bytes(payload[..].try_into().unwrap()))
        .sum();
    assert!(given > 1_000 * 16_384 - (1 << 20), "{given}");
}

#[test]
fn who_speaks_something_else_is_told_apart() {
    for (bytes, says) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "HTTP/1.1"),
        (&[0x15, 3, 1, 0, 2, 2, 10], "TLS"),
        (b"-ERR unknown command", "something else"),
        (b"HTTP", "HTTP/1.1"),
    ] {
        for step in [1, 3, 100] {
            let mut client = client();
            bytes
                .chunks(step)
                .for_each(|piece| client.receive(piece, Vec::new));
            client.close(false);
            let said = client.failure().unwrap().to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
