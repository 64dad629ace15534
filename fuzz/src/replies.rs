//! What the shop sends: replies, and the ids in them.

use serde::Deserialize;
use shopblast::engine::Id;
use shopblast::engine::codec::{Malformed, Reply, ReplyParser};

/// A reply that arrives in pieces is the reply that arrives at once, and a parser that is used
/// again behaves as a new one. The first three bytes choose the limit of the body and the cuts.
pub fn reply(bytes: &[u8]) {
    let [limit, first_cut, step, wire @ ..] = bytes else {
        return;
    };
    let max_body_bytes = [0, 16, 1_000, 1 << 20][usize::from(limit % 4)];
    let mut parser = ReplyParser::new(max_body_bytes);
    let whole = receive(&mut parser, [wire].into_iter());
    let (head, rest) = wire.split_at(usize::from(*first_cut).min(wire.len()));
    let pieces = || {
        [head]
            .into_iter()
            .chain(rest.chunks(usize::from(*step) + 1))
    };
    parser.reset();
    let in_pieces = receive(&mut parser, pieces());
    match (&whole, &in_pieces) {
        (Ok((whole, body)), Ok((pieced, pieced_body))) => {
            assert_eq!(whole.status, pieced.status);
            assert_eq!(whole.wire_bytes, pieced.wire_bytes);
            assert_eq!(body, pieced_body);
            assert!(body.len() <= max_body_bytes);
            assert!((200..=999).contains(&whole.status));
            // Bytes that follow a reply in the same piece spoil the connection.
            if whole.wire_bytes == wire.len() as u64 {
                assert_eq!(whole.reusable, pieced.reusable);
            }
        }
        // What is told is the first fault, in whatever pieces it came.
        (Err(whole), Err(pieced)) => assert_eq!(whole, pieced),
        _ => panic!("at once: {whole:?}, in pieces: {in_pieces:?}"),
    }
    parser.reset();
    assert_eq!(receive(&mut parser, pieces()), in_pieces);
    // What has no end is given up, and what is read of it until then is bounded.
    parser.reset();
    without_end(&mut parser, head, rest, max_body_bytes);
}

/// Sent at a time by who goes on for ever.
const PIECE_BYTES: usize = 4 << 10;
/// More than heads, extensions and trailers may have together, and what stands in the buffer beside the
/// body.
const FRAMING_BYTES: usize = 256 << 10;
/// Most bytes on the wire for one of a body: a chunk for each, with all its zeros.
const WIRE_BYTES: usize = 24;

/// `head`, and then `again` and again until there is a reply or none can come.
fn without_end(parser: &mut ReplyParser, head: &[u8], again: &[u8], max_body_bytes: usize) {
    if again.is_empty() || max_body_bytes > 1_000 {
        return;
    }
    let piece = again.repeat(PIECE_BYTES.div_ceil(again.len()));
    let mut buffer = Vec::new();
    let mut sent = 0;
    let most_sent = head.len() + piece.len() + FRAMING_BYTES + WIRE_BYTES * max_body_bytes;
    for bytes in std::iter::once(head).chain(std::iter::repeat(&piece[..])) {
        buffer.extend_from_slice(bytes);
        sent += bytes.len();
        match parser.advance(&mut buffer) {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return,
        }
        assert!(sent <= most_sent, "it reads for ever");
        let most_kept = max_body_bytes + head.len() + 2 * piece.len() + FRAMING_BYTES;
        assert!(buffer.capacity() <= 2 * most_kept, "it keeps all");
    }
}

type Received = Result<(Reply, Vec<u8>), Malformed>;

/// What a connection makes of the pieces when the peer closes after the last.
fn receive<'a>(parser: &mut ReplyParser, pieces: impl Iterator<Item = &'a [u8]>) -> Received {
    let mut buffer = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if let Some(reply) = parser.advance(&mut buffer)? {
            let body = buffer[reply.body.clone()].to_vec();
            return Ok((reply, body));
        }
    }
    let reply = parser.close(&buffer)?;
    let body = buffer[reply.body.clone()].to_vec();
    Ok((reply, body))
}

#[derive(Deserialize)]
struct Created {
    customer_id: String,
}

/// An id that is read is safe to put into a path, and is the one that a JSON parser finds.
pub fn id(bytes: &[u8]) {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    if let Some(id) = Id::read(bytes, "customer_id") {
        assert!((1..=Id::MAX_BYTES).contains(&id.as_bytes().len()));
        assert!(id.as_bytes().iter().all(safe));
        assert_eq!(id.as_str().as_bytes(), id.as_bytes());
        if let Ok(created) = serde_json::from_slice::<Created>(bytes) {
            assert_eq!(id.as_str(), created.customer_id);
        }
    }
    let Some(id) = Id::new(bytes) else { return };
    for body in [
        format!("{{\"customer_id\":\"{}\"}}", id.as_str()),
        format!(
            "{{ \"x\": [1, {{}}], \"customer_id\": \"{}\" }}\n",
            id.as_str()
        ),
    ] {
        assert_eq!(Id::read(body.as_bytes(), "customer_id"), Some(id));
    }
}
