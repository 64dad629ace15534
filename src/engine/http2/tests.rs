//! What a client says, and what becomes of its streams.

use super::frame::{HEAD_BYTES, flag, kind, setting, write, write_number, write_settings};
use super::played_server::*;
use super::*;

#[test]
fn it_begins_as_the_standard_says() {
    let mut client = client();
    let out = client.take_out(Vec::new());
    let rest = out.strip_prefix(PREFACE).unwrap();
    let frames = frames(rest);
    assert_eq!(frames[0].0.kind, kind::SETTINGS);
    assert_eq!(frames[1].0.kind, kind::WINDOW_UPDATE);
    assert!(!client.is_ready());
    client.receive(&server(|out| write_settings(&[], out)), Vec::new);
    assert_eq!(kinds(&mut client), [(kind::SETTINGS, flag::ACK, 0, 0)]);
}

#[test]
fn a_greeting_may_come_in_any_two_pieces() {
    let greeting = server(|out| write_settings(&[(setting::INITIAL_WINDOW_SIZE, 70_000)], out));
    for cut in 0..=greeting.len() {
        let mut client = client();
        let (first, rest) = greeting.split_at(cut);
        client.receive(first, Vec::new);
        assert_eq!(client.failure(), None, "cut at {cut}");
        client.receive(rest, Vec::new);
        assert!(client.is_ready(), "cut at {cut}");
    }
}

#[test]
fn a_reply_belongs_to_its_stream_whatever_order_they_come_in() {
    let mut client = greeted(&[]);
    let keys: Vec<StreamKey> = (0..3).map(|_| client.open(GET, false).unwrap()).collect();
    let body = |nth: usize| [b'a' + nth as u8; 5];
    let length = &[
        (":status", "201"),
        ("content-length", "5"),
        ("location", "/x"),
    ];
    for nth in [2, 0] {
        client.receive(&head(keys[nth].id, 0, length), Vec::new);
    }
    client.receive(&data(keys[0].id, 0, &body(0)[..2]), Vec::new);
    client.receive(&data(keys[2].id, flag::END_STREAM, &body(2)), Vec::new);
    client.receive(
        &head(keys[1].id, flag::END_STREAM, &[(":status", "204")]),
        Vec::new,
    );
    assert_eq!(ended(&mut client, keys[0]), None);
    client.receive(&data(keys[0].id, flag::END_STREAM, &body(0)[2..]), Vec::new);
    assert_eq!(
        ended(&mut client, keys[0]),
        Some(Ok((201, body(0).to_vec())))
    );
    assert_eq!(ended(&mut client, keys[1]), Some(Ok((204, Vec::new()))));
    let mut room = Vec::new();
    let third = client.take_ended(keys[2], &mut room).unwrap();
    let reply = third.result.unwrap();
    assert_eq!(
        &room[..reply.body.start],
        b"HTTP/2 201\r\nlocation: /x\r\n\r\n"
    );
    assert_eq!(
        third.received_bytes,
        (HEAD_BYTES + block(length).len() + HEAD_BYTES + 5) as u64
    );
    assert!(client.is_idle());
    assert_eq!(
        client.take_ended(keys[2], &mut room),
        None,
        "it is told once"
    );
}

#[test]
fn hints_before_a_reply_and_trailers_after_it_are_no_part_of_it() {
    let mut client = greeted(&[]);
    let key = client.open(GET, false).unwrap();
    let mut wire = head(key.id, 0, &[(":status", "103"), ("location", "/early")]);
    wire.extend(head(key.id, 0, &[(":status", "100")]));
    wire.extend(head(key.id, 0, OK));
    wire.extend(server(|out| {
        // Padded: three bytes of padding.
        write(kind::DATA, flag::PADDED, key.id, b"\x03body\0\0\0", out);
    }));
    wire.extend(head(key.id, flag::END_STREAM, &[("grpc-status", "0")]));
    client.receive(&wire, Vec::new);
    assert_eq!(ended(&mut client, key), Some(Ok((200, b"body".to_vec()))));
}

