//! What a server says in HTTP/2.

use shopblast::engine::http2::{Client, ClientSettings, KeptFields, StreamFailure, StreamKey};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\n\r\n";
/// Bytes of a body that no first window lets through.
const LARGE_BODY: usize = 70_000;
const MOST_HEAD_BYTES: usize = 64 << 10;
/// What a client has to say, beside its requests, however it is asked.
const MOST_SAID: usize = (1 << 20) + (64 << 10);
/// Who goes on for ever is given this much.
const LONG_BYTES: usize = 256 << 10;

/// Bytes that come in pieces are the bytes that come at once: the same becomes of every stream, the same is
/// said. Every stream ends once, when the connection does at the latest; no reply is larger than it may be.
/// The first three bytes choose the limit of bodies and the cuts.
pub fn http2(bytes: &[u8]) {
    let [limit, first_cut, step, wire @ ..] = bytes else {
        return;
    };
    let max_body_bytes = [0, 16, 1_000, 1 << 20][usize::from(limit % 4)];
    let whole = played(max_body_bytes, [wire].into_iter());
    let (first, rest) = wire.split_at(usize::from(*first_cut).min(wire.len()));
    let pieces = [first]
        .into_iter()
        .chain(rest.chunks(usize::from(*step) + 1));
    let in_pieces = played(max_body_bytes, pieces);
    assert_eq!(whole, in_pieces);
    without_end(first, rest);
}

/// How streams ended, of a number of those that a server had to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// With a reply.
    pub answered: usize,
    /// Not looked at by the server.
    pub refused: usize,
    /// Given up for what is wrong with their replies, or reset.
    pub failed: usize,
    /// With the connection.
    pub lost: usize,
}

/// How the three streams of a seed end.
pub fn ends(bytes: &[u8]) -> Ends {
    let mut ends = Ends::default();
    let [limit, _, _, wire @ ..] = bytes else {
        return ends;
    };
    let mut client = client([0, 16, 1_000, 1 << 20][usize::from(limit % 4)]);
    let keys = opened(&mut client);
    // All of it has left.
    client.take_out(Vec::new());
    client.receive(wire, Vec::new);
    client.close(false);
    for key in keys {
        let ended = client.take_ended(key, &mut Vec::new());
        match ended.map(|ended| ended.result) {
            Some(Ok(_)) => ends.answered += 1,
            Some(Err(StreamFailure::Refused(_))) => ends.refused += 1,
            Some(Err(StreamFailure::Lost(_))) => ends.lost += 1,
            Some(Err(_)) => ends.failed += 1,
            None => {}
        }
    }
    ends
}

/// What becomes of three streams, and what is said.
fn played<'a>(
    max_body_bytes: usize,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<String>, Vec<u8>) {
    let mut client = client(max_body_bytes);
    let keys = opened(&mut client);
    for piece in pieces {
        client.receive(piece, Vec::new);
    }
    assert!(
        client.out().len() < MOST_SAID + LARGE_BODY,
        "it says too much"
    );
    client.close(false);
    assert_eq!(client.open_streams(), 0);
    let mut ends = vec![format!("{:?}", client.failure())];
    for key in keys {
        let mut room = Vec::new();
        let ended = client
            .take_ended(key, &mut room)
            .expect("it ends with the connection");
        if let Ok(reply) = &ended.result {
            assert!((200..=999).contains(&reply.status));
            assert!(reply.body.len() <= max_body_bytes && reply.body.end == room.len());
            assert!(reply.body.start <= MOST_HEAD_BYTES);
            ends.push(format!("{room:?}"));
        }
        ends.push(format!("{ended:?}"));
        assert!(client.take_ended(key, &mut room).is_none(), "it ends once");
    }
    assert!(client.is_idle());
    (ends, client.out().to_vec())
}

/// `first`, and then `again` and again: what is kept and what is said is bounded.
fn without_end(first: &[u8], again: &[u8]) {
    if again.is_empty() {
        return;
    }
    let mut client = client(1_000);
    let _keys = opened(&mut client);
    client.receive(first, Vec::new);
    let mut given = 0;
    while given < LONG_BYTES && client.failure().is_none() {
        client.receive(again, Vec::new);
        given += again.len();
        assert!(
            client.out().len() < MOST_SAID + LARGE_BODY,
            "it says too much"
        );
        // Somebody reads it, now and then.
        if given % 7 == 0 {
            client.take_out(Vec::new());
        }
    }
}

fn opened(client: &mut Client) -> [StreamKey; 3] {
    let post = |bytes: usize| {
        let head = format!("POST /b HTTP/1.1\r\nhost: shop\r\ncontent-length: {bytes}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; bytes]].concat()
    };
    let keys = [GET.to_vec(), post(LARGE_BODY), post(3)].map(|request| {
        let key = client.open(&request, request.ends_with(b"xxx") && request.len() < 1_000);
        key.expect("a new connection has room")
    });
    // As before the start of a race.
    client.ask_for_sign();
    keys
}

fn client(max_body_bytes: usize) -> Client {
    Client::new(ClientSettings {
        streams: 3,
        max_body_bytes,
        is_secure: false,
        kept: KeptFields::All,
    })
}