#[test]
fn a_refused_stream_was_not_looked_at_and_any_other_reset_may_have_been() {
    let mut client = greeted(&[]);
    let keys: Vec<StreamKey> = (0..4).map(|_| client.open(GET, false).unwrap()).collect();
    client.receive(
        &server(|out| write_number(kind::RST_STREAM, keys[0].id, 7, out)),
        Vec::new,
    );
    client.receive(
        &server(|out| write_number(kind::RST_STREAM, keys[1].id, 2, out)),
        Vec::new,
    );
    assert_eq!(
        ended(&mut client, keys[0]),
        Some(Err(StreamFailure::Refused("REFUSED_STREAM")))
    );
    let reset = StreamFailure::Reset(ErrorCode(2));
    assert_eq!(
        reset.to_string(),
        "the server reset the stream: INTERNAL_ERROR"
    );
    assert_eq!(ended(&mut client, keys[1]), Some(Err(reset)));
    client.receive(&goodbye(keys[2].id, 0), Vec::new);
    assert_eq!(
        ended(&mut client, keys[3]),
        Some(Err(StreamFailure::Refused("GOAWAY")))
    );
    assert!(!client.goes_on() && client.open(GET, false) == Err(NotOpened::Full));
    // What it had taken before comes to its end.
    client.receive(&head(keys[2].id, flag::END_STREAM, OK), Vec::new);
    assert_eq!(ended(&mut client, keys[2]), Some(Ok((200, Vec::new()))));
    assert!(client.is_idle() && client.failure().is_none());
}

#[test]
fn what_never_left_was_not_sent_when_the_connection_ends() {
    for unsent in [false, true] {
        let mut client = greeted(&[]);
        let first = client.open(GET, false).unwrap();
        client.take_out(Vec::new());
        let second = client.open(GET, false).unwrap();
        client.take_out(Vec::new());
        let third = client.open(GET, false).unwrap();
        client.close(unsent);
        let lost = StreamFailure::Lost(ConnectionFailure::Closed);
        let refused = StreamFailure::Refused("the connection closed");
        assert_eq!(ended(&mut client, first), Some(Err(lost)));
        let of_second = if unsent { refused } else { lost };
        assert_eq!(ended(&mut client, second), Some(Err(of_second)));
        assert_eq!(ended(&mut client, third), Some(Err(refused)));
    }
}

#[test]
fn bodies_wait_for_windows_and_go_on_when_they_grow() {
    let mut client = greeted(&[(setting::INITIAL_WINDOW_SIZE, 10)]);
    let key = client.open(&post(30), false).unwrap();
    let other = client.open(&post(5), false).unwrap();
    let sent = kinds(&mut client);
    let of = |kind: u8| sent.iter().copied().filter(move |frame| frame.0 == kind);
    assert_eq!(of(kind::HEADERS).count(), 2);
    assert_eq!(
        of(kind::DATA).collect::<Vec<_>>(),
        [
            (kind::DATA, 0, key.id, 10),
            (kind::DATA, flag::END_STREAM, other.id, 5)
        ]
    );
    client.receive(
        &server(|out| write_number(kind::WINDOW_UPDATE, key.id, 7, out)),
        Vec::new,
    );
    assert_eq!(kinds(&mut client), [(kind::DATA, 0, key.id, 7)]);
    // A smaller window takes back what was given: 17 of 2 are used.
    client.receive(
        &server(|out| write_settings(&[(setting::INITIAL_WINDOW_SIZE, 2)], out)),
        Vec::new,
    );
    assert_eq!(kinds(&mut client), [(kind::SETTINGS, flag::ACK, 0, 0)]);
    client.receive(
        &server(|out| write_number(kind::WINDOW_UPDATE, key.id, 8, out)),
        Vec::new,
    );
    assert_eq!(kinds(&mut client), []);
    client.receive(
        &server(|out| write_number(kind::WINDOW_UPDATE, key.id, 50, out)),
        Vec::new,
    );
    assert_eq!(
        kinds(&mut client),
        [(kind::DATA, flag::END_STREAM, key.id, 13)]
    );
}

#[test]
fn the_connections_window_bounds_all_of_them() {
    let mut client = greeted(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]);
    let keys: Vec<StreamKey> = (0..3)
        .map(|_| client.open(&post(40_000), false).unwrap())
        .collect();
    let data = |client: &mut Client| {
        let sent = kinds(client)
            .into_iter()
            .filter(|frame| frame.0 == kind::DATA);
        sent.map(|frame| frame.3).sum::<usize>()
    };
    assert_eq!(data(&mut client), 65_535);
    client.receive(
        &server(|out| write_number(kind::WINDOW_UPDATE, 0, 100_000, out)),
        Vec::new,
    );
    assert_eq!(data(&mut client), 120_000 - 65_535);
    for key in keys {
        client.receive(&head(key.id, flag::END_STREAM, OK), Vec::new);
        assert_eq!(ended(&mut client, key), Some(Ok((200, Vec::new()))));
    }
    assert_eq!(
        kinds(&mut client),
        [],
        "all of it had been sent: nothing is reset"
    );
}

#[test]
fn a_held_request_leaves_but_for_its_last_frame() {
    let mut client = greeted(&[]);
    let bodied = client.open(&post(9), true).unwrap();
    let bare = client.open(GET, true).unwrap();
    let sent: Vec<_> = kinds(&mut client)
        .into_iter()
        .map(|(kind, flags, id, _)| (kind, flags, id))
        .collect();
    assert_eq!(
        sent,
        [
            (kind::HEADERS, flag::END_HEADERS, bodied.id),
            (kind::DATA, 0, bodied.id),
            (kind::HEADERS, flag::END_HEADERS, bare.id)
        ]
    );
    assert!(client.is_at_start(bodied) && client.is_at_start(bare));
    client.release(bodied);
    client.release(bare);
    assert_eq!(
        kinds(&mut client),
        [
            (kind::DATA, flag::END_STREAM, bodied.id, 1),
            (kind::DATA, flag::END_STREAM, bare.id, 0)
        ]
    );
    client.release(bare);
    assert_eq!(kinds(&mut client), [], "once");
}

#[test]
fn no_more_streams_are_opened_than_the_server_takes() {
    let mut client = greeted(&[(setting::MAX_CONCURRENT_STREAMS, 2)]);
    let first = client.open(GET, false).unwrap();
    client.open(GET, false).unwrap();
    assert!(!client.has_room());
    assert_eq!(client.open(GET, false), Err(NotOpened::Full));
    client.receive(&head(first.id, flag::END_STREAM, OK), Vec::new);
    assert!(
        client.has_room(),
        "before its owner has taken the reply, too"
    );
    client.open(GET, false).unwrap();
}

#[test]
fn who_gives_up_says_so_and_what_comes_after_is_nobodys() {
    let mut client = greeted(&[]);
    let key = client.open(GET, false).unwrap();
    client.take_out(Vec::new());
    assert!(client.cancel(key));
    assert_eq!(kinds(&mut client), [(kind::RST_STREAM, 0, key.id, 4)]);
    assert_eq!(ended(&mut client, key), Some(Err(StreamFailure::Cancelled)));
    let next = client.open(GET, false).unwrap();
    assert_eq!(next.slot, key.slot);
    client.receive(&head(key.id, 0, OK), Vec::new);
    client.receive(&data(key.id, flag::END_STREAM, b"late"), Vec::new);
    assert_eq!(ended(&mut client, next), None);
    client.receive(&head(next.id, flag::END_STREAM, OK), Vec::new);
    assert_eq!(ended(&mut client, next), Some(Ok((200, Vec::new()))));
}

#[test]
fn an_answer_before_the_request_is_whole_ends_both() {
    let mut client = greeted(&[(setting::INITIAL_WINDOW_SIZE, 1)]);
    let key = client.open(&post(30), false).unwrap();
    client.take_out(Vec::new());
    client.receive(
        &head(key.id, flag::END_STREAM, &[(":status", "413")]),
        Vec::new,
    );
    assert_eq!(ended(&mut client, key), Some(Ok((413, Vec::new()))));
    assert_eq!(kinds(&mut client), [(kind::RST_STREAM, 0, key.id, 4)]);
    client.receive(
        &server(|out| write_number(kind::WINDOW_UPDATE, key.id, 90, out)),
        Vec::new,
    );
    assert_eq!(kinds(&mut client), []);
}

#[test]
fn a_sign_is_given_by_who_answers_with_its_number_and_by_nobody_else() {
    let mut client = greeted(&[]);
    let pong =
        |number: u64, flags| server(|out| write(kind::PING, flags, 0, &number.to_be_bytes(), out));
    let (first, second) = (client.ask_for_sign(), client.ask_for_sign());
    assert_eq!(kinds(&mut client), [(kind::PING, 0, 0, 8); 2]);
    // One that was not asked for, and a question of the server's own.
    client.receive(&pong(second + 1, flag::ACK), Vec::new);
    client.receive(&pong(second, 0), Vec::new);
    assert!(!client.has_sign(first));
    assert_eq!(kinds(&mut client), [(kind::PING, flag::ACK, 0, 8)]);
    client.receive(&pong(first, flag::ACK), Vec::new);
    assert!(client.has_sign(first) && !client.has_sign(second));
    client.receive(&pong(second, flag::ACK), Vec::new);
    // Said twice, it takes nothing back.
    client.receive(&pong(first, flag::ACK), Vec::new);
    assert!(client.has_sign(second) && client.failure().is_none());
}
